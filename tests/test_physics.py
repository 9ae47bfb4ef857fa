"""Operators against independent truth: adjoints, closed forms, another library, and the law of dose."""

import numpy as np
import pytest
import torch

from adversaria import physics
from adversaria.draws import stream
from adversaria.physics import (
    Biplanar,
    Coarsened,
    Decimate,
    DeepinvPhysics,
    Downsample,
    Erased,
    FanBeam,
    FibreBundle,
    FibreView,
    Fourier,
    GaussianBlur,
    KSpaceTruncation,
    LowDoseCT,
    MultiCoil,
    NonUniformFourier,
    ParallelBeam,
    PartialFourier,
    RandomLines,
    RigidMotion,
)


def fourier_operator():
    mask = torch.from_numpy(RandomLines()((8, 12), stream("mask")))[None, None]
    return Fourier().of({"sampling": mask}), (2, 1, 8, 12)


def coils_operator():
    draws = torch.Generator().manual_seed(4)
    words = {"sampling": (torch.rand(2, 1, 6, 5, 4, generator=draws) > 0.5).float()}
    return MultiCoil().of({**words, "coils": random_like((2, 3, 6, 5, 4), torch.complex64, draws)}), (2, 1, 6, 5, 4)


def spokes_operator():
    draws = torch.Generator().manual_seed(6)
    words = {"trajectory": 3 * torch.rand(2, 2, 40, generator=draws) - 1.5}
    return NonUniformFourier().of({**words, "coils": random_like((2, 3, 6, 8), torch.complex64, draws)}), (2, 1, 6, 8)


class TwoThirds:
    """What deepinv's linear physics promise, and nothing else."""

    def A(self, x, scale=1.0):
        return scale * (2 * x[..., 1:] + x[..., :-1])

    def A_adjoint(self, y, scale=1.0):
        wide = torch.nn.functional.pad(y, (1, 1))
        return scale * (2 * wide[..., :-1] + wide[..., 1:])


def motion_operator():
    poses = 0.3 * random_like((2, 3, 6), torch.float32, torch.Generator().manual_seed(5))
    return RigidMotion().of({"motion": poses}), (2, 1, 6, 8, 5)


def erased_operator():
    mask = (torch.rand(2, 1, 8, 6, 4, generator=torch.Generator().manual_seed(6)) > 0.5).float()
    return Erased().of({"mask": mask}), (2, 1, 8, 6, 4)


def random_like(shape, dtype, draws):
    return torch.randn(shape, generator=draws, dtype=dtype)


LINEAR = {
    "Biplanar": lambda: (Biplanar(), (2, 1, 6, 6, 5)),
    "Coarsened": lambda: (Coarsened(2), (2, 1, 8, 6, 4)),
    "Decimate": lambda: (Decimate(2, 0.8), (2, 1, 8, 6, 4)),
    "DeepinvPhysics": lambda: (DeepinvPhysics(TwoThirds()), (2, 1, 5, 7)),
    "Downsample": lambda: (Downsample(2), (2, 1, 8, 6, 4)),
    "Erased": erased_operator,
    "FibreBundle": lambda: (FibreBundle((20, 24), 3.0), (2, 2, 20, 24)),
    "FibreView": lambda: (FibreView((20, 24), 3.0), (2, 2, 20, 24)),
    "Fourier": fourier_operator,
    "GaussianBlur": lambda: (GaussianBlur(2.5), (2, 1, 9, 8, 5)),
    "KSpaceTruncation": lambda: (KSpaceTruncation((2, 3, 1)), (2, 1, 8, 9, 5)),
    "MultiCoil": coils_operator,
    "FanBeam": lambda: (FanBeam(20, 15, spacing=1.5, distance=70.0), (2, 1, 20, 20)),
    "NonUniformFourier": spokes_operator,
    "PartialFourier": lambda: (PartialFourier(), (2, 2, 6, 12)),
    "RigidMotion": motion_operator,
    "ParallelBeam": lambda: (ParallelBeam(24, 17, spacing=1.5), (2, 1, 24, 24)),
}
COMPLEX = {"Fourier", "KSpaceTruncation", "MultiCoil", "NonUniformFourier", "PartialFourier", "RigidMotion"}
ELSEWHERE = {
    "LowDoseCT": "random: tested by its law of noise",
    **dict.fromkeys(["Bands", "ImplantCT", "Mistriggered", "SparseViewCT"], "test_acquisitions_works.py"),
    "MetalCT": "random: test_acquisitions.py",
    "PETCounts": "random: test_acquisitions.py",
    **dict.fromkeys(["mlem", "thinned"], "test_acquisitions.py"),
    **dict.fromkeys(["CTScan", "Consistent", "InKSpace", "MRScan", "MultiCoilScan"], "test_scans.py"),
    "SharpnessMap": "not linear: tested by its parts",
    "Sketch": "not linear: tested by its parts",
    "UnevenBlur": "random: tested by its parts",
    **dict.fromkeys(["PartialLines", "Radial", "Spiral", "homodyne"], "test_raw_physics.py"),
    **dict.fromkeys(["line_integrals", "rotation_axis", "shift_of"], "test_raw_physics.py"),
    **dict.fromkeys(
        ["ConjugateGradient", "HardConsistency", "SinogramConsistency", "SoftConsistency"],
        "layers: test_consistency.py",
    ),
    **dict.fromkeys(["EquispacedFractionLines", "EquispacedLines", "FullSampling", "RandomLines"], "test_resonance.py"),
    **dict.fromkeys(["PoissonDisc", "VariableDensity", "VariableDensityLines"], "test_resonance.py"),
    **dict.fromkeys(
        ["calibrated", "channels", "complex_of", "fastmri_random", "root_sum_of_squares"], "test_resonance.py"
    ),
}


