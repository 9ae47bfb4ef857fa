"""Does a U-Net that leaves no checkerboard translate as well? Transposed convolutions as they are, and held.

    python -m benchmarks.ways_up

The same pix2pix from T1 to FLAIR, once with each way up, for three sets of phantom heads. Prints a table of
docs/seams.md. Five CPU minutes on one thread.
"""

import argparse
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch

from adversaria.commands.restored import restore
from adversaria.commands.train import train_recipe
from adversaria.data.intensity import Percentile
from adversaria.data.phantoms import Brain
from adversaria.games import Game
from adversaria.recipes import read_recipe
from adversaria.run import Run
from adversaria.tasks.inference import Windows, translate
from benchmarks.seams import patterns

SIDE, HEADS = 96, range(90_000, 90_012)
RECIPE = """
phantom: !Brain {{size: 96, prevalence: 0.5, seed: {seed}}}
bind: {{source: t1, target: flair}}
intensity:
  source: !Percentile {{}}
  target: !Percentile {{}}
game: !Pix2Pix
  generator: !UNet {{depth: 5, width: 16, norm: instance, dropout: 0.0, hold: {hold}}}
  discriminator: !PatchGAN {{layers: 2, width: 16, norm: instance}}
train: {{plays: {plays}, batch: 4, patch: [96, 96], schedule: !LinearDecay {{}}}}
subjects: {{train: 40, validation: 4, test: 12}}
evaluate: {{range: [-1, 1], scaled: true, measures: [psnr]}}
"""


def trained(seed: int, hold: bool, plays: int) -> tuple[Game, float]:
    """The game after its training, and the CPU seconds that took."""
    with TemporaryDirectory() as scratch:
        recipe = Path(scratch) / "recipe.yaml"
        recipe.write_text(RECIPE.format(seed=seed, hold=str(hold).lower(), plays=plays), encoding="utf-8")
        run, start = Run(Path(scratch) / "run"), time.process_time()
        train_recipe(read_recipe(str(recipe)), run, accelerator="cpu", quiet=True)
        return restore(run.folder).game.eval(), time.process_time() - start


def scored(game: Game) -> np.ndarray:
    """PSNR (dB) on the range -1 to 1 and the patterns of 2, 4 and 8 pixels (%) of each unseen head."""
    rows = []
    for subject in HEADS:
        case = Brain(size=SIDE, prevalence=0.5).case(subject)
        source, target = (Percentile().fit(case[word]).forward(case[word]) for word in ("t1", "flair"))
        made = translate(game, source[None], Windows(None), "a head")[0]
        rows.append([10 * np.log10(4 / np.square(made - target).mean()), *(100 * p for p in patterns(made))])
    return np.asarray(rows)


def main() -> None:
    """Train, score and print."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--plays", type=int, default=150)
    asked = words.parse_args()
    torch.set_num_threads(1)
    print("| heads | way up | PSNR (dB) | patterns of 2, 4, 8 pixels (%) | CPU s |\n|---|---|---|---|---|")
    for seed in range(3):
        for hold in (False, True):
            game, seconds = trained(seed, hold, asked.plays)
            psnr, *found = scored(game).mean(0)
            way = "3 taps, held" if hold else "4 taps"
            said = ", ".join(f"{value:.2f}" for value in found)
            print(f"| {seed} | {way} | {psnr:.2f} | {said} | {seconds:.0f} |", flush=True)


if __name__ == "__main__":
    main()
