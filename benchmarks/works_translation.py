"""The works of Table 5, each at its purpose: an image of the other kind, or labels found in images that have none.

A row holds, for unseen subjects, the mean and a t interval of the method, of copying the input (for labels: of a
segmenter that knows the labelled kind alone) and of the supervised twin: the same network by the same optimiser,
trained for as long on pairs by pixels alone, or for as many steps on labels of the kind that has none. `better by`
are paired differences with intervals, in the measure's own direction; a row beats its baselines only where both
intervals lie above zero.
"""

import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from adversaria.commands.restored import Restored
from adversaria.commands.scoring import output_of, score_part
from adversaria.commands.session import feed_of, game_of, open_session, shapes_of
from adversaria.data.intensity import typical
from adversaria.draws import Draws
from adversaria.engine.optimising import build
from adversaria.engine.turns import Table
from adversaria.games import Game
from adversaria.recipes import Recipe, read_recipe
from adversaria.recipes.names import member
from adversaria.recipes.yaml import Node
from adversaria.run import Run
from benchmarks.translation import SEED, Learned, Row, Words, faster, seeded
from benchmarks.works_judging import game_of as fitting
from benchmarks.works_judging import opened, words
from benchmarks.works_kept import remembered
from benchmarks.works_rows import Values, dices, row
from benchmarks.works_twins import small_regions, trained

VERSION = 2
# played for longer; named before any of them was run
LONG = ("wolterink-2017a", "huo-2017", "yang-2018b", "maspero-2018", "shaban-2018", "chen-2018a")
SUBJECTS = {"train": 40, "validation": 1, "test": 16}
IN_LESIONS = "mae in lesions"


@dataclass(frozen=True)
class TranslationPlan:
    """How a work of Table 5 is judged: `images` by a measure, or `labels` by Dice.

    With `small` the segmenters beside it learn by Dice and cross entropy of the regions, as the work does by Dice.
    """

    measure: str = "psnr"
    better: str = "higher"
    changes: tuple[str, ...] = ()
    network: str = "generator"
    labels: str = ""
    classes: tuple[int, ...] = (1,)
    small: bool = False

    def version(self) -> int:
        """The version of the way of judging."""
        return VERSION

    def judged(self, key: str, seconds: float) -> Row:
        """Play and judge."""
        if self.labels:
            return labelled(key, seconds, self)
        if self.measure == IN_LESIONS:
            return lesions(key, seconds, self)
        return translated(key, seconds, self)


def translated(key: str, seconds: float, plan: TranslationPlan) -> Row:
    """Compare the translations of unseen subjects with the truth, beside the input and the supervised twin."""
    with TemporaryDirectory() as folder:
        recipe = read_recipe(key, plan.changes)
        recipe.tree["subjects"] = SUBJECTS
        recipe.tree["evaluate"] = {**recipe.tree.get("evaluate", {}), "measures": [plan.measure]}
        run = Run(Path(folder))
        made = play(recipe, run, seconds)
        twin = play(supervised(recipe, plan.network), Run(Path(folder) / "twin"), seconds, twin=True)
        session, part = made.session, made.session.make_part("test")
        methods = {
            "output": output_of(made.restored),
            "copying the input": copied(made.restored),
            "the supervised twin": output_of(twin.restored),
        }
        done = score_part(session, part, methods, "run")
    values: Values = {}
    for score in done.scores:
        if score.measure == plan.measure and score.region == "whole":
            values.setdefault(score.method, []).append(score.value)
    return row(
        key,
        "images of the other kind",
        plan.measure,
        plan.better,
        values,
        made,
        f"{SUBJECTS['train']} subjects to train on, {SUBJECTS['test']} others; the twin: {twin.plays} plays on pairs",
    )


