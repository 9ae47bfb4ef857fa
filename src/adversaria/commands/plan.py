"""From a folder to a recipe that trains on it."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

if TYPE_CHECKING:
    from adversaria.recipes.planning import Choice

_SHARE = 0.6  # of the free memory that a training may take
_TRIES = 6
_PLAYS = (500, 50_000)
_DRAWN = 4_000  # plays: images that nothing is given for take thousands


def plan(
    folder: Path,
    *,
    output: Annotated[Path, Parameter(name=["--output", "-o"])] = Path("recipe.yaml"),
    task: str | None = None,
    source: str | None = None,
    target: str | None = None,
    minutes: float = 60.0,
    memory: float | None = None,
    overwrite: bool = False,
    json: bool = False,
    quiet: bool = False,
) -> Path:
    """Look at a folder and write a recipe that trains on it, with the reason beside each choice.

    A few images of every word are looked at: unit, range, spacing, sizes, pairs, labels. The recipe is tried
    with three plays on this machine; batch, patch or width are halved until it fits, and the number of plays
    fills the minutes; networks that draw from nothing are made lighter until thousands of plays do. Nothing is
    trained yet. Exit code 2 where nothing can be trained, with the reason.

    Parameters
    ----------
    folder
        The folder, a file, or a manifest.
    output
        The recipe to write.
    task
        denoise, translate, translate-unpaired, segment, mask-to-image or synthesise; by default what fits.
    source
        The word to start from.
    target
        The word to arrive at.
    minutes
        How long the training may take on this machine.
    memory
        GiB that it may take; by default six tenths of what is free.
    overwrite
        Replace a recipe that is there.
    json
        Print what was found and chosen as JSON.
    quiet
        No progress.
    """
    import json as encoding
    from dataclasses import asdict, replace

    from adversaria.commands.progress import progress
    from adversaria.data.fingerprint import fingerprint
    from adversaria.data.folders import recognise
    from adversaria.recipes.planning import Machine, choose, draft
    from adversaria.vocabulary import UserError

    if output.exists() and not overwrite:
        raise UserError(f"{output} exists.", "Give another --output, or --overwrite.")
    free, gpu = _free()
    with progress("looking", quiet) as tick:
        data = fingerprint(recognise(folder), progress=tick)
    limit = memory or free * _SHARE
    choice = choose(data, Machine(limit, gpu), task, source, target)
    choice, seconds, took = _fitting(choice, data, folder, limit)
    if choice.task == "synthesise":
        choice, seconds, took = _in_time(choice, data, folder, minutes, (seconds, took))
    plays = int(min(max(minutes * 60 / seconds, _PLAYS[0]), _PLAYS[1]))
    choice = replace(choice, plays=_round(plays))
    measured = (
        f"Tried here: {seconds:.2f} s a play and {took:.1f} GiB; {choice.plays} plays are about "
        f"{choice.plays * seconds / 60:.0f} minutes"
    )
    text = draft(choice, data, measured)
    output.parent.mkdir(parents=True, exist_ok=True)
    output.write_text(text, encoding="utf-8")
    if json:
        found = {"task": choice.task, "why": choice.why, "words": [asdict(word) for word in data.words]}
        sizes = {"patch": choice.patch, "batch": choice.batch, "width": choice.width, "plays": choice.plays}
        facts = {"subjects": data.subjects, "bad": data.bad, "remarks": [*data.remarks, *choice.remarks]}
        print(encoding.dumps({**found, **sizes, **facts, "recipe": str(output)}, indent=1))
        return output
    print(text)
    for said in (*data.bad, *data.remarks, *choice.remarks):
        print(f"warning: {said}")
    print(f"wrote {output}; now: adversaria train {output} --data {folder} --out runs/{output.stem}")
    return output


def _round(plays: int) -> int:
    step = 10 ** (len(str(plays)) - 2)
    return plays // step * step


def _fitting(choice: "Choice", data: Any, folder: Path, limit: float) -> tuple["Choice", float, float]:
    """Try a plan with three plays; make it smaller until it stays within the memory."""
    from adversaria.recipes.planning import smaller
    from adversaria.vocabulary import UserError

    for _ in range(_TRIES):
        seconds, took = _tried(choice, data, folder)
        less = smaller(choice)
        if took <= limit or less is None:
            break
        choice = less
    if took > limit:
        raise UserError(
            f"even a small network took {took:.1f} GiB, more than {limit:.1f}.", "Give --memory, or smaller images."
        )
    return choice, seconds, took


def _in_time(
    choice: "Choice", data: Any, folder: Path, minutes: float, took: tuple[float, float]
) -> tuple["Choice", float, float]:
    """Make a plan lighter until thousands of its plays fit the minutes."""
    from adversaria.recipes.planning import lighter

    while minutes * 60 / took[0] < _DRAWN and (less := lighter(choice)) is not None:
        choice, took = less, _tried(less, data, folder)
    return choice, *took


def _tried(choice: "Choice", data: Any, folder: Path) -> tuple[float, float]:
    """Seconds a play and GiB of a process of its own."""
    import subprocess
    import sys
    import tempfile

    from adversaria.recipes.planning import draft
    from adversaria.vocabulary import UserError

    with tempfile.TemporaryDirectory() as scratch:
        recipe = Path(scratch) / "recipe.yaml"
        recipe.write_text(draft(choice, data), encoding="utf-8")
        asked = [sys.executable, "-m", "adversaria.commands.trial", str(recipe), str(folder)]
        done = subprocess.run(asked, capture_output=True, text=True)
    if done.returncode == 2:
        message, _, remedy = done.stdout.strip().partition("\n")
        raise UserError(message, remedy)
    if done.returncode:
        raise RuntimeError(f"the trial of the plan failed:\n{done.stderr[-2000:]}")
    seconds, mib = done.stdout.split()[-2:]
    return float(seconds), float(mib) / 1024


def _free() -> tuple[float, bool]:
    """Free memory in GiB, of the GPU if there is one."""
    import torch

    if torch.cuda.is_available():
        return torch.cuda.mem_get_info()[0] / 2**30, True
    place = Path("/proc/meminfo")
    if not place.is_file():
        return 4.0, False
    facts = dict(line.split(":", 1) for line in place.read_text().splitlines())
    return int(facts["MemAvailable"].split()[0]) / 2**20, False
