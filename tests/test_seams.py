"""No seams: a volume larger than any window along every axis, in windows of networks that depend on their window."""

from functools import partial

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from adversaria.games import Game, Pix2Pix
from adversaria.metrics import CHECKERBOARD, SEAMS
from adversaria.networks import PatchGAN, SegmentationUNet, UNet
from adversaria.tasks.inference import Windows, translate, weights
from adversaria.vocabulary import Batch

SIDE, WINDOW = 40, 16
BORDERS = (8, 8, 8)  # windows of 16 that overlap by half end at every 8th voxel
JND = 1 / 612  # of the display's range: docs/seams.md


class Quarrel(Game):
    """Windows that agree in nothing: each gives the image, raised by a number of its own between -1 and 1."""

    def __init__(self):
        super().__init__()
        self.most = torch.nn.Parameter(torch.ones(()))

    def forward(self, batch: Batch) -> Batch:
        size = [1] * (batch["source"].ndim - 1)
        return {"output": batch["source"] + self.most * (2 * self.uniform(batch, "own", size) - 1)}


def drawn(network) -> Game:
    torch.manual_seed(0)
    return Pix2Pix(network(), PatchGAN(1, 1, width=4, layers=1, dims=3)).eval()


def texture(seed: int = 0) -> np.ndarray:
    """A smooth volume (1, 1, *S) between -1 and 1, a little rough."""
    random = np.random.default_rng(seed)
    smooth = gaussian_filter(random.standard_normal((SIDE,) * 3), 4)
    made = smooth / np.abs(smooth).max() + 0.01 * random.standard_normal((SIDE,) * 3)
    return made[None, None].astype(np.float32)


def blended(game: Game, image: np.ndarray) -> np.ndarray:
    return translate(game, image, Windows((WINDOW,) * 3), "a volume")[0]


def abutted(game: Game, image: np.ndarray) -> np.ndarray:
    return translate(game, image, Windows((8, 8, 8), 0.0), "a volume")[0]


def at_borders(image: np.ndarray, shift: int = 0) -> float:
    return SEAMS(output=image[(slice(None), *[slice(shift, None)] * 3)], seams=BORDERS)


def step_at_borders(image: np.ndarray, every: int) -> float:
    """The mean step over a face of voxels where windows end: its root mean square. Of an image without structure."""
    found, faces = [], image.shape[1] // every
    for axis in range(3):
        steps = np.diff(np.moveaxis(image[0].astype(np.float64), axis, 0), axis=0)[every - 1 :: every]
        found.append(np.square(steps.reshape(-1, faces, every, faces, every).mean((2, 4))).mean())
    return float(np.sqrt(np.mean(found)))


@pytest.mark.parametrize(
    "make", [Quarrel, partial(drawn, partial(SegmentationUNet, 1, 1, depth=2, width=4, norm="instance", dims=3))]
)
def test_no_seam_is_left_where_windows_end_in_3d(make):
    """Blended, borders step no more than places beside them do; abutted windows of the same network step at once."""
    game, image = make(), texture()
    made, side_by_side = blended(game, image), abutted(game, image)
    assert at_borders(made) < max(at_borders(made, shift) for shift in range(1, 8)) + 0.05
    assert at_borders(side_by_side) > 1.5 * max(at_borders(side_by_side, shift) for shift in range(1, 8))


def test_the_step_that_windows_leave_cannot_be_seen_even_if_they_agree_in_nothing():
    """Neighbours differ by 0.8 of a range of 2 in the root mean square; what is left steps less than one JND of it."""
    image = np.zeros((1, 1, 64, 64, 64), np.float32)
    made = translate(Quarrel(), image, Windows((32, 32, 32)), "a volume")[0]
    assert step_at_borders(made, 16) < 2 * JND and np.ptp(made) > 1
    assert step_at_borders(translate(Quarrel(), image, Windows((16,) * 3, 0.0), "a volume")[0], 16) > 0.5


def test_a_step_of_known_size_is_found():
    """Its square is added to the mean squared step, over that of all other borders of voxels."""
    image = texture()[0]
    spread = np.mean([np.square(np.diff(image, axis=axis)).mean() for axis in (1, 2, 3)])
    parity = sum(np.meshgrid(*[np.arange(SIDE) // 8] * 3, indexing="ij")) % 2
    for height in (0.02, 0.05, 0.2):
        made = at_borders(image + (height * parity).astype(np.float32)) - at_borders(image)
        assert made == pytest.approx(height**2 / spread, rel=0.25)


@pytest.mark.parametrize("overlap", [0.5, 0.25, 0.75, 0.1])
def test_weights_of_neighbours_sum_to_one(overlap):
    """Along an axis away from its ends, up to a factor where windows overlap more than twice."""
    line = weights((32,), overlap).numpy()
    step = int(32 * (1 - overlap))
    total = np.zeros(32 + 20 * step)
    for k in range(21):
        total[k * step : k * step + 32] += line
    inner = total[64:-64]
    assert np.ptp(inner) < 1e-5 * inner.mean() and line[0] < 0.15 * line.max() and line.min() > 0
    assert weights((4, 6), 0.5).shape == (4, 6) and (weights((4, 6), 0.0) == 1).all()


def test_interpolation_leaves_no_checkerboard_where_transposed_convolutions_do():
    """Networks as they are drawn, which nothing has smoothed yet."""
    image = texture()[:, :, :32, :32, :32]
    shared = {"width": 4, "norm": "instance", "dims": 3}
    plain = drawn(partial(SegmentationUNet, 1, 1, depth=2, **shared))
    strided = drawn(partial(UNet, depth=3, dropout=0.0, **shared))
    found = [CHECKERBOARD(output=translate(game, image, Windows(None), "v")[0]) for game in (plain, strided)]
    assert found[0] < 0.02 < 0.1 < found[1]
