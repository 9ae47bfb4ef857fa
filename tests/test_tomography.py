"""Geometries of computed tomography against closed forms: chords of discs, angles of a batch, fan against parallel."""

import math

import pytest
import torch

from adversaria.physics import FanBeam, ParallelBeam
from adversaria.physics.radon import gaps


def discs(size, *shapes):
    """Discs (radius, right, down, value) in pixels with borders averaged over sub-pixels."""
    fine = 6
    place = (torch.arange(size * fine, dtype=torch.float64) + 0.5) / fine - size / 2
    image = torch.zeros(size * fine, size * fine, dtype=torch.float64)
    for radius, right, down, value in shapes:
        image += value * ((place[None, :] - right) ** 2 + (place[:, None] - down) ** 2 < radius**2)
    return torch.nn.functional.avg_pool2d(image[None, None], fine)


def test_a_disc_projects_to_its_chords_in_a_fan():
    """The chord of a ray at distance t from the disc's middle is 2 sqrt(r^2 - t^2)."""
    fan = FanBeam(64, 7, distance=120.0)
    found = fan.A(discs(64, (20.0, 6.0, -5.0, 0.2)))[0, 0]
    s = torch.arange(fan.detectors, dtype=torch.float64) - (fan.detectors - 1) / 2
    for view, angle in enumerate(fan.angles.tolist()):
        source = torch.tensor([120 * math.sin(angle), -120 * math.cos(angle)], dtype=torch.float64)
        point = torch.stack([s * math.cos(angle), s * math.sin(angle)], -1)
        way = point - source
        away = torch.tensor([6.0, -5.0], dtype=torch.float64) - source
        t = (way[:, 0] * away[1] - way[:, 1] * away[0]).abs() / way.norm(dim=1)
        chord = 2 * 0.2 * (400 - t.square()).clamp_min(0).sqrt() / 10
        assert (found[view] - chord).abs().mean() < 0.01 * chord.max(), view


@pytest.mark.parametrize("beam", [FanBeam(72, 240, spacing=0.8, distance=110.0), ParallelBeam(72, 150, pitch=0.5)])
def test_filtered_back_projection_restores_discs(beam):
    truth = discs(72, (24.0, 3.0, 4.0, 0.2), (6.0, -8.0, 5.0, 0.1))
    found = beam.inverse(beam.A(truth))
    for radius, right, down, value in ((4.0, -8.0, 5.0, 0.3), (8.0, 12.0, 0.0, 0.2)):
        inside = discs(72, (radius, right, down, 1.0)) > 0.99
        assert found[inside].mean() == pytest.approx(value, rel=0.01)
    outside = discs(72, (29.0, 3.0, 4.0, 1.0)) == 0
    assert found[outside].abs().mean() < 0.01 * 0.2


def test_a_distant_fan_is_a_parallel_beam():
    x = torch.randn(1, 1, 24, 24, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    angles = tuple(math.pi * k / 9 for k in range(9))
    fan = FanBeam(24, angles, 35, distance=1e7)
    torch.testing.assert_close(fan.A(x), ParallelBeam(24, angles, 35).A(x), atol=1e-5, rtol=1e-5)


def test_a_fan_refuses_what_it_cannot_do():
    with pytest.raises(ValueError, match="inside an image"):
        FanBeam(64, distance=40.0)
    fan = FanBeam(16, tuple(0.1 * k for k in range(20)))
    with pytest.raises(ValueError, match="full turn"):
        fan.inverse(torch.zeros(1, 1, 20, fan.detectors))


def test_angles_come_from_the_batch_for_all_cases_or_for_each():
    x = torch.randn(2, 1, 16, 16, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    beam, own = ParallelBeam(16, 4), torch.tensor([[0.1, 0.5, 1.2], [0.3, 0.9, 2.0]])
    apart = beam.of({"angles": own})
    seen = apart.A(x)
    for k, angles in enumerate(own.double().tolist()):
        alone = ParallelBeam(16, tuple(angles))
        torch.testing.assert_close(seen[k : k + 1], alone.A(x[k : k + 1]))
        torch.testing.assert_close(apart.inverse(seen)[k : k + 1], alone.inverse(alone.A(x[k : k + 1])))
    torch.testing.assert_close((seen * seen).sum(), (x * apart.adjoint(seen)).sum())
    assert beam.of({"angles": own[:1].expand(2, -1)}).angles.ndim == 1
    assert beam.of({}) is beam and beam.angles.shape == (4,)
    with pytest.raises(ValueError, match="2 sets of angles do not fit 1"):
        apart.A(x[:1])


def test_views_stand_for_the_turn_they_cover():
    even = torch.arange(6, dtype=torch.float64) * math.pi / 6
    torch.testing.assert_close(gaps(even), torch.full_like(even, math.pi / 6))
    limited = torch.linspace(0, 1.5, 16, dtype=torch.float64)
    torch.testing.assert_close(gaps(limited), torch.full_like(limited, 0.1))
    full_turn = torch.arange(12, dtype=torch.float64) * math.pi / 6
    assert gaps(full_turn).sum() == pytest.approx(math.pi)
    uneven = torch.tensor([0.0, 0.1, 0.4], dtype=torch.float64)
    torch.testing.assert_close(gaps(uneven)[1], torch.tensor(0.2, dtype=torch.float64))


def test_sparse_views_reconstruct_the_mean_and_more_views_reconstruct_better():
    truth = discs(64, (24.0, 0.0, 0.0, 0.2), (5.0, 8.0, -6.0, 0.1))
    inside = discs(64, (20.0, 0.0, 0.0, 1.0)) > 0.99
    error = {}
    for views in (12, 24, 90):
        beam = ParallelBeam(64, views)
        found = beam.inverse(beam.A(truth))
        assert found[inside].mean() == pytest.approx(float(truth[inside].mean()), rel=0.02)
        error[views] = float((found - truth).square().mean())
    assert error[12] > 2 * error[24] > 3 * error[90]
    limited = ParallelBeam(64, 60, span=120.0)
    assert limited.angles[-1] < math.radians(120)
    assert (limited.inverse(limited.A(truth)) - truth).square().mean() > 2 * error[90]


def test_an_axis_beside_the_detectors_middle():
    """A shifted detector sees the same projection some elements further on; to ignore it ruins the image."""
    truth = discs(48, (16.0, 3.0, 4.0, 0.2))
    straight, shifted = ParallelBeam(48, 60, 81), ParallelBeam(48, 60, 81, shift=5.0)
    seen = shifted.A(truth)
    torch.testing.assert_close(seen[..., 5:], straight.A(truth)[..., :-5])
    torch.testing.assert_close(shifted.inverse(seen), straight.inverse(straight.A(truth)), atol=1e-3, rtol=0)
    assert (straight.inverse(seen) - truth).square().mean() > 5 * (shifted.inverse(seen) - truth).square().mean()


def test_a_resolution_blurs_to_that_width():
    """A small disc becomes a Gaussian: its second moment grows by the square of the width over 8 log 2.

    The disc itself has 1/4, and the linear interpolation of the projection adds 1/6.
    """
    beam = ParallelBeam(48, 120)
    found = beam.inverse(beam.A(discs(48, (1.0, 0.0, 0.0, 1.0))), 5.0)[0, 0]
    place = torch.arange(48, dtype=torch.float64) - 23.5
    near = (place.abs() < 9).double()
    weights = found * near[:, None] * near
    moment = (weights.sum(0) * place.square()).sum() / weights.sum()
    assert moment == pytest.approx(25 / (8 * math.log(2)) + 1 / 4 + 1 / 6, rel=0.1)
