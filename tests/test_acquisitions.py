"""Blur, truncation, motion, counts, metal and fibres against closed forms and other libraries."""

import math

import numpy as np
import pytest
import torch

from adversaria.draws import stream
from adversaria.physics import (
    FibreBundle,
    Fourier,
    GaussianBlur,
    KSpaceTruncation,
    MetalCT,
    ParallelBeam,
    PETCounts,
    RigidMotion,
    mlem,
    thinned,
)
from adversaria.physics.metal import attenuation, corrected, hardened
from adversaria.physics.motion import moved
from adversaria.vocabulary import UserError


def noise(*shape, dtype=torch.float64, seed=0):
    return torch.randn(shape, dtype=dtype, generator=torch.Generator().manual_seed(seed))


@pytest.mark.parametrize("shape", [(15, 20), (9, 12, 10)])
def test_blur_is_scipys_and_keeps_the_mean(shape):
    from scipy.ndimage import gaussian_filter

    x, sigma = noise(1, 1, *shape), 3.0 / 1.5 / math.sqrt(8 * math.log(2))
    found = GaussianBlur(3.0, 1.5).A(x)
    np.testing.assert_allclose(found[0, 0].numpy(), gaussian_filter(x[0, 0].numpy(), sigma, truncate=7), atol=1e-6)
    assert found.mean() == pytest.approx(float(x.mean()))
    torch.testing.assert_close(GaussianBlur(3.0).measure(x, 1.5, None), found)


def test_truncation_keeps_slow_waves_and_drops_fast_ones():
    place = torch.arange(32, dtype=torch.float64)
    slow, fast = (torch.cos(2 * math.pi * k * place / 32 + 0.3).expand(1, 1, 32, 32) for k in (3, 12))
    cut = KSpaceTruncation((1, 2))
    torch.testing.assert_close(cut.measure(slow + 5, 1.0, None), slow + 5)
    torch.testing.assert_close(cut.measure(fast + 5, 1.0, None), torch.full_like(fast, 5.0))
    assert cut.A(slow).shape == (1, 1, 32, 16)
    torch.testing.assert_close(cut.A(torch.ones(1, 1, 8, 8)).abs(), torch.ones(1, 1, 8, 4))
    torch.testing.assert_close(cut.A(cut.inverse(cut.A(slow + fast))), cut.A(slow + fast))
    with pytest.raises(ValueError, match="cannot be divided"):
        cut.A(torch.ones(1, 1, 8, 9))


def blob(side, row, column, width=3.0):
    place = torch.arange(side, dtype=torch.float64) - (side - 1) / 2
    return torch.exp(-((place[:, None] - row) ** 2 + (place - column) ** 2) / (2 * width**2))[None, None]


def test_an_object_is_turned_and_then_shifted():
    """A blob at (8, 2) turned by a quarter of pi about the middle, then moved by (3, -1.5): its closed form."""
    turn = math.pi / 4
    row, column = (8 * math.cos(turn) - 2 * math.sin(turn), 8 * math.sin(turn) + 2 * math.cos(turn))
    pose = torch.tensor([[turn, 3.0, -1.5]], dtype=torch.float64)
    found = moved(blob(48, 8, 2), pose)
    torch.testing.assert_close(found.real, blob(48, row + 3, column - 1.5), atol=1e-3, rtol=0)
    torch.testing.assert_close(moved(found, pose, back=True).real, blob(48, 8, 2))


def test_a_volume_is_moved_as_its_slices():
    x = blob(20, 4, 1)[..., None].expand(-1, -1, -1, -1, 5)
    pose = torch.tensor([[0, 0, 0.4, 2.0, 1.0, 0]], dtype=torch.float64)
    flat = moved(x[..., 0], torch.tensor([[0.4, 2.0, 1.0]], dtype=torch.float64))
    torch.testing.assert_close(moved(x, pose), flat[..., None].expand_as(x))


def test_motion_between_shots_ghosts_and_rest_does_not():
    x = blob(32, 3, -2)
    rest = RigidMotion().of({"motion": torch.zeros(1, 4, 3, dtype=torch.float64)})
    torch.testing.assert_close(rest.A(x), Fourier().A(x))
    still = torch.zeros(1, 4, 3, dtype=torch.float64)
    still[:, :, 1] = 2.0
    shifted = rest.of({"motion": still})
    torch.testing.assert_close(shifted.inverse(shifted.A(x)).real, blob(32, 5, -2), atol=1e-3, rtol=0)
    spoiled = RigidMotion(mm=4.0).measure(x, 1.0, stream("motion"))
    assert (spoiled - x).square().mean() > 1e-4
    torch.testing.assert_close(spoiled, RigidMotion(mm=4.0).measure(x, 1.0, stream("motion")))
    with pytest.raises(UserError, match="No motion"):
        RigidMotion().A(x)


def activity(side):
    return (4 * blob(side, 0, 0, side / 7) + 6 * blob(side, 5, 4, 2.0)).float()


def test_expectation_maximisation_keeps_counts_raises_likelihood_and_finds_the_truth():
    beam, truth = ParallelBeam(20, 24), activity(20).double()
    clean = beam.A(truth)
    counts = torch.from_numpy(stream("pet").poisson((200 * clean).numpy())).double()
    likelihood = []
    for steps in (1, 4, 16):
        expected = beam.A(mlem(beam, counts, steps))
        assert expected.sum() == pytest.approx(float(counts.sum()))
        likelihood.append(float((counts * expected.clamp_min(1e-12).log() - expected).sum()))
    assert likelihood == sorted(likelihood)
    found = mlem(beam, clean, 100)
    assert (found - truth).norm() < 0.05 * truth.norm() and found.min() >= 0


