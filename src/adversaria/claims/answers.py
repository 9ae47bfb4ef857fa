"""What a measure says of degraded images, in units of its own spread, and how far it agrees with a reader."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.claims.measures import Kind
from adversaria.draws import stream

Array = NDArray[Any]
Condition = tuple[str, float]
Values = Mapping[Condition, Mapping[Kind, Array]]
Reading = Mapping[Condition, tuple[Array, Array]]
UNSPOILED: Condition = ("none", 0.0)
SMALL = 0.2  # spreads; under it an effect is less than small (Cohen 1988)
RESAMPLES = 300


@dataclass(frozen=True)
class Answer:
    """One measure: its mean and spread undegraded, and the loss in every condition, in spreads.

    A loss above 0 says "worse". For a measure without a direction it is the distance moved. `agreement` is
    Spearman's rank correlation, over conditions, of the measure's mean and the reader's area under the
    curve, with a 95 % bootstrap interval over subjects (for measures of sets none).
    """

    kind: Kind
    mean: float
    spread: float
    losses: Mapping[Condition, float]
    agreement: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def measure(self) -> str:
        """The measure's name."""
        return self.kind.name

    def verdict(self, way: str) -> str:
        """How it answers to rising levels: worse, better, not monotone, blind, or undefined where it has no value."""
        steps = [self.losses[c] for c in sorted(c for c in self.losses if c[0] == way)]
        if not steps or not np.isfinite(steps).all():
            return "undefined"
        if max(map(abs, steps)) < SMALL:
            return "blind"
        rises = np.diff([0.0, *steps])
        tolerance = 0.05 * max(map(abs, steps))
        if (rises >= -tolerance).all():
            return "worse"
        return "better" if (rises <= tolerance).all() else "not monotone"


def of_cases(kind: Kind, values: Values, reading: Reading, seed: int) -> Answer:
    """Answer of a measure of single cases."""
    found = {c: np.asarray(kinds[kind], np.float64) for c, kinds in values.items() if kind in kinds}
    first = found[UNSPOILED]
    spread = float(np.nanstd(kind.goodness(first), ddof=1))
    losses = {c: _loss(kind, found[c], first, spread) for c in found if c != UNSPOILED}
    if not reading or kind.better == "neither":
        return Answer(kind, float(np.nanmean(first)), spread, losses)
    shared = [c for c in found if c in reading]
    whole = _agreement(kind, [found[c] for c in shared], [reading[c] for c in shared])
    low, high = _interval(kind, [found[c] for c in shared], [reading[c] for c in shared], seed)
    return Answer(kind, float(np.nanmean(first)), spread, losses, whole, low, high)


def of_sets(kind: Kind, values: Mapping[Condition, Mapping[Kind, float]], reading: Reading, spread: float) -> Answer:
    """Answer of a measure of sets, whose spread is its standard error."""
    found = {c: np.array([kinds[kind]]) for c, kinds in values.items() if kind in kinds}
    first = found[UNSPOILED]
    losses = {c: _loss(kind, found[c], first, spread) for c in found if c != UNSPOILED}
    shared = [c for c in found if c in reading]
    usable = bool(shared) and kind.better != "neither"
    agreement = _agreement(kind, [found[c] for c in shared], [reading[c] for c in shared]) if usable else None
    return Answer(kind, float(first[0]), spread, losses, agreement)


def area(scores: Array, classes: Array) -> float:
    """Area under the curve."""
    from adversaria.metrics import AUC

    return AUC(output=scores, classes=classes)


def _loss(kind: Kind, found: Array, first: Array, spread: float) -> float:
    """Mean loss against the undegraded, over the cases where both exist, in spreads."""
    both = np.isfinite(found) & np.isfinite(first)
    if not both.any() or not spread > 0:
        return float("nan")
    change = kind.goodness(first[both]) - kind.goodness(found[both])
    moved = float(change.mean()) / spread
    return abs(moved) if kind.better == "neither" else moved


def _agreement(kind: Kind, values: list[Array], readings: list[tuple[Array, Array]]) -> float:
    from scipy.stats import spearmanr

    means = np.array([np.nanmean(kind.goodness(v)) if np.isfinite(v).any() else np.nan for v in values])
    areas = np.array([area(*found) for found in readings])
    usable = np.isfinite(means)
    if usable.sum() < 3 or np.ptp(means[usable]) == 0 or np.ptp(areas[usable]) == 0:
        return float("nan")
    return float(spearmanr(means[usable], areas[usable]).statistic)


def _interval(
    kind: Kind, values: list[Array], readings: list[tuple[Array, Array]], seed: int
) -> tuple[float | None, float | None]:
    """Percentile bootstrap over subjects; of measure and reader apart, each class of the reader on its own."""
    from adversaria.metrics.statistics import FEWEST_PERCENTILE

    if len(values[0]) < FEWEST_PERCENTILE:
        return None, None
    random = stream("sensitivity", seed, "bootstrap", kind.name)
    drawn = []
    for _ in range(RESAMPLES):
        cases = random.integers(len(values[0]), size=len(values[0]))
        readers = _redraw(readings[0][1], random)
        drawn.append(_agreement(kind, [v[cases] for v in values], [(s[readers], c[readers]) for s, c in readings]))
    low, high = np.nanpercentile(drawn, [2.5, 97.5])
    return float(low), float(high)


def _redraw(classes: Array, random: np.random.Generator) -> Array:
    groups = [np.flatnonzero(classes == value) for value in (0, 1)]
    return np.concatenate([group[random.integers(len(group), size=len(group))] for group in groups])
