"""Measures of sets against closed forms, worked examples and other libraries."""

import numpy as np
import pytest
from scipy import linalg, spatial, stats
from sklearn.neighbors import KernelDensity, NearestNeighbors

from adversaria.metrics import sets
from adversaria.metrics.facts import NotApplicable
from adversaria.metrics.sets import (
    extrapolation,
    frechet,
    histograms,
    inception_score,
    kernel,
    likelihood,
    memorisation,
    neighbours,
    structure,
)
from adversaria.metrics.sets.facts import SetMetric

EVERY = [getattr(sets, name) for name in sets.__all__]
PAIRED = [sets.FID, sets.KID, sets.PRECISION, sets.RECALL, sets.DENSITY, sets.COVERAGE, sets.FID_INFINITY]


def normal(n, d=6, seed=0, scale=1.0, shift=0.0):
    return np.random.default_rng(seed).normal(shift, scale, (n, d))


@pytest.mark.parametrize("metric", EVERY, ids=lambda m: m.name)
def test_facts_are_complete(metric):
    assert isinstance(metric, SetMetric) and metric.function.__doc__ and metric.level == "set"
    assert metric.better in ("higher", "lower") or float(metric.better.removeprefix("closer to ")) is not None
    assert metric.range and metric.paper and metric.fewest <= metric.few
    assert metric.label("inception") == (f"{metric.name}[inception]" if metric.network else metric.name)
    with pytest.raises(NotApplicable, match="it needs"):
        metric()


def test_names_are_those_of_no_other_measure():
    from adversaria import metrics

    names = [m.name for m in EVERY] + [getattr(metrics, n).name for n in metrics.__all__]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("metric", PAIRED, ids=lambda m: m.name)
def test_few_images_are_refused_and_not_many_carry_a_caution(metric):
    with pytest.raises(NotApplicable, match="one has 2"):
        metric(output_features=normal(2), reference_features=normal(50))
    found = metric(output_features=normal(45), reference_features=normal(49, seed=1))
    assert "caution" in found.note and "45 and 49 images" in found.note


# Frechet distance


@pytest.mark.parametrize(
    "shift,one,two,value",
    [
        ((1, 0), np.eye(2), 4 * np.eye(2), 3),
        ((2, 1), [[2, 0.5], [0.5, 1]], [[1, 0.2], [0.2, 3]], 5.754386),
        ((0, 0), np.diag([1.0, 0]), np.diag([0, 1.0]), 2),
    ],
)
def test_frechet_of_gaussians(shift, one, two, value):
    found = frechet.frechet_from_moments(np.array(shift), np.array(one), np.zeros(2), np.array(two))
    assert found == pytest.approx(value, abs=1e-5)


def by_root(one, two):
    """The textbook formula with scipy's square root of a matrix."""
    s1, s2 = np.cov(one.T), np.cov(two.T)
    root = linalg.sqrtm(s1 @ s2)
    return np.square(one.mean(0) - two.mean(0)).sum() + np.trace(s1 + s2) - 2 * np.trace(np.real(root))


@pytest.mark.parametrize("n,m,d", [(200, 150, 20), (25, 400, 20), (400, 25, 20)])
def test_frechet_equals_scipys_root(n, m, d):
    mixing = np.random.default_rng(9).normal(size=(d, d))
    one, two = normal(n, d) @ mixing, normal(m, d, 1, 1.5, 0.3)
    assert frechet.frechet_distance(one, two) == pytest.approx(by_root(one, two), rel=1e-8)


@pytest.mark.parametrize("n,m", [(15, 12), (15, 300), (300, 15)])
def test_frechet_with_fewer_images_than_features_equals_the_full_form(n, m):
    one, two = normal(n, 40, 2), normal(m, 40, 3, 2.0)
    full = frechet.frechet_from_moments(one.mean(0), np.cov(one.T), two.mean(0), np.cov(two.T))
    assert frechet.frechet_distance(one, two) == pytest.approx(full, rel=1e-5)


