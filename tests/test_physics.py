"""Operators against independent truth: adjoints, closed forms, another library, and the law of dose."""

import numpy as np
import pytest
import torch

from adversaria import physics
from adversaria.draws import stream
from adversaria.physics import Biplanar, Downsample, LowDoseCT, ParallelBeam

LINEAR = {
    "Biplanar": lambda: (Biplanar(), (2, 1, 6, 6, 5)),
    "Downsample": lambda: (Downsample(2), (2, 1, 8, 6, 4)),
    "ParallelBeam": lambda: (ParallelBeam(24, 17, spacing=1.5), (2, 1, 24, 24)),
}
ELSEWHERE = {
    "LowDoseCT": "random: tested by its law of noise",
    "SharpnessMap": "not linear: tested by its parts",
    "Sketch": "not linear: tested by its parts",
    "UnevenBlur": "random: tested by its parts",
}


def disc(size, radius, value=1.0, centre=(0.0, 0.0)):
    """A disc with its border averaged over sub-pixels; centre (right, down) from the middle, in pixels."""
    fine = 8
    place = (torch.arange(size * fine, dtype=torch.float64) + 0.5) / fine - size / 2
    inside = (place[None, :] - centre[0]) ** 2 + (place[:, None] - centre[1]) ** 2 < radius**2
    return value * torch.nn.functional.avg_pool2d(inside.double()[None, None], fine)


def test_every_operator_is_tested():
    assert set(physics.__all__) - {"Operator"} == set(LINEAR) | set(ELSEWHERE)


@pytest.mark.parametrize("name", LINEAR)
@pytest.mark.parametrize("dtype,bound", [(torch.float32, 1e-5), (torch.float64, 1e-12)])
def test_the_adjoint_is_the_transpose(name, dtype, bound):
    operator, shape = LINEAR[name]()
    draws = torch.Generator().manual_seed(1)
    x = torch.randn(shape, generator=draws, dtype=dtype)
    y = torch.randn(operator.A(x).shape, generator=draws, dtype=dtype)
    left, right = (operator.A(x) * y).sum(), (x * operator.adjoint(y)).sum()
    assert abs(left - right) <= bound * operator.A(x).norm() * y.norm()


@pytest.mark.parametrize("name", LINEAR)
def test_operators_are_linear_and_differentiable(name):
    operator, shape = LINEAR[name]()
    x, other = torch.randn(2, *shape, dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    torch.testing.assert_close(operator.A(2 * x - other), 2 * operator.A(x) - operator.A(other))
    x.requires_grad_(True)
    y = operator.A(x)
    (gradient,) = torch.autograd.grad(y.square().sum() / 2, x, create_graph=True)
    torch.testing.assert_close(gradient, operator.adjoint(y))
    (second,) = torch.autograd.grad(gradient.square().sum() / 2, x)
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


def noise_of(fraction, count=6):
    hu = water()
    dose = LowDoseCT(fraction, photons=1e5)
    return torch.cat([dose.measure(hu, 1.5, stream("dose", fraction, k)) - hu for k in range(count)])


def test_noise_follows_the_inverse_root_of_dose_and_is_unbiased():
    inside = (disc(96, 30) > 0.99).expand(6, -1, -1, -1)
    spread = {fraction: float(noise_of(fraction)[inside].std()) for fraction in (1.0, 0.25)}
    assert spread[0.25] / spread[1.0] == pytest.approx(2.0, abs=0.1)
    assert abs(float(noise_of(0.25)[inside].mean())) < 2
    assert spread[1.0] > 1


def test_noise_has_the_spectrum_of_filtered_back_projection():
    """Little power near zero frequency, most in the middle: a ramp cut off by interpolation."""
    patch = noise_of(0.25, 12)[:, 0, 32:64, 32:64]
    power = torch.fft.fft2(patch - patch.mean((1, 2), keepdim=True)).abs().square().mean(0)
    along = torch.fft.fftfreq(32)
    radius = (along[:, None] ** 2 + along[None, :] ** 2).sqrt()
    low, middle = power[(radius > 0) & (radius < 0.05)].mean(), power[(radius > 0.2) & (radius < 0.35)].mean()
    assert low < 0.35 * middle


def test_metal_starves_photons_into_streaks_between_two_discs():
    hu = water() + 8000 * (disc(96, 5, 1.0, (-20, 0)) + disc(96, 5, 1.0, (20, 0))).float()
    change = torch.cat([LowDoseCT(0.5, photons=1e5).measure(hu, 1.5, stream("metal", k)) - hu for k in range(4)])
    between, beside = change[..., 46:50, 40:56], change[..., 20:24, 40:56]
    assert between.std() > 1.5 * beside.std()


def test_the_same_stream_gives_the_same_image_and_volumes_go_slice_by_slice():
    hu, dose = water(48), LowDoseCT(0.25)
    once, again = (dose.measure(hu, 6.0, stream("a")) for _ in range(2))
    assert torch.equal(once, again)
    assert not torch.equal(once, dose.measure(hu, 6.0, stream("b")))
    volume = torch.stack([hu, hu], -1)[:, :, :40]
    assert dose.measure(volume, 6.0, stream("a")).shape == volume.shape
