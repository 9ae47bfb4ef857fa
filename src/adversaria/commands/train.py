"""Train a recipe on the user's data or on its phantom."""

import re
import time
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from adversaria.run import Run, read_json
from adversaria.vocabulary import UserError


@dataclass(frozen=True)
class Trained:
    """A finished training: its run folder, plays, wall time, and what was said on the way."""

    folder: Path
    plays: int
    wall_s: float
    warnings: tuple[str, ...]


def train(
    recipe: str,
    *,
    data: Path | None = None,
    out: Path | None = None,
    set: Annotated[list[str] | None, Parameter(negative="")] = None,  # noqa: A002
    plays: int | None = None,
    seed: int = 0,
    seeds: int = 1,
    devices: int = 1,
    accelerator: str = "auto",
    precision: str = "fp32",
    workers: int = 0,
    accumulate: int = 1,
    save_every: int | None = None,
    compile: bool = False,  # noqa: A002
    full: bool = False,
    dry_run: bool = False,
    weights: Annotated[list[str] | None, Parameter(negative="")] = None,
    trust: bool = False,
    assume_independent: bool = False,
    tensorboard: bool = False,
    quiet: bool = False,
) -> list[Trained]:
    """Train a recipe; continue by itself when the run folder already holds a checkpoint.

    Parameters
    ----------
    recipe
        Name of a published work or framework (`adversaria list works`), or a YAML file.
    data
        Folder of images, file, or manifest.csv; without it the recipe's phantom is used.
    out
        Run folder; by default runs/RECIPE.
    set
        Change a value of the recipe, for example --set game.terms.pixel=10. Repeatable.
    plays
        How many batches to play, in every stage; overrides the recipe.
    seed
        Seed of everything random; recorded in the run.
    seeds
        Train so many times with consecutive seeds, each in a folder of its own.
    devices
        Processes that train together (on CPU: gloo; also under torchrun and SLURM).
    accelerator
        auto, cpu, gpu.
    precision
        fp32, or bf16 (faster on hardware that has it, not equal bit for bit).
    workers
        Processes that prepare batches; they change nothing but speed.
    accumulate
        Cut each batch into so many micro-batches, for less memory.
    save_every
        Save a checkpoint every so many plays; by default twenty times a training.
    compile
        Compile the networks (off by default: on CPU it seldom pays).
    full
        Train the recipe at its published size instead of its reduced form.
    dry_run
        Print plays, parameters, memory, disk and a time estimate, and stop.
    weights
        NAME=PATH of a pretrained feature network, for example vgg19=vgg19.pth. Repeatable.
    trust
        Allow a recipe to name Python files beside it. They run as code.
    assume_independent
        Loose files really come from one subject each.
    tensorboard
        Also write TensorBoard events (needs the extra of that name).
    quiet
        No progress.
    """
    from adversaria.recipes import read_recipe

    read = read_recipe(recipe, changes=set or [], reduced=not full, trust=trust)
    if plays:
        stages = [f"stages.{number}." for number in range(len(read.earlier) + 1)] if read.earlier else [""]
        changes = [*(set or []), *(f"{stage}train.plays={plays}" for stage in stages)]
        read = read_recipe(recipe, changes=changes, reduced=not full, trust=trust)
    given = {name: Path(path) for name, _, path in (pair.partition("=") for pair in weights or [])}
    base = out or Path("runs") / read.name
    trained = []
    if precision not in ("fp32", "bf16"):
        raise UserError(f"there is no precision '{precision}'.", "Choose fp32 or bf16.")
    for name, path in given.items():
        if not path.is_file():
            raise UserError(f"--weights {name}: {path} is not a file.", "Give the path of a file of weights.")
    for number in range(seeds):
        folder = base if seeds == 1 else base / f"seed-{seed + number}"
        options: dict[str, Any] = {
            "data": data,
            "seed": seed + number,
            "devices": devices,
            "accelerator": accelerator,
            "precision": precision,
            "workers": workers,
            "accumulate": accumulate,
            "save_every": save_every,
            "compile": compile,
            "weights": given,
            "assume_independent": assume_independent,
            "tensorboard": tensorboard,
            "quiet": quiet,
        }
        if dry_run:
            from adversaria.commands.estimate import estimate

            print(estimate(read, folder, data, seed, given, assume_independent))
            continue
        trained.append(train_recipe(read, Run(folder), **options))
    return trained


def train_recipe(
    recipe: Any,
    run: Run,
    *,
    data: Path | None = None,
    seed: int = 0,
    devices: int = 1,
    accelerator: str = "auto",
    precision: str = "fp32",
    workers: int = 0,
    accumulate: int = 1,
    save_every: int | None = None,
    compile: bool = False,  # noqa: A002
    weights: dict[str, Path] | None = None,
    assume_independent: bool = False,
    tensorboard: bool = False,
    quiet: bool = False,
    cache: Path | None = None,
) -> Trained:
    """Train one recipe, already read, in one run folder; `cache` may be that of a run on the same data.

    Stages are played in turn, each earlier one in a folder `stage-1`, `stage-2` of its own below the run, the last in
    the run itself. Given again, the same command goes on where it was stopped.
    """
    from adversaria.commands.progress import console
    from adversaria.engine import Replicas

    begun = time.monotonic()
    stages = [(stage, Run(run.folder / f"stage-{k}")) for k, stage in enumerate(recipe.earlier, 1)] + [(recipe, run)]
    for stage, place in stages:
        continues(place, stage, seed)
    replicas = Replicas(devices, accelerator)
    replicas.launch()
    leads = replicas.rank == 0
    if leads:
        run.create()
        (run.folder / "private").mkdir(exist_ok=True)
    say = _Sayer(console, leads and not quiet)
    for text in recipe.reductions():
        say(f"reduced: {text}", kind="note")
    options: dict[str, Any] = {
        "data": data,
        "seed": seed,
        "devices": devices,
        "precision": precision,
        "workers": workers,
        "accumulate": accumulate,
        "save_every": save_every,
        "compile": compile,
        "weights": weights,
        "assume_independent": assume_independent,
        "tensorboard": tensorboard,
        "quiet": quiet,
        "cache": cache or run.folder / "private" / "cache",
    }
    for number, (stage, place) in enumerate(stages, 1):
        if place is not run and finished(place, stage):
            continue
        if len(stages) > 1:
            say(f"stage {number} of {len(stages)}: {stage.game.tag}", kind="note")
        try:
            _train_stage(stage, place, replicas, say, **options)
        except UserError:
            if leads:
                place.discard()
                run.discard()
            raise
        replicas.barrier()
    wall = time.monotonic() - begun
    return Trained(run.folder, recipe.training().plays, wall, tuple(say.heard))


