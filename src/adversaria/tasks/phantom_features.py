"""Learn the feature network that comes with the package: `python -m adversaria.tasks.phantom_features`."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.data.phantoms import Brain, TorsoCT
from adversaria.draws import stream
from adversaria.metrics.sets.learning import learn_features
from adversaria.metrics.sets.networks import LearnedCNN
from adversaria.metrics.sets.shipped import KINDS, NAME, fingerprint, keep

Array = NDArray[np.floating[Any]]

SIZE = 96
CT = ((-1000.0, 1000.0), (-160.0, 240.0), (-1000.0, 500.0))


def phantom_images(subjects: Sequence[int]) -> tuple[list[Array], list[int]]:
    """Images (1, 96, 96) in [-1, 1] of every kind and the number of their kind, one of each a subject."""
    images, kinds = [], []
    for subject in subjects:
        brain = Brain(size=SIZE).case(subject)
        torso = TorsoCT(size=SIZE, level="any").case(subject)
        random = stream("phantom features", subject)
        for number, kind in enumerate(KINDS):
            part, word = kind.split()
            image = (brain if part == "brain" else torso)[word]
            low, high = CT[int(random.integers(len(CT)))] if word == "ct" else (0.0, _top(image, random))
            images.append(np.clip((image - low) * (2 / (high - low)) - 1, -1, 1).astype(np.float32))
            kinds.append(number)
    return images, kinds


def _top(image: Array, random: np.random.Generator) -> float:
    return float(np.percentile(image, 99.5) * random.uniform(0.9, 1.6))


def accuracy(network: LearnedCNN, images: Sequence[Array], kinds: Sequence[int]) -> float:
    """Share of images whose kind the network tells."""
    found = network.probabilities(images, (-1, 1)).argmax(1)
    return float(np.mean(found == np.array(kinds)))


def main(subjects: int = 120, steps: int = 500) -> None:
    """Learn on phantoms, tell how well it does on others, and write the file of weights."""
    images, kinds = phantom_images(range(700_000, 700_000 + subjects))
    network = learn_features(images, (-1, 1), NAME, {"kind": kinds}, steps)
    keep(network)
    print(f"kinds told on unseen phantoms: {accuracy(network, *phantom_images(range(800_000, 800_020))):.3f}")
    print(f"weights {fingerprint(network)}")


if __name__ == "__main__":
    main()
