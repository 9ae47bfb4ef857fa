"""What every measure promises on any image: identity, symmetry, order, one slice as a volume, reasons for no value."""

from functools import cache

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from adversaria import metrics
from adversaria.metrics.facts import NEEDS, NotApplicable
from adversaria.metrics.features import Features

EVERY = [getattr(metrics, name) for name in metrics.__all__]
PAIRED = [m for m in EVERY if set(m.needs) <= {"output", "target", "data_range", "features"} and "target" in m.needs
          and m.level == "case"]  # fmt: skip
MAPS = {"dice", "jaccard"}
IMAGES = [m for m in PAIRED if m.name not in MAPS]
SIZE = 128
PERFECT = {"psnr": np.inf, "psnr_max": np.inf, "snr": np.inf, "normalised_mutual_information": 2.0}
UNBOUNDED = {"ifc", "mutual_information"}
DIRECTED = {
    "nmse", "nmse_variance", "psnr_max", "snr", "vif", "ifc", "dose_difference", "depth_relative", "fsim",
}  # fmt: skip
RANGE = (0.0, 1.0)


@cache
def network():
    generator = torch.Generator().manual_seed(0)
    layer = nn.Conv2d(1, 3, 3, bias=False)
    layer.weight.data = torch.rand(layer.weight.shape, generator=generator) - 0.5
    return Features("test-cnn", nn.Sequential(layer, nn.ReLU()), RANGE, weights=[torch.ones(3)])


def words(**images):
    return {"data_range": RANGE, "features": network(), **images}


def textured(seed, size=SIZE, channels=1):
    from scipy.ndimage import gaussian_filter

    rough = gaussian_filter(np.random.default_rng(seed).standard_normal((channels, size, size)), (0, 2, 2))
    return 0.45 + 0.45 * (rough - rough.min()) / np.ptp(rough)


def noisy(image, sd, seed=99):
    return image + sd * np.random.default_rng(seed).standard_normal(image.shape)


def worse(metric, value):
    """On a scale on which more is worse."""
    if metric.better == "higher":
        return -value
    return abs(value - float(metric.better.removeprefix("closer to "))) if "closer" in metric.better else value


