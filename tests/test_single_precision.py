"""Single precision: what cancels, overflows or is rounded in it does so in silence, and the game still plays."""

import numpy as np
import pytest
import torch

from adversaria import games, losses
from adversaria.games.catgan import entropy, marginal_entropy
from playground import NAMES, batch, build
from test_objectives import OBJECTIVES


def measured(terms):
    return {name: value.detach() for name, value in terms.items()}


def gradients(game, words):
    """What each turn of one play sends to the parameters of its players, nobody having stepped."""
    play, seen = game.play(words), None
    while True:
        try:
            turn = play.send(seen)
        except StopIteration:
            return
        for players, terms in [turn] if isinstance(turn, tuple) else turn.items():
            named = [players] if isinstance(players, str) else players
            moved = [p for player in named for p in game.parameters_of(player).values()]
            found = torch.autograd.grad(sum(terms.values()), moved, allow_unused=True, retain_graph=True)
            whole = [torch.zeros_like(p) if g is None else g for p, g in zip(moved, found, strict=True)]
            yield players, torch.cat([g.flatten() for g in whole])
        seen = measured(turn[1]) if isinstance(turn, tuple) else {p: measured(terms) for p, terms in turn.items()}


@pytest.mark.parametrize("name", NAMES)
def test_gradients_of_games_are_those_in_float64(name):
    single, double = build(name), build(name).double()
    wide = {k: v.double() if torch.is_tensor(v) and v.is_floating_point() else v for k, v in batch().items()}
    turns = list(zip(gradients(single, batch()), gradients(double, wide), strict=True))
    assert turns
    for (players, found), (again, wanted) in turns:
        assert players == again and wanted.norm() > 0
        assert (found.double() - wanted).norm() < 1e-3 * wanted.norm(), players


@pytest.mark.parametrize("name", OBJECTIVES)
def test_gradients_of_objectives_are_finite_differences_in_float64(name):
    objective, h = getattr(losses, name)(), 1e-6
    for side in (objective.real, objective.fake, objective.fooled):
        score = torch.linspace(-29.7, 29.8, 60)
        given = score.clone().requires_grad_()
        (found,) = torch.autograd.grad(side(given).sum(), given)
        wide = score.double()
        wanted = (side(wide + h) - side(wide - h)) / (2 * h)
        torch.testing.assert_close(found.double(), wanted, rtol=1e-3, atol=1e-5)


@pytest.mark.parametrize("function", [entropy, marginal_entropy])
def test_catgan_entropies_of_a_class_that_is_never_seen_have_a_gradient(function):
    sure = (500.0 * torch.eye(5)[[0, 0, 1]]).requires_grad_()
    value = function(sure)
    value.backward()
    assert value.isfinite() and sure.grad.isfinite().all()


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
def test_no_draw_is_rounded_to_one(dtype):
    class Last:
        """The largest draw that the stream can give."""

        def uniform(self, name, shape):
            return np.full((2, *shape), (2**53 - 0.5) * 2.0**-53)

    drawn = games.GAN.uniform({"like": torch.zeros(1, dtype=dtype), "draws": Last()}, "category")
    assert drawn.dtype == dtype and (drawn < 1).all() and (drawn > 0.99).all()