def lesions(key: str, seconds: float, plan: TranslationPlan) -> Row:
    """Compare the translations of unseen subjects with the truth where the recipe's `lesion` is, as `translated`."""
    with TemporaryDirectory() as folder:
        recipe = read_recipe(key, plan.changes)
        recipe.tree["subjects"] = SUBJECTS
        made, twin = with_twin(recipe, supervised(recipe, plan.network), seconds, Path(folder))
        test = gathered(showing(recipe, recipe.tree["evaluate"]["lesion"], 1, Path(folder) / "shown"), "test")
    low, high = recipe.evaluation().range
    channels = test["target"].shape[1]
    found = {
        "output": applied(made.restored.game, test),
        "copying the input": test["source"][:, :channels],
        "the supervised twin": applied(twin.restored.game, test),
    }
    there = (test["weight"] > 0).flatten(1)
    values: Values = {}
    for name, image in found.items():
        error = (image - test["target"]).abs().flatten(1) * there
        values[name] = (error.sum(1) / there.sum(1) * (high - low) / 2).tolist()
    data = f"{SUBJECTS['train']} subjects to train on, {int(there.any(1).sum())} others with lesions"
    data += f"; the twin: {twin.plays} plays on pairs"
    return row(key, "images of the other kind, in lesions", plan.measure, plan.better, values, made, data)


@dataclass(frozen=True)
class Played:
    """A game after its budget, and what it takes to use it."""

    session: Any
    restored: Restored
    plays: int
    seconds: float


def play(recipe: Recipe, run: Run, seconds: float, twin: bool = False) -> Played:
    """Play a recipe on its phantom for so many CPU seconds, with rates that fit them; twins are remembered."""
    seeded()
    run.create()
    session = open_session(recipe, run, seed=SEED)
    part = session.make_part("train")
    feed, training = feed_of(session, part), recipe.training()
    shapes = shapes_of(part, training.patch)
    game = game_of(session, shapes)
    if twin:
        plays, spent = remembered(game, (recipe.tree, seconds, SEED), lambda: learn(game, feed, training, seconds))
    else:
        plays, spent = learn(game, feed, training, seconds)
    scales = {w: [c.scales[w] for cases in part.streams.values() for c in cases if w in c.scales] for w in shapes}
    unit = next((c.units["target"] for cases in part.streams.values() for c in cases if "target" in c.units), "")
    known = {word: typical(found) for word, found in scales.items() if found}
    restored = Restored(run, recipe, game.eval(), shapes, known, unit, plays, 0, "")
    return Played(session, restored, plays, spent)


def with_twin(recipe: Recipe, twin: Recipe, seconds: float, folder: Path) -> tuple[Played, Played]:
    """Play a recipe, and its twin for as long."""
    own = play(recipe, Run(folder / "own"), seconds)
    return own, play(twin, Run(folder / "twin"), seconds, twin=True)


def learn(game: Game, feed: Any, training: Any, seconds: float) -> tuple[int, float]:
    """Play batches of a feed until the seconds are over."""
    made = build(
        game, {player: faster(training.optimisers.get(player, own)) for player, own in game.optimisers.items()}
    )
    table = Table(game, step=lambda player: made[player].step())
    start, plays = time.process_time(), 0
    game.train()
    while time.process_time() - start < seconds:
        game.plays = plays
        batch = feed.batch(plays, 0, 1)
        table.play([{**batch, "draws": Draws(SEED, plays, range(training.batch))}])
        plays += 1
    return plays, time.process_time() - start


def showing(recipe: Recipe, name: str, levels: int, folder: Path) -> Any:
    """A session that also gives labels 0 to `levels`, as `weight` on -1 to 1; nothing is trained with it."""
    scale = Node("Window", {"low": 0, "high": levels, "into": [-1, 1]})
    intensity = {**recipe.tree["intensity"], "weight": scale}
    tree = {**recipe.tree, "bind": {**recipe.bind, "weight": name}, "intensity": intensity}
    run = Run(folder)
    run.create()
    return open_session(Recipe(recipe.name, tree, recipe.extra), run, seed=SEED)


