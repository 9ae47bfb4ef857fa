"""Networks: shapes in 2D and 3D, the parameter counts that papers imply, receptive field, clear errors."""

import pytest
import torch

from adversaria import networks
from adversaria.vocabulary import UserError
from test_every_network import EXAMPLES

SIDE = 32
SMALL = {
    "BigGANDiscriminator": {"size": SIDE, "width": 2, "attention": 8, "classes": 3},
    "BigGANGenerator": {"size": SIDE, "width": 2, "attention": 8, "classes": 3, "chunk": 3, "embedding": 4},
    "ConvDecoder": {"size": SIDE, "width": 2, "latent": 6},
    "ConvEncoder": {"size": SIDE, "width": 2, "hidden": 8, "latent": 6},
    "CycleDenoiser": {"width": 4, "modules": 2},
    "DCGANDiscriminator": {"size": SIDE, "width": 2},
    "DCGANGenerator": {"size": SIDE, "width": 2, "latent": 6},
    "PGGANDiscriminator": {"size": SIDE, "width": 8, "group": 2},
    "PGGANGenerator": {"size": SIDE, "width": 8, "latent": 6},
    "PatchGAN": {"width": 2, "layers": 2},
    "PlainCNN": {"width": 4},
    "ProjectionDiscriminator": {"size": SIDE, "width": 2, "classes": 3},
    "ResNetGenerator": {"width": 4, "blocks": 1},
    "ResidualDiscriminator": {"size": SIDE, "width": 2},
    "ResidualGenerator": {"size": SIDE, "width": 2, "latent": 6, "classes": 3},
    "SPADEDiscriminator": {"width": 2, "layers": 2, "scales": 2},
    "SPADEGenerator": {"width": 2, "depth": 2, "hidden": 4, "classes": 3, "size": SIDE},
    "StridedDiscriminator": {"width": 2},
    "StyleGANDiscriminator": {"size": SIDE, "width": 8, "group": 2},
    "StyleGANGenerator": {"size": SIDE, "width": 8, "latent": 6, "style": 5, "mapping": 2},
    "CPCE": {"width": 4},
    "DAGANGenerator": {"width": 2, "depth": 4},
    "RefinementUNet": {"width": 2},
    "CasNet": {"width": 2, "depth": 3, "blocks": 2},
    "CircleGenerator": {"width": 16, "narrowest": 4, "layers": 3},
    "DenseCritic": {"size": SIDE, "width": 2},
    "FeaturePyramid": {"levels": 3, "scales": 2, "width": 2, "pyramid": 4},
    "MedGANDiscriminator": {"width": 2},
    "MultiLevelDense": {"width": 4, "growth": 3, "blocks": 2, "units": 2},
    "ResidualEncoderDecoder": {"width": 2},
    "SAGANUNet": {"width": 2, "depth": 4},
    "SlabCNN": {"width": 4, "residual": True},
    "SlabCritic": {"size": SIDE, "width": 2, "hidden": 8},
    "TomoDiscriminator": {"size": SIDE, "width": 2},
    "TomoUNet": {"width": 4},
    "UNet": {"width": 2, "depth": 4},
    "VAEGANDiscriminator": {"size": SIDE, "width": 2, "hidden": 8},
    "WGANVGGCritic": {"size": SIDE, "width": 2, "hidden": 8},
}
# networks that answer with a dictionary, or take a label or code beside the image: tests/test_headed_networks.py
ELSEWHERE = {
    "BEGANAutoencoder", "BEGANGenerator", "DCGANAutoencoder", "DCGANEncoder", "HeadedDCGAN", "JointDiscriminator",
    "LabelDCGANDiscriminator", "LabelDCGANGenerator", "LatentDiscriminator",
}  # fmt: skip
PAIRS = {
    "DAGANDiscriminator", "HaarDomain", "OfHaar", "OfMagnitude", "RefinementDiscriminator",
    "ButterflyNet", "ClassPatchGAN", "CoupledHead", "CoupledJudge", "CoupledTrunk", "DomainCritic",
    "FeatureDiscriminator", "RelationDiscriminator", "StructuredNet", "TwoStemPatchGAN", "UNITDecoder",
}  # fmt: skip
# networks of words, of stacks and of pyramids: tests/test_games_text.py and tests/test_games_geometry.py
OF_TEXT = {
    "AttnGenerator", "CaptionDiscriminator", "Captioner", "LaplacianDiscriminators", "LaplacianGenerators",
    "LocationGenerator", "StackDiscriminator", "StackImage", "StackTop", "StageDiscriminators", "StageOne",
    "StageTwo", "TextDiscriminator", "TextEncoder", "X2CTGenerator",
}  # fmt: skip
GENERATORS = [name for name in SMALL if hasattr(getattr(networks, name)(**SMALL[name]), "latent_shape")]
GENERATORS.remove("ConvEncoder")
CONDITIONAL = [name for name, facts in SMALL.items() if "classes" in facts and not name.startswith("SPADE")]
UNBOUNDED = ("PGGANGenerator", "StyleGANGenerator")
SCORING = ("DenseCritic", "FeaturePyramid", "PatchGAN", "SlabCritic", "WGANVGGCritic")
SCORES = [name for name in SMALL if "Discriminator" in name or name in SCORING]


def small(name, dims):
    torch.manual_seed(0)
    return getattr(networks, name)(dims=dims, **SMALL[name])


