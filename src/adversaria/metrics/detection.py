"""M31: lesions found, and at what price of false alarms, over a set of images."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from adversaria.metrics.facts import Array, Metric, NotApplicable

Places = Sequence[tuple[float, ...]]
FALSE_POSITIVES = (0.125, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0)


@dataclass(frozen=True)
class Detection:
    """A place (mm) that a detector marks in image number `image`, with its score."""

    image: int
    score: float
    place: tuple[float, ...]


@dataclass(frozen=True)
class Lesion:
    """A true lesion of image number `image`: its centre and radius in mm."""

    image: int
    place: tuple[float, ...]
    radius: float


def hits(detections: Sequence[Detection], lesions: Sequence[Lesion]) -> list[bool]:
    """Whether each detection, by falling score, hits a lesion: its place lies within the lesion's radius.

    The nearest such lesion is hit. One that hits an already found lesion again is neither right nor wrong
    and is left out.
    """
    found: set[int] = set()
    marked = []
    for one in sorted(detections, key=lambda d: -d.score):
        away = {
            k: float(np.linalg.norm(np.subtract(one.place, lesion.place)))
            for k, lesion in enumerate(lesions)
            if lesion.image == one.image
        }
        near = [k for k, distance in away.items() if distance <= lesions[k].radius]
        fresh = [k for k in near if k not in found]
        if fresh:
            found.add(min(fresh, key=lambda k: away[k]))
            marked.append(True)
        elif not near:
            marked.append(False)
    return marked


def froc(marked: Sequence[bool], lesions: int, images: int) -> tuple[Array, Array]:
    """False positives an image and sensitivity after each ranked detection."""
    if lesions == 0:
        raise NotApplicable("there is no lesion to be found")
    right = np.cumsum(np.asarray(marked, bool))
    return (np.arange(1, len(right) + 1) - right) / images, right / lesions


def average_precision_of(marked: Sequence[bool], lesions: int) -> float:
    """Sum over the hits of the precision at each, divided by the number of lesions; nothing interpolated."""
    if lesions == 0:
        raise NotApplicable("there is no lesion to be found")
    right = np.asarray(marked, bool)
    precision = np.cumsum(right) / np.arange(1, len(right) + 1)
    return float(precision[right].sum() / lesions)


def average_precision(output: Sequence[Detection], lesions: Sequence[Lesion]) -> float:
    """Area under the precision-recall curve of detections over a set of images, hit if within the lesion's radius."""
    return average_precision_of(hits(output, lesions), len(lesions))


def froc_score(output: Sequence[Detection], lesions: Sequence[Lesion], images: int) -> float:
    """Mean sensitivity at 1/8, 1/4, 1/2, 1, 2, 4 and 8 false positives an image, hit if within the lesion's radius.

    At each the highest sensitivity that the detector reaches with no more false positives.
    """
    alarms, found = froc(hits(output, lesions), len(lesions), images)
    return float(np.mean([found[alarms <= rate].max(initial=0.0) for rate in FALSE_POSITIVES]))


AVERAGE_PRECISION = Metric(
    "M31",
    "average_precision",
    average_precision,
    "higher",
    "",
    "0 to 1",
    ("output", "lesions"),
    "definition",
    level="many",
)
FROC = Metric(
    "M31", "froc_score", froc_score, "higher", "", "0 to 1", ("output", "lesions", "images"), "definition", level="many"
)
