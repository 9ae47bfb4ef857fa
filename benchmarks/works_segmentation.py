"""The works of Table 8, each at its purpose: label maps of unseen subjects.

A row holds the mean Dice coefficient with a t interval over test subjects, each the mean over the classes that the
subject or its map has: of the method, of the plain twin (the same segmenter with the same terms and the same optimiser
for as many CPU seconds, without discriminator, energy or perturbation; where a method adapts, without adaptation;
cross entropy where a method has no terms of its own) and of the
commonest label of each voxel in the training maps. `better by` are paired differences; a row beats its baselines only
where both intervals lie above zero.
"""

from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from adversaria.commands.segmenting import score_segmentation, truth_of
from adversaria.data.labels import label_map
from adversaria.data.prepare import measured
from adversaria.games import Adam, CascadeSegmentation, Game
from adversaria.games.adversarial_segmentation import finest
from adversaria.games.game import Play
from adversaria.losses import LabelCrossEntropy, Terms, Weighted
from adversaria.recipes import Recipe, read_recipe
from adversaria.recipes.yaml import Node
from adversaria.tasks.segment import mean_dice
from adversaria.vocabulary import Batch
from benchmarks.translation import Row
from benchmarks.works_naming import NamingPlan
from benchmarks.works_rows import Values, row
from benchmarks.works_translation import Played, optimiser_of, with_twin

VERSION = 2
# played for longer; named before any of them was run
LONG = ("xue-2018", "son-2017", "dai-2017b", "moeskops-2017", "dou-2018-ct", "zhang-2017c")
SUBJECTS = {"train": 24, "validation": 1, "test": 16}
OURS, TWIN, TRIVIAL = "output", "the plain twin", "the commonest label of each voxel"
_SEGMENTERS = ("segmenter", "network", "first", "early", "late")


class Plain(Game):
    """A segmenter, whole or in two parts, that learns `mask` from `source` by its terms alone."""

    key = "plain-segmentation"
    segments = True
    players = {"segmenter": ("segmenter", "late")}
    optimisers = {"segmenter": Adam(5e-4, (0.5, 0.999))}

    def __init__(
        self,
        segmenter: nn.Module,
        late: nn.Module | None = None,
        classes: int = 2,
        terms: Terms = Terms({"cross_entropy": Weighted(LabelCrossEntropy(), 1.0)}),
    ):
        super().__init__()
        self.segmenter, self.late, self.classes, self.terms = segmenter, late or nn.Identity(), classes, terms

    @classmethod
    def wiring(cls, classes: int = 2, late: Any = None) -> dict[str, dict[str, str | int]]:
        """The segmenter gives a map for each class."""
        whole = {"segmenter": {"in_channels": "source", "out_channels": classes, "size": "source"}}
        return whole if late is None else {**whole, "late": {"out_channels": classes}}

    def logits(self, image: Tensor) -> Any:
        """What the segmenter gives for its terms."""
        found = self.late(self.segmenter(image))
        if isinstance(found, dict):
            return found["mask"]
        return found[-1] if not isinstance(self.late, nn.Identity) else found

    def play(self, batch: Batch) -> Play:
        """One turn."""
        yield "segmenter", self.terms(batch, output=self.logits(batch["source"]))

    def forward(self, batch: Batch) -> Batch:
        """Segment `unlabelled`, else `source`."""
        image = batch["unlabelled"] if "unlabelled" in batch else batch["source"]
        found = torch.softmax(finest(self.logits(image)), 1)
        return {"output": found, "mask": found.argmax(1, keepdim=True)}


class PlainCascade(CascadeSegmentation):
    """Two segmenters in series that learn by their terms alone."""

    key = "plain-cascade"
    players = {"segmenters": ("first", "second")}
    optimisers = {"segmenters": Adam(5e-4, (0.5, 0.999))}

    def play(self, batch: Batch) -> Play:
        """One turn."""
        first, second = self.stages(batch["source"])
        region = self.terms(batch, "first_", output=first, mask=batch["mask"].clamp_max(1))
        yield "segmenters", {**region, **self.terms(batch, "second_", output=second)}


