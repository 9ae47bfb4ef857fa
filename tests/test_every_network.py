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
    "AffineNetwork": ({"layers": 2, "width": 3}, lambda d: [image(d), image(d)], lambda d: None),
    "Automap": ({"size": 8, "width": 3}, lambda d: [image(d, 8, 2)], lambda d: shape(d, 8)),
    "CoarseToFine": (
        {"halvings": 2, "blocks": 1, "local_blocks": 1, "width": 2}, lambda d: [image(d)], shape,
    ),
    "CollaGenerator": (
        {"contrasts": 2, "depth": 2, "width": 2}, lambda d: [image(d, 16, 2), image(d, 16, 2)], lambda d: shape(d, 16),
    ),
    "ConditioningAugmentation": ({"text": 4, "code": 3}, latent(4), lambda d: (2, 3)),
    "ContextNetwork": ({"size": SIDE, "width": 2}, lambda d: [image(d)], shape),
    "ContrastDiscriminator": ({"contrasts": 3, "layers": 2, "width": 2}, lambda d: [image(d)], lambda d: None),
    "CoupledFront": ({"width": 2}, lambda d: [image(d)], lambda d: None),
    "FeatureSegmenter": ({"width": 2}, lambda d: [image(d)], lambda d: shape(d, channels=2)),
    "FlowUNet": ({"depth": 2, "width": 2}, lambda d: [image(d), image(d)], lambda d: shape(d, channels=d)),
    "MultiScale": ({"scales": 2, "layers": 2, "width": 2}, lambda d: [image(d)], lambda d: None),
    "Refiner": ({"blocks": 1, "width": 3}, lambda d: [image(d, 16)], lambda d: shape(d, 16)),
    "RegionEncoder": ({"width": 3, "layers": 2}, lambda d: [image(d)], lambda d: None),
    "SRDiscriminator": ({"size": SIDE, "width": 2, "hidden": 8}, lambda d: [image(d)], lambda d: (2, 1)),
    "SRResNet": ({"blocks": 1, "width": 4, "factor": 2}, lambda d: [image(d, 8)], lambda d: shape(d, 16)),
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


def test_networks_that_follow_one_another_fit():
    for dims in (2, 3):
        taps = networks.FeatureSegmenter(width=2, taps=(3, 5), dims=dims).features(image(dims, 16))
        judge = networks.FeatureDiscriminator(sum(tap.shape[1] for tap in taps), width=2, dims=dims)
        assert len(judge(taps)) == 2
        code = networks.UNITEncoder(width=2, blocks=1, dims=dims)(image(dims))
        assert networks.UNITDecoder(width=2, blocks=1, dims=dims)(code).shape == shape(dims)
        trunk = networks.CoupledTrunk(SIDE, 5, 2, dims=dims)(torch.randn(2, 5))
        assert networks.CoupledHead(width=2, dims=dims)(trunk).shape == shape(dims)
        seen = networks.CoupledFront(width=2, dims=dims)(image(dims))
        assert networks.CoupledJudge(SIDE, 2, dims=dims)(seen).shape[0] == 2