@pytest.mark.parametrize("n,d", [(100, 12), (10, 30)])
def test_frechet_of_equal_sets_is_zero_and_ignores_dead_features(n, d):
    one = normal(n, d)
    assert frechet.frechet_distance(one, one) <= 1e-6 * np.trace(np.cov(one.T))
    dead = np.hstack([one, np.zeros((n, 3))])
    other = normal(n, d, 1)
    assert frechet.frechet_distance(dead, np.hstack([other, np.zeros((n, 3))])) == pytest.approx(
        frechet.frechet_distance(one, other), rel=1e-6
    )


@pytest.mark.filterwarnings("ignore:The `disp` argument:DeprecationWarning")
def test_frechet_is_symmetric_and_equals_torchmetrics_and_monai():
    import torch
    from monai.metrics.fid import compute_frechet_distance
    from torchmetrics.image.fid import _compute_fid

    one, two = normal(90, 16), normal(70, 16, 1, 1.3, 0.2)
    ours = frechet.frechet_distance(one, two)
    assert frechet.frechet_distance(two, one) == pytest.approx(ours)
    moments = [torch.from_numpy(np.array(x)) for x in (one.mean(0), np.cov(one.T), two.mean(0), np.cov(two.T))]
    assert float(_compute_fid(*moments)) == pytest.approx(ours, rel=1e-8)
    assert float(compute_frechet_distance(*moments)) == pytest.approx(ours, rel=1e-6)


def test_bias_is_removed_by_extrapolation():
    """Two Gaussians one apart in each of 8 features: the true distance is 8, equal ones: 0."""
    for shift, truth in ((1.0, 8.0), (0.0, 0.0)):
        one, two = normal(600, 8, 4), normal(600, 8, 5, shift=shift)
        plain, corrected = (m(output_features=one, reference_features=two).value for m in (sets.FID, sets.FID_INFINITY))
        if truth == 0:
            assert abs(corrected) < 0.5 * plain
        assert corrected == pytest.approx(truth, abs=0.8)
    sizes, values = extrapolation.frechet_over_size(normal(300, 8, 4), normal(300, 8, 6))
    assert sizes[0] == 150 and sizes[-1] == 300 and values[0] > values[-1]


# kernel distance


def test_kernel_distance_of_the_worked_example_and_of_torchmetrics():
    import torch
    from torchmetrics.image.kid import poly_mmd

    one, two = np.array([[1.0, 0], [0, 1]]), np.array([[1.0, 1], [0, 0]])
    assert kernel.kernel_distance(one, two) == pytest.approx(-2.375, abs=1e-12)
    one, two = normal(60, 16), normal(60, 16, 1, 1.2)
    theirs = float(poly_mmd(torch.from_numpy(one), torch.from_numpy(two)))
    assert kernel.kernel_distance(one, two) == pytest.approx(theirs, rel=1e-8)
    assert kernel.kernel_distance_of_subsets(one, two, 3, 60) == pytest.approx((theirs, 0))


def test_kernel_distance_is_unbiased_and_its_interval_covers():
    """The truth is known from moments of Gaussians in one dimension."""

    def mean_kernel(mean1, var1, mean2, var2):
        p = mean1 * mean2
        second = (mean1**2 + var1) * (mean2**2 + var2)
        third = (mean1**3 + 3 * mean1 * var1) * (mean2**3 + 3 * mean2 * var2)
        return third + 3 * second + 3 * p + 1

    truth = mean_kernel(0.5, 1, 0.5, 1) + mean_kernel(0, 1, 0, 1) - 2 * mean_kernel(0.5, 1, 0, 1)
    found = [kernel.kid(normal(60, 1, k, 1, 0.5), normal(80, 1, 10_000 + k)).value for k in range(300)]
    assert np.mean(found) == pytest.approx(truth, abs=3 * np.std(found) / np.sqrt(300))
    # unbiased, so the mean of many is the truth that intervals should hold
    found = [kernel.kid(normal(60, 8, k, 1, 0.5), normal(80, 8, 10_000 + k)) for k in range(400)]
    truth = np.mean([f.value for f in found])
    assert np.mean([f.low <= truth <= f.high for f in found]) == pytest.approx(0.95, abs=0.03)


