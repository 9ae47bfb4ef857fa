"""Local measures and dose: lines, regions, uptake, vessels, gamma, traces of patches and strides."""

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter
from scipy.special import erf

from adversaria import metrics
from adversaria.metrics import dose, fundus, profile, uptake
from adversaria.metrics.facts import NotApplicable

AT = np.arange(-20, 20, 0.1)


@pytest.mark.parametrize("s", [1.0, 1.7])
def test_an_edge_blurred_by_a_gaussian(s):
    edge = 40 + 200 * 0.5 * (1 + erf(AT / s / np.sqrt(2)))
    assert profile.edge_width(AT, edge) == pytest.approx(2.563103 * s, rel=0.01)
    assert profile.full_width_half_maximum(AT, edge) == pytest.approx(2.354820 * s, rel=0.01)
    assert profile.mtf50(AT, edge) == pytest.approx(0.187391 / s, rel=0.01)
    frequency, transfer = profile.modulation_transfer(AT, edge)
    low = frequency < 0.4
    theory = np.exp(-2 * np.pi**2 * s**2 * frequency**2)
    assert np.abs(transfer - theory)[low].max() < 0.01


def test_measures_on_a_line_of_an_image():
    edge = 0.5 * (1 + erf(AT / np.sqrt(2)))
    image = np.tile(edge, (5, 1))[None]
    words = {"line": ((2, 0), (2, len(AT) - 1)), "spacing": (1, 0.1)}
    assert metrics.EDGE_SPREAD(output=image, **words) == pytest.approx(2.354820, rel=0.01)
    assert metrics.MTF50(output=image[..., ::-1], **words) == pytest.approx(0.187391, rel=0.01)
    assert metrics.PROFILE(output=image + 3, target=image, **words) == pytest.approx(3)
    for measure in (metrics.EDGE_WIDTH, metrics.EDGE_SPREAD, metrics.MTF50):
        with pytest.raises(NotApplicable):
            measure(output=0 * image, **words)


def test_contrast_to_background():
    image = np.array([[[120.0, 120, 100, 100]]])
    mask, behind = np.array([[1, 1, 0, 0]]), np.array([[0, 0, 1, 1]])
    words = {"mask": mask, "background": behind}
    assert metrics.CBR(output=image, **words) == pytest.approx(0.2)
    assert metrics.CBR(output=7 * image, **words) == pytest.approx(0.2)
    assert metrics.CBR(output=image + 100, **words) == pytest.approx(0.1)
    assert metrics.CBR_KEPT(output=image + 100, target=image, **words) == pytest.approx(0.5)
    with pytest.raises(NotApplicable, match="zero"):
        metrics.CBR(output=image - 100, **words)
    with pytest.raises(NotApplicable, match="empty"):
        metrics.CBR(output=image, mask=mask * 0, background=behind)


def test_standardised_uptake():
    known = uptake.Uptake(370e6, 70.0, 3600.0, 109.77 * 60)
    assert known.remaining == pytest.approx(253.314e6, rel=1e-5)
    image = np.array([[[5000.0, 5000, 10000]]])
    words = {"output": image, "mask": np.array([[1, 1, 0]])}
    assert metrics.SUV_MEAN(uptake=known, **words) == pytest.approx(1.381683, abs=1e-4)
    assert metrics.SUV_MEAN(uptake=uptake.Uptake(370e6, 70, 0, 6586.2), **words) == pytest.approx(0.945946, abs=1e-4)
    assert metrics.SUV_MAX(output=image, mask=np.ones((1, 3)), uptake=known) == pytest.approx(2.763366, abs=1e-4)
    assert metrics.SUV_BIAS(output=1.1 * image, target=image, mask=words["mask"]) == pytest.approx(10)


