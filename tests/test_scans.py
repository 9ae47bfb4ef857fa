"""Scans that give several words from one draw, and networks that are held to them, against closed forms."""

import numpy as np
import pytest
import torch
from torch import nn

from adversaria import losses
from adversaria.commands.acquiring import Acquisition
from adversaria.data.image import Image
from adversaria.data.intensity import Peak, Scale, Window
from adversaria.data.named import magnitude, named
from adversaria.draws import stream
from adversaria.networks import CPCE, OfMagnitude
from adversaria.networks.transfer import inflate
from adversaria.physics import (
    ConjugateGradient,
    Consistent,
    CTScan,
    Downsample,
    Fourier,
    HardConsistency,
    InKSpace,
    MRScan,
    MultiCoil,
    MultiCoilScan,
    ParallelBeam,
    RandomLines,
    channels,
    complex_of,
)
from adversaria.vocabulary import UserError


def head(*size, seed=0):
    """A smooth bright ellipse with texture, zero at the border."""
    places = np.meshgrid(*[np.linspace(-1, 1, side) for side in size], indexing="ij")
    inside = np.clip(4 * (0.8 - np.sqrt(sum(p**2 for p in places))), 0, 1)
    texture = np.random.default_rng(seed).uniform(0.5, 1.5, size)
    return (1000 * inside * texture)[None].astype(np.float32)


def image(*size, unit="arbitrary", low=0.0):
    return Image(head(*size) + np.float32(low), spacing=(2.0,) * len(size), unit=unit)


def scaled_target(found, scale):
    target = torch.from_numpy(scale.forward(named({"low": found}, "low/target").array))
    return target


SCANS = {
    "single coil": MRScan(RandomLines(), noise=0.0),
    "several coils": MultiCoilScan(RandomLines(), noise=0.0, coils=4, finer=1),
    "several coils, a finer object": MultiCoilScan(RandomLines(), noise=0.0, coils=4),
}


def test_a_ct_without_a_unit_is_in_hu_for_its_air_or_refused():
    """NIfTI knows no units: taken as 1/cm, a head of -1000 to 1000 would overflow the detector."""
    scan, random = CTScan(16, 12), lambda: stream("scan")
    stated = Acquisition(scan, 2)(image(32, 32, unit="HU", low=-1000), random())
    found = Acquisition(scan, 2)(image(32, 32, low=-1000), random())
    assert found.unit == "HU" and np.array_equal(found.array, stated.array)
    assert not stated.warnings and found.warnings == ("it is taken as HU for its air near -1000",)
    with pytest.raises(UserError, match=r"goes down to -500 without air near -1000") as refused:
        Acquisition(scan, 2)(image(32, 32, low=-500), random())
    assert "HU" in refused.value.remedy
    attenuation = image(32, 32)
    attenuation = attenuation.like(attenuation.array * 2e-4)
    assert Acquisition(scan, 2)(attenuation, random()).unit == "arbitrary"


