"""Phantoms against their contract: keyed anatomy, slice = volume, stages apart, truth that agrees with the picture."""

import inspect
import json

import numpy as np
import pytest
from scipy.ndimage import binary_dilation

from adversaria.data import phantoms
from adversaria.data.phantoms import noise
from adversaria.data.phantoms.contrast import enhanced, gradient_echo, inversion_recovery, spin_echo
from adversaria.data.phantoms.fields import Lattice, axis
from adversaria.data.phantoms.shapes import ellipsoid
from adversaria.data.phantoms.tissues import Tissue

NAMES = [name for name in phantoms.__all__ if name != "Phantom"]
EVERY = pytest.mark.parametrize("name", NAMES)
# knobs of the acquisition: what they may not move is the truth
ACQUISITION = {"noise": 0.1, "counts": 0.1, "field": 1.5, "contrast": 0.3, "domain": "b", "exposure": 0.1}
# images of different people are less alike than this (nearest to median distance); patches of lung fall into two
# groups far apart, with and without the chest wall
LEAST_DISTANCE = {"LungNodule": 0.2, "MassRegion": 0.2}
# scattered light carries a finding beyond its border
FAR_REACHING = {"ChestFilm": 0.06, "ChestFilmPair": 0.06}
# its ultrasound is formed from labels on the case's own grid, so borders lie within a pixel
COARSE = {"TRUS": 0.25}


def make(name, **knobs):
    return getattr(phantoms, name)(**{"size": 64, **knobs})


def knobs(name):
    return inspect.signature(getattr(phantoms, name).__init__).parameters


# height (mm) of the middle of a volume, where a slice lies at a height of its own
MIDDLE = {
    "Heart": -40.0,
    **{
        name: getattr(phantoms, name).middle
        for name in NAMES
        if hasattr(getattr(phantoms, name), "middle") and "height" in knobs(name)
    },
    **dict.fromkeys([name for name in NAMES if name.startswith("Brain")], 0.0),
}


def quiet(name):
    if name == "MassRegion":  # photons of so small a pixel are few
        return {"exposure": 0.0}
    return {"noise": 0.0} if "noise" in knobs(name) else {}


def image(case, phantom):
    return case[phantom.words[0]]


def with_lesions(names=NAMES):
    return [name for name in names if "lesion" in getattr(phantoms, name).words]


def dimensions(name):
    return getattr(phantoms, name).dimensions()


@EVERY
def test_the_same_twice_and_every_subject_another(name):
    phantom = make(name)
    first = phantom.case(3)
    again = make(name).case(3)
    for word in phantom.units:
        assert np.array_equal(first[word], again[word]), word
    assert not np.array_equal(image(first, phantom), image(phantom.case(4), phantom))
    assert not np.array_equal(image(first, phantom), image(make(name, seed=1).case(3), phantom))


@EVERY
def test_words_units_shapes_and_finite_values(name):
    for dims in dimensions(name):
        phantom = make(name, size=32, dims=dims) if len(dimensions(name)) > 1 else make(name, size=32)
        case = phantom.case(0)
        assert set(phantom.words) <= set(case)
        json.dumps([case.get("lesions", []), case["label"]])
        for word in phantom.units:
            value = np.asarray(case[word])
            assert np.isfinite(value).all(), word
            if word not in ("label", "flow"):
                assert value.shape[1:] == (32,) * dims, word
                assert value.shape[0] in (1, 3) or word in ("contrasts", "joint", "bands", "flow", "frames"), word
            if phantom.units[word] == "labels":
                assert value.dtype.kind in "iu", word
            elif phantom.units[word] == "reflectance":
                assert value.min() >= 0 and value.max() <= 1
        assert len(phantom.spacings()) == dims
        volume = np.prod(phantom.spacings()) * phantom.spacing ** (3 - dims)
        assert abs(np.linalg.det(phantom.affine()[:3, :3])) == pytest.approx(volume)


