"""Terms L4 to L19: worked numbers, invariances, gradients at equality, in two and three dimensions."""

import math

import numpy as np
import pytest
import torch
from monai.losses import LocalNormalizedCrossCorrelationLoss
from safetensors.torch import save_file
from scipy.ndimage import gaussian_filter, map_coordinates
from torch import Tensor, nn

import test_losses
from adversaria import games, losses, networks, physics
from adversaria.metrics.local_correlation import correlation, local_correlation
from adversaria.metrics.mind import mind, nearest, region
from adversaria.metrics.multi_scale import ms_ssim
from adversaria.physics.sharpness_map import patterns
from adversaria.physics.uneven_blur import blurred
from adversaria.recipes import build_game, read_recipe
from adversaria.vocabulary import UserError
from playground import Translator

SIDE = 14
DIMS = pytest.mark.parametrize("dims", [2, 3])


def image(dims: int = 2, seed: int = 0, channels: int = 1, dtype: torch.dtype = torch.float64) -> Tensor:
    noise = torch.Generator().manual_seed(seed)
    return torch.rand(2, channels, *[SIDE] * dims, generator=noise, dtype=dtype)


def line(values: list[float], dims: int = 2) -> Tensor:
    """One row of values, repeated along every other axis: it varies along the last axis alone."""
    return torch.tensor(values, dtype=torch.float64).expand(1, 1, *[3] * (dims - 1), len(values)).clone()


class Layer(nn.Module):
    """A network of one layer, in the dimensions and precision of its image."""

    def __init__(self, dims: int = 2, out: int = 1, dtype: torch.dtype = torch.float64):
        super().__init__()
        torch.manual_seed(0)
        self.layer = (nn.Conv2d if dims == 2 else nn.Conv3d)(1, out, 3, padding=1, dtype=dtype)
        self.drop = nn.Dropout(0.5)

    def forward(self, given: Tensor) -> Tensor:
        return self.drop(self.layer(given))


class Classes(Layer):
    def forward(self, given: Tensor) -> Tensor:
        return super().forward(given).flatten(2).mean(2)


class Same(physics.Operator):
    def A(self, x: Tensor) -> Tensor:  # noqa: N802
        return x


# name: how to build it (None: in tests/test_games_conditional.py), the word that the output is compared with
COMPARED = {
    "EdgeWeighted": (lambda: losses.EdgeWeighted(), "target"),
    "EdgesKept": (lambda: losses.EdgesKept(), "source"),
    "FeatureMatching": (None, "target"),
    "GradientConsistency": (lambda: losses.GradientConsistency(), "source"),
    "GradientDifference": (lambda: losses.GradientDifference(), "target"),
    "GreySelfRegularisation": (lambda: losses.GreySelfRegularisation(), "source"),
    "KSpace": (lambda: losses.KSpace(), "target"),
    "LocalCorrelation": (lambda: losses.LocalCorrelation(), "target"),
    "MeanRegulation": (lambda: losses.MeanRegulation(), "source"),
    "MultiScaleSimilarity": (lambda: losses.MultiScaleSimilarity(1.0, scales=2, window=7), "target"),
    "Neighbourhood": (lambda: losses.Neighbourhood(), "source"),
    "Physical": (lambda: losses.Physical(Same()), "source"),
    "MeasurementConsistency": (lambda: losses.MeasurementConsistency(Same()), "measurement"),
    "Saliency": (lambda: losses.Saliency((0.0, 1.0), window=5), "target"),
    "SaliencyWeighted": (lambda: losses.SaliencyWeighted((0.0, 1.0), window=5), "target"),
    "Sharpness": (lambda: losses.Sharpness(nn.Identity()), "target"),
    "SteerableFilters": (lambda: losses.SteerableFilters(), "target"),
    "StyleContent": (lambda: losses.StyleContent(nn.Identity()), "target"),
}
ELSEWHERE = {
    "Classification", "KSpaceConsistency", "LabelCrossEntropy", "LatentKL", "ShapeConsistency", "SoftDice",
    "TotalVariation",
}  # fmt: skip
BUILT = {name: build for name, (build, _) in COMPARED.items() if build}
NAMES = pytest.mark.parametrize("name", list(BUILT))


def compare(name: str, output: Tensor, other: Tensor) -> Tensor:
    return BUILT[name]()(**{"output": output, COMPARED[name][1]: other})


