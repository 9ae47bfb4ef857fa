"""Apply a trained run to files or folders, and write the result in the input's own geometry."""

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from adversaria.vocabulary import UserError


def apply(
    run: Path,
    *,
    input: Annotated[Path, Parameter(name=["--input", "-i"])],  # noqa: A002
    output: Annotated[Path, Parameter(name=["--output", "-o"])],
    checkpoint: str = "newest",
    overlap: float | None = None,
    weights: Annotated[list[str] | None, Parameter(negative="")] = None,
    trust: bool = False,
    keep_identity: bool = False,
    quiet: bool = False,
) -> list[Path]:
    """Apply a trained game to an image, a DICOM series, or every image of a folder.

    Geometry and units are kept; what is written carries a mark that it is derived. The same input gives
    the same bytes. A run that segments writes a label map (NIfTI, PNG with a palette, DICOM SEG) and, beside it,
    how sure it is of each voxel (NAME-confidence).

    Parameters
    ----------
    run
        Run folder that `adversaria train` wrote.
    input
        A NIfTI, PNG or TIFF file, a DICOM series folder, or a folder of these.
    output
        A file for one image, else a folder.
    checkpoint
        newest, best, or a number of plays.
    overlap
        Overlap of the blended windows as a fraction; by default the recipe's.
    weights
        NAME=PATH of a pretrained feature network that the recipe names.
    trust
        Allow the run's recipe to name Python files.
    keep_identity
        Keep patient and study identity in DICOM output.
    quiet
        No progress.
    """
    from adversaria.commands.progress import console, progress
    from adversaria.commands.restored import restore
    from adversaria.commands.segmenting import word_of
    from adversaria.data.folders import recognise

    given = {name: Path(path) for name, _, path in (pair.partition("=") for pair in weights or [])}
    restored = restore(run, checkpoint, given, trust)
    if "source" not in restored.recipe.bind:
        raise UserError(f"{restored.recipe.name} makes images from nothing.", "Use `adversaria sample` for it.")
    if not quiet:
        console.print(restored.said, markup=False)
    word = word_of(restored.recipe) if restored.recipe.labels() else "source"
    places = _places(recognise(input), restored.recipe.bind[word], restored.recipe.dims() == 3)
    several = len(places) > 1
    written, heard = [], list[str]()
    with progress("applying", quiet) as tick:
        for number, (place, load) in enumerate(places):
            target = output / _relative(place, input) if several else output
            written.append(apply_file(restored, place, target, overlap, keep_identity, heard.append, load))
            tick(number + 1, len(places))
    if not quiet:
        for text in dict.fromkeys(heard):
            console.print(f"warning: {text}", markup=False)
        place = output if several else written[0]
        console.print(f"wrote {len(written)} of {len(places)} images to {place}", markup=False)
    return written


Load = Callable[[], Any] | None


def _places(found: Any, bound: str, volume: bool) -> list[tuple[Path, Load]]:
    """The images of a folder that are the run's input: all, or those of the word that it was trained on.

    Where the run starts from several images of a case, each place is the first one's, with what loads them joined.
    """
    from adversaria.data.cases import paired, pick_word
    from adversaria.data.named import GREY

    name = bound.rpartition(".")[2]
    if "+" in name:
        if len(found.words) == 1:
            raise UserError(
                f"this run starts from several images of a case ({name}), and there is one kind: {found.describe()}.",
                "Give a folder that holds all of them, in the layout that the run was trained on.",
            )
        parts = [part.partition("/") for part in name.split("+")]
        words = [pick_word(found, base) for base, *_ in parts]
        joined = "+".join(word + slash + part for word, (_, slash, part) in zip(words, parts, strict=True))
        return [(case.paths[0], partial(_loaded, case, joined)) for case in paired(found, words, volume)]
    word = next(iter(found.words)) if len(found.words) == 1 else pick_word(found, name.removesuffix(f"/{GREY}"))
    return [(source.path, None) for source in found.words[word].values()]


def _loaded(case: Any, name: str) -> Any:
    from adversaria.data.named import named

    return named(case.load(), name)


def _relative(place: Path, root: Path) -> Path:
    return place.relative_to(root) if place != root else Path(place.name)


