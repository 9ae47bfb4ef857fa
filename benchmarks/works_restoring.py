"""How works that restore an image are judged: beside their input, a classical restoration and their pixel-only twin."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from adversaria.commands.classical import rivals
from adversaria.commands.scoring import on_grid
from adversaria.commands.session import Part, Session, feed_of, game_of, open_session, shapes_of
from adversaria.data.intensity import Scaling
from adversaria.data.named import bases, magnitude
from adversaria.data.named import named as image_of
from adversaria.data.prepare import Prepared, measured
from adversaria.draws import Draws
from adversaria.engine import checkpoint
from adversaria.engine.optimising import build
from adversaria.engine.turns import Table
from adversaria.games import Refinement, Supervised
from adversaria.games.game import Game
from adversaria.metrics.facts import NotApplicable
from adversaria.metrics.lesion import lesion_contrast_recovery
from adversaria.metrics.psnr import peak_signal_to_noise_ratio
from adversaria.metrics.sets.identification import identification_rate
from adversaria.metrics.similarity import structural_similarity
from adversaria.metrics.statistics import paired, summarise
from adversaria.recipes import Recipe, read_recipe
from adversaria.run import Run
from benchmarks.translation import Row, seeded
from benchmarks.works_classical import named as classical_of
from benchmarks.works_kept import remembered

Array = NDArray[np.float32]
Scores = dict[str, list[float]]
VERSIONS = {"restoring": 1}
# classical reconstructions from the raw data; the others are of an image
FROM_RAW = ("CG-SENSE", "total variation")


@dataclass(frozen=True)
class Restored(Row):
    """A row with every measure of every image, as mean and interval, and what may be claimed."""

    scores: dict[str, dict[str, tuple[float | None, float | None, float | None]]] = field(default_factory=dict)
    learned: bool = False

    @property
    def beats_baselines(self) -> bool:
        """Better than the input and than the twin or the classical image, by the paired interval over subjects."""
        return self.learned


class Series(nn.Module):
    """The two networks of a cascade, trained as one."""

    def __init__(self, first: nn.Module, second: nn.Module):
        super().__init__()
        self.first, self.second = first, second

    def forward(self, image: Tensor, condition: Tensor | None = None) -> Tensor:
        """Give what the second makes of the image and of the first's."""
        return self.second(image, self.first(image))


def trained(session: Session, part: Part, game: Game, seconds: float, optimisers: Mapping[str, Any]) -> int:
    """Play for CPU seconds with the recipe's own optimisers and schedule, spread over the time; give the plays."""
    facts = session.recipe.training()
    made = build(game, optimisers)
    rates = {player: [g["lr"] for g in o.param_groups] for player, o in made.items()}
    table = Table(game, step=lambda player: made[player].step())
    feed, batch = feed_of(session, part), facts.batch
    start, plays = time.process_time(), 0
    game.train()
    while (spent := time.process_time() - start) < seconds:
        for player, rate in rates.items():
            for group, own in zip(made[player].param_groups, rate, strict=True):
                group["lr"] = own * facts.schedule.factor(spent / seconds)
        _staged(game, spent / seconds)
        game.plays = plays
        table.play([{**feed.batch(plays, 0, 1), "draws": Draws(0, plays, range(batch))}])
        plays += 1
    game.eval()
    return plays


def before(stage: Recipe, place: Run, seconds: float, run: Run) -> None:
    """Play an earlier stage and leave its weights where the next one looks for them."""
    session = open_session(stage, place, cache=run.folder / "private" / "cache")
    part = session.make_part("train")
    shapes = shapes_of(part, stage.training().patch)
    seeded()
    game = game_of(session, shapes, None, place.folder if stage.earlier else None)
    plays = trained(session, part, game, seconds, {**game.optimisers, **stage.training().optimisers})
    state = checkpoint.Checkpoint(plays, {"game": dict(game.state_dict()), "averages": {}}, {"shapes": shapes})
    checkpoint.write(place.checkpoints, state)


def _staged(game: Game, done: float) -> None:
    """Half of the time is for what a game does first (pre-training, the first of two stages)."""
    for name in ("pretraining", "first_plays"):
        if getattr(game, name, 0):
            setattr(game, name, 10**9 if done < 0.5 else 1)


# what a work's image is made by: its player's optimiser is the twin's
MAKERS = {"generator", "first", "refiner"}


