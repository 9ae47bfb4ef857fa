"""Does unpaired translation beat translation learned from misaligned pairs?"""

from dataclasses import dataclass
from functools import lru_cache

import torch

from adversaria.claims.experiment import Experiment, Rows, Values
from adversaria.claims.findings import Finding, compared
from adversaria.claims.learning import A_SEED, TESTS, Words, answers, judge, learn, subjects, translator, weights
from adversaria.data.intensity import Percentile, Window
from adversaria.data.phantoms import Brain
from adversaria.games import CycleGAN, Game, Pix2Pix

LOW, HIGH = -600.0, 1400.0
EXACT = "0 px"
PAIRED, UNPAIRED, MEAN = "pix2pix on the pairs", "CycleGAN without pairs", "mean of the training CTs"


@dataclass(frozen=True)
class MisalignedPairs(Experiment):
    """T1 to CT of the brain; training pairs are moved by 0 to 8 pixels (root mean square), test pairs are exact."""

    name = "unpaired-beats-misaligned-pairs"
    claim = (
        "With pairs that are only roughly registered, a cycle model trained without pairs gives a truer CT from MR "
        "than the same generator trained on the pairs."
    )
    works = "Wolterink et al. 2017a"
    how = (
        "Brain phantom, T1 to CT. The CT of each training pair is seen after a displacement of its own, half rigid and "
        "half a smooth warp, of 0, 2, 4 or 8 pixels (root mean square over the image); test pairs are exact. pix2pix "
        "learns from the pairs. CycleGAN has the same generator and the same subjects, each stream in an order of its "
        "own, and more plays, since it starts from less; it sees no pairs, so it learns once, from the CTs as they "
        "were before they were moved. Beside them the mean of these CTs, which looks at no MR: what does not beat it "
        "has not learned to translate."
    )
    measures = {"mae": "mean absolute error, HU, whole image; lower is better"}

    size: int = 64
    trained: int = 64
    tests: int = 24
    warps: tuple[int, ...] = (0, 2, 4, 8)
    plays: int = 1200
    unpaired_plays: int = 8000
    batch: int = 1
    width: int = 16

    def cells(self) -> list[tuple[str, str]]:
        """What needs no pairs, and the pairs at each warp."""
        return [(EXACT, MEAN), (EXACT, UNPAIRED), *((f"{warp} px", PAIRED) for warp in self.warps)]

    def values(self, seed: int, condition: str, arm: str) -> Values:
        """Learn, and measure on exact pairs."""
        pairs = pairs_of(self.size, self.trained, seed, int(condition.split()[0]))
        test = tests(self.size, self.tests)
        made = pairs["target"].mean(0).expand_as(test["target"])
        if arm != MEAN:
            weights(self.name, seed)
            if arm == PAIRED:
                game: Game = learn(self.paired(), [pairs], self.plays, self.batch, seed)
            else:
                # the two kinds come in orders of their own
                streams = [{word: tensor} for word, tensor in pairs.items()]
                game = learn(self.unpaired(), streams, self.unpaired_plays, self.batch, seed)
            made = answers(game, {"source": test["source"]})
        error = (made - test["target"]).abs().flatten(1).mean(1) * (HIGH - LOW) / 2
        return {"mae": error.tolist()}

    def paired(self) -> Pix2Pix:
        """The game that learns from pairs."""
        return Pix2Pix(translator(self.width), judge(1, 1, self.width))

    def unpaired(self) -> CycleGAN:
        """The game that learns without them; its first generator is drawn like that of the other."""
        shape = (1, self.size, self.size)
        forth, back = translator(self.width), translator(self.width)
        return CycleGAN(forth, back, judge(1, 0, self.width), judge(1, 0, self.width), shape, shape)

    def findings(self, rows: Rows) -> list[Finding]:
        """Whether the unpaired model is better, at every warp; it must have learned more than the mean CT."""
        unpaired, mean = rows.of(EXACT, UNPAIRED, "mae"), rows.of(EXACT, MEAN, "mae")
        found = [compared("CycleGAN is better than the mean CT (HU)", mean, unpaired, judged=False, needed=True)]
        for warp in self.warps:
            paired = rows.of(f"{warp} px", PAIRED, "mae")
            said = f"CycleGAN has a smaller error than pix2pix on pairs moved by {warp} px (HU)"
            found += [compared(said, paired, unpaired, judged=warp > 0)]
        return [finding for finding in found if finding is not None]


@lru_cache(maxsize=1)
def pairs_of(size: int, count: int, seed: int, warp: int) -> Words:
    """Training pairs whose CT is moved by so many pixels."""
    phantom = Brain(size=size, misregistration=warp * 210.0 / size)
    first = A_SEED * (1 + seed)
    read = {"source": ("t1", Percentile()), "target": ("moving" if warp else "ct", Window(LOW, HIGH))}
    return subjects(phantom, read, range(first, first + count))


@lru_cache(maxsize=2)
def tests(size: int, count: int) -> Words:
    """Exact pairs of subjects that nobody has seen."""
    read = {"source": ("t1", Percentile()), "target": ("ct", Window(LOW, HIGH))}
    return {w: t.to(torch.float32) for w, t in subjects(Brain(size=size), read, range(TESTS, TESTS + count)).items()}
