"""BEGAN, EBGAN and InfoGAN on 32-pixel brain phantoms: balance, coverage, and what a code has learned.

BEGAN and EBGAN promise a balance, not coverage: their paper's measure must fall (BEGAN: the measure of convergence with
k inside (0, 1); EBGAN: the energy of real images, with that of generated ones), and coverage is reported. Coverage is
the share of 256 training images that are the nearest one, by pixels, to at least one of 256 samples; beside it stands
that of 256 images of other subjects. InfoGAN, with two uniform codes: the largest rank correlation, over codes and
anatomical factors, of the code found in images of other subjects with their true factor.

    python -m benchmarks.phantom_games [--seconds 120] [--seeds 1] [--only began,ebgan,infogan]

Rows that exist are skipped; benchmarks/phantom_games.json is written after every row.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from scipy.stats import spearmanr
from torch import Tensor

from adversaria import games, networks
from adversaria.data.intensity import Percentile
from adversaria.data.phantoms import Brain
from adversaria.data.phantoms.brain import FACTORS
from adversaria.draws import Draws, order, seed_of
from adversaria.engine import Table
from adversaria.engine.optimising import build
from adversaria.games.game import Game
from benchmarks.side_by_side import side_by_side

ROWS = Path(__file__).parent / "phantom_games.json"
SIDE, SUBJECTS, BATCH = 32, 256, 16


def began() -> Game:
    """BEGAN of 16 filters and a code of 32."""
    parts = {"size": SIDE, "width": 16}
    return games.BEGAN(networks.BEGANGenerator(**parts, latent=32), networks.BEGANAutoencoder(**parts, code=32))


def ebgan() -> Game:
    """EBGAN of 16 filters; the margin is about three times the energy of real images after a short training."""
    parts = {"size": SIDE, "width": 16}
    return games.EBGAN(networks.DCGANGenerator(**parts), networks.DCGANAutoencoder(**parts), margin=12.0)


def infogan() -> Game:
    """InfoGAN with two uniform codes of full weight."""
    parts = {"size": SIDE, "width": 16}
    judge = networks.HeadedDCGAN(**parts, codes=4)
    return games.InfoGAN(networks.DCGANGenerator(**parts, latent=34), judge, categories=0, factors=2, continuous=1.0)


GAMES: dict[str, Callable[[], Game]] = {"began": began, "ebgan": ebgan, "infogan": infogan}


def brains(first: int) -> tuple[Tensor, dict[str, np.ndarray]]:
    """Images (N, 1, 32, 32) in (-1, 1) and factors of healthy subjects from `first` on."""
    phantom = Brain(size=SIDE, prevalence=0.0)
    cases = [phantom.case(subject) for subject in range(first, first + SUBJECTS)]
    images = []
    for case in cases:
        image = np.asarray(case["t1"], np.float32)
        images.append(torch.from_numpy(Percentile().fit(image).forward(image)))
    factors = dict(zip(FACTORS, np.stack([case["factors"] for case in cases], 1), strict=True))
    return torch.stack(images), factors


def coverage(samples: Tensor, real: Tensor) -> float:
    """Share of real images that are the nearest one of at least one sample."""
    return len(torch.cdist(samples.flatten(1), real.flatten(1)).argmin(1).unique()) / len(real)


def run(name: str, seed: int, seconds: float) -> dict[str, Any]:
    """Train one game for so many CPU seconds and look at it."""
    (train, _), (other, factors) = brains(0), brains(100_000)
    torch.manual_seed(seed_of("phantom games", seed))
    game = GAMES[name]()
    optimisers = build(game)
    table = Table(game, step=lambda player: optimisers[player].step(), seed=seed)
    start, plays, course = time.process_time(), 0, []
    while time.process_time() - start < seconds:
        place = order(SUBJECTS, seed, plays * BATCH // SUBJECTS)[plays * BATCH % SUBJECTS :][:BATCH]
        game.plays = plays
        taken = table.play([{"image": train[place], "draws": Draws(seed, plays, range(BATCH))}])
        course.append({k: float(v) for turn in taken for part in turn.losses.values() for k, v in part.items()})
        if isinstance(game, games.BEGAN):
            course[-1] |= {"k": float(game.k), "convergence": float(game.convergence)}
        plays += 1
    with torch.no_grad():
        words = {"image": other, "draws": Draws(seed_of("judge", seed), 0, range(SUBJECTS))}
        made = game.eval()(words)
    tenth = max(1, plays // 10)
    ends = {
        k: [float(np.median([c[k] for c in part])) for part in (course[:tenth], course[-tenth:])] for k in course[0]
    }
    row = {"name": name, "seed": seed, "seconds": seconds, "plays": plays, "first_and_last_tenth": ends}
    row |= {"coverage": coverage(made["output"], train), "coverage_of_other_subjects": coverage(other, train)}
    if "k" in ends:
        inside = [c["k"] for c in course[tenth:]]
        row |= {"k_range_after_first_tenth": [min(inside), max(inside)]}
    if name == "infogan":
        means = made["code"][:, :2].numpy()
        found = {
            f: max(abs(float(spearmanr(m, v).statistic)) for m in means.T) for f, v in factors.items() if np.ptp(v)
        }
        row |= {"rank_correlation": dict(sorted(found.items(), key=lambda item: -item[1]))}
    return row


def main() -> None:
    """Run what is missing."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--only", default=",".join(GAMES))
    given = parser.parse_args()
    rows = json.loads(ROWS.read_text()) if ROWS.exists() else []
    known = {(r["name"], r["seed"], r["seconds"]) for r in rows}
    asked = [(name, seed, given.seconds) for seed in range(given.seeds) for name in given.only.split(",")]

    def keep(row: dict[str, Any]) -> None:
        rows.append(row)
        print(json.dumps(row), flush=True)
        ROWS.write_text(json.dumps(rows, indent=1) + "\n")

    side_by_side(run, [one for one in asked if one not in known], keep)


if __name__ == "__main__":
    main()