def twin(game: Game) -> Supervised:
    """A fresh game of the same generator on the absolute difference alone."""
    if isinstance(game, Refinement):
        # the base that it refines, trained on
        network = game.base.network
        for parameter in network.parameters():
            parameter.frozen = False
        return Supervised(network)
    network = getattr(game, "generator", None)
    return Supervised(network if network is not None else Series(game.first, game.second))  # type: ignore[arg-type]


def depends(recipe: Recipe) -> list[object]:
    """What a twin depends on: the data, the training and the generator of a work, not its adversary."""
    words = ("phantom", "acquire", "bind", "intensity", "train", "subjects")
    return [
        *(recipe.tree.get(word) for word in words),
        *(recipe.game.arguments.get(name) for name in ("generator", "first", "second")),
    ]


@torch.no_grad()
def answered(game: Game, case: Prepared, scale: Scaling, channels: int) -> Array:
    """What a game makes of a case as a whole, in the target's unit, with so many channels."""
    words = {w: torch.from_numpy(np.array(a))[None] for w, a in case.arrays.items()}
    made = game({**words, "draws": Draws(1, 0, [0])})["output"]
    if isinstance(game, Supervised) and "mask" in words and made.shape == words["source"].shape:
        # a hole is filled, and what is known is kept
        made = torch.where(words["mask"] > 0, made, words["source"])
    return shown_as(np.asarray(scale.inverse(made[0].numpy()), np.float32), channels)


def shown_as(image: Array, channels: int) -> Array:
    """The magnitude over all channels (parts of complex images, coils) where a reader has one; else as it is."""
    return image if len(image) == channels else np.sqrt(np.square(image).sum(0, keepdims=True))


def score(image: Array, truth: Array, lesion: Array | None, recipe: Recipe) -> dict[str, float]:
    """Measure one image in the recipe's range."""
    facts = recipe.evaluation()
    low, high = facts.range
    if facts.clip:
        image, truth = image.clip(low, high), truth.clip(low, high)
    found = {
        "psnr": peak_signal_to_noise_ratio(image, truth, (low, high)),
        "ssim": structural_similarity(image, truth, (low, high)),
    }
    try:
        found["lesion contrast"] = lesion_contrast_recovery(image, truth, lesion) if lesion is not None else np.nan
    except NotApplicable:
        found["lesion contrast"] = np.nan
    return {name: float(value) for name, value in found.items()}


