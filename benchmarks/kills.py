"""Twenty kill -9 in training, a quarter inside a save: what goes on must be the undisturbed run, bit for bit."""

import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.result import Found, Goal

TESTS = Path(__file__).parent.parent / "tests"
SETTINGS = [(workers, precision) for workers in (0, 2) for precision in ("fp32", "bf16")]
EACH, INSIDE = 5, 5


def section() -> Found:
    """Kill, resume, compare."""
    sys.path.insert(0, str(TESTS))
    import kills

    rows, equal, killed_inside, number = [], 0, 0, 0
    with TemporaryDirectory() as scratch:
        undisturbed = {}
        for precision in ("fp32", "bf16"):
            kills.finish(Path(scratch) / precision, 0, precision)
            undisturbed[precision] = kills.fingerprint(Path(scratch) / precision)
        for place, (workers, precision) in enumerate(SETTINGS):
            same, within = 0, 0
            for k in range(EACH):
                # one inside a save in every setting, and one more in the first
                inside = k == 0 or (k == 1 and place == 0)
                run = Path(scratch) / f"run-{number}"
                killed = any(kills.kill_once(run, workers, precision, inside, 1000 * number + i) for i in range(6))
                if not killed:
                    raise RuntimeError("a training ended six times before it could be killed as planned")
                kills.finish(run, workers, precision)
                alike = kills.fingerprint(run) == undisturbed[precision]
                clean = not list((run / "checkpoints").glob(".writing-*"))
                same, within, number = same + (alike and clean), within + inside, number + 1
            rows.append([f"{workers} workers, {precision}", EACH, within, same])
            equal, killed_inside = equal + same, killed_inside + within
    wanted = f"{EACH * len(SETTINGS)} of {EACH * len(SETTINGS)}"
    goal = Goal("kill -9 and resume", wanted, f"{equal} of {number}", equal == number and killed_inside >= INSIDE)
    return Found(
        "kill -9 and resume",
        "A CycleGAN with image pools, batch norm, dropout, averages and a falling rate is killed at a random moment "
        "after its first play, or in the middle of writing a checkpoint, and started again. Compared are the hashes of "
        "every file of the last checkpoint (weights, optimisers, averages, buffers, pools) and of the log.",
        ("setting", "killed", "of them inside a save", "bit-identical after resuming"),
        [[str(cell) for cell in row] for row in rows],
        [goal],
        [f"{killed_inside} of the {number} kills were seen to fall inside a save."],
    )