def apply_file(
    restored: Any,
    place: Path,
    target: Path,
    overlap: float | None,
    keep_identity: bool,
    say: Callable[[str], None] = lambda text: None,
    load: Load = None,
) -> Path:
    """Apply a restored run to one image (or what `load` gives) and write the result; tell what the user must know."""
    from adversaria.commands.brought import acquired
    from adversaria.commands.placing import coarser, placed, told
    from adversaria.commands.segmenting import word_of, write_segmentation
    from adversaria.data.named import magnitude, read_as
    from adversaria.data.read import read_image
    from adversaria.data.write import Mark, write_image

    segments = restored.recipe.labels() is not None
    word = word_of(restored.recipe) if segments else "source"
    image = load() if load else read_image(place, require_volume=restored.recipe.dims() == 3)
    own = image = read_as(image, restored.recipe.bind[word])
    simulated = list[str]()
    if restored.recipe.raw():  # what is measured is measured on the recipe's grid, and stays there
        image, simulated = acquired(restored, placed(restored.recipe, image), place.name)
    moved = _moved(own, image) if restored.recipe.raw() else told(restored.recipe, own)
    moved = [] if coarser(restored.recipe) else moved
    outside = [] if segments else _outside(restored, image)
    for text in (
        *image.warnings,
        *moved,
        *simulated,
        *_unlike(restored, image, word),
        *outside,
    ):
        say(f"{place.name}: {text}")
    if segments:
        return write_segmentation(restored, image, target, place.name, overlap, keep_identity)
    made = magnitude(apply_image(restored, image, place.name, overlap))
    mark = Mark(model=restored.identity, run=restored.run.folder.name, kind="derived")
    return write_image(made, target, mark, like=image, keep_identity=keep_identity)


def _moved(own: Any, image: Any) -> list[str]:
    """Say that the result does not lie on the image's own grid, where it is measured on another."""
    if own.array.shape[1:] == image.array.shape[1:]:
        return []
    before, after = (" x ".join(map(str, given.array.shape[1:])) for given in (own, image))
    return [f"the recipe's grid is {after}: the result has that size, not the {before} of the image"]


def _unlike(restored: Any, image: Any, word: str) -> list[str]:
    """Say that an image's unit is not the one that the run was trained on."""
    from adversaria.run import read_json

    unit = read_json(restored.run.data)["units"].get(word, image.unit)
    if unit == image.unit:
        return []
    return [f"its unit is {image.unit}, the run was trained on {unit}: its values are taken as {unit}"]


def _outside(restored: Any, image: Any) -> list[str]:
    """Say how much of an image a fixed window of the recipe cuts off, where that is more than a twentieth."""
    from adversaria.data.intensity import Window

    window = restored.recipe.intensities()["source"]
    share = window.fit(image.array).clipped(image.array) if isinstance(window, Window) else 0.0
    if share <= 0.05:
        return []
    said = f"{share:.0%} of it lies outside the run's window of {window.low:g} to {window.high:g} {image.unit}; there "
    if _shared_window(restored) is not None:
        return [said + "what the window cuts off is carried over from the input"]
    return [said + "the values of the output are clipped and mean nothing"]


def _shared_window(restored: Any) -> Any:
    """The one fixed window of input and output, if the recipe has one: what it cuts off can be carried over."""
    from adversaria.data.intensity import Window

    intensities = restored.recipe.intensities()
    source, target = intensities["source"], intensities.get("target")
    same = isinstance(source, Window) and isinstance(target, Window)
    return source if same and (source.low, source.high) == (target.low, target.high) else None


def apply_image(
    restored: Any, image: Any, handle: str, overlap: float | None = None, scale: Any = None, on_grid: bool = False
) -> Any:
    """Apply a restored run to an image in memory: scaled with its own statistics (or `scale`), and scaled back.

    If the recipe states a grid, the image is placed on it and the result is brought back to the image's own, unless it
    lies `on_grid` already, as what was measured does, or is coarser than what the run gives. Where input and output
    share one fixed window, what it cuts off the input (air, dense bone) is added back. What the recipe binds of an
    acquisition is the image's `raw`.
    """
    from dataclasses import replace

    import numpy as np

    from adversaria.commands.acquiring import batch_of
    from adversaria.commands.brought import raw_of
    from adversaria.commands.placing import coarser, placed, returning
    from adversaria.data.intensity import Following
    from adversaria.tasks.inference import translate

    expected = restored.shapes["source"][0]
    if image.array.shape[0] != expected:
        raise UserError(
            f"the image has {image.array.shape[0]} channels; this run was trained on {expected}.",
            "Convert it, or train on images like it.",
        )
    on_grid = on_grid or coarser(restored.recipe)
    own, image = image, image if on_grid else placed(restored.recipe, image)
    windows = restored.recipe.windows()
    windows = windows if overlap is None else replace(windows, overlap=overlap)
    scale = scale or restored.recipe.intensities()["source"].fit(image.array)
    scaled = scale.forward(image.array)
    sliced = restored.recipe.dims() == 2 and scaled.ndim == 4
    stack = np.moveaxis(scaled, -1, 0) if sliced else scaled[None]
    raw = {w: batch_of(a, sliced, len(stack)).numpy() for w, a in raw_of(restored.recipe, image, scale).items()}
    made = translate(restored.game, stack, windows, handle, restored.seed, raw)
    follows = isinstance(restored.recipe.intensities().get("target"), Following)
    array = (scale if follows else restored.scales["target"]).inverse(made)
    array = np.moveaxis(array, 0, -1) if sliced else array[0]
    array = array if on_grid else returning(restored.recipe, own, "target")(array)
    window = _shared_window(restored)
    if window is not None and array.shape == own.array.shape:
        array = array + (own.array - own.array.clip(window.low, window.high))
    return own.resampled(array, restored.unit)
