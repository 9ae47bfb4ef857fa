"""`python -m benchmarks.consistency`: does holding a network to what was measured pay, on held-out phantoms?

MR at a quarter of the lines: a cGAN with data consistency beside the zero-filled image and total variation. CT from 45
views: a cGAN with sinogram consistency beside the same cGAN without it, as deep and as long trained, filtered
back-projection, SART and total variation; this is the review's open question. The strength of total variation is the
best on the validation part. Each row is trained by the package's commands at one thread, two rows side by side, in a
run folder of its own under `--out`, where a stopped row goes on; rows that have not changed are skipped. Networks are
compared with the weights that were best on the validation part, and shown with the last ones beside. Writes
`consistency.json` and `CONSISTENCY.md`.
"""

import argparse
import hashlib
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from adversaria.commands.classical import rivals
from adversaria.commands.restored import restore
from adversaria.commands.scoring import output_of, score_part
from adversaria.commands.session import open_session
from adversaria.commands.train import train_recipe
from adversaria.metrics.statistics import paired, summarise
from adversaria.recipes import read_recipe
from adversaria.run import Run
from benchmarks.machine import facts
from benchmarks.result import markdown
from benchmarks.side_by_side import side_by_side

HERE = Path(__file__).parent
KEPT, PAGE = HERE / "consistency.json", HERE / "CONSISTENCY.md"
SUBJECTS = ["subjects.train=60", "subjects.validation=4", "subjects.test=24"]
# what is trained: recipe, plays
ROWS: dict[str, tuple[str, int]] = {
    "mr": ("mr-consistency", 5000),
    "ct": ("ct-consistency", 2400),
    "ct-image-only": (str(HERE / "recipes" / "ct-image-only.yaml"), 2400),
}
SCORED = 3  # raised when rows are scored in another way
LAST = ", last weights"
OWN = {"mr": "consistency", "ct": "consistency", "ct-image-only": "image only"}
# what each row is compared with, and by which words
PAIRS = (
    ("mr", "consistency", "zero-filled"),
    ("mr", "consistency", "total variation"),
    ("ct", "consistency", "image only"),
    ("ct", "consistency", "FBP"),
    ("ct", "consistency", "total variation"),
)


def changes_of(row: str, plays: int) -> list[str]:
    """What is changed of a row's recipe for this benchmark: the same rates for both CT rows."""
    rates = ["train.optimisers.generator.lr=1e-3"]
    batch = [] if row == "mr" else ["train.batch=2"]
    return [*SUBJECTS, f"train.plays={plays}", *rates, *batch]


def trained(row: str, out: Path) -> tuple[Path, float]:
    """Train a row, or go on with it; give its run and the CPU seconds of this process."""
    recipe, plays = ROWS[row]
    begun = time.process_time()
    run = Run(out / f"{row}-{mark(row)}")
    train_recipe(read_recipe(recipe, changes_of(row, plays)), run, accelerator="cpu", quiet=True)
    return run.folder, time.process_time() - begun


def scored(row: str, folder: Path) -> dict[str, dict[str, dict[str, float]]]:
    """Method, measure and case to value on the test part; classical methods once a task."""
    best, last = restore(folder, "best"), restore(folder)
    session = open_session(last.recipe, last.run, seed=last.seed)
    own = {OWN[row]: output_of(best), OWN[row] + LAST: output_of(last)}
    methods = {**own, **(rivals(session) if "-" not in row else {})}
    found: dict[str, dict[str, dict[str, float]]] = {}
    for score in score_part(session, session.make_part("test"), methods, row).scores:
        found.setdefault(score.method, {}).setdefault(score.measure, {})[score.case] = score.value
    return found


def play(row: str, out: Path) -> tuple[str, dict[str, Any]]:
    """Train and score one row."""
    folder, seconds = trained(row, out)
    best = restore(folder, "best").plays
    said = {"mark": mark(row), "scored": SCORED, "cpu_s": round(seconds), "best": best}
    return row, {**said, "scores": scored(row, folder), **facts()}


