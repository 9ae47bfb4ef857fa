"""Draw images from a synthesis run."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from adversaria.vocabulary import UserError


def sample(
    run: Path,
    *,
    count: Annotated[int, Parameter(name=["--count", "-n"])] = 64,
    output: Annotated[Path, Parameter(name=["--output", "-o"])],
    seed: int = 0,
    checkpoint: str = "newest",
    trust: bool = False,
) -> list[Path]:
    """Draw images from a synthesis run; image k of a seed is always the same.

    Parameters
    ----------
    run
        Run folder that `adversaria train` wrote.
    count
        How many.
    output
        Folder to write into: PNG (16 bits) for 2D, NIfTI for 3D, each marked as synthetic.
    seed
        Seed of the draws.
    checkpoint
        newest, best, or a number of plays.
    trust
        Allow the run's recipe to name Python files.
    """
    import numpy as np

    from adversaria.commands.restored import restore
    from adversaria.data.image import Image, affine_of
    from adversaria.data.write import Mark, write_image
    from adversaria.run import read_json
    from adversaria.tasks.inference import sample as draw
    from adversaria.tasks.pictures import middle, strip

    restored = restore(run, checkpoint, trust=trust)
    if "source" in restored.recipe.bind:
        raise UserError(f"{restored.recipe.name} translates images.", "Use `adversaria apply` for it.")
    if restored.game.given:
        words = ", ".join(restored.game.given)
        raise UserError(
            f"{restored.recipe.name} makes images from {words}, not from nothing.",
            "Its pictures of the validation cases lie in the run's folder.",
        )
    data = read_json(restored.run.data)
    images = restored.scales["image"].inverse(draw(restored.game, range(count), seed))
    mark = Mark(model=restored.identity, run=restored.run.folder.name, kind="synthetic")
    ending = ".png" if images.ndim == 4 else ".nii.gz"
    written = []
    for number, array in enumerate(images):
        spacing = tuple(data["spacing_mm"]) or (1.0,) * (array.ndim - 1)
        affine = affine_of(data.get("axes") or "RAS", spacing)
        image = Image(array=array, affine=affine, spacing=spacing, unit=data["units"]["image"])
        written.append(write_image(image, output / f"sample-{number:05d}{ending}", mark))
    side = int(np.ceil(np.sqrt(min(count, 64))))
    tiles = [middle(image, data.get("axes", "")) for image in images[: side * side]]
    rows = [tiles[i : i + side] for i in range(0, len(tiles) - len(tiles) % side or len(tiles), side)]
    scale = restored.scales["image"]
    strip(
        [r for r in rows if len(r) == len(rows[0])],
        scale.low,
        scale.high,
        output / "grid.png",
        restored.identity,
    )
    return written
