"""Operators of reconstruction works against closed forms: few views, decimation, bands, implants, mistriggering."""

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter

from adversaria.data.phantoms import temporal_bone
from adversaria.draws import stream
from adversaria.physics import (
    Bands,
    Coarsened,
    Decimate,
    Downsample,
    Erased,
    ImplantCT,
    MetalCT,
    Mistriggered,
    SparseViewCT,
)
from adversaria.physics.fourier import inverse_fourier
from adversaria.physics.implant import LowDoseCT
from adversaria.physics.metal import attenuation


def disc(size, radius, value):
    place = torch.arange(size, dtype=torch.float32) - (size - 1) / 2
    return torch.where(place[:, None] ** 2 + place[None] ** 2 <= radius**2, value, -1000.0)[None, None]


def test_fewer_views_give_more_streaks_and_many_the_image():
    hu = disc(64, 20, 40.0)
    hu[..., 30:34, 40:44] = 800.0
    errors = [
        float((SparseViewCT(views).measure(hu, 2.0, stream("x")) - hu).square().mean().sqrt())
        for views in (8, 16, 32, 128)
    ]
    assert errors == sorted(errors, reverse=True) and errors[0] > 3 * errors[-1]
    dense = SparseViewCT(200).measure(disc(64, 20, 40.0), 2.0, stream("x"))
    assert float(dense[0, 0, 26:38, 26:38].mean()) == pytest.approx(40, abs=6)
    assert dense[0, 0, 0, 0] == -1000


def test_noise_of_few_views_follows_the_photons():
    hu, scan = disc(64, 20, 0.0), {}
    clean = SparseViewCT(60).measure(hu, 2.0, stream("x"))
    for photons in (1e5, 4e5):
        noisy = SparseViewCT(60, photons=photons, electronic=0.0).measure(hu, 2.0, stream("noise"))
        scan[photons] = float((noisy - clean)[..., 20:44, 20:44].std())
    assert scan[1e5] / scan[4e5] == pytest.approx(2, rel=0.1)
    volume = torch.stack([hu, hu], -1)
    torch.testing.assert_close(SparseViewCT(60).measure(volume, 2.0, stream("x"))[..., 1], clean)


@pytest.mark.parametrize("shape", [(12, 16), (8, 8, 12)])
def test_decimation_is_scipys_blur_inside_and_keeps_constants(shape):
    x = torch.randn(1, 1, *[3 * s for s in shape], dtype=torch.float64, generator=torch.Generator().manual_seed(0))
    found = Decimate(3, 0.7).A(x)
    assert found.shape[2:] == shape
    wanted = gaussian_filter(x[0, 0].numpy(), 0.7, mode="constant", radius=3)[(slice(None, None, 3),) * len(shape)]
    inner = (slice(1, -1),) * len(shape)
    np.testing.assert_allclose(found[0, 0].numpy()[inner], wanted[inner], atol=1e-10)
    torch.testing.assert_close(Decimate(3).A(torch.full_like(x, 5.0)), torch.full_like(found, 5.0))


def test_a_coarsened_image_is_its_own_projection():
    x = torch.randn(1, 1, 8, 12, generator=torch.Generator().manual_seed(0))
    once = Coarsened(2).A(x)
    torch.testing.assert_close(Coarsened(2).A(once), once)
    torch.testing.assert_close(once[..., ::2, 1::2], Downsample(2).A(x))


def test_bands_share_the_range_out():
    x = torch.tensor([-2000.0, -1000.0, -500.0, 250.0, 1000.0, 2000.0, 9000.0]).view(1, 1, 1, 7)
    found = Bands().measure(x, 1.0, None)[0, :, 0]
    assert found.tolist() == [
        [0, 0, 0.5, 1, 1, 1, 1], [0, 0, 0, 0.25, 1, 1, 1], [0, 0, 0, 0, 0, 0.5, 1],
    ]  # fmt: skip
    with pytest.raises(ValueError, match="edges rise"):
        Bands((1.0, 0.0))


