"""What the rays of a chest film pass: lungs, heart, vessels, ribs, clavicles, spine, findings."""

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from adversaria.data.phantoms.shapes import intersection
from adversaria.data.phantoms.sheet import Sheet, ellipse, inside

Array = NDArray[Any]

FINDINGS = ("cardiomegaly", "effusion", "oedema", "pneumothorax", "consolidation", "nodule")
FACTORS = (
    "width", "height", "inspiration", "thickness", "heart", "mediastinum", "rotation", "shift_x", "shift_y", "bone",
    "vessels", "breasts", "rib_phase", "rib_slope", "clavicles", "fat",
)  # fmt: skip


class Chest:
    """One subject's chest on a sheet: x to the patient's left, y down (mm)."""

    SIDED: ClassVar[tuple[str, ...]] = ("effusion", "pneumothorax", "consolidation", "nodule")

    def __init__(self, sheet: Sheet, finding: str, contrast: float):
        s = self.s = sheet
        self.finding, self.contrast = finding, np.float32(contrast)
        self.f = {
            "width": s.about("width", 1, 0.05), "height": s.about("height", 1, 0.04),
            "inspiration": s.about("inspiration", 0, 8), "thickness": s.about("thickness", 205, 18),
            "heart": s.about("heart", 1, 0.06), "mediastinum": s.about("mediastinum", 1, 0.1),
            "rotation": s.about("rotation", 0, 0.025), "shift_x": s.about("shift x", 0, 5),
            "shift_y": s.about("shift y", 0, 6), "bone": s.about("bone", 1, 0.12),
            "vessels": s.about("vessels", 1, 0.15),
            "breasts": s.between("breasts", 0, 28), "rib_phase": s.about("rib phase", 0, 4),
            "rib_slope": s.about("rib slope", 37, 5), "clavicles": s.about("clavicles", 0, 5),
            "fat": s.between("fat", 4, 26),
        }  # fmt: skip
        if finding == "cardiomegaly":
            self.f["heart"] *= s.between("enlarged", 1.22, 1.5)
        f = self.f
        x, y = s.warped("warp", 60.0, 4.0)
        c, n = np.float32(np.cos(f["rotation"])), np.float32(np.sin(f["rotation"]))
        x, y = x - np.float32(f["shift_x"]), y - np.float32(f["shift_y"])
        self.x, self.y = (c * x + n * y) / np.float32(f["width"]), (c * y - n * x) / np.float32(f["height"])
        self.side = 1 if s.between("side", 0, 1) < 0.5 else -1
        self.side_word = "left" if self.side > 0 else "right"
        self.areas: dict[str, Array] = {}
        self.ribs = np.zeros(x.shape, np.int16)
        self.lesion: Array = np.zeros_like(self.x)
        self.diameter = 0.0

    def paths(self) -> tuple[Array, Array]:
        """Millimetres of soft tissue and of bone that each ray passes."""
        f, x, y = self.f, self.x, self.y
        body = self._body()
        lungs = self._lungs()
        depth = np.clip(-self.spaces, 0, None)
        air = 165 * (1 - np.exp(-depth / 15)) * (f["thickness"] / 205) * (1 - inside(self.heart, 14))
        # whatever lies inside the chest takes the place of air: at most what air there is
        inner = np.clip(self._inside_chest(air), 0, 0.96 * air)
        soft = np.clip(body - air + inner, 0, None)
        soft = soft + np.float32(f["breasts"]) * np.exp(
            -np.square((np.abs(x) - 70) / 42) - np.square((y - 62) / 34)
        ) * inside(y - 100, 30)
        heart = inside(self.heart, 30)
        soft = soft + 8 * heart + 3 * self.s.field("muscle", 12.0) + 1.2 * self.s.field("fine", 4.0)
        bone = self._bone(np.minimum(*lungs.values()))
        self.areas = {name: inside(d, self.s.spacing) for name, d in lungs.items()}
        self.areas["heart"] = inside(self.heart, self.s.spacing) * (1 - np.maximum(*self.areas.values()))
        self._find()
        return soft.astype(np.float32), bone.astype(np.float32)

    def ratio(self) -> float:
        """Cardiothoracic ratio: widest heart over widest lungs."""
        heart = np.flatnonzero((inside(self.heart, self.s.spacing) > 0.5).any(0))
        lungs = np.flatnonzero((np.maximum(self.areas["right lung"], self.areas["left lung"]) > 0.5).any(0))
        return float(np.ptp(heart)) / max(float(np.ptp(lungs)), 1.0) if len(heart) and len(lungs) else 0.0

    def _body(self) -> Array:
        """Thickness of the body: trunk, shoulders, arms, neck."""
        f, x, y = self.f, self.x, self.y
        half = 166 + f["fat"] - 8 * np.exp(-np.square((y - 60) / 60)) + 60 * np.exp(-np.square((y + 100) / 45))
        trunk = 1 - np.clip(np.abs(x) / half, 0, 1) ** 3.5
        top = np.clip((y + 182 - 40 * np.square(np.clip(np.abs(x) / 170, 0, 1.2))) / 60, 0, 1) ** 0.5
        neck = np.sqrt(np.clip(1 - np.square(x / 58), 0, 1)) * 0.62
        return np.float32(f["thickness"]) * np.maximum(trunk**0.5 * top, neck * (y < 20))

    def _lungs(self) -> dict[str, Array]:
        f, x, y = self.f, self.x, self.y
        breath = np.float32(f["inspiration"])
        self.heart = ellipse(
            x - np.float32(18 + 12 * (f["heart"] - 1)),
            y - (52 + 0.5 * breath),
            (50 * float(f["heart"]), 46 * float(f["heart"])),
            0.5,
        )
        middle = 19 * f["mediastinum"] + 9 * np.exp(-np.square((y + 62) / 22)) * (x > 0) + 0.1 * np.clip(y, 0, None)
        found = {}
        self.spaces: Array = np.full_like(x, 1e3)
        for name, sign in (("right lung", -1), ("left lung", 1)):
            lung = ellipse(x - sign * 70, y - 6, (63, 130 + 0.3 * float(breath)))
            lung = intersection(lung, y - (112 + breath), 3)
            dome = ellipse(x - sign * 72, y - (150 + breath + (5 if sign > 0 else -5)), (82, 60))
            lung = intersection(lung, -dome, 4)
            lung = intersection(lung, middle - sign * x, 4)
            self.spaces = np.minimum(self.spaces, lung)
            found[name] = intersection(lung, -self.heart, 3) if sign > 0 else intersection(lung, -self.heart - 1, 5)
        return found

    def _inside_chest(self, air: Array) -> Array:
        """Millimetres of vessels and findings in the lungs."""
        f, s, x, y = self.f, self.s, self.x, self.y
        hilum = np.minimum(np.hypot(x - 34, y + 8), np.hypot(x + 34, y + 4))
        near = 1.5 * np.exp(-hilum / 55) + 0.12
        threads = sum(
            mm * s.threads(f"vessels {cell}", cell, 0.24) for cell, mm in ((16.0, 8.0), (30.0, 15.0), (52.0, 27.0))
        )
        found = (
            np.float32(f["vessels"]) * near * threads + 32 * np.exp(-np.square(hilum / 17)) + 5 * s.field("lung", 9.0)
        )
        return found + self.contrast * self._finding(air, hilum)

    def _finding(self, air: Array, hilum: Array) -> Array:
        s, x, y, side = self.s, self.x, self.y, self.side
        if self.finding == "effusion":
            level = 118 - s.between("level", 22, 85)
            meniscus = y - level - 0.0035 * np.square(np.clip(x * side - 60, -40, 60)) + 2 * s.field("fluid", 30.0)
            fluid = inside(-meniscus - 8, s.between("soft", 14, 26)) * (x * side > 8)
            self.lesion = fluid
            return fluid * air
        if self.finding == "oedema":
            reach = s.between("reach", 38, 60)
            near = np.exp(-np.square(hilum / reach))
            self.lesion = inside(hilum - 1.5 * reach, 6) * (air > 5)
            haze = s.between("haze", 26, 60) * near * (1 + 0.25 * s.field("patchy", 18.0))
            return haze + 14 * s.threads("lines", 9.0, 0.2) * np.sqrt(near)
        if self.finding == "pneumothorax":
            rim = s.between("rim", 10, 30)
            gone = inside(ellipse(x - side * 70, y - 6, (63, 130)) + rim, 3)
            free = (1 - gone) * (x * side > 24) * (y < 70)
            self.lesion = free * (air > 5)
            line = 10 * np.exp(-np.square((ellipse(x - side * 70, y - 6, (63, 130)) + rim) / 1.6)) * (x * side > 24)
            return line - free * 30
        if self.finding in ("consolidation", "nodule"):
            return self._spot(air)
        return np.zeros_like(air)

    def _spot(self, air: Array) -> Array:
        s, side = self.s, self.side
        centre = (side * s.between("spot x", 42, 98), s.between("spot y", -78, 62))
        far = np.hypot(self.x - centre[0], self.y - centre[1])
        if self.finding == "nodule":
            self.diameter = s.between("diameter", 8, 30)
            r = self.diameter / 2
            self.lesion = inside(far - r, s.spacing)
            return 2 * np.sqrt(np.clip(r * r - np.square(far), 0, None)) * 1.5
        r = s.between("patch", 18, 38)
        patch = np.clip(1.35 - far / r * (1 + 0.3 * s.field("patch edge", 16.0)), 0, 1)
        self.lesion = patch * (air > 5)
        return patch * air * (0.6 + 0.15 * s.field("patch grain", 7.0)) - 12 * s.threads("air tree", 12.0, 0.15) * patch

    def _find(self) -> None:
        """Restrict a finding's mask to where it lies; an enlarged heart is its own."""
        if self.finding == "cardiomegaly":
            self.lesion = self.areas["heart"]
        elif self.finding != "normal":
            self.lesion = self.lesion * np.maximum(self.areas["right lung"], self.areas["left lung"])

    def _bone(self, lung: Array) -> Array:
        f, x, y = self.f, self.x, self.y
        wide, t = np.abs(x), np.abs(x) / 118
        bone = np.zeros_like(x)
        slope = np.float32(f["rib_slope"])
        turn = 260 * np.clip(t - 0.82, 0, None) ** 2 * 3
        for k in range(10):
            reach = (118 if k > 1 else 78 + 18 * k) / 118
            course = -118 + 22.5 * k + f["rib_phase"] - 10 + slope * t**1.35 + turn
            path = _tube((y - course) * 0.88, 5.6) * inside(t - reach, 0.05) * inside(12 - wide, 6)
            bone += path
            self.ribs[(path > 3) & (x < 0)] = 1 + k
            self.ribs[(path > 3) & (x >= 0)] = 11 + k
        for k in range(7):
            course = -92 + 24 * k + f["rib_phase"] + 0.6 * slope + 46 * (1 - np.clip(t, 0, 1)) ** 1.2
            bone += 0.6 * _tube((y - course) * 0.85, 5.2) * inside(0.4 + 0.02 * k - t, 0.15) * inside(t - 1.0, 0.05)
        lift = f["clavicles"]
        along = np.clip((wide - 14) / 120, 0, 1)
        clavicle = (
            _tube(y + 104 + lift + 26 * along - 10 * np.sin(2 * np.pi * along), 6.0)
            * inside(14 - wide, 4)
            * inside(wide - 138, 4)
        )
        bone += 1.4 * clavicle
        self.ribs[(clavicle > 3) & (x < 0)], self.ribs[(clavicle > 3) & (x >= 0)] = 21, 22
        blade = ellipse(wide - 122, y + 62, (26, 62), -0.22)
        bone += 5 * inside(blade, 4) + 4 * np.exp(-np.square(blade / 3))
        bone += 14 * inside(np.hypot(wide - 158, y + 100) - 24, 6)
        spine = inside(wide - 17, 5)
        disc = 0.5 + 0.5 * np.cos(2 * np.pi * (y + f["rib_phase"]) / 23)
        bone += spine * (8 + 5 * disc) + 5 * inside(np.hypot(wide - 0, ((y + 8) % 23 - 11) * 1.2) - 3.5, 2)
        return np.float32(f["bone"]) * bone * (1 + 0.05 * self.s.field("spongy", 4.0))


def _tube(distance: Array, radius: float) -> Array:
    """Bone that a ray passes in a tube with a marrow of 0.72 of its radius."""
    outer, inner = (np.sqrt(np.clip(r * r - np.square(distance), 0, None)) for r in (radius, 0.72 * radius))
    return 2 * (outer - 0.72 * inner)
