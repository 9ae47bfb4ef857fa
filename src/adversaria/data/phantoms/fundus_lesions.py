"""Findings of diabetic retinopathy: what they look like and where they lie."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.data.phantoms.shapes import Box, stamp
from adversaria.data.phantoms.sheet import Sheet, inside

Array = NDArray[Any]
Shade = tuple[Array, Array]
Findings = tuple[list[Shade], NDArray[np.int16], NDArray[np.int16], list[dict[str, Any]]]

LESIONS = {"microaneurysm": 1, "haemorrhage": 2, "exudate": 3, "cotton wool": 4}
# colour and radius in mm: (median, spread of its logarithm)
_LOOKS = {
    "microaneurysm": ((0.42, 0.10, 0.06), (0.045, 0.25)),
    "haemorrhage": ((0.40, 0.09, 0.05), (0.14, 0.5)),
    "exudate": ((0.97, 0.86, 0.45), (0.06, 0.35)),
    "cotton wool": ((0.93, 0.80, 0.60), (0.28, 0.3)),
}
# how many of each in grades 1 to 3: (fewest, most); exudates are rings of 8 to 24 dots
_COUNTS = {
    "cotton wool": ((0, 0), (0, 1), (1, 4)),
    "haemorrhage": ((0, 0), (2, 8), (8, 22)),
    "exudate": ((0, 0), (0, 2), (1, 4)),
    "microaneurysm": ((3, 8), (6, 18), (10, 30)),
}


def findings(s: Sheet, grade: int, disc: tuple[float, float]) -> Findings:
    """Shares and colours of a grade's findings, maps of their kinds (LESIONS) and instances, and the table."""
    shades: list[Shade] = []
    labels = np.zeros(s.x.shape, np.int16)
    instances = np.zeros_like(labels)
    table: list[dict[str, Any]] = []
    for kind, counts in _COUNTS.items():
        random = s.random(f"findings {kind}")
        fewest, most = counts[grade - 1]
        count = int(random.integers(fewest, most + 1))
        share = np.zeros_like(s.x)
        for x, y, radius in _places(kind, count, random, disc):
            box, part = _dot(s, kind, share, x, y, radius)
            stamp(instances[box], part, len(table) + 1)
            place = [-x, -y, 0.0]
            table.append({"id": len(table) + 1, "type": kind, "diameter_mm": 2 * radius, "centre_mm": place})
        labels[share > 0.5] = LESIONS[kind]
        tint = np.array(_LOOKS[kind][0], np.float32)[:, None, None]
        shades.append((np.broadcast_to(share, s.x.shape)[None] * (0.75 if kind == "cotton wool" else 0.9), tint))
    return shades, labels, instances, table


def _places(
    kind: str, count: int, random: np.random.Generator, disc: tuple[float, float]
) -> list[tuple[float, float, float]]:
    """Centres in the field and off the disc, and radii."""
    median, spread = _LOOKS[kind][1]
    found: list[tuple[float, float, float]] = []
    for _ in range(count):
        far, angle = 5.8 * np.sqrt(random.uniform()), random.uniform(0, 2 * np.pi)
        x, y = float(far * np.cos(angle)), float(far * np.sin(angle))
        if np.hypot(x - disc[0], y - disc[1]) < 1.3:
            x = -x
        dots, ring = (int(random.integers(8, 25)), random.uniform(0.3, 0.8)) if kind == "exudate" else (1, 0.0)
        turns, sizes = random.uniform(0, 2 * np.pi, dots), random.standard_normal((dots, 2)).clip(-2, 2)
        for turn, (a, b) in zip(turns, sizes, strict=True):
            r = ring * (1 + 0.2 * b)
            found.append((x + r * np.cos(turn), y + r * np.sin(turn), float(median * np.exp(spread * a))))
    return found


def _dot(s: Sheet, kind: str, share: Array, x: float, y: float, radius: float) -> tuple[Box, Array]:
    """Draw one, averaged over pixels: smaller than a pixel it is fainter, not larger."""
    reach = 2.5 * radius + 2 * s.spacing
    box = tuple(slice(*np.searchsorted(s.axis, (c - reach, c + reach))) for c in (y, x))
    far = np.hypot(s.x[box] - x, s.y[box] - y)
    if kind == "haemorrhage":
        far = far * (1 + 0.3 * s.field("blot", 0.22)[box])
    edge = max(s.spacing, {"cotton wool": 0.9 * radius, "exudate": 0.3 * radius}.get(kind, 0.4 * radius))
    part = inside(far - radius, edge)
    faint = min(1.0, np.pi * radius**2 / s.spacing**2)
    np.maximum(share[box], part * np.float32(faint), out=share[box])
    return box, part