@pytest.mark.parametrize("name", SCANS)
def test_the_scaled_target_measures_as_the_scaled_measurement(name):
    """M F S of the target over the peak is the measurement that a game is given; not quite if coils saw more."""
    scan = SCANS[name]
    acquire = Acquisition(scan, 2)
    found = acquire(image(64, 48), stream("a"))
    scale = Peak().fit(named({"low": found}, "low/complex").array)
    y = torch.from_numpy(acquire.scaled(found.raw, scale, "arbitrary"))[None]
    words = {w: torch.from_numpy(found.raw[w])[None] for w in ("sampling", "coils") if w in found.raw}
    x = complex_of(scaled_target(found, scale)[None])
    physics = (MultiCoil() if "coils" in words else Fourier()).of(words)
    apart = (physics.A(x) - y).norm() / y.norm()
    assert (apart < 1e-5) if "finer" not in name else (0.005 < apart < 0.05), float(apart)
    assert found.array.shape == (1, 64 // scan.finer, 48 // scan.finer) and found.spacing == (2.0 * scan.finer,) * 2


@pytest.mark.parametrize(("finer", "bound"), [(1, 1e-4), (2, 0.02)])
def test_a_ct_scan_in_hu_is_scaled_with_its_offset(finer, bound):
    """y' = slope (y - b A 1) / a + offset A 1: the sinogram of the scaled image itself, but for finer rays."""
    acquire = Acquisition(CTScan(32, 20, spacing=4.0, photons=1e14, electronic=0.0, finer=finer), 2)
    whole = image(32 * finer, 32 * finer, unit="HU", low=-1000.0)
    found = acquire(whole, stream("a"))
    scale = Window(-1100, 900, (0, 1)).fit(found.array)
    y = torch.from_numpy(acquire.scaled(found.raw, scale, "HU"))[None]
    seen = ParallelBeam(32, 20, spacing=4.0).A(scaled_target(found, scale)[None])
    assert (seen - y).norm() / y.norm() < bound
    target = torch.from_numpy(named({"low": found}, "low/target").array)
    torch.testing.assert_close(target, Downsample(finer).A(torch.from_numpy(whole.array)[None])[0], rtol=1e-4, atol=0.1)


def test_noise_and_masks_are_those_of_the_draw():
    scan = Acquisition(MRScan(RandomLines()), 2)
    once, again, other = (scan(image(32, 32), stream(name)) for name in ("a", "a", "b"))
    for word in ("measurement", "sampling", "target"):
        assert np.array_equal(once.raw[word], again.raw[word])
        assert not np.array_equal(once.raw[word], other.raw[word])
    noisy, clean = (Acquisition(MRScan(noise=n, phase=0.0), 2)(image(32, 32), stream("n")) for n in (0.05, 0.0))
    spread = (noisy.raw["measurement"] - clean.raw["measurement"]).real.std()
    assert spread == pytest.approx(0.05 * np.abs(clean.raw["target"]).max(), rel=0.1)


def test_volumes_are_scanned_slice_by_slice_in_two_dimensions():
    """Each slice is what a scan of it alone gives: k-space along the last axis is never touched."""
    scan = Acquisition(MRScan(noise=0.0, phase=0.0), 2)
    volume = image(32, 24, 5)
    found = scan(volume, stream("a"))
    assert found.raw["measurement"].shape == (1, 16, 12, 5) and found.array.shape == (1, 16, 12, 5)
    for k in (0, 4):
        alone = scan(Image(volume.array[..., k], spacing=(2.0, 2.0)), stream("b"))
        # without a phase but for its constant part
        np.testing.assert_allclose(found.array[..., k], alone.array, atol=1e-2)
    cut = found.block(range(1, 3))
    assert cut.raw["sampling"].shape[-1] == 2
    scale = Scale(0.0, 2.0, (0.0, 1.0), clip=False)
    np.testing.assert_allclose(scan.scaled(cut.raw, scale, ""), cut.raw["measurement"] / 2, rtol=1e-6)


def test_three_dimensions_are_scanned_whole():
    found = Acquisition(MRScan(RandomLines()), 3)(image(16, 16, 8), stream("a"))
    assert found.raw["measurement"].shape == (1, 8, 8, 4) and found.array.shape == (1, 8, 8, 4)


def test_real_raw_data_are_reconstructed_as_simulated_ones_are():
    scan = Acquisition(MultiCoilScan(RandomLines(), coils=3), 2)
    found = scan(image(32, 32), stream("a"))
    again = scan.given(
        Image(np.zeros((1, 16, 16), np.float32), raw={w: found.raw[w] for w in ("measurement", "sampling", "coils")})
    )
    np.testing.assert_allclose(again.array, found.array, rtol=1e-5)


def test_names_join_images_and_take_parts():
    low = Image(head(8, 8), raw={"complex": head(8, 8) * (3 + 4j), "measurement": np.ones((2, 5, 3))})
    images = {"low": low, "t1": Image(head(8, 8, seed=1))}
    joined = named(images, "low+t1")
    assert joined.array.shape == (2, 8, 8) and joined.facts["joined"] == 1 and "measurement" in joined.raw
    both = named(images, "low/complex")
    np.testing.assert_allclose(both.array[1], both.array[0] * 4 / 3, rtol=1e-6)
    np.testing.assert_allclose(magnitude(both).array, 5 * low.array, rtol=1e-6)
    assert named(images, "low/measurement").array.shape == (2, 5, 3)
    with pytest.raises(UserError, match="'low' brings no 'coils'"):
        named(images, "low/coils")


class Half(nn.Module):
    def forward(self, x):
        return x / 2


def test_consistent_networks_keep_what_was_measured():
    mask = torch.from_numpy(RandomLines()((8, 12), stream("mask")))[None, None]
    draws = torch.Generator().manual_seed(0)
    truth, start = (torch.randn(1, 1, 8, 12, dtype=torch.complex64, generator=draws) for _ in range(2))
    words = {"sampling": mask, "measurement": Fourier().of({"sampling": mask}).A(truth)}
    network = Consistent([Half(), Half()], Fourier(), HardConsistency(), turns=2)
    made = complex_of(network(channels(start), measured=words))
    k = Fourier().A(made)
    # where nothing was measured four halvings are left
    wanted = torch.where(mask > 0, words["measurement"], Fourier().A(start) / 16)
    torch.testing.assert_close(k, wanted, atol=1e-5, rtol=1e-5)
    assert len(network.steps(channels(start), measured=words)) == 4
    with pytest.raises(UserError, match="no measurement"):
        network(channels(start))


def test_consistent_networks_hold_sinograms_by_conjugate_gradients():
    beam = ParallelBeam(16, 40, spacing=10.0)
    truth = torch.from_numpy(head(16, 16))[None] / 1000
    network = Consistent([Half()], beam, ConjugateGradient(1e-3, 60, 1e-9))
    made = network(torch.zeros_like(truth), measured={"measurement": beam.A(truth)})
    residual = beam.A(made) - beam.A(truth)
    assert residual.norm() < 1e-3 * beam.A(truth).norm()


def test_a_network_on_k_space_scales_it_and_a_discriminator_sees_magnitudes():
    draws = torch.Generator().manual_seed(0)
    image = torch.randn(2, 4, 6, 8, generator=draws)
    torch.testing.assert_close(InKSpace(Half())(image), image / 2)
    seen = OfMagnitude(nn.Identity())(channels(torch.tensor([[[3 + 4j]], [[0j]]])[:, None]))
    torch.testing.assert_close(seen.flatten(), torch.tensor([5.0, 0.0]), atol=1e-5, rtol=1e-5)


def test_terms_of_dagan_against_numbers():
    """|(3, 4)| / |(0, 10)| and 0 for the other case; a shift changes no magnitude of k-space."""
    output, target = torch.tensor([[[[3.0, 14.0]]], [[[1.0, 1.0]]]]), torch.tensor([[[[0.0, 10.0]]], [[[1.0, 1.0]]]])
    assert losses.NormalisedError()(output, target).item() == pytest.approx(0.25)
    image = torch.rand(1, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    assert losses.KSpaceMagnitude()(image.roll(3, -1), image).item() == pytest.approx(0, abs=1e-9)
    assert losses.KSpaceMagnitude()(3 * image, image).item() == pytest.approx(
        4 * image.square().mean().item(), rel=1e-5
    )


def test_a_volume_encoder_sees_four_slices_on_either_side():
    """And begins as the flat network, slice by slice, when it is inflated."""
    flat, deep = CPCE(width=3), CPCE(width=3, dims=3)
    inflate(flat.state_dict(), deep)
    volume = torch.rand(1, 1, 12, 12, 11, generator=torch.Generator().manual_seed(0), requires_grad=True)
    slices = torch.stack([flat(volume[..., k]) for k in range(11)], -1)
    torch.testing.assert_close(deep(volume), slices, atol=1e-6, rtol=1e-5)
    for parameter in deep.parameters():
        parameter.data.fill_(0.1)
    (slope,) = torch.autograd.grad(deep(volume)[..., 5].sum(), volume)
    assert (slope[0, 0].abs().sum((0, 1)) > 0).tolist() == [False, *[True] * 9, False]
