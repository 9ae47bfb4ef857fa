"""The sections of the benchmarks, in the order of the page, and how one is run."""

import importlib
import logging
import time
import warnings
from typing import Any

from benchmarks.machine import facts

SECTIONS = {
    "pix2pix": "steps.pix2pix_one",
    "pix2pix-4": "steps.pix2pix_four",
    "cyclegan": "steps.cyclegan",
    "dcgan": "steps.dcgan",
    "wgan-gp": "steps.wgan_gp",
    "parity": "steps.parity",
    "overhead": "overhead.section",
    "similarity": "similarity.section",
    "terms": "terms.section",
    "measures": "measures.section",
    "memory": "measures.memory",
    "distributions": "distributions.section",
    "coverage": "coverage.section",
    "operators": "operators.section",
    "operators-memory": "operators.memory",
    "reading": "loading.section",
    "pairs": "loading.pairs",
    "kills": "kills.section",
    "plays": "plays.section",
    "learn-gan": "ring.gan_learns",
    "learn-wgan-gp": "ring.wgan_gp_learns",
    "learn-supervised": "denoise.supervised",
    "learn-pix2pix": "denoise.pix2pix",
    "learn-cyclegan": "denoise.cyclegan",
    "learn-vaegan": "rebuild.section",
}


def run(name: str) -> dict[str, Any]:
    """Run one section in this process."""
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)
    room, _, function = SECTIONS[name].partition(".")
    wall, own = time.monotonic(), time.process_time()
    found = getattr(importlib.import_module(f"benchmarks.{room}"), function)().plain()
    spent = {"wall_s": round(time.monotonic() - wall), "cpu_s": round(time.process_time() - own)}
    return {**found, **spent, **facts()}