def test_an_uptake_without_its_facts_is_refused():
    facts = {"injected_activity": 370e6, "patient_weight": 70, "elapsed": 3600, "half_life": 6586.2}
    assert uptake.uptake_of(facts, "Bq/ml") == uptake.Uptake(370e6, 70.0, 3600.0, 6586.2)
    with pytest.raises(NotApplicable, match="not in HU"):
        uptake.uptake_of(facts, "HU")
    with pytest.raises(NotApplicable, match="the injected activity, the body weight$"):
        uptake.uptake_of({"elapsed": 0, "half_life": 6586.2}, "Bq/ml")
    with pytest.raises(NotApplicable, match="positive"):
        uptake.uptake_of({**facts, "patient_weight": 0}, "Bq/ml")
    with pytest.raises(NotApplicable, match="needs injected activity"):
        metrics.SUV_MEAN(output=np.ones((1, 2, 2)), mask=np.ones((2, 2)))


def test_structure_of_fundus_patches():
    i, j = np.mgrid[:8, :8].astype(float)
    coherence, sharpness = fundus.patch_structure(np.stack([j, 2.5 * i, 0 * i]))
    assert coherence == pytest.approx([1, 1, 0]) and sharpness == pytest.approx([8, 20, 0], abs=1e-5)
    assert fundus.threshold() == pytest.approx(0.234027, abs=1e-6)
    white = np.random.default_rng(0).normal(0, 10, (40000, 8, 8))
    assert (fundus.patch_structure(white)[0] > fundus.threshold()).mean() < 0.01


def test_qv_falls_with_blur():
    i, j = np.mgrid[:256, :256].astype(float)
    away = [i - 40 * k - 20 * np.sin(j / 30 + k) for k in range(1, 6)]
    vessels = sum(np.exp(-(a**2) / (2 * (1 + 0.4 * k) ** 2)) for k, a in enumerate(away, 1))
    image = np.stack([200 - 0 * i, 150 - 90 * vessels, 60 + 0 * i])
    found = []
    for blur in (0, 1, 2, 3, 4, 6):
        blurred = np.stack([gaussian_filter(c, blur) if blur else c for c in image])
        found.append(metrics.QV(output=blurred, data_range=(0, 255)))
    assert all(a > b for a, b in zip(found[:-1], found[1:], strict=True))
    assert metrics.QV(output=image / 255, data_range=(0, 1)) == pytest.approx(found[0])
    with pytest.raises(NotApplicable, match="direction"):
        metrics.QV(output=0 * image, data_range=(0, 255))


def test_qv_falls_with_blur_on_real_fundus(real):
    from adversaria.data.read import read_image

    image = read_image(sorted((real("fundus_drive") / "images").glob("*.tif"))[0]).array
    found = [
        metrics.QV(output=np.stack([gaussian_filter(c, blur) for c in image]), data_range=(0, 255))
        for blur in (0.01, 1, 2, 4)
    ]
    assert all(a > b for a, b in zip(found[:-1], found[1:], strict=True))


@pytest.mark.parametrize("dims", [2, 3])
def test_gamma_of_uniform_doses(dims):
    reference = np.full((1, *[7] * dims), 100.0)
    words = {"target": reference, "spacing": (2.0,) * dims}
    for evaluated, value, passing in ((102, 2 / 3, 100), (104, 4 / 3, 0), (100, 0, 100)):
        found = dose.gamma_index(0 * reference + evaluated, reference, words["spacing"])
        assert found == pytest.approx(np.full(found.shape, value), abs=1e-9)
        assert metrics.GAMMA_3_3(output=0 * reference + evaluated, **words) == passing
    assert metrics.DOSE_DIFFERENCE(output=0.98 * reference, target=reference) == pytest.approx(2)
    assert metrics.DOSE_DIFFERENCE(output=0.98 * reference, target=reference, prescription=50.0) == pytest.approx(4)


def test_gamma_of_a_shifted_ramp():
    across = np.arange(0.0, 81)
    reference = np.tile(across, (9, 1))[None]
    found = dose.gamma_index(reference + 1, reference, (1.0, 1.0), prescription=100.0)
    assert found[4, 20:70] == pytest.approx(np.full(50, 1 / (3 * np.sqrt(2))), abs=1e-3)
    assert np.isnan(found[:, :10]).all() and not np.isnan(found[:, 10:]).any()
    local = dose.gamma_index(reference + 1, reference, (1.0, 1.0), prescription=100.0, local=True)
    assert local[4, 30] < 1 and local[4, 30] > found[4, 30]