def test_thinned_counts_are_a_shorter_scan():
    """Of Poisson(50) a fifth kept is Poisson(10): mean and variance 10, independent of what was dropped."""
    counts = torch.from_numpy(stream("counts").poisson(50.0, 40_000)).double()
    kept = thinned(counts, 0.2, stream("thin"))
    assert kept.mean() == pytest.approx(10, rel=0.02) and kept.var() == pytest.approx(10, rel=0.05)
    assert abs(np.corrcoef(kept, counts - kept)[0, 1]) < 0.02
    with pytest.raises(ValueError, match="whole"):
        thinned(counts + 0.5, 0.2, stream("thin"))


def test_fewer_counts_give_a_noisier_image_of_the_same_activity():
    x, seen = activity(32), {}
    for fraction in (1.0, 0.1):
        pet = PETCounts(fraction, counts=2e5, iterations=8, views=40)
        seen[fraction] = torch.cat([pet.measure(x, 4.0, stream("pet", k)) for k in range(3)])
        assert seen[fraction].mean() == pytest.approx(float(x.mean()), rel=0.03)
    hot = x > 2
    noisy, full = (seen[f].std(0)[hot[0]].mean() for f in (0.1, 1.0))
    assert 1.8 < noisy / full < 5
    volume = x[..., :28, :, None].repeat(1, 1, 1, 1, 3)
    assert PETCounts(0.5, iterations=2).measure(volume, 4.0, stream("v")).shape == volume.shape


def test_attenuation_passes_through_the_table_and_water_is_corrected():
    assert attenuation("titanium", 80.0) == pytest.approx(1.65) and 2.5 < attenuation("titanium", 65.0) < 3.4
    depth = torch.tensor([0.0, 10.0, 35.0], dtype=torch.float64)
    torch.testing.assert_close(corrected(hardened({"water": depth})), depth * attenuation("water", 65.0))
    metal = {"water": depth * 0 + 20, "titanium": torch.tensor([0.0, 1.0, 2.0], dtype=torch.float64)}
    effective = torch.diff(corrected(hardened(metal)))
    assert effective[1] < effective[0] < attenuation("titanium", 65.0), "metal hardens the beam"


def test_metal_darkens_between_two_rods_and_without_metal_nothing_but_noise_is_added():
    place = 2.0 * (torch.arange(96) - 47.5)
    hu = torch.where((place[None] ** 2 + place[:, None] ** 2).sqrt() < 80, 0.0, -1000.0)[None, None]
    metal = MetalCT(photons=1e12, electronic=0.0)
    cover = torch.zeros_like(hu)
    cover[..., 47:50, 27:30] = cover[..., 47:50, 66:69] = 1.0
    change = metal.scanned(hu, cover, 2.0, stream("metal")) - metal.inserted(hu, cover)
    assert change[..., 47:50, 40:56].mean() < -50
    assert change[..., 20:30, 40:56].abs().mean() < 0.4 * change[..., 47:50, 40:56].abs().mean()
    clean = metal.scanned(hu, 0 * cover, 2.0, stream("metal")) - hu
    assert clean[..., 30:60, 30:60].abs().mean() < 3
    drawn = MetalCT(pieces=3).placed(hu, 2.0, stream("where"))
    assert 3 * 12 * 0.6 < 4 * drawn.sum() < 3 * 29 * 1.2 and drawn[(hu < -500)].sum() == 0
    volume = torch.stack([hu, hu], -1)
    assert MetalCT().measure(volume, 2.0, stream("v")).shape == volume.shape


def test_fibres_average_their_cells_and_are_interpolated():
    bundle = FibreBundle((40, 36), 3.3)
    assert len(bundle.size_of) == pytest.approx(40 * 36 / (3.3**2 * math.sqrt(3) / 2), rel=0.2)
    assert int(bundle.size_of.sum()) == 40 * 36 and int(bundle.size_of.min()) >= 1
    x = noise(1, 1, 40, 36)
    cells = bundle.A(x)[0, 0]
    for fibre in (0, 7, len(cells) - 1):
        assert cells[fibre] == pytest.approx(float(x.flatten()[bundle.cell == fibre].mean()))
    flat = torch.full_like(x, 3.0)
    torch.testing.assert_close(bundle.inverse(bundle.A(flat)), flat)
    ramp = torch.linspace(1, 2, 36, dtype=torch.float64).expand(1, 1, 40, 36)
    error = (bundle.inverse(bundle.A(ramp)) - ramp)[..., 6:-6, 6:-6].abs()
    assert error.max() < 0.03, "a slope of 1/35 a pixel, cells about 3 pixels wide"


def test_shot_noise_of_fibres_follows_the_root_of_light():
    x = torch.full((1, 1, 40, 36), 2.0)
    spread = [FibreBundle((40, 36), photons=n, spread=0.0).measure(x, 1.0, stream("f", n)).std() for n in (100, 1600)]
    assert spread[0] / spread[1] == pytest.approx(4, rel=0.2) and spread[0] < 0.2
    assert FibreBundle(32).measure(x, 1.0, stream("g")).shape == x.shape
    with pytest.raises(ValueError, match="not negative"):
        FibreBundle((40, 36)).measure(-x, 1.0, stream("g"))