def gathered(session: Any, part: str) -> Words:
    """Every subject of a part once, as the words of a batch."""
    prepared = session.make_part(part)
    feed, counts = feed_of(session, prepared), {len(cases) for cases in prepared.streams.values()}
    count, size = min(counts), feed.batch_size
    parts = [feed.batch(k, 0, 1) for k in range(-(-count // size))]
    return {word: torch.cat([one[word] for one in parts])[:count] for word in parts[0]}


@torch.no_grad()
def applied(game: Game, words: Words, word: str = "output", most: int = 8) -> Tensor:
    """What a game gives for words, a few subjects at a time."""
    count = len(next(iter(words.values())))
    parts = [
        {**{w: t[k : k + most] for w, t in words.items()}, "draws": Draws(7, 0, range(k, min(k + most, count)))}
        for k in range(0, count, most)
    ]
    return torch.cat([game(one)[word] for one in parts])


def copied(restored: Restored) -> Any:
    """Give the input itself, from its own range to the target's, as many channels as the target has."""

    def method(image: Any, handle: str, scale: Any) -> Any:
        scaled = scale.forward(image.array)[: restored.shapes["target"][0]]
        return image.resampled(restored.scales["target"].inverse(scaled[None])[0], restored.unit)

    return method


def supervised(recipe: Recipe, network: str) -> Recipe:
    """The twin of a recipe: its translator, trained on pairs of its own source's stream by pixels alone."""
    tree = {k: v for k, v in recipe.tree.items() if k not in ("game", "bind", "phantom", "train")}
    stream = recipe.bind["source"].rpartition(".")[0]
    truth = recipe.evaluation().truth or recipe.bind["target"]
    node = recipe.game.arguments[network]
    arguments = {"generator": node, "terms": {"pixel": Node("Pixel", {"weight": 1.0})}}
    phantom = recipe.tree["phantom"]
    tree["phantom"] = phantom if isinstance(phantom, Node) else {stream: phantom[stream]}
    tree["bind"] = {"source": recipe.bind["source"], "target": truth}
    train = {k: v for k, v in recipe.tree.get("train", {}).items() if k != "average"}
    tree["train"] = {**train, "optimisers": {"generator": optimiser_of(recipe, network)}}
    return Recipe(recipe.name, {**tree, "game": Node("Supervised", arguments)}, recipe.extra)


def optimiser_of(recipe: Recipe, network: str) -> Node:
    """The optimiser of the player that has a network, as a recipe writes it."""
    game = member(recipe.game, recipe.name, recipe.extra)
    player = next(name for name, networks in game.players.items() if network in networks)
    own = recipe.training().optimisers.get(player, game.optimisers[player])
    return Node(type(own).__name__, asdict(own))


def labelled(key: str, seconds: float, plan: TranslationPlan) -> Row:
    """Compare the labels found in images of the kind that has none, beside no adaptation and the supervised twin.

    `plan.labels` says which of the batch's images come with labels: source or target. The other kind is segmented.
    """
    recipe = opened(key, plan.changes)
    known, other = ("source", "target") if plan.labels == "source" else ("target", "source")
    places = {word: recipe.bind[word].rpartition(".")[0] for word in (known, other)}
    rules, mask = recipe.intensities(), recipe.bind["mask"].rpartition(".")[2]
    train = [words(recipe, SUBJECTS["train"], 25_000 * n, place) for n, place in enumerate(places.values())]
    unseen = words(recipe, SUBJECTS["test"], 50_000, places[other], (mask,))
    truth = torch.stack([torch.as_tensor(rules["mask"].fit(m.numpy()).forward(m.numpy())) for m in unseen[mask]])
    more = words(recipe, SUBJECTS["train"], 75_000, places[other], (mask,))
    labels = torch.stack([torch.as_tensor(rules["mask"].fit(m.numpy()).forward(m.numpy())) for m in more[mask]])
    seeded()
    game = fitting(recipe, *train)
    batch = min(4, recipe.training().batch + 1)
    optimisers = rates(recipe, game)
    learned = Learned(game, train, 1_000_000, batch, optimisers, seconds)
    asked = {other: unseen[other]} if other == "source" else {"source": unseen[other], "target": unseen[other]}
    found = {"output": learned.answers(asked, "mask", 8)}
    rate = next(optimisers[player].lr for player, networks in game.players.items() if plan.network in networks)
    beside = {"no adaptation": (train[0][known], train[0]["mask"]), "the supervised twin": (more[other], labels)}
    if "target_mask" in recipe.bind:
        # it learns from labels of both kinds: what knows one kind alone says nothing of it
        del beside["no adaptation"]
    for name, (image, wanted) in beside.items():
        seeded()
        fresh = getattr(fitting(recipe, *train), plan.network)
        distance = small_regions if plan.small else cross_entropy
        told = trained(fresh, image, wanted[:, 0].round().long(), learned.plays, batch, distance, rate)
        found[name] = told(unseen[other]).argmax(1, keepdim=True)
    values = {name: dices(made, truth, plan.classes) for name, made in found.items()}
    data = f"{SUBJECTS['train']} images of each kind to train on, {SUBJECTS['test']} others"
    purpose = f"labels in {other} images " + ("by labels of both" if "target_mask" in recipe.bind else "without any")
    return row(key, purpose, "Dice", "higher", values, learned, data)


def rates(recipe: Recipe, game: Game) -> dict[str, Any]:
    """The optimisers of a recipe with rates that fit its budget."""
    stated = recipe.training().optimisers
    return {player: faster(stated.get(player, own)) for player, own in game.optimisers.items()}


UNPAIRED = TranslationPlan()
ERROR = TranslationPlan("mae", "lower")
LESIONS = TranslationPlan(IN_LESIONS, "lower")
NARROW = tuple(f"game.{kind}_discriminator.width=16" for kind in ("target", "source"))

PLANS: dict[str, TranslationPlan] = {
    # phases count plays: these fit the budgets
    "nie-2017": replace(ERROR, network="first", changes=("game.first_plays=200",)),
    "emami-2018": ERROR,
    "jin-2018a": UNPAIRED,
    # closer views: at the reduced size a tumour has 8 pixels of the whole chest, a heart's chamber 140 voxels
    "jiang-2018": TranslationPlan(
        labels="source",
        network="segmenter",
        small=True,
        changes=("phantom.spacing=4.0", "train.optimisers.segmenter.lr=2e-3"),
    ),
    "zhang-2018d": TranslationPlan(
        labels="source",
        network="target_segmenter",
        classes=(1, 2, 3, 4, 5, 6, 7),
        changes=(
            *(f"game.{kind}_discriminator.width=8" for kind in ("target", "source")),
            "phantom.spacing=5.0",
            "train.optimisers.segmenters.lr=2e-3",
        ),
    ),
    "huo-2017": TranslationPlan(labels="source", network="segmenter"),
    "hiasa-2018": ERROR,
    "wolterink-2017a": ERROR,
    "huo-2018b": TranslationPlan(labels="source", network="segmenter"),
    "yang-2018b": ERROR,
    "maspero-2018": ERROR,
    "bi-2017": LESIONS,
    "ben-cohen-2018": replace(LESIONS, network="coarse", changes=("game.coarse_plays=1000", "phantom.prevalence=1.0")),
    "armanious-2018c": ERROR,
    "wei-2018": replace(LESIONS, network="first", changes=("game.first_plays=1000",)),
    "pan-2018": ERROR,
    "choi-2017": UNPAIRED,
    "hou-2017": TranslationPlan(labels="source", network="task"),
    "mahmood-2017": replace(UNPAIRED, network="refiner"),
    "zhang-2018c": TranslationPlan(
        labels="target", network="segmenter", classes=(1, 2), changes=(*NARROW, "game.segmenter_plays=400")
    ),
    "chen-2018a": TranslationPlan(
        labels="target",
        network="segmenter",
        classes=(1, 2),
        changes=(*NARROW, "game.mask_discriminator.width=16", "game.segmenter_plays=2000"),
    ),
    "dar-2018a": UNPAIRED,
    "yang-2018c": UNPAIRED,
    "welander-2018": UNPAIRED,
    "liu-2018": TranslationPlan(labels="source", network="segmenter", classes=(1, 2, 3, 4)),
    "yu-2018": UNPAIRED,
    "olut-2018": UNPAIRED,
    "nie-2018-7t": replace(UNPAIRED, network="first", changes=("game.first_plays=200",)),
    # a third of the sections are of the reference's laboratory already, and have no finite PSNR
    "bentaieb-2018": ERROR,
    "zanjani-2018": ERROR,
    "shaban-2018": UNPAIRED,
    "bayramoglu-2017a": UNPAIRED,
}
