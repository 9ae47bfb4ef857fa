"""A row of the works' table whose every number has an interval over the cases."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch
from torch import Tensor

from adversaria.metrics.statistics import Summary, paired, summarise
from benchmarks.translation import Row

Values = dict[str, list[float]]


@dataclass(frozen=True)
class Judged(Row):
    """A row with an interval beside every mean, and by how much the method is better than each baseline."""

    means: dict[str, str] = field(default_factory=dict)
    better_by: dict[str, str] = field(default_factory=dict)
    least: dict[str, float] = field(default_factory=dict)

    @property
    def beats_baselines(self) -> bool:
        """Whether every difference to a baseline has an interval above zero."""
        return bool(self.least) and all(low > 0 for low in self.least.values())


def dices(found: Tensor, truth: Tensor, classes: Sequence[int]) -> list[float]:
    """Mean Dice of each case over the classes that it shows; nothing is no case."""
    made = []
    for a, b in zip(found.round(), truth.round(), strict=True):
        each = [2 * ((a == k) & (b == k)).sum() / ((a == k).sum() + (b == k).sum()) for k in classes if (b == k).any()]
        made.append(float(torch.stack(each).mean()) if each else float("nan"))
    return made


def row(key: str, purpose: str, measure: str, better: str, values: Values, made: Any, data: str) -> Row:
    """Write what was found: means, and paired differences, with intervals over the cases."""
    shown = [k for k, value in enumerate(values["output"]) if np.isfinite(value)]
    values = {name: [found[k] for k in shown] for name, found in values.items()}
    sign = 1.0 if better == "higher" else -1.0
    by = {n: paired(*((values["output"], v) if sign > 0 else (v, values["output"]))) for n, v in values.items()}
    by.pop("output")
    facts = replace(
        Judged(key, purpose, measure, better, float(np.mean(values["output"])), {}, data),
        baselines={name: float(np.mean(found)) for name, found in values.items() if name != "output"},
        plays=made.plays,
        cpu_seconds=round(made.seconds, 1),
        note="; ".join(f"better than {name} by {said(one)}" for name, one in by.items()),
    )
    return replace(
        facts,
        means={name: said(summarise(found)) for name, found in values.items()},
        better_by={name: said(one) for name, one in by.items()},
        least={name: float(one.low) if one.low is not None else float("-inf") for name, one in by.items()},
    )


def said(one: Summary) -> str:
    """A mean with its interval."""
    return f"{one.mean:.3g}" if one.low is None else f"{one.mean:.3g} [{one.low:.3g}, {one.high:.3g}]"
