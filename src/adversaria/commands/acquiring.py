"""What a recipe's operators measure: an image, and the raw data that it was reconstructed from."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from adversaria.data.image import Image
from adversaria.data.intensity import Scale
from adversaria.data.named import named
from adversaria.draws import stream
from adversaria.physics import Operator
from adversaria.physics.dose import WATER
from adversaria.vocabulary import UserError


class Acquisition:
    """One draw of an operator on an image: the reconstruction, and beside it the words of the draw as `raw`.

    An operator that has `acquire` gives words (`measurement`, `sampling`, `coils`, ...), and its `inverse` the image,
    as magnitude where it is complex; `raw["complex"]` then holds the complex one. A `target` among the words, the
    image that a perfect reconstruction gives, is kept in the image's unit, its magnitude as `reference`. With `dims` 2
    a volume is measured slice by slice, each with draws of its own. An operator without `acquire` gives an image
    alone. Operators that work in 1/cm take images in HU by way of water's attenuation.
    """

    def __init__(self, operator: Operator, dims: int):
        self.operator, self.dims = operator, dims

    def __call__(self, image: Image, random: np.random.Generator) -> Image:
        """Measure an image of one channel and reconstruct it."""
        name = type(self.operator).__name__
        if image.array.shape[0] != 1 and not self.operator.many_channels:
            raise UserError(f"{name} measures images of one channel, not {len(image.array)}.", "Use grey images.")
        spacing = float(np.mean(image.spacing[:2])) if image.spacing else 1.0
        acquire: Any = getattr(self.operator, "acquire", None)
        if acquire is None:
            measure: Any = self.operator.measure
            tensor = torch.from_numpy(np.ascontiguousarray(image.array))[None]
            return image.like(measure(tensor, spacing, random)[0].numpy())
        slope, offset = self.unit(image.unit)
        sliced = self.dims == 2 and image.array.ndim == 4
        try:
            x = batch_of(image.array, sliced, image.array.shape[-1]) * slope + offset
            words = acquire(x, spacing, random)
            seen = _inverse(self.operator, words)
        except ValueError as error:
            raise UserError(
                f"{name} cannot measure this image: {error}.", "Mend its arguments under acquire."
            ) from None
        raw = {word: array_of(value, sliced) for word, value in words.items()}
        return self.seen(image, seen, raw, slope, offset, sliced)

    def given(self, image: Image) -> Image:
        """Reconstruct an image from the raw data that it brings, real ones."""
        slope, offset = self.unit(image.unit)
        sliced = self.dims == 2 and np.ndim(image.raw["measurement"]) == 4
        words = {w: batch_of(np.asarray(a), sliced, image.array.shape[-1]) for w, a in image.raw.items()}
        try:
            seen = _inverse(self.operator, words)
        except ValueError as error:
            name = type(self.operator).__name__
            raise UserError(f"the raw data do not fit {name}: {error}.", "Mend its arguments under acquire.") from None
        return self.seen(image, seen, image.raw, slope, offset, sliced)

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


def acquired(restored: Any, image: Image, handle: str) -> tuple[Image, list[str]]:
    """What a run starts from, where its recipe binds raw data: those that the image brings, or simulated ones.

    The image is then the word that the recipe measures, as a whole; what was done is told.
    """
    recipe = restored.recipe
    if not recipe.raw():
        return image, []
    name = recipe.bind["source"].rpartition(".")[2]
    base = recipe.bind[recipe.raw()[0]].rpartition(".")[2].partition("/")[0]
    found = {word.rpartition(".")[2]: pair for word, pair in recipe.acquisitions().items()}
    of, operator = found[base]
    if "+" in name or of in found:
        raise UserError(
            f"{recipe.name} starts from several images of a case, or measures what was measured before.",
            "Look at the run's own cases with `adversaria evaluate`.",
        )
    acquisition = Acquisition(operator, recipe.dims())
    if image.raw:
        refuse_fewer_views(image, operator, recipe.name)
        return named({base: acquisition.given(image)}, name), []
    made = acquisition(image, stream("acquire", restored.seed, handle, base))
    told = f"it is taken as a whole image ('{of}'): its raw data are simulated by {type(operator).__name__}"
    return named({base: made}, name), [told]


def refuse_fewer_views(image: Image, operator: Any, name: str) -> None:
    """Refuse a sinogram of fewer views than a run was trained for: its network does not know such streaks."""
    there = len(image.raw.get("angles", ()))
    wanted = len(getattr(operator, "angles", ()))
    if 0 < there < wanted:
        raise UserError(
            f"the scan has {there} views, and {name} was trained for {wanted}.",
            f"Bring all views, or train a run for {there}: --set angles of the operators to {there}.",
        )


def raw_of(recipe: Any, image: Image, scale: Scale) -> dict[str, NDArray[Any]]:
    """The raw words that a recipe binds, of an image that brings them; the measurement is that of the scaled image."""
    found: dict[str, NDArray[Any]] = {}
    for word in recipe.raw():
        if word not in image.raw:
            raise UserError(f"the image brings no '{word}', which {recipe.name} needs.", "Bring its raw data.")
        found[word] = np.asarray(image.raw[word])
    if "measurement" in found:
        base = recipe.bind["measurement"].partition("/")[0]
        _, operator = recipe.acquisitions()[base]
        found["measurement"] = Acquisition(operator, recipe.dims()).scaled(image.raw, scale, image.unit)
    return found
