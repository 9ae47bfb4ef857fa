"""Weights with channels last train to the same values, and resume, as weights laid out plainly."""

import pytest
import torch

from adversaria import games, networks
from adversaria.draws import Draws
from adversaria.engine.optimising import build
from adversaria.engine.state import load_optimisers, load_state, optimiser_state, trained_state
from adversaria.engine.turns import Table


def plain(game):
    """Undo the layout."""
    for parameter in game.parameters():
        parameter.data = parameter.data.contiguous()
    return game


def fresh():
    """A small DCGAN in double precision."""
    torch.manual_seed(0)
    return games.GAN(networks.DCGANGenerator(1, 16, width=8), networks.DCGANDiscriminator(1, 0, 16, width=8)).double()


def play(game, optimisers, times):
    """Play the same batch some times."""
    image = torch.linspace(-1, 1, 4 * 256, dtype=torch.float64).view(4, 1, 16, 16)
    table = Table(game, step=lambda player: optimisers[player].step())
    for _ in range(times):
        table.play([{"image": image, "draws": Draws(0, game.plays, range(4))}])
        game.plays += 1
    return game


@pytest.mark.parametrize("change", [lambda game: game, plain], ids=["channels last", "plain"])
def test_channels_last_trains_to_the_same_values_also_over_a_resume(change):
    """Moments come back from a checkpoint in the order of their parameter, whatever order they were saved in."""
    whole = plain(fresh())
    play(whole, build(whole), 4)
    half = fresh()
    optimisers = build(half)
    assert half.generator.body[3].weight.stride()[1] == 1, "the layout is what this test is about"
    play(half, optimisers, 2)
    saved = {n: t.detach().clone().contiguous() for n, t in trained_state(half).items()}
    moments = {n: t.clone().contiguous() for n, t in optimiser_state(half, optimisers).items()}
    again = change(fresh())
    optimisers = build(again)
    load_state(again, saved)
    load_optimisers(again, optimisers, moments)
    again.plays = 2
    play(again, optimisers, 2)
    for (name, one), two in zip(whole.named_parameters(), again.parameters(), strict=True):
        torch.testing.assert_close(one, two, rtol=1e-9, atol=1e-11, msg=name)
