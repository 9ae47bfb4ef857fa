"""Measures of whole images against worked examples, torchmetrics and scikit-image."""

import numpy as np
import pytest
import torch
from scipy.ndimage import gaussian_filter, uniform_filter
from torchmetrics.functional.image import (
    multiscale_structural_similarity_index_measure,
    visual_information_fidelity,
)

from adversaria import metrics
from adversaria.metrics import contrast_factor, information_criterion, median_intensity, mutual_information
from adversaria.metrics.facts import NotApplicable
from adversaria.metrics.steerable_pyramid import oriented_bands

BYTES = (0.0, 255.0)
SEEDS = {(1, 65, 83): 0, (1, 400, 390): 1, (1, 513, 600): 2, (3, 128, 131): 3}


def pair(n=64):
    i, j = np.arange(n)[:, None], np.arange(n)[None, :]
    y = 255 * (0.5 + 0.5 * np.sin(i / 5) * np.cos(j / 7))
    return (0.8 * y + 20)[None], y[None]


def texture(shape, seed=0, spread=1.5):
    rough = gaussian_filter(np.random.default_rng(seed).standard_normal(shape), (0, *[spread] * (len(shape) - 1)))
    return 255 * (rough - rough.min()) / np.ptp(rough)


def noisy(image, sd, seed=1):
    return image + sd * np.random.default_rng(seed).standard_normal(image.shape)


def tensors(*images):
    return [torch.from_numpy(image)[None] for image in images]


def box(image):
    return uniform_filter(image[0], 5, mode="nearest")[None]


def test_ms_ssim_on_the_test_pair():
    g, y = pair(256)
    assert metrics.MS_SSIM(output=g, target=y, data_range=BYTES) == pytest.approx(0.97596, abs=1e-5)
    assert metrics.MS_SSIM(output=box(y), target=y, data_range=BYTES) == pytest.approx(0.99819, abs=1e-5)
    assert metrics.MS_SSIM(output=y, target=y, data_range=BYTES) == pytest.approx(1, abs=1e-12)


def test_ms_ssim_agrees_with_torchmetrics():
    y = texture((1, 200, 190))
    g = noisy(y, 20)
    theirs = float(multiscale_structural_similarity_index_measure(*tensors(g, y), data_range=255.0))
    assert metrics.MS_SSIM(output=g, target=y, data_range=BYTES) == pytest.approx(theirs, abs=1e-4)


def test_ms_ssim_takes_fewer_scales_with_weights_that_sum_to_one():
    from adversaria.metrics.multi_scale import scales_of, weights_of

    assert [scales_of(n) for n in (10, 11, 22, 175, 176, 1000)] == [0, 1, 2, 4, 5, 5]
    assert sum(weights_of(3)) == pytest.approx(1) and sum(weights_of(5)) == pytest.approx(1.0001)
    y = texture((1, 20, 20))
    ours = metrics.MS_SSIM(output=noisy(y, 30), target=y, data_range=BYTES)
    assert ours == pytest.approx(metrics.SSIM(output=noisy(y, 30), target=y, data_range=BYTES))


def test_vif_on_the_test_pair():
    for n, value in ((64, 0.934312), (256, 0.934322)):
        g, y = pair(n)
        assert metrics.VIF(output=g, target=y, data_range=BYTES) == pytest.approx(value, abs=1e-6)
    assert metrics.VIF(output=y, target=y, data_range=BYTES) == pytest.approx(1)
    raised = 1.2 * (y - 127.5) + 127.5
    assert metrics.VIF(output=raised, target=y, data_range=BYTES) == pytest.approx(1.053690, abs=1e-5)
    assert metrics.VIF(output=255 - y, target=y, data_range=BYTES) == 0


def test_vif_agrees_with_torchmetrics_and_knows_the_range():
    y = texture((1, 90, 101))
    g = noisy(y, 12)
    ours = metrics.VIF(output=g, target=y, data_range=BYTES)
    assert ours == pytest.approx(float(visual_information_fidelity(*tensors(g, y))), abs=1e-6)
    assert metrics.VIF(output=10 * g - 1024, target=10 * y - 1024, data_range=(-1024, 1526)) == pytest.approx(ours)


def test_uqi():
    y = np.arange(64.0).reshape(1, 8, 8)
    assert metrics.UQI(output=2 * y, target=y) == pytest.approx(0.64, abs=1e-12)
    g, y = pair()
    assert metrics.UQI(output=g, target=y) == pytest.approx(0.967849, abs=1e-6)
    flat = np.zeros((1, 8, 8))
    assert metrics.UQI(output=flat, target=flat) == 1
    assert metrics.UQI(output=flat + 3, target=flat + 1) == pytest.approx(6 / 10)


@pytest.mark.parametrize("shape", [(1, 12, 15), (1, 9, 10, 11)])
def test_uqi_equals_a_loop_over_windows(shape):
    y = texture(shape)
    g = noisy(y, 10)
    found = []
    for corner in np.ndindex(*(n - 7 for n in shape[1:])):
        place = (0, *(slice(c, c + 8) for c in corner))
        a, b = g[place].ravel(), y[place].ravel()
        cov = np.cov(a, b, bias=True)
        means = a.mean() * b.mean() / (a.mean() ** 2 + b.mean() ** 2)
        found.append(4 * cov[0, 1] * means / (cov[0, 0] + cov[1, 1]))
    assert metrics.UQI(output=g, target=y) == pytest.approx(np.mean(found), abs=1e-12)


