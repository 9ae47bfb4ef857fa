"""Experiments that test the review's findings.

`python -m adversaria.claims NAME` runs those of `experiments`, which learn; the study of measures is
`python -m adversaria.claims.sensitivity`.
"""
