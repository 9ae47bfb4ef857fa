"""M27: standardised uptake value."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from adversaria.metrics.facts import Array, Metric, NotApplicable, checked, finite, inside


@dataclass(frozen=True)
class Uptake:
    """What turns an activity concentration into an uptake: Bq injected, kg, seconds since injection, half-life (s).

    `elapsed` is 0 where the image is decay-corrected to the time of injection.
    """

    injected: float
    weight: float
    elapsed: float
    half_life: float

    @property
    def remaining(self) -> float:
        """Bq that are left at the time to which the image is corrected."""
        return self.injected * 2.0 ** (-self.elapsed / self.half_life)

    @property
    def factor(self) -> float:
        """g/ml for one Bq/ml, 1 ml of tissue taken as 1 g."""
        return self.weight * 1000 / self.remaining


NAMES = {
    "injected_activity": "the injected activity",
    "patient_weight": "the body weight",
    "elapsed": "the time from injection to scan",
    "half_life": "the half-life",
}


def uptake_of(facts: Mapping[str, Any], unit: str) -> Uptake:
    """Gather the facts of a PET image, or refuse and say which are missing.

    Read are injected_activity (Bq), patient_weight (kg), elapsed (s; 0 if the image is corrected to the
    time of injection) and half_life (s). The image must be in Bq/ml.
    """
    if unit != "Bq/ml":
        raise NotApplicable(f"an uptake needs an image in Bq/ml, not in {unit}")
    missing = [name for key, name in NAMES.items() if facts.get(key) is None]
    if missing:
        raise NotApplicable(f"the image does not say {', '.join(missing)}")
    made = Uptake(*(float(facts[key]) for key in NAMES))
    if min(made.injected, made.weight, made.half_life) <= 0 or made.elapsed < 0:
        raise NotApplicable("activity, weight and half-life must be positive and the scan not before the injection")
    return made


def mean_uptake(output: Array, mask: Array, uptake: Uptake) -> float:
    """Mean standardised uptake value of a region, g/ml (Kinahan and Fletcher 2010)."""
    return float(inside(finite(output), mask).mean()) * uptake.factor


def largest_uptake(output: Array, mask: Array, uptake: Uptake) -> float:
    """Largest standardised uptake value of a region, g/ml."""
    return float(inside(finite(output), mask).max()) * uptake.factor


def uptake_bias(output: Array, target: Array, mask: Array) -> float:
    """How much the mean uptake of a region differs from that in the reference, percent of the latter."""
    first, second = (float(np.mean(inside(image, mask))) for image in checked(output, target))
    if second == 0:
        raise NotApplicable("the reference has no uptake in the region")
    return 100 * (first - second) / second


def uptake_ratio(output: Array, mask: Array, background: Array) -> float:
    """Mean of a region over the mean of a reference region (SUVR): the contrast to background plus 1."""
    image = finite(output)
    region, reference = (float(np.mean(inside(image, where))) for where in (mask, background))
    if reference == 0:
        raise NotApplicable("the mean of the reference region is zero")
    return region / reference


_WORDS = ("output", "mask", "uptake")
_PAPER = "Kinahan and Fletcher 2010"
SUV_MEAN = Metric("M27", "suv_mean", mean_uptake, "neither", "g/ml", "0 to infinity", _WORDS, _PAPER)
SUV_MAX = Metric("M27", "suv_max", largest_uptake, "neither", "g/ml", "0 to infinity", _WORDS, _PAPER)
SUV_BIAS = Metric("M27", "suv_bias", uptake_bias, "closer to 0", "%", "any", ("output", "target", "mask"), _PAPER)
SUVR = Metric("M29", "suvr", uptake_ratio, "neither", "", "any", ("output", "mask", "background"), "definition")
