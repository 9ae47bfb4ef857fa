"""Do the image-level frameworks learn? Each small, on phantoms, judged in fixed features trained on other subjects.

`python -m benchmarks.images [--seconds 600] [NAME ...]` plays each framework for so many CPU seconds at one thread, two
side by side, on 768 phantom images of 32 pixels. 512 samples stand against 512 held-out images in the 64 features of a
classifier of other subjects: by their Fréchet distance, and by recall (how many held-out images lie among the samples).
Beside it stand other real images, the mean image with as much noise as the images deviate from it, and training images
blurred by one pixel. Share: 0 for other real images, 1 for the untrained game. A framework has learned only if it is
below both trivial sets with a recall over 0.3. Rows that exist are skipped unless they are named; `images.json` and
`IMAGES.md` are written after every row, and a picture of samples, each over its nearest training image.
"""

import argparse
import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.linalg import sqrtm
from scipy.ndimage import gaussian_filter
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from adversaria.draws import Draws, order
from adversaria.engine import Table
from adversaria.engine.averages import Averages
from adversaria.engine.optimising import build
from adversaria.games import PGGAN, StyleGAN
from adversaria.games.game import Game
from adversaria.tasks.pictures import strip
from benchmarks.images_data import LABELS, LEVELS, SETS, SIDE, Words, looked_at
from benchmarks.images_rows import CLASSES, ROWS, Row
from benchmarks.result import markdown
from benchmarks.side_by_side import side_by_side

HERE = Path(__file__).parent
KEPT, PAGE, PICTURES = HERE / "images.json", HERE / "IMAGES.md", HERE / "pictures"
LEAST_RECALL, LEAST_AGREEMENT = 0.3, 0.9


