"""Draw images from a synthesis run."""

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from adversaria.vocabulary import UserError


def sample(
    run: Path,
    *,
    count: Annotated[int, Parameter(name=["--count", "-n"])] = 64,
    output: Annotated[Path, Parameter(name=["--output", "-o"])],
    label: str | None = None,
    mask: Path | None = None,
    like: str | None = None,
    data: Path | None = None,
    seed: int = 0,
    checkpoint: str = "newest",
    weights: Annotated[list[str] | None, Parameter(negative="")] = None,
    trust: bool = False,
) -> list[Path]:
    """Draw images from a synthesis run; image k of a seed is always the same.

    Parameters
    ----------
    run
        Run folder that `adversaria train` wrote.
    count
        How many. A game that makes one image of a mask makes one.
    output
        Folder to write into: PNG for 2D (16 bits, colour 8), NIfTI for 3D, each marked as synthetic.
    label
        The class to make, by the name that the manifest gives it, or by number where it has none. Without it,
        classes are drawn too.
    mask
        A file with the mask (or the image) that a translating run starts from.
    like
        A case of the run's data, such as c0001: its class, mask, or whatever else the run starts from is taken.
    data
        The folder that the run was trained on, for `like`, if not a phantom.
    seed
        Seed of the draws.
    checkpoint
        newest, best, or a number of plays.
    weights
        NAME=PATH of a pretrained feature network that the recipe names.
    trust
        Allow the run's recipe to name Python files.
    """
    from adversaria.commands.conditions import words_of
    from adversaria.commands.restored import restore
    from adversaria.data.write import Mark, write_image

    if count < 1:
        raise UserError(f"{count} images cannot be drawn.", "Ask for one at least.")
    given = {name: Path(path) for name, _, path in (pair.partition("=") for pair in weights or [])}
    restored = restore(run, checkpoint, given, trust)
    scaled = drawn(restored, words_of(restored, label, mask, like, data), count, seed)
    word = "image" if "image" in restored.scales else "target"
    scale = restored.scales[word]
    images = scale.inverse(scaled)
    mark = Mark(model=restored.identity, run=restored.run.folder.name, kind="synthetic")
    ending = ".png" if images.ndim == 4 else ".nii.gz"
    made = [_image(restored, array, word) for array in images]
    written = [write_image(image, output / f"sample-{n:05d}{ending}", mark) for n, image in enumerate(made)]
    _picture(made, scale, output / "grid.png", restored)
    return written


def drawn(restored: Any, words: Any, count: int, seed: int) -> Any:
    """Draw images (N, C, *S), scaled, from these words; one is enough where the game draws nothing."""
    import numpy as np

    from adversaria.tasks.inference import sample as draw
    from adversaria.tasks.inference import translate

    if "source" not in words:
        return draw(restored.game, range(count), seed, _cut(words, restored.recipe.training().patch))
    made: list[Any] = []
    for number in range(count):
        image = translate(restored.game, words["source"][None], restored.recipe.windows(), f"sample {number}", seed)
        made.append(image[0])
        if number == 1 and np.array_equal(made[0], made[1]):
            return made[0][None]
    return np.stack(made)


def _cut(words: Any, patch: tuple[int, ...] | None) -> Any:
    """Cut images to the middle patch, the size that a game which draws was trained on."""
    from adversaria.commands.observing import cropped

    return {w: cropped(array, patch) if array.ndim > 1 and patch else array for w, array in words.items()}


def _image(restored: Any, array: Any, word: str) -> Any:
    """Give a drawn image the unit, the voxels and the axes of the training images."""
    from adversaria.data.image import Image, affine_of
    from adversaria.run import read_json

    facts = read_json(restored.run.data)
    spacing = tuple(facts["spacing_mm"]) or (1.0,) * (array.ndim - 1)
    affine = affine_of(facts.get("axes") or "RAS", spacing)
    return Image(array=array, affine=affine, spacing=spacing, unit=facts["units"][word])


def _picture(images: list[Any], scale: Any, path: Path, restored: Any) -> None:
    """Put the first 64 side by side in a square."""
    import math

    from adversaria.run import read_json
    from adversaria.tasks.pictures import middle, strip

    axes = read_json(restored.run.data).get("axes", "")
    shown = images[:64]
    side = math.ceil(math.sqrt(len(shown)))
    tiles = [middle(image.array, axes) for image in shown]
    blank = tiles[0] * 0 + scale.low
    tiles += [blank] * (-len(tiles) % side)
    strip([tiles[i : i + side] for i in range(0, len(tiles), side)], scale.low, scale.high, path, restored.identity)
