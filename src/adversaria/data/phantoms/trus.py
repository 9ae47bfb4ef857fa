"""Transrectal ultrasound of the prostate, with its outline as a region and as sixteen points."""

from collections.abc import Set
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.data.phantoms.prostate import Prostate

Array = NDArray[Any]

LABELS = {"gland": 1}
_POINTS = 16


class TRUS(Prostate):
    """Ultrasound slices of Prostate's people, pressed by the probe: `image` (0 to 1) and `mask` (the gland, 0 or 1).

    `points` are 16 landmarks (16, 2; rows and columns in pixels) on the gland's outline, at equal angles about its
    middle from the patient's left on; `outline` shows them as spots (0 to 1). Words also: `factors`, `label`.
    """

    words = ("image", "mask", "outline", "points", "factors", "label")
    units = {"image": "relative", "outline": "relative", "mask": "labels", "label": "labels"}

    @classmethod
    def dimensions(cls) -> tuple[int, ...]:
        """Slices only."""
        return (2,)

    def named(self, subject: int) -> tuple[str, int, int]:
        """Name a subject: the same people as Prostate's."""
        return "Prostate", self.seed, subject

    def images(self) -> Set[str]:
        """Which words of Prostate are on the grid."""
        return Prostate.units.keys()

    def case(self, subject: int, healthy: bool = False) -> dict[str, Any]:
        """Make one slice."""
        made = self.everything(subject, healthy)
        mask = np.isin(made["trus_mask"], (1, 2, 3)).astype(np.int16)
        points = outline(mask[0])
        rows, columns = np.mgrid[: self.size, : self.size].astype(np.float32)
        width = self.size / 50
        spots = [np.exp(-0.5 * (np.square(rows - r) + np.square(columns - c)) / width**2) for r, c in points]
        return {
            "image": made["trus"], "mask": mask, "outline": np.max(spots, 0)[None].astype(np.float32),
            "points": points, "factors": made["factors"], "label": made["label"],
        }  # fmt: skip


def outline(mask: Array) -> Array:
    """Sixteen points (16, 2) where rays at equal angles from a region's middle leave it; NaN of an empty region."""
    if not mask.any():
        return np.full((_POINTS, 2), np.nan, np.float32)
    middle = np.argwhere(mask).mean(0)
    angles = 2 * np.pi * np.arange(_POINTS) / _POINTS
    far = np.arange(0, np.hypot(*mask.shape), 0.25)
    rows = middle[0] + np.sin(angles)[:, None] * far
    columns = middle[1] + np.cos(angles)[:, None] * far
    inside = [np.clip(np.round(p).astype(int), 0, n - 1) for p, n in zip((rows, columns), mask.shape, strict=True)]
    hit = mask[inside[0], inside[1]] > 0
    last = len(far) - 1 - hit[:, ::-1].argmax(1)
    return np.stack([rows[np.arange(_POINTS), last], columns[np.arange(_POINTS), last]], 1).astype(np.float32)