def test_every_term_is_looked_at_somewhere():
    known = {n for n in losses.__all__ if str(getattr(getattr(losses, n), "key", "")).startswith("L")}
    assert known == set(test_losses.TERMS) | set(COMPARED) | ELSEWHERE
    numbers = {getattr(losses, n).key.split("-")[0] for n in known}
    # L1 is the family of objectives
    assert {f"L{k}" for k in range(2, 20)} <= numbers


@DIMS
@NAMES
def test_they_vanish_at_equality_and_nowhere_else(name, dims):
    one, other = image(dims), image(dims, seed=1)
    # the floors of the correlations' denominators leave a little
    assert compare(name, one, one.clone()).item() == pytest.approx(0, abs=1e-4 if "Corr" in name else 1e-8)
    value = compare(name, one, other)
    assert value.ndim == 0 and value.item() > 1e-3


@DIMS
@NAMES
def test_gradients_are_finite_at_equal_and_at_flat_images(name, dims):
    flat = torch.full((2, 1, *[SIDE] * dims), 0.5, dtype=torch.float64)
    for one, other in ((image(dims), image(dims)), (flat, flat.clone()), (flat, image(dims)), (image(dims), flat)):
        one = one.clone().requires_grad_(True)
        value = compare(name, one, other)
        value.backward()
        assert value.isfinite() and one.grad.isfinite().all()


@NAMES
def test_half_precision_is_lifted_and_the_gradient_arrives(name):
    output = image(dtype=torch.bfloat16).requires_grad_(True)
    # alike enough for no scale of MS-SSIM to be negative, where it has no gradient
    value = compare(name, output, 0.5 * image(dtype=torch.float32) + 0.5 * image(seed=1, dtype=torch.float32))
    value.backward()
    assert value.dtype == torch.float32 and output.grad.abs().sum() > 0


@NAMES
def test_shapes_that_would_broadcast_are_refused(name):
    if name == "GreySelfRegularisation":
        assert compare(name, image(channels=3), image()).isfinite()
        return
    with pytest.raises(ValueError, match="compare"):
        compare(name, image(), image()[:1])


@DIMS
@NAMES
def test_derivatives_are_the_limit_of_differences(name, dims):
    one, other = image(dims, seed=4).requires_grad_(True), image(dims, seed=5)
    (slope,) = torch.autograd.grad(compare(name, one, other), one)
    way = torch.randn(one.shape, generator=torch.Generator().manual_seed(6), dtype=torch.float64)
    step = 1e-7 * way
    with torch.no_grad():
        found = (compare(name, one + step, other) - compare(name, one - step, other)) / 2e-7
    assert found.item() == pytest.approx((slope * way).sum().item(), rel=1e-4, abs=1e-8)


# L4


@DIMS
def test_gradient_difference(dims):
    term, target, output = losses.GradientDifference(), line([0, 1, 3], dims), line([0, 2, 3], dims)
    assert term(output, target).item() == 1
    assert losses.GradientDifference(power=1)(output, target).item() == 1
    assert term(output + 7, target).item() == 1 and term(-target, target).item() == 0
    # along the first axis instead
    assert term(output.transpose(2, -1), target.transpose(2, -1)).item() == 1
    with pytest.raises(ValueError, match="no slope"):
        term(torch.zeros(1, 1, 1, 1), torch.zeros(1, 1, 1, 1))


@DIMS
def test_gradient_consistency(dims):
    term, x = losses.GradientConsistency(), image(dims)
    assert term(2 * x + 1, x).item() == pytest.approx(0, abs=1e-7)
    assert 2 * term(-x, x).item() == pytest.approx(2, abs=1e-7)
    assert term(-x, x) + term(x, -x) == pytest.approx(2, abs=1e-7)
    # slopes (1, 3, 2) and (2, 1, 3): covariance -1/3, variances 2/3
    apart = losses.GradientConsistency()(line([0, 1, 4, 6]), line([0, 2, 3, 6]))
    assert apart.item() == pytest.approx((1 - (-0.5 + 0) / 2) / 2, abs=1e-6)


def test_correlation_is_pearsons():
    one, other = image(3, channels=2), image(3, seed=1, channels=2)
    wanted = [torch.corrcoef(torch.stack([a.flatten(), b.flatten()]))[0, 1] for a, b in zip(one, other, strict=True)]
    torch.testing.assert_close(correlation(one, other), torch.stack(wanted))


# L5


