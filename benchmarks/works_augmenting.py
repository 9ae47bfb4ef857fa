"""A work that makes labelled images of another kind, judged by the segmenter that they teach (Chartsias et al. 2017).

Images and label maps are channels of one image. A segmenter is trained on what the work makes of the training subjects
of the source kind, image and map, and tested on real images of the target kind. Beside it stand a segmenter of the
source images themselves, and one of what the supervised twin makes of them: the same generator by the same optimiser,
trained for as long on pairs by pixels alone.
"""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import torch

from adversaria.recipes import read_recipe
from benchmarks.translation import Row
from benchmarks.works_conditional import reader
from benchmarks.works_rows import Values, dices, row
from benchmarks.works_translation import SUBJECTS, applied, gathered, supervised, with_twin

VERSION = 2


@dataclass(frozen=True)
class AugmentingPlan:
    """How a work is judged whose images have a channel first and label numbers 0 to `levels` second."""

    levels: int

    def version(self) -> int:
        """The version of the way of judging."""
        return VERSION

    def judged(self, key: str, seconds: float) -> Row:
        """Play and judge."""
        with TemporaryDirectory() as folder:
            recipe = read_recipe(key)
            recipe.tree["subjects"] = SUBJECTS
            made, twin = with_twin(recipe, supervised(recipe, "generator"), seconds, Path(folder))
            train, test = (gathered(made.session, part) for part in ("train", "test"))
        lessons = {
            "output": applied(made.restored.game, train),
            "the source images": train["source"],
            "the supervised twin": applied(twin.restored.game, train),
            "real": train["target"],
        }
        truth, values = self.labels(test["target"]), Values()
        for name, image in lessons.items():
            read = reader(image[:, :1].clamp(-1, 1), self.labels(image), self.levels)
            values[name] = dices(read(test["target"][:, :1]), truth, range(1, self.levels + 1))
        ceiling = torch.tensor(values.pop("real")).nanmean()
        data = f"{SUBJECTS['train']} of each kind to train on, {SUBJECTS['test']} others; taught by real: {ceiling:.3g}"
        return row(key, "labels of real images, by what made ones teach", "Dice", "higher", values, made, data)

    def labels(self, image: torch.Tensor) -> torch.Tensor:
        """The label map (B, 1, *S) in the second channel."""
        return ((image[:, 1:2] + 1) / 2 * self.levels).round().clamp(0, self.levels)
