"""A work that names parts, judged by the share of parts that it finds at their place (Sekuboyina et al. 2018).

A part is found where the voxel to which the work gives most of the part's probability lies within 20 mm of the part's
true middle and nearer to it than to any other's. Beside it stand the plain twin (the same labeller with the same terms
and optimiser for as many CPU seconds, without energies) and the mean places of the training subjects, which look at no
image.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch import Tensor

from adversaria.draws import Draws
from adversaria.games import Adam, ButterflyGAN
from adversaria.games.butterfly_gan import views
from adversaria.games.game import Game, Play
from adversaria.recipes import Recipe, read_recipe
from adversaria.recipes.yaml import Node
from adversaria.vocabulary import Batch
from benchmarks.translation import Row
from benchmarks.works_rows import Values, row
from benchmarks.works_translation import gathered, optimiser_of, with_twin

VERSION = 1
SUBJECTS = {"train": 24, "validation": 1, "test": 16}
NEAR = 20.0  # mm


class PlainButterfly(ButterflyGAN):
    """The labeller with its terms alone."""

    key = "plain-btrfly"
    players = {"labeller": ("labeller",)}
    optimisers = {"labeller": Adam(1e-3)}

    def play(self, batch: Batch) -> Play:
        """One turn."""
        found = self.labeller(*views(batch["source"]))
        yield "labeller", self.labelled(found, [self.heat(batch["mask"], axis) for axis in (-1, -2)])


@dataclass(frozen=True)
class NamingPlan:
    """How a work that names parts is judged: `spacing` of its reduced phantom (mm) and the number of `parts`."""

    spacing: float
    parts: int

    def version(self) -> int:
        """The version of the way of judging."""
        return VERSION

    def judged(self, key: str, seconds: float) -> Row:
        """Play and judge."""
        with TemporaryDirectory() as folder:
            recipe = read_recipe(key)
            recipe.tree["subjects"] = SUBJECTS
            made, twin = with_twin(recipe, plain(recipe), seconds, Path(folder))
            train, test = (gathered(made.session, part) for part in ("train", "test"))
        usual = torch.stack([middles(mask, self.parts) for mask in train["mask"]]).nanmean(0)
        methods: dict[str, Callable[[Tensor], Tensor]] = {
            "output": lambda image: peaks(made.restored.game, image),
            "the plain twin": lambda image: peaks(twin.restored.game, image),
            "the mean places": lambda image: usual,
        }
        values: Values = {
            name: [
                named(method(image[None]), middles(mask, self.parts), self.spacing)
                for image, mask in zip(test["source"], test["mask"], strict=True)
            ]
            for name, method in methods.items()
        }
        data = f"{SUBJECTS['train']} subjects to train on, {SUBJECTS['test']} others; the twin: {twin.plays} plays"
        purpose = f"parts found within {NEAR:g} mm of their middles and nearest to their own"
        return row(key, purpose, "share of parts", "higher", values, made, data)


def plain(recipe: Recipe) -> Recipe:
    """The twin of a recipe: no energies."""
    train = {**recipe.tree["train"], "optimisers": {"labeller": optimiser_of(recipe, "labeller")}}
    tree = {**recipe.tree, "game": Node("PlainButterfly", recipe.game.arguments), "train": train}
    return Recipe(recipe.name, tree, {**recipe.extra, "PlainButterfly": PlainButterfly})


@torch.no_grad()
def peaks(game: Game, image: Tensor) -> Tensor:
    """Where each part (K, 3) is likeliest, in voxels of an image (1, C, *S)."""
    output = game({"source": image, "draws": Draws(0, 0, range(1))})["output"][0, 1:]
    flat = output.flatten(1).argmax(1)
    return torch.stack(torch.unravel_index(flat, output.shape[1:]), 1).double()


def middles(mask: Tensor, parts: int) -> Tensor:
    """The middle of each part (K, 3) of a label map (1, *S) in voxels; of an absent one, nothing."""
    found = [(mask[0] == k).nonzero().double() for k in range(1, parts + 1)]
    return torch.stack([places.mean(0) for places in found])


def named(found: Tensor, truth: Tensor, spacing: float) -> float:
    """The share of the parts that are there which are found."""
    away = torch.cdist(found, truth.nan_to_num(nan=1e6)) * spacing
    there = truth.isfinite().all(1)
    own = torch.arange(len(truth))
    hit = (away[own, own] <= NEAR) & (away.argmin(1) == own)
    return float(hit[there].double().mean())
