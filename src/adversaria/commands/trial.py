"""Three plays of a recipe on a user's data in a process of its own: what they take, and whether they work.

`python -m adversaria.commands.trial RECIPE FOLDER` prints seconds a play and the peak in MiB; exit code 2 with
message and remedy where the user must mend something.
"""

import sys
import tempfile
import time
import warnings
from pathlib import Path

from adversaria.vocabulary import UserError


def trial(recipe: Path, folder: Path, plays: int = 3) -> tuple[float, float]:
    """Play; give seconds a play, without the first, and the peak memory of this process in MiB."""
    import torch

    from adversaria.commands.facts import peak_mib
    from adversaria.commands.session import feed_of, game_of, open_session, shapes_of
    from adversaria.draws import Draws
    from adversaria.engine.optimising import build
    from adversaria.engine.turns import Table
    from adversaria.recipes import read_recipe
    from adversaria.run import Run

    device = "cuda" if torch.cuda.is_available() else "cpu"
    with tempfile.TemporaryDirectory() as scratch:
        session = open_session(read_recipe(str(recipe)), Run(Path(scratch)), folder)
        if session.parts is not None:  # a few cases are enough, and preparing all of them may take long
            session.parts = {part: indices[:8] for part, indices in session.parts.items()}
        training = session.recipe.training()
        part = session.make_part("train")
        game = game_of(session, shapes_of(part, training.patch)).to(device)
        optimisers = build(game, training.optimisers)
        table = Table(game, step=lambda player: optimisers[player].step())
        feed, times = feed_of(session, part), []
        for play in range(plays):
            begun = time.perf_counter()
            game.plays = play
            batch = {word: value.to(device) for word, value in feed.batch(play, 0, 1).items()}
            table.play([{**batch, "draws": Draws(0, play, range(training.batch))}])
            times.append(time.perf_counter() - begun)
    peak = torch.cuda.max_memory_allocated() / 2**20 if device == "cuda" else peak_mib()
    return min(times[1:]), float(peak)


def main() -> int:
    """Try the recipe and folder on the command line."""
    warnings.simplefilter("ignore")
    try:
        seconds, mib = trial(Path(sys.argv[1]), Path(sys.argv[2]))
    except UserError as error:
        print(f"{error.message}\n{error.remedy}")
        return 2
    print(f"{seconds:.4f} {mib:.0f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