def test_gamma_equals_a_plain_search():
    """Every point against every point of an evaluated dose that was interpolated beforehand."""
    random = np.random.default_rng(0)
    reference = 50 + 20 * gaussian_filter(random.standard_normal((12, 10)), 2) / 0.15
    evaluated = reference + 4 * gaussian_filter(random.standard_normal((12, 10)), 1)
    ours = dose.gamma_index(evaluated[None], reference[None], (2.0, 3.0), 3, 3)
    rows, columns = np.arange(0, 22 + 1e-9, 0.1), np.arange(0, 27 + 1e-9, 0.1)
    from scipy.interpolate import RegularGridInterpolator

    fine = RegularGridInterpolator((np.arange(12) * 2.0, np.arange(10) * 3.0), evaluated)
    grid = np.stack(np.meshgrid(rows, columns, indexing="ij"), -1)
    doses, allowed = fine(grid), 0.03 * reference.max()
    for r, c in ((0, 0), (5, 5), (11, 9), (3, 7), (8, 2)):
        away = np.square(grid - np.array([2.0 * r, 3.0 * c])).sum(-1) / 9
        theirs = np.sqrt((away + np.square((doses - reference[r, c]) / allowed)).min())
        assert ours[r, c] == pytest.approx(min(3, theirs), abs=0.02)


def test_gamma_agrees_with_pymedphys():
    """Five values that pymedphys 0.41 gave (3 %, 3 mm, global, fraction 60, cutoff 10 %, largest gamma 3)."""
    i, j = np.mgrid[:20, :24].astype(float)
    reference = 100 * np.exp(-((i - 10) ** 2 + (j - 12) ** 2) / 60)
    evaluated = 102 * np.exp(-((i - 10.5) ** 2 + (j - 11.5) ** 2) / 62)
    found = dose.gamma_index(evaluated[None], reference[None], (2.0, 2.0))
    assert [found[p] for p in PLACES] == pytest.approx(PYMEDPHYS, abs=0.015)
    assert np.isnan(found[0, 0])
    assert metrics.GAMMA_3_3(output=evaluated[None], target=reference[None], spacing=(2, 2)) == pytest.approx(PASSING)


PLACES = ((10, 12), (6, 9), (14, 15), (10, 5), (4, 12))
PYMEDPHYS = (0.159389, 0.034041, 0.159221, 0.451983, 0.210443)
PASSING = 98.522167


def test_checkerboards():
    random = np.random.default_rng(0)
    smooth = gaussian_filter(random.standard_normal((1, 64, 60)), (0, 3, 3))
    i, j = np.mgrid[:64, :60]
    board = np.where((i + j) % 2, 0.2, -0.2)[None]
    assert metrics.CHECKERBOARD(output=smooth) < 0.01
    assert metrics.CHECKERBOARD(output=board) == pytest.approx(1)
    rising = [metrics.CHECKERBOARD(output=smooth + a * board) for a in (0, 0.1, 0.2, 0.5)]
    assert all(a < b for a, b in zip(rising[:-1], rising[1:], strict=True))
    share = 0.2**2 / (0.2**2 + smooth.var())
    assert metrics.CHECKERBOARD(output=smooth + board) == pytest.approx(share, abs=0.02)
    white = random.standard_normal((1, 128, 128))
    assert metrics.CHECKERBOARD(output=white) == pytest.approx(64 / 128**2, rel=0.5)
    assert metrics.CHECKERBOARD(output=(0.3 * i + 0.1 * j)[None].astype(float)) < 1e-6
    with pytest.raises(NotApplicable, match="constant"):
        metrics.CHECKERBOARD(output=white * 0 + 3)


def test_seams():
    image = np.random.default_rng(0).standard_normal((1, 64, 64))
    assert metrics.SEAMS(output=image, seams=(16, 16)) == pytest.approx(1, abs=0.2)
    stepped = image + np.repeat([0.0, 3, 0, 3], 16)[:, None]
    assert metrics.SEAMS(output=stepped, seams=(16, 0)) == pytest.approx((2 + 9) / 2, rel=0.2)
    with pytest.raises(NotApplicable, match="inside"):
        metrics.SEAMS(output=image, seams=(64, 0))
