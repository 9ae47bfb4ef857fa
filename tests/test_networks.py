"""Networks: shapes in 2D and 3D, the parameter counts that papers imply, receptive field, clear errors."""

import pytest
import torch

from adversaria import networks
from adversaria.vocabulary import UserError

SIDE = 32
SMALL = {
    "ConvDecoder": {"size": SIDE, "width": 2, "latent": 6},
    "ConvEncoder": {"size": SIDE, "width": 2, "hidden": 8, "latent": 6},
    "CycleDenoiser": {"width": 4, "modules": 2},
    "DCGANDiscriminator": {"size": SIDE, "width": 2},
    "DCGANGenerator": {"size": SIDE, "width": 2, "latent": 6},
    "PatchGAN": {"width": 2, "layers": 2},
    "PlainCNN": {"width": 4},
    "ResNetGenerator": {"width": 4, "blocks": 1},
    "StridedDiscriminator": {"width": 2},
    "UNet": {"width": 2, "depth": 4},
    "VAEGANDiscriminator": {"size": SIDE, "width": 2, "hidden": 8},
    "WGANVGGCritic": {"size": SIDE, "width": 2, "hidden": 8},
}
# networks that answer with a dictionary, or take a label or code beside the image: tests/test_headed_networks.py
ELSEWHERE = {
    "BEGANAutoencoder", "BEGANGenerator", "DCGANAutoencoder", "DCGANEncoder", "HeadedDCGAN", "JointDiscriminator",
    "LabelDCGANDiscriminator", "LabelDCGANGenerator", "LatentDiscriminator",
}  # fmt: skip
GENERATORS = ("ConvDecoder", "DCGANGenerator")


def small(name, dims):
    torch.manual_seed(0)
    return getattr(networks, name)(dims=dims, **SMALL[name])


def test_every_network_has_a_fixture():
    assert set(SMALL) | ELSEWHERE == set(networks.__all__)


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("dims", [2, 3])
def test_shapes_gradients_and_features(name, dims):
    network = small(name, dims)
    image = torch.randn(2, 1, *(SIDE,) * dims, requires_grad=True)
    if name in GENERATORS:
        latent = torch.randn(2, *network.latent_shape, requires_grad=True)
        made = network(latent)
        assert made.shape == image.shape and made.abs().max() <= 1
        assert torch.autograd.grad(made.sum(), latent)[0].abs().sum() > 0
        return
    out = network(image)
    first = out[0] if isinstance(out, tuple) else out
    assert torch.autograd.grad(first.square().sum(), image, retain_graph=True)[0].abs().sum() > 0
    if hasattr(network, "features"):
        features = network.features(image)
        assert len(features) > 1 and all(f.shape[0] == 2 for f in features)
        torch.testing.assert_close(network.head(features[-1]), out)
    elif name == "ConvEncoder":
        assert [o.shape for o in out] == [(2, 6), (2, 6)]
    else:
        assert out.shape == image.shape


@pytest.mark.parametrize("name", SMALL)
def test_networks_build_without_memory_at_full_size(name):
    with torch.device("meta"):
        network = getattr(networks, name)()
    assert all(p.is_meta for p in network.parameters())


@pytest.mark.parametrize(
    "build,count",
    [
        (lambda: networks.UNet(3, 3), 54_414_531),
        (lambda: networks.ResNetGenerator(3, 3), 11_378_179),
        (lambda: networks.PatchGAN(3, 3), 2_768_705),
        (lambda: networks.DCGANGenerator(3), 3_576_704),
        (lambda: networks.DCGANDiscriminator(3), 2_765_568),
        (lambda: networks.PlainCNN(), 9 * (32 + 6 * 32 * 32 + 32)),
    ],
)
def test_parameter_counts(build, count):
    with torch.device("meta"):
        assert sum(p.numel() for p in build().parameters()) == count


def test_the_patch_discriminator_sees_70_pixels():
    network = networks.PatchGAN(width=2, norm="none")
    image = torch.randn(1, 1, 256, 256, requires_grad=True)
    score = network(image)
    assert score.shape == (1, 1, 30, 30)
    (slope,) = torch.autograd.grad(score[0, 0, 15, 15], image)
    seen = slope[0, 0].abs().sum(0).nonzero()
    assert int(seen.max() - seen.min()) + 1 == 70


def test_initial_deviation_of_dcgan():
    weights = torch.cat([p.flatten() for n, p in networks.DCGANGenerator(3).named_parameters() if p.ndim > 1])
    assert float(weights.detach().std()) == pytest.approx(0.02, rel=0.02)


def test_wrong_sides_and_names_are_refused_with_a_remedy():
    with pytest.raises(UserError, match="divisible by 16") as caught:
        small("UNet", 2)(torch.zeros(1, 1, 40, 40))
    assert "depth" in caught.value.remedy
    with pytest.raises(UserError, match="not 48"):
        networks.DCGANGenerator(size=48)
    with pytest.raises(UserError, match="normalisation 'layer'"):
        networks.PatchGAN(norm="layer")
    with pytest.raises(UserError, match="final activation"):
        networks.UNet(final="softplus", depth=3)


def test_a_plain_network_that_ends_in_a_relu_is_alive():
    for seed in range(8):
        torch.manual_seed(seed)
        assert (networks.PlainCNN()(torch.rand(1, 1, 24, 24)) > 0).float().mean() > 0.9
