"""Terms L10 to L13: worked numbers and invariances."""

import pytest
import torch
from torch import Tensor, nn

from adversaria import losses
from adversaria.metrics.mind import mind, nearest, region
from adversaria.vocabulary import UserError
from term_parts import DIMS, SIDE, image

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
