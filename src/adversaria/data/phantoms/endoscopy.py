"""Endoscopy of a colon or of the abdomen, with depth: rays are marched to the wall and lit from the camera."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter, map_coordinates

from adversaria.data.phantoms.noise import camera
from adversaria.data.phantoms.phantom import Phantom
from adversaria.data.phantoms.sheet import Sheet
from adversaria.draws import stream

Array = NDArray[Any]

LABELS = {"wall": 1, "polyp": 2, "instrument": 3}
SCENES = ("colon", "laparoscopy")
FACTORS = (
    "radius", "folds", "pitch", "bend_x", "bend_y", "aim_x", "aim_y", "roll", "red", "vessels", "wet", "light",
    "finding",
    "ahead",
)  # fmt: skip
_STEPS, _TEXTURE, _HALF = 44, 160, np.deg2rad(68)


class Endoscopy(Phantom):
    """Endoscopy (`image`, colour 0 to 1) with `depth` (mm along the ray) and `normals` (3, unit vectors).

    `scene` is colon (a bent, folded tube; in the share `prevalence` one to three polyps) or laparoscopy (tissue with,
    in that share, one or two instruments). The light is at the camera: brightness falls with the square of the depth
    and the angle. `rendered` is that alone, in one colour; `image` has vessels, wet highlights, light from the walls,
    exposure, blur and noise; `grey` is its luminance. `domain` b is another endoscope. Words also: `mask` (LABELS),
    `fov`, `factors`, `label` (0 none, 1 polyp or instrument).
    """

    words = ("image", "rendered", "grey", "depth", "normals", "mask", "fov", "factors", "label")
    units = {
        "image": "reflectance", "rendered": "reflectance", "grey": "reflectance", "depth": "mm", "normals": "relative",
        "mask": "labels", "fov": "labels", "label": "labels",
    }  # fmt: skip
    factor_names = FACTORS
    classes = ("none", "found")

    def __init__(
        self,
        size: int = 128,
        dims: int = 2,
        scene: str = "colon",
        prevalence: float = 0.5,
        healthy: bool = False,
        domain: str = "a",
        noise: float = 1.0,
        seed: int = 0,
    ):
        if scene not in SCENES:
            raise ValueError(f"there is no scene '{scene}'; there are {', '.join(SCENES)}")
        if domain not in ("a", "b"):
            raise ValueError(f"there is no endoscope '{domain}'; there are a and b")
        super().__init__(size, dims, 2.0 / size, seed, prevalence, healthy)
        self.scene, self.domain, self.noise = scene, domain, noise

    @classmethod
    def dimensions(cls) -> tuple[int, ...]:
        """Pictures only."""
        return (2,)

    def case(self, subject: int, healthy: bool = False) -> dict[str, Any]:
        """Make one view, or its twin without polyps or instruments."""
        name, sick = (*self.named(subject), self.scene), self.sick(subject, healthy)
        s = Sheet(name, self.size, self.spacing, 1.2)
        view = _View(s, self.scene, sick)
        field = np.hypot(s.x, s.y) < 1.02
        plain, colour = view.lit()
        rendered = np.clip(np.stack([0.95 * plain, 0.72 * plain, 0.66 * plain]), 0, 1) * field
        image = self._photograph(view, colour, field)
        grey = np.tensordot(np.array([0.30, 0.59, 0.11], np.float32), image, 1)
        return {
            "image": image, "rendered": rendered.astype(np.float32), "grey": grey[None],
            "depth": (view.depth * field)[None].astype(np.float32),
            "normals": (view.normals * field).astype(np.float32), "mask": (view.mask * field)[None].astype(np.int16),
            "fov": field[None].astype(np.int16), "factors": np.array([view.f[k] for k in FACTORS], np.float32),
            "label": int(sick),
        }  # fmt: skip

    def _photograph(self, view: "_View", colour: Array, field: Array) -> Array:
        other = self.domain == "b"
        gain = np.array([0.92, 1.0, 1.16] if other else [1.0, 1.0, 1.0], np.float32)[:, None, None]
        seen = gaussian_filter(colour * gain, (0, *(2 * [(0.016 if other else 0.008) / self.spacing])))
        seen = np.clip(seen, 0, 1) ** (0.8 if other else 1.0)
        rho = np.square(view.s.x) + np.square(view.s.y)
        field = field & (rho < 0.9) if other else field
        seen = seen * (1 - 0.25 * np.clip(rho, 0, 1)) * field
        noisy = camera(seen, stream(*view.s.name, "camera"), 6e-4 * self.noise, 0.008 * self.noise)
        return (noisy * field).astype(np.float32)


class _View:
    """What one camera sees: points, depth, normals, labels."""

    def __init__(self, s: Sheet, scene: str, found: bool):
        self.s, self.scene, self.found = s, scene, found
        self.f = {
            "radius": s.about("radius", 22, 2.2), "folds": s.between("folds", 0.12, 0.30),
            "pitch": s.about("pitch", 21, 2.5), "bend_x": s.about("bend x", 0, 0.006),
            "bend_y": s.about("bend y", 0, 0.006), "aim_x": s.about("aim x", 0, 0.2),
            "aim_y": s.about("aim y", 0, 0.2), "roll": s.between("roll", 0, 2 * np.pi), "red": s.about("red", 1, 0.08),
            "vessels": s.between("vessels", 0.3, 1), "wet": s.between("wet", 0.3, 1),
            "light": s.about("light", 1, 0.08),
            "finding": s.between("finding", 0, 1), "ahead": s.between("ahead", 0, 20),
        }  # fmt: skip
        self.things = self._things()
        self.rays = self._rays()
        self.depth = self._march()
        self.points = self.rays * self.depth
        self.normals = self._normals()
        self.mask = self._labels()

    def _rays(self) -> Array:
        """Unit vectors (3, rows, columns); the angle from the middle grows with the distance from it."""
        s, f = self.s, self.f
        far = np.hypot(s.x, s.y)
        angle = far * (_HALF if self.scene == "colon" else 0.5 * _HALF)
        turn = np.arctan2(s.y, s.x)
        x, y, z = np.sin(angle) * np.cos(turn), np.sin(angle) * np.sin(turn), np.cos(angle)
        for k, name in ((0, "aim_x"), (1, "aim_y")):
            c, n = np.float32(np.cos(f[name])), np.float32(np.sin(f[name]))
            if k == 0:
                x, z = c * x + n * z, c * z - n * x
            else:
                y, z = c * y + n * z, c * z - n * y
        return np.stack([x, y, z]).astype(np.float32)

    def _things(self) -> list[tuple[str, Array, Array, float]]:
        """Polyps (as spheres) and instruments (as rods): kind, start, end, radius."""
        if not self.found:
            return []
        s, found = self.s, []
        for k in range(1 + int(3 * self.f["finding"]) if self.scene == "colon" else 1 + int(2 * self.f["finding"])):
            u = s.random(f"thing {k}").uniform(size=5)
            if self.scene == "colon":
                radius, depth, turn = 3 + 6 * u[0], 22 + 30 * u[1], 2 * np.pi * u[2]
                out = self.f["radius"] * (0.92 - 0.2 * self.f["folds"]) - 0.25 * radius
                centre = np.array([out * np.cos(turn), out * np.sin(turn), depth]) + self._centre(depth)
                found.append(("polyp", centre, centre, float(radius)))
            else:
                side = 1 if u[0] < 0.5 else -1
                tip = np.array([16 * (u[1] - 0.5), 16 * (u[2] - 0.5), 44 + 8 * u[3]])
                start = tip + np.array([side * 40.0, 26 * (u[4] - 0.3), -30.0])
                found.append(("instrument", start, tip, 2.8))
        return found

    def _centre(self, z: Any) -> Array:
        """Where the tube's middle lies at a depth."""
        zero = 0.0 * np.asarray(z)
        bend = [self.f[k] * np.square(z) for k in ("bend_x", "bend_y")]
        return np.stack([np.asarray(bend[0]) + zero, np.asarray(bend[1]) + zero, zero])

    def _wall(self, p: Array) -> Array:
        """Above 0 beyond the wall (mm)."""
        f = self.f
        x, y, z = p
        if self.scene == "laparoscopy":
            hills = 5 * np.sin(x / 13 + f["roll"]) + 4 * np.sin(y / 10 + 2 * f["roll"]) + 2.5 * np.sin((x + y) / 5)
            found = z - (62 + f["ahead"] * 0.4 + hills - 0.25 * y)
        else:
            middle = self._centre(z)
            x, y = x - middle[0], y - middle[1]
            turn = np.arctan2(y, x)
            phase = (z + f["ahead"]) / f["pitch"] + 0.06 * np.sin(3 * turn + f["roll"])
            ridge = np.exp(-np.square(((phase + 0.5) % 1 - 0.5) / 0.16))
            lobes = 0.70 + 0.30 * np.cos(3 * turn + f["roll"])
            found = np.hypot(x, y) - f["radius"] * (1.05 - f["folds"] * 1.6 * ridge * lobes)
        for _, start, end, radius in self.things:
            found = np.maximum(found, radius - _rod(p, start, end))
        return found

    def _march(self) -> Array:
        """Depth of the first point beyond the wall: steps that grow, then the line between the last two."""
        far = np.float32(150.0)
        depth = np.full(self.s.x.shape, far, np.float32)
        steps = (2.0 * (75.0 ** (np.arange(_STEPS) / (_STEPS - 1)))).astype(np.float32)
        before = self._wall(self.rays * steps[0])
        open_ = before < 0
        depth[~open_] = steps[0]
        for k in range(1, _STEPS):
            now = self._wall(self.rays * steps[k])
            hit = open_ & (now >= 0)
            share = np.clip(-before / np.maximum(now - before, 1e-6), 0, 1)
            depth = np.where(hit, steps[k - 1] + share * (steps[k] - steps[k - 1]), depth)
            open_, before = open_ & ~hit, now
        return depth

    def _normals(self) -> Array:
        """Unit vectors from the wall towards the camera's side: minus the slope of the distance beyond the wall."""
        here = self._wall(self.points)
        steps = np.eye(3, dtype=np.float32)[:, :, None, None] * np.float32(0.4)
        slope = np.stack([self._wall(self.points + step) - here for step in steps])
        found: Array = -slope / (np.linalg.norm(slope, axis=0) + 1e-9)
        return found

    def _labels(self) -> NDArray[np.int16]:
        mask = np.full(self.s.x.shape, LABELS["wall"], np.int16)
        for kind, start, end, radius in self.things:
            mask[_rod(self.points, start, end) < radius + 0.5] = LABELS[kind]
        return mask

    def lit(self) -> tuple[Array, Array]:
        """Brightness of a plain wall (rows, columns), and the colours of the real one (3, rows, columns)."""
        f, s = self.f, self.s
        cosine = np.clip(-(self.normals * self.rays).sum(0), 0.02, 1)
        near = 24.0 if self.scene == "colon" else 55.0
        bright = cosine / (np.square(self.depth / near) + 0.10)
        level = float(np.percentile(bright[np.hypot(s.x, s.y) < 1], 90))
        plain = 0.85 * bright / max(level, 1e-6)
        texture = Sheet(s.name, _TEXTURE, 2 * np.pi / _TEXTURE, 4.0)
        u = np.arctan2(self.points[1], self.points[0]) if self.scene == "colon" else self.points[0] / 14
        v = (self.points[2] / 16) if self.scene == "colon" else self.points[1] / 14
        at = [(np.mod(u, 2 * np.pi)) * _TEXTURE / (2 * np.pi), np.mod(v, 2 * np.pi) * _TEXTURE / (2 * np.pi)]
        fine, mottle = texture.field("fine", 0.10), texture.field("mottle", 0.5)
        red = texture.threads("vessels", 0.55, 0.10) + 0.6 * texture.threads("twigs", 0.25, 0.10)
        fine, mottle, red = (map_coordinates(t, at, order=1, mode="wrap") for t in (fine, mottle, red))
        albedo = np.stack([0.86 + 0 * fine, 0.50 / f["red"] + 0 * fine, 0.42 / f["red"] + 0 * fine])
        albedo = albedo * (1 + 0.05 * fine + 0.08 * mottle)
        albedo = albedo * np.exp(-f["vessels"] * np.clip(red, 0, 1) * np.array([0.10, 0.42, 0.32])[:, None, None])
        albedo[:, self.mask == LABELS["polyp"]] *= np.array([1.03, 0.82, 0.85])[:, None]
        tool = self.mask == LABELS["instrument"]
        albedo[:, tool] = np.array([0.62, 0.64, 0.68])[:, None]
        walls = 0.10 * gaussian_filter(plain, 0.35 / s.spacing)
        light = f["light"] * (plain + walls) ** 0.85
        gloss = np.where(tool, 0.9, f["wet"] * np.clip(0.5 + 0.6 * mottle + 0.5 * fine, 0, 1.5))
        shine = gloss * cosine**40 * np.clip(1.6 * near / self.depth, 0, 2)
        return np.clip(plain, 0, 1), np.clip(albedo * light + 0.8 * shine, 0, 1.2).astype(np.float32)


def _rod(p: Array, start: Array, end: Array) -> Array:
    """Distance of points (3, ...) to a line between two points."""
    way = (end - start).astype(np.float32)
    away = [p[k] - np.float32(start[k]) for k in range(3)]
    length = float(way @ way)
    t = np.clip(sum(w * a for w, a in zip(way, away, strict=True)) / length, 0, 1) if length > 0 else np.float32(0)
    found: Array = np.sqrt(sum(np.square(a - t * w) for a, w in zip(away, way, strict=True)))
    return found
