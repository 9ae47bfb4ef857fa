"""Networks with signatures of their own: shapes in 2D and 3D, and gradients that reach every parameter."""

import pytest
import torch

from adversaria import networks

SIDE = 32


def image(dims, side=SIDE, channels=1):
    return torch.randn(2, channels, *(side,) * dims)


def latent(*size):
    return lambda dims: [torch.randn(2, n) for n in size]


def shape(dims, side=SIDE, channels=1):
    return (2, channels, *(side,) * dims)


EXAMPLES = {
    "AdaptiveFusion": (
        {"candidates": 2, "depth": 3, "width": 2}, lambda d: [image(d, 16)], lambda d: shape(d, 16),
    ),
    "AffineNetwork": ({"layers": 2, "width": 3}, lambda d: [image(d), image(d)], lambda d: None),
    "Automap": ({"size": 8, "width": 3}, lambda d: [image(d, 8, 2)], lambda d: shape(d, 8)),
    "CoarseToFine": (
        {"halvings": 2, "blocks": 1, "local_blocks": 1, "width": 2}, lambda d: [image(d)], shape,
    ),
    "CollaGenerator": (
        {"contrasts": 2, "depth": 2, "width": 2}, lambda d: [image(d, 16, 2), image(d, 16, 2)], lambda d: shape(d, 16),
    ),
    "ConditioningAugmentation": ({"text": 4, "code": 3}, latent(4), lambda d: (2, 3)),
    "ContextFCN": (
        {"width": 2, "residual": True, "norm": "instance"}, lambda d: [image(d, 12)], lambda d: shape(d, 12),
    ),
    "ContextNetwork": ({"size": SIDE, "width": 2}, lambda d: [image(d)], shape),
    "ContrastDiscriminator": ({"contrasts": 3, "layers": 2, "width": 2}, lambda d: [image(d)], lambda d: None),
    "CoupledFront": ({"width": 2}, lambda d: [image(d)], lambda d: None),
    "GANCSDiscriminator": ({"width": 2}, lambda d: [image(d, channels=2)], lambda d: (2, 1)),
    "GANCSGenerator": ({"width": 3, "groups": 1}, lambda d: [image(d, 8, 2)], lambda d: shape(d, 8, 2)),
    "RefineCritic": ({"width": 2, "depth": 2}, lambda d: [image(d, channels=2)], lambda d: None),
    "RefineGenerator": ({"width": 2, "depth": 3}, lambda d: [image(d, channels=2)], lambda d: shape(d, channels=2)),
    "FeatureSegmenter": ({"width": 2}, lambda d: [image(d)], lambda d: shape(d, channels=2)),
    "DeepUNet": ({"depth": 2, "width": 2}, lambda d: [image(d)], lambda d: shape(d, channels=2)),
    "DilatedNet": ({"width": 2, "hidden": 3}, lambda d: [image(d)], lambda d: shape(d, channels=2)),
    "EarlyLayers": ({"layers": 3, "width": 2}, lambda d: [image(d)], lambda d: shape(d, channels=2)),
    "EnergyAutoencoder": ({"width": 2, "kernel": 3}, lambda d: [image(d, 16)[:, 0]], lambda d: (2, *[16] * d)),
    "FCN": ({"depth": 3, "width": 2}, lambda d: [image(d, 30)], lambda d: shape(d, 30, 2)),
    "FlowUNet": ({"depth": 2, "width": 2}, lambda d: [image(d), image(d)], lambda d: shape(d, channels=d)),
    "GlobalConvNet": ({"depth": 2, "width": 2}, lambda d: [image(d, 30)], lambda d: shape(d, 30, 2)),
    "ImageToImageNet": ({"depth": 2, "width": 2}, lambda d: [image(d, 30)], lambda d: shape(d, 30, 2)),
    "LandmarkUNet": ({"depth": 2, "width": 2}, lambda d: [image(d, 30)], lambda d: shape(d, 30, 2)),
    "LateLayers": ({"layers": 2, "width": 2}, lambda d: [image(d, 16, 2)], lambda d: shape(d, 16, 2)),
    "LocalLSTMNet": ({"width": 4, "rates": (2, 4)}, lambda d: [image(d, 30)], lambda d: shape(d, 30, 2)),
    "MultiScale": ({"scales": 2, "layers": 2, "width": 2}, lambda d: [image(d)], lambda d: None),
    "QuantifyingNet": ({"depth": 2, "width": 2}, lambda d: [image(d, 14)], lambda d: shape(d, 14, 2)),
    "RecurrentDiscriminator": ({"layers": 2, "width": 2}, lambda d: [image(d, 12, 2)], lambda d: None),
    "RecurrentUNet": ({"depth": 2, "width": 2}, lambda d: [image(d, 14)], lambda d: shape(d, 14, 2)),
    "Refiner": ({"blocks": 1, "width": 3}, lambda d: [image(d, 16)], lambda d: shape(d, 16)),
    "RegionEncoder": ({"width": 3, "layers": 2}, lambda d: [image(d)], lambda d: None),
    "ResidualSkipNet": ({"depth": 2, "width": 2}, lambda d: [image(d, 16)], lambda d: shape(d, 16)),
    "SRDiscriminator": ({"size": SIDE, "width": 2, "hidden": 8}, lambda d: [image(d)], lambda d: (2, 1)),
    "SRResNet": ({"blocks": 1, "width": 4, "factor": 2}, lambda d: [image(d, 8)], lambda d: shape(d, 16)),
    "ResidualUNet": ({"depth": 2, "width": 2}, lambda d: [image(d, 30)], lambda d: shape(d, 30, 2)),
    "SegmentationUNet": ({"depth": 2, "width": 2}, lambda d: [image(d, 30)], lambda d: shape(d, 30, 2)),
    "SharedBlocks": ({"width": 3}, lambda d: [image(d, 8, 12)], lambda d: shape(d, 8, 12)),
    "StackEncoder": ({"classes": 3, "width": 3}, lambda d: [image(d)], lambda d: (2, 3)),
    "UNITEncoder": ({"width": 2, "blocks": 1}, lambda d: [image(d)], lambda d: None),
}  # fmt: skip