def test_fsim_on_the_test_pair():
    # 0.97917, 0.97907 and 0.99800 are what piq 0.8.0 gives as well
    for n, value in ((64, 0.97917), (256, 0.97907)):
        g, y = pair(n)
        assert metrics.FSIM(output=g, target=y, data_range=BYTES) == pytest.approx(value, abs=1e-5)
    assert metrics.FSIM(output=box(y), target=y, data_range=BYTES) == pytest.approx(0.99800, abs=1e-5)
    assert metrics.FSIM(output=y, target=y, data_range=BYTES) == pytest.approx(1)


@pytest.mark.parametrize(
    "shape,value",
    [((1, 65, 83), 0.936134), ((1, 400, 390), 0.978548), ((1, 513, 600), 0.975379), ((3, 128, 131), 0.901386)],
)
def test_fsim_agrees_with_values_of_piq(shape, value):
    """Values that piq 0.8.0 gave for these images: odd sides, halved images, colour."""
    random = np.random.default_rng(SEEDS[shape])
    y = np.stack([gaussian_filter(random.standard_normal(shape[1:]), 1.5) for _ in range(shape[0])])
    y = 254 * (y - y.min()) / np.ptp(y)
    g = np.clip(y + 15 * random.standard_normal(y.shape), *BYTES)
    assert metrics.FSIM(output=g, target=y, data_range=BYTES) == pytest.approx(value, abs=1e-3)


def test_the_pyramid_keeps_the_energy_and_tells_directions_apart():
    from adversaria.metrics.steerable_pyramid import _low, _radius

    image = np.random.default_rng(0).standard_normal((128, 128))
    power, radius = np.abs(np.fft.fft2(image)) ** 2 / image.size, _radius(image.shape)
    rest = (power * (1 - _low(radius, 1.0) ** 2)).sum() + (power * _low(radius, 1 / 16) ** 2).sum()
    bands = sum(4**level * np.square(b).sum() for level, found in enumerate(oriented_bands(image)) for b in found)
    assert bands + rest == pytest.approx(np.square(image).sum(), rel=1e-12)
    grating = np.tile(np.sin(2 * np.pi * np.arange(128) / 4), (128, 1))
    strength = [np.square(b).sum() for b in oriented_bands(grating)[0]]
    assert np.argmax(strength) == 0 and strength[3] < 1e-20 * strength[0]


def test_ifc():
    ones = np.ones(1)
    assert information_criterion.shared_information(ones, 3 * ones, ones)[0] == pytest.approx(2, abs=1e-9)
    assert information_criterion.shared_information(0 * ones, 3 * ones, ones)[0] == 0
    y = texture((1, 160, 150))
    values = [metrics.IFC(output=noisy(y, sd), target=y, data_range=BYTES) for sd in (2, 5, 10, 20)]
    assert all(a > b for a, b in zip(values[:-1], values[1:], strict=True)) and values[-1] > 0
    assert metrics.IFC(output=10 * noisy(y, 5), target=10 * y, data_range=BYTES) == pytest.approx(values[1], rel=1e-3)


def test_ifc_equals_a_loop_over_blocks():
    random = np.random.default_rng(3)
    y = random.standard_normal((15, 18))
    x = 0.7 * y + 0.3 * random.standard_normal(y.shape)
    windows = [y[r : r + 3, c : c + 3].ravel() for r in range(13) for c in range(16)]
    covariance = np.cov(np.array(windows).T)
    bits = 0.0
    for r in range(3, 12, 3):
        for c in range(3, 15, 3):
            a, b = x[r : r + 3, c : c + 3].ravel(), y[r : r + 3, c : c + 3].ravel()
            gain = np.polyfit(b, a, 1)[0]
            rest = np.var(a - gain * b) if gain > 0 else np.var(a)
            gain, multiplier = max(gain, 0), b @ np.linalg.solve(covariance, b) / 9
            sign, logdet = np.linalg.slogdet(np.eye(9) + gain**2 * multiplier * covariance / (rest + 1e-10))
            bits += logdet / np.log(2)
    assert information_criterion.band_information(x, y) == pytest.approx(bits, rel=1e-6)


def test_mutual_information_of_a_known_joint():
    joint = np.array([[0.4, 0.1], [0.1, 0.4]])
    first, second, both = mutual_information.information_of(joint)
    assert first + second - both == pytest.approx(0.192745, abs=1e-6)
    assert (first + second - both) / np.log(2) == pytest.approx(0.278072, abs=1e-6)
    assert (first + second) / both == pytest.approx(1.161489, abs=1e-6)
    shared = first + second - both
    assert [2 * shared / (first + second), shared / np.sqrt(first * second)] == pytest.approx([0.278072] * 2, abs=1e-6)
    y = np.repeat([0.0, 0, 1, 1, 0], [4, 1, 4, 1, 0])[None, None]
    g = np.array([0.0] * 4 + [1] + [1] * 4 + [0])[None, None]
    assert metrics.MUTUAL_INFORMATION(output=g, target=y, data_range=(0, 1)) == pytest.approx(0.192745, abs=1e-6)