@DIMS
def test_edge_weights(dims):
    target = line([0, 0, 10, 10], dims)
    term = losses.EdgeWeighted()
    assert term(target + 1, target).item() == pytest.approx(1.5)
    assert losses.EdgeWeighted(power=2)(target + 2, target).item() == pytest.approx(6)
    flat, other = torch.full_like(image(dims), 3.0), image(dims)
    torch.testing.assert_close(term(other, flat), losses.Pixel()(other, flat))
    torch.testing.assert_close(losses.EdgesKept()(target + 1, target), term(target + 1, target))
    # weights are those of the target alone, whatever its scale
    torch.testing.assert_close(term(5 * (target + 1), 5 * target), 5 * term(target + 1, target))
    only = target.clone().requires_grad_(True)
    assert not losses.edge_weighted.edge_weights(only).requires_grad


# L6, L7, L14: terms that need a network


@DIMS
def test_sharpness(dims):
    one, other, network = image(dims), image(dims, seed=1), Layer(dims)
    term = losses.Sharpness(nn.Identity())
    torch.testing.assert_close(term(one, other), nn.functional.mse_loss(one, other))
    term = losses.Sharpness(network)
    games.Supervised(Translator(dims), losses.Terms({"sharp": losses.Weighted(term)})).train()
    one.requires_grad_(True)
    term(one, other).backward()
    assert one.grad.abs().sum() > 0 and all(p.grad is None and not p.requires_grad for p in network.parameters())
    with pytest.raises(TypeError, match="network"):
        losses.Sharpness()


@DIMS
def test_shape_consistency(dims):
    mask = (image(dims) * 3.999).floor()
    sure = 1e3 * nn.functional.one_hot(mask[:, 0].long(), 4).movedim(-1, 1).double()
    dice = losses.ShapeConsistency(nn.Identity(), cross_entropy=0.0, dice=1.0)
    assert dice(sure, mask).item() == pytest.approx(0, abs=1e-12)
    term = losses.ShapeConsistency(nn.Identity())
    assert term(torch.zeros_like(sure), mask).item() == pytest.approx(1.386294, abs=1e-6)
    both = losses.ShapeConsistency(nn.Identity(), dice=2.0)(torch.zeros_like(sure), mask)
    torch.testing.assert_close(both, term(0 * sure, mask) + 2 * dice(0 * sure, mask))


@DIMS
@pytest.mark.parametrize("kind", [losses.ShapeConsistency, losses.Classification])
def test_networks_are_frozen_or_join_the_game(kind, dims):
    shape = kind is losses.ShapeConsistency
    make, word = (Layer, "segmenter") if shape else (Classes, "classifier")
    truth = (image(dims, 2) > 0.5).double() if shape else torch.tensor([0, 1])
    frozen, joint = make(dims, 2), make(dims, 2)
    term = kind(frozen).train()
    output = image(dims).requires_grad_(True)
    term(output, truth, **{word: joint}).backward()
    assert output.grad.abs().sum() > 0 and not frozen.drop.training
    assert all(p.grad is None for network in (frozen, joint) for p in network.parameters())
    kind()(output, truth, **{word: joint}).backward()
    assert all(p.grad.abs().sum() > 0 for p in joint.parameters())
    with pytest.raises(UserError, match="trains none"):
        kind()(output, truth)


@DIMS
def test_classification(dims):
    label = torch.tensor([2, 0])
    uniform = losses.Classification(nn.Identity())(torch.zeros(2, 3), label)
    assert uniform.item() == pytest.approx(1.098612, abs=1e-6)
    network, one = Classes(dims, 3).eval(), image(dims)
    wanted = nn.functional.cross_entropy(network(one), label)
    torch.testing.assert_close(losses.Classification(network)(one, label), wanted)


# L9


def test_multi_scale_similarity():
    one, other = (image(2, seed).repeat(1, 1, 4, 4) for seed in (0, 1))
    blend = 0.7 * one + 0.3 * other
    term = losses.MultiScaleSimilarity(1.0, scales=2)
    torch.testing.assert_close(term(blend, one), 1 - ms_ssim(blend, one, 1.0, scales=2).mean())
    torch.testing.assert_close(losses.MultiScaleSimilarity(3.0, scales=2)(3 * blend, 3 * one), term(blend, one))
    # constants 100 and 120: contrast and structure are 1, the luminance of the last scale has its power
    hundred, more = torch.full((1, 1, 44, 44), 100.0), torch.full((1, 1, 44, 44), 120.0)
    power = 0.2856 / (0.0448 + 0.2856)
    found = losses.MultiScaleSimilarity(255.0, scales=2)(hundred, more)
    assert found.item() == pytest.approx(1 - 0.983611**power, abs=1e-6)


