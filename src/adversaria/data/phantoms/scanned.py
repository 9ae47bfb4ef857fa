"""What phantoms of bodies in scanners share: one anatomy on one grid, seen by several modalities."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence, Set
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from adversaria.data.phantoms.fields import Axes, Lattice, about, between, grid
from adversaria.data.phantoms.misregistration import Displacement
from adversaria.data.phantoms.phantom import Phantom
from adversaria.data.phantoms.scene import SCANNERS, Scene
from adversaria.data.phantoms.shapes import Points, centroid, ellipsoid, membership, stamp
from adversaria.data.phantoms.tissues import Tissue

Array = NDArray[Any]


class Anatomy:
    """One subject on a grid: its numbers, and its coordinates after size, pose and warp (mm)."""

    def __init__(self, name: tuple[int | str, ...], axes: Axes, warp: float = 2.5, pitch: float = 45.0):
        self.name, self.axes = name, axes
        self.f: dict[str, float] = {
            "width": self.about("width", 1, 0.045), "depth": self.about("depth", 1, 0.045),
            "height": self.about("height", 1, 0.04), "rotation": self.about("rotation", 0, 0.05),
            "shift_x": self.about("shift x", 0, 4), "shift_y": self.about("shift y", 0, 4),
        }  # fmt: skip
        self.at = self._posed(warp, pitch)

    def about(self, what: str, mean: float, spread: float) -> float:
        """Draw one of the subject's numbers, normal."""
        return about((*self.name, what), mean, spread)

    def between(self, what: str, low: float, high: float) -> float:
        """Draw one of the subject's numbers, uniform."""
        return between((*self.name, what), low, high)

    def _posed(self, warp: float, pitch: float) -> Points:
        f, (x, y, z) = self.f, grid(self.axes)
        x, y = x - np.float32(f["shift_x"]), y - np.float32(f["shift_y"])
        c, s = np.float32(np.cos(f["rotation"])), np.float32(np.sin(f["rotation"]))
        x, y = c * x + s * y, c * y - s * x
        sides = (f["width"], f["depth"], f["height"])
        found = [
            p / np.float32(side) + np.float32(warp) * Lattice((*self.name, f"warp {k}"), pitch, 330.0).on(self.axes)
            for k, (p, side) in enumerate(zip((x, y, z), sides, strict=True))
        ]
        return found[0], found[1], found[2]

    def organ(
        self,
        name: str,
        centre: Sequence[float],
        axes: Sequence[float],
        scale: float = 1.0,
        turn: float = 0.0,
        spread: float = 2.0,
        at: Points | None = None,
    ) -> Array:
        """Distance to an ellipsoid whose place, size and turn are the subject's own."""
        place = [c + self.about(f"{name} at {k}", 0, spread) for k, c in enumerate(centre)]
        sides = [a * scale * self.about(f"{name} axis {k}", 1, 0.05) for k, a in enumerate(axes)]
        return ellipsoid(at or self.at, place, sides, turn + self.about(f"{name} turn", 0, 0.06))

    def rod(self, start: Sequence[float], end: Sequence[float], radius: float, at: Points | None = None) -> Array:
        """Distance to a rod with round ends."""
        where = at or self.at
        way = [np.float32(b - a) for a, b in zip(start, end, strict=True)]
        away = [p - np.float32(a) for p, a in zip(where, start, strict=True)]
        length = float(sum(w * w for w in way)) or 1e-6
        t = np.clip(sum(w * a for w, a in zip(way, away, strict=True)) / np.float32(length), 0, 1)
        return np.sqrt(sum(np.square(a - t * w) for a, w in zip(away, way, strict=True))) - np.float32(radius)