def mark(row: str) -> str:
    """What a row depends on: its recipe, written out."""
    recipe, plays = ROWS[row]
    text = read_recipe(recipe, changes_of(row, plays)).resolved()
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def page(kept: Mapping[str, Any]) -> str:
    """The tables: means with intervals, and paired differences."""
    lines = ["# Data consistency", "", *(__doc__ or "").split("\n\n")[1:2], ""]
    for task, rows in (("MR, a quarter of the lines", ("mr",)), ("CT, 45 views", ("ct", "ct-image-only"))):
        known = [row for row in rows if row in kept]
        methods = {m: values for row in known for m, values in kept[row]["scores"].items()}
        measures = list(dict.fromkeys(name for values in methods.values() for name in values))
        table = [[m, *(_said(list(v.get(name, {}).values())) for name in measures)] for m, v in methods.items()]
        if known:
            lines += [f"## {task}", "", markdown(["method", *measures], table), ""]
            lines += [f"Reduced recipe, {', '.join(_trained(row, kept[row]) for row in known)}.", ""]
    lines += ["## Paired differences on the same phantoms, 95 % intervals", ""]
    return "\n".join([*lines, *(f"- {text}" for text in differences(kept)), ""])


def _trained(row: str, found: Mapping[str, Any]) -> str:
    plays = f"{ROWS[row][1]} plays in {found['cpu_s']:.0f} CPU s, best after {found['best']}"
    return f"{row}: {plays} ({found['machine']})"


def _said(values: list[float]) -> str:
    if not values:
        return "-"
    return f"{summarise(values)} (n = {len(values)})"


def differences(kept: Mapping[str, Any]) -> list[str]:
    """Each pair of methods, measure by measure."""
    found = []
    methods: dict[str, dict[str, Any]] = {"mr": {}, "ct": {}}
    for row, result in kept.items():
        methods[row.partition("-")[0]] |= result["scores"]
    for task, one, other in PAIRS:
        if one not in methods[task] or other not in methods[task]:
            continue
        for measure, values in methods[task][one].items():
            shared = [case for case in values if case in methods[task][other].get(measure, {})]
            if len(shared) < 2:
                continue
            gain = paired([values[c] for c in shared], [methods[task][other][measure][c] for c in shared])
            found.append(f"{task}: {measure}, {one} - {other}: {gain}, n = {gain.n}")
    return found


def main() -> None:
    """Run what has changed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.consistency", description=__doc__)
    parser.add_argument("rows", nargs="*", help=f"of {', '.join(ROWS)}; by default all")
    parser.add_argument("--out", type=Path, default=Path("runs") / "consistency")
    asked = parser.parse_args()
    there: dict[str, Any] = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.is_file() else {}
    alike = {row: found for row, found in there.items() if row in ROWS and found["mark"] == mark(row)}
    kept = {row: found for row, found in alike.items() if found.get("scored") == SCORED}
    wanted = asked.rows or [row for row in ROWS if row not in kept]
    print(f"to be run: {', '.join(wanted) or 'nothing, all is unchanged'}", flush=True)

    def keep(done: tuple[str, dict[str, Any]]) -> None:
        # a row that is only scored again keeps the time of its training
        done[1]["cpu_s"] = max(done[1]["cpu_s"], alike.get(done[0], {}).get("cpu_s", 0))
        kept[done[0]] = done[1]
        KEPT.write_text(json.dumps(kept, indent=1) + "\n", encoding="utf-8")
        PAGE.write_text(page(kept), encoding="utf-8")
        print(f"{done[0]}: {done[1]['cpu_s']} CPU s", flush=True)

    side_by_side(play, [(row, asked.out) for row in wanted], keep)
    print(page(kept))


if __name__ == "__main__":
    main()