@EVERY
def test_ten_factors_and_more_vary_between_subjects(name):
    phantom = make(name, size=32)
    cases = [phantom.case(k) for k in range(16)]
    factors = np.stack([case["factors"] for case in cases])
    assert len(phantom.factor_names) == factors.shape[1] >= 10
    assert (factors.std(0) > 0).all(), [n for n, s in zip(phantom.factor_names, factors.std(0), strict=True) if s == 0]
    if phantom.classes:
        labels = [case["label"] for case in cases]
        assert all(isinstance(label, int) and 0 <= label < len(phantom.classes) for label in labels)
        assert len(set(labels)) > 1


@EVERY
def test_no_two_are_alike(name):
    phantom = make(name, size=32)
    images = np.stack([image(phantom.case(k), phantom).ravel() for k in range(30)]).astype(np.float64)
    images = images - images.mean(0)
    distances = np.linalg.norm(images[:, None] - images[None], axis=-1)
    np.fill_diagonal(distances, np.inf)
    assert distances.min() / np.median(distances[np.isfinite(distances)]) > LEAST_DISTANCE.get(name, 0.3)
    alike = np.corrcoef(images)[np.triu_indices(30, 1)]
    assert alike.mean() < 0.9


@EVERY
def test_acquisition_moves_no_truth(name):
    base = {"prevalence": 1.0} if "prevalence" in knobs(name) else {}
    phantom = make(name, **base)
    plain = [phantom.case(k) for k in (2, 3)]
    labels = [word for word, unit in phantom.units.items() if unit == "labels"]
    for knob in set(ACQUISITION) & set(knobs(name)):
        other = [make(name, **base, **{knob: ACQUISITION[knob]}).case(k) for k in (2, 3)]
        for one, two in zip(plain, other, strict=True):
            assert all(np.array_equal(one[word], two[word]) for word in labels), knob
        images = [word for word in phantom.units if word not in labels]
        pairs = [(one[w], two[w]) for one, two in zip(plain, other, strict=True) for w in images]
        assert not all(np.array_equal(*pair) for pair in pairs), f"{knob} changes nothing"


@EVERY
def test_the_fine_grid_shows_the_same_subject(name):
    """A fine image averaged to a coarse grid differs by partial volume alone."""
    fine, coarse = make(name, size=128, **quiet(name)), make(name, size=64, **quiet(name))
    for subject in range(3):
        one, two = image(fine.case(subject), fine), image(coarse.case(subject), coarse)
        mean = one.reshape(len(one), 64, 2, 64, 2).mean((2, 4))
        lowest = two.min()
        limit = COARSE.get(name, 0.12)
        assert np.sqrt(np.mean((mean - two) ** 2)) < limit * np.sqrt(np.mean((two - lowest) ** 2)), subject


@pytest.mark.parametrize("name", [n for n in NAMES if 3 in dimensions(n)])
def test_a_2d_case_is_the_slice_of_the_volume(name):
    own = {"height": MIDDLE[name]} if name in MIDDLE else {}
    whole = {"incomplete": 0.0} if "incomplete" in knobs(name) else {}
    space = {"spacing": make(name).spacing * 64 / 33} if "spacing" in knobs(name) else {}
    space |= {"prevalence": 1.0} if "prevalence" in knobs(name) else {}
    solid = make(name, size=33, dims=3, **space, **quiet(name), **whole)
    flat = make(name, size=33, **space, **quiet(name), **own)
    for subject in range(2):
        volume, plane = solid.case(subject), flat.case(subject)
        for word in ("mask", solid.words[0]):
            middle, there = volume[word][..., 16].astype(float), plane[word].astype(float)
            differ = np.abs(middle - there) > 1e-3 * max(1.0, np.ptp(there))
            assert differ.mean() < 2e-3, (subject, word, differ.mean())