def parts(out):
    if isinstance(out, dict):
        return list(out.values())
    return list(out) if isinstance(out, tuple | list) else [out]


@pytest.mark.parametrize("name", EXAMPLES)
@pytest.mark.parametrize("dims", [2, 3])
def test_shapes_and_gradients(name, dims):
    torch.manual_seed(0)
    arguments, inputs, expected = EXAMPLES[name]
    spatial = {} if name == "ConditioningAugmentation" else {"dims": dims}
    network = getattr(networks, name)(**arguments, **spatial)
    # a layer that starts at zero (a flow of nothing, say) is opened first
    for parameter in network.parameters():
        if not parameter.any():
            parameter.data.normal_(0, 0.1)
    out = parts(network(*inputs(dims)))
    if expected(dims) is not None:
        assert out[0].shape == expected(dims)
    assert all(torch.isfinite(o).all() and len(o) == 2 for o in out)
    loss = sum((o * torch.randn_like(o)).sum() for o in out)
    slopes = torch.autograd.grad(loss, list(network.parameters()), allow_unused=True)
    named = zip(network.named_parameters(), slopes, strict=True)
    silent = [label for (label, _), slope in named if slope is None or not slope.any()]
    assert not silent


def test_the_dilated_net_sees_67_pixels():
    """As Moeskops et al. 2017 say of theirs."""
    network = networks.DilatedNet(width=2, hidden=2, norm="none")
    # all slopes of one sign, so that no path cancels another or dies
    for parameter in network.parameters():
        parameter.data.abs_()
    given = torch.rand(1, 1, 101, 101, requires_grad=True)
    (slope,) = torch.autograd.grad(network(given)[0, :, 50, 50].sum(), given)
    seen = slope[0, 0].sum(0).nonzero()
    assert int(seen.max() - seen.min()) + 1 == 67


@pytest.mark.parametrize("dims", [2, 3])
def test_a_local_lstm_joins_all_cells_and_a_recurrent_net_reaches_every_slice(dims):
    from adversaria.networks.local_lstm import LocalLSTM

    torch.manual_seed(0)
    given = torch.randn(1, 2, *[7] * dims, requires_grad=True)
    memory = LocalLSTM(2, dims=dims)
    made = memory(given)
    (slope,) = torch.autograd.grad(made[(0, slice(None), *[1] * dims)].sum(), given)
    assert made.shape == given.shape and (slope.abs() > 0).all()
    # voxels of one cell share its mean, and so its slope
    assert slope[(0, 0, *[slice(0, 4)] * dims)].unique().numel() == 1
    volume = torch.randn(1, 1, *[8] * (dims - 1), 5, requires_grad=True)
    out = networks.RecurrentUNet(depth=1, width=2, dims=dims)(volume)
    (slope,) = torch.autograd.grad(out[..., 0].square().sum(), volume)
    assert (slope.abs().flatten(0, -2).sum(0) > 0).all()