def test_mutual_information_agrees_with_scikit_image():
    from skimage.metrics import normalized_mutual_information

    y = texture((1, 60, 61))
    y[0, 0, :2] = BYTES
    g = np.clip(noisy(y, 20), *BYTES)
    g[0, 0, :2] = BYTES
    ours = metrics.NORMALISED_MUTUAL_INFORMATION(output=g, target=y, data_range=BYTES)
    assert ours == pytest.approx(normalized_mutual_information(g[0], y[0], bins=64), abs=1e-6)
    assert metrics.NORMALISED_MUTUAL_INFORMATION(output=y, target=y, data_range=BYTES) == pytest.approx(2)
    grid = np.mgrid[:64, :64].astype(float)[:, None] * 4
    words = {"output": grid[0], "target": grid[1], "data_range": (0, 256)}
    assert metrics.MUTUAL_INFORMATION(**words) == pytest.approx(0, abs=1e-9)
    assert metrics.NORMALISED_MUTUAL_INFORMATION(**words) == pytest.approx(1)


def test_normalised_median_intensity():
    image = np.arange(1.0, 101).reshape(1, 10, 10)
    assert median_intensity.median_intensity(image) == pytest.approx(50.5)
    assert metrics.MEDIAN_INTENSITY(output=image) == pytest.approx(0.531299, abs=1e-6)
    colour = np.stack([image[0], 2 * image[0], 3 * image[0]])
    assert metrics.MEDIAN_INTENSITY(output=7 * colour) == pytest.approx(0.531299, abs=1e-6)
    assert metrics.MEDIAN_INTENSITY(output=image, mask=image > 50) == pytest.approx(75.5 / 97.55)
    assert median_intensity.colour_constancy([0.5, 0.6, 0.7]) == pytest.approx((0.1, 1 / 6))
    with pytest.raises(NotApplicable):
        metrics.MEDIAN_INTENSITY(output=-image)


def test_cross_correlation():
    y, g = np.array([[[1.0, 2, 3, 4]]]), np.array([[[2.0, 4, 6, 9]]])
    assert metrics.NCC(output=g, target=y) == pytest.approx(0.994377, abs=1e-6)
    a, b = texture((2, 20, 21)), texture((2, 20, 21), 5)
    assert metrics.NCC(output=a, target=b) == pytest.approx(np.corrcoef(a.ravel(), b.ravel())[0, 1], abs=1e-12)
    mask = a[0] > 100
    theirs = np.corrcoef(a[:, mask].ravel(), b[:, mask].ravel())[0, 1]
    assert metrics.NCC(output=a, target=b, mask=mask) == pytest.approx(theirs, abs=1e-12)
    assert metrics.NCC(output=3 * a - 7, target=a) == pytest.approx(1)
    assert metrics.NCC(output=-3 * a + 7, target=a) == pytest.approx(-1)
    with pytest.raises(NotApplicable, match="constant"):
        metrics.NCC(output=a * 0, target=a)


def test_global_contrast_factor():
    weights = (0.119910, 0.142034, 0.154123, 0.156178, 0.148199, 0.130186, 0.102138, 0.064057, 0.015941)
    assert [contrast_factor.weight(k) for k in range(1, 10)] == pytest.approx(weights, abs=1e-6)
    i, j = np.mgrid[:400, :400]
    images = {
        0.0: np.full((400, 400), 90.0),
        3.437308: np.where(j < 200, 0.0, 255.0),
        12.005757: 255.0 * ((i + j) % 2),
        2.813450: np.tile(np.linspace(0, 255, 400), (400, 1)),
    }
    for value, image in images.items():
        assert metrics.GCF(output=image[None], data_range=BYTES) == pytest.approx(value, abs=1e-6)
    ramp = images[2.813450][None]
    assert metrics.GCF(output=4 * ramp - 20, data_range=(-20, 1000)) == pytest.approx(2.813450, abs=1e-6)


def test_nmse_by_variance_and_masks():
    from adversaria.metrics.errors import normalised_mean_squared_error

    y, g = np.array([[[1.0, 2, 3, 4]]]), np.array([[[1.0, 2, 3, 6]]])
    assert normalised_mean_squared_error(g, y, by="variance") == pytest.approx(0.8)
    three = np.array([[1, 1, 1, 0]])
    for measure in (metrics.MAE, metrics.MSE, metrics.NMSE):
        assert measure(output=g, target=y, mask=three) == 0
    assert metrics.PSNR(output=g, target=y, data_range=(0, 4), mask=three) == float("inf")
    with pytest.raises(NotApplicable, match="zero everywhere"):
        metrics.NMSE(output=g, target=0 * y)
    with pytest.raises(NotApplicable, match="empty"):
        metrics.MAE(output=g, target=y, mask=0 * three)
