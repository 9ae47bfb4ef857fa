"""A recipe: a published work, or a user's own, as data.

`acquire` maps a new word to an operator with `of`, the word that it measures:
`quarter_dose: !LowDoseCT {of: full_dose, fraction: 0.25}`. Parts of the same draw are bound beside it, and several
images are joined to the channels of one: `bind: {source: low+t1, measurement: low/measurement, target: t2}`. Unpaired
streams prefix their words: `bind: {source: a.low, target: b.ct}`. A picture in colour, or stored as such, is bound as
one channel by `film/grey`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from adversaria.data.each import Each
from adversaria.data.feed import Sampling, Uniform
from adversaria.data.grid import Grid
from adversaria.data.intensity import Following, Intensity, Shared, Window
from adversaria.data.labels import Labels
from adversaria.data.named import GREY, is_raw
from adversaria.data.phantoms.phantom import Phantom
from adversaria.engine.optimising import Constant, Schedule
from adversaria.games.optimisers import Optimiser
from adversaria.physics import Operator
from adversaria.recipes.construct import Builder
from adversaria.recipes.names import fit, member, near, parameters
from adversaria.recipes.yaml import Node, write
from adversaria.tasks.inference import Windows
from adversaria.vocabulary import RAW, WORDS, UserError

KEYS = (
    "base", "work", "seed", "data", "phantom", "subjects", "grid", "acquire", "bind", "intensity", "game", "train",
    "stages", "apply", "evaluate", "reduced", "reported", "assumed", "departs", "applied",
)  # fmt: skip
TRAIN = ("plays", "batch", "batches", "patch", "optimisers", "schedule", "average", "sampling")
EVALUATE = ("range", "clip", "scaled", "measures", "truth", "lesion", "display")
SUBJECTS = {"train": 40, "validation": 4, "test": 12}


@dataclass(frozen=True)
class TrainingFacts:
    """How a recipe is trained."""

    plays: int = 10_000
    batch: int = 1
    patch: tuple[int, ...] | None = None
    batches: Mapping[str, int] = field(default_factory=dict)
    optimisers: Mapping[str, Optimiser] = field(default_factory=dict)
    schedule: Schedule = field(default_factory=Constant)
    average: Mapping[str, float] = field(default_factory=dict)
    sampling: Sampling = field(default_factory=Uniform)

    def sampling_for(self, stream: str) -> Sampling:
        """How patches of a stream are placed."""
        return self.sampling


@dataclass(frozen=True)
class EvaluationFacts:
    """How a recipe is measured: the declared range (low, high), measures, words of truth and lesions.

    With `clip` all images are clipped to the range before they are compared. With `scaled` each image is
    first brought to the target's intensity rule by its own statistics, for images of arbitrary unit; where the
    target is `Shared`, all by the truth's, since input, output and truth have one unit.
    """

    range: tuple[float, float]
    measures: tuple[str, ...] = ("psnr", "ssim", "mae")
    truth: str | None = None
    lesion: str | None = None
    clip: bool = False
    scaled: bool = False
    display: tuple[float, float] | None = None


@dataclass
class Recipe:
    """A recipe as read: `tree` holds plain values and nodes; `earlier` the stages that are played before it."""

    name: str
    tree: dict[str, Any]
    extra: dict[str, type] = field(default_factory=dict)
    applied: list[str] = field(default_factory=list)
    earlier: list["Recipe"] = field(default_factory=list)

    @property
    def game(self) -> Node:
        """The node of the game."""
        node = self.tree.get("game")
        if not isinstance(node, Node):
            raise UserError(f"{self.name} names no game.", "Write game: !Pix2Pix and its arguments.")
        return node

    @property
    def bind(self) -> dict[str, str]:
        """Which word of the data each word of the batch is."""
        return dict(self.tree.get("bind", {}))

    def training(self) -> TrainingFacts:
        """Build what stands under `train`."""
        stated = dict(self.tree.get("train", {}))
        for name, part in (("schedule", Schedule), ("sampling", Sampling)):
            if name in stated:
                stated[name] = self._made(stated[name], part, f"train.{name}")
        if "optimisers" in stated:
            stated["optimisers"] = self._optimisers(stated["optimisers"])
        for name, kind in (("plays", int), ("batch", int), ("patch", tuple[int, ...] | None)):
            if name in stated:
                stated[name] = fit(stated[name], kind, f"{self.name}: train.{name}")
        facts = TrainingFacts(**stated)
        if facts.plays < 1 or facts.batch < 1 or (facts.patch and min(facts.patch) < 1):
            raise UserError(f"{self.name}: plays, batch and patch must be positive.", "Mend them under train.")
        return facts

    def _made(self, value: Any, kind: Any, where: str) -> Any:
        if not isinstance(value, Node):
            raise UserError(f"{self.name}: {where} is not a tag.", "Write a member, for example !LinearDecay {}.")
        return Builder(extra=self.extra).make(value, kind, f"{self.name}: {where}")

    def _optimisers(self, stated: Any) -> dict[str, Optimiser]:
        """Build each player's optimiser; plain values change single settings of the game's own."""
        where = "train.optimisers"
        if not isinstance(stated, dict):
            raise UserError(f"{self.name}: {where} is not a mapping.", "Write generator: !Adam {lr: 2e-4}.")
        game = member(self.game, self.name, self.extra)
        made: dict[str, Optimiser] = {}
        for player, value in stated.items():
            own = getattr(game, "optimisers", {}).get(player)
            if isinstance(value, dict):
                if own is None:
                    players = getattr(game, "players", {})
                    raise UserError(
                        f"{self.name}: no player is called '{player}'.",
                        near(player, players) or f"Its players are {', '.join(players)}.",
                    )
                given = Builder().arguments(type(own), value, f"{self.name}: {where}.{player}", {})
                made[player] = replace(own, **given)
            else:
                made[player] = self._made(value, Optimiser, f"{where}.{player}")
        return made

    def evaluation(self) -> EvaluationFacts:
        """Build what stands under `evaluate`; the range is declared, or that of the target's window."""
        stated = dict(self.tree.get("evaluate", {}))
        for name in ("range", "display"):
            if name in stated:
                stated[name] = fit(stated[name], tuple[float, float], f"{self.name}: evaluate.{name}")
        if "measures" in stated:
            stated["measures"] = tuple(stated["measures"])
        elif self.labels() is not None:
            stated["measures"] = ("dice", "assd")
        if "range" not in stated:
            scale = self.intensities().get("target")
            low, high = getattr(scale, "low", 0.0), getattr(scale, "high", 1.0)
            stated["range"] = (float(low), float(high))
        return EvaluationFacts(**stated)

    def dims(self) -> int:
        """2 or 3: the length of the patch, or the phantom's."""
        patch = self.tree.get("train", {}).get("patch")
        if isinstance(patch, list | tuple):
            if len(patch) not in (2, 3):
                raise UserError(f"{self.name}: a patch has 2 or 3 sides.", "Write patch: [64, 64].")
            return len(patch)
        for node in self._phantom_nodes().values():
            return int(node.arguments.get("dims", 2))
        return 2

    def streams(self) -> list[str]:
        """The prefixes of the bound words: one empty name for a single stream."""
        return list(dict.fromkeys(name.rpartition(".")[0] for name in self.bind.values())) or [""]

    def subjects(self) -> dict[str, int]:
        """How many phantom subjects each part has."""
        return {**SUBJECTS, **self.tree.get("subjects", {})}

    def _phantom_nodes(self) -> dict[str, Node]:
        found = self.tree.get("phantom")
        if isinstance(found, Node):
            return dict.fromkeys(self.streams(), found)
        return dict(found or {})

    def phantoms(self) -> dict[str, Phantom]:
        """Build the phantom of each stream."""
        made = {}
        for stream, node in self._phantom_nodes().items():
            made[stream] = Builder(extra=self.extra).make(node, Phantom, f"{self.name}: phantom")
        if not made:
            raise UserError(f"{self.name} has no phantom.", "Give it data: --data DIR.")
        return made

    def acquisitions(self) -> dict[str, tuple[str, Operator]]:
        """Build the operators: new word to (word that is measured, operator)."""
        made = {}
        for word, node in self.tree.get("acquire", {}).items():
            where = f"{self.name}: acquire.{word}"
            if not isinstance(node, Node) or not isinstance(node.arguments.get("of"), str):
                raise UserError(f"{where} is not an operator.", "Write !LowDoseCT {of: ct, fraction: 0.25}.")
            if "/" in word or "+" in word:
                raise UserError(f"{where}: a word holds no / and no +.", "They name parts of an acquisition in bind.")
            arguments = {k: v for k, v in node.arguments.items() if k != "of"}
            operator = Builder(extra=self.extra).make(Node(node.tag, arguments, node.line), Operator, where)
            made[word] = (node.arguments["of"], operator)
        return made

    def intensities(self) -> dict[str, Intensity]:
        """Build the scaling of each word of the batch."""
        stated = self.tree.get("intensity", {})
        made: dict[str, Any] = {
            word: self._rule(node, f"{self.name}: intensity.{word}") for word, node in stated.items()
        }
        for word, rule in list(made.items()):
            if isinstance(rule, Shared):
                made[word] = self._following(word, rule, made)
        images = [word for word in self.bind if word not in RAW and "S" in WORDS[word].shape.split()]
        missing = [word for word in images if word not in made]
        if missing:
            raise UserError(f"{self.name}: '{missing[0]}' has no intensity.", "Write !Window {low: ..., high: ...}.")
        return made

    def _rule(self, node: Any, where: str) -> Any:
        """Build one rule, or one for each of the images that are joined to a word."""
        if isinstance(node, list):
            return Each(tuple(self._rule(part, where) for part in node))
        return Builder(extra=self.extra).make(node, Intensity | Shared, where)

    def _following(self, word: str, rule: Shared, made: Mapping[str, Any]) -> Any:
        other = made.get(rule.word)
        if other is None or isinstance(other, Shared | Following):
            raise UserError(
                f"{self.name}: intensity.{word} takes the scale of '{rule.word}', which has none of its own.",
                "Write a rule for that word, for example !Peak {}.",
            )
        # a window is the same for every case: nothing has to be followed
        return other if isinstance(other, Window) else Following(rule.word, other)

    def raw(self) -> list[str]:
        """The bound words that belong to the acquisition of a whole image."""
        return [word for word, name in self.bind.items() if is_raw(name)]

    def labels(self) -> Labels | None:
        """The classes of `mask` where the game segments and the intensity of `mask` is a label map's; else None."""
        node = self.tree.get("intensity", {}).get("mask") if "mask" in self.bind else None
        if not isinstance(node, Node) or node.tag != "Labels":
            return None
        if not getattr(member(self.game, self.name, self.extra), "segments", False):
            return None
        made: Labels = Builder(extra=self.extra).make(node, Labels, f"{self.name}: intensity.mask")
        return made

    def grid(self) -> Grid | None:
        """Build the grid that every image is put on, if the recipe states one."""
        node = self.tree.get("grid")
        return None if node is None else self._made(node, Grid, "grid")

    def windows(self) -> Windows:
        """How images are cut when the game is applied."""
        stated = dict(self.tree.get("apply", {}))
        size = stated.pop("window", "whole" if self.raw() else self.training().patch)
        return Windows(None if size == "whole" else tuple(size) if size else None, **stated)

    def reductions(self) -> list[str]:
        """What was changed from the published size, in words."""
        return list(self.applied or self.tree.get("applied", []))

    def describe(self, keys: Sequence[str]) -> str:
        """Name the parts of the recipe that prepared data depend on."""
        return write({key: self.tree[key] for key in keys if key in self.tree})

    def resolved(self) -> str:
        """The recipe fully written out, with every default, as YAML."""
        from adversaria.recipes.resolve import resolved

        return resolved(self)


