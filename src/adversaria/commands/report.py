"""Write the page of a run."""

from pathlib import Path


def report(run: Path) -> Path:
    """Write one self-contained report.html into the run folder, and into those of its earlier stages.

    It may be opened while training runs.

    Parameters
    ----------
    run
        Run folder that `adversaria train` wrote.
    """
    from adversaria.reports import write_report
    from adversaria.run import Run
    from adversaria.vocabulary import UserError

    if not Run(run).recipe.exists():
        raise UserError(f"{run} is not a run folder: it has no recipe.yaml.", "Give the folder that train wrote.")
    for stage in sorted(run.glob("stage-*")):
        if Run(stage).recipe.exists():
            print(write_report(Run(stage)))
    page = write_report(Run(run))
    print(page)
    return page
