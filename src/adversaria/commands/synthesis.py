"""A synthesis run scored: its samples as a set, beside real images that it never saw."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.commands.scoring import Scored
from adversaria.commands.set_scoring import SET, choose, network_of, rows, score_sets
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
    training = _images(session.make_part("train"), ("image", "unlabelled"))
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
    eyes = partial(network_of, "phantom-cnn", None, into)
    seen: dict[str, Any] = {}
    found = score_sets(chosen, words, into, eyes, done.unmeasured, seen)
    done.features |= {f"samples/{word}": array for word, array in seen.items()}
    note = f"{count} samples, scaled intensities"
    if references[0].shape != shape:
        sizes = ("x".join(map(str, s[1:])) for s in (references[0].shape, shape))
        note += f", real images of {next(sizes)} cut to {next(sizes)}"
    done.scores = rows(restored.run.folder.name, "samples", found, "", note)
    if "label" in session.recipe.bind:
        done.scores += _classified(restored, session, part, shape)
    # how alike two sets of real images are, for a number to compare with
    real = {"outputs": cut[1], "references": cut[0]}
    beside = [metric for metric in chosen if metric.name not in ("memorisation", "data_copying")]
    seen = {}
    found = score_sets(beside, real, into, eyes, {}, seen)
    done.features |= {f"training images/{word}": array for word, array in seen.items()}
    done.scores += rows(restored.run.folder.name, "training images", found, "", "scaled intensities")
    return done


def _classified(restored: Any, session: Any, part: Any, shape: Sequence[int]) -> list[Any]:
    """How well a game that also classifies tells the classes of the test images: none for games that do not."""
    from adversaria.metrics import AUC
    from adversaria.metrics.facts import NotApplicable
    from adversaria.reports import Score
    from adversaria.tasks.inference import classify

    items = [item for item in _items(part) if {"image", "label"} <= set(item.words)]
    posterior = classify(restored.game, [_middle(np.asarray(item.words["image"]), shape) for item in items])
    if posterior is None:
        return []
    truth = np.array([int(item.words["label"]) for item in items])
    found = {"accuracy": float((posterior.argmax(1) == truth).mean())}
    names = session.classes.get("label") or [str(k) for k in range(posterior.shape[1])]
    for number in range(1 if posterior.shape[1] == 2 else 0, posterior.shape[1]):
        try:
            found[f"auc[{names[number]}]"] = AUC(output=posterior[:, number], classes=truth == number)
        except NotApplicable:
            continue
    note = f"{len(items)} labelled test images"
    run = restored.run.folder.name
    return [Score(run, SET, SET, "whole", "posterior", n, value, "", "higher", note) for n, value in found.items()]


def _items(part: Any) -> list[Any]:
    """The items of a part, slice by slice for a recipe of two dimensions."""
    streams = part.streams.values()
    return [item for cases in streams for c in cases for item in c.items(part.slices if c.sliced else None)]


def _images(part: Any, words: Sequence[str] = ("image",)) -> list[Array]:
    """The images of a part, each once, slice by slice for a recipe of two dimensions."""
    found = (np.asarray(item.words[word]) for item in _items(part) for word in words if word in item.words)
    return list({image.tobytes(): image for image in found}.values())


def _middle(image: Array, shape: Sequence[int]) -> Array:
    """The middle of an image, of the size of `shape` where it is larger."""
    places = [slice(None)]
    for size, wanted in zip(image.shape[1:], shape[1:], strict=True):
        first = max(0, (size - wanted) // 2)
        places.append(slice(first, first + min(size, wanted)))
    return image[tuple(places)]