class Scanned(Phantom):
    """A body part in MR and CT: one subject, one grid, several modalities.

    `noise` is a fraction of the reference tissue's signal (CT: 400 times as many HU). `domain` is the scanner: b has
    another field strength, more shading, noise and blur, a sharper CT kernel and another tube voltage; it moves no
    truth. A 2D case is cut at the subject's own height unless `height` (mm) is given; volumes are centred on
    `middle`. With `misregistration` (mm, root mean square) a case has three words more: `moving`, the modality of
    that name seen after a smooth and a rigid displacement, `moving_mask`, and `flow` (mm along rows, columns[,
    slices]): fixed(x) = moving(x + flow(x)).
    """

    modalities: ClassVar[tuple[str, ...]]
    painted: ClassVar[tuple[str, ...]]
    field_of_view: float
    heights: ClassVar[tuple[float, float]]
    middle: ClassVar[float] = 0.0
    reference: ClassVar[str] = "fat"
    own: ClassVar[Mapping[str, Tissue]] = {}
    tables: ClassVar[Mapping[str, Mapping[str, float]]] = {}

    def __init__(
        self,
        size: int = 128,
        dims: int = 2,
        spacing: float | None = None,
        prevalence: float = 0.5,
        healthy: bool = False,
        domain: str = "a",
        noise: float = 0.03,
        height: float | None = None,
        misregistration: float = 0.0,
        moving: str = "ct",
        seed: int = 0,
    ):
        super().__init__(size, dims, spacing or self.field_of_view / size, seed, prevalence, healthy)
        if domain not in SCANNERS:
            raise ValueError(f"there is no scanner '{domain}'; there are {', '.join(SCANNERS)}")
        if misregistration and moving not in self.modalities:
            raise ValueError(f"there is no modality '{moving}' to move; there are {', '.join(self.modalities)}")
        self.domain, self.noise, self.height = domain, noise, height
        self.misregistration, self.moving = misregistration, moving

    @abstractmethod
    def paint(self, scene: Scene, sick: bool) -> tuple[dict[str, float], dict[str, Any]]:
        """Paint the anatomy; give the factors, and further words: those in `units` as arrays (x, y, z)."""

    def case(self, subject: int, healthy: bool = False) -> dict[str, Any]:
        """Make one subject, or its healthy twin."""
        return self.everything(subject, healthy)

    def everything(self, subject: int, healthy: bool) -> dict[str, Any]:
        """All that is known of a subject."""
        name = self.named(subject)
        level = self.level(name)
        height = self.centre(name) if self.dims == 3 else level if self.height is None else self.height
        scene = Scene(
            name, self.placed(name, height), self.spacing, self.painted, self.reference, self.domain, self.own,
            self.dims, 0.62 * self.field_of_view, self.tables,
        )  # fmt: skip
        factors, words = self.paint(scene, self.sick(subject, healthy))
        factors["slice"] = level
        made = {word: self.out(image) for word, image in self.see(scene).items()}
        made |= {"mask": self.out(scene.labels), "factors": np.array([factors[k] for k in self.factor_names], "f4")}
        images = self.images()
        made |= {k: self.out(v) if isinstance(v, np.ndarray) and k in images else v for k, v in words.items()}
        return made | (self.moved(name, scene) if self.misregistration else {})

    def level(self, name: tuple[int | str, ...]) -> float:
        """At what height (mm) a 2D case is cut if nothing else is asked for; lesions are found there."""
        return between((*name, "level"), *self.heights)

    def centre(self, name: tuple[int | str, ...]) -> float:
        """At what height (mm) the middle of a volume lies."""
        return self.middle

    def images(self) -> Set[str]:
        """Which of the further words are on the grid."""
        return self.units.keys()

    def placed(self, name: tuple[int | str, ...], height: float) -> Axes:
        """Coordinates (mm) of the voxels."""
        return self.axes(height)

    def see(self, scene: Scene) -> dict[str, Array]:
        """Form the image of every modality."""
        return {word: scene.seen(word, self.noise) for word in self.modalities}

    def moved(self, name: tuple[int | str, ...], scene: Scene) -> dict[str, Any]:
        """The moving image of a pair, its mask, and how to bring it back."""
        way = Displacement.drawn(name, self.laid_axes(scene.axes), self.spacing, self.misregistration)
        clean = self.raised(way.image(self.laid(scene.clean(self.moving))))
        mask = self.raised(way.labels(self.laid(scene.labels)))
        image = scene.seen(self.moving, self.noise, clean, "moving noise")
        return {"moving": self.out(image), "moving_mask": self.out(mask), "flow": way.flow}

    def laid(self, array: Array) -> Array:
        """An array (x, y, z) as (columns, rows, slices) of the image."""
        return array

    def raised(self, array: Array) -> Array:
        """An array (columns, rows, slices) of the image as (x, y, z)."""
        return array

    def laid_axes(self, axes: Axes) -> Axes:
        """Coordinates along the image's columns, rows and slices."""
        return axes


class Diseased(Scanned):
    """A body part that may have a lesion; `contrast` scales how far the lesion lies from its host."""

    def __init__(
        self,
        size: int = 128,
        dims: int = 2,
        spacing: float | None = None,
        prevalence: float = 0.5,
        contrast: float = 1.0,
        healthy: bool = False,
        domain: str = "a",
        noise: float = 0.03,
        height: float | None = None,
        misregistration: float = 0.0,
        moving: str = "ct",
        seed: int = 0,
    ):
        super().__init__(
            size, dims, spacing, prevalence, healthy, domain, noise, height, misregistration, moving, seed
        )  # fmt: skip
        self.contrast = contrast

    def lay_lesion(self, scene: Scene, distance: Array, tissue: str, texture: Array | float = 0.0) -> Array:
        """Paint a lesion as far from its host as `contrast` says; give its share of every voxel, whatever that is."""
        scene.lay(distance, tissue, within=self.contrast, texture=texture)
        share: Array = np.broadcast_to(membership(distance, scene.voxel), scene.image.shape)
        return share

    def spot(self, scene: Scene, share: Array, kind: str, diameter: float) -> tuple[Array, list[dict[str, Any]]]:
        """Label map and table of one lesion whose share of every voxel is given."""
        lesion = np.zeros_like(scene.labels)
        if share.max() <= 0.05:
            return lesion, []
        stamp(lesion, share, 1)
        row = {
            "id": 1, "type": kind, "diameter_mm": float(diameter), "centre_mm": centroid(share, scene.axes),
            "volume_mm3": float(share.sum()) * self.spacing**3,
        }  # fmt: skip
        return lesion, [row]