@pytest.mark.parametrize("name", with_lesions())
def test_prevalence_is_nested_and_twins_are_equal_but_for_the_lesion(name):
    half, all_ = make(name, prevalence=0.5), make(name, prevalence=1.0)
    sick = 0
    for subject in range(8):
        one, two, twin = half.case(subject), all_.case(subject), half.case(subject, healthy=True)
        if one["lesions"]:
            sick += 1
            assert np.array_equal(image(one, half), image(two, half))
        else:
            assert np.array_equal(image(one, half), image(twin, half))
        assert not twin["lesion"].any() and not twin["lesions"]
        away = ~binary_dilation(two["lesion"][0] > 0, iterations=6)
        least = FAR_REACHING.get(name, 0.01) * np.ptp(image(two, half))
        np.testing.assert_allclose(image(two, half)[:, away], image(twin, half)[:, away], atol=least)
    assert 0 < sick < 8
    assert not make(name, prevalence=1.0, healthy=True).case(0)["lesion"].any()


@pytest.mark.parametrize("name", with_lesions())
def test_prevalence_is_what_was_asked(name):
    quarter, half = make(name, prevalence=0.25), make(name, prevalence=0.5)
    few = np.array([quarter.sick(k) for k in range(1000)])
    many = np.array([half.sick(k) for k in range(1000)])
    assert few.mean() == pytest.approx(0.25, abs=3 * np.sqrt(0.25 * 0.75 / 1000))
    assert many.mean() == pytest.approx(0.5, abs=3 * np.sqrt(0.25 / 1000))
    assert (few <= many).all()


@pytest.mark.parametrize("name", with_lesions())
def test_lesions_lie_where_and_are_as_large_as_the_table_says(name):
    phantom = make(name, size=160, prevalence=1.0)
    for subject in range(3):
        case = phantom.case(subject)
        assert case["lesions"]
        for row in case["lesions"]:
            inside = np.argwhere(case["lesion"][0] == row["id"])
            if len(inside) < 12:
                continue
            voxels = np.concatenate([inside.mean(0) - (phantom.size - 1) / 2, [0.0]])
            place = phantom.affine()[:3, :3] @ voxels
            within = phantom.affine()[:3, :2].T @ (place - row["centre_mm"]) / phantom.spacing
            assert np.hypot(*within) < 3 * phantom.spacing + 0.25 * row["diameter_mm"]
            assert len(inside) * phantom.spacing**2 < 3.2 * np.pi * (row["diameter_mm"] / 2 + phantom.spacing) ** 2


@pytest.mark.parametrize("name", [n for n in NAMES if "fractions" in knobs(n)])
def test_fractions_sum_to_one_and_the_mask_is_the_largest(name):
    case = make(name, fractions=True, prevalence=0.0).case(1)
    found = case["fractions"]
    assert found.min() >= -1e-6 and found.max() <= 1 + 1e-5
    np.testing.assert_allclose(found.sum(0), 1, atol=1e-4)
    sure = found.max(0) > 0.6
    parts = {tuple(np.unique(case["mask"][0][sure & (found.argmax(0) == k)])) for k in range(len(found))}
    assert all(len(labels) <= 2 for labels in parts)


# fields, shapes, noise, signals


def test_a_slice_is_the_slice_of_the_field():
    """The field that everything stands on gives the same values on a plane and in a volume."""
    across, up = axis(24, 5.0), axis(24, 5.0)
    lattice = Lattice(("a", 1), 17.0)
    volume = lattice.on((across, across, up))
    plane = lattice.on((across, across, up[7:8]))
    np.testing.assert_allclose(plane[..., 0], volume[..., 7], atol=1e-5)
    fine = lattice.on((axis(48, 2.5), axis(48, 2.5), up[7:8]))
    coarse = fine.reshape(24, 2, 24, 2).mean((1, 3))
    assert np.linalg.norm(coarse - plane[..., 0]) / np.linalg.norm(plane) < 0.06


