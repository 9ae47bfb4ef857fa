"""Anatomy of the head: hull, folded cortex, ventricles, deep nuclei, cerebellum, skull, face."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.data.phantoms.fields import Axes, Lattice, about, grid
from adversaria.data.phantoms.shapes import Box, Canvas, Points, ellipsoid, intersection, union
from adversaria.draws import stream

Array = NDArray[Any]

PARTS = {
    "skin": 1, "fat": 2, "muscle": 3, "skull": 4, "marrow": 5, "csf": 6, "grey": 7, "white": 8, "caudate": 9,
    "putamen": 10, "pallidum": 11, "thalamus": 12, "hippocampus": 13, "ventricle": 14, "cerebellum": 15,
    "cerebellar white": 16, "stem": 17, "eye": 18, "sinus": 19, "oedema": 20, "tumour": 21, "enhancing": 22,
    "core": 23, "plaque": 24, "hole": 25, "enhancing plaque": 26,
}  # fmt: skip
FACTORS = (
    "size", "width", "length", "height", "atrophy", "cortex", "ventricles", "skull", "fat", "rotation", "tilt",
    "hippocampus", "shade", "slice",
)  # fmt: skip

# intracranial volume comes out right with every centre and axis scaled so
_SCALE = 0.93


class Head:
    """One subject's head on a grid. Anatomy lies in `at`: x to the left, y to the front, z up (mm), before
    the subject's size, pose and warp; `swell` displaces it (a mass effect)."""

    def __init__(
        self,
        name: tuple[int | str, ...],
        axes: Axes,
        voxel: float,
        factors: dict[str, float],
        swell: Callable[[Points], Points] | None = None,
    ):
        self.name, self.axes, self.voxel, self.factors = name, axes, voxel, factors
        self.undisturbed = self._posed()
        self.at = swell(self.undisturbed) if swell else self.undisturbed

    @staticmethod
    def factors_of(name: tuple[int | str, ...], height: float) -> dict[str, float]:
        """Draw what varies between subjects; `height` (mm) is where a 2D case is cut."""
        atrophy = float(stream(*name, "atrophy").beta(2, 4))
        return {
            "size": about((*name, "size"), 1, 0.035),
            **{side: about((*name, side), 1, 0.03) for side in ("width", "length", "height")},
            "atrophy": atrophy,
            "cortex": 2.9 - 0.5 * atrophy + about((*name, "cortex"), 0, 0.15),
            "ventricles": (0.7 + 0.9 * atrophy) * about((*name, "ventricles"), 1, 0.1),
            "skull": about((*name, "skull"), 6.4, 0.9),
            "fat": about((*name, "fat"), 4.5, 0.9),
            "rotation": about((*name, "rotation"), 0, 0.06),
            "tilt": about((*name, "tilt"), 0, 0.06),
            "hippocampus": about((*name, "hippocampus"), 1, 0.06),
            "shade": about((*name, "shade"), 1, 0.4),
            "slice": height,
        }

    def field(self, what: str, pitch: float) -> Array:
        """A random field of the subject, in the scanner's coordinates."""
        return Lattice((*self.name, what), pitch, 160.0).on(self.axes)

    def _posed(self) -> Points:
        f = self.factors
        x, y, z = grid(self.axes)
        shift = [about((*self.name, "shift", k), 0, 3) for k in range(2)]
        x, y = x - np.float32(shift[0]), np.float32(shift[1]) - y
        c, s = np.float32(np.cos(f["rotation"])), np.float32(np.sin(f["rotation"]))
        x, y = x * c + y * s, y * c - x * s
        c, s = np.float32(np.cos(f["tilt"])), np.float32(np.sin(f["tilt"]))
        y, z = y * c + z * s, z * c - y * s
        sides = (f["width"], f["length"], f["height"])
        return tuple(  # type: ignore[return-value]
            np.float32(1 / (f["size"] * side)) * p + np.float32(2.2) * self.field(f"warp {k}", 45.0)
            for k, (p, side) in enumerate(zip((x, y, z), sides, strict=True))
        )

    def paint(self, canvas: Canvas) -> None:
        """Paint the head from outside in."""
        self.hull = hull(self.at) + np.float32(0.6) * self.field("hull", 40.0)
        self._outside(canvas)
        canvas.paint(self.hull, label=PARTS["csf"])
        self._cortex(canvas)
        self._hindbrain(canvas)
        self._deep(canvas)

    def _outside(self, canvas: Canvas) -> None:
        f, (x, y, z) = self.factors, self.at
        skull = self.hull - np.float32(f["skull"])
        outer = skull - np.float32(f["fat"])
        if float(z.min()) < -10:
            face = (np.abs(x), y, z)
            front = union(ellipsoid(face, (0, 38, -58), (56, 46, 60)), ellipsoid(face, (0, 92, -48), (11, 16, 20)), 8)
            outer = union(union(outer, front, 10), ellipsoid(self.at, (0, -12, -92), (54, 60, 64)), 14)
        canvas.paint(outer - np.float32(2.2), label=PARTS["skin"])
        canvas.paint(outer, label=PARTS["fat"])
        if float(z.min()) < 25:
            temporal = ellipsoid((np.abs(x), y, z), (67, 22, -14), (9, 30, 34))
            canvas.paint(intersection(temporal, outer + 1.5), label=PARTS["muscle"])
            neck = intersection(outer + 4, ellipsoid(self.at, (0, 0, -76), (60, 70, 36)), 3)
            canvas.paint(neck, label=PARTS["muscle"])
        canvas.paint(skull, label=PARTS["skull"])
        canvas.paint(intersection(skull + 2, 2 - self.hull, 0.5), label=PARTS["marrow"])
        if float(z.min()) < -10:
            self._face(canvas)

    def _face(self, canvas: Canvas) -> None:
        at = (np.abs(self.at[0]), *self.at[1:])
        bony = union(ellipsoid(at, (24, 58, -52), (19, 22, 24)), ellipsoid(at, (0, 58, -44), (20, 24, 28)), 6)
        canvas.paint(intersection(bony, 1 - self.hull), label=PARTS["skull"])
        cells = 0.5 * self.field("air cells", 5.0)
        for centre, axes in (((23, 56, -56), (13, 16, 15)), ((6, 60, -40), (6, 18, 16)), ((0, 20, -58), (9, 14, 16))):
            hollow = ellipsoid(at, centre, axes)
            canvas.paint(intersection(hollow + cells, 2 - self.hull), label=PARTS["sinus"])
        mastoid = ellipsoid(at, (50, -24, -42), (9, 12, 14))
        canvas.paint(intersection(mastoid, 3 - self.hull), label=PARTS["skull"])
        canvas.paint(intersection(mastoid + 3, (0.3 - 2 * cells) * 3), label=PARTS["sinus"])
        eye = ellipsoid(at, (31, 74, -30), (12, 12, 12))
        canvas.paint(ellipsoid(at, (31, 70, -30), (17, 19, 16)), label=PARTS["fat"])
        canvas.paint(eye, label=PARTS["eye"])

    def _cortex(self, canvas: Canvas) -> None:
        """Ribbons of grey of one thickness on a folded surface; sulci are sheets where a field is zero."""
        f, (x, y, z) = self.factors, self.at
        a = np.float32(f["atrophy"])
        tent = 5 - 0.5 * np.abs(x) - 0.12 * (-30 - y)
        self.below = intersection(z - tent, y + 16, 12)
        depth = -self.hull - (1.2 + 2.5 * a)
        depth = np.minimum(depth, self.below - np.float32(0.3))
        callosum = np.clip(24 - z, 0, None) * np.clip((46 - np.abs(y + 6)) / 8, 0, 1)
        middle = np.abs(x) + 1.5 * callosum
        folds, slopes = self._folds()
        sheet = np.abs(folds) / (np.sqrt(np.square(slopes).sum(0)) + np.float32(0.03))
        near = np.minimum(depth, middle)
        reach = 17 + 6 * self.field("reach", 35.0)
        width = np.float32(0.1) + a
        sulcus = np.hypot(sheet, np.clip(near - reach, 0, None)) - width
        sylvian = np.abs(z - (3 - 0.45 * (y - 5)) - 4 * self.field("sylvian", 20.0))
        sylvian = np.maximum(np.maximum(sylvian, 41 - np.abs(x)), np.abs(y) - 33) - (0.7 + 1.3 * a)
        inner = -ellipsoid(self.at, (0, -6, 12), (31, 44, 20))
        folded = np.maximum(np.minimum(sulcus, sylvian), inner)
        self.pial = np.minimum(np.minimum(depth, middle - (0.7 + 1.2 * a)), folded)
        thick = np.float32(f["cortex"]) + 0.3 * self.field("thickness", 30.0)
        canvas.paint(-self.pial, label=PARTS["grey"])
        canvas.paint(thick - self.pial, label=PARTS["white"])

    def _folds(self) -> tuple[Array, Array]:
        """A field that is nearly, not exactly, symmetric about the middle, and its slopes."""
        x, y, z = self.axes
        twin, steep = Lattice((*self.name, "folds"), 8.0, 160.0).with_slopes((np.abs(x), y, z))
        own, slopes = Lattice((*self.name, "own folds"), 8.0, 160.0).with_slopes(self.axes)
        steep[0] *= np.sign(x)[:, None, None]
        return 0.8 * twin + 0.6 * own, 0.8 * steep + 0.6 * slopes

    def _hindbrain(self, canvas: Canvas) -> None:
        if float(self.at[2].min()) > 14:
            return
        at, a = self.at, self.factors["atrophy"]
        x, y, z = at
        body = intersection(self.below + 0.8 + a, self.hull + (1.0 + a), 3)
        body = intersection(body, ellipsoid((np.abs(x), y, z), (17, -50, -30), (46, 43, 34)), 6)
        round_ = np.sqrt(np.square(x) + np.square(y + 34) + np.square(z + 28)) + 1.5 * self.field("folia", 12.0)
        leaf = np.abs((round_ / 5) % 1 - 0.5) * 5
        canvas.paint(intersection(body, 0.3 + 0.5 * a - leaf, 0.5), label=PARTS["cerebellum"])
        core = ellipsoid((np.abs(x), y, z), (20, -50, -31), (27, 20, 15)) - 3.0 * (leaf - 1.2)
        canvas.paint(intersection(core, body + 3), label=PARTS["cerebellar white"])
        stem = union(ellipsoid(at, (0, -20, -24), (15, 13, 17)), ellipsoid(at, (0, -28, -52), (9, 8, 26)), 8)
        stem = union(stem, ellipsoid(at, (0, -18, -6), (14, 11, 10)), 6)
        canvas.paint(intersection(stem, self.hull + 1), label=PARTS["stem"])

    def _deep(self, canvas: Canvas) -> None:
        box, at = self.inner()
        if not at[0].size:
            return
        f, sides = self.factors, (np.abs(at[0]), at[1], at[2])
        left = at[0] > 0
        for label, centre, axes in (
            ("caudate", (15, 14, 13), (5, 18, 9)),
            ("putamen", (26, 3, 3), (5.5, 17, 11)),
            ("pallidum", (19, -1, 1), (4, 8, 7)),
            ("thalamus", (11, -14, 8), (8.5, 14, 9.5)),
            ("hippocampus", (27, -19, -17), (6 * f["hippocampus"], 16, 5.5 * f["hippocampus"])),
            ("hippocampus", (23, -2, -18), (7.5, 7.5, 7.5)),
        ):
            size = np.where(left, *(about((*self.name, label, k), 1, 0.03) for k in range(2))).astype(np.float32)
            shape = ellipsoid(tuple(p / size for p in sides), centre, axes)  # type: ignore[arg-type]
            canvas.paint(shape, label=PARTS[label], box=box)
        canvas.paint(ventricles(at, f["ventricles"]), label=PARTS["ventricle"], box=box)

    def inner(self) -> tuple[Box, Points]:
        """The part of the grid that can hold deep structures, and the anatomy's coordinates there."""
        limits = ((-52.0, 52.0), (-70.0, 66.0), (-58.0, 50.0))
        box = tuple(
            slice(*np.searchsorted(axis, (low, high))) if len(axis) > 1 else slice(None)
            for axis, (low, high) in zip(self.axes, limits, strict=True)
        )
        return box, tuple(np.broadcast_to(p, self.hull.shape)[box] for p in self.at)  # type: ignore[return-value]


