"""Phantoms against their contract: keyed anatomy, slice = volume, stages apart, truth that agrees."""

import numpy as np
import pytest

from adversaria.data import phantoms

NAMES = [name for name in phantoms.__all__ if name != "Phantom"]
EVERY = pytest.mark.parametrize("name", NAMES)
MAIN = {"Brain": "t1", "TorsoCT": "ct"}


def make(name, **knobs):
    return getattr(phantoms, name)(**{"size": 64, **knobs})


@EVERY
def test_the_same_twice_and_every_subject_another(name):
    phantom, word = make(name), MAIN[name]
    assert np.array_equal(phantom.case(3)[word], make(name).case(3)[word])
    assert not np.array_equal(phantom.case(3)[word], phantom.case(4)[word])
    assert not np.array_equal(phantom.case(3)[word], make(name, seed=1).case(3)[word])


@EVERY
def test_words_units_shapes_and_finite_values(name):
    for dims in (2, 3):
        phantom = make(name, size=32, dims=dims)
        case = phantom.case(0)
        assert set(phantom.words) <= set(case)
        for word in phantom.units:
            assert case[word].shape == (1, *(32,) * dims) and np.isfinite(case[word]).all(), word
        assert len(case["factors"]) >= 10 and len(phantom.spacings()) == dims
        assert abs(np.linalg.det(phantom.affine()[:3, :3])) == pytest.approx(phantom.spacing**3)


@EVERY
def test_no_two_are_alike(name):
    images = np.stack([make(name).case(k)[MAIN[name]].ravel() for k in range(30)])
    images = images - images.mean(0)
    distances = np.linalg.norm(images[:, None] - images[None], axis=-1)
    np.fill_diagonal(distances, np.inf)
    assert distances.min() / np.median(distances[np.isfinite(distances)]) > 0.3


@EVERY
def test_prevalence_is_nested_and_twins_are_equal_but_for_the_lesion(name):
    half, all_ = make(name), make(name, prevalence=1.0)
    sick = 0
    for subject in range(12):
        one, two, twin = half.case(subject), all_.case(subject), half.case(subject, healthy=True)
        if one["lesions"]:
            sick += 1
            assert np.array_equal(one[MAIN[name]], two[MAIN[name]])
        assert not twin["lesion"].any()
        away = one["lesion"][0] == 0
        from scipy.ndimage import binary_erosion

        away = binary_erosion(away, iterations=4)
        np.testing.assert_allclose(one[MAIN[name]][0][away], twin[MAIN[name]][0][away], atol=1e-3)
    assert 1 < sick < 11


@EVERY
def test_contrast_moves_no_mask_and_noise_moves_no_anatomy(name):
    plain, faint = make(name, prevalence=1.0), make(name, prevalence=1.0, contrast=0.3)
    one, two = plain.case(2), faint.case(2)
    assert np.array_equal(one["lesion"], two["lesion"])
    if name == "Brain":
        assert np.array_equal(make(name, noise=0.1).case(2)["mask"], make(name).case(2)["mask"])


@EVERY
def test_fractions_sum_to_one(name):
    found = make(name, fractions=True).case(1)["fractions"]
    assert found.min() >= -1e-6 and found.max() <= 1 + 1e-5
    np.testing.assert_allclose(found.sum(0), 1, atol=1e-4)


@EVERY
def test_lesions_have_the_stated_size(name):
    phantom = make(name, size=192, prevalence=1.0)
    for subject in range(6):
        case = phantom.case(subject)
        for row in case["lesions"]:
            found = (case["lesion"] == row["id"]).sum() * phantom.spacing**2
            radius = row["diameter_mm"] / 2
            assert found <= 2.2 * np.pi * radius**2 + 4 * phantom.spacing**2


def test_a_slice_is_the_slice_of_the_volume():
    """The field that everything stands on gives the same values on a plane and in a volume."""
    from adversaria.data.phantoms.fields import Lattice, axis

    across, up = axis(24, 5.0), axis(24, 5.0)
    lattice = Lattice(("a", 1), 17.0)
    volume = lattice.on((across, across, up))
    plane = lattice.on((across, across, up[7:8]))
    np.testing.assert_allclose(plane[..., 0], volume[..., 7], atol=1e-5)
    fine = lattice.on((axis(48, 2.5), axis(48, 2.5), up[7:8]))
    coarse = fine.reshape(24, 2, 24, 2).mean((1, 3))
    assert np.linalg.norm(coarse - plane[..., 0]) / np.linalg.norm(plane) < 0.06


def test_a_lattice_field_has_unit_deviation():
    from adversaria.data.phantoms.fields import Lattice, axis

    values = [Lattice(("sd", k), 8.0).on((axis(64, 4.0),) * 2 + (axis(1, 1.0),)) for k in range(20)]
    assert np.std(values) == pytest.approx(1, abs=0.05)


def test_torso_organs_have_their_numbers_and_orientation():
    """Air around, lungs dark, liver on the image's left (the patient's right), spine at the back."""
    labels = phantoms.torso.LABELS
    for subject in range(4):
        case = make("TorsoCT", size=128).case(subject)
        image, mask = case["ct"][0], case["mask"][0]
        assert image[0, 0] == -1000 and 40 < image[mask == labels["liver"]].mean() < 130
        assert -115 < np.median(image[mask == labels["fat"]]) < -80
        column = {name: np.argwhere(mask == labels[name])[:, 1].mean() for name in ("liver", "spleen")}
        assert column["liver"] < 64 < column["spleen"]
        assert np.argwhere(mask == labels["bone"])[:, 0].max() > 75
        body = (image > -500).mean()
        assert 0.3 < body < 0.75


def test_brain_contrasts_have_their_order():
    """CSF is dark in T1 and FLAIR and bright in T2; plaques are bright in FLAIR; bone is bright in CT."""
    labels = phantoms.brain.LABELS
    case = make("Brain", size=128, prevalence=1.0).case(1)
    mask = case["mask"][0]

    def mean(word, tissue):
        return np.median(case[word][0][mask == labels[tissue]])

    assert mean("t1", "csf") < mean("t1", "grey") < mean("t1", "white")
    assert mean("t2", "csf") > mean("t2", "grey") > mean("t2", "white")
    assert mean("flair", "csf") < mean("flair", "white") < mean("flair", "lesion")
    assert mean("ct", "skull") > 400 > 60 > mean("ct", "grey") > mean("ct", "csf")
    assert mean("pet", "deep grey") > mean("pet", "white")


def test_unknown_levels_and_dimensions_are_refused():
    with pytest.raises(ValueError, match="level 'knee'"):
        make("TorsoCT", level="knee")
    with pytest.raises(ValueError, match="2 or 3"):
        make("Brain", dims=4)
