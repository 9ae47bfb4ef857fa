"""`python -m adversaria.claims NAME ... --seeds 0 1 2 --minutes 30`: run experiments on claims of the review."""

import argparse
from pathlib import Path

from adversaria.claims.claims_page import page
from adversaria.claims.experiment import Rows, run
from adversaria.claims.experiments import EXPERIMENTS
from adversaria.run import write_atomically


def main(words: list[str] | None = None) -> None:
    """Run experiments, cell by cell; rows go to NAME.json after every cell, so that an interrupted run goes on."""
    parser = argparse.ArgumentParser("python -m adversaria.claims", description=main.__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(EXPERIMENTS)}; all if none is given")
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2], help="seeds of the trainings")
    parser.add_argument("--minutes", type=float, default=30.0, help="CPU minutes an experiment, kept rows included")
    parser.add_argument("--out", type=Path, default=Path("claims"), help="folder of the rows")
    parser.add_argument("--page", type=Path, help="the page that is written; by default claims.md in that folder")
    given = parser.parse_args(words)
    if unknown := [name for name in given.names if name not in EXPERIMENTS]:
        parser.error(f"there is no experiment '{unknown[0]}'; there are {', '.join(EXPERIMENTS)}")
    for name in given.names or EXPERIMENTS:
        run(EXPERIMENTS[name](), given.out / f"{name}.json", given.seeds, given.minutes)
    made = [kind() for kind in EXPERIMENTS.values()]
    found = [(one, Rows.read(given.out / f"{one.name}.json", repr(one))) for one in made]
    target = given.page or given.out / "claims.md"
    write_atomically(target, page(found))
    print(f"wrote {target}")


if __name__ == "__main__":
    main()
