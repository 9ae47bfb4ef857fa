"""A trained segmentation game on whole images and volumes: classes and confidence."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from adversaria.games.game import Game
from adversaria.tasks.inference import Array, Windows, translate


def segment(
    game: Game, source: Array, windows: Windows, handle: str, seed: int = 0, word: str = "source"
) -> tuple[NDArray[np.int16], Array]:
    """Segment images (N, C, *S), scaled: the likeliest class of each voxel and its probability, both (N, 1, *S).

    The game's `output` are probabilities of the classes. Those of overlapping windows are blended before the likeliest
    is taken, so there are no seams; they are held in memory for one case.
    """
    found = translate(game, source, windows, handle, seed, word=word)
    return found.argmax(1)[:, None].astype(np.int16), found.max(1)[:, None]


def likeliest(
    probabilities: Array, bring: Callable[[Array], Array] = lambda array: array
) -> tuple[NDArray[np.int16], Array]:
    """The likeliest class of each voxel and its probability (1, *S) of probabilities of classes (K, *S).

    `bring` takes the map (1, *S) of one class to another grid before they are compared: borders between classes then
    lie where the probabilities say, not on the steps of the coarser grid.
    """
    sure = bring(probabilities[:1])
    labels = np.zeros(sure.shape, np.int16)
    for number in range(1, len(probabilities)):
        here = bring(probabilities[number : number + 1])
        labels[here > sure] = number
        sure = np.maximum(sure, here)
    return labels, sure


def mean_dice(found: NDArray[np.int16], truth: NDArray[np.int16], classes: int) -> float:
    """Mean Dice coefficient of the classes above 0 that one of two maps of classes has; 1 if none has any."""
    scores = []
    for number in range(1, classes):
        one, two = found == number, truth == number
        if one.any() or two.any():
            scores.append(2 * float((one & two).sum()) / float(one.sum() + two.sum()))
    return float(np.mean(scores)) if scores else 1.0
