"""BEGAN, EBGAN and InfoGAN on phantoms of 32 pixels: balance, coverage, and what a code has learned.

`python -m benchmarks.phantom_games [--seconds 120] [--seeds 3] [--only began,ebgan,infogan]` plays each game from three
seeds for 120 CPU seconds at one thread; rates fall in a straight line to zero. BEGAN and EBGAN, on 256 healthy heads,
promise a balance, not coverage: their paper's measure must fall (BEGAN: the measure of convergence with k inside
(0, 1); EBGAN: the energy of real images, with that of generated ones beside the margin), and coverage is reported: the
share of 256 training images that are the nearest one, by pixels, to at least one of 256 samples; beside it stands that
of 256 images of other subjects. InfoGAN, on 2,048 grey photographs of the fundus, has one uniform code: the rank
correlations of the code found in photographs of 256 other eyes with the factors that made them. Rows that exist are
skipped; `phantom_games.json` and `PHANTOM_GAMES.md` are written after every row.

Reduced: BEGAN has 8 filters, a code of 32, rates 1e-3 (the paper: 1e-4) and steps of k of 0.01 (0.001), since it is
played a thousand times and not hundreds of thousands; EBGAN 16 filters, a code of 32 and a margin of 4; InfoGAN 16
filters, 8 numbers of noise beside its code, and noise of 0.2 on what its discriminator sees (the paper: none). These
settings were chosen among others by runs of the same seeds.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import torch
from scipy.stats import spearmanr
from torch import Tensor

from adversaria import games, networks
from adversaria.data.intensity import Percentile
from adversaria.data.phantoms import Brain, Fundus
from adversaria.data.phantoms.brain import FACTORS as BRAIN
from adversaria.data.phantoms.fundus import FACTORS as FUNDUS
from adversaria.draws import Draws, order, seed_of
from adversaria.engine import Table
from adversaria.engine.optimising import LinearDecay, build, set_rates
from adversaria.games.game import Game
from adversaria.games.optimisers import Adam
from adversaria.metrics.contrast_factor import GREY
from benchmarks.result import markdown
from benchmarks.side_by_side import side_by_side

HERE = Path(__file__).parent
ROWS, PAGE = HERE / "phantom_games.json", HERE / "PHANTOM_GAMES.md"
SIDE, BATCH, SHOWN = 32, 16, 256
Images = tuple[Tensor, dict[str, np.ndarray]]


def began() -> Game:
    """BEGAN of 8 filters, whose k moves ten times as fast."""
    parts = {"size": SIDE, "width": 8}
    generator = networks.BEGANGenerator(**parts, latent=32)
    return games.BEGAN(generator, networks.BEGANAutoencoder(**parts, code=32), balance=0.01)


def ebgan() -> Game:
    """EBGAN of 16 filters; the margin is a little above the energy of real images at the end."""
    parts = {"size": SIDE, "width": 16}
    generator = networks.DCGANGenerator(**parts, latent=32)
    return games.EBGAN(generator, networks.DCGANAutoencoder(**parts, code=32), margin=4.0)


def infogan() -> Game:
    """InfoGAN with one uniform code."""
    parts = {"size": SIDE, "width": 16}
    judge = networks.HeadedDCGAN(**parts, codes=2)
    return games.InfoGAN(networks.DCGANGenerator(**parts, latent=9), judge, categories=0, factors=1, noise=0.2)


def heads(first: int, count: int) -> Images:
    """T1 images (N, 1, 32, 32) in (-1, 1) and factors of healthy subjects from `first` on."""
    phantom = Brain(size=SIDE, prevalence=0.0)
    cases = [phantom.case(subject) for subject in range(first, first + count)]
    images = [np.asarray(case["t1"], np.float32) for case in cases]
    return _stacked([Percentile().fit(image).forward(image) for image in images], cases, BRAIN)


def eyes(first: int, count: int) -> Images:
    """The luma of colour photographs (N, 1, 32, 32) in (-1, 1) and factors of eyes from `first` on."""
    cases = [Fundus(size=SIDE).case(subject) for subject in range(first, first + count)]
    return _stacked([2 * np.tensordot(GREY, case["image"], 1)[None] - 1 for case in cases], cases, FUNDUS)


def _stacked(images: list[np.ndarray], cases: list[Any], names: tuple[str, ...]) -> Images:
    factors = np.stack([case["factors"] for case in cases], 1)
    return torch.from_numpy(np.stack(images)).float(), dict(zip(names, factors, strict=True))


class Trial(NamedTuple):
    """How to build a game, its images, how many of them to train on, and the rates where they are not the game's."""

    make: Callable[[], Game]
    images: Callable[[int, int], Images]
    count: int
    rates: dict[str, Adam] | None = None


GAMES = {
    "began": Trial(began, heads, 256, dict.fromkeys(games.BEGAN.players, Adam(1e-3, (0.5, 0.999)))),
    "ebgan": Trial(ebgan, heads, 256),
    "infogan": Trial(infogan, eyes, 2048),
}


