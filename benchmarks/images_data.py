"""Phantom images that frameworks learn at image level: three sets, each with parts that share no subject."""

from functools import cache

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import one_hot

from adversaria.data.intensity import Percentile
from adversaria.data.phantoms import Brain, TorsoCT
from adversaria.draws import order

Words = dict[str, Tensor]
SIDE, LABELS = 32, 14
LEVELS = ("abdomen", "heart", "chest")
# a part's first subject, and how many of each level there are
PARTS = {"train": (0, 256), "held out": (50_000, 171), "again": (60_000, 171), "features": (100_000, 400)}


@cache
def torso(part: str, side: int = SIDE) -> Words:
    """CT slices (-1 to 1 for -1000 to 400 HU), label maps, levels and factors: as many subjects of each level."""
    first, count = PARTS[part]
    made: dict[str, list[object]] = {"image": [], "source": [], "label": [], "factors": []}
    for label, level in enumerate(LEVELS):
        phantom = TorsoCT(size=side, level=level)
        for subject in range(first + 1000 * label, first + 1000 * label + count):
            case = phantom.case(subject)
            made["image"].append(np.clip((case["ct"] + 300) / 700, -1, 1))
            made["source"].append(case["mask"])
            made["label"].append(label)
            made["factors"].append(case["factors"])
    found = {word: torch.from_numpy(np.array(values, np.float32)) for word, values in made.items()}
    return shuffled(found, part)


def maps(part: str) -> Words:
    """The torso with a channel for each label."""
    found = torso(part)
    return {**found, "source": one_hot(found["source"][:, 0].long(), LABELS).movedim(-1, 1).float()}


def middle(part: str) -> Words:
    """Torso slices of 64 pixels, whose middle (32 by 32) is looked at."""
    return torso(part, 2 * SIDE)


@cache
def brain(part: str) -> Words:
    """T2 slices, and the T1 slices of the same heads, each in -1 to 1 by its own percentiles; the factors."""
    first, count = PARTS[part]
    phantom, rule = Brain(size=SIDE), Percentile()
    cases = [phantom.case(subject) for subject in range(first, first + len(LEVELS) * count)]
    words = {"image": "t2", "source": "t1"}
    found = {w: np.stack([rule.fit(c[name]).forward(c[name]) for c in cases]) for w, name in words.items()}
    found["factors"] = np.stack([case["factors"] for case in cases])
    found["label"] = np.zeros(len(cases))
    return shuffled({word: torch.from_numpy(np.asarray(a, np.float32)) for word, a in found.items()}, part)


def shuffled(found: Words, part: str) -> Words:
    """Put the subjects in a keyed order."""
    places = torch.from_numpy(order(len(found["label"]), "images", part))
    return {word: values[places] for word, values in found.items()}


SETS = {"torso": torso, "maps": maps, "middle": middle, "brain": brain}


def looked_at(images: Tensor) -> Tensor:
    """The middle 32 by 32 pixels, which are judged; of images of this size, all."""
    edge = (images.shape[-1] - SIDE) // 2
    return images[..., edge : edge + SIDE, edge : edge + SIDE]
