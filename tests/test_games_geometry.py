"""Worked examples of super-resolution, registration, coupled images, pyramids and volumes from two views."""

import pytest
import torch
from torch import nn

from adversaria import games
from playground import batch, build
from turns import LOG2, Half, Shift, Zero, gradient, turns


def test_srgan_worked_example():
    """Equal images and D = 0.5: 1e-3 log 2 = 6.931e-4; before that the squared error alone."""
    game = games.SRGAN(Shift(), Zero(2), pretraining=1)
    words = {**batch(), "target": batch()["source"]}
    assert turns(game, words) == [("generator", {"pretraining": 0.0})]
    game.plays = 1
    found = dict(turns(game, words))
    assert sum(found["generator"].values()) == pytest.approx(6.931e-4, abs=1e-7)
    assert sum(found["discriminator"].values()) == pytest.approx(2 * LOG2, abs=1e-5)
    from adversaria.losses import Perceptual

    class Scaled(nn.Module):
        def forward(self, image):
            return image / 12.75

    content = Perceptual(Scaled())(torch.full((1, 1, 4, 4), 12.75), torch.zeros(1, 1, 4, 4))
    assert float(content) == pytest.approx(1, abs=1e-6)


def test_pixel_shuffle_and_the_blocks_of_srresnet():
    """Agrees with torch in 2D; two doublings make 4; zero blocks pass the first features unchanged."""
    from adversaria.networks import SRResNet
    from adversaria.networks.srgan import shuffle

    values_ = torch.arange(2 * 8 * 3 * 4.0).view(2, 8, 3, 4)
    assert torch.equal(shuffle(values_), nn.functional.pixel_shuffle(values_, 2))
    assert torch.equal(nn.functional.pixel_unshuffle(shuffle(values_), 2), values_)
    volume = torch.arange(8.0).view(1, 8, 1, 1, 1)
    assert torch.equal(shuffle(volume).flatten(), torch.arange(8.0))
    network = SRResNet(width=4).eval()
    assert network(torch.zeros(1, 1, 6, 5)).shape == (1, 1, 24, 20) and len(network.blocks) == 16
    for module in network.blocks.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.zeros_(module.weight), nn.init.zeros_(module.bias)
    value = network.first(torch.ones(1, 1, 6, 5))
    assert torch.equal(network.blocks(value), value)


def test_small_and_large_images_are_cut_at_the_same_place():
    """A patch of the large image and of its downsampled twin show the same voxels."""
    import numpy as np

    from adversaria.data.feed import Item, PatchFeed, Stream
    from adversaria.physics import Downsample

    large = torch.arange(32.0 * 32).view(1, 1, 32, 32)
    small = Downsample(4).A(large)
    item = Item({"source": small[0].numpy(), "target": large[0].numpy(), "label": np.ones(1, np.float32)}, "c")
    feed = PatchFeed([Stream("data", [item], (16, 16))], 8, 0)
    words = feed.batch(0, 0, 1)
    assert words["source"].shape == (8, 1, 4, 4) and words["label"].shape == (8, 1)
    assert torch.equal(Downsample(4).A(words["target"]), words["source"])
    assert len({float(v) for v in words["source"][:, 0, 0, 0]}) > 1


def test_an_enlarged_image_keeps_its_place_in_space():
    """Centres of blocks stay where they were: NIfTI affine of a 4 times finer grid."""
    import numpy as np

    from adversaria.data.image import Image

    affine = np.array([[-2.0, 0, 0, 10], [0, 0, 3, 20], [0, 4, 0, 30], [0, 0, 0, 1]])
    image = Image(np.zeros((1, 4, 5, 6), np.float32), affine, (2.0, 4.0, 3.0))
    finer = image.resampled(np.zeros((1, 16, 20, 6), np.float32))
    block = finer.affine @ np.array([[0, 0, 0, 1], [3, 3, 0, 1], [12, 16, 5, 1], [15, 19, 5, 1]]).T
    coarse = affine @ np.array([[0, 0, 0, 1], [3, 4, 5, 1]]).T
    assert np.allclose((block[:, 0] + block[:, 1]) / 2, coarse[:, 0])
    assert np.allclose((block[:, 2] + block[:, 3]) / 2, coarse[:, 1])
    assert finer.spacing == (0.5, 1.0, 3.0)