# neighbours


def test_neighbours_equal_scikit_learn_and_the_definitions():
    one, two = normal(80, 5), normal(70, 5, 1, 1.3)
    reach = NearestNeighbors(n_neighbors=4, algorithm="brute").fit(two).kneighbors(two)[0][:, 3]
    assert neighbours.radii(two, 3) == pytest.approx(reach, rel=1e-6, abs=1e-6)
    apart = spatial.distance.cdist(one, two)
    assert neighbours.precision(one, two).value == pytest.approx((apart <= reach).any(1).mean())
    five = np.sort(spatial.distance.cdist(two, two), 1)[:, 5]
    assert neighbours.density(one, two).value == pytest.approx((apart <= five).sum(1).mean() / 5)
    assert neighbours.coverage(one, two).value == pytest.approx((apart.min(0) <= five).mean())
    assert neighbours.recall(one, two).value == neighbours.precision(two, one).value


def test_neighbours_tell_fidelity_from_variety():
    reals = normal(300, 4)
    collapsed, noisy = normal(300, 4, 1, 0.05), normal(300, 4, 2, 6.0)
    assert neighbours.precision(collapsed, reals).value > 0.99 and neighbours.recall(collapsed, reals).value < 0.1
    assert neighbours.precision(noisy, reals).value < 0.3 and neighbours.coverage(collapsed, reals).value < 0.2
    for rule in (neighbours.precision, neighbours.recall, neighbours.coverage):
        assert rule(reals, reals).value == 1
    assert neighbours.density(normal(300, 4, 3), reals).value == pytest.approx(1, abs=0.15)
    with pytest.raises(ValueError, match="neighbours"):
        neighbours.radii(reals[:3], 3)


def test_memorisation_tells_copies_from_new_images():
    training, held_out = normal(200, 8), normal(100, 8, 1)
    words = {"reference_features": held_out, "training_features": training}
    fresh = sets.MEMORISATION(output_features=normal(100, 8, 2), **words)
    copied = sets.MEMORISATION(output_features=training[:100] + normal(100, 8, 3, 0.01), **words)
    assert fresh.value == pytest.approx(1, abs=0.1) and copied.value < 0.05 and "100% of images" in copied.note
    assert abs(sets.DATA_COPYING(output_features=normal(100, 8, 2), **words).value) < 3
    assert sets.DATA_COPYING(output_features=training[:100], **words).value < -10
    with pytest.raises(ValueError, match="held out"):
        memorisation.memorisation(held_out, training[:50], training)


def test_data_copying_equals_scipys_rank_test():
    words = (normal(60, 3), normal(50, 3, 1), normal(80, 3, 2))
    ours = memorisation.data_copying(*words).value
    made, real = (spatial.distance.cdist(x, words[2]).min(1) for x in words[:2])
    theirs = stats.mannwhitneyu(made, real, use_continuity=False, method="asymptotic").pvalue
    assert 2 * stats.norm.sf(abs(ours)) == pytest.approx(theirs)


# likelihood, class score, histograms, structure


def test_parzen_worked_examples_and_scikit_learn():
    made = np.array([[1.0, 0], [-1, 0]])
    assert likelihood.parzen_log_likelihood(made, [[0, 0]], 1.0)[0] == pytest.approx(-2.337877, abs=1e-6)
    both = likelihood.parzen_log_likelihood(made, [[0, 0], [1, 0]], 0.5).mean()
    assert both == pytest.approx(-1.797989, abs=1e-6)
    assert likelihood.parzen_log_likelihood([[0.0]], [[0.0]], 1.0)[0] == pytest.approx(-0.918939, abs=1e-6)
    one, two = normal(40, 3), normal(30, 3, 1)
    theirs = KernelDensity(bandwidth=0.7, rtol=1e-12).fit(one).score_samples(two)
    assert likelihood.parzen_log_likelihood(one, two, 0.7) == pytest.approx(theirs, rel=1e-8)


