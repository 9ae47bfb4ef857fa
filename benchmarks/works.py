"""Do the works of a table learn? Each recipe, reduced, at its own purpose, beside trivial baselines or twins.

`python -m benchmarks.works --table 5 [KEY ...]` plays each work of a table at one thread, one work a process, two
processes side by side, for the CPU seconds of `works_plans.budget` (120, and 900 for rows named beforehand) or
`--seconds`. Rows go to `works.json` and the table to `WORKS.md`, after every row, so an interrupted run goes on; a
row whose recipe, plan and budget are unchanged is skipped unless it is named. Twins are kept (`works_kept.py`). The
budget is that of the adversarial training alone: for works with a network a class it is shared by the classes.
With `--seed N` named works are played once more, their twins too, with other initial weights, batches and noise on the
same subjects: such rows go to `works_seeds.json`, and stand at the end of the page.
Everything is on phantoms, mostly at 32 pixels a side: a row says whether a recipe learns in this budget, not how good
its paper is.
"""

import argparse
import hashlib
import json
import math
import os
import subprocess
import sys
import time
import warnings
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import asdict
from pathlib import Path
from typing import Any

import torch

from adversaria.recipes import read_recipe
from adversaria.recipes.recipe import shipped
from benchmarks.translation import Row, seeded

HERE = Path(__file__).parent
KEPT, SEEDS, PAGE = HERE / "works.json", HERE / "works_seeds.json", HERE / "WORKS.md"
TABLES = (1, 4, 5, 6, 8)


def fingerprint(key: str, seconds: float) -> str:
    """Name what a row depends on: the recipe, how it is judged, the budget."""
    from benchmarks.works_plans import PLANS

    said = shipped()[key].read_text(encoding="utf-8"), repr(PLANS[key]), PLANS[key].version(), seconds
    return hashlib.sha256(repr(said).encode()).hexdigest()[:16]


def keys_of(table: int) -> list[str]:
    """The works of a table that have a plan, in the order of the plans."""
    from benchmarks.works_plans import PLANS

    return [key for key in PLANS if key in shipped() and read_recipe(key).tree["work"]["table"] == table]


def budget(key: str, asked: float | None) -> float:
    """The CPU seconds of a work: those asked for, or its plan's."""
    from benchmarks.works_plans import budget as planned

    return asked if asked is not None else planned(key)


def kept(place: Path = KEPT) -> dict[str, Any]:
    """The rows there are."""
    return dict(json.loads(place.read_text(encoding="utf-8"))) if place.is_file() else {}


def run(key: str, seconds: float) -> Row:
    """Play one work in this process and judge it."""
    from benchmarks.works_plans import PLANS

    warnings.simplefilter("ignore")
    torch.set_num_threads(1)
    seeded()
    return PLANS[key].judged(key, seconds)


def told(key: str, seconds: float) -> dict[str, Any]:
    """Play one work, and give its row with what it depends on."""
    start = time.process_time()
    row = run(key, seconds)
    facts = {
        "beats_baselines": row.beats_baselines,
        "budget_s": seconds,
        "all_cpu_s": round(time.process_time() - start),
        "torch": torch.__version__,
        "fingerprint": fingerprint(key, seconds),
    }
    return {**asdict(row), **facts}


def apart(key: str, seconds: float, seed: int = 0) -> dict[str, Any] | None:
    """Play one work in a process of its own at one thread, and give its row; none if the process failed."""
    command = [sys.executable, "-m", "benchmarks.works", key, "--here", "--seconds", str(seconds)]
    given = {**os.environ, "OMP_NUM_THREADS": "1", "BENCHMARK_SEED": str(seed)}
    done = subprocess.run(command, env=given, check=False, stdout=subprocess.PIPE, text=True)
    return dict(json.loads(done.stdout.splitlines()[-1])) if done.returncode == 0 else None


