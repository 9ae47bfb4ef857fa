"""Magnetic resonance: the Fourier transform against numpy, masks against fastMRI's as MONAI has them, coils."""

import numpy as np
import pytest
import torch

from adversaria.draws import stream
from adversaria.physics import (
    EquispacedFractionLines,
    EquispacedLines,
    Fourier,
    FullSampling,
    MultiCoil,
    PoissonDisc,
    RandomLines,
    VariableDensity,
    VariableDensityLines,
    calibrated,
    channels,
    complex_of,
    fastmri_random,
    root_sum_of_squares,
)
from adversaria.physics.sampling_plane import thrown
from adversaria.vocabulary import UserError


@pytest.mark.parametrize("shape", [(7, 8), (5, 6, 4)])
def test_the_fourier_transform_is_numpys(shape):
    x = torch.randn((2, 1, *shape), dtype=torch.complex128, generator=torch.Generator().manual_seed(0))
    axes = tuple(range(2, x.ndim))
    shifted = np.fft.fftn(np.fft.ifftshift(x.numpy(), axes), axes=axes, norm="ortho")
    np.testing.assert_allclose(Fourier().A(x).numpy(), np.fft.fftshift(shifted, axes), atol=1e-12)
    torch.testing.assert_close(Fourier().inverse(Fourier().A(x)), x)


def test_channels_at_a_networks_edge():
    x = torch.randn(2, 3, 4, 5, dtype=torch.complex64, generator=torch.Generator().manual_seed(0))
    two = channels(x)
    assert two.shape == (2, 6, 4, 5)
    assert torch.equal(two[:, 2], x[:, 1].real) and torch.equal(two[:, 3], x[:, 1].imag)
    assert torch.equal(complex_of(two), x)
    with pytest.raises(ValueError, match="3 channels"):
        complex_of(torch.zeros(1, 3, 2, 2))


@pytest.mark.parametrize("name", ["file1000000.h5", "file42.h5"])
def test_masks_are_fastmris_for_fastmris_seeds(name):
    from monai.apps.reconstruction.transforms.array import EquispacedKspaceMask, RandomKspaceMask

    k = np.ones((1, 16, 320, 2), np.float32)
    for theirs, ours in [(RandomKspaceMask, RandomLines), (EquispacedKspaceMask, EquispacedFractionLines)]:
        peer = theirs((0.08, 0.04), (4, 8))
        peer.R = fastmri_random(name)
        peer(k)
        mask = ours((4, 8), (0.08, 0.04))((16, 320), fastmri_random(name))
        np.testing.assert_array_equal(mask[3], peer.mask.numpy().ravel())


def test_equispaced_lines_are_every_fourth_and_the_middle():
    mask = EquispacedLines()((4, 100), stream("a"))[0]
    outer = np.flatnonzero(mask[:40])
    assert set(np.diff(outer)) == {4} and mask[46:54].all()


@pytest.mark.parametrize(
    "sampling",
    [VariableDensityLines(), VariableDensity(), PoissonDisc(), RandomLines(axis=0), EquispacedFractionLines()],
    ids=lambda s: type(s).__name__,
)
def test_masks_have_their_acceleration_and_their_middle(sampling):
    shape = (96, 80)
    wanted = getattr(sampling, "acceleration", None) or sampling.accelerations[0]
    masks = np.stack([sampling(shape, stream("mask", k)) for k in range(6)])
    assert abs(masks.mean() * wanted - 1) < 0.1
    assert masks[:, 47:50, 39:42].all()
    assert set(np.unique(masks)) == {0, 1} and not np.array_equal(masks[0], masks[1])
    np.testing.assert_array_equal(masks[0], sampling(shape, stream("mask", 0)))


def test_variable_density_is_denser_in_the_middle_and_counts_exactly():
    lines, plane = VariableDensityLines()((2, 200), stream("a")), VariableDensity()((100, 100), stream("b"))
    assert lines[0].sum() == 50 and plane.sum() == 1250
    assert lines[0, 50:150].mean() > 2 * np.r_[lines[0, :50], lines[0, 150:]].mean()
    assert plane[25:75, 25:75].mean() > 2 * plane[:, :20].mean()
    assert np.array_equal(*(VariableDensity()((3, 20, 20), stream("c"))[[0, 2]]))


