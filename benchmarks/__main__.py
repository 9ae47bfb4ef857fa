"""`python -m benchmarks [names...]`: run what is not there yet, or what is named again, and write the results.

Each section runs in a process of its own. What it found is kept in `results.json`, so an interrupted run goes
on; `RESULTS.md` and the package's `evidence.json` are written anew from that after every section.
"""

import argparse
import json
import sys
import traceback
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from benchmarks.evidence import gathered
from benchmarks.machine import facts
from benchmarks.page import page
from benchmarks.sections import SECTIONS, run

HERE = Path(__file__).parent
KEPT, PAGE = HERE / "results.json", HERE / "RESULTS.md"


def alone(name: str) -> dict[str, Any]:
    """Run one section in a fresh process; a failure is a result too."""
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        try:
            return pool.submit(run, name).result()
        except Exception as error:
            traceback.print_exc()
            return {"title": name, "failed": f"{type(error).__name__}: {error}", **facts()}


def main() -> int:
    """Run, keep, write; exit code 1 if a section failed, whatever became of the goals."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("names", nargs="*", choices=[[], *SECTIONS], help="sections to run again; else what is missing")
    parser.add_argument("--page", action="store_true", help="only write the page and the evidence from what is kept")
    asked = parser.parse_args()
    kept: dict[str, Any] = json.loads(KEPT.read_text(encoding="utf-8")) if KEPT.is_file() else {}
    kept = {name: found for name, found in kept.items() if name in SECTIONS}
    missing = [name for name in SECTIONS if name not in kept or "failed" in kept[name]]
    wanted = [] if asked.page else asked.names or missing
    for number, name in enumerate(wanted, 1):
        print(f"[{number}/{len(wanted)}] {name} ...", flush=True)
        kept[name] = alone(name)
        KEPT.write_text(json.dumps(kept, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        write(kept)
        print(said(kept[name]), flush=True)
    write(kept)
    print(f"results: {PAGE.relative_to(HERE.parent)}")
    return int(any("failed" in kept[name] for name in wanted))


def said(found: dict[str, Any]) -> str:
    """Say what a section found, in a few lines."""
    if "failed" in found:
        return f"  FAILED: {found['failed']}"
    lines = [f"  {' | '.join(map(str, row))}" for row in found["rows"]]
    return "\n".join([*lines, f"  took {found['wall_s']} s"])


def write(kept: dict[str, Any]) -> None:
    """Write the page and the evidence."""
    ordered = {name: kept[name] for name in SECTIONS if name in kept}
    PAGE.write_text(page(ordered), encoding="utf-8")
    place = HERE.parent / "src" / "adversaria" / "recipes" / "evidence.json"
    place.write_text(json.dumps(gathered(ordered), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
