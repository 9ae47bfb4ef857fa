"""Features learned without labels: which way up is an image, and what was done to it?"""

from collections.abc import Callable, Iterator, Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn.functional import avg_pool2d, cross_entropy, interpolate

from adversaria.draws import stream
from adversaria.metrics.facts import Range
from adversaria.metrics.sets.networks import LearnedCNN, SmallCNN

SPOILED = ("whole", "blurred", "noisy", "blocky", "faint")
TASKS = {"turn": 4, "spoiled": len(SPOILED)}
_BATCH = 64


def learn_features(
    images: Sequence[NDArray[np.floating]],
    data_range: Range,
    name: str,
    labels: Mapping[str, Sequence[int]] | None = None,
    steps: int = 300,
    seed: int = 0,
) -> LearnedCNN:
    """Learn a small feature network on a list of images (C, *S).

    It learns to tell by which quarter turn an image was rotated (Gidaris et al. 2018) and whether it was
    blurred, given noise, made blocky or faint, and with `labels` also those classes, of which the first
    becomes the head that classifies. Deterministic for a seed on one machine. Distances between its
    features are comparable only within the same weights, so `name` must tell on what it learned.
    """
    counts = {task: int(max(values)) + 1 for task, values in (labels or {}).items()}
    net = SmallCNN({**counts, **TASKS})
    _initialise(net, seed)
    first = next(iter(counts), None)
    network = LearnedCNN(name, net, first)
    with torch.no_grad():
        planes, owner = _all_planes(network, images, data_range)
    truths = {task: torch.tensor(values)[owner] for task, values in (labels or {}).items()}
    net.train().requires_grad_(True)
    optimiser = torch.optim.Adam(net.parameters(), lr=2e-3)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, 2e-3, total_steps=steps)
    for places, random in _batches(len(planes), steps, seed):
        batch, made = spoil(planes[places], random)
        answers = net(batch)
        wanted = {**made, **{task: truth[places] for task, truth in truths.items()}}
        loss = torch.stack([cross_entropy(answers[task], wanted[task]) for task in wanted]).sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        schedule.step()
    _scale(net, planes)
    return LearnedCNN(name, net, first)


@torch.no_grad()
def _scale(net: SmallCNN, planes: Tensor) -> None:
    """Bring features to a mean square of 1 on the images learned from, in the last layer; answers stay the same.

    Polynomial kernels and squared distances would else be in units of nothing.
    """
    size = torch.cat([net.features(part).square() for part in planes.split(_BATCH)]).mean().sqrt()
    last = [layer for layer in net.body if isinstance(layer, torch.nn.Conv2d)][-1]
    for parameter in last.parameters():
        parameter.div_(size)
    for head in net.heads.values():
        assert isinstance(head, torch.nn.Linear)
        head.weight.mul_(size)


def _all_planes(
    network: LearnedCNN, images: Sequence[NDArray[np.floating]], data_range: Range
) -> tuple[Tensor, Tensor]:
    planes = [network._planes(image, data_range) for image in images]
    owner = torch.repeat_interleave(torch.arange(len(planes)), torch.tensor([len(p) for p in planes]))
    return torch.cat(planes), owner


def _batches(count: int, steps: int, seed: int) -> Iterator[tuple[Tensor, np.random.Generator]]:
    for step in range(steps):
        random = stream("features", seed, step)
        yield torch.from_numpy(random.integers(0, count, _BATCH)), random


def spoil(batch: Tensor, random: np.random.Generator) -> tuple[Tensor, dict[str, Tensor]]:
    """Turn, change scale and offset a little, and spoil images (B, 1, N, N) in [-1, 1]; give what was done."""
    turns, kinds = random.integers(0, 4, len(batch)), random.integers(0, len(SPOILED), len(batch))
    made = []
    for image, turn, kind in zip(batch, turns, kinds, strict=True):
        image = torch.rot90(image, int(turn), (1, 2))
        image = _SPOIL[SPOILED[int(kind)]](image, random)
        gain, offset = random.uniform(0.85, 1.15), random.uniform(-0.1, 0.1)
        made.append(((image + 1) * gain - 1 + offset).clamp(-1, 1))
    return torch.stack(made), {"turn": torch.from_numpy(turns), "spoiled": torch.from_numpy(kinds)}


def _blurred(image: Tensor, random: np.random.Generator) -> Tensor:
    width = 2 * int(random.integers(1, 3)) + 1
    for _ in range(2):
        image = avg_pool2d(image[None], width, 1, width // 2, count_include_pad=False)[0]
    return image


def _noisy(image: Tensor, random: np.random.Generator) -> Tensor:
    noise = torch.from_numpy(random.standard_normal(image.shape, np.float32))
    return image + noise * float(random.uniform(0.04, 0.2))


def _blocky(image: Tensor, random: np.random.Generator) -> Tensor:
    side = int(random.integers(2, 5))
    small = interpolate(image[None], scale_factor=1 / side, mode="area")
    return interpolate(small, image.shape[1:], mode="nearest")[0]


def _faint(image: Tensor, random: np.random.Generator) -> Tensor:
    return image.mean() + (image - image.mean()) * float(random.uniform(0.3, 0.7))


_SPOIL: dict[str, Callable[[Tensor, np.random.Generator], Tensor]] = {
    "whole": lambda image, random: image,
    "blurred": _blurred,
    "noisy": _noisy,
    "blocky": _blocky,
    "faint": _faint,
}


def _initialise(net: SmallCNN, seed: int) -> None:
    """He's normal initialisation from a stream of its own."""
    random = stream("feature weights", seed)
    for part in net.modules():
        if isinstance(part, torch.nn.Conv2d | torch.nn.Linear):
            fan = part.weight[0].numel()
            drawn = random.standard_normal(part.weight.shape, np.float32) * np.sqrt(2 / fan)
            part.weight.data.copy_(torch.from_numpy(drawn.astype(np.float32)))
            assert part.bias is not None
            part.bias.data.zero_()