def test_an_implant_is_scanned_as_the_metal_that_an_operator_places():
    hu = disc(64, 24, 0.0)
    cover = torch.zeros_like(hu)
    cover[..., 20:24, 28:32] = 1.0
    metal = MetalCT(views=60)
    metal.metal = "platinum"
    shown = metal.inserted(hu, cover)
    found = ImplantCT(views=60, ceiling=None).measure(shown, 1.0, stream("scan"))
    torch.testing.assert_close(found, metal.scanned(hu, cover, 1.0, stream("scan")))
    light = ImplantCT("titanium", views=60, ceiling=None).measure(metal.inserted(hu, 0.02 * cover), 1.0, stream("scan"))
    assert float((light - hu)[..., 28:36, 36:44].abs().mean()) < float((found - hu)[..., 28:36, 36:44].abs().mean())
    capped = ImplantCT(views=60).measure(shown, 1.0, stream("scan"))
    assert capped.max() == 3071 and isinstance(ImplantCT().scanner, LowDoseCT)
    # without metal there is nothing but the noise of the scan
    clean = ImplantCT(views=60, photons=1e13, electronic=0.0).measure(hu, 1.0, stream("scan"))
    assert float((clean - hu)[..., 16:48, 16:48].abs().mean()) < 3


def test_mistriggered_lines_come_from_other_frames():
    frames = torch.randn(2, 5, 16, 12, generator=torch.Generator().manual_seed(0))
    none = Mistriggered(0.0).measure(frames, 1.0, stream("x"))
    image = inverse_fourier(torch.complex(none[:, :1], none[:, 1:]))
    scale = (frames[:, :1] / image.real).mean((1, 2, 3), keepdim=True)
    torch.testing.assert_close(image.real * scale, frames[:, :1], rtol=1e-3, atol=1e-4)
    still = frames[:, :1].expand(-1, 5, -1, -1)
    torch.testing.assert_close(Mistriggered(1.0).measure(still, 1.0, stream("x")), none)
    some = Mistriggered(0.3).measure(frames, 1.0, stream("x"))
    for case in range(2):
        ratio = (some[case] / none[case])[0].median()
        kept = (some[case] - ratio * none[case]).abs().amax((0, 2)) < 1e-4
        assert 7 < int(kept.sum()) < 15
    with pytest.raises(ValueError, match="two frames"):
        Mistriggered().measure(frames[:, :1], 1.0, stream("x"))


@pytest.mark.parametrize("shape", [(24, 20), (16, 12, 12)])
def test_a_hole_is_one_box_near_the_middle_and_nothing_else_changes(shape):
    image, corners = torch.rand(1, 1, *shape) + 1, set()
    for case in range(6):
        words = Erased(5).acquire(image, 1.0, stream("hole", case))
        mask, seen = words["mask"], words["measurement"]
        box = mask[0, 0].nonzero()
        assert len(box) == 5 ** len(shape) and ((box.amax(0) - box.amin(0)) == 4).all()
        middle = (box.amax(0) + box.amin(0) + 1) / 2 - torch.tensor(shape) / 2
        assert (middle.abs() <= 0.15 * torch.tensor(shape) + 1).all()
        assert (seen[mask > 0] == 0).all() and torch.equal(seen[mask == 0], image[mask == 0])
        corners.add(tuple(box[0].tolist()))
    assert len(corners) > 2
    with pytest.raises(ValueError, match="does not fit"):
        Erased(30).measure(image, 1.0, stream("hole"))


def test_platinum_has_its_edge():
    table = {50.0: 136, 80.0: 186, 140.0: 43.7}
    assert all(attenuation("platinum", energy) == pytest.approx(value) for energy, value in table.items())
    assert attenuation("platinum", 78.0) < 45 < 185 < attenuation("platinum", 79.0)
    assert all(65 < attenuation("platinum", energy) < 85 for energy in (60.0, 65.0))
    pure = 1000 * (attenuation("platinum", 65.0) / attenuation("water", 65.0) - 1)
    assert pure == pytest.approx(temporal_bone._METAL, rel=2e-3)
    with pytest.raises(ValueError, match="no metal"):
        ImplantCT("gold")