def test_kernel_likelihood_prefers_images_of_the_same_kind_and_says_its_width():
    random = np.random.default_rng(0)
    reals, like, unlike = (list(random.normal(m, 10, (40, 1, 4, 4))) for m in (100, 100, 160))
    words = {"references": reals, "data_range": (0, 255)}
    found = [sets.LIKELIHOOD(outputs=x, **words) for x in (like, unlike)]
    assert found[0].value > found[1].value and "width" in found[0].note and "16 pixels" in found[0].note
    with pytest.raises(ValueError, match="one shape"):
        sets.LIKELIHOOD(outputs=[*like[1:], np.zeros((1, 3, 3))], **words)


def test_class_score():
    assert inception_score.class_score([[0.9, 0.1], [0.2, 0.8]], 1)[0] == pytest.approx(1.317052, abs=1e-6)
    assert inception_score.class_score(np.tile(np.eye(10), (20, 1)), 10) == pytest.approx((10, 0))
    assert inception_score.class_score(np.full((20, 4), 0.25), 2)[0] == pytest.approx(1)
    assert sets.INCEPTION_SCORE(probabilities=np.tile(np.eye(3), (50, 1))).value == pytest.approx(3, abs=0.3)
    with pytest.raises(ValueError, match="sum to 1"):
        inception_score.class_score([[0.4, 0.4]], 1)


def test_histograms_equal_scipy():
    p, q = np.array([0.5, 0.3, 0.2]), np.array([0.2, 0.3, 0.5])
    assert histograms.jensen_shannon(p, q) == pytest.approx(0.066414, abs=1e-6)
    assert histograms.jensen_shannon([1, 0], [0, 1]) == pytest.approx(np.log(2))
    assert histograms.wasserstein(p, q) == pytest.approx(0.6)
    one, two = np.random.default_rng(0).random((2, 12))
    assert histograms.jensen_shannon(one, two) == pytest.approx(
        spatial.distance.jensenshannon(one / one.sum(), two / two.sum()) ** 2
    )
    assert histograms.wasserstein(one, two) == pytest.approx(
        stats.wasserstein_distance(np.arange(12), np.arange(12), one, two)
    )


def test_pooled_histograms_shift_by_what_intensities_shift_and_say_what_they_clip():
    random = np.random.default_rng(1)
    reals = list(random.uniform(0, 100, (12, 2, 16, 16)))
    words = {"references": reals, "data_range": (0, 256)}
    moved = sets.W1(outputs=[image + 40 for image in reals], **words)
    assert moved.value == pytest.approx(40, abs=1e-9) and "256 bins over 0 to 256" in moved.note
    assert sets.JS(outputs=reals, **words).value == pytest.approx(0)
    assert sets.JS(outputs=[image + 120 for image in reals], **words).value == pytest.approx(np.log(2))
    assert "outside" in sets.W1(outputs=[image + 200 for image in reals], **words).note
    colour = [np.repeat(image[:1], 3, 0) for image in reals]
    with pytest.raises(NotApplicable, match="3 and 2 channels"):
        sets.JS(outputs=colour, **words)


