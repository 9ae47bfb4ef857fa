"""CT of the torso from pelvis to lung apex, with organs, bowel, bones and lesions."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.data.phantoms.fields import Axes, Lattice, about, axis, between, grid
from adversaria.data.phantoms.noise import reconstructed
from adversaria.data.phantoms.phantom import Phantom
from adversaria.data.phantoms.shapes import (
    Canvas,
    Points,
    centroid,
    cylinder,
    ellipsoid,
    intersection,
    membership,
    stamp,
    union,
)
from adversaria.draws import stream

Array = NDArray[Any]

LEVELS = {"abdomen": (125.0, 175.0), "heart": (205.0, 235.0), "chest": (230.0, 285.0), "any": (40.0, 290.0)}
LABELS = {
    "fat": 1, "muscle": 2, "bone": 3, "lung": 4, "heart": 5, "liver": 6, "spleen": 7, "kidney": 8, "stomach": 9,
    "bowel": 10, "aorta": 11, "cava": 12, "cavity fat": 13,
}  # fmt: skip
FACTORS = (
    "width", "depth", "fat", "enhancement", "rotation", "liver", "spleen", "kidneys", "heart", "gas", "bone", "height",
)  # fmt: skip


class TorsoCT(Phantom):
    """Torso CT in HU: organs as warped ellipsoids, portal-venous enhancement, texture, partial volume.

    Words: `ct`, `mask` (LABELS), `lesion` (label map), `lesions` (a table), `factors`, `label` (0 healthy, 1
    sick). `ct` is free of noise unless `noise` (HU, its deviation; a reconstruction's spectrum, no streaks)
    is given: recipes make measurements by an operator. `level` chooses the height of a 2D slice, or the
    middle of a volume: abdomen, heart, chest or any. Lesions are low-contrast liver (abdomen), lung nodules
    (chest) or coronary calcium (heart), in the share `prevalence` of subjects. `contrast` and `lesion_size`
    scale them.
    """

    words = ("ct", "mask", "lesion", "lesions", "factors", "label")
    units = {"ct": "HU", "mask": "labels", "lesion": "labels", "label": "labels"}
    factor_names = FACTORS
    classes = ("healthy", "sick")

    def __init__(
        self,
        size: int = 128,
        dims: int = 2,
        spacing: float | None = None,
        level: str = "abdomen",
        prevalence: float = 0.5,
        contrast: float = 1.0,
        lesion_size: float = 1.0,
        healthy: bool = False,
        noise: float = 0.0,
        fractions: bool = False,
        seed: int = 0,
    ):
        super().__init__(size, dims, spacing or 400.0 / size, seed, prevalence, healthy)
        if level not in LEVELS:
            raise ValueError(f"there is no level '{level}'; there are {', '.join(LEVELS)}")
        self.level, self.contrast, self.lesion_size = level, contrast, lesion_size
        self.noise, self.fractions = noise, fractions

    def case(self, subject: int, healthy: bool = False) -> dict[str, Any]:
        """Make one subject, or its healthy twin."""
        name = self.named(subject)
        height = between((*name, "height"), *LEVELS[self.level])
        axes = self.axes(height)
        body = Body(name, axes, self.spacing, height)
        canvas = Canvas((self.size, self.size, len(axes[2])), self.spacing, -1000.0, self.fractions)
        body.paint(canvas)
        lesion: NDArray[Any] = np.zeros_like(canvas.labels)
        table: list[dict[str, Any]] = []
        if self.sick(subject, healthy):
            lesion, table = body.lesions(canvas, self.level, self.contrast, self.lesion_size)
        image: Array = canvas.image
        if self.noise:
            image = image + np.float32(self.noise) * reconstructed(image.shape, stream(*name, "noise"))
        made: dict[str, Any] = {
            "ct": self.out(image),
            "mask": self.out(canvas.labels),
            "lesion": self.out(lesion),
            "lesions": table,
            "factors": np.array([body.factors[f] for f in FACTORS], np.float32),
            "label": int(bool(table)),
        }
        if canvas.fractions:
            made["fractions"] = np.concatenate([self.out(f) for f in canvas.fractions.values()])
        return made


class Body:
    """One subject's anatomy on a grid: x to the patient's left, y to the back, z up (mm)."""

    def __init__(self, name: tuple[int | str, ...], axes: Axes, voxel: float, height: float):
        self.name, self.axes, self.voxel = name, axes, voxel
        self.factors = {
            "width": self.draw("width", 1, 0.05),
            "depth": self.draw("depth", 1, 0.06),
            "fat": 6 + float(stream(*name, "fat").gamma(4, 4)),
            "enhancement": between((*name, "enhancement"), 0.6, 1.2),
            "rotation": self.draw("rotation", 0, 0.05),
            "liver": self.draw("liver", 1, 0.08),
            "spleen": self.draw("spleen", 1, 0.12),
            "kidneys": self.draw("kidneys", 1, 0.08),
            "heart": self.draw("heart", 1, 0.08),
            "gas": between((*name, "gas"), 0.9, 1.9),
            "bone": self.draw("bone", 1, 0.12),
            "height": height,
        }
        self.at = self.warped()

    def draw(self, what: str, mean: float, spread: float) -> float:
        """Draw one of the subject's numbers, normal."""
        return about((*self.name, what), mean, spread)

    def field(self, what: str, pitch: float) -> Array:
        """Evaluate a random field of the subject."""
        return Lattice((*self.name, what), pitch, 330.0).on(self.axes)

    def warped(self) -> Points:
        """Coordinates in the average body: scaled, turned, gently warped."""
        f = self.factors
        x, y, z = grid(self.axes)
        shift = [about((*self.name, "shift", k), 0, 4) for k in range(2)]
        cosine, sine = np.cos(f["rotation"]), np.sin(f["rotation"])
        x, y = (
            (x - shift[0]) * cosine + (y - shift[1]) * sine,
            (y - shift[1]) * cosine - (x - shift[0]) * sine,
        )
        warp = [self.field(f"warp {k}", 45.0) * np.float32(3.5) for k in range(3)]
        return (
            (x / f["width"] + warp[0]).astype(np.float32),
            (y / f["depth"] + warp[1]).astype(np.float32),
            (z + warp[2]).astype(np.float32),
        )

    def place(self, organ: str, centre: tuple[float, float, float], spread: float = 4.0) -> tuple[float, ...]:
        """Place an organ about its centre."""
        return tuple(c + about((*self.name, organ, k), 0, spread) for k, c in enumerate(centre))

    def organ(
        self,
        name: str,
        centre: tuple[float, float, float],
        axes: tuple[float, float, float],
        scale: float = 1.0,
    ) -> Array:
        """Give the distance to an ellipsoid whose place, size and turn are the subject's own."""
        sized = tuple(a * scale * about((*self.name, name, "axis", k), 1, 0.06) for k, a in enumerate(axes))
        return ellipsoid(self.at, self.place(name, centre), sized, about((*self.name, name, "turn"), 0, 0.1))

    def wall(self) -> Array:
        """Give the distance to the outside of the muscles."""
        return cylinder(self.at, (0, 0), 146, 97)

    def cavity(self) -> Array:
        """Give the distance to the inside of the wall."""
        x, y, z = self.at
        thick = 11 + 4 * np.clip((y - 40) / 40, 0, 1)
        return intersection(self.wall() + thick, -ellipsoid((x, y, 0 * z), (0, 84, 0), (62, 40, 1)), 6.0)

    def liver(self) -> Array:
        """Give the distance to both lobes of the liver."""
        right = self.organ("liver right", (-66, -12, 168), (62, 66, 74), self.factors["liver"])
        left = self.organ("liver left", (-8, -40, 172), (56, 30, 40), self.factors["liver"])
        return intersection(union(right, left, 12), self.cavity() + 3, 3.0)

    def heart(self) -> Array:
        """Give the distance to the heart."""
        return self.organ("heart", (16, -24, 222), (56, 46, 42), self.factors["heart"])

    def lungs(self) -> Array:
        """Give the distance to both lungs."""
        found: list[Array] = []
        for side, name in ((-1, "right"), (1, "left")):
            lung = self.organ(f"{name} lung", (side * 72, 2, 258), (60, 84, 100))
            dome = ellipsoid(self.at, (side * 68, -6, 150 + 6 * side), (74, 88, 62))
            lung = intersection(intersection(lung, -dome, 4), -self.heart() + 2, 4)
            found.append(intersection(lung, self.cavity() + 1, 3))
        return np.minimum(*found)

    def paint(self, canvas: Canvas) -> None:
        """Paint the body from outside in."""
        f = self.factors
        grain = self.field("grain", 5.0)
        wall = self.wall()
        skin = wall - np.float32(f["fat"]) * (1 + 0.35 * self.field("fat", 60.0)) - 8
        canvas.paint(skin, 15.0)
        canvas.paint(skin + 3, -100 + 7 * grain, LABELS["fat"])
        canvas.paint(wall, 55 + 8 * f["enhancement"] + 6 * grain, LABELS["muscle"])
        self.inside = self.cavity()
        canvas.paint(self.inside, -98 + 6 * grain, LABELS["cavity fat"])
        self.bowel(canvas, grain)
        self.abdomen(canvas, grain)
        self.thorax(canvas, grain)
        self.bones(canvas, grain, wall)

    def bowel(self, canvas: Canvas, grain: Array) -> None:
        """Paint loops of bowel."""
        loops = self.field("loops", 17.0)
        low = np.clip((self.at[2] - 165) / 10, 0, None)
        inside = intersection(self.inside + 8, (0.25 - loops) * 16 + low * 8, 3.0)
        canvas.paint(inside, 38 + 25 * self.factors["enhancement"] + 5 * grain, LABELS["bowel"])
        canvas.paint(intersection(inside + 4, (0.8 - loops) * 16), 18 + 8 * grain, LABELS["bowel"])
        canvas.paint(intersection(inside + 5, (self.factors["gas"] - loops) * 16), -920.0, LABELS["bowel"])

    def abdomen(self, canvas: Canvas, grain: Array) -> None:
        """Paint the organs of the abdomen."""
        f, e = self.factors, self.factors["enhancement"]
        liver = self.liver()
        canvas.paint(liver, 58 + 50 * e + 4 * grain, LABELS["liver"])
        vessels = np.exp(-np.square(self.field("liver vessels", 15.0) / 0.10))
        canvas.paint(intersection(liver + 6, (0.55 - vessels) * 8), 50 + 110 * e, LABELS["liver"])
        canvas.paint(
            intersection(self.organ("stomach", (48, -34, 170), (40, 36, 42)), self.inside + 4),
            35 + 30 * e,
            LABELS["stomach"],
        )
        stomach = self.organ("stomach", (48, -34, 170), (35, 31, 37))
        canvas.paint(intersection(stomach, self.inside + 8), 12 + 6 * grain, LABELS["stomach"])
        level = self.draw("fluid level", -42, 8) - self.at[1]
        canvas.paint(intersection(intersection(stomach, self.inside + 8), -level), -930.0, LABELS["stomach"])
        spleen = intersection(self.organ("spleen", (94, 20, 170), (26, 44, 48), f["spleen"]), self.inside + 3)
        canvas.paint(spleen, 48 + 65 * e + 4 * grain, LABELS["spleen"])
        for side, name in ((-1, "right"), (1, "left")):
            kidney = self.organ(f"{name} kidney", (side * 60, 38, 132 + 6 * side), (25, 31, 54), f["kidneys"])
            sinus = self.organ(f"{name} sinus", (side * 52, 34, 132 + 6 * side), (10, 15, 30), f["kidneys"])
            canvas.paint(kidney, 35 + 130 * e + 5 * grain, LABELS["kidney"])
            canvas.paint(kidney + 8, 33 + 90 * e + 5 * grain, LABELS["kidney"])
            canvas.paint(sinus, -70 + 40 * grain, LABELS["kidney"])
        canvas.paint(cylinder(self.at, self.place("cava", (-18, 34, 0))[:2], 12, 9), 45 + 90 * e, LABELS["cava"])

    def thorax(self, canvas: Canvas, grain: Array) -> None:
        """Paint lungs, heart and aorta."""
        f, e = self.factors, self.factors["enhancement"]
        heart, lungs = self.heart(), self.lungs()
        y, z = self.at[1], self.at[2]
        vessels = np.exp(-np.square(self.field("lung vessels", 11.0) / 0.07)) * 1.0
        canvas.paint(lungs, -860 + 0.35 * (y + 80) + 18 * grain, LABELS["lung"])
        canvas.paint(intersection(lungs + 4, (0.6 - vessels) * 6), -40.0 + 60 * e, LABELS["lung"])
        canvas.paint(intersection(heart, 195 - z, 6), 45 + 75 * e + 4 * grain, LABELS["heart"])
        ventricle = self.organ("ventricle", (30, -18, 220), (24, 22, 24), f["heart"])
        canvas.paint(intersection(ventricle, 195 - z, 6), 45 + 120 * e, LABELS["heart"])
        aorta = cylinder(self.at, self.place("aorta", (16, 34, 0))[:2], self.draw("aorta radius", 11, 1.2))
        canvas.paint(aorta, 45 + 100 * e, LABELS["aorta"])

    def ribs(self, wall: Array) -> Array:
        """Give the distance to the ribs."""
        x, y, z = self.at
        phase = ((z - 0.55 * y + self.draw("rib phase", 0, 8)) % 25.0) - 12.5
        rib = np.sqrt(np.square(phase / 1.25) + np.square(wall + 8)) - 5.5
        found: Array = np.maximum(rib, np.maximum(120 - z, 12 - np.abs(x)))
        return found

    def discs(self) -> Array:
        """Where the spine is disc and not vertebra."""
        found: Array = np.abs((self.at[2] + self.draw("disc phase", 0, 8)) % 33.0 - 16.5) < 4.5
        return found

    def bones(self, canvas: Canvas, grain: Array, wall: Array) -> None:
        """Paint ribs and spine."""
        x, y, z = self.at
        strength = self.factors["bone"]
        rib = self.ribs(wall)
        for distance, value in ((rib, 560 * strength), (rib + 2.5, 180 * strength + 30 * grain)):
            canvas.paint(distance, value, LABELS["bone"])
        disc = self.discs()
        arch = union(cylinder(self.at, (0, 86), 17, 13), ellipsoid((x, y, 0 * z), (0, 106, 0), (5, 15, 1)), 5)
        sides = np.minimum(
            ellipsoid((x, y, 0 * z), (26, 84, 0), (17, 5, 1)),
            ellipsoid((x, y, 0 * z), (-26, 84, 0), (17, 5, 1)),
        )
        canvas.paint(union(arch, sides, 5), 420 * strength + 40 * grain, LABELS["bone"])
        body = cylinder(self.at, (0, 62), 23, 17)
        canvas.paint(body, np.where(disc, 80, 480 * strength), LABELS["bone"])
        canvas.paint(body + 2.5, np.where(disc, 85, (190 + 45 * grain) * strength), LABELS["bone"])
        canvas.paint(cylinder(self.at, (0, 86), 9, 8), 25 + 3 * grain, LABELS["muscle"])

    def lesions(
        self, canvas: Canvas, level: str, contrast: float, scale: float
    ) -> tuple[NDArray[np.int16], list[dict[str, Any]]]:
        """Place lesions where their host is, and paint them: host plus contrast."""
        kind, sizes, change = {
            "heart": ("calcium", (2.0, 6.0), (300.0, 800.0)),
            "chest": ("nodule", (5.0, 18.0), (700.0, 850.0)),
        }.get(level, ("liver lesion", (9.0, 26.0), (-70.0, -25.0)))
        labels = np.zeros_like(canvas.labels)
        table: list[dict[str, Any]] = []
        for number in range(1, int(stream(*self.name, "lesion count").integers(1, 4)) + 1):
            random = stream(*self.name, "lesion", number)
            where, u, v, w = random.uniform(size=4)
            radius = 0.5 * scale * (sizes[0] + u * (sizes[1] - sizes[0]))
            centre = self.spot(level, where, 0.0 if number == 1 else 1.2 * radius * (2 * w - 1))
            if centre is None:
                continue
            delta = contrast * (change[0] + v * (change[1] - change[0]))
            distance = ellipsoid(self.at, centre, (radius, radius * 0.9, radius))
            if distance.min() > self.voxel:
                continue
            bumps = 1 + 0.12 * self.field(f"lesion shape {number}", max(6.0, radius))
            share = np.broadcast_to(membership(distance / bumps, self.voxel), labels.shape)
            if share.max() <= 0.05:
                continue
            canvas.image += share * np.float32(delta)
            stamp(labels, share, number)
            table.append(
                {
                    "id": number,
                    "type": kind,
                    "diameter_mm": 2 * radius,
                    "contrast_hu": delta,
                    "centre_mm": centroid(share, self.axes),
                    "volume_mm3": float(share.sum() * self.voxel**3),
                }
            )
        return labels, table

    def spot(self, level: str, where: float, offset: float) -> list[float] | None:
        """Choose a place in the host organ, `offset` mm from the slice; the same on every grid."""
        places = axis(60, 6.0, 3.0 * (where - 0.5))
        probe = Body(
            self.name, (places, places, axis(1, 1.0, self.factors["height"] + offset)), 6.0, self.factors["height"]
        )
        host = {"heart": probe.heart, "chest": probe.lungs}.get(level, probe.liver)
        depth = {"heart": 4, "chest": 8}.get(level, 10)
        inside = np.argwhere(np.broadcast_to(host() + depth, (60, 60, 1)) < 0)
        if not len(inside):
            return None
        spot = tuple(inside[int(where * len(inside))])
        return [float(np.broadcast_to(p, (60, 60, 1))[spot]) for p in probe.at]
