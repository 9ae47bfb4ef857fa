"""Layers of data consistency against what they promise, and conjugate gradients against a dense solve."""

import pytest
import torch

from adversaria.draws import stream
from adversaria.physics import ConjugateGradient, Fourier, HardConsistency, MultiCoil, ParallelBeam, SoftConsistency
from adversaria.physics.sampling import RandomLines


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