def finished(run: Run, stage: Any) -> bool:
    """Whether a stage has been played to its end."""
    from adversaria.engine import checkpoint

    if not run.environment.exists() or not read_json(run.environment).get("finished"):
        return False
    plays = stage.training().plays
    return any(path == checkpoint.path_of(run.checkpoints, plays) for path in checkpoint.listed(run.checkpoints))


def _train_stage(
    recipe: Any,
    run: Run,
    replicas: Any,
    say: "_Sayer",
    *,
    data: Path | None,
    seed: int,
    devices: int,
    precision: str,
    workers: int,
    accumulate: int,
    save_every: int | None,
    compile: bool,  # noqa: A002
    weights: dict[str, Path] | None,
    assume_independent: bool,
    tensorboard: bool,
    quiet: bool,
    cache: Path,
) -> None:
    """Train one stage in its folder, from its newest checkpoint on."""
    from adversaria.commands.observing import Observer
    from adversaria.commands.progress import progress
    from adversaria.commands.recording import finish, record
    from adversaria.commands.segmenting import refuse_absent_classes
    from adversaria.commands.session import feed_of, game_of, open_session, shapes_of, warnings_of
    from adversaria.engine import Settings, Training

    begun = time.monotonic()
    training = recipe.training()
    leads = replicas.rank == 0
    if leads:
        run.create()
        (run.folder / "private").mkdir(exist_ok=True)
    try:
        with progress("preparing data", quiet or not leads) as tick:
            session = open_session(recipe, run, data, seed, tick, assume_independent, cache)
            part, validation = session.make_part("train"), session.make_part("validation")
            if data is not None:
                refuse_absent_classes(recipe, part)
            feed = feed_of(session, part)
    except UserError:
        if leads:
            run.discard()
        raise
    shapes = shapes_of(part, training.patch)
    game = game_of(session, shapes, weights, run.folder if recipe.earlier else None)
    if session.recognised:
        say(f"recognised {session.recognised}", kind="note")
    for case in session.excluded:
        say(f"{case.handle} is {case.paths[0] if case.paths else 'a phantom'}", kind="note")
    for text in warnings_of(session):
        say(text)
    observer = Observer(session, validation, part, run, recipe, tensorboard)
    if leads:
        record(session, part, run, seed, precision, weights or {}, devices, accumulate, str(data) if data else "")
    settings = Settings(
        plays=training.plays,
        seed=seed,
        accumulate=accumulate,
        precision=precision,
        optimisers=training.optimisers,
        schedule=training.schedule,
        average=training.average,
        workers=workers,
        log_every=max(1, min(10, training.plays // 50)),
        save_every=save_every or max(25, training.plays // 20),
        compile=compile,
        better=observer.better,
    )
    with progress("training", quiet or not leads) as tick:
        match = Training(game, feed, run, settings, replicas, observer, tick, say, {"shapes": shapes})
        if match.done and leads:
            say(f"continuing from play {match.done} of {settings.plays}", kind="note")
        match.train()
    if leads:
        finish(run, time.monotonic() - begun)


def continues(run: Run, recipe: Any, seed: int) -> None:
    """Refuse a run folder that holds checkpoints of another recipe or seed; more plays may be asked for."""
    from adversaria.engine import checkpoint

    if not (run.recipe.exists() and checkpoint.listed(run.checkpoints)):
        return
    began = read_json(run.environment).get("seed", seed)
    if began != seed:
        raise UserError(
            f"{run.folder} began with seed {began}, not {seed}.", "Give that seed, or another --out folder."
        )
    before, now = (_compared(text) for text in (run.recipe.read_text(encoding="utf-8"), recipe.resolved()))
    for old, new in zip_longest(before, now, fillvalue="nothing"):
        if old != new:
            raise UserError(
                f"{run.folder} began with another recipe: '{old.strip()}' there, '{new.strip()}' now.",
                "Give the recipe and --set that it began with, or another --out folder.",
            )


def _compared(text: str) -> list[str]:
    """The lines of a resolved recipe that a continued run must share: all but the number of plays."""
    # reductions may stand on lines of their own or in one list
    said = r'"?(stages\.\d+\.)?train\.plays [\d.]+ instead of [^",\]]+"?(, )?'
    kept = [re.sub(said, "", line) for line in text.splitlines() if not re.match(r"\s+plays: ", line)]
    return [line for line in kept if line.strip() not in ("", "-")]


class _Sayer:
    """Tells the user, once for each sentence, and remembers."""

    def __init__(self, console: Any, aloud: bool):
        self.console, self.aloud, self.heard = console, aloud, list[str]()

    def __call__(self, text: str, kind: str = "warning") -> None:
        if text in self.heard:
            return
        if kind == "warning":
            self.heard.append(text)
        if self.aloud:
            self.console.print(f"{kind}: {text}", markup=False)