def keep(key: str, row: dict[str, Any], seed: int = 0) -> None:
    """Write a row, and say what it holds."""
    place, name = (SEEDS, f"{key} {seed}") if seed else (KEPT, key)
    rows = {**kept(place), name: row}
    place.write_text(json.dumps(rows, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    PAGE.write_text(page(kept(), kept(SEEDS)), encoding="utf-8")
    said = ", ".join(f"{name} {value:.4g}" for name, value in row["baselines"].items())
    verdict = "beats them" if row["beats_baselines"] else "does NOT"
    print(f"{key}: {row['measure']} {row['value']:.4g} ({said}) {verdict}, {row['all_cpu_s']} CPU s", flush=True)


def page(rows: dict[str, Any], seeds: dict[str, Any]) -> str:
    """Write the tables: a row a work, then those that were played with other seeds."""
    lines = [
        "# Works: does each recipe learn in its budget?",
        "",
        "Written by `python -m benchmarks.works`. Phantoms, reduced networks, one thread, unseen subjects, one seed.",
        "Intervals are over subjects, so they do not hold the luck of one training.",
        "`beats all` only where the value is better than every baseline beside it, in tables with intervals only where",
        "every interval of a paired difference lies above zero. The others play, and are not shown to learn.",
    ]
    for table in TABLES:
        order = keys_of(table)
        if order:
            known = [(key, rows[key]) for key in order if key in rows]
            written = restored_rows if any("scores" in row for _, row in known) else table_of
            lines += ["", f"## Table {table}", "", *written(known)]
        missing = [key for key in order if key not in rows]
        if missing:
            lines += ["", f"Not run yet: {', '.join(missing)}."]
    if seeds:
        lines += ["", "## Other seeds", "", "Played once more with the seed beside the name, as are their twins: other"]
        lines += ["initial weights, batches and noise on the same subjects.", "", *table_of(list(seeds.items()))]
    return "\n".join(lines) + "\n"


def table_of(rows: list[tuple[str, Any]]) -> list[str]:
    """Write the rows of one table."""
    if not rows:
        return []
    lines = [
        "| work | purpose | measure | value | baselines | beats all | plays | CPU s | note | data |",
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for key, row in rows:
        means = row.get("means", {})
        said = ", ".join(f"{name} {means.get(name, format(v, '.4g'))}" for name, v in row["baselines"].items())
        cells = (
            key, row["purpose"], f"{row['measure']} ({row['better']} is better)",
            means.get("output", f"{row['value']:.4g}"), said, "yes" if row["beats_baselines"] else "no", row["plays"],
            f"{row['cpu_seconds']:g} of {row['budget_s']:g}", row["note"], row["data"],
        )  # fmt: skip
        lines.append("| " + " | ".join(map(str, cells)) + " |")
    return lines


def restored_rows(rows: list[tuple[str, Any]]) -> list[str]:
    """Write the rows of the works that restore images: one line an image."""
    lines = [
        "Means over unseen phantom subjects with 95 % intervals (Student's t). `learned` only where the work is better",
        "than its input and than its pixel-only twin (the same generator and budget, absolute difference alone) or the",
        "classical image, by the paired interval over subjects. Lesion contrast is the share that is left (1 is all).",
        "The others play, and are not shown to learn in this budget; the last column says where they stop, by means of",
        "the measure that they are judged by. Everything is reduced.",
        "",
        "| work | image | psnr (dB) | ssim | lesion contrast | learned | plays | CPU s | where it stops |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for key, row in rows:
        for name, scores in row["scores"].items():
            cells = [_interval(scores[m]) for m in ("psnr", "ssim", "lesion contrast")]
            more = ", ".join(f"{m} {s[0]:.2f}" for m, s in scores.items() if m == "identification rate")
            said = (f"{name}; {more}" if more else name, *cells)
            facts = ("yes" if row["learned"] else "no", str(row["plays"]), f"{row['budget_s']:g}", stopped(row))
            lines.append("| " + " | ".join([key, *said, *(facts if name == "own" else ("", "", "", ""))]) + " |")
    return lines


def stopped(row: dict[str, Any]) -> str:
    """Where a work that is not shown to learn stops: its generator, its adversary, or what it is compared with."""
    own, beside = row["value"], row["baselines"]
    twin, least = beside.get("pixel-only twin"), beside["input"]
    if row["learned"]:
        return ""
    if own > least:
        return "better than its input, not shown to be better than twin or classical image"
    if twin is None:
        return "trained without pairs, so there is no twin; not better than its input"
    if twin > least:
        return "its generator alone passes the input: what the other terms ask costs it that"
    return "its generator alone, on pixels alone, does not pass the input either"


def _interval(found: Sequence[float | None]) -> str:
    mean, low, high = found
    if mean is None or math.isnan(mean):
        return ""
    return f"{mean:.3g}" if low is None or high is None else f"{mean:.3g} [{low:.3g}, {high:.3g}]"


def main() -> int:
    """Play what is asked for and is not there."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.works", description=__doc__)
    parser.add_argument("names", nargs="*", help="works to play again; else those that are missing or have changed")
    parser.add_argument("--table", type=int, default=4)
    parser.add_argument("--seconds", type=float, help="instead of the plan's budget")
    parser.add_argument("--seed", type=int, default=0, help="play named works once more, with another seed")
    parser.add_argument("--processes", type=int, default=2, help="how many works are played side by side")
    parser.add_argument("--here", action="store_true", help="play the one named work here and print its row")
    asked = parser.parse_args()
    if asked.here:
        print(json.dumps(told(asked.names[0], budget(asked.names[0], asked.seconds))))
        return 0
    if asked.seed and not asked.names:
        parser.error("--seed plays named works once more: name them.")
    budgets = {key: budget(key, asked.seconds) for key in asked.names or keys_of(asked.table)}
    rows = kept()
    wanted = [k for k, s in budgets.items() if asked.names or rows.get(k, {}).get("fingerprint") != fingerprint(k, s)]
    failed = []
    with ThreadPoolExecutor(asked.processes) as pool:
        playing = {pool.submit(apart, key, budgets[key], asked.seed): key for key in wanted}
        for done in as_completed(playing):
            key, row = playing[done], done.result()
            if row is None:
                failed.append(key)
            else:
                keep(key, row, asked.seed)
    if failed:
        print(f"failed: {', '.join(failed)}", flush=True)
    return int(bool(failed))


if __name__ == "__main__":
    sys.exit(main())
