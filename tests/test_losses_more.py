"""Terms L4 to L19 together: zero at equality, finite gradients, half precision, refused shapes."""

import pytest
import torch
from torch import Tensor, nn

import test_losses
from adversaria import losses
from term_parts import DIMS, SIDE, Same, image

# name: how to build it (None: in tests/test_games_segmentation.py), the word that the output is compared with
COMPARED = {
    "EdgeWeighted": (lambda: losses.EdgeWeighted(), "target"),
    "EdgesKept": (lambda: losses.EdgesKept(), "source"),
    "FeatureMatching": (None, "target"),
    "GradientConsistency": (lambda: losses.GradientConsistency(), "source"),
    "GradientDifference": (lambda: losses.GradientDifference(), "target"),
    "GreySelfRegularisation": (lambda: losses.GreySelfRegularisation(), "source"),
    "KSpaceMagnitude": (lambda: losses.KSpaceMagnitude(), "target"),
    "NormalisedError": (lambda: losses.NormalisedError(), "target"),
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
    "BrightBalanced", "Classification", "DeepSupervision", "GeneralisedDice", "KSpaceConsistency", "LabelCrossEntropy",
    "LatentKL", "ShapeConsistency", "SoftDice", "TotalVariation",
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


@DIMS
@NAMES
def test_gradients_in_float32_are_those_in_float64(name, dims):
    slopes = []
    for dtype in (torch.float32, torch.float64):
        one, other = (image(dims, seed, dtype=torch.float32).to(dtype) for seed in (4, 5))
        one.requires_grad_(True)
        slopes += torch.autograd.grad(compare(name, one, other), one)
    assert slopes[1].norm() > 0
    assert (slopes[0].double() - slopes[1]).norm() < 1e-3 * slopes[1].norm()
