"""Does the adversarial loss on label maps help compact shapes, and vessels not?"""

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import label
from torch import Tensor

from adversaria.claims.experiment import Experiment, Rows, Values
from adversaria.claims.findings import Finding, apart, compared, gains
from adversaria.claims.learning import A_SEED, TESTS, Words, answers, judge, learn, segmenter, subjects, weights
from adversaria.data.intensity import Window
from adversaria.data.phantoms import ChestFilm, Fundus, Phantom
from adversaria.games import AdversarialSegmentation
from adversaria.metrics.overlap import dice

COMPACT, VESSELS = "lungs and heart", "vessels"
ADVERSARIAL, PLAIN = "with the discriminator", "cross entropy alone"
CLASSES = {COMPACT: 4, VESSELS: 2}


@dataclass(frozen=True)
class CompactShapes(Experiment):
    """Lungs and heart on noisy chest films against vessels on noisy fundus photographs."""

    name = "shape-regulator-compact-not-vessels"
    claim = (
        "An adversarial loss on label maps helps compact shapes (lungs, heart) but little for thin, deformable ones "
        "(vessels)."
    )
    works = "Dai et al. 2017b, Son et al. 2017, Yang et al. 2017a"
    how = (
        "Lungs and heart on chest films with few photons, and vessels on noisy fundus photographs, from few "
        "subjects. The game of Luc et al. 2016 (weight 0.1; the discriminator sees map and image) and the plain twin: "
        "the same segmenter, drawn alike, as many plays, cross entropy alone. Connected parts are counted with eight "
        "neighbours."
    )
    measures = {
        "dice": "Dice, mean of the structures; higher is better",
        "parts": "connected parts too many or too few, mean of the structures; lower is better",
    }

    size: int = 96
    trained: int = 16
    tests: int = 32
    plays: int = 300
    batch: int = 4
    width: int = 16
    segmenter_width: int = 8
    weight: float = 0.1
    exposure: float = 0.02
    noise: float = 2.0

    def cells(self) -> list[tuple[str, str]]:
        """Both kinds of shape with both arms."""
        return [(condition, arm) for condition in (COMPACT, VESSELS) for arm in (PLAIN, ADVERSARIAL)]

    def values(self, seed: int, condition: str, arm: str) -> Values:
        """Learn, and segment unseen subjects."""
        train = labelled(self.kind(condition), A_SEED * (1 + seed), self.trained)
        test = labelled(self.kind(condition), TESTS, self.tests)
        weights(self.name, seed, condition)
        game = learn(self.game(condition, arm), [train], self.plays, self.batch, seed)
        return scores(answers(game, {"source": test["source"]}, "mask"), test["mask"], CLASSES[condition])

    def kind(self, condition: str) -> "Labelled":
        """Which images, and how noisy."""
        if condition == COMPACT:
            return Labelled("film", self.size, self.exposure)
        return Labelled("image", self.size, self.noise)

    def game(self, condition: str, arm: str) -> AdversarialSegmentation:
        """The game, or its twin whose discriminator never has a turn."""
        classes, channels = CLASSES[condition], 1 if condition == COMPACT else 3
        networks = segmenter(channels, classes, self.segmenter_width), judge(classes, channels, self.width, layers=3)
        if arm == PLAIN:
            return AdversarialSegmentation(
                *networks, classes=classes, adversarial_weight=0.0, discriminator_every=self.plays + 1
            )
        return AdversarialSegmentation(*networks, classes=classes, adversarial_weight=self.weight)

    def findings(self, rows: Rows) -> list[Finding]:
        """Whether compact shapes gain, and gain more than vessels; what vessels gain stands beside it."""
        of = {
            (c, arm, m): rows.of(c, arm, m)
            for c in (COMPACT, VESSELS) for arm in (PLAIN, ADVERSARIAL) for m in self.measures
        }  # fmt: skip
        gained = {c: gains(of[c, ADVERSARIAL, "dice"], of[c, PLAIN, "dice"]) for c in (COMPACT, VESSELS)}
        found = []
        for c in (COMPACT, VESSELS):
            more, fewer = f"{c}: Dice is higher with the discriminator", f"{c}: fewer wrong connected parts with it"
            judged = c == COMPACT
            found += [
                compared(more, of[c, ADVERSARIAL, "dice"], of[c, PLAIN, "dice"], judged),
                compared(fewer, of[c, PLAIN, "parts"], of[c, ADVERSARIAL, "parts"], judged=False),
            ]
        found += [apart("lungs and heart gain more Dice than vessels", gained[COMPACT], gained[VESSELS])]
        return [finding for finding in found if finding is not None]


@dataclass(frozen=True)
class Labelled:
    """Images of one kind at one size, as noisy as asked for."""

    word: str
    size: int
    noise: float

    def made(self) -> Phantom:
        """The phantom."""
        if self.word == "film":
            return ChestFilm(size=self.size, exposure=self.noise)
        return Fundus(size=self.size, noise=self.noise)


@lru_cache(maxsize=8)
def labelled(kind: Labelled, first: int, count: int) -> Words:
    """Images as `source` and their labels as `mask`."""
    mask = "mask" if kind.word == "film" else "vessels"
    read = {"source": (kind.word, Window(0.0, 1.0)), "mask": (mask, None)}
    return subjects(kind.made(), read, range(first, first + count))


def scores(found: Tensor, truth: Tensor, classes: int) -> Values:
    """Dice and wrong connected parts of every subject."""
    made: Values = {"dice": [], "parts": []}
    for a, b in zip(found.numpy(), truth.numpy(), strict=True):
        made["dice"].append(float(dice(a, b)))
        wrong = [abs(parts(a[0] == k) - parts(b[0] == k)) for k in range(1, classes)]
        made["parts"].append(float(np.mean(wrong)))
    return made


def parts(mask: NDArray[np.bool_]) -> int:
    """How many connected parts a mask has, with eight neighbours."""
    return int(label(mask, np.ones((3, 3)))[1])
