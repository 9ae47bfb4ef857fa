"""Lesions of the brain: plaques, hyperintensities, gliomas. Where they are depends on no grid."""

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.data.phantoms.fields import Lattice, about, between
from adversaria.data.phantoms.head import PARTS, Head, ventricles
from adversaria.data.phantoms.shapes import Box, Canvas, Points, centroid, ellipsoid, intersection, stamp
from adversaria.draws import stream

Array = NDArray[Any]
Row = dict[str, Any]

LESIONS = ("none", "ms", "wmh", "glioma")
_OEDEMA = {"white": 1.0, "grey": 0.2, "putamen": 0.1, "caudate": 0.1, "thalamus": 0.1}


class Lesions:
    """One subject's lesions, placed in mm around `height`; `agent` is the contrast agent in what enhances."""

    def __init__(self, name: tuple[int | str, ...], kind: str, scale: float, height: float, factors: dict[str, float]):
        self.name, self.kind, self.scale = name, kind, scale
        self.agent = between((*name, "agent"), 0.07, 0.22)
        self.blobs = self._glioma(height) if kind == "glioma" else self._scattered(height, factors)

    def _glioma(self, height: float) -> list[Row]:
        u = stream(*self.name, "glioma").uniform(size=8)
        side = -1 if u[0] < 0.5 else 1
        radius = self.scale * (9 + 15 * u[3])
        return [
            {
                "type": "glioma", "radius": radius,
                "centre": (side * (18 + 26 * u[1]), -45 + 75 * u[2], height + 8 * (u[4] - 0.5)),
                "core": u[5] < 2 / 3, "halo": 0.35 + 0.75 * u[6], "enhances": u[7] < 0.6,
                "axes": [about((*self.name, "glioma", k), 1, 0.12) for k in range(3)],
            }
        ]  # fmt: skip

    def _scattered(self, height: float, factors: dict[str, float]) -> list[Row]:
        """Draw plaques where there is white matter, more of them near the ventricles."""
        count = int(stream(*self.name, "lesion count").integers(6, 41))
        u = stream(*self.name, "lesions").uniform(size=(320, 8))
        normal = np.clip(stream(*self.name, "lesion sizes").standard_normal((320, 2)), -2.5, 2.5)
        places = np.stack([88 * u[:, 0] - 44, 120 * u[:, 1] - 66, height + 10 * normal[:, 0]]).astype(np.float32)
        point: Points = tuple(p[:, None, None] for p in places)
        near = ventricles(point, factors["ventricles"])[:, 0, 0]
        fits = (near > 1) & (near < 45) & (u[:, 2] < np.exp(-near / 9) + 0.03) & ~_deep(point)
        median, spread = (2.6, 0.45) if self.kind == "ms" else (3.4, 0.5)
        return [
            {
                "type": self.kind, "radius": self.scale * median * float(np.exp(spread * normal[k, 1])),
                "centre": (*places[:2, k], height if first == 0 else places[2, k]),
                "hole": self.kind == "ms" and u[k, 4] < 0.3, "enhances": self.kind == "ms" and u[k, 5] < 0.1,
                "axes": [0.8 + 0.5 * u[k, 6], 0.8 + 0.5 * u[k, 7], 1.0], "core": False,
            }
            for first, k in enumerate(np.flatnonzero(fits)[:count])
        ]  # fmt: skip

    def swell(self, at: Points) -> Points:
        """Push the anatomy out of a glioma's way: take it from nearer the centre."""
        for blob in self.blobs:
            if blob["type"] != "glioma":
                return at
            away = [p - np.float32(c) for p, c in zip(at, blob["centre"], strict=True)]
            far = np.sqrt(sum(np.square(a) for a in away)) + np.float32(1e-3)
            r = np.float32(blob["radius"])
            push = 0.35 * r * np.exp(-np.square(far / (1.8 * r))) * np.minimum(1, 2 * far / r) / far
            at = tuple(p - push * a for p, a in zip(at, away, strict=True))
        return at

    def paint(self, head: Head, canvas: Canvas) -> tuple[NDArray[np.int16], list[Row]]:
        """Paint them into white matter; give instances and the table of those that the grid shows."""
        instances = np.zeros_like(canvas.labels)
        table: list[Row] = []
        for number, blob in enumerate(self.blobs, 1):
            box = self._box(head, blob)
            if not canvas.labels[box].size:
                continue
            level = self._level(head, blob, number, box)
            share = (self._paint_glioma if self.kind == "glioma" else self._paint_plaque)(
                head, canvas, blob, level, box
            )
            if share.max() <= 0.05:
                continue
            stamp(instances[box], share, len(table) + 1)
            axes = tuple(axis[part] for axis, part in zip(head.axes, box, strict=True))
            table.append(
                {
                    "id": len(table) + 1, "type": blob["type"], "diameter_mm": 2 * float(blob["radius"]),
                    "centre_mm": centroid(share, axes), "volume_mm3": float(share.sum()) * head.voxel**3,
                    "enhances": bool(blob["enhances"]), "core": bool(blob["core"]),
                }
            )  # fmt: skip
        return instances, table

    @staticmethod
    def _box(head: Head, blob: Row) -> Box:
        """The part of the grid that a blob can reach, whatever the pose and the warp."""
        reach = 20 + 2.6 * blob["radius"]
        middle = (blob["centre"][0], -blob["centre"][1], blob["centre"][2])
        return tuple(
            slice(*np.searchsorted(axis, (m - reach, m + reach))) for axis, m in zip(head.axes, middle, strict=True)
        )

    def _level(self, head: Head, blob: Row, number: int, box: Box) -> Array:
        """1 on the surface of the blob, less inside."""
        places = [np.broadcast_to(p, head.hull.shape)[box] for p in head.undisturbed]
        parts = zip(places, blob["centre"], blob["axes"], strict=True)
        far = np.sqrt(sum(np.square((p - np.float32(c)) / np.float32(a)) for p, c, a in parts))
        far = far / np.float32(blob["radius"])
        if blob["radius"] < 2 * head.voxel or far.min() > 2:
            return far
        axes = tuple(axis[part] for axis, part in zip(head.axes, box, strict=True))
        coarse = Lattice((*self.name, "lesion shape", number), max(7.0, 0.9 * blob["radius"]), 160.0).on(axes)
        return far * np.clip(1 + 0.2 * coarse, 0.5, 1.6)

    def _paint_plaque(self, head: Head, canvas: Canvas, blob: Row, level: Array, box: Box) -> Array:
        label = "hole" if blob["hole"] else "enhancing plaque" if blob["enhances"] else "plaque"
        within = _hosts(canvas, dict.fromkeys(("white", "plaque", "hole", "enhancing plaque"), 1.0), box)
        return canvas.paint((level - 1) * np.float32(blob["radius"]), label=PARTS[label], box=box, within=within)

    def _paint_glioma(self, head: Head, canvas: Canvas, blob: Row, level: Array, box: Box) -> Array:
        r = np.float32(blob["radius"])
        edge = 1 + blob["halo"] * (1 + 0.35 * head.field("halo", 7.0)[box])
        brain = np.clip(-head.hull[box] / head.voxel, 0, 1)
        hosts = _hosts(canvas, _OEDEMA, box)
        swollen = canvas.paint((level - edge) * r, label=PARTS["oedema"], box=box, within=hosts)
        solid = canvas.paint((level - 1) * r, label=PARTS["tumour"], box=box, within=brain)
        if blob["enhances"]:
            rim = intersection((level - 1) * r, (-0.8 - head.field("rim", 11.0)[box]) * 6, 1.0)
            rim = intersection(rim, (0.55 - level) * r, 1.0)
            canvas.paint(rim, label=PARTS["enhancing"], box=box, within=brain)
        if blob["core"]:
            canvas.paint((level - 0.55) * r, label=PARTS["core"], box=box, within=brain)
        return np.maximum(swollen, solid)


def _hosts(canvas: Canvas, weights: Mapping[str, float], box: Box) -> Array:
    """Share of every voxel that a lesion can grow into."""
    shares = [w * canvas.fractions[PARTS[k]][box] for k, w in weights.items() if PARTS[k] in canvas.fractions]
    return np.clip(sum(shares), 0, 1)


def _deep(point: Points) -> NDArray[np.bool_]:
    """Whether points lie in the deep nuclei or between the hemispheres."""
    nuclei = ellipsoid((np.abs(point[0]), *point[1:]), (20, -2, 6), (15, 24, 14))
    found: NDArray[np.bool_] = (nuclei < 0) | ((np.abs(point[0]) < 4) & (point[2] < 26))
    return found[:, 0, 0]
