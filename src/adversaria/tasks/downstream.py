"""Are synthetic images good for anything? Train on them, test on real ones, and the other way round."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from adversaria.draws import order
from adversaria.metrics.statistics import Summary, permutation_test, summarise
from adversaria.tasks.downstream_networks import Labelled, Learner
from adversaria.vocabulary import UserError


@dataclass(frozen=True)
class Arm:
    """One way of training: how many real and synthetic images, on what it was tested, a value a test image.

    `values` are means over repeats: the share of repeats in which an image was classified rightly, or its
    Dice coefficient.
    """

    name: str
    real: int
    synthetic: int
    test: str
    values: tuple[float, ...]
    summary: Summary


@dataclass(frozen=True)
class Gain:
    """What synthetic images add to `real` real ones: the paired difference over test images, and its p-value."""

    real: int
    difference: Summary
    p: float | None


@dataclass(frozen=True)
class Downstream:
    """What was found: arms by name, and the gain at each size of the real set."""

    measure: str
    arms: Mapping[str, Arm]
    gains: tuple[Gain, ...]
    repeats: int
    seed: int

    def table(self) -> str:
        """Write as Markdown."""
        lines = [f"| trained on | real | synthetic | tested on | {self.measure} |", "|---|---|---|---|---|"]
        for arm in self.arms.values():
            lines.append(f"| {arm.name} | {arm.real} | {arm.synthetic} | {arm.test} | {arm.summary} |")
        lines += ["", f"| real images | gain in {self.measure} by adding the synthetic ones | p |", "|---|---|---|"]
        for gain in self.gains:
            p = "not tested" if gain.p is None else f"{gain.p:.3g}"
            lines.append(f"| {gain.real} | {gain.difference} | {p} |")
        return "\n".join(lines) + "\n"


def downstream(
    learner: Learner,
    real: Labelled,
    test: Labelled,
    synthetic: Labelled,
    sizes: Sequence[int] = (),
    repeats: int = 3,
    seed: int = 0,
) -> Downstream:
    """Validate synthetic images by a task: a classifier or a segmenter trained on them, and tested on real ones.

    Arms: train real test real, train synthetic test real (Esteban et al. 2017: TSTR), train real test
    synthetic (TRTS), mixed, and for every size in `sizes` that many real images with and without all
    synthetic ones (Frid-Adar et al. 2018). Every network takes the same number of steps, so a larger set
    is no longer training. `repeats` networks an arm start from other weights, and at smaller sizes see
    another part of the real images; repeat k has the same start, batches and part in every arm.

    `real`, `test` and `synthetic` are sets of images (C, *S) of one size with their classes, or label maps
    (*S); subjects of `test` must not be in `real`, nor among what the synthetic images were learned from.
    Intervals and sign-flip tests are over test images, one a subject, and none under six. UserError: an
    empty set, a size beyond the real set.
    """
    for name, found in (("real", real), ("test", test), ("synthetic", synthetic)):
        if not len(found):
            raise UserError(f"there are no {name} images.", "Bring at least one of each class.")
    if sizes and not 1 <= min(sizes) <= max(sizes) <= len(real):
        raise UserError(f"there are {len(real)} real images, and sizes {tuple(sizes)}.", "Ask for fewer.")
    labels = 1 + max(int(np.max(label)) for found in (real, test, synthetic) for label in found.labels)

    def arm(name: str, count: int, made: Labelled | None, on: Labelled, where: str) -> Arm:
        values = np.mean([learner(_part(real, count, k, seed), made, on, labels, (seed, k)) for k in range(repeats)], 0)
        found = len(made) if made is not None else 0
        return Arm(name, count, found, where, tuple(map(float, values)), summarise(list(values)))

    whole = len(real)
    arms = [
        arm("real", whole, None, test, "real"),
        arm("synthetic", 0, synthetic, test, "real"),
        arm("real, tested on synthetic", whole, None, synthetic, "synthetic"),
        arm("mixed", whole, synthetic, test, "real"),
    ]
    gains = []
    for size in sizes:
        alone = arm(f"{size} real", size, None, test, "real") if size < whole else arms[0]
        helped = arm(f"{size} real and synthetic", size, synthetic, test, "real") if size < whole else arms[3]
        arms += [alone, helped] if size < whole else []
        gains.append(_gain(size, alone, helped))
    return Downstream(learner.measure, {found.name: found for found in arms}, tuple(gains), repeats, seed)


def _part(real: Labelled, count: int, repeat: int, seed: int) -> Labelled:
    """Some of the real images, others in each repeat, with all classes as far as there are images enough."""
    if count in (0, len(real)):
        return real.part(range(count))
    numbers = order(len(real), "downstream part", seed, repeat)
    if not real.segmented:
        numbers = np.array(_interleaved([int(real.labels[k]) for k in numbers], list(numbers)))
    return real.part([int(k) for k in numbers[:count]])


def _interleaved(labels: Sequence[int], numbers: Sequence[int]) -> list[int]:
    """Take one of each class in turn, so that a small part has all of them."""
    seen: dict[int, int] = {}
    turns = []
    for label, number in zip(labels, numbers, strict=True):
        seen[label] = seen.get(label, 0) + 1
        turns.append((seen[label], number))
    return [number for _, number in sorted(turns, key=lambda turn: turn[0])]


def _gain(size: int, alone: Arm, helped: Arm) -> Gain:
    from adversaria.metrics.statistics import FEWEST

    differences = [b - a for a, b in zip(alone.values, helped.values, strict=True)]
    p = permutation_test(differences).p if len(differences) >= FEWEST else None
    return Gain(size, summarise(differences), p)