def test_warp_identity_shift_and_affine():
    """Zero field: the moving image; integer shift: a roll inside; (1,0,0,0, 0,1,0,0, 0,0,1,0): no displacement."""
    from adversaria.networks.warp import affine_flow, warp

    moving = torch.randn(2, 1, 7, 6, 5, generator=torch.Generator().manual_seed(0))
    still = torch.zeros(2, 3, 7, 6, 5)
    torch.testing.assert_close(warp(moving, still), moving, atol=1e-6, rtol=0)
    flow = still.clone()
    flow[:, 0], flow[:, 2] = 2.0, -1.5
    spacing = torch.tensor([[1.0, 1.0, 1.5]] * 2)
    rolled = moving.roll((-2, 1), (2, 4))
    torch.testing.assert_close(warp(moving, flow, spacing)[..., :5, :, 1:], rolled[..., :5, :, 1:], atol=1e-5, rtol=0)
    identity = torch.tensor([[1.0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0]])
    assert float(affine_flow(identity, (4, 5, 6)).abs().max()) == pytest.approx(0, abs=1e-6)
    scaled = affine_flow(torch.tensor([[1.5, 0, 2.0, 0, 1, 0]]), (5, 4))
    assert torch.allclose(scaled[0, 0, :, 0], torch.tensor([-1.0, -0.5, 0, 0.5, 1.0]) + 2) and (scaled[0, 1] == 0).all()


def test_registration_smoothness_and_gradient():
    """Constant field 0; slope a: a squared; the generator is reached through the warp alone."""
    from adversaria.networks.warp import roughness

    assert float(roughness(torch.full((1, 2, 8, 8), 3.0))) == 0
    ramp = torch.zeros(1, 2, 8, 8)
    ramp[:, 1] = 0.3 * torch.arange(8.0)[:, None]
    assert float(roughness(ramp)) == pytest.approx(0.09, abs=1e-6)
    assert float(roughness(ramp, torch.tensor([[2.0, 1.0]]))) == pytest.approx(0.0225, abs=1e-6)
    game, words = build("RegistrationGAN"), batch()
    words["moving"], words["fixed"] = words["source"], words["target"]
    play = game.play(words)
    next(play)
    _, losses = play.send({})
    assert float(gradient(losses["adversarial"], game.generator).abs().sum()) > 0


def test_registration_with_a_known_field():
    game, words = build("RegistrationGAN"), batch()
    words |= {"moving": words["source"], "fixed": words["target"]}
    game.field, game.adversarial_weight, game.smoothness = 2.0, 0.0, 0.0
    words["flow"] = game.generator(words["moving"], words["fixed"]).detach() + 0.5
    assert dict(turns(game, words))["generator"]["field"] == pytest.approx(0.5, abs=1e-6)


def test_coupled_worked_example_and_shared_layers():
    """At indifference D 2 x 2 log 2 = 2.772589; shared layers get the sum of both gradients, and exist once."""
    game = build("CoupledGAN")
    for parameter in game.discriminator_trunk.parameters():
        nn.init.zeros_(parameter)
    found = dict(turns(game))
    assert sum(found["discriminators"].values()) == pytest.approx(2.772589, abs=1e-5)
    assert sum(found["generators"].values()) == pytest.approx(2 * LOG2, abs=1e-5)
    game = build("CoupledGAN")
    play = game.play(batch())
    next(play)
    _, losses = play.send({})
    both = gradient(sum(losses.values()), game.generator_trunk)
    parts = [gradient(loss, game.generator_trunk) for loss in losses.values()]
    torch.testing.assert_close(both, parts[0] + parts[1])
    assert sum(n.startswith("generator_trunk") for n in game.parameters_of("generators")) == 4


