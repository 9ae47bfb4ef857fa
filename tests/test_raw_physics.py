"""What raw data need, against sums written out, closed forms and other libraries: partial k-space, spokes, the axis."""

import math
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from adversaria.draws import stream
from adversaria.physics import (
    DeepinvPhysics,
    Fourier,
    MultiCoil,
    NonUniformFourier,
    ParallelBeam,
    PartialFourier,
    PartialLines,
    Radial,
    Spiral,
    calibrated,
    homodyne,
    line_integrals,
    rotation_axis,
    shift_of,
)
from adversaria.vocabulary import UserError


def ellipse(side):
    """A textured object with a soft border."""
    at = torch.linspace(-1, 1, side, dtype=torch.float64)
    radius = (at[:, None] ** 2 + (at / 0.8) ** 2).sqrt()
    body = torch.sigmoid((0.8 - radius) * 40) * (1 + 0.3 * torch.sin(9 * at) * torch.cos(7 * at[:, None]))
    return (body + 0.5 * torch.sigmoid((0.3 - radius) * 40))[None, None]


def relative(found, truth):
    return float((found - truth).norm() / truth.norm())


def turned(side):
    """The object with a slow phase, as a gradient echo has."""
    at = torch.linspace(-1, 1, side, dtype=torch.float64)
    return ellipse(side) * torch.exp(1j * (1.2 * at[:, None] + 0.8 * at**2))


@pytest.mark.parametrize("method", ["projections", "homodyne"])
def test_partial_fourier_restores_what_zero_filling_blurs(method):
    x = turned(64)
    physics = PartialFourier(0.6)
    y = physics.A(x)
    image = physics.inverse(y) if method == "projections" else homodyne(y, physics.lines)
    share = 0.35 if method == "projections" else 0.65  # homodyne pays for what the phase of the middle lacks
    assert relative(image, x) < share * relative(physics.adjoint(y), x)
    if method == "projections":
        torch.testing.assert_close(physics.A(image), y), "what was measured is kept"


def test_partial_fourier_is_exact_for_a_real_image_and_for_all_lines():
    x = ellipse(32)
    full = PartialFourier(1.0)
    torch.testing.assert_close(full.inverse(full.A(x)).real, x)
    half = PartialFourier(0.6, axis=-2, iterations=200)
    assert relative(half.inverse(half.A(x)), x) < 5e-3
    assert half.masked(torch.ones(1, 1, 32, 8))[0, 0, :, 0].tolist() == [0.0] * 13 + [1.0] * 19
    # homodyne of a real image is exact: lines without a mirror count twice, and a ramp and its mirror make two
    assert relative(homodyne(half.A(x), half.lines), x) < 2e-2


def test_partial_lines_follow_a_bound_mask_and_refuse_less_than_half():
    mask = torch.zeros(1, 1, 8, 8)
    mask[..., 4:] = 1
    assert PartialFourier().of({"sampling": mask}).A(turned(8)).abs()[..., :4].max() == 0
    assert PartialLines(0.75)((4, 8), stream("m")).sum() == 4 * 6
    with pytest.raises(ValueError, match="middle of k-space"):
        PartialFourier(0.5)