def image_of(name, shape, dtype, seed):
    draws = torch.Generator().manual_seed(seed)
    if name in COMPLEX:
        dtype = {torch.float32: torch.complex64, torch.float64: torch.complex128}[dtype]
    return random_like(shape, dtype, draws)


def disc(size, radius, value=1.0, centre=(0.0, 0.0)):
    """A disc with its border averaged over sub-pixels; centre (right, down) from the middle, in pixels."""
    fine = 8
    place = (torch.arange(size * fine, dtype=torch.float64) + 0.5) / fine - size / 2
    inside = (place[None, :] - centre[0]) ** 2 + (place[:, None] - centre[1]) ** 2 < radius**2
    return value * torch.nn.functional.avg_pool2d(inside.double()[None, None], fine)


def test_every_operator_is_tested():
    assert set(physics.__all__) - {"Operator", "Sampling", "Trajectory"} == set(LINEAR) | set(ELSEWHERE)


@pytest.mark.parametrize("name", LINEAR)
@pytest.mark.parametrize("dtype,bound", [(torch.float32, 1e-5), (torch.float64, 1e-12)])
def test_the_adjoint_is_the_transpose(name, dtype, bound):
    operator, shape = LINEAR[name]()
    x = image_of(name, shape, dtype, 1)
    seen = wide(operator, dtype).A(x)
    y = random_like(seen.shape, seen.dtype, torch.Generator().manual_seed(2))
    left, right = (seen * y.conj()).sum(), (x * wide(operator, dtype).adjoint(y).conj()).sum()
    assert abs(left - right) <= bound * seen.norm() * y.norm()


def wide(operator, dtype):
    """The operator with what it is bound to in this precision."""
    to = {torch.float32: torch.complex64, torch.float64: torch.complex128}[dtype]
    held = {k: v for k, v in operator.__dict__.items() if isinstance(v, torch.Tensor)}
    return operator.bound(**{k: v.to(to if v.is_complex() else dtype) for k, v in held.items()})


@pytest.mark.parametrize("name", LINEAR)
def test_operators_are_linear_and_differentiable(name):
    operator, shape = LINEAR[name]()
    operator = wide(operator, torch.float64)
    x, other = (image_of(name, shape, torch.float64, seed) for seed in (0, 3))
    torch.testing.assert_close(operator.A(2 * x - other), 2 * operator.A(x) - operator.A(other))
    x.requires_grad_(True)
    y = operator.A(x)
    (gradient,) = torch.autograd.grad(y.abs().square().sum() / 2, x, create_graph=True)
    torch.testing.assert_close(gradient, operator.adjoint(y))
    (second,) = torch.autograd.grad(gradient.abs().square().sum() / 2, x)
    torch.testing.assert_close(second, operator.adjoint(operator.A(gradient)))


