"""Measures against worked examples and other libraries."""

import numpy as np
import pytest
from scipy import stats
from skimage.metrics import peak_signal_noise_ratio, structural_similarity

from adversaria import metrics
from adversaria.metrics import noise, profile, statistics
from adversaria.metrics.facts import Metric, NotApplicable

EVERY = [getattr(metrics, name) for name in metrics.__all__]
Y, G = np.array([[[1.0, 2, 3, 4]]]), np.array([[[1.0, 2, 3, 6]]])


def pair(n=64):
    i, j = np.arange(n)[:, None], np.arange(n)[None, :]
    y = 255 * (0.5 + 0.5 * np.sin(i / 5) * np.cos(j / 7))
    return (0.8 * y + 20)[None], y[None]


@pytest.mark.parametrize("metric", EVERY, ids=lambda m: m.name)
def test_facts_are_complete(metric):
    assert isinstance(metric, Metric) and metric.function.__doc__
    if metric.better not in ("higher", "lower", "neither"):
        float(metric.better.removeprefix("closer to "))
    assert metric.range and metric.paper and metric.needs[0] == "output"
    with pytest.raises(NotApplicable, match="needs"):
        metric()


def test_errors():
    words = {"output": G, "target": Y}
    assert metrics.MSE(**words) == pytest.approx(1) and metrics.MAE(**words) == pytest.approx(0.5)
    assert metrics.NMSE(**words) == pytest.approx(4 / 30)
    assert metrics.SNR(**words) == pytest.approx(8.750613, abs=1e-6)


@pytest.mark.parametrize("width,value", [(255, 48.130804), (4, 12.041200)])
def test_psnr(width, value):
    assert metrics.PSNR(output=G, target=Y, data_range=(0, width)) == pytest.approx(value, abs=1e-6)
    assert metrics.PSNR(output=Y, target=Y, data_range=(0, 1)) == float("inf")
    g, y = pair()
    assert metrics.PSNR(output=g, target=y, data_range=(0, 255)) == pytest.approx(25.449280, abs=1e-5)
    assert metrics.PSNR(output=g, target=y, data_range=(0, 255)) == pytest.approx(
        peak_signal_noise_ratio(y, g, data_range=255)
    )


@pytest.mark.parametrize("n,value", [(64, 0.962576), (256, 0.961726)])
def test_ssim_on_the_test_pair(n, value):
    g, y = pair(n)
    assert metrics.SSIM(output=g, target=y, data_range=(0, 255)) == pytest.approx(value, abs=1e-5)


@pytest.mark.parametrize("shape", [(1, 33, 41), (1, 20, 18, 16)])
@pytest.mark.parametrize("low,high", [(0.0, 1.0), (-1024.0, 3071.0)])
def test_ssim_equals_scikit_image(shape, low, high):
    random = np.random.default_rng(0)
    y = random.uniform(low, high, shape)
    g = y + 0.1 * (high - low) * random.standard_normal(shape)
    theirs = structural_similarity(
        y[0], g[0], gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=high - low
    )
    assert metrics.SSIM(output=g, target=y, data_range=(low, high)) == pytest.approx(theirs, abs=1e-5)
    assert metrics.SSIM(output=y, target=y, data_range=(low, high)) == pytest.approx(1)


def test_ssim_differs_from_torchmetrics_at_the_border():
    import torch
    from torchmetrics.functional.image import structural_similarity_index_measure

    g, y = (torch.from_numpy(x)[None] for x in pair())
    theirs = float(structural_similarity_index_measure(g, y, data_range=255.0))
    assert theirs == pytest.approx(0.963226, abs=1e-4)
    assert abs(theirs - metrics.SSIM(output=pair()[0], target=pair()[1], data_range=(0, 255))) > 5e-4


def test_the_range_is_never_guessed_and_bad_images_are_named():
    with pytest.raises(NotApplicable, match="declared data range"):
        metrics.PSNR(output=G, target=Y)
    with pytest.raises(ValueError, match="empty"):
        metrics.SSIM(output=pair()[0], target=pair()[1], data_range=(1, 1))
    with pytest.raises(ValueError, match="shape"):
        metrics.MAE(output=G, target=Y[..., :3])
    with pytest.raises(ValueError, match="not finite"):
        metrics.MAE(output=G * np.nan, target=Y)


