"""A training to be killed: a game with pools, batch norm, dropout and averages, saved often.

Usage: kill_child.py RUN PLAYS WORKERS PRECISION SLOW [DEVICES]; SLOW makes each flush to disk last that many
milliseconds, so that a kill can be aimed at the inside of a save.
"""

import os
import sys
import time
import warnings
from pathlib import Path

import torch
from torch import nn

from adversaria import games
from adversaria.engine import LinearDecay, Replicas, Settings, Training
from adversaria.run import Run
from playground import SIDE, Discriminator, NoiseFeed, Translator


def game() -> games.CycleGAN:
    torch.manual_seed(1)
    shape = (1, SIDE, SIDE)
    generator = nn.Sequential(Translator(2), nn.BatchNorm2d(1), nn.Dropout(0.2))
    return games.CycleGAN(
        generator,
        Translator(2),
        Discriminator(2),
        Discriminator(2),
        source_shape=shape,
        target_shape=shape,
        pool=6,
    )


def settings(plays: int, workers: int, precision: str) -> Settings:
    return Settings(
        plays=plays,
        precision=precision,
        workers=workers,
        average={"generators": 0.9},
        schedule=LinearDecay(0.5),
        log_every=3,
        save_every=5,
        keep_every=20,
    )


def main() -> None:
    folder, plays, workers, precision, slow = sys.argv[1:6]
    devices = int(sys.argv[6]) if len(sys.argv) > 6 else 1
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    flush = os.fsync

    def slowly(handle: int) -> None:
        time.sleep(int(slow) / 1000)
        flush(handle)

    os.fsync = slowly
    replicas = Replicas(devices, "cpu")
    replicas.launch()
    feed = NoiseFeed()
    training = Training(
        game(), feed, Run(Path(folder)), settings(int(plays), int(workers), precision), replicas,
        progress=lambda done, total: time.sleep(0.01),
    )  # fmt: skip
    training.train()


if __name__ == "__main__":
    main()