def test_a_disc_projects_to_its_chords():
    """p(t) = 2 mu sqrt(r^2 - t^2), shifted by c . (cos, sin); 1 mm pixels, so centimetres are tenths."""
    beam = ParallelBeam(96, 12)
    radius, centre = 30.0, (7.0, -4.0)
    found = beam.A(disc(96, radius, 0.2, centre))[0, 0]
    at = torch.arange(beam.detectors, dtype=torch.float64) - (beam.detectors - 1) / 2
    for view, angle in enumerate(beam.angles):
        t = at - centre[0] * angle.cos() - centre[1] * angle.sin()
        chord = 2 * 0.2 * (radius**2 - t**2).clamp_min(0).sqrt() / 10
        assert (found[view] - chord).abs().mean() < 0.01 * chord.max(), view


def test_filtered_back_projection_restores_a_disc():
    beam = ParallelBeam(96, 180, spacing=0.8)
    truth = disc(96, 30.0, 0.2, (5.0, 8.0))
    found = beam.inverse(beam.A(truth))
    inside, outside = disc(96, 26.0, 1.0, (5.0, 8.0)) > 0.99, disc(96, 34.0, 1.0, (5.0, 8.0)) < 0.01
    assert abs(found[inside].mean() - 0.2) < 0.01 * 0.2
    assert found[inside].std() < 0.02 * 0.2 and found[outside].abs().mean() < 0.02 * 0.2


def test_agreement_with_scikit_image():
    """The same sinogram up to its interpolation, and a reconstruction as near the truth."""
    from skimage.data import shepp_logan_phantom
    from skimage.transform import iradon, radon, resize

    image = resize(shepp_logan_phantom(), (129, 129), anti_aliasing=True)
    beam = ParallelBeam(129, 180, detectors=129, spacing=10.0)
    tensor = torch.from_numpy(image)[None, None]
    ours = beam.A(tensor)[0, 0].numpy()
    theirs = radon(image, np.arange(180.0), circle=True).T
    mirrored = np.concatenate([ours[:1], ours[:0:-1, ::-1]])
    assert np.linalg.norm(mirrored - theirs) / np.linalg.norm(theirs) < 0.02
    back = iradon(theirs.T, np.arange(180.0), filter_name="ramp")
    circle = disc(129, 62.0)[0, 0].numpy() > 0.5
    error = [np.linalg.norm((x - image)[circle]) for x in (beam.inverse(beam.A(tensor))[0, 0].numpy(), back)]
    assert error[0] < 1.15 * error[1]


def test_wrong_shapes_are_named():
    with pytest.raises(ValueError, match=r"\(1, 1, 20, 24\), not \(B, C, 24, 24\)"):
        ParallelBeam(24, 8).A(torch.zeros(1, 1, 20, 24))
    with pytest.raises(ValueError, match="sinogram"):
        ParallelBeam(24, 8).inverse(torch.zeros(1, 1, 7, 24))
    with pytest.raises(ValueError, match="fraction"):
        LowDoseCT(0.0)


def water(size=96):
    return (disc(size, 0.4 * size) * 1000 - 1000).float()


def noise_of(fraction, count=6, spacing=1.5):
    hu = water()
    dose = LowDoseCT(fraction, photons=1e8)
    return torch.cat([dose.measure(hu, spacing, stream("dose", fraction, k)) - hu for k in range(count)])


def test_noise_follows_the_inverse_root_of_dose_and_is_unbiased():
    inside = (disc(96, 30) > 0.99).expand(6, -1, -1, -1)
    spread = {fraction: float(noise_of(fraction)[inside].std()) for fraction in (1.0, 0.25)}
    assert spread[0.25] / spread[1.0] == pytest.approx(2.0, abs=0.1)
    assert abs(float(noise_of(0.25)[inside].mean())) < 2
    assert spread[1.0] > 1


