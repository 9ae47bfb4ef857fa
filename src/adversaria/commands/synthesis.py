"""A synthesis run scored: its samples as a set, beside real images that it never saw."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.commands.scoring import Scored
from adversaria.commands.set_scoring import choose, network_of, rows, score_sets
from adversaria.vocabulary import UserError

Array = NDArray[np.float32]

USUAL = ("fid", "kid", "precision", "recall", "density", "coverage", "memorisation", "js_divergence")
FEWEST_SAMPLES = 64


def score_synthesis(
    restored: Any, session: Any, tick: Callable[[int, int], None] = lambda done, total: None, seed: int = 0
) -> Scored:
    """Compare samples with the test part, and with the training part for memorisation.

    As many samples are drawn as there are test images, and 64 at least. All are compared in the scaled
    intensities that the networks see, at the size that the generator draws; larger real images are cut to
    their middle. Measures are the recipe's measures of sets, or the usual ones where it names none.
    """
    from adversaria.tasks.inference import sample

    part = session.make_part("test")
    references = _images(part)
    training = _images(session.make_part("train"))
    if not references:
        raise UserError("the test part holds no image.", "Bring more images.")
    count = max(FEWEST_SAMPLES, len(references))
    drawn = []
    for slot in range(count):
        drawn.append(sample(restored.game, [slot], seed)[0])
        tick(slot + 1, count)
    shape = drawn[0].shape
    cut = [[_middle(image, shape) for image in images] for images in (references, training)]
    into = restored.scales["image"].into
    _, asked = choose(session.recipe.evaluation().measures)
    chosen = asked or choose(USUAL)[1]
    done = Scored(rule={"range": list(into), "clip": False, "scaled": True, "reference": "test images", "cases": {}})
    words = {"outputs": drawn, "references": cut[0], "training": cut[1]}
    found = score_sets(chosen, words, into, lambda: network_of("phantom-cnn", None, into), done.unmeasured)
    note = f"{count} samples, scaled intensities"
    if references[0].shape != shape:
        sizes = ("x".join(map(str, s[1:])) for s in (references[0].shape, shape))
        note += f", real images of {next(sizes)} cut to {next(sizes)}"
    done.scores = rows(restored.run.folder.name, "samples", found, "", note)
    # how alike two sets of real images are, for a number to compare with
    real = {"outputs": cut[1], "references": cut[0]}
    beside = [metric for metric in chosen if metric.name not in ("memorisation", "data_copying")]
    found = score_sets(beside, real, into, lambda: network_of("phantom-cnn", None, into), {})
    done.scores += rows(restored.run.folder.name, "training images", found, "", "scaled intensities")
    return done


def _images(part: Any) -> list[Array]:
    """The images of a part, slice by slice for a recipe of two dimensions."""
    found = []
    for cases in part.streams.values():
        for case in cases:
            items = case.items(part.slices if case.sliced else None)
            found += [np.asarray(item.words["image"]) for item in items if "image" in item.words]
    return found


def _middle(image: Array, shape: Sequence[int]) -> Array:
    """The middle of an image, of the size of `shape` where it is larger."""
    places = [slice(None)]
    for size, wanted in zip(image.shape[1:], shape[1:], strict=True):
        first = max(0, (size - wanted) // 2)
        places.append(slice(first, first + min(size, wanted)))
    return image[tuple(places)]