def check(recipe: Recipe) -> None:
    """Check keys, words and parts without building networks."""
    for place, known in (
        (recipe.tree, KEYS),
        (recipe.tree.get("train", {}), TRAIN),
        (recipe.tree.get("evaluate", {}), EVALUATE),
    ):
        if not isinstance(place, dict):
            raise UserError(f"{recipe.name}: a mapping is expected.", "Write key: value.")
        for key in place:
            if key not in known:
                raise UserError(
                    f"{recipe.name}: unknown key '{key}'.", near(key, known) or f"Keys: {', '.join(known)}."
                )
    for word in recipe.bind:
        if word not in WORDS:
            raise UserError(f"{recipe.name}: '{word}' is not a word of a batch.", near(word, WORDS) or "See bind.")
    recipe.training(), recipe.evaluation(), recipe.windows(), recipe.grid()
    acquired = {name.rpartition(".")[2] for name in recipe.acquisitions()}
    for word, name in recipe.bind.items():
        base, _, part = name.rpartition(".")[2].partition("/")
        if part and part != GREY and base not in acquired:
            raise UserError(
                f"{recipe.name}: bind.{word} is a part of '{base}', which is not under acquire.",
                near(base, list(acquired)) or f"Write acquire: {{{base}: !Fourier {{of: ...}}}}.",
            )
        if part in RAW and part != word:
            raise UserError(f"{recipe.name}: bind.{word} cannot be '{part}'.", f"Write {part}: {name}.")
    _check_classes(recipe)


def _check_classes(recipe: Recipe) -> None:
    """Refuse a game of label maps that knows more or fewer classes than they have."""
    labels = recipe.labels()
    known = parameters(member(recipe.game, recipe.name, recipe.extra)) if labels else {}
    if labels is None or "classes" not in known:
        return
    stated = recipe.game.arguments.get("classes", known["classes"].default)
    if stated != labels.classes:
        raise UserError(
            f"{recipe.name}: the game knows {stated} classes, and the label map has {labels.classes} with background.",
            f"Give --set game.classes={labels.classes}, or change intensity.mask.values.",
        )


def source_of(recipe: str) -> Path | None:
    """The shipped file of a recipe's name."""
    here = Path(__file__).parent
    for folder in ("works", "games"):
        path = here / folder / f"{recipe}.yaml"
        if path.is_file():
            return path
    return None


def shipped() -> dict[str, Path]:
    """Every shipped recipe by name."""
    here = Path(__file__).parent
    return {p.stem: p for folder in ("works", "games") for p in sorted((here / folder).glob("*.yaml"))}