@DIMS
def test_a_negative_scale_costs_all_and_has_a_finite_gradient(dims):
    one = (image(dims) - 0.5).requires_grad_(True)
    value = losses.MultiScaleSimilarity(1.0, scales=2, window=7)(one, -one.detach())
    value.backward()
    assert value.item() == 1 and one.grad.isfinite().all()


# L10


def slow_mind(value: Tensor, offsets, margin: int, floor: float) -> Tensor:
    """One voxel after the other, as the definition reads: (R, *(S - rim)) of an image (*S)."""
    rim, dims = margin + 1, value.ndim
    cube = list(region(dims, 1)) + [(0,) * dims]
    inside = [range(rim, n - rim) for n in value.shape]

    def patches(at, offset):
        total = 0.0
        for near in cube:
            first = tuple(a + n for a, n in zip(at, near, strict=True))
            total += (value[first] - value[tuple(f + o for f, o in zip(first, offset, strict=True))]) ** 2
        return total / len(cube)

    found = torch.zeros(len(offsets), *[len(r) for r in inside], dtype=value.dtype)
    for at in torch.cartesian_prod(*[torch.tensor(list(r)) for r in inside]).tolist():
        variance = sum(patches(at, near) for near in nearest(dims)) / (2 * dims) + floor
        entry = torch.stack([torch.exp(-patches(at, o) / variance) for o in offsets])
        found[(slice(None), *[a - rim for a in at])] = entry / entry.max()
    return found


@pytest.mark.parametrize(("dims", "side", "reach"), [(2, 7, 0), (2, 8, 2), (3, 5, 0)])
def test_mind_is_its_definition(dims, side, reach):
    value = image(dims)[:1, :, *[slice(side)] * dims]
    offsets = region(dims, reach) if reach else nearest(dims)
    wanted = slow_mind(value[0, 0], offsets, max(1, reach), 1e-5)
    torch.testing.assert_close(mind(value, reach)[0, :, 0], wanted)


@DIMS
def test_mind_is_blind_to_contrast(dims):
    one = image(dims)
    descriptor = mind(one, floor=0.0)
    for slope, offset in ((3.0, -2.0), (-0.25, 5.0), (-1.0, 1.0)):
        torch.testing.assert_close(mind(slope * one + offset, floor=0.0), descriptor, atol=1e-10, rtol=0)
    assert descriptor.shape[1] == 2 * dims and torch.equal(descriptor.amax(1), torch.ones_like(descriptor[:, 0]))
    assert losses.Neighbourhood()(1 - one, one).item() == pytest.approx(0, abs=1e-12)
    assert losses.Neighbourhood()(one.flip(2), one).item() > 0.05


def test_mind_of_a_larger_region_with_gaussian_patches():
    one = image(2)[:, :, :14, :14]
    descriptor = mind(one, reach=3, patch=7, sigma=2.0)
    assert descriptor.shape == (2, 48, 1, 2, 2) and torch.equal(descriptor.amax(1), torch.ones(2, 1, 2, 2).double())
    with pytest.raises(ValueError, match="does not fit"):
        mind(one, reach=4, patch=7)


# L11


@DIMS
def test_style_and_content(dims):
    features, identity = torch.tensor([[[1.0, 2], [3, 4]]]), torch.eye(2)[None]
    features, identity = (f.view(1, 2, *[1] * (dims - 1), 2).double() for f in (features, identity))
    style, content = (losses.StyleContent(nn.Identity(), style=s, content=1 - s) for s in (1.0, 0.0))
    assert style(features, identity).item() == 52.125 and content(features, identity).item() == 22
    assert losses.StyleContent(nn.Identity(), style=2.0)(features, identity).item() == 2 * 52.125 + 22
    one = image(dims, channels=3)
    mixed = one.flatten(2)[:, :, torch.randperm(SIDE**dims, generator=torch.Generator().manual_seed(0))].view_as(one)
    assert style(mixed, one).item() == pytest.approx(0, abs=1e-12) and content(mixed, one).item() > 1