def coverage(samples: Tensor, real: Tensor) -> float:
    """Share of real images that are the nearest one of at least one sample."""
    return len(torch.cdist(samples.flatten(1), real.flatten(1)).argmin(1).unique()) / len(real)


def run(name: str, seed: int, seconds: float) -> dict[str, Any]:
    """Train one game for so many CPU seconds and look at it."""
    trial, count = GAMES[name], GAMES[name].count
    (train, _), (other, factors) = trial.images(0, count), trial.images(100_000, SHOWN)
    torch.manual_seed(seed_of("phantom games", seed))
    game = trial.make()
    rates = trial.rates or dict(game.optimisers)
    optimisers, base = build(game, rates), {player: rate.lr for player, rate in rates.items()}
    table = Table(game, step=lambda player: optimisers[player].step(), seed=seed)
    start, plays, course = time.process_time(), 0, []
    while (spent := time.process_time() - start) < seconds:
        set_rates(optimisers, base, LinearDecay(0.0), spent / seconds)
        place = order(count, seed, plays * BATCH // count)[plays * BATCH % count :][:BATCH]
        game.plays = plays
        taken = table.play([{"image": train[place], "draws": Draws(seed, plays, range(BATCH))}])
        course.append({k: float(v) for turn in taken for part in turn.losses.values() for k, v in part.items()})
        if isinstance(game, games.BEGAN):
            course[-1] |= {"k": float(game.k), "convergence": float(game.convergence)}
        plays += 1
    with torch.no_grad():
        words = {"image": other, "draws": Draws(seed_of("judge", seed), 0, range(SHOWN))}
        made = game.eval()(words)
    tenth = max(1, plays // 10)
    ends = {
        k: [float(np.median([c[k] for c in part])) for part in (course[:tenth], course[-tenth:])] for k in course[0]
    }
    row = {"name": name, "seed": seed, "seconds": seconds, "plays": plays, "first_and_last_tenth": ends}
    shown = train[:SHOWN]
    row |= {"coverage": coverage(made["output"], shown), "coverage_of_other_subjects": coverage(other, shown)}
    if "k" in ends:
        inside = [c["k"] for c in course[tenth:]]
        row |= {"k_range_after_first_tenth": [min(inside), max(inside)]}
        row |= {"k_inside": float(np.mean([0 < k < 1 for k in inside]))}
    if name == "infogan":
        code = made["code"][:, 0].numpy()
        found = {factor: abs(float(spearmanr(code, v).statistic)) for factor, v in factors.items() if np.ptp(v)}
        row |= {"rank_correlation": dict(sorted(found.items(), key=lambda item: -item[1]))}
    return row


BALANCE = {"began": ("convergence",), "ebgan": ("real", "energy")}


def page(rows: list[dict[str, Any]]) -> str:
    """A line a run: of the balancing games what falls and what is covered, of InfoGAN what its codes follow."""
    assert __doc__ is not None
    rows = sorted(rows, key=lambda row: (row["name"], row["seed"]))
    balance, codes = [], []
    for row in rows:
        start = [row["name"], str(row["seed"]), str(row["plays"])]
        covered = f"{row['coverage']:.2f} ({row['coverage_of_other_subjects']:.2f})"
        if row["name"] in BALANCE:
            ends = row["first_and_last_tenth"]
            fallen = "; ".join(f"{word} {ends[word][0]:.3g} to {ends[word][1]:.3g}" for word in BALANCE[row["name"]])
            k = " to ".join(f"{k:.3f}" for k in row.get("k_range_after_first_tenth", ()))
            balance.append([*start, fallen, f"{k}, in {row['k_inside']:.0%}" if k else "-", covered])
        else:
            found = [f"{factor} {value:.2f}" for factor, value in list(row["rank_correlation"].items())[:4]]
            codes.append([*start, ", ".join(found), covered])
    told = [" ".join(paragraph.split()) for paragraph in __doc__.split("\n\n")[1:]]
    lines = ["# Balance, coverage and codes", "", *(line for paragraph in told for line in (paragraph, ""))]
    head = ("game", "seed", "plays", "first to last tenth (medians)", "k, plays in (0, 1)", "coverage (other subjects)")
    lines += [markdown(head, balance), ""]
    head = ("game", "seed", "plays", "largest rank correlations", "coverage (other subjects)")
    return "\n".join([*lines, markdown(head, codes)]) + "\n"


def main() -> None:
    """Run what is missing."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.phantom_games", description=__doc__)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--only", default=",".join(GAMES))
    given = parser.parse_args()
    rows = json.loads(ROWS.read_text()) if ROWS.exists() else []
    known = {(r["name"], r["seed"], r["seconds"]) for r in rows}
    asked = [(name, seed, given.seconds) for seed in range(given.seeds) for name in given.only.split(",")]

    def keep(row: dict[str, Any]) -> None:
        rows.append(row)
        print(json.dumps(row), flush=True)
        ROWS.write_text(json.dumps(rows, indent=1) + "\n")
        PAGE.write_text(page(rows))

    side_by_side(run, [one for one in asked if one not in known], keep)


if __name__ == "__main__":
    main()