def test_poisson_points_keep_their_distance():
    from scipy.spatial import cKDTree

    order = np.argsort(stream("disc").uniform(size=6400))
    points = np.argwhere(thrown(order, np.full((80, 80), 3.2), np.zeros((80, 80), bool)))
    nearest = cKDTree(points).query(points, 2)[0][:, 1]
    assert nearest.min() >= 3.2
    everywhere = np.argwhere(np.ones((80, 80)))
    assert cKDTree(points).query(everywhere)[0].max() < 3.2, "a free place was left"


def test_mistakes_are_named():
    with pytest.raises(UserError, match="mask is .8, 8. and k-space .8, 10."):
        Fourier().of({"sampling": torch.ones(1, 1, 8, 8)}).A(torch.ones(1, 1, 8, 10))
    with pytest.raises(UserError, match="coil sensitivities"):
        MultiCoil().of({"sampling": torch.ones(1, 1, 8, 8)})
    with pytest.raises(ValueError, match="do not pair"):
        RandomLines((4, 8), (0.08,))
    with pytest.raises(ValueError, match="does not fit"):
        PoissonDisc(100, 0.5)


def smooth_coils(side, count=6):
    """Smooth complex sensitivities around a circle."""
    at = torch.linspace(-1, 1, side, dtype=torch.float64)
    maps = []
    for k in range(count):
        turn = torch.tensor(2 * np.pi * k / count)
        apart = (at[:, None] - 1.2 * turn.sin()) ** 2 + (at - 1.2 * turn.cos()) ** 2
        maps.append(torch.polar((1 + apart) ** -1.5, turn + at[:, None] * torch.cos(turn)))
    return torch.stack(maps)[None]


def object_of(side):
    at = torch.linspace(-1, 1, side, dtype=torch.float64)
    radius = (at[:, None] ** 2 + (at / 0.8) ** 2).sqrt()
    return ((radius < 0.85).double() + 0.5 * (radius < 0.4).double())[None, None]


def test_full_data_combine_to_the_image():
    x, maps = object_of(48), smooth_coils(48)
    physics = MultiCoil().of({"coils": maps})
    torch.testing.assert_close(physics.inverse(physics.A(x)).real, x)
    rss = root_sum_of_squares(Fourier().inverse(physics.A(x)))
    torch.testing.assert_close(rss, x * root_sum_of_squares(maps))


def test_sensitivities_are_found_from_the_middle():
    """Inside the object the estimate is the true map over the root sum of squares, up to one common phase."""
    x, maps = object_of(64), smooth_coils(64)
    found = calibrated(MultiCoil().of({"coils": maps}).A(x), 20)
    truth = maps / root_sum_of_squares(maps) * torch.exp(-1j * maps[:, :1].angle())
    inside = (torch.nn.functional.avg_pool2d(x, 9, 1, 4) > 0.99).expand_as(truth)
    error = (found - truth)[inside].abs()
    assert error.mean() < 0.02 and error.max() < 0.1
    assert (found[..., 0, 0] == 0).all()


def test_an_acquisition_gives_its_words_by_key():
    physics = Fourier(RandomLines(), noise=0.05)
    x = object_of(64).float()
    words, again = (physics.acquire(x, 1.0, stream("scan", 1)) for _ in range(2))
    assert torch.equal(words["measurement"], again["measurement"])
    off = words["sampling"].expand_as(x) == 0
    assert (words["measurement"][off] == 0).all()
    error = (words["measurement"] - physics.of(words).A(x))[~off]
    assert error.real.std() == pytest.approx(0.05 * 1.5, rel=0.1)
    assert physics.measure(x, 1.0, stream("scan", 1)).dtype == torch.float32
    torch.testing.assert_close(Fourier(FullSampling()).measure(x, 1.0, stream("s")), x, atol=1e-5, rtol=0)
