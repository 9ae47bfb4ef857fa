"""A trained run that segments, as a function from an image to a label map."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.vocabulary import UserError

Array = NDArray[Any]


def segmentor_of(run: Path, trust: bool = False) -> Callable[[Array], Array]:
    """The newest weights of a run as a segmentor: (C, *S) in physical units to labels (1, *S), as its data write them.

    A run that translates gives its rounded values. Volumes go slice by slice through a run of two dimensions.
    UserError: a run that reads no image, other channels than it was trained on.
    """
    from adversaria.commands.apply import apply_image
    from adversaria.commands.restored import restore
    from adversaria.commands.segmenting import classes_in, word_of
    from adversaria.data.image import Image
    from adversaria.data.named import read_as

    restored = restore(run, trust=trust)
    labels = restored.recipe.labels()
    if labels is None and not {"source", "target"} <= set(restored.recipe.bind):
        raise UserError(f"{restored.recipe.name} makes no map of an image: it cannot segment.", "Give a run that does.")

    bound = restored.recipe.bind[word_of(restored.recipe) if labels is not None else "source"]

    def segment(array: Array) -> Array:
        image = read_as(Image(np.asarray(array, np.float32)), bound)
        if labels is None:
            return np.rint(apply_image(restored, image, "segmentor").array)
        found: Array = labels.scale().inverse(classes_in(restored, image, "segmentor")[0])
        return found

    return segment