def test_a_field_has_unit_deviation_and_exact_slopes():
    axes = (axis(64, 4.0),) * 2 + (axis(1, 1.0),)
    values = [Lattice(("sd", k), 8.0).on(axes) for k in range(20)]
    assert np.std(values) == pytest.approx(1, abs=0.05)
    lattice, step = Lattice(("slope",), 9.0), 0.02
    fine = (axis(3, step, 5.0), axis(3, step, -11.0), axis(3, step, 2.0))
    field, slopes = lattice.with_slopes(fine)
    np.testing.assert_array_equal(field, lattice.on(fine))
    for k in range(3):
        ends = np.take(field, [0, 2], k).astype(float)
        centre = slopes[k][1, 1, 1]
        difference = np.diff(ends, axis=k).mean() / (2 * step)
        assert centre == pytest.approx(difference, abs=2e-3)
    spread = np.std([Lattice(("s", k), 8.0).with_slopes(axes)[1][0] for k in range(10)])
    assert spread == pytest.approx(1.18 / 8, rel=0.1)


def test_distance_to_an_ellipsoid():
    """On a sphere it is exact everywhere, its centre too; outside an ellipsoid's tip it is the way to the tip."""
    points = tuple(np.array([v], np.float32).reshape(1, 1, 1) for v in (0.0, 3.0, 4.0))
    assert ellipsoid(points, (0, 0, 0), (2, 2, 2)).item() == pytest.approx(3)
    middle = tuple(np.zeros((1, 1, 1), np.float32) for _ in range(3))
    assert ellipsoid(middle, (0, 0, 0), (2, 2, 2)).item() == pytest.approx(-2)
    tip = (np.full((1, 1, 1), 5.5, np.float32), middle[0], middle[0])
    assert ellipsoid(tip, (0, 0, 0), (5, 2, 2)).item() == pytest.approx(0.5, rel=0.15)


def test_noise_follows_its_laws():
    random = np.random.default_rng(0)
    air = noise.rician(np.zeros((200, 200)), 0.05, random)
    assert air.mean() / air.std() == pytest.approx(1.91, abs=0.03)
    assert air.mean() == pytest.approx(0.05 * np.sqrt(np.pi / 2), rel=0.02)
    grain = noise.reconstructed((128, 128, 2), random)
    assert grain.std() == pytest.approx(1, rel=0.03) and abs(grain.mean()) < 1e-4
    power = np.square(np.abs(np.fft.fft2(grain[..., 0])))
    f = np.hypot(*np.meshgrid(*(np.fft.fftfreq(128) * 2,) * 2, indexing="ij"))
    rings = [power[(f >= low) & (f < low + 0.05)].mean() for low in np.arange(0, 1, 0.05)]
    assert (
        0.2 <= 0.05 * (int(np.argmax(rings)) + 0.5) <= 0.45
        and rings[0] < 0.3 * max(rings)
        and rings[-1] < 0.1 * max(rings)
    )
    activity = np.full((64, 64, 1), 3.0, np.float32)
    for counts in (4e5, 1e5):
        scan = noise.counted(activity, counts, random, grain=0.0)
        assert scan.std() / scan.mean() == pytest.approx((counts / 4096) ** -0.5, rel=0.05)
    light = np.full((100, 100), 0.5)
    assert noise.camera(light, random, shot=4e-4, read=0.006).var() == pytest.approx(4e-4 * 0.5 + 0.006**2, rel=0.05)


def test_signal_equations_in_their_limits():
    long = Tissue(800.0, 80.0, 50.0, 0.7, 0.0, 0.0)
    assert spin_echo(long, 1e6, 0) == pytest.approx(0.7)
    assert spin_echo(long, 1e6, 80) == pytest.approx(0.7 / np.e)
    assert inversion_recovery(long, 1e6, 0, 800 * np.log(2)) == pytest.approx(0, abs=1e-9)
    assert gradient_echo(long, 1e6, 0, 90) == pytest.approx(0.7)
    ernst = np.rad2deg(np.arccos(np.exp(-22 / 800)))
    assert gradient_echo(long, 22, 0, ernst) >= max(gradient_echo(long, 22, 0, ernst + d) for d in (-3, 3))
    assert 1 / enhanced(long, 0.2).t1 == pytest.approx(1 / 800 + 4.5 * 0.2 / 1000)