def seen(case: Prepared, images: Mapping[str, Any], shown: str, truth: Array, joined: bool) -> Array:
    """The input as a reader sees it, on the grid of the truth: larger pixels are repeated."""
    if shown == "k-space":
        from adversaria.physics.fourier import inverse_fourier

        raw = torch.from_numpy(np.array(case.arrays["source"]))
        image = inverse_fourier(torch.complex(raw[:1], raw[1:])[None])[0].abs().numpy()
        inside = case.scales["target"]
        return np.asarray(inside.low + image / image.max() * (inside.high - inside.low), np.float32)
    if shown:
        return np.asarray(images[shown].array, np.float32)
    image = case.scales["source"].inverse(np.array(case.arrays["source"]))
    image = image[: len(truth)] if joined else shown_as(image, len(truth))
    for axis in range(1, image.ndim):
        image = image.repeat(truth.shape[axis] // image.shape[axis], axis)
    return np.asarray(image, np.float32)


def restoring(
    key: str,
    seconds: float,
    changes: tuple[str, ...],
    classical: str = "",
    measure: str = "psnr",
    shown: str = "",
    small: bool = False,
    pairs: bool = True,
    people: bool = False,
    purpose: str = "restored images like the truth",
) -> Row:
    """Play a work and its twin, and measure both on unseen subjects beside the input and a classical image."""
    recipe = read_recipe(key, changes)
    # fewer than six have no interval
    recipe.tree["subjects"] = {**recipe.subjects(), "test": max(8, recipe.subjects()["test"])}
    with TemporaryDirectory() as folder:
        run = Run(Path(folder))
        for number, stage in enumerate(recipe.earlier, 1):
            before(stage, Run(run.folder / f"stage-{number}"), seconds / (2 * len(recipe.earlier)), run)
        session = open_session(recipe, run)
        train, test = session.make_part("train"), session.make_part("test")
        shapes = shapes_of(train, recipe.training().patch)
        seeded()
        game = game_of(session, shapes, None, run.folder if recipe.earlier else None)
        optimisers = {**game.optimisers, **recipe.training().optimisers}
        plays = trained(session, train, game, seconds, optimisers)
        games: dict[str, Game] = {"own": game}
        if pairs:
            seeded()
            other = twin(game_of(session, shapes, None, run.folder if recipe.earlier else None))
            rate = next(own for player, own in optimisers.items() if MAKERS & {*game.players[player]})
            what = (depends(recipe), [stage.tree for stage in recipe.earlier], seconds, rate)

            def learn(other: Game = other, rate: Any = rate) -> tuple[int, float]:
                return trained(session, train, other, seconds, {"generator": rate}), seconds

            remembered(other, what, learn)
            other.eval()
            games["pixel-only twin"] = other
        stream = next(name for name, p in session.plans.items() if "source" in p.bind)
        cases = list(zip(test.streams[stream], test.cases[stream], strict=True))
        # of unpaired streams the target's scale is that of its own first case
        typical = next(p[0].scales["target"] for p in test.streams.values() if "target" in p[0].scales)
        found = judged(session, stream, cases, games, classical, shown, small, people, typical)
    return row(key, found, measure, purpose, plays, seconds, len(cases))


def judged(
    session: Session,
    stream: str,
    cases: Sequence[tuple[Prepared, Any]],
    games: Mapping[str, Game],
    classical: str,
    shown: str,
    small: bool,
    people: bool,
    typical: Scaling,
) -> dict[str, Scores]:
    """Every measure of every image of every case."""
    recipe, found = session.recipe, dict[str, Scores]()
    facts = recipe.evaluation()
    wanted = (facts.truth or recipe.bind["target"]).rpartition(".")[2]
    kept: dict[str, list[Array]] = {}
    method = rivals(session)[classical] if classical in FROM_RAW else None
    for prepared, case in cases:
        images = measured(case, session.plans[stream])
        scale = prepared.scales.get("target", typical)
        whole = np.asarray(magnitude(image_of(images, wanted)).array, np.float32)
        truth = whole
        if facts.scaled:
            truth = np.asarray(scale.forward(truth), np.float32)
        word = (facts.lesion or "").rpartition(".")[2]
        lesion = on_grid(images[word].array, truth) if word in images else None
        shots = {name: answered(game, prepared, scale, len(truth)) for name, game in games.items()}
        shots["input"] = seen(prepared, images, shown, truth, "+" in recipe.bind["source"])
        if method is not None:
            source = image_of(images, bases(session.plans[stream].bind["source"])[0])
            shots["classical"] = shown_as(np.asarray(method(source, case.handle, None).array, np.float32), len(truth))
        elif classical:
            raw = prepared.scales["source"].inverse(np.array(prepared.arrays["source"])) if small else shots["input"]
            shots["classical"] = classical_of(classical)(np.asarray(raw, np.float32), whole, prepared.spacing[0])
        for name, image in shots.items():
            image = np.asarray(scale.forward(image), np.float32) if facts.scaled else image
            kept.setdefault(name, []).append(image)
            for measure, value in score(image, truth, lesion, recipe).items():
                found.setdefault(name, {}).setdefault(measure, []).append(value)
        kept.setdefault("truth", []).append(truth)
    if people:
        low, high = facts.range
        region = np.abs(np.stack(kept["input"]) - np.stack(kept["truth"])).mean((0, 1)) > 0.02 * (high - low)
        for name, scores in found.items():
            rate = identification_rate(np.stack(kept[name]), np.stack(kept["truth"]), region)
            scores["identification rate"] = [rate]
    return found


def row(
    key: str, found: dict[str, Scores], measure: str, purpose: str, plays: int, seconds: float, count: int
) -> Restored:
    """Sum the measures up."""
    beaten = {name: paired(found["own"][measure], scores[measure]) for name, scores in found.items() if name != "own"}
    better = {name: difference.low is not None and difference.low > 0 for name, difference in beaten.items()}
    summary = {
        name: {m: _short([v for v in values if np.isfinite(v)]) for m, values in scores.items()}
        for name, scores in found.items()
    }
    return Restored(
        game=key,
        purpose=purpose,
        measure=measure,
        better="higher",
        value=float(np.mean(found["own"][measure])),
        baselines={name: float(np.mean(scores[measure])) for name, scores in found.items() if name != "own"},
        data=f"{count} unseen phantom subjects",
        plays=plays,
        cpu_seconds=seconds,
        note="reduced",
        scores=summary,
        learned=better["input"] and (better.get("pixel-only twin", False) or better.get("classical", False)),
    )


def _short(values: Sequence[float]) -> tuple[float | None, float | None, float | None]:
    if not values:
        return None, None, None
    found = summarise(values)
    return found.mean, found.low, found.high