def fundus(seed, blur=0.0, size=64):
    """A disc with branching dark lines on an orange ground."""
    from scipy.ndimage import gaussian_filter

    random = np.random.default_rng(seed)
    y, x = np.mgrid[:size, :size] / size - 0.5
    image = np.stack([0.8 - y * y - x * x, 0.5 - 0.8 * (y * y + x * x), 0.2 + 0 * x])
    for _ in range(8):
        angle, bend, wide = random.uniform(0, np.pi), random.normal(0, 0.6), random.uniform(0.008, 0.02)
        u, v = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
        image[1] -= 0.25 * np.exp(-((v - bend * u * u - random.normal(0, 0.1)) ** 2) / (2 * wide**2))
    image += random.normal(0, 0.01, image.shape)
    return np.stack([gaussian_filter(c, blur) for c in image]) if blur else image


def test_structure_invariants_do_not_turn_with_the_image():
    plane = fundus(0)[1]
    one, two = structure.invariants(plane, (1.0, 2.0)), structure.invariants(np.rot90(plane), (1.0, 2.0))
    inner = (slice(None), slice(12, -12), slice(12, -12))
    assert np.rot90(two, -1, axes=(1, 2))[inner] == pytest.approx(one[inner], abs=1e-10)


def test_structure_clustering_knows_blurred_fundus_images():
    fitted = structure.StructureClustering([fundus(k) for k in range(12)], [fundus(100 + k, 2.5) for k in range(12)])
    shares = fitted.features(fundus(5))
    assert shares.shape == (20,) and shares.reshape(4, 5).sum(1) == pytest.approx(1)
    good, bad = (fitted.scores([fundus(300 + k, blur) for k in range(8)]) for blur in (0.0, 2.5))
    assert np.mean(good[:, None] > bad[None]) > 0.95 and good.mean() > bad.mean()


def test_structure_clustering_as_a_measure():
    reals, poor = [fundus(k) for k in range(8)], [fundus(100 + k, 2.5) for k in range(8)]
    words = {"references": reals, "degraded": poor, "data_range": (0, 1)}
    good = sets.ISC(outputs=[fundus(200 + k) for k in range(6)], **words)
    bad = sets.ISC(outputs=[fundus(300 + k, 2.5) for k in range(6)], **words)
    assert good.value > bad.value + 0.3 and good.low is not None


def test_structure_clustering_on_real_fundus_images(real):
    """Photographs of DRIVE against their blurred copies: other photographs are told apart."""
    from scipy.ndimage import gaussian_filter, zoom

    from adversaria.data.read import read_image

    paths = sorted((real("fundus_drive") / "images").iterdir())
    photographs = [np.clip(zoom(read_image(path).array, (1, 0.25, 0.25), order=1) / 255, 0, 1) for path in paths]
    blurred = [gaussian_filter(image, (0, 2.5, 2.5)) for image in photographs]
    fitted = structure.StructureClustering(photographs[:6], blurred[:6])
    good, bad = fitted.scores(photographs[6:]), fitted.scores(blurred[6:])
    assert np.mean(good[:, None] > bad[None]) > 0.9


def test_people_are_found_by_likeness_and_by_chance_otherwise():
    from adversaria.metrics.sets.identification import identification_rate

    random = np.random.default_rng(0)
    known = random.standard_normal((8, 1, 12, 12))
    noisy = 3 * known + 5 + 0.5 * random.standard_normal(known.shape)
    assert identification_rate(noisy, known) == 1
    assert identification_rate(np.roll(noisy, 1, 0), known) == 0
    # two people are taken for each other: six of eight are found
    assert identification_rate(noisy[[1, 0, 2, 3, 4, 5, 6, 7]], known) == 0.75
    # the same face for everybody shares the one hit
    assert identification_rate(np.repeat(known[:1], 8, 0), known) == pytest.approx(1 / 8)
    hidden = noisy.copy()
    hidden[:, :, :6] = random.standard_normal((8, 1, 6, 12))
    region = np.zeros((12, 12), bool)
    region[6:] = True
    assert identification_rate(hidden, known, region) == 1
    with pytest.raises(ValueError, match="nobody"):
        identification_rate(known * 0, known)
    with pytest.raises(ValueError, match="cannot look"):
        identification_rate(known[:1], known[:1])
