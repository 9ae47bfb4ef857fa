"""Networks that answer with a dictionary, or that take a label or a code beside the image, in 2D and 3D."""

import pytest
import torch

from adversaria import networks
from adversaria.vocabulary import UserError

SIDE = 16
BOTH = pytest.mark.parametrize("dims", [2, 3])


def images(dims: int, count: int = 2) -> torch.Tensor:
    torch.manual_seed(1)
    return torch.randn(count, 1, *(SIDE,) * dims, requires_grad=True)


def reaches(out: torch.Tensor, *inputs: torch.Tensor) -> bool:
    found = torch.autograd.grad(out.square().sum(), inputs, retain_graph=True)
    return all(bool(slope.abs().sum() > 0) for slope in found)


@BOTH
def test_heads_share_a_trunk(dims):
    network = networks.HeadedDCGAN(size=SIDE, width=2, classes=3, codes=5, dims=dims)
    image = images(dims)
    found = network(image)
    assert {name: value.shape for name, value in found.items()} == {"score": (2, 1), "label": (2, 3), "code": (2, 5)}
    assert network.classes == 3 and len(network.features(image)) == 2
    for name, value in found.items():
        torch.testing.assert_close(network.head[name](network.features(image)[-1]), value)
        assert reaches(value, image, *network.blocks.parameters())
    only = networks.HeadedDCGAN(size=SIDE, width=2, score=False, classes=3, dims=dims)
    assert set(only(image)) == {"label"}
    with pytest.raises(UserError, match="without heads"):
        networks.HeadedDCGAN(size=SIDE, score=False)


@BOTH
def test_autoencoders_restore_the_shape(dims):
    for network in (
        networks.DCGANAutoencoder(size=SIDE, width=2, code=4, dims=dims),
        networks.BEGANAutoencoder(size=SIDE, width=2, code=4, dims=dims),
    ):
        image = images(dims)
        found = network(image)
        assert found["restored"].shape == image.shape and found["code"].shape == (2, 4)
        assert reaches(found["restored"], image, *network.parameters()) and reaches(found["code"], image)
        # nothing but the code passes
        again = network.decoder(found["code"])
        torch.testing.assert_close(again, found["restored"])


@BOTH
def test_generators_and_encoders_fit_each_other(dims):
    generator = networks.BEGANGenerator(size=SIDE, width=2, latent=4, dims=dims)
    latent = torch.randn(2, *generator.latent_shape, requires_grad=True)
    made = generator(latent)
    assert made.shape == (2, 1, *(SIDE,) * dims) and reaches(made, latent, *generator.parameters())
    encoder = networks.DCGANEncoder(size=SIDE, width=2, latent=4, dims=dims)
    assert encoder.latent_shape == generator.latent_shape and encoder(made).shape == latent.shape


@BOTH
def test_a_label_reaches_both_networks(dims):
    generator = networks.LabelDCGANGenerator(3, size=SIDE, width=2, latent=4, norm="instance", dims=dims)
    discriminator = networks.LabelDCGANDiscriminator(3, size=SIDE, width=2, norm="instance", dims=dims)
    latent, label = torch.randn(2, 4), torch.tensor([0, 2])
    assert generator.latent_shape == (4,) and generator.classes == discriminator.classes == 3
    made = generator(latent, label)
    assert made.shape == (2, 1, *(SIDE,) * dims)
    assert not torch.allclose(made, generator(latent, label.flip(0)))
    score = discriminator(made, label)
    assert score.shape == (2, 1) and not torch.allclose(score, discriminator(made, label.flip(0)))
    # one-hot maps: a class is one channel of the first layer, so another class leaves its slope at zero
    first = discriminator.blocks[0][0].weight
    (slope,) = torch.autograd.grad(discriminator(made, torch.tensor([1, 1])).sum(), first)
    assert bool(slope[:, 2].abs().sum() > 0) and not slope[:, [1, 3]].any()
    with pytest.raises(UserError, match="none"):
        generator(latent)


@BOTH
def test_pairs_are_judged_by_both_parts(dims):
    network = networks.JointDiscriminator(size=SIDE, width=2, latent=4, hidden=8, norm="instance", dims=dims).eval()
    image, code = images(dims), torch.randn(2, 4, requires_grad=True)
    score = network(image, code)
    assert score.shape == (2, 1) and reaches(score, image, code)
    assert not torch.allclose(score, network(image, code.flip(0)))


def test_codes_are_judged():
    network = networks.LatentDiscriminator(latent=4, width=8)
    code = torch.randn(3, 4, requires_grad=True)
    assert network(code).shape == (3, 1) and reaches(network(code), code) and len(network.features(code)) == 2


@pytest.mark.parametrize(
    ("build", "count"),
    [
        # 3x3 convolutions of 128 filters from 8 to 64 pixels, a dense layer of 64 to 8x8x128, and the last one
        (lambda: networks.BEGANGenerator(3), 65 * 64 * 128 + 8 * (9 * 128 * 128 + 128) + 9 * 128 * 3 + 3),
        # two dense layers of 1000 and a score
        (lambda: networks.LatentDiscriminator(latent=8), 9 * 1000 + 1001 * 1000 + 1001),
    ],
)
def test_sizes_of_the_papers(build, count):
    with torch.device("meta"):
        assert sum(p.numel() for p in build().parameters()) == count
