"""What a comparison keeps of a case beside its scores: one slice of every image, and spectra of all its slices."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.metrics.noise import noise_power_spectrum, radial_mean

Array = NDArray[np.float32]
Spectrum = NDArray[np.floating[Any]]
Scaled = Callable[[Array], Array]

MOST_SLICES = 64 * 2**20
MOST_SQUARES = 12
EVEN = 0.03
RINGS = 32


class View:
    """How the images of one case are looked at, the same for every method.

    Of a volume the slice with most of the lesion is kept, else the middle one. The noise power spectrum is taken in
    squares where the reference, smoothed, varies by less than 3 % of the declared range and lies inside it, at most
    twelve a slice, each minus its best plane; the power spectrum of the whole slice in its largest central square
    under a Hann window. Both are averaged over rings of frequency and over the slices of the case. All is taken of
    images as `scaled` brings them to the range, where they are compared so.
    """

    def __init__(
        self, reference: Array, image: Any, data_range: Any, lesion: Array | None = None, scaled: Scaled | None = None
    ):
        self.axes, self.scale = image.axes, scaled
        self.pixel = float(np.mean(image.spacing[:2])) if image.spacing else 0.0
        self.slice = _slice(reference, lesion)
        planes = _planes(self.scaled(reference))
        self.shape = planes[0].shape
        side = min(self.shape)
        self.size = int(np.clip(2 ** round(np.log2(max(side, 1) / 12)), 8, 64)) if side >= 8 else 0
        found = [even_squares(plane, data_range, self.size) if self.size and data_range else [] for plane in planes]
        self.squares = [places[:MOST_SQUARES] for places in found]

    def cut(self, image: Array) -> Array:
        """The slice that is kept of an image."""
        alone = image.ndim == 3 or image.shape[-1] <= self.slice
        return image if alone else image[..., self.slice : self.slice + 1]

    def scaled(self, image: Array) -> Array:
        """An image as it is compared."""
        image = _real(image)
        return self.scale(image) if self.scale else image

    def keep(self, kept: dict[str, Array], name: str, image: Array) -> None:
        """Keep an image's slice, as it is compared, as long as all of them stay small."""
        shown = _real(image) if name.endswith("/lesion") else self.scaled(image)
        keep_slice(kept, name, self.cut(shown), self.axes)

    def measure(self, spectra: dict[str, Spectrum], case: str, name: str, image: Array) -> None:
        """Keep an image's spectra: of noise in even squares, and of whole slices; (2, rings): frequency, power."""
        if image.shape[0] != 1 or not self.size:
            return
        planes = _planes(self.scaled(image))
        if planes[0].shape != self.shape or len(planes) != len(self.squares) or not np.isfinite(image).all():
            return
        spacing = self.pixel or 1.0
        cut = [_without_plane(p[at]) for p, places in zip(planes, self.squares, strict=True) for at in places]
        if cut:
            spectra[f"{case}/{name}/noise"] = np.stack(radial_mean(noise_power_spectrum(cut, spacing), spacing))
        spectra[f"{case}/{name}/image"] = _of_slices(planes, spacing)
        spectra[f"{case}/pixel"] = np.array(self.pixel)


def keep_slice(kept: dict[str, Array], name: str, image: Array, axes: str) -> None:
    """Keep the middle slice of an image, turned as radiologists look at it, as long as all of them stay small."""
    from adversaria.tasks.pictures import middle

    plane = np.asarray(middle(image, axes), np.float32)
    if plane.ndim == 2 and sum(p.nbytes for p in kept.values()) + plane.nbytes <= MOST_SLICES:
        kept[name] = plane


def even_squares(plane: Spectrum, data_range: tuple[float, float], size: int) -> list[tuple[slice, slice]]:
    """Squares of one slice that do not overlap, evenest first: see `View`."""
    from scipy.ndimage import gaussian_filter

    smooth = gaussian_filter(np.asarray(plane, np.float64), 1.5)
    low, high = data_range
    inside = (low + 0.1 * (high - low), high - 0.1 * (high - low))
    found = []
    for row in range(0, plane.shape[0] - size + 1, size // 2):
        for column in range(0, plane.shape[1] - size + 1, size // 2):
            place = (slice(row, row + size), slice(column, column + size))
            square = smooth[place]
            if square.std() < EVEN * (high - low) and inside[0] < square.min() and square.max() < inside[1]:
                found.append((float(square.std()), place))
    chosen: list[tuple[slice, slice]] = []
    taken = np.zeros(plane.shape, bool)
    for _, place in sorted(found, key=lambda pair: pair[0]):
        if not taken[place].any():
            taken[place] = True
            chosen.append(place)
    return chosen


def _real(image: Array) -> Array:
    """The magnitude of a complex image, any other as it is."""
    return np.abs(image).astype(np.float32) if np.iscomplexobj(image) else image


def _planes(image: Array) -> list[Spectrum]:
    """The slices (H, W) of the first channel."""
    return [image[0]] if image.ndim == 3 else [image[0, ..., k] for k in range(image.shape[-1])]


def _slice(reference: Array, lesion: Array | None) -> int:
    if reference.ndim == 3:
        return 0
    if lesion is not None and lesion.shape[1:] == reference.shape[1:] and (lesion > 0).any():
        return int(np.argmax((lesion[0] > 0).sum((0, 1))))
    return reference.shape[-1] // 2


def _without_plane(square: Spectrum) -> Spectrum:
    """A square minus the plane that fits it best."""
    values = np.asarray(square, np.float64)
    rows, columns = (axis.ravel() - axis.mean() for axis in np.indices(values.shape, np.float64))
    flat = values.ravel() - values.mean()
    slopes = ((axis @ flat) / (axis @ axis) for axis in (rows, columns))
    return (flat - sum(axis * slope for axis, slope in zip((rows, columns), slopes, strict=True))).reshape(values.shape)


def _of_slices(planes: list[Spectrum], spacing: float) -> Spectrum:
    """The spectrum of the central squares of slices under a Hann window, in at most 32 rings."""
    side = min(planes[0].shape)
    top, left = ((n - side) // 2 for n in planes[0].shape)
    window = np.hanning(side + 2)[1:-1]
    window = np.outer(window, window) / np.sqrt(np.mean(np.outer(window, window) ** 2))
    cut = [np.asarray(p[top : top + side, left : left + side], np.float64) for p in planes]
    power = noise_power_spectrum([(square - square.mean()) * window for square in cut], spacing)
    frequency, values = radial_mean(power, spacing)
    rings = np.array_split(np.arange(len(values)), min(RINGS, len(values)))
    return np.stack([[frequency[k].mean() for k in rings], [values[k].mean() for k in rings]])