@dataclass(frozen=True)
class SegmentationPlan:
    """How a work of Table 8 is judged: changes of its recipe, and the game of its twin where it is not `Plain`."""

    changes: tuple[str, ...] = ()
    twin: tuple[type[Game], ...] = ()

    def version(self) -> int:
        """The version of the way of judging."""
        return VERSION

    def judged(self, key: str, seconds: float) -> Row:
        """Play and judge."""
        with TemporaryDirectory() as folder:
            recipe = read_recipe(key, self.changes)
            recipe.tree["subjects"] = SUBJECTS
            twin = plain(recipe, *self.twin)
            made, other = with_twin(recipe, twin, seconds, Path(folder))
            found = {OURS: scores(made), TWIN: scores(other), TRIVIAL: commonest(made)}
        shown = [case for case in found[OURS] if all(case in values for values in found.values())]
        values: Values = {name: [of[case] for case in shown] for name, of in found.items()}
        data = f"{SUBJECTS['train']} subjects to train on, {len(shown)} others; the twin: {other.plays} plays"
        return row(key, "label maps of unseen subjects", "Dice", "higher", values, made, data)


def plain(recipe: Recipe, kind: type[Game] = Plain) -> Recipe:
    """The twin of a recipe: its segmenter, or both, with its terms and optimiser, and nobody else."""
    node = recipe.game
    network = next(name for name in _SEGMENTERS if name in node.arguments)
    arguments = node.arguments
    if kind is Plain:
        kept = {name: arguments[name] for name in (*_SEGMENTERS, "classes", "terms") if name in arguments}
        arguments = {"segmenter" if name in ("network", "early") else name: part for name, part in kept.items()}
        if not arguments.get("terms", True):
            del arguments["terms"]
    train = {k: v for k, v in recipe.tree["train"].items() if k != "average"}
    train["optimisers"] = {next(iter(kind.players)): optimiser_of(recipe, network)}
    tree = {**recipe.tree, "game": Node(kind.__name__, arguments), "train": train}
    return Recipe(recipe.name, tree, {**recipe.extra, kind.__name__: kind})


def scores(made: Played) -> dict[str, float]:
    """The Dice coefficient of each test case that has one."""
    done = score_segmentation(made.restored, made.session)
    wanted = [s for s in done.scores if s.measure == "dice"] or [s for s in done.scores if s.measure[:5] == "dice "]
    return {score.case: score.value for score in wanted}


def commonest(made: Played) -> dict[str, float]:
    """The Dice coefficient of the commonest label of each voxel of the training maps."""
    recipe = made.restored.recipe
    place, _, word = truth_of(recipe).rpartition(".")
    rule, plan = recipe.labels(), made.session.plans[place]

    def maps(part: str) -> dict[str, Any]:
        cases = made.session.make_part(part).cases[place]
        read = {case.handle: label_map(measured(case, plan)[word]).array for case in cases}
        return {handle: rule.fit(array).forward(array).astype(np.int16) for handle, array in read.items()}

    train = np.stack(list(maps("train").values()))
    usual = np.stack([(train == k).sum(0) for k in range(rule.classes)]).argmax(0).astype(np.int16)
    return {handle: mean_dice(usual, truth, rule.classes) for handle, truth in maps("test").items()}


PLANS: dict[str, SegmentationPlan | NamingPlan] = {
    **{
        key: SegmentationPlan()
        for key in (
            "yang-2017a", "xue-2018", "rezaei-2017", "li-2017", "moeskops-2017",
            "kohl-2017", "huo-2018a", "kamnitsas-2017", "dou-2018-mr", "xu-2018", "han-2018b",
            "son-2017", "zhang-2017c", "shankaranarayana-2017", "dai-2017b", "wang-2017a", "li-shen-2018",
            "izadi-2018", "zhu-2017b", "tuysuzoglu-2018", "zhao-2018",
        )
    },
    # phases that count plays: these fit the budget
    "rezaei-2018a-ct": SegmentationPlan(changes=("game.first_plays=430",)),
    "rezaei-2018a-mr": SegmentationPlan(changes=("game.first_plays=420", "train.optimisers.refiner.lr=5e-3")),
    "dou-2018-ct": SegmentationPlan(changes=("game.first_plays=3000", "game.critic_plays=300")),
    "sekuboyina-2018": NamingPlan(spacing=700 / 64, parts=24),
    "rezaei-2018b": SegmentationPlan(twin=(PlainCascade,)),
}  # fmt: skip
