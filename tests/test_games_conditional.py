"""Translation, conditional and multi-stage games: the worked examples of their papers' objectives."""

import pytest
import torch
from torch import nn

from adversaria import games
from playground import Discriminator, batch, build

LOG2 = 0.693147


class Zero(Discriminator):
    """At indifference, keeping its graph."""

    def forward(self, image, condition=None):
        return super().forward(image, condition) * 0


class Half(Discriminator):
    """Says 0.5, keeping its graph."""

    def forward(self, image, condition=None):
        return super().forward(image, condition) * 0 + 0.5


class Shift(nn.Module):
    """Adds a learned number, to the image or a multiple of it."""

    def __init__(self, by=0.0, factor=1.0):
        super().__init__()
        self.by, self.factor = nn.Parameter(torch.tensor(by)), factor

    def forward(self, image, condition=None):
        return self.factor * image + self.by


def values(losses):
    return {name: float(value.detach()) for name, value in losses.items()}


def total(losses):
    return sum(values(losses).values())


def turns(game, words=None, count=None):
    """The turns of one play as measured without steps: a list of (player, values)."""
    play, found, seen = game.play(words or batch()), [], None
    while True:
        try:
            turn = play.send(seen)
        except StopIteration:
            return found
        parts = [turn] if isinstance(turn, tuple) else list(turn.items())
        found += [(player, values(losses)) for player, losses in parts]
        seen = {} if isinstance(turn, tuple) else {p: {} for p in turn}


def gradient(loss, module):
    """Gradients of a loss for a module's parameters, zeros where there are none."""
    found = torch.autograd.grad(loss, list(module.parameters()), allow_unused=True, retain_graph=True)
    return torch.cat([torch.zeros_like(p).flatten() if g is None else g.flatten()
                      for p, g in zip(module.parameters(), found, strict=True)])  # fmt: skip


def test_discogan_worked_example():
    """D = 0.5, both reconstructions off by 0.1: G 2 log 2 + 0.02; the authors' first weights: 0.137443."""
    parts = Shift(0.05), Shift(0.05), Zero(2), Zero(2)
    (_, judged), (_, made) = turns(games.DiscoGAN(*parts))
    assert sum(made.values()) == pytest.approx(1.406294, abs=1e-5)
    assert sum(judged.values()) == pytest.approx(4 * LOG2, abs=1e-5)
    code = games.DiscoGAN(*parts, adversarial_weight=0.099, cycle=0.01)
    assert sum(turns(code)[1][1].values()) == pytest.approx(0.137443, abs=1e-5)
    inverse = games.DiscoGAN(Shift(0.3), Shift(-0.3), Zero(2), Zero(2))
    assert sum(v for n, v in turns(inverse)[1][1].items() if "cycle" in n) == pytest.approx(0, abs=1e-6)


def test_discogan_matching_is_zero_for_equal_batches_of_features():
    game = games.DiscoGAN(Shift(), Shift(), Discriminator(2), Discriminator(2), matching=0.9)
    words = batch()
    words["target"] = words["source"].flip(0)
    found = turns(game, words)[1][1]
    assert found["matching_target"] == pytest.approx(0, abs=1e-10) and game.couples_samples
    words["target"] = words["source"] + 1
    assert turns(game, words)[1][1]["matching_target"] > 1e-3


def test_unit_divergence_and_weights():
    """mu = (1, -1, 2): mean of mu^2/2 is 1, weighted 0.1; adversarial : KL : L1 = 10 : 0.1 : 100."""
    from adversaria.games.unit import divergence

    assert float(divergence(torch.tensor([[1.0, -1.0, 2.0]]))) == pytest.approx(1)
    game = build("UNIT")
    assert (game.adversarial_weight, game.divergence, game.likelihood) == (10.0, 0.1, 100.0)
    found = dict(turns(game))
    assert set(found) == {"discriminators", "generators"} and len(found["generators"]) == 8


def test_unit_shares_its_inner_layers_once():
    game = build("UNIT")
    names = list(game.parameters_of("generators"))
    assert sum(name.startswith("shared_encoder") for name in names) == 6
    source, target = game.encode(game.source_encoder, torch.ones(1, 1, 8, 8)), None
    with torch.no_grad():
        for own, other in zip(game.source_encoder.parameters(), game.target_encoder.parameters(), strict=True):
            other.copy_(own)
    target = game.encode(game.target_encoder, torch.ones(1, 1, 8, 8))
    assert torch.equal(source, target)


def test_unit_with_zero_codes_and_exact_decoders_pays_nothing_but_the_adversary():
    """Codes 0 and decoders that give the (constant zero) image: variational and cycle terms vanish."""
    game = games.UNIT(
        *(Shift(factor=0.0) for _ in range(2)), Shift(), Shift(factor=0.0), *(Shift(factor=0.0) for _ in range(2)),
        Zero(2), Zero(2),
    )  # fmt: skip
    words = {**batch(), "source": torch.zeros(4, 1, 8, 8), "target": torch.zeros(4, 1, 8, 8)}
    found = dict(turns(game, words))["generators"]
    assert sum(v for n, v in found.items() if "adversarial" in n) == pytest.approx(20 * LOG2, abs=1e-4)
    assert sum(v for n, v in found.items() if "adversarial" not in n) == pytest.approx(0, abs=1e-7)
