"""MR, CT and PET of the torso: the same people as TorsoCT's, painted with tissues."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.data.phantoms.fields import between
from adversaria.data.phantoms.scanned import Diseased
from adversaria.data.phantoms.scene import Scene
from adversaria.data.phantoms.shapes import centroid, cylinder, ellipsoid, intersection, membership, stamp, union
from adversaria.data.phantoms.tissues import TISSUES, Tissue
from adversaria.data.phantoms.torso import FACTORS, LABELS, LEVELS, Body
from adversaria.draws import stream

Array = NDArray[Any]

LESIONS = ("tumour", "splenomegaly", "none")


class TorsoMR(Diseased):
    """Torso MR (t1, t2, Dixon inphase and opposed), CT in HU (portal phase) and FDG PET (SUV) of one subject.

    The people are TorsoCT's, at the same heights; `mask` has the same LABELS. `lesion` is tumour (in the liver at
    level abdomen, in the lung at chest), splenomegaly (a spleen of up to 1.5 litres; no lesion map) or none, in the
    share `prevalence`. A third of the tumours seen in CT take up no tracer and a sixth of those that do are not seen
    in CT: PET cannot be known from CT (`lesions` tells `hot` and `seen`). Words also: `lesion`, `lesions`, `factors`,
    `label` (0 healthy, 1 sick).
    """

    modalities = ("t1", "t2", "inphase", "opposed", "ct", "pet")
    painted = ("t1", "t2", "fat", "water", "ct", "pet")
    words = (*modalities, "mask", "lesion", "lesions", "factors", "label")
    units = {
        **dict.fromkeys(modalities[:4], "arbitrary"), "ct": "HU", "pet": "SUV",
        **dict.fromkeys(("mask", "lesion", "label"), "labels"),
    }  # fmt: skip
    factor_names = (*FACTORS, "slice")
    classes = ("healthy", "sick")
    field_of_view = 400.0
    own = {
        "portal blood": Tissue(1584, 66, 8, 0.35, 165.0, 1.6), "aortic blood": Tissue(1932, 275, 20, 0.25, 150.0, 1.6),
        "liver": TISSUES["liver"]._replace(hu=106), "spleen": TISSUES["spleen"]._replace(hu=112),
        "kidney": TISSUES["kidney"]._replace(hu=160), "kidney medulla": TISSUES["kidney medulla"]._replace(hu=125),
        "heart blood": Tissue(1932, 275, 40, 0.7, 160.0, 1.6), "myocardium": TISSUES["myocardium"]._replace(hu=115),
        "tumour": Tissue(1250, 90, 45, 0.90, 55.0, 8.0),
    }  # fmt: skip

    def __init__(
        self,
        size: int = 128,
        dims: int = 2,
        spacing: float | None = None,
        level: str = "abdomen",
        lesion: str = "tumour",
        prevalence: float = 0.5,
        contrast: float = 1.0,
        healthy: bool = False,
        domain: str = "a",
        noise: float = 0.03,
        misregistration: float = 0.0,
        moving: str = "ct",
        seed: int = 0,
    ):
        super().__init__(
            size, dims, spacing, prevalence, contrast, healthy, domain, noise, None, misregistration, moving, seed
        )  # fmt: skip
        if level not in LEVELS:
            raise ValueError(f"there is no level '{level}'; there are {', '.join(LEVELS)}")
        if lesion not in LESIONS:
            raise ValueError(f"there is no lesion '{lesion}'; there are {', '.join(LESIONS)}")
        self.station, self.lesion = level, lesion

    def named(self, subject: int) -> tuple[str, int, int]:
        """Name a subject: the same people as TorsoCT's."""
        return "TorsoCT", self.seed, subject

    def level(self, name: tuple[int | str, ...]) -> float:
        """At what height (mm) a 2D case is cut: where TorsoCT cuts it."""
        return between((*name, "height"), *LEVELS[self.station])

    def centre(self, name: tuple[int | str, ...]) -> float:
        """At what height (mm) the middle of a volume lies: where TorsoCT's does."""
        return self.level(name)

    def paint(self, scene: Scene, sick: bool) -> tuple[dict[str, float], dict[str, Any]]:
        """Paint the body, and its lesions."""
        body = Body(scene.name, scene.axes, scene.voxel, self.level(scene.name))
        grown = between((*scene.name, "splenomegaly"), 1.25, 1.9) if sick and self.lesion == "splenomegaly" else 1.0
        _paint(body, scene, grown)
        lesion, table = np.zeros_like(scene.labels), list[dict[str, Any]]()
        if sick and self.lesion == "tumour":
            lesion, table = self._tumours(body, scene)
        sickness = int(bool(table) or grown > 1)
        return dict(body.factors), {"lesion": lesion, "lesions": table, "label": sickness}

    def _tumours(self, body: Body, scene: Scene) -> tuple[Array, list[dict[str, Any]]]:
        labels, table = np.zeros_like(scene.labels), list[dict[str, Any]]()
        for number in range(1, int(stream(*scene.name, "tumour count").integers(1, 4)) + 1):
            where, size, hot, seen, off = stream(*scene.name, "tumour", number).uniform(size=5)
            radius = 5.0 + 9.0 * size
            centre = body.spot(self.station, where, 0.0 if number == 1 else radius * (2 * off - 1))
            if centre is None:
                continue
            shape = ellipsoid(body.at, centre, (radius, 0.9 * radius, radius))
            shape = shape / (1 + 0.15 * scene.field(f"tumour {number}", max(6.0, radius)))
            share = np.broadcast_to(membership(shape, scene.voxel), labels.shape)
            if share.max() <= 0.05:
                continue
            taken, shown = hot > 1 / 3, hot <= 1 / 3 or seen > 1 / 6
            kept = {word: scene.stack[scene.words.index(word)].copy() for word in ("ct", "pet")}
            self.lay_lesion(scene, shape, "tumour", 0.04 * scene.field("grain", 5.0))
            for word, stays in (("ct", not shown), ("pet", not taken)):
                if stays:
                    scene.stack[scene.words.index(word)] = kept[word]
            stamp(labels, share, number)
            table.append(
                {
                    "id": number, "type": "tumour", "diameter_mm": 2 * radius, "hot": bool(taken), "seen": bool(shown),
                    "centre_mm": centroid(share, scene.axes), "volume_mm3": float(share.sum() * scene.voxel**3),
                }
            )  # fmt: skip
        return labels, table