def hull(at: Points) -> Array:
    """Distance to the inside of the skull."""
    sides = (np.abs(at[0]), at[1], at[2])
    found = _scaled(sides, (0, -2, 12), (68, 86, 61))
    if float(at[2].min()) < 20:
        found = union(found, _scaled(sides, (38, 8, -18), (27, 34, 26)), 16)
        found = union(found, _scaled(sides, (0, -50, -30), (56, 36, 34)), 16)
        found = union(found, _scaled(sides, (0, -28, -62), (15, 15, 40)), 16)
    return found


def _scaled(at: Points, centre: tuple[float, ...], axes: tuple[float, ...]) -> Array:
    return ellipsoid(at, [_SCALE * c for c in centre], [_SCALE * a for a in axes])


def ventricles(at: Points, v: float) -> Array:
    """Distance to the ventricles, `v` times as wide as usual."""
    k, sides = v**0.5, (np.abs(at[0]), at[1], at[2])
    found = union(
        ellipsoid(sides, (9 * k, 24, 17), (5 * v, 16, 8 * v)),
        ellipsoid(sides, (12 * k, -10, 21), (5 * v, 28, 6 * v)),
        4,
    )
    found = union(found, ellipsoid(sides, (22 * k, -42, 11), (6 * v, 17, 8 * v)), 4)
    if float(at[2].min()) < 6:
        found = union(found, ellipsoid(sides, (34, -18, -14), (3.5 * v, 20, 3.5 * v)), 4)
        found = np.minimum(found, ellipsoid(sides, (0, -42, -32), (5 * v, 5, 11)))
    return np.minimum(found, ellipsoid(sides, (0, -6, 3), (2 * v, 12, 10)))
