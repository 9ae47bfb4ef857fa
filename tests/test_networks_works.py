"""Networks of reconstruction works: what their papers and codes say of size and order, in numbers."""

import pytest
import torch

from adversaria import networks
from adversaria.networks.slices import neighbours, slabs, stacked


def count(network):
    return sum(p.numel() for p in network.parameters())


def test_slices_become_channels_and_come_back():
    volume = torch.arange(2 * 3 * 4 * 5 * 6, dtype=torch.float32).view(2, 3, 4, 5, 6)
    near = neighbours(volume, 3)
    assert near.shape == (12, 9, 4, 5)
    torch.testing.assert_close(near[8, 0::3], volume[1, :, :, :, 1])
    torch.testing.assert_close(near[8, 1::3], volume[1, :, :, :, 2])
    torch.testing.assert_close(near[6, 0::3], volume[1, :, :, :, 0])
    torch.testing.assert_close(stacked(near[:, 1::3], 2), volume)
    three = slabs(volume, 3)
    assert three.shape == (8, 9, 4, 5)
    torch.testing.assert_close(three[5, 2::3], volume[1, :, :, :, 3])


@pytest.mark.parametrize(
    "build,wanted",
    [
        # 1x3x3 and 3x3x3 in turn, 32 filters, no bias
        (lambda: networks.SlabCNN(dims=3), 9 * 32 + 32 * 32 * (3 * 9 + 3 * 27) + 32 * 27),
        # 3x3x3: 32-64-128-256 and back, bias on the way back, batch norm on six layers
        (
            lambda: networks.ResidualEncoderDecoder(),
            27 * (32 + 2 * (32 * 64 + 64 * 128 + 128 * 256) + 32) + (128 + 64 + 32 + 1)
            + 2 * (32 + 64 + 128 + 256 + 128 + 64 + 32),
        ),
        (lambda: networks.DenseCritic(shape=(32, 32, 6)), 27 * (32 + 32 * 64 + 64 * 128) + 224 + 128 * 6144 + 1),
        # dense layers from 2 n^2 to n^2 to n^2
        (
            lambda: networks.Automap(size=8),
            128 * 64 + 64 + 64 * 64 + 64 + 25 * 64 + 64 + 25 * 64 * 64 + 64 + 49 * 64 + 1,
        ),
        (lambda: networks.CasNet(blocks=6), 6 * 54_408_385),
    ],
)  # fmt: skip
def test_parameter_counts(build, wanted):
    with torch.device("meta"):
        assert count(build()) == wanted


def test_a_medgan_score_sees_sixteen_pixels():
    network = networks.MedGANDiscriminator(norm="none", width=4)
    image = torch.randn(1, 1, 64, 64, requires_grad=True)
    (slope,) = torch.autograd.grad(network(image)[0, 0, 12, 12], image)
    seen = slope[0, 0].abs() > 0
    assert int(seen.any(0).sum()) == int(seen.any(1).sum()) == 16
    matrix = network.blocks[1][0].layer.weight.detach().flatten(1) / network.blocks[1][0].sigma().detach()
    assert float(torch.linalg.matrix_norm(matrix, 2)) == pytest.approx(1, abs=0.05)


def test_a_slice_sees_its_neighbours_only():
    network = networks.TomoUNet(width=4, dims=3)
    volume = torch.randn(1, 1, 16, 16, 7, requires_grad=True)
    (slope,) = torch.autograd.grad(network(volume)[..., 3].sum(), volume)
    assert (slope.abs().sum((0, 1, 2, 3)) > 0).tolist() == [False, False, True, True, True, False, False]


def test_a_slab_critic_judges_each_three_slices():
    network = networks.SlabCritic(size=16, width=2, hidden=4, dims=3)
    volume = torch.randn(2, 1, 16, 16, 11)
    scores = network(volume)
    assert scores.shape == (2, 9)
    flat = networks.SlabCritic(in_channels=3, size=16, width=2, hidden=4, dims=2)
    flat.load_state_dict(network.state_dict())
    torch.testing.assert_close(flat(volume[:, 0, :, :, 4:7].movedim(-1, 1))[:, 0], scores[:, 4])


def test_networks_that_add_their_input_start_from_it():
    """With the last layer at zero what comes out is what went in."""
    image = torch.rand(2, 1, 16, 16)
    for name, last in (("CircleGenerator", "last"), ("SAGANUNet", "last"), ("ResidualEncoderDecoder", "up")):
        network = getattr(networks, name)(dims=2, **({"depth": 3} if name == "SAGANUNet" else {}), width=16).eval()
        for parameter in list(getattr(network, last).parameters())[-2:]:
            parameter.data.zero_()
        torch.testing.assert_close(network(image), image)
    network = networks.MultiLevelDense(residual=True, dims=2)
    for parameter in network.last.parameters():
        parameter.data.zero_()
    torch.testing.assert_close(network(image), image)


def test_dense_blocks_see_everything_before_them():
    network = networks.MultiLevelDense()
    assert [layer.in_channels for layer in network.compress] == [32 + 96, 32 + 2 * 96, 32 + 3 * 96]
    assert network.last.in_channels == 32 + 4 * 96
    assert [unit[2].in_channels for unit in network.blocks[2].units] == [32, 48, 64, 80]


def test_a_discriminator_of_a_patch_that_is_no_cube():
    for name in ("SRDiscriminator", "WGANVGGCritic"):
        network = getattr(networks, name)(shape=(32, 32, 16), width=2, hidden=4, dims=3)
        assert network(torch.zeros(2, 1, 32, 32, 16)).shape == (2, 1)