def test_style_and_content_have_a_weight_for_each_layer():
    class Two(nn.Module):
        def features(self, given: Tensor) -> list[Tensor]:
            return [given, 2 * given]

    one, other = image(), image(seed=1)
    apart = [losses.StyleContent(Two(), layers=[k], style=0.0)(one, other) for k in (0, 1)]
    both = losses.StyleContent(Two(), style=(0.0, 0.0), content=(3.0, 5.0))(one, other)
    torch.testing.assert_close(both, 3 * apart[0] + 5 * apart[1])
    with pytest.raises(UserError, match="3 weights cannot stand for 2 layers"):
        losses.StyleContent(Two(), style=(1.0, 1.0, 1.0))(one, other)


# L12


def test_grey_self_regularisation():
    source = image(channels=3)
    turn = torch.tensor([0.3, -0.2, -0.1], dtype=torch.float64).view(1, 3, 1, 1)
    assert losses.GreySelfRegularisation()(source + turn, source).item() == pytest.approx(0, abs=1e-12)
    assert losses.GreySelfRegularisation()(source + 0.1, source).item() == pytest.approx(0.1)


# L13


def test_huber():
    found = losses.steerable.huber(torch.tensor([0.5, -3.0, 1.0]), 1.0)
    torch.testing.assert_close(found, torch.tensor([0.125, 2.5, 0.5]))


@DIMS
def test_steerable_filters(dims):
    term = losses.SteerableFilters(orientations=4)
    one, other = image(dims), image(dims, seed=1)
    torch.testing.assert_close(term(one + 5, other), term(one, other))
    ramp = torch.arange(SIDE).double().expand_as(one)
    torch.testing.assert_close(term(one + ramp, one), torch.zeros(()).double(), atol=1e-12, rtol=0)
    # the second derivative of x^2 is 2 along x, 2 cos^2 in between, 0 across
    along = losses.steerable.directions(dims, 4)[:, -1] ** 2
    answers = term.respond(ramp**2)
    torch.testing.assert_close(answers.flatten(1).mean(1), 2 * along)
    assert losses.SteerableFilters(4)(ramp**2, 0 * ramp).item() == pytest.approx(
        sum(v - 0.5 if v > 1 else v * v / 2 for v in (2 * along).tolist())
    )
    if dims == 2:
        torch.testing.assert_close(along, torch.tensor([1, 0.5, 0, 0.5]).double())


@DIMS
def test_steering_is_turning(dims):
    """The bank's answers are the steered second derivatives; an axis exchanged, those of the turned image."""
    if dims == 2:
        bank = losses.SteerableFilters(orientations=2)
        answers, turned = bank.respond(image()), bank.respond(image().transpose(2, 3))
        torch.testing.assert_close(turned.transpose(3, 4), answers.flip(0))
    lengths = losses.steerable.directions(dims, 7).square().sum(1)
    torch.testing.assert_close(lengths, torch.ones_like(lengths))