@pytest.mark.parametrize("trajectory", [Radial(5), Spiral(2, 3)], ids=["radial", "spiral"])
def test_samples_off_the_grid_are_the_sum_written_out(trajectory):
    x = turned(12)[..., :10]
    words = NonUniformFourier(trajectory).acquire(x, 1.0, stream("k"))
    row, column = (torch.arange(n, dtype=torch.float64) - n // 2 for n in (12, 10))
    k = words["trajectory"][0]
    wave = torch.exp(-1j * (k[0][:, None, None] * row[:, None] + k[1][:, None, None] * column))
    exact = (wave * x[0]).sum((1, 2)) / math.sqrt(120)
    assert relative(words["measurement"][0, 0], exact) < 2e-3


def test_samples_on_the_grid_are_the_fourier_transforms():
    x, (rows, columns) = turned(8), torch.meshgrid(torch.arange(8), torch.arange(8), indexing="ij")
    grid = torch.stack([rows, columns]).reshape(1, 2, -1).sub(4).double() * (2 * math.pi / 8)
    found = NonUniformFourier().of({"trajectory": grid}).A(x)
    assert relative(found, Fourier().A(x).flatten(2)) < 2e-3


@pytest.mark.parametrize("trajectory", [Radial(80), Spiral(8, 4)], ids=["radial", "spiral"])
def test_enough_spokes_give_the_image_back_and_fewer_less(trajectory):
    x = turned(48)
    maps = torch.stack([torch.ones_like(x[0, 0]), 1j * torch.linspace(0, 1, 48, dtype=torch.float64) * x[0, 0] ** 0])
    physics = NonUniformFourier(trajectory).bound(maps=maps[None])
    words = physics.acquire(x, 1.0, stream("t"))
    found = physics.of(words).inverse(words["measurement"])
    error = relative(found, x)
    assert error < 0.08
    fewer = NonUniformFourier(Radial(12), (48, 48))
    words = fewer.acquire(x, 1.0, stream("t"))
    assert relative(fewer.of(words).inverse(words["measurement"]), x) > 1.5 * error
    assert fewer.measure(x.to(torch.complex64), 1.0, stream("t")).shape == x.shape


def test_trajectories_stay_inside_k_space_and_are_drawn_by_key():
    for trajectory in (Radial(7), Spiral(3)):
        points = trajectory((20, 16), stream("a"))
        assert points.shape[0] == 2 and abs(points).max() <= math.pi
        assert (points == trajectory((20, 16), stream("a"))).all()
        assert not (points == trajectory((20, 16), stream("b"))).all()
    spokes = Radial(2)((8, 8), stream("a")).reshape(2, 2, 16)
    turn = math.atan2(*spokes[:, 1, -1]) - math.atan2(*spokes[:, 0, -1])
    assert math.degrees(turn) % 180 == pytest.approx(111.246, abs=1e-3)


def test_data_and_trajectory_have_to_belong_together():
    physics = NonUniformFourier(size=(8, 8)).of({"trajectory": torch.zeros(1, 2, 5)})
    with pytest.raises(UserError, match="5 points and the data 6 samples"):
        physics.adjoint(torch.zeros(1, 1, 6, dtype=torch.complex64))
    with pytest.raises(UserError, match="without their trajectory"):
        NonUniformFourier().of({})


def test_counts_become_line_integrals():
    """I = dark + (flat - dark) exp(-p), element by element; no photon at all counts as the least transmission."""
    p = torch.rand(2, 6, 9, dtype=torch.float64, generator=torch.Generator().manual_seed(1)) * 3
    dark = 100 + torch.arange(9.0).double().expand(4, 9)
    flat = 5000 + 300 * torch.arange(9.0).double().expand(3, 9)
    counts = dark[0] + (flat[0] - dark[0]) * torch.exp(-p)
    torch.testing.assert_close(line_integrals(counts, flat, dark), p)
    assert line_integrals(dark[:1], flat, dark).max() == pytest.approx(-math.log(1e-4))
    with pytest.raises(UserError, match="9 of 9 elements"):
        line_integrals(counts, dark, flat)


@pytest.mark.parametrize("span", [180.0, 360.0])
@pytest.mark.parametrize("shift", [-7.3, 0.0, 4.5])
def test_the_axis_is_found_where_it_is(shift, span):
    beam = ParallelBeam(48, 40, 91, span=span, shift=shift)
    x = torch.zeros(1, 1, 48, 48)
    x[..., 10:25, 20:40] = 1
    noise = torch.randn(1, 1, 40, 91, generator=torch.Generator().manual_seed(2))
    y = beam.A(x)
    assert rotation_axis(y, beam.angles) == pytest.approx(45 + shift, abs=0.02)
    assert rotation_axis(y + 0.02 * y.max() * noise, beam.angles) == pytest.approx(45 + shift, abs=0.5)
    assert shift_of(45 + shift, 91) == pytest.approx(shift)


def test_an_axis_that_cannot_be_found_is_not_guessed():
    beam = ParallelBeam(48, 40, 41)
    x = torch.zeros(1, 1, 48, 48)
    x[..., 20:25, 40:] = 1
    with pytest.raises(UserError, match="do not hold the whole object"):
        rotation_axis(beam.A(x), beam.angles)
    with pytest.raises(UserError, match="39 angles"):
        rotation_axis(beam.A(x), beam.angles[1:])
    with pytest.raises(UserError, match="same way"):
        rotation_axis(torch.ones(40, 41), torch.zeros(40))
    with pytest.raises(UserError, match="beside a detector of 41"):
        shift_of(44.0, 41)


def test_a_foreign_operator_takes_its_parameters_from_the_batch():
    class Scaled:
        def A(self, x, scale=1.0):
            return scale * x

        A_adjoint = A_dagger = A

    physics = DeepinvPhysics(Scaled(), {"weight": "scale"})
    x = torch.ones(1, 1, 2, 2)
    assert physics.A(x).mean() == 1 and physics.of({"weight": 3.0}).adjoint(x).mean() == 3
    assert physics.inverse(x).mean() == 1
    with pytest.raises(ValueError, match="Fourier has no A_adjoint"):
        DeepinvPhysics(Fourier())


def test_deepinvs_own_operators_are_adapted():
    script = Path(__file__).with_name("deepinv_check.py")
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "agrees with deepinv" in done.stdout, done.stderr


def test_maps_span_the_space_of_sigpys():
    """ESPIRiT's maps (Uecker et al. 2014), as sigpy makes them, and ours agree up to a phase at each voxel."""
    from sigpy.mri.app import EspiritCalib

    side, turns = 64, torch.arange(6) * math.pi / 3
    at = torch.linspace(-1, 1, side, dtype=torch.float64)
    apart = (at[:, None, None] - 1.2 * turns.sin()) ** 2 + (at[:, None] - 1.2 * turns.cos()) ** 2
    maps = torch.polar((1 + apart) ** -1.5, turns + 0 * apart).movedim(-1, 0)[None]
    y = MultiCoil().of({"coils": maps}).A(turned(side))
    theirs = torch.from_numpy(EspiritCalib(y[0].to(torch.complex64).numpy(), calib_width=24, show_pbar=False).run())
    ours = calibrated(y, 24)[0]
    inside = (torch.nn.functional.avg_pool2d(ellipse(side), 9, 1, 4) > 0.9)[0, 0]
    alike = (ours.conj() * theirs).sum(0).abs()[inside]
    assert alike.mean() > 0.998 and alike.min() > 0.98