def test_every_network_has_a_fixture():
    assert set(SMALL) | ELSEWHERE | set(EXAMPLES) | PAIRS | OF_TEXT == set(networks.__all__)


def condition(name, network=None):
    return torch.tensor([0, 2]) if name in CONDITIONAL else None


def called(name, network, dims):
    """An input that carries gradient, and what the network makes of it and the class."""
    shape = network.latent_shape if name in GENERATORS else (1, *(SIDE,) * dims)
    given = torch.randn(2, *shape, requires_grad=True)
    return given, network(given, *([condition(name)] if name in CONDITIONAL else []))


def tensors(out):
    return list(out) if isinstance(out, tuple | list) else [out]


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("dims", [2, 3])
def test_gradients_reach_every_parameter(name, dims):
    """Those that grow use some layers at one stage only; a layer that starts as the identity is opened first."""
    network = small(name, dims)
    for label, parameter in network.named_parameters():
        if label.endswith("gamma") or label.endswith("strength"):
            parameter.data.fill_(0.5)
    reached = set()
    stages = (0.5, 1.5, 2.5, 3.0) if hasattr(network, "grow") else (None,)
    for stage in stages:
        if stage is not None:
            network.grow(stage)
        if "StyleGANGen" in name:
            noise = torch.randn(2, network.noise_size())
            out = network(torch.randn(2, *network.latent_shape), noise=noise)
        elif name == "SPADEGenerator":
            out = network(torch.randint(0, 3, (2, 1, *(SIDE,) * dims)).float())
        elif stage is not None and name not in GENERATORS:
            out = network(network.faded(torch.randn(2, 1, *(SIDE,) * dims)))
        else:
            _, out = called(name, network, dims)
        weights = [torch.randn_like(t) for t in tensors(out)]
        loss = sum((t * w).sum() for t, w in zip(tensors(out), weights, strict=True))
        found = torch.autograd.grad(loss, list(network.parameters()), allow_unused=True)
        pairs = zip(network.named_parameters(), found, strict=True)
        reached |= {label for (label, _), slope in pairs if slope is not None and slope.abs().sum() > 0}
    # a class that is not in the batch gets no gradient, but its table does
    assert {label for label, _ in network.named_parameters()} == reached


@pytest.mark.parametrize("name", SCORES)
@pytest.mark.parametrize("dims", [2, 3])
def test_discriminators_can_be_differentiated_twice(name, dims):
    """What a penalty on the gradient needs: its own gradient reaches the weights and is finite."""
    network = small(name, dims)
    image, out = called(name, network, dims)
    (slope,) = torch.autograd.grad(sum(t.sum() for t in tensors(out)), image, create_graph=True)
    found = torch.autograd.grad(slope.square().sum(), list(network.parameters()), allow_unused=True)
    kept = [f for f in found if f is not None]
    assert sum(f.abs().sum() for f in kept) > 0 and all(torch.isfinite(f).all() for f in kept)


@pytest.mark.parametrize("name", SMALL)
def test_low_precision_stays_near(name):
    network = small(name, 2).eval()
    given = torch.rand(2, *(network.latent_shape if name in GENERATORS else (1, SIDE, SIDE)))
    label = [condition(name)] if name in CONDITIONAL else []
    with torch.no_grad():
        exact = tensors(network(given, *label))
        with torch.autocast("cpu", dtype=torch.bfloat16):
            low = tensors(network(given, *label))
    for a, b in zip(exact, low, strict=True):
        # pixels with small features are stretched by a norm, so the mean error is judged
        assert (a - b.float()).square().mean().sqrt() <= 0.03 * a.square().mean().sqrt().clamp_min(0.1)


@pytest.mark.parametrize("name", SMALL)
@pytest.mark.parametrize("dims", [2, 3])
def test_shapes_gradients_and_features(name, dims):
    network = small(name, dims)
    image = torch.randn(2, 1, *(SIDE,) * dims, requires_grad=True)
    if name in GENERATORS:
        latent, made = called(name, network, dims)
        assert made.shape == image.shape and (made.abs().max() <= 1 or name in UNBOUNDED)
        assert torch.autograd.grad(made.square().sum(), latent)[0].abs().sum() > 0
        return
    if name == "SPADEGenerator":
        made = network(image.detach().abs())
        assert made.shape == image.shape and made.abs().max() <= 1
        return
    image, out = called(name, network, dims)
    first = tensors(out)[0]
    assert torch.autograd.grad(first.square().sum(), image, retain_graph=True)[0].abs().sum() > 0
    if hasattr(network, "features"):
        features = network.features(image)
        assert len(features) > 1 and all(f.shape[0] % 2 == 0 for f in features)
        if name not in (*CONDITIONAL, "SPADEDiscriminator") and hasattr(network, "head"):
            torch.testing.assert_close(network.head(features[-1]).view_as(out), out)
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
    with pytest.raises(UserError, match="normalisation 'group'"):
        networks.PatchGAN(norm="group")
    with pytest.raises(UserError, match="final activation"):
        networks.UNet(final="softplus", depth=3)


def test_a_plain_network_that_ends_in_a_relu_is_alive():
    for seed in range(8):
        torch.manual_seed(seed)
        assert (networks.PlainCNN()(torch.rand(1, 1, 24, 24)) > 0).float().mean() > 0.9
