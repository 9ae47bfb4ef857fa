"""Classical methods as rows of the table of scores, each with its strength chosen on validation cases."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from torch import Tensor

from adversaria import classical, physics
from adversaria.commands.acquiring import array_of, batch_of
from adversaria.commands.scoring import Method
from adversaria.data.image import Image, blocks
from adversaria.data.named import bases

VARIATIONS = (3e-4, 1e-3, 3e-3, 1e-2)
STRENGTHS = (0.01, 0.02, 0.04, 0.08)  # of the range of the image


def rivals(session: Any) -> dict[str, Method]:
    """The classical methods for what a recipe acquires, by name: reconstructions need raw data, others the image.

    Total variation and non-local means are given the strength with the least squared error on the validation part.
    """
    found: dict[str, Method] = {}
    base = bases(session.recipe.bind["source"].rpartition(".")[2])[0]
    acquired = {word.rpartition(".")[2]: operator for word, (_, operator) in session.recipe.acquisitions().items()}
    operator = acquired.get(base)
    dims = session.dims
    if isinstance(operator, physics.Downsample) and operator.smaller:
        found["bicubic"] = enlarging(classical.Bicubic(operator.factor), dims)
    elif isinstance(operator, physics.Decimate):
        found["bicubic"] = enlarging(classical.Bicubic(operator.factor, 0), dims)
    elif isinstance(operator, physics.Fourier):
        found["zero-filled"] = reconstructing(classical.ZeroFilled(), operator, dims)
        if isinstance(operator, physics.MultiCoil):
            found["CG-SENSE"] = reconstructing(classical.CGSense(), operator, dims)
        found["total variation"] = chosen(
            {w: reconstructing(classical.TotalVariation(w, 40), operator, dims) for w in VARIATIONS}, session
        )
    elif isinstance(operator, physics.ParallelBeam | physics.FanBeam):
        found["FBP"] = reconstructing(classical.FilteredBackProjection(), operator, dims)
        found["SART"] = reconstructing(classical.SART(), operator, dims)
        found["total variation"] = chosen(
            {w: reconstructing(classical.BeamTotalVariation(w), operator, dims) for w in VARIATIONS}, session
        )
    else:
        found["non-local means"] = chosen({s: smoothing(s) for s in STRENGTHS}, session)
    return found


def reconstructing(method: Callable[..., Tensor], operator: Any, dims: int) -> Method:
    """Reconstruct an image from its raw data; complex ones are given as magnitude, 1/cm in the image's unit."""
    from adversaria.commands.acquiring import Acquisition

    def run(image: Image, handle: str, scale: Any) -> Image:
        raw = image.raw
        sliced = dims == 2 and np.ndim(raw["measurement"]) == 4
        words = {w: batch_of(np.asarray(a), sliced, np.shape(raw["measurement"])[-1]) for w, a in raw.items()}
        seen = method(words["measurement"], operator.of(words))
        slope, offset = Acquisition(operator, dims).unit(image.unit)
        seen = seen.abs() if seen.is_complex() else (seen - offset) / slope
        return image.like(array_of(seen, sliced))

    return run


def smoothing(strength: float) -> Method:
    """Non-local means of every slice, its strength a share of the range between the 1st and 99th percentile."""

    def run(image: Image, handle: str, scale: Any) -> Image:
        low, high = np.percentile(image.array, [1, 99])
        method = classical.NonLocalMeans(strength * max(float(high - low), 1e-6))
        sliced = image.array.ndim == 4
        return image.like(array_of(method(batch_of(image.array, sliced, image.array.shape[-1])), sliced))

    return run


def enlarging(method: classical.Bicubic, dims: int) -> Method:
    """Bicubic interpolation of images that were sampled more coarsely, within their range: no ringing around air."""

    def run(image: Image, handle: str, scale: Any) -> Image:
        sliced = dims == 2 and image.array.ndim == 4
        made = array_of(method(batch_of(image.array, sliced, image.array.shape[-1])), sliced)
        return image.resampled(np.clip(made, image.array.min(), image.array.max()))

    return run


def chosen(methods: Mapping[float, Method], session: Any) -> Method:
    """The method with the least mean squared error on the validation part."""
    from adversaria.data.named import magnitude, named
    from adversaria.data.prepare import measured

    part = session.make_part("validation")
    stream = next(iter(session.plans))
    plan = session.plans[stream]
    errors = dict.fromkeys(methods, 0.0)
    for case in part.cases[stream]:
        images = measured(case, plan)
        if part.slices is not None:
            images = blocks(images, part.slices)
        source = named(images, plan.bind["source"])
        target = magnitude(named(images, plan.bind["target"])).array
        for strength, method in methods.items():
            errors[strength] += float(np.mean(np.square(method(source, case.handle, None).array - target)))
    return methods[min(errors, key=lambda strength: errors[strength])]