@DIMS
def test_a_weight_picks_vessels(dims):
    one, other = image(dims), image(dims, seed=1)
    weight = torch.zeros_like(one)
    weight[..., SIDE // 2 :] = 3.0
    changed = one.clone()
    changed[..., 0] = 9.0  # reaches the answers up to place 5, before the weight begins
    term = losses.SteerableFilters(orientations=3)
    torch.testing.assert_close(term(changed, other, weight), term(one, other, weight))
    torch.testing.assert_close(term(one, other, torch.ones_like(one)), term(one, other))
    assert term(one, other, 0 * weight).item() == 0


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


# the sharpness network's own training, and trained networks in recipes


def test_sharpness_patterns_are_their_definition():
    one = image(seed=3)[:1]
    wide = np.pad(one[0, 0].numpy(), 1, mode="reflect")
    wanted = torch.zeros(SIDE, SIDE, dtype=torch.int64)
    for row in range(SIDE):
        for column in range(SIDE):
            angles = np.pi * np.arange(8) / 4
            ring = map_coordinates(wide, [row + 1 - np.sin(angles), column + 1 + np.cos(angles)], order=1)
            bits = np.abs(ring - wide[row + 1, column + 1]) > 0.2
            wanted[row, column] = 9 if (bits != np.roll(bits, 1)).sum() > 2 else bits.sum()
    assert torch.equal(patterns(one, 0.2)[0, 0].long(), wanted) and len(wanted.unique()) == 10
    found = physics.SharpnessMap(0.2, 3).measure(one, 1.0, None)
    assert found[0, 0, 5, 5].item() == pytest.approx((wanted[4:7, 4:7] >= 6).double().mean().item())


def test_a_sharpness_map_is_blind_to_offset_and_falls_with_blur():
    one, random = image(seed=3).repeat(1, 1, 3, 3), np.random.default_rng(0)
    map_of = physics.SharpnessMap(0.2, 5)
    torch.testing.assert_close(map_of.measure(one + 5, 1.0, None), map_of.measure(one, 1.0, None))
    clipped = physics.SharpnessMap(0.2, 5, value_range=(0.3, 0.6)).measure(one, 1.0, None)
    torch.testing.assert_close(clipped, map_of.measure(one.clamp(0.3, 0.6), 1.0, None))
    assert (clipped != map_of.measure(one, 1.0, None)).any()
    volume = torch.stack([one, one.flip(2)], -1)
    torch.testing.assert_close(map_of.measure(volume, 1.0, None)[..., 1], map_of.measure(one.flip(2), 1.0, None))
    levels = [map_of.measure(blurred(one, sigma), 1.0, None).mean() for sigma in (0.0, 0.5, 1.0)]
    assert levels[0] > levels[1] > levels[2]
    flat = torch.full_like(one, 3.0)
    assert map_of.measure(flat, 1.0, random).max() == 0
    torch.testing.assert_close(physics.UnevenBlur().measure(flat, 1.0, random), flat)
    with pytest.raises(ValueError, match="odd"):
        physics.SharpnessMap(window=4)


@DIMS
def test_blur_is_scipys_and_uneven_blur_has_two_sides(dims):
    one, random = image(dims)[:1], np.random.default_rng(1)
    wanted = gaussian_filter(one[0, 0].numpy(), 1.3, mode="nearest", truncate=4 * 1.5)
    torch.testing.assert_close(blurred(one, 1.3)[0, 0], torch.from_numpy(wanted), atol=1e-4, rtol=0)
    made = physics.UnevenBlur(most=2.0, edge=1e-7).measure(one, 1.0, random)
    draws = np.random.default_rng(1).uniform(0, 2.0, 2)
    both = [torch.isclose(made, blurred(one, float(sigma)), atol=1e-9) for sigma in draws]
    assert (both[0] | both[1]).all() and both[0].any() and both[1].any()


RECIPE = """
phantom: !Brain {size: 32}
bind: {source: t1, target: t2}
intensity: {source: !Percentile {}, target: !Percentile {}}
game: !Supervised
  generator: !UNet {depth: 3, width: 4}
  terms: {sharp: !Sharpness {weight: 2.0, network: !UNet {depth: 2, width: 4, dropout: 0.0}}}
train: {plays: 2, patch: [32, 32]}
"""


def built(place, **weights):
    recipe = read_recipe(str(place))
    return build_game(recipe, {"source": (1, 32, 32), "target": (1, 32, 32)}, recipe.dims(), weights=weights)


def test_a_network_in_a_term_comes_from_a_file_or_not_at_all(tmp_path):
    place = tmp_path / "mine.yaml"
    place.write_text(RECIPE)
    with pytest.raises(UserError, match="'sharp' is useless untrained.*\n.*--weights sharp="):
        built(place)
    network = networks.UNet(depth=2, width=4, dropout=0.0)
    own = {name: torch.randn_like(t) if t.is_floating_point() else t for name, t in network.state_dict().items()}
    other = networks.UNet(depth=3, width=4).state_dict()
    files = {"own": own, "game": {f"generator.{n}": t for n, t in own.items()}}
    files["game"] |= {f"discriminator.{n}": t for n, t in other.items()}
    files["two"] = {f"{k}.{n}": t.clone() for k in ("a", "b") for n, t in own.items()}
    files["none"] = other
    for name, tensors in files.items():
        save_file({n: t.contiguous() for n, t in tensors.items()}, tmp_path / f"{name}.safetensors")
    for name in ("own", "game"):
        term = built(place, sharp=tmp_path / f"{name}.safetensors").terms.parts["sharp"]
        assert all(torch.equal(t, own[n]) for n, t in term.network.state_dict().items())
        assert not term.network.training and not any(p.requires_grad for p in term.parameters())
    for name, count in (("two", 2), ("none", 0)):
        with pytest.raises(UserError, match=f"holds {count} networks that fit"):
            built(place, sharp=tmp_path / f"{name}.safetensors")
    place.write_text(RECIPE.replace("network:", "netwrk:"))
    with pytest.raises(UserError, match="no argument 'netwrk'"):
        built(place, sharp=tmp_path / "own.safetensors")