def test_a_structured_net_smooths_towards_neighbours_alike():
    """Without the field, logits are those of the network; with it, a pixel follows neighbours of its grey."""
    torch.manual_seed(0)
    network = networks.StructuredNet(size=10, width=3).eval()
    given = torch.zeros(1, 1, 10, 10)
    given[..., 5:] = 4.0
    torch.testing.assert_close(network(given), network.unary(given))
    network.back.weight.data.zero_()
    network.back.bias.data.zero_()
    network.prior.data[1, :, :5] = 1.0
    network.prior.data[1, 4, 2] = -1.0
    network.prior.data[0, :, 5:] = 0.1
    network.pairwise.data = torch.tensor([[0.0, 0.0], [1.0, 1.0]])
    found = network(given).argmax(1)[0]
    assert found[:, :5].all() and not found[:, 5:].any()
    # one step from flat shares of 1/2: an inner pixel has four neighbours, a corner two
    network.prior.data.zero_()
    network.pairwise.data = torch.tensor([[0.5, 0.0], [0.0, 0.0]])
    network.steps = (1, 1)
    field = network(given).detach()
    assert field[0, 0, 4, 4] == pytest.approx(1.0) and field[0, 0, 0, 0] == pytest.approx(0.5)
    assert (field[:, 1] == 0).all()


def test_a_structured_net_does_not_start_saturated():
    """All of its parts have a gradient at once, whatever the image; kernels of many neighbours drowned the network."""
    torch.manual_seed(0)
    network = networks.StructuredNet(size=24, width=16)
    truth = torch.zeros(4, 24, 24, dtype=torch.long)
    truth[:, 8:16, 8:16] = 1
    loss = torch.nn.functional.cross_entropy(network(torch.randn(4, 1, 24, 24)), truth)
    loss.backward()
    assert loss < 1.5 and all(p.grad is not None and p.grad.abs().sum() > 0 for p in network.parameters())


def test_what_cannot_be_built_is_said():
    from adversaria.vocabulary import UserError

    for build in (lambda: networks.StructuredNet(dims=3), lambda: networks.ButterflyNet(dims=2)):
        with pytest.raises(UserError):
            build()
    with pytest.raises(UserError, match="prior"):
        networks.StructuredNet(size=10, width=2)(torch.zeros(1, 1, 12, 12))


def test_networks_that_follow_one_another_fit():
    for dims in (2, 3):
        taps = networks.FeatureSegmenter(width=2, taps=(3, 5), dims=dims).features(image(dims, 16))
        judge = networks.FeatureDiscriminator(sum(tap.shape[1] for tap in taps), width=2, dims=dims)
        assert len(judge(taps)) == 2
        code = networks.UNITEncoder(width=2, blocks=1, dims=dims)(image(dims))
        assert networks.UNITDecoder(width=2, blocks=1, dims=dims)(code).shape == shape(dims)
        early = networks.EarlyLayers(layers=2, width=2, dims=dims)(image(dims, 16))
        late = networks.LateLayers(layers=2, width=2, dims=dims)(early)
        assert networks.DomainCritic(3 * 2 + 2, width=2, dims=dims)(late).shape == (2, 1)
        both = networks.QuantifyingNet(depth=2, width=2, dims=dims)(image(dims, 12))
        judged = networks.RelationDiscriminator(width=2, dims=dims)(both["mask"], both["values"])
        named = networks.ClassPatchGAN(3, classes=4, layers=2, width=2, dims=dims)(image(dims, channels=3))
        assert judged.shape == (2, 1) and named["label"].shape == (2, 4)
        trunk = networks.CoupledTrunk(SIDE, 5, 2, dims=dims)(torch.randn(2, 5))
        assert networks.CoupledHead(width=2, dims=dims)(trunk).shape == shape(dims)
        seen = networks.CoupledFront(width=2, dims=dims)(image(dims))
        assert networks.CoupledJudge(SIDE, 2, dims=dims)(seen).shape[0] == 2
