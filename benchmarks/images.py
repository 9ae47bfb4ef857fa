"""Do the image networks learn? Small runs on a 32-pixel phantom, judged in fixed features trained on other subjects.

`python -m benchmarks.images pggan biggan` trains rows (all without names) for at most about 120 CPU seconds each at
one thread, writes them into `images.json` beside this file, and a picture of samples, each over its nearest training
image, into the folder `--pictures`. Distances are Fréchet distances between 512 samples and 512 held-out real images.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.linalg import sqrtm
from scipy.ndimage import gaussian_filter
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, l1_loss

from adversaria import games, networks
from adversaria.data.phantoms import TorsoCT
from adversaria.draws import Draws, order
from adversaria.engine import Settings, Training
from adversaria.games import Adam
from adversaria.games.game import Game
from adversaria.losses import R1, Hinge, Terms, Weighted
from adversaria.run import Run
from adversaria.tasks.pictures import strip

SIDE, CLASSES, LABELS = 32, 3, 14
LEVELS = ("abdomen", "heart", "chest")
PARTS = {"train": (0, 256), "held out": (50_000, 171), "again": (60_000, 171), "features": (100_000, 400)}
HERE = Path(__file__).parent


class FeatureMatching(nn.Module):
    """Mean absolute difference of a discriminator's activations on output and target, over all layers and scales."""

    def forward(self, output: Tensor, target: Tensor, source: Tensor, discriminator: Any) -> Tensor:
        """Give the loss; the real side is not moved."""
        made, wanted = discriminator.features(output, source), discriminator.features(target, source)
        return torch.stack([l1_loss(m, w.detach()) for m, w in zip(made, wanted, strict=True)]).mean()


@dataclass
class Row:
    """A small run: how the game is built, how long, its rates, and what it was reduced to."""

    make: Callable[[], Game]
    plays: int
    batch: int
    optimisers: dict[str, Adam] = field(default_factory=dict)
    average: float = 0.99
    said: str = ""


def fast(lr: float, *betas: float) -> Adam:
    """An optimiser for a short run."""
    return Adam(lr, (betas[0], betas[1]))


def spade() -> Game:
    """Hinge and feature matching (10); the perceptual term is left out, since it needs weights."""
    return games.Pix2Pix(
        networks.SPADEGenerator(classes=LABELS, size=SIDE, depth=3, width=8, hidden=32),
        networks.SPADEDiscriminator(1, 1, scales=2, layers=2, width=16),
        Hinge(),
        terms=Terms({"matching": Weighted(FeatureMatching(), 10.0)}),
    )


ROWS = {
    "residual-gan": Row(
        lambda: games.GAN(
            networks.ResidualGenerator(size=SIDE, width=16),
            networks.ResidualDiscriminator(size=SIDE, width=16),
            Hinge(),
        ),
        plays=800,
        batch=16,
        said="width 16, hinge with spectral norm",
    ),
    "pggan": Row(
        lambda: games.PGGAN(
            networks.PGGANGenerator(size=SIDE, latent=64, width=24),
            networks.PGGANDiscriminator(size=SIDE, width=24),
            phase=110,
        ),
        plays=960,
        batch=16,
        said="width 24, latent 64, phases of 110 plays",
    ),
    "stylegan": Row(
        lambda: games.StyleGAN(
            networks.StyleGANGenerator(size=SIDE, latent=64, style=64, width=24),
            networks.StyleGANDiscriminator(size=SIDE, width=24),
            penalty=R1(1.0),
            phase=110,
        ),
        plays=750,
        batch=16,
        said="width 24, latent and style 64, phases of 110 plays, gamma 1",
    ),
    "biggan": Row(
        lambda: games.BigGAN(
            networks.BigGANGenerator(size=SIDE, width=8, classes=CLASSES, attention=16, embedding=16),
            networks.BigGANDiscriminator(size=SIDE, width=8, classes=CLASSES, attention=16),
            discriminator_steps=1,
        ),
        plays=1100,
        batch=16,
        optimisers={"generator": fast(4e-4, 0.0, 0.999), "discriminator": fast(4e-4, 0.0, 0.999)},
        said="width 8, attention at 16 px, one discriminator step, rates 4e-4 (the paper: batch 2048 at 5e-5 and 2e-4)",
    ),
    "spade": Row(
        spade,
        plays=1000,
        batch=8,
        optimisers={"generator": fast(4e-4, 0.0, 0.999), "discriminator": fast(4e-4, 0.0, 0.999)},
        said="width 8, 3 doublings, 2 scales, rates 4e-4; no perceptual term",
    ),
}


def cases(part: str) -> dict[str, Tensor]:
    """Images (-1 to 1), label maps, levels and factors of a part: as many subjects of each level."""
    first, count = PARTS[part]
    made: dict[str, list[Any]] = {"image": [], "source": [], "label": [], "factors": []}
    for label, level in enumerate(LEVELS):
        phantom = TorsoCT(size=SIDE, level=level)
        for subject in range(first + 1000 * label, first + 1000 * label + count):
            case = phantom.case(subject)
            made["image"].append(np.clip((case["ct"] + 300) / 700, -1, 1))
            made["source"].append(case["mask"])
            made["label"].append(label)
            made["factors"].append(case["factors"])
    found = {word: torch.from_numpy(np.array(values, np.float32)) for word, values in made.items()}
    shuffle = torch.from_numpy(order(len(found["label"]), "images", part))
    return {word: values[shuffle] for word, values in found.items()}


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