def test_noise_has_the_spectrum_of_filtered_back_projection():
    """f exp(-4 pi^2 sigma^2 f^2): a ramp times the square of the kernel's Gaussian, where pixels are fine enough."""
    spacing, side = 0.6, 48
    patch = noise_of(0.25, 12, spacing)[:, 0, 24:72, 24:72]
    power = torch.fft.fft2(patch * torch.outer(*[torch.hann_window(side)] * 2)).abs().square().mean(0)
    along = torch.fft.fftfreq(side) / spacing
    radius = (along[:, None] ** 2 + along[None, :] ** 2).sqrt()
    sigma = 1.25 / (8 * np.log(2)) ** 0.5
    rings = [(radius > low) & (radius <= low + 0.1) for low in (0.05, 0.15, 0.25, 0.35, 0.45)]
    found = torch.stack([power[ring].mean() for ring in rings])
    shape = radius * torch.exp(-4 * np.pi**2 * sigma**2 * radius**2)
    wanted = torch.stack([shape[ring].mean() for ring in rings])
    torch.testing.assert_close(found / found.sum(), wanted / wanted.sum(), rtol=0.3, atol=0.01)
    assert power[radius < 0.03].mean() < 0.4 * found.max()


@pytest.mark.parametrize("views", [None, 120])
def test_noise_depends_on_the_exposure_and_not_on_the_grid(views):
    """A water disc of 96 mm on pixels of 0.75 to 3 mm, and on other numbers of views."""
    dose, spread = LowDoseCT(1.0, photons=1e8, views=views), []
    for size, count in ((160, 1), (80, 2), (40, 8)):
        hu = (disc(size, 0.4 * size) * 1000 - 1000).float()
        inside = disc(size, 0.3 * size) > 0.99
        noise = [(dose.measure(hu, 120 / size, stream("grid", size, k)) - hu)[inside] for k in range(count)]
        spread.append(float(torch.cat(noise).std()))
    assert max(spread) < 1.15 * min(spread), spread


def test_an_abdomen_of_water_shows_about_thirteen_units():
    """An ellipse of 340 by 240 mm at full dose with pixels of 3 mm, and less than half of it in a head of 180 mm."""
    place = 3 * (torch.arange(124) - 61.5)
    for axes, low, high in (((170, 120), 11, 15), ((90, 90), 1.5, 5)):
        radius = ((place[None] / axes[0]) ** 2 + (place[:, None] / axes[1]) ** 2).sqrt()[None, None]
        hu = torch.where(radius < 1, 0.0, -1000.0)
        noise = torch.cat([LowDoseCT(1.0).measure(hu, 3.0, stream("abdomen", k)) - hu for k in range(2)])
        assert low < noise[(radius < 0.8).expand_as(noise)].std() < high, float(
            noise[(radius < 0.8).expand_as(noise)].std()
        )


def test_a_coarser_kernel_gives_less_noise_by_its_power_three_halves():
    hu = water()
    inside = disc(96, 30) > 0.99
    fine, coarse = (
        torch.cat([(LowDoseCT(1.0, resolution=r).measure(hu, 0.8, stream("r", k)) - hu)[inside] for k in range(3)])
        for r in (1.5, 3.0)
    )
    assert fine.std() / coarse.std() == pytest.approx(2**1.5, rel=0.12)


def test_metal_starves_photons_into_streaks_between_two_discs():
    hu = water() + 8000 * (disc(96, 5, 1.0, (-20, 0)) + disc(96, 5, 1.0, (20, 0))).float()
    change = torch.cat([LowDoseCT(0.5, photons=1e8).measure(hu, 1.5, stream("metal", k)) - hu for k in range(4)])
    between, beside = change[..., 46:50, 40:56], change[..., 20:24, 40:56]
    assert between.std() > 1.5 * beside.std()


def test_the_same_stream_gives_the_same_image_and_volumes_go_slice_by_slice():
    hu, dose = water(48), LowDoseCT(0.25)
    once, again = (dose.measure(hu, 6.0, stream("a")) for _ in range(2))
    assert torch.equal(once, again)
    assert not torch.equal(once, dose.measure(hu, 6.0, stream("b")))
    volume = torch.stack([hu, hu], -1)[:, :, :40]
    assert dose.measure(volume, 6.0, stream("a")).shape == volume.shape
