"""Experiments that test the review's findings; each is run by name, `python -m adversaria.claims.NAME`."""
