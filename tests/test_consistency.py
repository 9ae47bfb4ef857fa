"""Layers of data consistency against what they promise, and conjugate gradients against a dense solve."""

import pytest
import torch

from adversaria.draws import stream
from adversaria.physics import (
    ConjugateGradient,
    FanBeam,
    Fourier,
    HardConsistency,
    MultiCoil,
    ParallelBeam,
    SinogramConsistency,
    SoftConsistency,
    ray_matrix,
)
from adversaria.physics.consistency import power
from adversaria.physics.sampling import RandomLines
from adversaria.physics.tempered import Tempered, tempered


def complex_noise(*shape, seed=0):
    return torch.randn(shape, dtype=torch.complex128, generator=torch.Generator().manual_seed(seed))


def masked():
    mask = torch.from_numpy(RandomLines()((10, 12), stream("mask")))[None, None].double()
    return Fourier().of({"sampling": mask}), mask.expand(2, 1, -1, -1)


def test_hard_consistency_replaces_what_was_measured_and_nothing_else():
    physics, mask = masked()
    x, y = complex_noise(2, 1, 10, 12), physics.A(complex_noise(2, 1, 10, 12, seed=1))
    k = Fourier().A(HardConsistency()(x, y, physics))
    torch.testing.assert_close(k, torch.where(mask > 0, y, Fourier().A(x)))


