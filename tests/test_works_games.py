"""The games of single works: objectives against closed forms, with networks that are tables."""

import math

import pytest
import torch
from torch import nn

from adversaria import games
from adversaria.data.phantoms import BrainFluidMap, BrainTumourMap, FundusVesselMap
from adversaria.draws import Draws
from adversaria.games.centre_pixel import centre
from adversaria.networks import PGGANDiscriminator, PGGANGenerator, UNet
from adversaria.vocabulary import UserError
from playground import batch, build

LOG2 = math.log(2)


class Constant(nn.Module):
    """A network that answers every image alike; its features are the image."""

    def __init__(self, **rows):
        super().__init__()
        self.rows = nn.ParameterDict({name: nn.Parameter(torch.tensor(row)) for name, row in rows.items()})

    def features(self, image, condition=None):
        return [image]

    def forward(self, image, condition=None):
        tied = 0 * image.flatten(1).sum(1, keepdim=True)
        return {name: row + tied for name, row in self.rows.items()}


class Everywhere(Constant):
    """Logits (B, K, *S), the same in every voxel."""

    def forward(self, image, condition=None):
        return self.rows["label"].view(1, -1, 1, 1) + 0 * image


class Made(nn.Module):
    latent_shape = (1,)

    def __init__(self, value):
        super().__init__()
        self.value = nn.Parameter(torch.tensor(value))

    def forward(self, latent, condition=None):
        return self.value.expand(len(latent), 1, 4, 4)


def turns(game, **words):
    """Each turn's losses as numbers, in the order of play."""
    found = []
    play = game.play({**words, "draws": Draws(0, 0, range(2))})
    for player, losses in play:
        found.append((player, {name: float(loss.detach()) for name, loss in losses.items()}))
    return found


def flat(value):
    return torch.full((2, 1, 4, 4), value)


def test_cat_wgan_has_the_entropies_and_the_critic():
    game = games.CatWGAN(Made(0.0), Constant(score=[0.0], label=[0.0, 0.0, 0.0, 0.0]))
    (_, first), (_, second) = turns(game, image=flat(1.0))
    # uniform posteriors: both entropies log 4; a flat critic: distance 0, penalty 10 (0 - 1)^2
    assert first["balance"] == pytest.approx(-2 * LOG2) and first["certainty"] == pytest.approx(2 * LOG2)
    assert first["confusion"] == pytest.approx(-2 * LOG2)
    assert first["wasserstein"] == pytest.approx(0.0) and first["penalty"] == pytest.approx(10.0, rel=1e-4)
    assert second["balance"] == pytest.approx(-2 * LOG2) and "wasserstein" in second


def test_centre_pixel_gan_counts_both_sets_of_real_images_half():
    mask = torch.zeros(2, 1, 4, 4)
    mask[1, 0, 2, 2] = 1
    assert centre(mask).tolist() == [0, 1] and centre(torch.ones(1, 1, 3, 3, 3)).tolist() == [1]
    game = games.CentrePixelGAN(Made(0.0), Constant(score=[0.0], label=[0.0, math.log(3)]))
    (_, first), (_, second) = turns(game, image=flat(1.0), unlabelled=flat(0.5), mask=mask)
    assert first["labelled"] + first["unlabelled"] == pytest.approx(2 * LOG2)
    # P(1) = 3/4: the mean of log 4 and log 4/3
    assert first["supervised"] == pytest.approx(0.5 * (math.log(4) + math.log(4 / 3)))
    assert second["adversarial"] == pytest.approx(LOG2)


def test_semi_coupled_gan_names_each_kind():
    game = games.SemiCoupledGAN(Made(0.0), Made(1.0), Constant(score=[0.0], label=[math.log(3), 0.0]))
    (_, first), (player, second) = turns(game, source=flat(0.0), target=flat(1.0))
    assert first["class_source"] == pytest.approx(math.log(4 / 3)) and first["class_target"] == pytest.approx(
        math.log(4)
    )
    assert first["source"] == pytest.approx(2 * LOG2) and player == "generators"
    assert second["class_target"] == pytest.approx(math.log(4)) and second["target"] == pytest.approx(LOG2)


def test_segmentation_with_one_class_more():
    game = games.SemiSupervisedSegmentation(Made(0.25), Everywhere(label=[0.0, 0.0]), adversarial=1.0)
    (_, first), (_, second) = turns(game, image=flat(0.0), mask=flat(1.0), unlabelled=flat(1.0))
    # K = 2 logits of 0 beside the fixed 0: real with 2/3
    assert first["supervised"] == pytest.approx(LOG2)
    assert first["unlabelled"] == pytest.approx(0.5 * math.log(3 / 2)) and first["generated"] == pytest.approx(
        0.5 * math.log(3)
    )
    assert second["matching"] == pytest.approx(0.75) and second["adversarial"] == pytest.approx(math.log(3 / 2))


def test_weights_of_labels_move_the_supervised_loss():
    words = {"image": flat(0.0), "unlabelled": flat(1.0), "mask": flat(0.0)}
    words["mask"][0] = 1
    found = [
        turns(games.SemiSupervisedSegmentation(Made(0.0), Everywhere(label=[0.0, math.log(3)]), balance=w), **words)[0][
            1
        ]
        for w in ((), (3.0, 1.0))
    ]
    assert found[0]["supervised"] == pytest.approx(0.5 * (math.log(4) + math.log(4 / 3)))
    assert found[1]["supervised"] == pytest.approx(0.25 * (3 * math.log(4) + math.log(4 / 3)))


def test_infogan_may_be_a_wgan_gp():
    game = build("InfoGAN")
    plain = [player for player, _ in game.play(batch())]
    game.critic_steps = 2
    assert plain == ["discriminator", "generator"] and [player for player, _ in game.play(batch())] == plain[:1]
    game.plays = 1
    assert [player for player, _ in game.play(batch(play=1))] == plain


def test_growing_networks_start_at_other_sides():
    generator, critic = (
        PGGANGenerator(size=32, latent=5, width=4, start=(5, 4)),
        PGGANDiscriminator(size=32, width=4, start=(5, 4)),
    )
    for growth, sides in ((0.0, (5, 4)), (1.5, (20, 16)), (3.0, (40, 32))):
        generator.grow(growth), critic.grow(growth)
        image = generator(torch.randn(4, 5))
        assert image.shape[2:] == sides and critic(image).shape == (4, 1)
    assert PGGANGenerator(size=64, latent=5, width=4, start=(8, 8)).levels == 3
    with pytest.raises(UserError, match="2 sides"):
        PGGANGenerator(size=32, start=(4, 4, 4))


def test_unet_features_are_its_way_down():
    sides = [f.shape[-1] for f in UNet(depth=3, width=4, norm="instance").features(torch.zeros(2, 1, 16, 16))]
    assert sides == [8, 4, 2]


@pytest.mark.parametrize(
    ("phantom", "channels"),
    [
        (BrainFluidMap(size=32), 2),
        (BrainTumourMap(size=32, lesion="glioma", prevalence=1.0), 5),
        (FundusVesselMap(64), 4),
    ],
)
def test_the_last_joint_channel_is_the_truth(phantom, channels):
    made = phantom.case(1)
    truth = {2: lambda: made["tissue"] == 1, 5: lambda: made["lesion"] > 0, 4: lambda: made["vessels"] > 0}[channels]()
    assert made["joint"].shape[0] == channels and made["joint"].min() >= 0 and made["joint"].max() == 1
    assert ((made["joint"][-1:] > 0) == truth).all() and truth.any()
