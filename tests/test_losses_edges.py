"""Terms L4 to L9: worked numbers and invariances."""

import pytest
import torch
from torch import nn

from adversaria import games, losses
from adversaria.metrics.local_correlation import correlation
from adversaria.metrics.multi_scale import ms_ssim
from adversaria.vocabulary import UserError
from playground import Translator
from term_parts import DIMS, Classes, Layer, image, line

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


def test_structure_of_flat_slabs_is_taken_slice_by_slice():
    one, two = torch.rand(2, 2, 1, 48, 48, 5, generator=torch.Generator().manual_seed(0)).unbind(0)
    term = losses.MultiScaleSimilarity(1.0, scales=2, sliced=True)
    flat = losses.MultiScaleSimilarity(1.0, scales=2)
    each = torch.stack([flat(one[..., k], two[..., k]) for k in range(5)]).mean()
    torch.testing.assert_close(term(one, two), each)
    torch.testing.assert_close(term(one[..., 0], two[..., 0]), flat(one[..., 0], two[..., 0]))
