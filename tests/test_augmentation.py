"""Differentiable augmentation: what it does to each sample, and how its probability adapts."""

import numpy as np
import pytest
import torch

from adversaria import games, losses
from adversaria.draws import Draws
from adversaria.engine import Table
from playground import Discriminator, Generator, batch

SIDE = 16


def draws(count: int, kind: losses.Augmentation) -> torch.Tensor:
    return torch.from_numpy(Draws(0, 0, range(count)).uniform("augment", (kind.draws,))).float()


def ramp(count: int, dims: int) -> torch.Tensor:
    """A picture whose voxels all differ, the same in every sample."""
    return torch.linspace(0.1, 1, SIDE**dims).view(1, 1, *(SIDE,) * dims).repeat(count, 1, *[1] * dims)


@pytest.mark.parametrize("dims", [2, 3])
def test_translation_moves_whole_voxels_and_lets_zeros_in(dims):
    kind = losses.DiffAugment(intensity=0, cutout=0)
    image, by = ramp(64, dims), draws(64, kind)
    moved = kind(image, by)
    shifts = [((by[:, 5 + k] * 5).floor().long() - 2).tolist() for k in range(dims)]
    assert {s for axis in shifts for s in axis} == {-2, -1, 0, 1, 2}
    for sample in range(64):
        wanted = image[sample, 0].numpy()
        for axis, shift in enumerate(s[sample] for s in shifts):
            wanted = np.roll(wanted, shift, axis)
            gone = [slice(None)] * dims
            gone[axis] = slice(0, shift) if shift > 0 else slice(SIDE + shift, SIDE)
            if shift:
                wanted[tuple(gone)] = 0
        assert np.array_equal(moved[sample, 0].numpy(), wanted)


@pytest.mark.parametrize("dims", [2, 3])
def test_cutout_zeroes_one_box_and_keeps_the_rest(dims):
    kind = losses.DiffAugment(intensity=0, translation=0)
    image = ramp(64, dims)
    cut = kind(image, draws(64, kind))
    gone = cut == 0
    assert torch.equal(cut[~gone], image[~gone])
    for sample in gone[:, 0]:
        places = sample.nonzero()
        assert len(places) == int(np.prod((places.max(0).values - places.min(0).values + 1).tolist()))
    sizes = gone.flatten(1).sum(1)
    assert int(sizes.max()) == (SIDE // 2) ** dims and int(sizes.min()) >= (SIDE // 4) ** dims


def test_intensity_keeps_the_picture_up_to_gain_and_offset():
    kind = losses.DiffAugment(translation=0, cutout=0)
    image = ramp(200, 2)
    made = kind(image, draws(200, kind)).flatten(1)
    gain = made.std(1) / image.flatten(1).std(1)
    offset = made.mean(1) - image.flatten(1).mean(1)
    assert gain.min() >= 0.5 and gain.max() <= 1.5 and gain.mean() == pytest.approx(1, abs=0.06)
    assert offset.abs().max() <= 0.5 and offset.mean() == pytest.approx(0, abs=0.06)


def test_gradients_pass_through_every_change():
    kind = losses.DiffAugment()
    image = ramp(4, 2).double().requires_grad_(True)
    how = draws(4, kind).double()
    assert torch.autograd.gradcheck(lambda x: kind(x, how), image[:, :, :6, :6].detach().requires_grad_(True))


def test_probability_is_the_share_of_samples_that_change():
    image = ramp(2000, 2)
    for share in (0.0, 0.3):
        kind = losses.DiffAugment(intensity=0.5, translation=0, cutout=0, probability=share)
        changed = (kind(image, draws(2000, kind)) != image).flatten(1).any(1).float().mean()
        assert float(changed) == pytest.approx(share, abs=0.03)


def test_the_probability_rises_where_the_discriminator_overfits_and_falls_where_not():
    """r above 0.6 is a step up, below a step down, and p stays within [0, 1]; it is a buffer of the game."""

    class Sure(Discriminator):
        """Scores real images by `self.sign`, with its graph."""

        sign = 1.0

        def forward(self, image, condition=None):
            return super().forward(image) * 0 + self.sign

    game = games.GAN(Generator(2), Sure(2), augmentation=losses.AdaptiveAugmentation(rise=4))
    assert "augmentation.p" in dict(game.named_buffers())
    table = Table(game, step=lambda player: None)
    found = []
    for index, sign in enumerate([-1.0, 1.0, 1.0, -1.0, 1.0, 1.0, 1.0, 1.0]):
        game.discriminator.sign = sign
        table.play([batch(2, index, part, 2) for part in range(2)])
        found.append(float(game.augmentation.p))
    assert found == pytest.approx([0, 0.25, 0.5, 0.25, 0.5, 0.75, 1, 1])


def test_both_players_see_changed_images_only():
    seen = []

    class Watching(Discriminator):
        def forward(self, image, condition=None):
            seen.append(image)
            return super().forward(image)

    words = batch()
    game = games.GAN(Generator(2), Watching(2), augmentation=losses.DiffAugment(intensity=0, translation=0))
    Table(game, step=lambda player: None).play([words])
    assert len(seen) == 3 and all(bool((image == 0).any()) for image in seen)