def test_noise_level():
    assert metrics.NOISE(output=Y, flat=np.ones((1, 4))) == pytest.approx(1.290994, abs=1e-6)
    white = np.random.default_rng(0).normal(0, 10, (1, 100, 100))
    assert metrics.NOISE(output=white, flat=np.ones((100, 100))) == pytest.approx(10, abs=0.25)
    with pytest.raises(NotApplicable):
        metrics.NOISE(output=Y, flat=np.zeros((1, 4)))


def test_noise_power_spectrum():
    random = np.random.default_rng(1)
    white = noise.noise_power_spectrum([random.normal(0, 10, (64, 64)) for _ in range(200)], 0.5)
    flat = white.copy()
    flat[0, 0] = np.nan
    assert np.nanmean(flat) == pytest.approx(25, rel=0.01)
    wave = 3 * np.cos(2 * np.pi * 4 * np.arange(64) / 64)[None, :] * np.ones((64, 1))
    power = noise.noise_power_spectrum([wave], 0.5)
    assert power[0, 4] == pytest.approx(2304) and power[0, -4] == pytest.approx(2304)
    power[0, [4, -4]] = 0
    assert power.max() < 1e-6


def test_nps_distance_is_zero_for_like_noise_and_ln_of_the_power_ratio_otherwise():
    random = np.random.default_rng(2)
    truth, flat = np.zeros((1, 128, 128)), np.ones((1, 128, 128), bool)
    one, two = random.normal(0, 5, (2, 1, 128, 128))
    near = metrics.NPS(output=one, noise_target=two, flat=flat, truth=truth)
    assert near < 0.25
    far = metrics.NPS(output=2 * one, noise_target=one, flat=flat, truth=truth)
    assert far == pytest.approx(np.log(4), abs=1e-6)


def test_edge_width_and_mtf_of_a_blurred_edge():
    from scipy.special import erf

    at = np.arange(-20, 20, 0.1)
    edge = 0.5 * (1 + erf(at / np.sqrt(2)))
    assert profile.edge_width(at, edge) == pytest.approx(2.563103, rel=0.01)
    assert profile.mtf50(at, edge) == pytest.approx(0.187391, rel=0.02)
    image = np.tile(edge, (5, 1))[None]
    line = ((2, 0), (2, len(at) - 1))
    assert metrics.EDGE_WIDTH(output=image, line=line, spacing=(1, 0.1)) == pytest.approx(2.563103, rel=0.01)


def test_lesion_contrast_recovery():
    truth = np.zeros((1, 40, 40))
    lesion = np.zeros((1, 40, 40), int)
    lesion[0, 8:14, 8:14], lesion[0, 25:32, 25:32] = 1, 2
    truth[lesion > 0] = -30.0
    assert metrics.LESION_CONTRAST(output=truth, truth=truth, lesion=lesion) == pytest.approx(1)
    assert metrics.LESION_CONTRAST(output=0.5 * truth + 7, truth=truth, lesion=lesion) == pytest.approx(0.5)
    assert metrics.LESION_CONTRAST(output=truth * 0, truth=truth, lesion=lesion) == pytest.approx(0)
    with pytest.raises(NotApplicable):
        metrics.LESION_CONTRAST(output=truth, truth=truth, lesion=lesion * 0)


def test_t_intervals_over_subjects():
    values = [3.1, 2.7, 3.9, 3.3, 2.9, 3.6, 3.2]
    found = statistics.summarise(values)
    low, high = stats.t.interval(0.95, len(values) - 1, np.mean(values), stats.sem(values))
    assert (found.low, found.high) == pytest.approx((low, high))
    few = statistics.summarise(values[:5])
    assert few.low is None and "too few" in few.note
    gap = statistics.paired(values, [v - 1 for v in values])
    assert gap.mean == pytest.approx(1) and gap.low == pytest.approx(1)
    assert statistics.summarise([float("inf")] * 7).low is None


def test_the_interval_covers_at_its_level():
    random = np.random.default_rng(0)
    hits = [s.low <= 0 <= s.high for s in (statistics.summarise(random.normal(0, 1, 8)) for _ in range(2000))]
    assert np.mean(hits) == pytest.approx(0.95, abs=0.015)
