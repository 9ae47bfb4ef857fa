"""A trained run that segments, as a function from an image to a label map."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.vocabulary import UserError

Array = NDArray[Any]


def segmentor_of(run: Path, trust: bool = False) -> Callable[[Array], Array]:
    """The newest weights of a run as a segmentor: (C, *S) in physical units to labels (1, *S).

    A run with a map for each class gives the likeliest; one with a single channel its rounded values, in the unit of
    its target. Volumes go slice by slice through a run of two dimensions. UserError: a run that reads no image.
    """
    from adversaria.commands.restored import restore
    from adversaria.tasks.inference import translate

    restored = restore(run, trust=trust)
    if "source" not in restored.recipe.bind:
        raise UserError(f"{restored.recipe.name} reads no image: it cannot segment.", "Give a run that segments.")
    expected = restored.shapes["source"][0]

    def segment(image: Array) -> Array:
        if len(image) != expected:
            raise UserError(
                f"the segmentor was trained on {expected} channels, and the image has {len(image)}.",
                "Give images like those it was trained on.",
            )
        array = np.asarray(image, np.float32)
        scaled = restored.recipe.intensities()["source"].fit(array).forward(array)
        sliced = restored.recipe.dims() == 2 and scaled.ndim == 4
        stack = np.moveaxis(scaled, -1, 0) if sliced else scaled[None]
        made = translate(restored.game, stack, restored.recipe.windows(), "segmentor", restored.seed)
        labels = made.argmax(1)[:, None] if made.shape[1] > 1 else np.rint(_values(restored, made))
        return np.moveaxis(labels, 0, -1) if sliced else labels[0]

    return segment


def _values(restored: Any, made: Array) -> Array:
    scale = restored.scales.get("target") or restored.scales.get("mask")
    return made if scale is None else scale.inverse(made)
