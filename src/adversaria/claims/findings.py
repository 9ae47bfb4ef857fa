"""Statements about paired differences, and the verdict that numbers give on a claim, whichever way it falls."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from adversaria.metrics.statistics import Summary, summarise

BySeed = Mapping[int, Sequence[float]]
SHOWN, OPPOSITE, OPEN = "shown", "the opposite is shown", "not shown"


@dataclass(frozen=True)
class Finding:
    """One statement: how far the numbers lie on its side (above 0), with an interval.

    The interval is over test subjects, each the mean over seeds, and holds for these trainings; `seeds` are the means
    of each seed's training. Shown is what has its interval above 0 and every seed's mean on that side. A `judged`
    statement counts for the claim; where a `needed` one is not shown the claim cannot be judged.
    """

    statement: str
    difference: Summary
    seeds: Mapping[int, float]
    judged: bool = True
    needed: bool = False

    @property
    def verdict(self) -> str:
        """Shown, the opposite is shown, or not shown."""
        low, high = self.difference.low, self.difference.high
        if low is None or high is None:
            return OPEN
        if low > 0 and all(mean > 0 for mean in self.seeds.values()):
            return SHOWN
        return OPPOSITE if high < 0 and all(mean < 0 for mean in self.seeds.values()) else OPEN


def compared(
    statement: str, larger: BySeed, smaller: BySeed, judged: bool = True, needed: bool = False
) -> Finding | None:
    """That `larger` lies above `smaller`, subject by subject, over the seeds that both have; None if they have none."""
    by_seed = gains(larger, smaller)
    if not by_seed:
        return None
    return Finding(statement, summarise(over_seeds(by_seed)), seed_means(by_seed), judged, needed)


def apart(statement: str, larger: BySeed, smaller: BySeed, judged: bool = True) -> Finding | None:
    """That the mean of `larger` lies above that of `smaller`, other subjects (Welch's interval)."""
    seeds = sorted(set(larger) & set(smaller))
    if not seeds:
        return None
    first, second = (over_seeds({s: of[s] for s in seeds}) for of in (larger, smaller))
    means = {s: float(np.nanmean(larger[s]) - np.nanmean(smaller[s])) for s in seeds}
    return Finding(statement, welch(first, second), means, judged)


def gains(larger: BySeed, smaller: BySeed) -> dict[int, list[float]]:
    """Differences of each seed, subject by subject."""
    return {
        seed: [a - b for a, b in zip(larger[seed], smaller[seed], strict=True)]
        for seed in sorted(set(larger) & set(smaller))
    }


def over_seeds(by_seed: BySeed) -> list[float]:
    """Each subject's mean over seeds; subjects without a value in any of them are left out."""
    means = np.mean(np.array([by_seed[seed] for seed in sorted(by_seed)], np.float64), 0)
    return [float(value) for value in means if np.isfinite(value)]


def seed_means(by_seed: BySeed) -> dict[int, float]:
    """The mean of each seed."""
    return {seed: float(np.nanmean(values)) for seed, values in by_seed.items()}


def welch(first: Sequence[float], second: Sequence[float], level: float = 0.95) -> Summary:
    """Difference of the means of two groups with Welch's t interval; none where a group is too small."""
    a, b = summarise(first, level), summarise(second, level)
    mean = a.mean - b.mean
    if a.low is None or b.low is None:
        return Summary(min(a.n, b.n), mean, note=a.note or b.note)
    va, vb = (float(np.var(values, ddof=1)) / len(values) for values in (first, second))
    if va + vb == 0:
        return Summary(min(a.n, b.n), mean, mean, mean)
    freedom = (va + vb) ** 2 / (va**2 / (a.n - 1) + vb**2 / (b.n - 1))
    half = float(student.ppf(0.5 + level / 2, freedom) * np.sqrt(va + vb))
    return Summary(min(a.n, b.n), mean, mean - half, mean + half)


def verdict(findings: Sequence[Finding]) -> str:
    """What the judged statements say of the claim together."""
    told = [finding.verdict for finding in findings if finding.judged]
    shown, opposite = told.count(SHOWN), told.count(OPPOSITE)
    if not told:
        return "not run"
    lacking = [finding.statement for finding in findings if finding.needed and finding.verdict != SHOWN]
    if lacking:
        return f"cannot be judged here, for it is not shown that {lacking[0]}"
    if shown == len(told):
        return "holds here"
    if shown:
        return "mixed" if opposite else "holds in part"
    return "contradicted here" if opposite else "not shown here"
