"""All measures that apply to plain images with a reference, and why the others do not."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.claims.scenes import Scene
from adversaria.metrics.facts import NEEDS, NotApplicable

Array = NDArray[Any]

KNOWN = ("output", "target", "truth", "data_range", "spacing", "features", "lesion")
ELSEWHERE = {
    "agatston": "calcium of the heart", "agatston_error": "calcium of the heart", "depth_log10": "a depth",
    "depth_relative": "a depth", "depth_rms": "a depth", "dose_difference": "a dose", "gamma_2_2": "a dose",
    "gamma_3_3": "a dose", "gamma_3_3_local": "a dose", "colour_constancy": "a set of photographs",
    "qv": "a photograph of the retina", "suv_bias": "uptake", "assd": "a label map",
    "dice": "a label map", "hausdorff": "a label map", "hausdorff95": "a label map", "jaccard": "a label map",
    "folded": "a displacement",
}  # fmt: skip
# another measure over a constant of the case, which orders the outputs of a case alike
SCALED = {"nmae": "mae", "nmse_range": "mse", "nmse_variance": "nmse", "psnr_max": "psnr"}
LOCAL = ("mae", "psnr")


@dataclass(frozen=True)
class Kind:
    """A measure as it is reported; `per_set` if one number stands for all cases."""

    name: str
    better: str
    unit: str
    per_set: bool = False

    def goodness(self, values: Array) -> Array:
        """Values turned so that more is better; as they are where no direction is."""
        found = np.asarray(values, np.float64)
        if self.better.startswith("closer to "):
            return -np.abs(found - float(self.better.removeprefix("closer to ")))
        return -found if self.better == "lower" else found


def case_measures(scene: Scene, images: Sequence[Array], left_out: dict[str, str]) -> dict[Kind, Array]:
    """Values (n,) of each measure on the first n subjects; not a number where it does not exist for a case."""
    found: dict[Kind, list[float]] = {}
    for image, subject in zip(images, scene.subjects, strict=False):
        words: dict[str, Any] = {
            "output": image,
            "target": subject.image,
            "truth": subject.image,
            "data_range": scene.range,
            "spacing": subject.spacing,
            "features": _eyes(),
            "lesion": subject.lesion,
        }
        for kind, metric, mask in _chosen(scene, words, left_out):
            try:
                value = metric(**words, mask=mask)
            except NotApplicable as error:
                left_out.setdefault(kind.name, str(error))
                value = np.nan
            found.setdefault(kind, []).append(value)
    return {kind: np.array(values) for kind, values in found.items() if np.isfinite(values).any()}


def _chosen(scene: Scene, words: dict[str, Any], left_out: dict[str, str]) -> list[tuple[Kind, Any, Any]]:
    """(kind, measure, mask) of every measure that applies; some also inside the lesion."""
    from adversaria import metrics

    chosen: list[tuple[Kind, Any, Any]] = []
    for metric in (getattr(metrics, name) for name in metrics.__all__):
        missing = [word for word in metric.needs if word not in KNOWN or words[word] is None]
        if metric.name in ELSEWHERE:
            left_out[metric.name] = f"it is for {ELSEWHERE[metric.name]}"
        elif metric.name in SCALED:
            left_out[metric.name] = f"it orders outputs as {SCALED[metric.name]} does"
        elif metric.level != "case":
            left_out[metric.name] = "it is of readings, not of images"
        elif missing:
            left_out[metric.name] = f"it needs {NEEDS.get(missing[0], missing[0])}"
        else:
            unit = scene.unit if metric.unit == "image" else metric.unit
            chosen.append((Kind(metric.label(**words), metric.better, unit), metric, None))
            if metric.name in LOCAL and words["lesion"] is not None:
                kind = Kind(f"{metric.name} in the lesion", metric.better, unit)
                chosen.append((kind, metric, np.asarray(words["lesion"]) > 0))
    return chosen


@cache
def _eyes() -> Any:
    """The feature network that comes with the package, for measures of single cases."""
    from adversaria.metrics.features import Features, Layers
    from adversaria.metrics.sets.shipped import NAME, phantom_cnn

    return Features(NAME, Layers(phantom_cnn().net.body), channels=1)


def set_values(scene: Scene, images: Sequence[Array], left_out: dict[str, str]) -> dict[Kind, float]:
    """Values of each measure of sets: these images against those of other subjects."""
    from adversaria.metrics import sets
    from adversaria.metrics.sets.shipped import phantom_cnn

    words: dict[str, Any] = {"outputs": images, "references": scene.others, "data_range": scene.range}
    network = phantom_cnn()
    try:
        words |= {
            "output_features": network.features(images, scene.range),
            "reference_features": network.features(scene.others, scene.range),
            "probabilities": network.probabilities(images, scene.range),
        }
    except NotApplicable as error:
        left_out["measures by phantom-cnn"] = str(error)
    found: dict[Kind, float] = {}
    for metric in (getattr(sets, name) for name in sets.__all__):
        unit = scene.unit if metric.unit == "image" else metric.unit
        kind = Kind(metric.label(network.name), metric.better, unit, True)
        if metric.name in ELSEWHERE:
            left_out[metric.name] = f"it is for {ELSEWHERE[metric.name]}"
            continue
        try:
            found[kind] = float(metric(**words).value)
        except (NotApplicable, ValueError) as error:
            left_out[kind.name] = str(error)
    return found
