"""How works that restore an image are judged: beside their input, a classical baseline and their pixel-only twin."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from adversaria.commands.session import Session, feed_of, game_of, open_session, shapes_of
from adversaria.draws import Draws, stream
from adversaria.engine.optimising import build
from adversaria.engine.turns import Table
from adversaria.games import Supervised
from adversaria.games.game import Game
from adversaria.losses import Pixel, Terms, Weighted
from adversaria.metrics.lesion import lesion_contrast_recovery
from adversaria.metrics.psnr import psnr
from adversaria.metrics.ssim import ssim
from adversaria.metrics.statistics import bootstrap
from adversaria.recipes import Recipe
from adversaria.run import Run
