"""What a training will cost, before it begins."""

import tempfile
import time
from pathlib import Path
from typing import Any


def estimate(
    recipe: Any,
    folder: Path,
    data: Path | None,
    seed: int,
    weights: dict[str, Path],
    assume_independent: bool,
) -> str:
    """Prepare a few cases, play three batches, and say plays, parameters, memory, disk and time; for every stage."""
    stages = [*recipe.earlier, recipe]
    parts = [_stage(stage, folder, data, seed, weights, assume_independent) for stage in stages]
    if len(stages) == 1:
        return parts[0]
    return "\n".join(f"stage {n} of {len(stages)} ({stages[n - 1].game.tag})\n{t}" for n, t in enumerate(parts, 1))


def _stage(
    recipe: Any,
    folder: Path,
    data: Path | None,
    seed: int,
    weights: dict[str, Path],
    assume_independent: bool,
) -> str:
    from adversaria.commands.facts import peak_mib
    from adversaria.commands.session import feed_of, game_of, open_session, shapes_of, warnings_of
    from adversaria.draws import Draws
    from adversaria.engine.optimising import build
    from adversaria.engine.turns import Table
    from adversaria.run import Run

    training = recipe.training()
    recipe.tree["subjects"] = {**recipe.subjects(), "train": min(2, recipe.subjects()["train"])}
    with tempfile.TemporaryDirectory() as scratch:
        session = open_session(recipe, Run(Path(scratch)), data, seed, assume_independent=assume_independent)
        part = session.make_part("train")
        game = game_of(session, shapes_of(part, training.patch), weights)
        optimisers = build(game, training.optimisers)
        table = Table(game, step=lambda player: optimisers[player].step())
        feed = feed_of(session, part)
        times = []
        for play in range(3):
            begun = time.perf_counter()
            game.plays = play
            table.play([{**feed.batch(play, 0, 1), "draws": Draws(seed, play, range(training.batch))}])
            times.append(time.perf_counter() - begun)
    count = sum(p.numel() for p in game.parameters())
    trained = sum(p.numel() for player in game.players for p in game.parameters_of(player).values())
    disk = trained * 4 * 3 * 3 / 2**20
    total = training.plays * min(times[1:])
    lines = [f"recipe {recipe.name}: {training.plays} plays of {training.batch} patches {training.patch} into {folder}"]
    lines += [f"reduced: {text}" for text in recipe.reductions()] + [f"note: {text}" for text in warnings_of(session)]
    lines.append(f"parameters: {count:,} ({trained:,} trained)")
    lines.append(f"memory: about {peak_mib()} MiB; disk: about {disk:.0f} MiB of checkpoints")
    lines.append(
        f"time: about {_said(total)} on this machine ({min(times[1:]):.2f} s a play), checkpoints and pictures apart"
    )
    return "\n".join(lines)


def _said(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
