"""What a recipe's operators measure: an image, and the raw data that it was reconstructed from."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from adversaria.commands.scanners import named_by, on_pixels, refuse_another_scanner, refuse_other_angles, said_of
from adversaria.data.fingerprint import shows_air
from adversaria.data.image import Image
from adversaria.data.intensity import Scale
from adversaria.draws import stream
from adversaria.physics import Operator
from adversaria.physics.dose import WATER
from adversaria.vocabulary import UserError

MEND = (
    "Mend its arguments under acquire, or give the images sides that fit: in a recipe of your own, base: NAME and a "
    "grid, for example grid: !Centred {size: [512, 512]}."
)


class Acquisition:
    """One draw of an operator on an image: the reconstruction, and beside it the words of the draw as `raw`.

    An operator that has `acquire` gives words (`measurement`, `sampling`, `coils`, ...), and its `inverse` the image,
    as magnitude where it is complex; `raw["complex"]` then holds the complex one. A `target` among the words, the
    image that a perfect reconstruction gives, is kept in the image's unit, its magnitude as `reference`. With `dims` 2
    a volume is measured slice by slice, each with draws of its own. An operator without `acquire` gives an image
    alone. Operators that work in 1/cm take images in HU by way of water's attenuation (`in_unit`).

    Of an image that brings its own raw data, an operator that has `subsampled` keeps a part of them. With `own` the
    views of a scan must lie at the operator's own angles: who reads its measurement is not told others.
    """

    def __init__(self, operator: Operator, dims: int, own: bool = False):
        self.operator, self.dims, self.own = operator, dims, own

    def __call__(self, image: Image, random: np.random.Generator) -> Image:
        """Measure an image of one channel, or less of its raw data, and reconstruct it."""
        name = type(self.operator).__name__
        if "measurement" in image.raw and hasattr(self.operator, "subsampled"):
            return self.less(image, random)
        if image.array.shape[0] != 1 and not self.operator.many_channels:
            raise UserError(f"{name} measures images of one channel, not {len(image.array)}.", "Use grey images.")
        image = self.in_unit(image)
        spacing = float(np.mean(image.spacing[:2])) if image.spacing else 1.0
        acquire: Any = getattr(self.operator, "acquire", None)
        if acquire is None:
            try:
                made = self.measured(image.array, spacing, random)
            except ValueError as error:
                raise UserError(f"{name} cannot measure this image: {error}.", MEND) from None
            # a projection has an axis less, and no place of its own
            return image.resampled(made) if made.ndim == image.array.ndim else image.like(made)
        slope, offset = self.unit(image.unit)
        sliced = self.dims == 2 and image.array.ndim == 4
        try:
            x = batch_of(image.array, sliced, image.array.shape[-1]) * slope + offset
            words = acquire(x, spacing, random)
            seen = _inverse(self.operator, words)
        except ValueError as error:
            raise UserError(f"{name} cannot measure this image: {error}.", MEND) from None
        raw = {word: array_of(value, sliced) for word, value in words.items()}
        return self.seen(image, seen, raw, slope, offset, sliced)

    def measured(self, array: NDArray[Any], spacing: float, random: np.random.Generator) -> NDArray[Any]:
        """Measure an array (C, *S) by an operator that gives an image alone."""
        measure: Any = self.operator.measure
        x = torch.from_numpy(np.ascontiguousarray(array))[None]
        if self.dims == 2 and array.ndim == 4 and not self.operator.by_slice:
            return torch.stack([measure(part, spacing, random)[0] for part in x.unbind(-1)], -1).numpy()
        found: NDArray[Any] = measure(x, spacing, random)[0].numpy()
        return found

    def given(self, image: Image) -> Image:
        """Reconstruct an image from the raw data that it brings; of a scan's views, with `own`, from those alone."""
        if self.own:
            return self.less(image, stream("views"))
        refuse_another_scanner(image, self.operator)
        slope, offset = self.unit(image.unit)
        sliced = self.dims == 2 and np.ndim(image.raw["measurement"]) == 4
        words = {w: batch_of(np.asarray(a), sliced, image.array.shape[-1]) for w, a in image.raw.items()}
        try:
            seen = _inverse(self.operator, words)
        except ValueError as error:
            name = type(self.operator).__name__
            raise UserError(f"the raw data do not fit {name}: {error}.", "Mend its arguments under acquire.") from None
        return on_pixels(self.seen(image, seen, image.raw, slope, offset, sliced), self.operator)

    def less(self, image: Image, random: np.random.Generator) -> Image:
        """Keep a part of the raw data that an image brings; the `target` is what all of them reconstruct to."""
        refuse_another_scanner(image, self.operator)
        slope, offset = self.unit(image.unit)
        sliced = self.dims == 2 and np.ndim(image.raw["measurement"]) == 4
        words = {w: batch_of(np.asarray(a), sliced, image.array.shape[-1]) for w, a in image.raw.items()}
        operator: Any = self.operator
        try:
            kept = operator.subsampled(words, random)
            seen = _inverse(operator, kept)
        except ValueError as error:
            raise UserError(
                f"{type(operator).__name__} cannot measure less of {named_by(image)}: {error}.",
                "Mend its arguments under acquire, or bring a scan that has what they ask for.",
            ) from None
        if self.own and "angles" in kept:
            refuse_other_angles(kept["angles"], operator)
        raw = {word: array_of(value, sliced) for word, value in kept.items()}
        found = on_pixels(self.seen(image, seen, raw, slope, offset, sliced), operator)
        return replace(found, warnings=(*found.warnings, *said_of(words, kept)))

    def seen(
        self, image: Image, seen: Tensor, raw: Mapping[str, Any], slope: float, offset: float, sliced: bool
    ) -> Image:
        """Give what was reconstructed, in the image's unit, beside its raw data."""
        kept = dict(raw)
        target = kept.get("target")
        if target is not None:
            kept["target"] = target if np.iscomplexobj(target) else (target - offset) / slope
            kept["reference"] = np.abs(target) if np.iscomplexobj(target) else kept["target"]
        if seen.is_complex():
            kept["complex"], seen = array_of(seen, sliced), seen.abs()
        return replace(image.resampled(array_of((seen - offset) / slope, sliced)), raw=kept)

    def scaled(self, raw: Mapping[str, NDArray[Any]], scale: Scale, unit: str) -> NDArray[Any]:
        """Give the measurement of the image after a linear `scale`: slope y + offset A(1)."""
        to, zero = self.unit(unit)
        slope = (scale.into[1] - scale.into[0]) / (scale.high - scale.low)
        offset = scale.into[0] - slope * scale.low - slope / to * zero
        sliced = self.dims == 2 and np.ndim(raw["measurement"]) == 4
        words = {w: batch_of(np.asarray(a), sliced, np.shape(raw["measurement"])[-1]) for w, a in raw.items()}
        y = words["measurement"] * (slope / to)
        if offset:
            physics = self.operator.of(words)
            y = y + offset * physics.A(torch.ones_like(physics.adjoint(y)))
        return array_of(y, sliced)

    def in_unit(self, image: Image) -> Image:
        """Take a CT without a unit, as NIfTI has them, as HU for its air, where the operator measures attenuation."""
        if getattr(self.operator, "unit", "") != "1/cm" or image.unit != "arbitrary":
            return image
        if shows_air(image.array):
            return replace(image, unit="HU", warnings=(*image.warnings, "it is taken as HU for its air near -1000"))
        if (low := float(image.array.min())) < -1:
            name = type(self.operator).__name__
            raise UserError(
                f"{name} measures attenuation, and this image of no unit goes down to {low:g} without air near -1000.",
                "Bring CT in HU as DICOM, or with air around the patient, or an image in 1/cm.",
            )
        return image

    def unit(self, unit: str) -> tuple[float, float]:
        """What brings an image's unit to the operator's: a factor and an addition."""
        if getattr(self.operator, "unit", "") == "1/cm" and unit == "HU":
            return WATER / 1000, WATER
        return 1.0, 0.0


def _inverse(operator: Any, words: Mapping[str, Tensor]) -> Tensor:
    seen: Tensor = operator.of(words).inverse(words["measurement"])
    return seen


def batch_of(array: NDArray[Any], sliced: bool, slices: int) -> Tensor:
    """Lay the slices of a volume (C, ..., N) along the batch, numbers (M,) being those of each; else a batch of one."""
    tensor = torch.from_numpy(np.ascontiguousarray(array))
    if sliced and array.ndim < 2:
        return tensor.expand(slices, *tensor.shape)
    return tensor.movedim(-1, 0).contiguous() if sliced else tensor[None]


def array_of(batch: Tensor, sliced: bool) -> NDArray[Any]:
    """Give the one case of a batch, or the slices of a volume as the last axis."""
    found: NDArray[Any] = (batch.movedim(0, -1).contiguous() if sliced else batch[0]).numpy()
    return found
