"""Semi-supervised works over the share of labels: what do unlabelled images add to the same network from labels alone?

`python -m benchmarks.few_labels [--seconds 60]` plays two works of Table 4 with 3, 10 and 100% of 200 labelled cases
(1,024 unlabelled ones beside them) from three seeds each, at one thread, and scores 384 unseen cases by the area under
the ROC curve (for several classes the mean of one against the rest). The twin is the same network trained on the
labels alone, for as many steps, at most 400. A seed draws the labelled cases, the initial weights and the order.
Rows that exist are skipped; `few_labels.json` and `FEW_LABELS.md` are written after every row.
"""

import argparse
import json
from pathlib import Path
from typing import Any

from torch import Tensor

from adversaria.metrics.statistics import paired
from benchmarks.result import markdown
from benchmarks.side_by_side import side_by_side
from benchmarks.translation import Words, seeded
from benchmarks.works_judging import TEST, UNLABELLED, game_of, opened, played, words
from benchmarks.works_plans import PLANS
from benchmarks.works_twins import area, linear, trained

HERE = Path(__file__).parent
ROWS, PAGE = HERE / "few_labels.json", HERE / "FEW_LABELS.md"
WORKS = ("madani-2018b", "yi-2018-catgan")
POOL, SHARES, SEEDS = 200, (0.03, 0.1, 1.0), (0, 1, 2)


def chosen(pool: Words, share: float, classes: int, first: int) -> Words:
    """The first cases of a pool from `first` on, around its end, until the share is full and every class is there."""
    count = max(round(share * POOL), classes)
    places = [(first + k) % POOL for k in range(POOL)]
    taken = places[:count]
    for kind in range(classes):
        if kind not in pool["label"][taken]:
            taken.append(next(k for k in places[count:] if int(pool["label"][k]) == kind))
    return {word: tensor[taken] for word, tensor in pool.items()}


def run(key: str, share: float, seed: int, seconds: float) -> dict[str, Any]:
    """Play one work, and train its twin."""
    recipe = opened(key, PLANS[key].changes)
    pool, test = words(recipe, POOL, 0, "a"), words(recipe, TEST, 50_000, "a")
    many = words(recipe, UNLABELLED, 25_000, "b")
    classes = int(test["label"].max()) + 1
    few = chosen(pool, share, classes, 61 * seed)
    seeded(seed)
    learned = played(recipe, game_of(recipe, few, many, only(test)), [few, many], seconds)
    seeded(seed)
    network = game_of(recipe, few, many, only(test)).discriminator
    twin = trained(network, few["image"], few["label"], min(learned.plays, 400))
    return {
        "work": key,
        "share": share,
        "seed": seed,
        "seconds": seconds,
        "labelled": len(few["label"]),
        "plays": learned.plays,
        "method": score(learned.answers({"image": test["image"]}, "posterior"), test),
        "twin": score(twin(test["image"]), test),
        "linear": score(linear(few["image"], few["label"], test["image"]), test),
    }


def only(test: Words) -> Words:
    """The labels, so that the game knows every class."""
    return {"label": test["label"]}


def score(found: Tensor, test: Words) -> float:
    """The area under the curve."""
    return area(found, test["label"])


def page(rows: list[dict[str, Any]]) -> str:
    """A line a work and share, with the values of each seed."""
    assert __doc__ is not None
    lines = ["# Few labels", "", " ".join(__doc__.split("\n\n")[1].split()), ""]
    head = (
        "work",
        "labelled",
        "semi-supervised, each seed",
        "twin, each seed",
        "linear on pixels",
        "gain over the twin",
    )
    table = []
    for key in WORKS:
        for share in SHARES:
            mine = sorted((r for r in rows if (r["work"], r["share"]) == (key, share)), key=lambda r: int(r["seed"]))
            if mine:
                said = [", ".join(f"{row[word]:.3f}" for row in mine) for word in ("method", "twin", "linear")]
                gain = paired([row["method"] for row in mine], [row["twin"] for row in mine]).mean
                table.append([key, f"{mine[0]['labelled']} ({share:.0%})", *said, f"{gain:+.3f} (n = {len(mine)})"])
    lines += [
        markdown(head, table),
        "",
        "Three seeds give no interval. A gain of one seed that another does not share is not a gain.",
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run what is missing."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.few_labels", description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0)
    asked = parser.parse_args()
    rows = json.loads(ROWS.read_text()) if ROWS.is_file() else []
    known = {(row["work"], row["share"], row["seed"], row["seconds"]) for row in rows}
    wanted = [(key, share, seed, asked.seconds) for seed in SEEDS for key in WORKS for share in SHARES]

    def keep(row: dict[str, Any]) -> None:
        rows.append(row)
        print(json.dumps(row), flush=True)
        ROWS.write_text(json.dumps(rows, indent=1) + "\n")
        PAGE.write_text(page(rows))

    side_by_side(run, [one for one in wanted if one not in known], keep)
    PAGE.write_text(page(rows))


if __name__ == "__main__":
    main()