def test_coupled_images_are_a_function_of_one_latent():
    game = build("CoupledGAN").eval()
    game.target_generator = game.source_generator
    with torch.no_grad():
        same = game(batch())
        latent = game.normal(batch(), "latent", (5,))
        assert torch.equal(same["output"], same["source"])
        one, other = game.images(latent), game.images(latent.flip(0))
    assert torch.equal(one["target"], other["target"].flip(0)) and not torch.equal(one["target"], other["target"])


def test_lapgan_pyramid_is_exact():
    """I_k = u(I_{k+1}) + h_k; [[1,2],[3,4]]: coarse 2.5, residual [[-1.5,-0.5],[0.5,1.5]]."""
    from adversaria.games import lapgan

    small = torch.tensor([[1.0, 2.0], [3.0, 4.0]]).view(1, 1, 2, 2)
    images = lapgan.pyramid(small, 1)
    assert images[1].item() == 2.5
    assert torch.equal(lapgan.residuals(images)[0][0, 0], torch.tensor([[-1.5, -0.5], [0.5, 1.5]]))
    for shape in ((2, 1, 32, 16), (1, 2, 16, 16, 8)):
        image = torch.randn(shape, generator=torch.Generator().manual_seed(0))
        images = lapgan.pyramid(image, 3)
        again = lapgan.rebuilt(images[-1], lapgan.residuals(images))
        assert float((again - image).abs().max()) < 1e-6


def test_lapgan_levels_are_apart_and_zero_residuals_repeat_the_coarse_image():
    from adversaria.games.lapgan import up

    game = build("LAPGAN")
    play = game.play(batch())
    _, judged = next(play)
    fine, coarse = game.discriminators.fine, game.discriminators.coarse
    assert not gradient(judged["level_0"], coarse).any() and not gradient(judged["level_1"], fine).any()
    _, made = play.send({})
    assert not gradient(made["level_0"], game.generators.coarse).any()
    assert not gradient(made["level_1"], game.generators.fine).any()
    for parameter in game.generators.fine.parameters():
        nn.init.zeros_(parameter)
    with torch.no_grad():
        image = game(batch())["output"]
        assert torch.equal(image, up(game.generators.coarsest(game.normal(batch(), "latent", (5,)))))


def test_x2ct_worked_example():
    """D = 0.5, a volume wrong by 0.1 everywhere: 0.1 x 0.25 + 10 x 0.01 + 10 x 0.1 = 1.125."""
    from adversaria.games import x2ct

    words = batch(3)

    class Near(Shift):
        def forward(self, views, condition=None):
            return words["target"] + self.by

    game = games.X2CT(Near(0.1), Half(3, 3))
    assert sum(dict(turns(game, words))["generator"].values()) == pytest.approx(1.125, abs=1e-5)
    exact = dict(turns(games.X2CT(Near(0.0), Half(3, 3)), words))["generator"]
    assert exact == {"adversarial": pytest.approx(0.025), "reconstruction": 0.0, "projection": 0.0}
    draws = torch.Generator().manual_seed(0)
    first, second = torch.randn(2, 2, 1, 4, 5, 6, generator=draws)
    once = x2ct.projected(first, second)
    again = x2ct.projected(first.permute(0, 1, 4, 2, 3), second.permute(0, 1, 4, 2, 3))
    torch.testing.assert_close(once, again)
    cancelling = first.clone()
    cancelling[:, :, 0] += 1
    cancelling[:, :, 1] -= 1
    assert float((cancelling.mean(2) - first.mean(2)).abs().max()) < 1e-6
    assert float(x2ct.projected(cancelling, first)) > 0 and float((cancelling - first).square().mean()) > 0.1


def test_biplanar_back_projection_lies_along_the_rays():
    from adversaria.physics import Biplanar

    volume = torch.randn(1, 1, 4, 4, 3, generator=torch.Generator().manual_seed(0))
    frontal, lateral = Biplanar().back(Biplanar().A(volume))[0]
    assert torch.equal(frontal[0], frontal[3]) and torch.equal(lateral[:, 0], lateral[:, 3])
    torch.testing.assert_close(frontal[0], volume[0, 0].mean(0))
    torch.testing.assert_close(lateral[:, 0], volume[0, 0].mean(1))