def _paint(body: Body, scene: Scene, grown: float) -> None:
    """Paint a body's organs from outside in, the spleen `grown` times as wide."""
    s, f, (x, y, z) = scene, body.factors, body.at
    grain, flat = 0.05 * body.field("grain", 5.0), np.zeros_like(z)
    wall, inside = body.wall(), body.cavity()
    skin = wall - np.float32(f["fat"]) * (1 + 0.35 * body.field("fat", 60.0)) - 8
    s.lay(skin, "skin")
    s.lay(skin + 3, "fat", LABELS["fat"], texture=grain)
    s.lay(wall, "muscle", LABELS["muscle"], texture=grain)
    s.lay(inside, "fat", LABELS["cavity fat"], texture=grain)
    loops = body.field("loops", 17.0)
    gut = intersection(inside + 8, (0.25 - loops) * 16 + np.clip((z - 165) / 10, 0, None) * 8, 3.0)
    s.lay(gut, "bowel wall", LABELS["bowel"])
    s.lay(intersection(gut + 4, (0.8 - loops) * 16), "bowel content", LABELS["bowel"], texture=2 * grain)
    s.lay(intersection(gut + 5, (f["gas"] - loops) * 16), "air", LABELS["bowel"])
    liver = body.liver()
    s.lay(liver, "liver", LABELS["liver"], texture=0.6 * grain)
    vessels = np.exp(-np.square(body.field("liver vessels", 15.0) / 0.10))
    s.lay(intersection(liver + 6, (0.55 - vessels) * 8), "portal blood", LABELS["liver"])
    bag = body.organ("stomach", (48, -34, 170), (40, 36, 42))
    s.lay(intersection(bag, inside + 4), "bowel wall", LABELS["stomach"])
    hollow = intersection(bag + 4.5, inside + 8)
    s.lay(hollow, "bowel content", LABELS["stomach"], texture=grain)
    s.lay(intersection(hollow, y - body.draw("fluid level", -42, 8)), "air", LABELS["stomach"])
    k = f["spleen"] * grown
    spleen = body.organ("spleen", (94 - 26 * (grown - 1), 20, 170 - 20 * (grown - 1)), (26, 44, 48), k)
    s.lay(intersection(spleen, inside + 3), "spleen", LABELS["spleen"], texture=0.6 * grain)
    for side, name in ((-1, "right"), (1, "left")):
        kidney = body.organ(f"{name} kidney", (side * 60, 38, 132 + 6 * side), (25, 31, 54), f["kidneys"])
        sinus = body.organ(f"{name} sinus", (side * 52, 34, 132 + 6 * side), (10, 15, 30), f["kidneys"])
        s.lay(kidney, "kidney", LABELS["kidney"])
        s.lay(kidney + 8, "kidney medulla", LABELS["kidney"], texture=grain)
        s.lay(sinus, "fat", LABELS["kidney"])
    s.lay(cylinder(body.at, body.place("cava", (-18, 34, 0))[:2], 12, 9), "portal blood", LABELS["cava"])
    lungs, heart = body.lungs(), body.heart()
    s.lay(lungs, "lung", LABELS["lung"], texture=0.4 * grain)
    threads = np.exp(-np.square(body.field("lung vessels", 11.0) / 0.07))
    s.lay(intersection(lungs + 4, (0.6 - threads) * 6), "heart blood", LABELS["lung"])
    s.lay(intersection(heart, 195 - z, 6), "myocardium", LABELS["heart"])
    ventricle = body.organ("ventricle", (30, -18, 220), (24, 22, 24), f["heart"])
    s.lay(intersection(ventricle, 195 - z, 6), "heart blood", LABELS["heart"])
    radius = body.draw("aorta radius", 11, 1.2)
    s.lay(cylinder(body.at, body.place("aorta", (16, 34, 0))[:2], radius), "aortic blood", LABELS["aorta"])
    rib = body.ribs(wall)
    s.lay(rib, "bone", LABELS["bone"])
    s.lay(rib + 2.5, "spongy bone", LABELS["bone"], texture=2 * grain)
    disc = np.broadcast_to(body.discs(), s.labels.shape)
    arch = union(cylinder(body.at, (0, 86), 17, 13), ellipsoid((x, y, flat), (0, 106, 0), (5, 15, 1)), 5)
    sides = ellipsoid((np.abs(x), y, flat), (26, 84, 0), (17, 5, 1))
    s.lay(union(arch, sides, 5), "marrow", LABELS["bone"])
    column = cylinder(body.at, (0, 62), 23, 17)
    s.lay(column, "bone", LABELS["bone"], within=1.0 * ~disc)
    s.lay(column + 2.5, "red marrow", LABELS["bone"], texture=2 * grain)
    s.lay(column, "disc annulus", LABELS["bone"], within=1.0 * disc)
    s.lay(column + 7, "disc nucleus", LABELS["bone"], within=1.0 * disc)
    s.lay(cylinder(body.at, (0, 86), 9, 8), "csf", LABELS["muscle"])
    s.lay(cylinder(body.at, (0, 86), 5.5, 4.5), "cord", LABELS["muscle"])