class ImageFeed:
    """The training images in a keyed order."""

    def __init__(self, data: dict[str, Tensor], batch_size: int):
        self.data, self.batch_size = data, batch_size
        self.count = len(data["image"])

    def batch(self, play: int, part: int, parts: int) -> dict[str, Tensor]:
        """Give a batch."""
        places = range(play * self.batch_size, (play + 1) * self.batch_size)
        index = [int(order(self.count, "feed", place // self.count)[place % self.count]) for place in places]
        chosen = {word: values[index] for word, values in self.data.items()}
        return {**chosen, "target": chosen["image"]}


@torch.no_grad()
def drawn(game: Game, real: dict[str, Tensor]) -> Tensor:
    """Draw as many images as there are real ones, of their classes and label maps where the game reads them."""
    game.eval()
    made = []
    for start in range(0, len(real["image"]), 32):
        slots = range(start, min(start + 32, len(real["image"])))
        words = {word: real[word][slots.start : slots.stop] for word in ("label", "source")}
        made.append(game({**words, "draws": Draws(7, 0, slots)})["output"])
    return torch.cat(made).clamp(-1, 1)


@dataclass
class Judge:
    """Features, real images, and what trivial sets score."""

    features: Features
    train: dict[str, Tensor]
    real: dict[str, Tensor]
    again: dict[str, Tensor]

    def distance(self, images: Tensor) -> float:
        """Distance to held-out real images."""
        return frechet(self.features(images), self.features(self.real["image"]))

    def trivial(self) -> dict[str, float]:
        """Distances of other real images, of the mean image with noise, and of blurred training images."""
        images = self.train["image"]
        noise = torch.from_numpy(np.random.default_rng(3).standard_normal((512, 1, SIDE, SIDE))).float()
        blurred = gaussian_filter(images.numpy(), (0, 0, 1.0, 1.0))
        mean = images.mean(0) + noise * images.std(0)
        return {
            "real": self.distance(self.again["image"]),
            "mean and noise": self.distance(mean.clamp(-1, 1)),
            "blurred": self.distance(torch.from_numpy(blurred)[:512]),
        }


def picture(path: Path, samples: Tensor, judge: Judge, sources: Tensor | None) -> None:
    """Write samples, each over its nearest training image in features (and under its label map)."""
    chosen = samples[:12]
    gaps = torch.cdist(judge.features(chosen), judge.features(judge.train["image"]))
    nearest = judge.train["image"][gaps.argmin(1)]
    rows = [chosen, nearest] if sources is None else [sources[:12] / (LABELS - 1) * 2 - 1, chosen, nearest]
    big = [[np.kron(tile[0].numpy(), np.ones((3, 3), np.float32)) for tile in row] for row in rows]
    strip(big, -1, 1, path, "benchmarks.images")


def run(name: str, row: Row, judge: Judge, pictures: Path) -> dict[str, Any]:
    """Train one row and judge it."""
    torch.manual_seed(0)
    game = row.make()
    game.plays = row.plays
    if isinstance(game, games.PGGAN | games.StyleGAN):
        # the untrained one draws at full size too
        game.generator.grow(game.generator.levels)
    untrained = judge.distance(drawn(game, judge.real))
    begun = time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            row.plays,
            optimisers=row.optimisers,
            average={"generator": row.average},
            log_every=50,
            save_every=row.plays,
        )
        training = Training(game, ImageFeed(judge.train, row.batch), Run(Path(folder)), settings, say=print)
        training.train()
        spent = time.process_time() - begun
        with training.averages.used():
            samples = drawn(game, judge.real)
    agreed = (judge.features.label(judge.features(samples)).argmax(1) == judge.real["label"]).float().mean()
    conditional = isinstance(game, games.BigGAN | games.Pix2Pix)
    picture(pictures / f"{name}.png", samples, judge, judge.real["source"] if name == "spade" else None)
    found, known = judge.distance(samples), judge.trivial()
    return {
        "key": name,
        "reduced": row.said,
        "parameters": sum(p.numel() for p in game.parameters()),
        "plays": row.plays,
        "batch": row.batch,
        "cpu_s": round(spent),
        "distance": round(found, 3),
        **{what: round(value, 3) for what, value in known.items()},
        "untrained": round(untrained, 3),
        "share": round((found - known["real"]) / (untrained - known["real"]), 4),
        "recall": round(covered(judge.features(judge.real["image"]), judge.features(samples)), 3),
        "recall_real": round(covered(judge.features(judge.real["image"]), judge.features(judge.again["image"])), 3),
        "class_agreement": round(float(agreed), 3) if conditional else None,
        "below_mean_and_noise": found < known["mean and noise"],
        "below_blurred": found < known["blurred"],
    }


def main() -> None:
    """Train the named rows and write them down."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rows", nargs="*", default=list(ROWS))
    parser.add_argument("--pictures", type=Path, default=HERE / "pictures")
    chosen = parser.parse_args()
    torch.set_num_threads(1)
    data = {part: cases(part) for part in PARTS}
    features = trained_features(data["features"])
    judge = Judge(features, data["train"], data["held out"], data["again"])
    found = features.label(features(judge.real["image"])).argmax(1)
    print("class accuracy of the features on held-out subjects:", float((found == judge.real["label"]).float().mean()))
    place = HERE / "images.json"
    for name in chosen.rows:
        rows = {row["key"]: row for row in json.loads(place.read_text())} if place.exists() else {}
        rows[name] = run(name, ROWS[name], judge, chosen.pictures)
        print(json.dumps(rows[name]), flush=True)
        place.write_text(json.dumps([rows[key] for key in sorted(rows)], indent=1) + "\n")


if __name__ == "__main__":
    main()
