"""Terms L15 to L19 and local correlation: worked numbers and invariances."""

import math

import pytest
import torch
from monai.losses import LocalNormalizedCrossCorrelationLoss

from adversaria import losses, physics
from adversaria.metrics.local_correlation import local_correlation
from adversaria.vocabulary import UserError
from term_parts import DIMS, SIDE, Same, image

# L15


@DIMS
def test_k_space(dims):
    one, other = image(dims), image(dims, seed=1)
    assert abs(losses.KSpace()(one, other) - (one - other).square().mean()) < 1e-12
    pair = (image(dims, channels=2), image(dims, seed=1, channels=2))
    assert abs(losses.KSpace()(*pair) - (pair[0] - pair[1]).square().sum(1).mean()) < 1e-12
    # a constant lies in the middle of k-space alone: sqrt(N) times the constant
    middle = torch.zeros(1, 1, *[SIDE] * dims)
    middle[(..., *[SIDE // 2] * dims)] = 1
    assert losses.KSpace()(one + 2, one, middle).item() == pytest.approx(4 * SIDE**dims)
    assert losses.KSpace()(one + 2, one, 1 - middle).item() == pytest.approx(0, abs=1e-12)
    assert losses.KSpace(power=1)(one + 2, one, middle).item() == pytest.approx(2 * SIDE ** (dims / 2))


@DIMS
def test_k_space_consistency(dims):
    one = image(dims)
    axes = tuple(range(2, dims + 2))
    measured = torch.fft.fftshift(torch.fft.fftn(torch.fft.ifftshift(one, axes), dim=axes, norm="ortho"), axes)
    sampling = (image(dims, 2) > 0.5).double()
    term = losses.KSpaceConsistency()
    spoiled = measured + 5 * (1 - sampling)
    assert term(one, spoiled, sampling).item() == pytest.approx(0, abs=1e-12)
    assert term(one, measured + 2j * sampling, sampling).item() == pytest.approx(4)
    parts = torch.cat([spoiled.real, spoiled.imag], 1)
    assert term(one, parts, sampling).item() == pytest.approx(0, abs=1e-12)
    with pytest.raises(UserError, match="3 channels"):
        losses.KSpace()(image(channels=3), image(channels=3))


# L16


def test_latent_kl():
    term, zero = losses.LatentKL(), torch.zeros(2, 1)
    four = zero + math.log(4)
    assert term(zero, zero).item() == 0 and term(zero + 1, zero).item() == 0.5
    assert term(zero, four).item() == pytest.approx(0.806853, abs=1e-6)
    assert term(zero + 1, four).item() == pytest.approx(1.306853, abs=1e-6)
    mean, log_variance = image(), image(seed=1)
    torch.testing.assert_close(term(mean), term(mean, 0 * mean))
    ours, prior = (torch.distributions.Normal(m, s) for m, s in ((mean, (log_variance / 2).exp()), (0.0, 1.0)))
    wanted = torch.distributions.kl_divergence(ours, prior).flatten(1).sum(1).mean()
    torch.testing.assert_close(term(mean, log_variance), wanted)
    with pytest.raises(ValueError, match="compare"):
        term(mean, zero)


# L17


@DIMS
def test_saliency(dims):
    # a board of two levels has the same entropy in every window, up to which level is in the middle
    places = torch.meshgrid(*[torch.arange(SIDE)] * dims, indexing="ij")
    board = (sum(places) % 2).double().expand(1, 1, *[SIDE] * dims)
    found = losses.saliency.local_entropy(board, (0.0, 1.0), bins=2, window=3)
    assert (found - found.mean()).abs().max() < 1e-12
    share = (3**dims // 2) / 3**dims
    share = share * share + (1 - share) * (1 - share)  # abstracted, each level has a share of the other
    entropy = -(share * math.log2(share) + (1 - share) * math.log2(1 - share))
    assert found.mean().item() == pytest.approx(entropy)
    other = image(dims)[:1]
    weighted = losses.SaliencyWeighted((0.0, 1.0), bins=2, window=3)(other, board)
    torch.testing.assert_close(weighted, losses.Pixel(power=2)(other, board))
    assert losses.saliency.local_entropy(0 * board + 0.25, (0.0, 1.0), bins=5).abs().max() < 1e-12


@DIMS
def test_saliency_weights_count_vessels(dims):
    target = torch.zeros(1, 1, *[24] * dims).double()
    target[..., 11:13] = 1.0
    near, far = target.clone(), target.clone()
    near[..., 12], far[..., 0] = 0.5, 0.5
    term = losses.SaliencyWeighted((0.0, 1.0), window=5)
    assert term(near, target).item() > 0 and term(far, target).item() == 0
    # moving the image moves the map
    map_of = losses.Saliency((0.0, 1.0), window=5).look
    torch.testing.assert_close(map_of(target.roll(2, -1))[..., 8:20], map_of(target).roll(2, -1)[..., 8:20])
    with pytest.raises(UserError, match="no saliency"):
        losses.saliency.local_entropy(target, window=4)


def test_saliency_has_a_gradient():
    one = image()[:1, :, :6, :6].requires_grad_(True)
    assert torch.autograd.gradcheck(lambda x: losses.saliency.local_entropy(x, (0.0, 1.0), 4, 3), (one,))


# L18


@DIMS
def test_physical(dims):
    one, source = image(dims), image(dims, seed=1)
    for power in (1, 2):
        stay = losses.SelfRegularisation(power=power)
        torch.testing.assert_close(losses.Physical(Same(), power)(one, source), stay(one, source))
    coarse = physics.Downsample(2)
    term = losses.Physical(coarse)
    assert term(one, coarse.A(one)).item() == 0 and term(one + 0.5, coarse.A(one)).item() == pytest.approx(0.25)
    # what the acquisition cannot see costs nothing
    unseen = (torch.arange(SIDE) % 2 * 2 - 1).double()
    assert term(one + unseen, coarse.A(one)).item() == pytest.approx(0, abs=1e-12)
    assert losses.MeasurementConsistency(coarse)(one, coarse.A(one)).item() == 0


def test_physical_binds_the_words_of_its_operator_and_takes_complex_numbers():
    class Masked(physics.Operator):
        def of(self, batch):
            bound = Masked()
            bound.sampling = batch["sampling"]
            return bound

        def A(self, x):  # noqa: N802
            return self.sampling * torch.fft.fftn(x, dim=(2, 3), norm="ortho")

    one, sampling = image().requires_grad_(True), (image(seed=2) > 0.5).double()
    batch = {"measurement": sampling * torch.fft.fftn(image(seed=1), dim=(2, 3), norm="ortho"), "sampling": sampling}
    terms = losses.Terms({"data": losses.Weighted(losses.MeasurementConsistency(Masked()))})
    found = terms(batch, output=one)["data"]
    found.backward()
    wanted = (sampling * torch.fft.fftn(one - image(seed=1), dim=(2, 3), norm="ortho")).abs().square().mean()
    torch.testing.assert_close(found, wanted)
    assert one.grad.isfinite().all() and not found.is_complex()


# L19


def test_mean_regulation():
    term = losses.MeanRegulation()
    source = torch.tensor([[1.0, 2], [3, 4]]).view(1, 1, 2, 2)
    assert term(source.flip(3), source).item() == 1 and term(source + 0.1, source).item() == pytest.approx(0.2)
    assert term(source[..., :1, :].expand_as(source), source).item() == 2
    # across each of the three axes of a volume: slice means (1.5, 3.5) against their exchange, and so on
    volume = torch.arange(8.0).view(1, 1, 2, 2, 2)
    assert term(volume.flip(2), volume).item() == 4 and term(volume.flip(4), volume).item() == 1
    assert term(volume + 0.1, volume).item() == pytest.approx(0.3)
    # an exchange around a rectangle keeps every row and column
    kept = image()
    moved = kept.clone()
    moved[..., 2, 3] += 1
    moved[..., 2, 7] -= 1
    moved[..., 9, 3] -= 1
    moved[..., 9, 7] += 1
    assert term(moved, kept).item() == pytest.approx(0, abs=1e-12)


# local correlation


@DIMS
def test_local_correlation_of_definition_and_of_monai(dims):
    one, other = image(dims), image(dims, seed=1)
    floor, inside = 1e-5, (slice(None), slice(None), *[slice(2, -2)] * dims)
    found = local_correlation(one, other, 5, floor)
    assert found.shape == one[inside].shape and found.min() >= 0 and found.max() <= 1
    corner = [v[(0, 0, *[slice(1, 6)] * dims)].flatten() for v in (one, other)]
    pearson = torch.corrcoef(torch.stack(corner))[0, 1]
    assert found[(0, 0, *[1] * dims)].item() == pytest.approx(pearson.item() ** 2, rel=1e-5)
    theirs = LocalNormalizedCrossCorrelationLoss(dims, 5, "rectangular", "none", 1e-12, floor)
    wanted = -theirs(one.float(), other.float())
    torch.testing.assert_close(found.float(), wanted[inside], atol=1e-4, rtol=1e-4)
    for slope in (-2.0, 0.5):
        moved = local_correlation(slope * one + 9, other, 5, 0.0)
        torch.testing.assert_close(moved, local_correlation(one, other, 5, 0.0))
    with pytest.raises(ValueError, match="window"):
        local_correlation(one, other, SIDE + 1)
