"""The games of translation between modalities, small enough for a test."""

from collections.abc import Callable
from typing import Any

from torch import nn

from adversaria import games
from adversaria.games.game import Game
from playground_networks import (
    CLASSES,
    SIDE,
    Coloured,
    Discriminator,
    Headed,
    Joined,
    Segmenter,
    Translator,
    TwoStem,
)


def cycled(dims: int, target: Callable[[int], nn.Module] = Discriminator) -> dict[str, Any]:
    """The parts that every game with a cycle has."""
    shape = (1, *(SIDE,) * dims)
    return {
        "generator": Translator(dims), "reverse_generator": Translator(dims), "target_discriminator": target(dims),
        "source_discriminator": Discriminator(dims), "source_shape": shape, "target_shape": shape, "pool": 0,
    }  # fmt: skip


def mixed(dims: int) -> Game:
    parts = {**cycled(dims, TwoStem), "source_discriminator": TwoStem(dims)}
    return games.MixedPairsGAN(**parts, paired_cycle=1.0)


def chained(dims: int) -> dict[str, nn.Module]:
    return {
        "first": Translator(dims), "second": Joined(dims),
        "first_discriminator": Discriminator(dims, 2), "second_discriminator": Discriminator(dims, 2),
    }  # fmt: skip


BUILD: dict[str, Callable[[int], Game]] = {
    "CoarseRefinedGAN": lambda dims: games.CoarseRefinedGAN(
        Translator(dims), Joined(dims), Discriminator(dims, 2), coarse_plays=1
    ),
    "EssNet": lambda dims: games.EssNet(**cycled(dims), segmenter=Segmenter(dims)),
    "HardExampleGAN": lambda dims: games.HardExampleGAN(
        Joined(dims), Discriminator(dims), Segmenter(dims), (1, *(SIDE,) * dims), history=0
    ),
    "MixedPairsGAN": mixed,
    "SemanticAwareGAN": lambda dims: games.SemanticAwareGAN(
        **cycled(dims), mask_discriminator=Discriminator(dims, 2), segmenter=Segmenter(dims), segmenter_plays=1
    ),
    "ShapeConsistentGAN": lambda dims: games.ShapeConsistentGAN(
        **cycled(dims), source_segmenter=Segmenter(dims), target_segmenter=Segmenter(dims), apart=1
    ),
    "SketcherRefiner": lambda dims: games.SketcherRefiner(**chained(dims), first_plays=1),
    "StainCodeGAN": lambda dims: games.StainCodeGAN(Coloured(dims, 2), Headed(dims, score=1, code=4), codes=2),
    "StainTaskGAN": lambda dims: games.StainTaskGAN(Translator(dims), Headed(dims, score=1, label=CLASSES)),
    "TaskDrivenGAN": lambda dims: games.TaskDrivenGAN(
        **cycled(dims, lambda d: Discriminator(d, 3)), segmenter=Segmenter(dims), segmenter_plays=1
    ),
    "TumourAwareGAN": lambda dims: games.TumourAwareGAN(**cycled(dims), segmenter=Segmenter(dims)),
}
