"""Games played for an experiment: phantom subjects as the words of a batch, so many plays, answers for others."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from adversaria.data.phantoms import Phantom
from adversaria.draws import Draws, order, seed_of
from adversaria.engine.optimising import LinearDecay, build, set_rates
from adversaria.engine.turns import Table
from adversaria.games import Adam, Game
from adversaria.networks import PatchGAN, SegmentationUNet, UNet

Words = dict[str, Tensor]
# test subjects are the same for every seed; training subjects are the seed's own
TESTS, OTHERS, A_SEED = 90_000, 80_000, 1_000
RATE = 5e-4


def subjects(phantom: Phantom, read: Mapping[str, tuple[str, Any]], numbers: Sequence[int]) -> Words:
    """Words of subjects (N, C, *S): each is a word of the phantom, scaled by a rule or, with None, as it is."""
    made: dict[str, list[Tensor]] = {word: [] for word in read}
    for number in numbers:
        case = phantom.case(number)
        for word, (name, rule) in read.items():
            array = case[name] if rule is None else rule.fit(case[name]).forward(case[name])
            made[word].append(torch.as_tensor(np.asarray(array)))
    return {word: torch.stack(tensors) for word, tensors in made.items()}


def weights(*parts: int | str) -> None:
    """Draw the initial weights that come next by these parts."""
    torch.manual_seed(seed_of("claim", *parts))


def learn(game: Game, streams: Sequence[Words], plays: int, batch: int, seed: int) -> Game:
    """Play so many batches, each stream in an order of its own; Adam at 5e-4, falling to zero from the middle on."""
    optimisers = build(game, {player: Adam(RATE, (0.5, 0.999)) for player in game.players})
    table = Table(game, step=lambda player: optimisers[player].step(), seed=seed)
    game.train()
    for play in range(plays):
        game.plays = play
        set_rates(optimisers, dict.fromkeys(optimisers, RATE), LinearDecay(), play / plays)
        words = {w: t for k, stream in enumerate(streams) for w, t in chosen(stream, k, play, batch, seed).items()}
        table.play([{**words, "draws": Draws(seed, play, range(batch))}])
    return game.eval()


def chosen(stream: Words, number: int, play: int, batch: int, seed: int) -> Words:
    """The subjects of a stream in one play: all of them once before one comes again."""
    count = len(next(iter(stream.values())))
    places = [divmod(play * batch + k, count) for k in range(batch)]
    index = [int(order(count, "claim", seed, number, epoch)[place]) for epoch, place in places]
    return {word: tensor[index] for word, tensor in stream.items()}


@torch.no_grad()
def answers(game: Game, words: Words, word: str = "output", most: int = 16) -> Tensor:
    """What a game gives for words, a few subjects at a time."""
    count = len(next(iter(words.values())))
    parts = [
        {**{w: t[k : k + most] for w, t in words.items()}, "draws": Draws(0, 0, range(k, min(k + most, count)))}
        for k in range(0, count, most)
    ]
    return torch.cat([game(part)[word] for part in parts])


def translator(width: int) -> nn.Module:
    """The translator of one channel that every arm of an experiment shares."""
    return UNet(depth=4, width=width, norm="instance", dropout=0.0)


def segmenter(inputs: int, classes: int, width: int) -> nn.Module:
    """The segmenter that every arm of an experiment shares."""
    return SegmentationUNet(inputs, classes, depth=3, width=width, norm="instance")


def judge(inputs: int, condition: int, width: int, layers: int = 2) -> nn.Module:
    """The discriminator that every arm of an experiment shares."""
    return PatchGAN(inputs, condition, layers=layers, width=width, norm="instance")