@pytest.mark.parametrize("metric", IMAGES, ids=lambda m: m.name)
@settings(max_examples=3, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_identity_is_perfect_and_noise_is_worse_the_more_there_is(metric, seed):
    y = textured(seed)
    values = [metric(**words(output=noisy(y, sd, seed + 1), target=y)) for sd in (0, 0.02, 0.08)]
    ordered = [worse(metric, v) for v in values]
    assert ordered[0] < ordered[1] < ordered[2]
    if metric.name not in UNBOUNDED:
        perfect = PERFECT.get(metric.name, 1.0 if metric.better == "higher" else 0.0)
        assert values[0] == pytest.approx(perfect, abs=1e-9)


@pytest.mark.parametrize("metric", [m for m in IMAGES if m.name not in DIRECTED], ids=lambda m: m.name)
@settings(max_examples=3, deadline=None)
@given(seed=st.integers(0, 10**6))
def test_symmetry(metric, seed):
    if metric.name in ("depth_log10", "depth_rms"):
        pytest.skip("takes the voxels whose true depth is positive")
    y, g = textured(seed), noisy(textured(seed), 0.1, seed + 1)
    there, back = (metric(**words(output=a, target=b)) for a, b in ((g, y), (y, g)))
    assert there == pytest.approx(back, rel=1e-9)


@pytest.mark.parametrize("metric", IMAGES, ids=lambda m: m.name)
def test_a_volume_of_one_slice_is_a_plane(metric):
    y = textured(3)
    g = noisy(y, 0.05)
    plane = metric(**words(output=g, target=y))
    assert metric(**words(output=g[..., None], target=y[..., None])) == pytest.approx(plane, rel=1e-9)


ALONE = [m for m in EVERY if m.level == "case" and not {"target", "segmentor", "landmarks", "truth"} & set(m.needs)
         and m.name not in ("folded", "agatston")]  # fmt: skip


@pytest.mark.parametrize("metric", ALONE, ids=lambda m: m.name)
def test_a_volume_of_one_slice_is_a_plane_also_without_a_reference(metric):
    from adversaria.metrics.uptake import Uptake

    y, mask = 100 * textured(3), np.arange(SIZE) < 60
    regions = {"mask": mask[:, None] & mask, "background": ~mask[:, None] & ~mask, "flat": ~mask[:, None] & mask}
    given = {"data_range": (0.0, 100.0), "seams": (16, 16), "uptake": Uptake(1.0, 1.0, 0.0, 1.0)}
    line = {"line": ((5, 5), (5, 90)), "spacing": (1.0, 2.0)}
    plane = metric(output=y, **given, **regions, **line)
    slabs = {word: region[None, ..., None] for word, region in regions.items()}
    line = {"line": ((5, 5, 0), (5, 90, 0)), "spacing": (1.0, 2.0, 3.0)}
    assert metric(output=y[..., None], **given, **slabs, **line) == pytest.approx(plane, rel=1e-9)


@pytest.mark.parametrize("metric", IMAGES, ids=lambda m: m.name)
def test_grey_in_three_channels_is_grey(metric):
    y = textured(11)
    g = noisy(y, 0.05)
    grey = metric(**words(output=g, target=y))
    colour = {"output": np.repeat(g, 3, 0), "target": np.repeat(y, 3, 0)}
    try:
        found = metric(**words(**colour))
    except NotApplicable as error:
        assert "channels" in str(error)
    else:
        assert found == pytest.approx(grey, rel=1e-6)


@pytest.mark.parametrize("metric", IMAGES, ids=lambda m: m.name)
def test_single_and_double_precision_and_strides_agree(metric):
    y = textured(4).astype(np.float32)
    g = noisy(y, 0.05).astype(np.float32)
    once = metric(**words(output=g, target=y))
    assert metric(**words(output=g.astype(float), target=np.asfortranarray(y))) == pytest.approx(once, rel=1e-6)


@pytest.mark.parametrize("metric", IMAGES, ids=lambda m: m.name)
@pytest.mark.parametrize("level", [0.0, 0.5])
def test_constant_images_give_a_number_or_a_reason(metric, level):
    flat, y = np.full((1, SIZE, SIZE), level), textured(5)
    for output, target in ((flat, flat), (y, flat), (flat, y)):
        try:
            value = metric(**words(output=output, target=target))
        except NotApplicable as error:
            assert str(error)
        else:
            assert not np.isnan(value)


@pytest.mark.parametrize("metric", IMAGES, ids=lambda m: m.name)
def test_bad_pairs_are_refused(metric):
    y = textured(6)
    with pytest.raises(ValueError, match="differ in shape"):
        metric(**words(output=y[..., :-1], target=y))
    broken = y.copy()
    broken[0, 3, 3] = np.nan
    with pytest.raises(ValueError, match="not finite"):
        metric(**words(output=broken, target=y))


@pytest.mark.parametrize("metric", EVERY, ids=lambda m: m.name)
def test_needs_are_words_that_can_be_explained(metric):
    for word in (*metric.needs[1:], *metric.takes):
        assert word in NEEDS or word == "prescription", word
    assert metric.level in ("case", "many") and set(metric.dims) <= {2, 3}


@pytest.mark.parametrize("metric", [m for m in EVERY if "mask" in m.takes and m in IMAGES], ids=lambda m: m.name)
def test_a_mask_is_as_good_as_a_cut(metric):
    y = textured(7)
    g = noisy(y, 0.05)
    mask = np.zeros((SIZE, SIZE), bool)
    mask[10:60, 20:90] = True
    cut = metric(**words(output=g[:, 10:60, 20:90], target=y[:, 10:60, 20:90]))
    if metric.name != "dose_difference":
        assert metric(**words(output=g, target=y, mask=mask)) == pytest.approx(cut, rel=1e-9)
    assert metric(**words(output=g, target=y, mask=mask * 0 + 1)) == pytest.approx(metric(**words(output=g, target=y)))


def test_banded_similarities_equal_the_whole(monkeypatch):
    from adversaria.metrics import multi_scale, quality_index, ssim, vif

    x, y = (torch.from_numpy(255 * image)[None] for image in (noisy(textured(8, 200), 0.05), textured(8, 200)))

    def found():
        similar = ssim.ssim(x, y, 255.0), multi_scale.ms_ssim(x, y, 255.0)
        return [float(f) for f in (*similar, vif.vif(x, y), quality_index.uqi(x, y))]

    whole = found()
    for module in (ssim, vif, quality_index):
        monkeypatch.setattr(module, "BLOCK", 3000)
    assert found() == pytest.approx(whole, rel=1e-12)


@pytest.mark.parametrize("name", ["ms_ssim", "vif", "uqi"])
def test_kernels_can_be_differentiated(name):
    from adversaria.metrics import multi_scale, quality_index, vif

    kernel = {
        "ms_ssim": lambda x, y: multi_scale.ms_ssim(x, y, 255.0, 2),
        "vif": vif.vif,
        "uqi": quality_index.uqi,
    }[name]
    y = torch.from_numpy(255 * textured(9, 48))[None]
    x = torch.from_numpy(255 * noisy(textured(9, 48), 0.1))[None].requires_grad_()
    kernel(x, y).sum().backward()
    step = 1e-4 * torch.sign(x.grad)
    with torch.no_grad():
        change = float((kernel(x + step, y) - kernel(x - step, y)).sum())
    assert change == pytest.approx(2 * float((x.grad * step).sum()), rel=1e-3)
