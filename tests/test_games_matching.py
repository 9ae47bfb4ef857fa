"""Worked examples of feature matching, total variation and sketches."""

import pytest
import torch
from torch import nn

from adversaria import games
from playground import Discriminator, batch
from turns import Shift, gradient, values


class Layers(Discriminator):
    """Four layers at each of three scales, each a multiple of the image."""

    def features(self, image, condition=None):
        return [image * 1.0 for _ in range(12)]


def test_feature_matching_worked_example():
    """0.1 in each of 4 layers at 3 scales: 0.4, weighted 4; equal images 0; scales are pooled by 2."""
    from adversaria.losses import FeatureMatching
    from adversaria.networks import CoarseToFine, MultiScale

    image = torch.zeros(2, 1, 8, 8)
    assert float(FeatureMatching()(image + 0.1, image, discriminator=Layers(2))) == pytest.approx(0.4, abs=1e-6)
    judge = MultiScale(width=4)
    large = torch.randn(2, 1, 96, 96, generator=torch.Generator().manual_seed(0))
    assert float(FeatureMatching()(large, large, discriminator=judge).detach()) == 0
    levels = judge.pyramid(large, None)
    assert torch.equal(levels[1], nn.functional.avg_pool2d(large, 2)) and levels[2].shape[-1] == 24
    assert len(judge.features(large)) == 12 and len(judge(large)) == 3
    network = CoarseToFine(halvings=2, blocks=1, local_blocks=1, width=4)
    assert network(large).shape == large.shape


def test_feature_matching_gives_the_real_side_no_gradient():
    from adversaria.losses import FeatureMatching

    judge, image = Discriminator(2), batch()["source"]
    target = image.clone().requires_grad_(True)
    loss = FeatureMatching()(image + 0.1, target, discriminator=judge)
    assert torch.autograd.grad(loss, target, allow_unused=True)[0] is None


def test_total_variation_and_sketch():
    """A checkerboard of 0 and 1: 1 an axis; a constant: 0; edges are drawn on a border and strokes carry its values."""
    import numpy as np

    from adversaria.losses import TotalVariation
    from adversaria.physics import Sketch

    board = (torch.arange(6)[:, None] + torch.arange(8)).remainder(2).float()[None, None]
    assert float(TotalVariation()(board)) == 2 and float(TotalVariation()(board * 0 + 3)) == 0
    half = torch.zeros(1, 1, 32, 32)
    half[..., 16:] = 1
    drawing = Sketch(edges=0.2).drawing(half)
    assert (drawing[..., 15:17] == -1).all() and (drawing[..., :8] == 1).all() and (drawing[..., 24:] == 1).all()
    assert (Sketch().drawing(half * 0) == 1).all()
    made = Sketch().measure(half, 1.0, np.random.default_rng(0))
    assert made.shape == (1, 2, 32, 32) and set(made.unique().tolist()) == {0.0, 1.0}
    painted = made[0, 1] == 1
    assert painted.any() and painted.float().mean() < 0.4


def test_without_adversary_a_sketch_pays_for_pixels_alone():
    """Weight 0 of the adversary: no gradient through the discriminator's score; equal images cost nothing."""
    from adversaria.losses import Pixel, Terms, TotalVariation, Weighted

    terms = Terms({"pixel": Weighted(Pixel(power=2), 1.0), "smooth": Weighted(TotalVariation(), 1.0)})
    game = games.Pix2Pix(Shift(), Discriminator(2), conditional=False, adversarial_weight=0.0, terms=terms)
    flat = torch.full((4, 1, 8, 8), 0.3)
    words = {**batch(), "source": flat, "target": flat}
    play = game.play(words)
    next(play)
    _, losses = play.send({})
    assert not gradient(losses["adversarial"], game.generator).any()
    assert values(losses) == {"adversarial": 0.0, "pixel": 0.0, "smooth": 0.0}


def test_pictures_and_scores_repeat_the_voxels_of_small_images():
    import numpy as np

    from adversaria.commands.observing import _alike
    from adversaria.commands.scoring import _enlarged
    from adversaria.data.image import Image

    small, large = np.arange(4, dtype=np.float32).reshape(1, 2, 2), np.zeros((1, 4, 6), np.float32)
    first, second = _alike([small, large])
    assert first.shape == second.shape and first[0, 0].tolist() == [0, 0, 0, 1, 1, 1]
    made = _enlarged(Image(small, np.diag([2.0, 3, 1, 1]), (2.0, 3.0)), large)
    assert np.array_equal(made.array, first) and made.spacing == (1.0, 1.0)
    assert _enlarged(made, large) is made