class Features(nn.Module):
    """A small classifier and regressor; its 64 hidden numbers are the features."""

    def __init__(self, factors: int, channels: int = 1, classes: int = CLASSES):
        super().__init__()
        layers: list[nn.Module] = []
        for inputs, outputs in ((channels, 24), (24, 48), (48, 64)):
            layers += [nn.Conv2d(inputs, outputs, 3, 2, 1), nn.ReLU()]
        self.body = nn.Sequential(*layers, nn.Flatten(), nn.Linear(64 * (SIDE // 8) ** 2, 64), nn.ReLU())
        self.label, self.factors = nn.Linear(64, classes), nn.Linear(64, factors)

    def forward(self, image: Tensor) -> Tensor:
        """Give the features (B, 64)."""
        found: Tensor = self.body(image)
        return found


def trained_features(data: dict[str, Tensor], epochs: int = 40) -> Features:
    """Train the features on subjects that no game sees."""
    torch.manual_seed(1)
    factors = data["factors"]
    wanted = (factors - factors.mean(0)) / factors.std(0).clamp_min(1e-6)
    classes = max(CLASSES, 1 + int(data["label"].max()))
    network = Features(factors.shape[1], data["image"].shape[1], classes)
    optimiser = torch.optim.Adam(network.parameters(), 1e-3)
    for epoch in range(epochs):
        for index in torch.from_numpy(order(len(wanted), "features", epoch)).split(32):
            found = network(data["image"][index])
            loss = cross_entropy(network.label(found), data["label"][index].long())
            loss = loss + (network.factors(found) - wanted[index]).square().mean()
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
    return network.eval().requires_grad_(False)


def frechet(one: Tensor, two: Tensor) -> float:
    """Fréchet distance (squared) between two Gaussians fitted to features."""
    a, b = one.double().numpy(), two.double().numpy()
    first, second = np.cov(a, rowvar=False), np.cov(b, rowvar=False)
    shared = np.trace(np.real(sqrtm(first @ second + 1e-8 * np.eye(len(first)))))
    return float(np.square(a.mean(0) - b.mean(0)).sum() + np.trace(first) + np.trace(second) - 2 * shared)


def covered(real: Tensor, made: Tensor, neighbours: int = 3) -> float:
    """Share of the points of `real` that lie in a ball of `made`: recall (Kynkäänniemi et al. 2019, eq. 2)."""
    radius = torch.cdist(made, made).kthvalue(neighbours + 1, 1).values
    return float((torch.cdist(real, made) <= radius).any(1).float().mean())


@dataclass
class Judge:
    """Features, real images (what is looked at of them), and what trivial sets score."""

    features: Features
    train: Tensor
    real: Tensor
    again: Tensor
    label: Tensor

    @classmethod
    def of(cls, name: str) -> "Judge":
        """Train the features of a set."""
        made = SETS[name]
        found = {part: looked_at(made(part)["image"]) for part in ("train", "held out", "again", "features")}
        features = trained_features({**made("features"), "image": found["features"]})
        return cls(features, found["train"], found["held out"], found["again"], made("held out")["label"])

    def distance(self, images: Tensor) -> float:
        """Distance to held-out real images."""
        return frechet(self.features(images), self.features(self.real))

    def trivial(self) -> dict[str, float]:
        """Distances of other real images, of the mean image with noise, and of blurred training images."""
        images = self.train
        noise = torch.from_numpy(np.random.default_rng(3).standard_normal((512, 1, SIDE, SIDE))).float()
        blurred = gaussian_filter(images.numpy(), (0, 0, 1.0, 1.0))
        mean = images.mean(0) + noise * images.std(0)
        return {
            "real": self.distance(self.again),
            "mean and noise": self.distance(mean.clamp(-1, 1)),
            "blurred": self.distance(torch.from_numpy(blurred)[:512]),
        }

    def agreement(self, images: Tensor) -> float:
        """How often the classifier of the features sees the class that was asked for."""
        found = self.features.label(self.features(images)).argmax(1)
        return float((found == self.label).float().mean())


def batch_of(data: Words, row: Row, play: int) -> Words:
    """Give the batch of a play, in a keyed order; halves of the subjects where nobody is shown twice."""
    count = len(data["image"])
    halves = (range(0, count // 2), range(count // 2, count)) if row.unpaired else (range(count),)
    places = range(play * row.batch, (play + 1) * row.batch)
    found: Words = {}
    for number, half in enumerate(halves):
        index = [half[int(order(len(half), "feed", number, p // len(half))[p % len(half)])] for p in places]
        chosen = {word: values[index] for word, values in data.items() if word != "factors"}
        if row.unpaired:
            found |= {"source": chosen["source"]} if number == 0 else {"target": chosen["image"]}
        else:
            found = {**chosen, "target": chosen["image"], "label": chosen["label"].long()}
    return found


@torch.no_grad()
def drawn(game: Game, real: Words, row: Row) -> Tensor:
    """Draw as many images as there are real ones, of their classes, maps, T1 or surroundings where the game asks."""
    game.eval()
    made = []
    for start in range(0, len(real["image"]), 32):
        slots = range(start, min(start + 32, len(real["image"])))
        words = {word: real[word][slots.start : slots.stop] for word in row.asked}
        words |= {"label": words["label"].long()} if "label" in words else {}
        made.append(game({**words, "draws": Draws(7, 0, slots)})["output"])
    return looked_at(torch.cat(made).clamp(-1, 1))


def played(game: Game, data: Words, row: Row, seconds: float) -> tuple[Averages, int, float]:
    """Play for CPU seconds; give the averaged weights, the plays and the seconds."""
    optimisers = build(game, {**game.optimisers, **row.optimisers})
    averages = Averages(game, row.average)

    def step(player: str) -> None:
        optimisers[player].step()
        averages.update(player)

    table, begun, plays = Table(game, step=step), time.process_time(), 0
    game.train()
    while time.process_time() - begun < seconds:
        game.plays = plays
        table.play([{**batch_of(data, row, plays), "draws": Draws(0, plays, range(row.batch))}])
        plays += 1
    return averages, plays, time.process_time() - begun


def run(name: str, seconds: float) -> dict[str, Any]:
    """Train one row and judge it."""
    row, judge = ROWS[name], Judge.of(ROWS[name].data)
    real = SETS[row.data]("held out")
    torch.manual_seed(0)
    game = row.make()
    game.plays = 10**9
    if isinstance(game, PGGAN | StyleGAN):
        # the untrained one draws at full size too
        game.generator.grow(game.generator.levels)
    untrained = judge.distance(drawn(game, real, row))
    averages, plays, spent = played(game, SETS[row.data]("train"), row, seconds)
    with averages.used():
        samples = drawn(game, real, row)
    picture(PICTURES / f"{name}.png", samples, judge, real["source"] if name == "spade" else None)
    found, known = judge.distance(samples), judge.trivial()
    recall = covered(judge.features(judge.real), judge.features(samples))
    return {
        "key": name,
        "reduced": row.said,
        "data": row.data,
        "parameters": sum(p.numel() for p in game.parameters()),
        "plays": plays,
        "batch": row.batch,
        "cpu_s": round(spent),
        "seconds": seconds,
        "distance": round(found, 3),
        **{what: round(value, 3) for what, value in known.items()},
        "untrained": round(untrained, 3),
        "share": round((found - known["real"]) / (untrained - known["real"]), 4),
        "recall": round(recall, 3),
        "recall_real": round(covered(judge.features(judge.real), judge.features(judge.again)), 3),
        "class_agreement": round(judge.agreement(samples), 3) if row.conditional else None,
        "class_agreement_real": round(judge.agreement(judge.real), 3) if row.conditional else None,
        "below_mean_and_noise": found < known["mean and noise"],
        "below_blurred": found < known["blurred"],
        "learned": found < min(known["mean and noise"], known["blurred"]) and recall > LEAST_RECALL,
    }


def picture(path: Path, samples: Tensor, judge: Judge, sources: Tensor | None) -> None:
    """Write samples, each over its nearest training image in features (and under its label map)."""
    chosen = samples[:12]
    gaps = torch.cdist(judge.features(chosen), judge.features(judge.train))
    nearest = judge.train[gaps.argmin(1)]
    rows = [chosen, nearest] if sources is None else [sources[:12] / (LABELS - 1) * 2 - 1, chosen, nearest]
    big = [[np.kron(tile[0].numpy(), np.ones((3, 3), np.float32)) for tile in row] for row in rows]
    strip(big, -1, 1, path, "benchmarks.images")


def page(rows: dict[str, Any]) -> str:
    """A line a framework."""
    assert __doc__ is not None
    head = (
        "framework", "on", "plays", "CPU s", "distance", "other real", "mean and noise", "blurred", "untrained",
        "share", "recall (real)", "class seen (real)", "learned",
    )  # fmt: skip
    table = []
    for key in (name for name in ROWS if name in rows):
        r = rows[key]
        seen = "-" if r["class_agreement"] is None else f"{r['class_agreement']:.2f} ({r['class_agreement_real']:.2f})"
        numbers = [f"{r[w]:.3g}" for w in ("distance", "real", "mean and noise", "blurred", "untrained", "share")]
        verdict = "yes" if r["learned"] else _short_of(r)
        recall = f"{r['recall']:.2f} ({r['recall_real']:.2f})"
        table.append([key, r["data"], str(r["plays"]), str(r["cpu_s"]), *numbers, recall, seen, verdict])
    sets = (
        f"`torso`: CT slices of {len(LEVELS)} levels; `maps`: the same with a channel for each label; `middle`: the "
        "middle of slices of 64 pixels, which is cut out and filled; `brain`: T2, from T1 of other heads. Translators "
        "are asked for held-out T1s, label maps or surroundings, so the images are compared as sets and not one by one."
    )
    reduced = [f"- {key}: {rows[key]['reduced']}" for key in ROWS if key in rows]
    said = " ".join(__doc__.split("\n\n")[1].split())
    return "\n".join(["# Image level", "", said, "", sets, "", markdown(head, table), "", "Reduced:", "", *reduced, ""])


def _short_of(row: dict[str, Any]) -> str:
    """What a row has reached that is not said to have learned."""
    if row["below_mean_and_noise"] and row["below_blurred"]:
        return "no: recall is too low"
    return "no: below noise alone" if row["below_mean_and_noise"] else "no"


def main() -> None:
    """Train the named rows, or those that are missing, and write them down."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.images", description=__doc__)
    parser.add_argument("rows", nargs="*", help=f"of {', '.join(ROWS)}")
    parser.add_argument("--seconds", type=float, default=600.0)
    asked = parser.parse_args()
    rows = {row["key"]: row for row in json.loads(KEPT.read_text())} if KEPT.exists() else {}
    rows = {key: row for key, row in rows.items() if "learned" in row}
    wanted = asked.rows or [name for name in ROWS if rows.get(name, {}).get("seconds") != asked.seconds]

    def keep(row: dict[str, Any]) -> None:
        rows[row["key"]] = row
        print(json.dumps(row), flush=True)
        KEPT.write_text(json.dumps([rows[key] for key in sorted(rows)], indent=1) + "\n")
        PAGE.write_text(page(rows))

    side_by_side(run, [(name, asked.seconds) for name in wanted], keep)


if __name__ == "__main__":
    main()
