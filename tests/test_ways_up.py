"""Ways up of a U-Net: a zero-order hold takes the checkerboard out of transposed convolutions."""

import pytest
import torch
from torch import nn

from adversaria import networks
from adversaria.networks import layers
from adversaria.networks.unet import _up

BOTH = pytest.mark.parametrize("dims", [2, 3])


@BOTH
def test_a_transposed_convolution_that_is_held_keeps_an_even_image_even(dims):
    """Every phase has the same gain, whatever the weights; without the hold the phases differ."""
    torch.manual_seed(0)
    kind = nn.ConvTranspose2d if dims == 2 else nn.ConvTranspose3d
    layer, even = kind(2, 3, 3, 2), torch.ones(1, 2, *[6] * dims)
    inner = (..., *[slice(3, -3)] * dims)
    with torch.no_grad():
        held = layers.ZeroOrderHold(dims)(layer(even))
        bare = layer(even)[inner]
    assert held.shape == (1, 3, *[12] * dims)
    spread = held[inner].flatten(2).std(2)
    assert spread.max() < 1e-6 < 0.01 < bare.flatten(2).std(2).max()
    tent = torch.tensor([1.0, 2.0, 1.0])
    with torch.no_grad():  # a tent, held, is linear interpolation
        one = kind(1, 1, 3, 2, bias=False)
        one.weight.copy_(torch.einsum("i,j->ij" if dims == 2 else "i,j,k->ijk", *[tent] * dims))
        ramp = torch.arange(6.0).reshape(1, 1, 6, *[1] * (dims - 1)).expand(1, 1, *[6] * dims)
        made = layers.ZeroOrderHold(dims)(one(ramp)) / 2**dims
    torch.testing.assert_close(made[inner][0, 0].flatten(1)[:, 0], 1.25 + 0.5 * torch.arange(6.0))


@BOTH
def test_a_unet_that_holds_leaves_no_pattern_of_two_on_an_even_image(dims):
    torch.manual_seed(0)
    nets = {hold: networks.UNet(depth=2, width=4, norm="none", dropout=0.0, dims=dims, hold=hold) for hold in (0, 1)}
    inner = (..., *[slice(8, -8)] * dims)
    with torch.no_grad():
        made = {hold: net(torch.full((1, 1, *[32] * dims), 0.5))[inner] for hold, net in nets.items()}
    assert made[1].std() < 1e-6 < 1e-4 < made[0].std()


@BOTH
def test_a_way_up_that_holds_is_as_loud_as_transposed_convolutions(dims):
    torch.manual_seed(0)
    image = torch.randn(1, 64, *[10] * dims)
    with torch.no_grad():
        held, bare = (_up(dims, 64, 64, hold)(image) for hold in (True, False))
        assert held.shape == bare.shape
        inner = (..., *[slice(3, -3)] * dims)
        fans = {3: 64 * 3**dims, 4: 64 * 4**dims}  # PyTorch draws by the fan: brought to one deviation
        ratio = (held[inner].std() * fans[3] ** 0.5) / (bare[inner].std() * fans[4] ** 0.5)
    assert float(ratio) == pytest.approx(1, rel=0.1)
