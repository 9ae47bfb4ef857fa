"""`python -m adversaria` is the command line."""

from adversaria.cli import main

if __name__ == "__main__":
    main()
