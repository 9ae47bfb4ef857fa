"""What a run starts from when its recipe binds raw data: those that an image brings, or simulated ones."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.commands.acquiring import Acquisition
from adversaria.data.image import Image
from adversaria.data.intensity import Scale
from adversaria.data.named import named
from adversaria.draws import stream
from adversaria.vocabulary import UserError


def views_are_own(recipe: Any, word: str) -> bool:
    """Whether the measurement of an acquired word is bound and the angles of its views are not."""
    bound = {name.rpartition(".")[2] for name in recipe.bind.values()}
    base = word.rpartition(".")[2]
    return f"{base}/measurement" in bound and f"{base}/angles" not in bound


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
    if "measurement" in image.raw:
        refuse_fewer_views(image, operator, recipe.name)
        # a scan may have more views than were trained with; a network that knows no angles is given those it knows
        own = hasattr(operator, "angles") and views_are_own(recipe, base)
        return named({base: Acquisition(operator, recipe.dims(), own).given(image)}, name), []
    acquisition = Acquisition(operator, recipe.dims())
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
