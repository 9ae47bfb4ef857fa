"""A sagittal head whose face tells who it is, whole and anonymised: to measure what anonymisation leaves."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.data.phantoms.brain import _GROUP, _TISSUE_OF, MR, Brain
from adversaria.data.phantoms.fields import Axes, about, axis
from adversaria.data.phantoms.head import FACTORS as HEAD
from adversaria.data.phantoms.head import PARTS, Head
from adversaria.data.phantoms.shapes import Canvas, ellipsoid, membership, union

Array = NDArray[Any]

# mean and spread over people, in mm but for tilts (radians); after none of the landmarks of a real person
FACE = {
    "nose_length": (23.0, 4.5), "nose_root": (-26.0, 3.0), "nose_tip": (-52.0, 3.5), "nose_width": (6.5, 1.2),
    "brow": (4.0, 2.0), "forehead": (0.0, 3.0), "upper_lip": (9.0, 2.5), "lower_lip": (8.0, 2.5),
    "mouth": (-76.0, 3.0), "chin": (10.0, 4.5), "chin_height": (-100.0, 4.0), "cheek": (2.0, 2.0),
}  # fmt: skip
FACTORS = (*HEAD, *FACE)
_MIDDLE, _BESIDE = -22.0, 6.0


class HeadFace(Brain):
    """A sagittal MR slice beside the middle of the head with a face of the subject's own (2D).

    Rows run down, columns from front to back. Words: `t1`, the other contrasts of MR, `removed` (t1 with the face set
    to zero), `blurred` (t1 with the face blurred by `blur` mm), `face` (what the two change), `mask`, `parts`,
    `tissue`, `factors` (of the head, then FACE). Made to measure how well faces are found again after anonymisation,
    after Abramian and Eklund 2019; its faces are nobody's.
    """

    words = (*MR, "removed", "blurred", "face", "mask", "parts", "tissue", "factors", "label")  # type: ignore[assignment]
    units = {
        **dict.fromkeys((*MR, "removed", "blurred"), "arbitrary"),
        **dict.fromkeys(("face", "mask", "parts", "tissue", "label"), "labels"),
    }
    factor_names = FACTORS  # type: ignore[assignment]
    classes = ()  # type: ignore[assignment]

    def __init__(
        self,
        size: int = 128,
        dims: int = 2,
        spacing: float | None = None,
        blur: float = 8.0,
        field: float = 3.0,
        noise: float = 0.02,
        seed: int = 0,
    ):
        super().__init__(size, dims, spacing or 240.0 / size, "none", field=field, noise=noise, seed=seed)
        self.blur = blur

    @classmethod
    def dimensions(cls) -> tuple[int, ...]:
        """Slices only."""
        return (2,)

    def axes(self, height: float = 0.0) -> Axes:
        """Coordinates (mm): one x beside the middle, y to the back, z up."""
        return np.array([_BESIDE], np.float32), axis(self.size, self.spacing), axis(self.size, self.spacing, _MIDDLE)

    def affine(self) -> NDArray[np.float64]:
        """Rows run down and columns to the back; slices to the right."""
        affine = np.zeros((4, 4))
        affine[2, 0], affine[1, 1], affine[0, 2], affine[3, 3] = -self.spacing, -self.spacing, self.spacing, 1
        return affine

    def out(self, array: NDArray[Any]) -> NDArray[Any]:
        """Bring (1, y, z) to (1, rows, columns)."""
        return np.ascontiguousarray(array[0].T[::-1][None])

    def case(self, subject: int, healthy: bool = False) -> dict[str, Any]:
        """Make one head; it has no lesions."""
        from scipy.ndimage import gaussian_filter

        name = self.named(subject)
        axes, factors = self.axes(), Head.factors_of(name, 0.0)
        factors["slice"] = about((*name, "slice"), _BESIDE, 1.0)
        factors |= {part: about((*name, "face", part), *law) for part, law in FACE.items()}
        head = _Faced(name, (axes[0] * 0 + np.float32(factors["slice"]), *axes[1:]), self.spacing, factors)
        canvas = Canvas((1, self.size, self.size), self.spacing, keep=True)
        head.paint(canvas)
        parts = canvas.hard()
        mr = {word: made for word, made in self.images(head, canvas.fractions, None).items() if word in MR}
        share = membership(head.anonymised(), 6.0)
        sigma = self.blur / 2.355 / self.spacing
        soft = gaussian_filter(mr["t1"], (0, sigma, sigma))
        found = {
            **mr,
            "removed": mr["t1"] * (1 - share),
            "blurred": mr["t1"] + share * (soft - mr["t1"]),
            "face": (share > 0.5).astype(np.int16),
            "mask": _GROUP[parts],
            "parts": parts,
            "tissue": _TISSUE_OF[_GROUP[parts]],
        }
        values = np.array([factors[f] for f in FACTORS], np.float32)
        return {**{word: self.out(array) for word, array in found.items()}, "factors": values, "label": 0}


class _Faced(Head):
    """A head with the profile of its own person."""

    def _outside(self, canvas: Canvas) -> None:
        profile = self.profile()
        canvas.paint(profile - np.float32(1.4), label=PARTS["skin"])
        canvas.paint(profile + np.float32(0.8), label=PARTS["fat"])
        super()._outside(canvas)

    def profile(self) -> Array:
        """Distance to nose, brow, lips, chin and cheek."""
        f, (x, y, z) = self.factors, self.at
        at = (np.abs(x), y, z)
        # the nose rises from its root to its tip and ends below it
        along = np.clip((f["nose_root"] - z) / (f["nose_root"] - f["nose_tip"]), 0, 1)
        front = 78 + 4 * along + f["nose_length"] * along
        bridge = np.maximum(y - front, np.maximum(z - f["nose_root"], f["nose_tip"] - 6 - z))
        bridge = np.maximum(np.maximum(bridge, at[0] - f["nose_width"] - 4 * along), 60 - y)
        tip = ellipsoid(at, (0, 76 + f["nose_length"], f["nose_tip"]), (f["nose_width"] + 4, 8, 7))
        found = union(bridge.astype(np.float32), tip, 4)
        for centre, axes in (
            ((0, 80 + f["brow"], -14), (30, 8, 9)),
            ((0, 74 + f["forehead"], 12), (44, 10, 24)),
            ((0, 78 + f["upper_lip"], f["mouth"] + 6), (20, 8, 7)),
            ((0, 78 + f["lower_lip"], f["mouth"] - 7), (18, 8, 7)),
            ((0, 66 + f["chin"], f["chin_height"]), (20, 16, 15)),
            ((22, 66 + f["cheek"], -62), (24, 16, 26)),
        ):
            found = union(found, ellipsoid(at, centre, axes), 5)
        return found

    def anonymised(self) -> Array:
        """Distance to what anonymisation takes: in front of the skull, from the brow down."""
        _, y, z = self.undisturbed
        front = np.maximum(np.float32(58) - y, z + np.float32(4) - 0.25 * (y - 58))
        return np.maximum(front, 8 - self.hull)
