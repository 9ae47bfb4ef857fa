"""Why does a game find no modes? What its networks say of the ring after 4,000 plays, for those that fail.

    python -m benchmarks.modes_causes

One seed; the setting is that of `benchmarks.modes`, by plays instead of seconds. Numbers go to
benchmarks/modes_causes.json, and from there to benchmarks/MODES.md when `benchmarks.modes` writes it.
"""

import json
from collections.abc import Callable
from pathlib import Path

import torch
from torch import Tensor

from adversaria import games
from benchmarks.modes import LATENT, SAMPLES, drawn, real, trained

PLAYS = 4000
KEPT = Path(__file__).parent / "modes_causes.json"


def played(name: str, seed: int) -> tuple[games.Game, Tensor]:
    """Train a game on the ring; give it and its samples."""
    game, _, _ = trained(name, "ring", seed, lambda plays: plays / PLAYS)
    return game, drawn(game, seed)


def others() -> Tensor:
    """Real points that were not trained on."""
    return torch.cat([real("ring", 99, play) for play in range(8)])


def saturation(name: str, seed: int) -> str:
    """How much gradient the critic's last activation, tanh(v) / 2, lets through."""
    game, samples = played(name, seed)
    assert isinstance(game, games.FGAN)
    scores = {"real points": game.discriminator(others()), "samples": game.discriminator(samples)}
    said = [f"{what} {v.mean():.1f}, slope {(1 - v.double().tanh() ** 2).mean() / 2:.1g}" for what, v in scores.items()]
    return f"mean score and mean slope of tanh(v) / 2 there: {'; '.join(said)}"


def escape(name: str, seed: int) -> str:
    """How far samples lie from the middle, where real ones lie at 2."""
    _, samples = played(name, seed)
    return f"median distance of samples from the middle {samples.norm(dim=1).median():.3g} (of real points 2)"


def energies(name: str, seed: int) -> str:
    """What the autoencoder rebuilds."""
    game, samples = played(name, seed)
    assert isinstance(game, games.BEGAN)
    square = 6 * torch.rand(SAMPLES, 2, generator=torch.Generator().manual_seed(0)) - 3
    errors = [float(game.error(points)) for points in (others(), samples, square)]
    return "error of real points {:.2g}, of samples {:.2g}, of points all over the square {:.2g}".format(*errors)


def islands(name: str, seed: int) -> str:
    """How far a draw from the prior is from the codes that the decoder was trained on."""
    game, _ = played(name, seed)
    assert isinstance(game, games.AdversarialAutoencoder)
    points = others()
    codes = game.encoder(points)
    prior = torch.randn(SAMPLES, LATENT, generator=torch.Generator().manual_seed(0))
    between = torch.cdist(codes, codes).fill_diagonal_(torch.inf).min(1).values.median()
    away = torch.cdist(prior, codes).min(1).values.median()
    error = (game.decoder(codes) - points).square().mean().sqrt()
    return (
        f"real points are rebuilt to {error:.2g}; a draw from the prior is {away:.2g} from the nearest of {len(codes)} "
        f"codes, a code {between:.2g} from the next (medians)"
    )


CAUSES: dict[str, tuple[int, Callable[[str, int], str]]] = {
    "f-gan-total-variation": (0, saturation),
    "f-gan-total-variation+r1": (0, saturation),
    "f-gan-kl": (0, escape),
    "f-gan-kl+r1": (0, escape),
    "catgan": (1, escape),
    "began": (0, energies),
    "began-1": (0, energies),
    "adversarial-autoencoder": (0, islands),
}


def main() -> None:
    """Play all."""
    torch.set_num_threads(1)
    found = dict[str, str]()
    for name, (seed, look) in CAUSES.items():
        found[name] = f"seed {seed}: {look(name, seed)}"
        print(f"{name}: {found[name]}", flush=True)
        KEPT.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