def test_soft_consistency_is_a_weighted_mean():
    physics, mask = masked()
    x, y = complex_noise(2, 1, 10, 12), physics.A(complex_noise(2, 1, 10, 12, seed=1))
    k = Fourier().A(SoftConsistency(3.0)(x, y, physics))
    wanted = torch.where(mask > 0, (Fourier().A(x) + 3 * y) / 4, Fourier().A(x))
    # the logarithm of the weight is kept in single precision
    torch.testing.assert_close(k, wanted, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("layer", [HardConsistency(), SoftConsistency()])
def test_rows_that_are_not_orthonormal_are_refused(layer):
    beam = ParallelBeam(8, 4)
    with pytest.raises(ValueError, match="use ConjugateGradient"):
        layer(torch.zeros(1, 1, 8, 8), beam.A(torch.zeros(1, 1, 8, 8)), beam)


def dense(physics, shape, dtype=torch.complex128):
    """The operator as a matrix."""
    one = torch.eye(shape[0] * shape[1], dtype=dtype).view(-1, 1, *shape)
    return torch.cat([physics.A(image[None]).flatten(1) for image in one]).mT


def coils_and_case():
    words = {"sampling": (torch.arange(6) % 2 == 0).double().view(1, 1, 1, 6), "coils": complex_noise(1, 3, 5, 6)}
    words["sampling"] = words["sampling"].expand(1, 1, 5, 6)
    physics = MultiCoil().of(words)
    return physics, complex_noise(1, 1, 5, 6, seed=2), physics.A(complex_noise(1, 1, 5, 6, seed=3))


def test_conjugate_gradients_solve_the_system():
    physics, x, y = coils_and_case()
    matrix = dense(physics, (5, 6))
    system = matrix.mH @ matrix + 0.25 * torch.eye(30, dtype=torch.float64)
    wanted = torch.linalg.solve(system, matrix.mH @ y.flatten() + 0.25 * x.flatten())
    layer = ConjugateGradient(0.25, 60, 1e-12).double()
    # the logarithm of the weight is kept in single precision
    torch.testing.assert_close(layer(x, y, physics).flatten(), wanted, rtol=1e-6, atol=1e-6)
    both = layer(x.repeat(2, 1, 1, 1), torch.cat([y, 0 * y]), physics)
    torch.testing.assert_close(both[0].flatten(), wanted, rtol=1e-6, atol=1e-6)


def test_gradients_of_the_solve_are_those_of_the_closed_form():
    physics, x, y = coils_and_case()
    layer = ConjugateGradient(0.25, 80, 1e-14).double()
    x.requires_grad_(True), y.requires_grad_(True)
    target = complex_noise(1, 1, 5, 6, seed=5)
    found = torch.autograd.grad((layer(x, y, physics) - target).abs().square().sum(), [x, y, layer.log_weight])
    matrix, log_weight = dense(physics, (5, 6)), layer.log_weight.detach().clone().requires_grad_(True)
    weight = log_weight.exp()
    system = matrix.mH @ matrix + weight * torch.eye(30, dtype=torch.float64)
    solved = torch.linalg.solve(system, matrix.mH @ y.flatten() + weight * x.flatten())
    wanted = torch.autograd.grad((solved - target.flatten()).abs().square().sum(), [x, y, log_weight])
    for one, other in zip(found, wanted, strict=True):
        torch.testing.assert_close(one, other, rtol=1e-6, atol=1e-7)


def test_conjugate_gradients_work_on_any_operator():
    beam = ParallelBeam(9, 5, spacing=10.0)
    x, y = complex_noise(1, 1, 9, 9).real, beam.A(complex_noise(1, 1, 9, 9, seed=1).real)
    matrix = dense(beam, (9, 9), torch.float64)
    wanted = torch.linalg.solve(matrix.mT @ matrix + 0.25 * torch.eye(81), matrix.mT @ y.flatten() + 0.25 * x.flatten())
    found = ConjugateGradient(0.25, 80, 1e-13).double()(x, y, beam)
    torch.testing.assert_close(found.flatten(), wanted, rtol=1e-6, atol=1e-6)


def test_sinograms_are_solved_for_with_all_frequencies_alike():
    beam = ParallelBeam(9, 5, spacing=10.0)
    x, y = complex_noise(1, 1, 9, 9).real, beam.A(complex_noise(1, 1, 9, 9, seed=1).real)
    matrix = dense(Tempered(beam), (9, 9), torch.float64)
    right = matrix.mT @ tempered(y, beam).flatten() + 0.25 * x.flatten()
    wanted = torch.linalg.solve(matrix.mT @ matrix + 0.25 * torch.eye(81), right)
    found = SinogramConsistency(0.25, 80, 1e-13).double()(x, y, beam)
    torch.testing.assert_close(found.flatten(), wanted, rtol=1e-6, atol=1e-6)
    with pytest.raises(ValueError, match="has no views: use ConjugateGradient"):
        SinogramConsistency()(x, y, Fourier())


SCANNERS = {
    "few views": ParallelBeam(64, 24, spacing=6.0),
    "many views": ParallelBeam(64, 120, spacing=1.0),
    "small elements": ParallelBeam(64, 40, 181, spacing=2.0, pitch=0.5),
    "fan": FanBeam(64, 60, spacing=2.0, distance=300.0),
}


@pytest.mark.parametrize("name", SCANNERS)
def test_a_tempered_beam_has_a_norm_of_about_one(name):
    """So that a weight means the same whatever the views, the pixels and the units; A itself has 20 to 1000."""
    physics, x = Tempered(SCANNERS[name]), torch.randn(1, 1, 64, 64, generator=torch.Generator().manual_seed(0))
    for _ in range(30):
        x = physics.adjoint(physics.A(x))
        x = x / power(x).sqrt()
    assert 0.9 < float(power(physics.A(x))) < 1.7


def body(side):
    """A smooth body with small discs, between 0 and 1."""
    at = torch.linspace(-1, 1, side)
    near = [((at[:, None] - r) ** 2 + (at - c) ** 2).sqrt() for r, c in ((0, 0), (0.4, 0.1), (-0.3, -0.4), (0, 0.5))]
    discs = [(8 * (size - n)).clamp(0, 1) for n, size in zip(near, (0.9, 0.1, 0.2, 0.15), strict=True)]
    return (0.4 * discs[0] + 0.1 * discs[1] - 0.1 * discs[2] + 0.2 * discs[3])[None, None]


def slope(layer, x, y, beam, target):
    x = x.clone().requires_grad_(True)
    (found,) = torch.autograd.grad((layer(x, y, beam) - target).abs().mean(), x)
    return found


def test_few_steps_give_the_gradient_of_a_sinogram_only_when_it_is_tempered():
    """Five plain steps at MoDL's weight point anywhere and are too long; three tempered ones are nearly converged."""
    beam, target = ParallelBeam(64, 24, spacing=6.0), body(64)
    y = beam.A(target)
    x = beam.inverse(y) + 0.05 * torch.randn(1, 1, 64, 64, generator=torch.Generator().manual_seed(0))

    def compared(few, many):
        one, other = (slope(layer, x, y, beam, target) for layer in (few, many))
        return float((one * other).sum() / (one.norm() * other.norm())), float(one.norm() / other.norm())

    alike, longer = compared(ConjugateGradient(0.05, 5), ConjugateGradient(0.05, 200))
    assert alike < 0.5 and longer > 2, (alike, longer)
    alike, longer = compared(SinogramConsistency(), SinogramConsistency(steps=60))
    assert alike > 0.97 and longer == pytest.approx(1, abs=0.05), (alike, longer)


def test_sinogram_consistency_mends_an_image_and_leaves_the_truth():
    beam, target = ParallelBeam(64, 24, spacing=6.0), body(64)
    layer, y = SinogramConsistency(), beam.A(target)
    with torch.no_grad():
        torch.testing.assert_close(layer(target, y, beam), target, rtol=0, atol=1e-6)
        for x in (beam.inverse(y), 0.9 * target, target.roll(2, -1)):
            before, after = ((image - target).norm() for image in (x, layer(x, y, beam)))
            assert after < 0.95 * before


@pytest.mark.parametrize("name", SCANNERS)
def test_rays_as_a_matrix_are_the_rays_that_are_walked(name, monkeypatch):
    beam = SCANNERS[name].double()
    x = complex_noise(2, 1, 64, 64).real
    assert ray_matrix.fits(beam, x)
    found = beam.A(x), beam.adjoint(beam.A(x))
    monkeypatch.setattr(ray_matrix, "MOST", 0)
    assert not ray_matrix.fits(beam, x)
    for one, other in zip(found, (beam.A(x), beam.adjoint(beam.A(x))), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-9, atol=1e-9)
    bound = beam.of({"angles": beam.angles[None]})
    monkeypatch.undo()
    assert not ray_matrix.fits(bound, x) and ray_matrix.fits(beam, x)
