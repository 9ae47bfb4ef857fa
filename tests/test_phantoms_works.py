"""The phantoms of reconstruction works against their own laws and truth."""

import numpy as np
import pytest

from adversaria.data import phantoms
from adversaria.data.phantoms import foam
from adversaria.draws import stream
from adversaria.physics import Mistriggered


@pytest.mark.parametrize("subject", range(3))
def test_bubbles_do_not_touch_and_stay_inside(subject):
    name = ("Foam", 0, subject)
    f = foam.drawn(name)
    places, radii, grains = foam.packed(name, f)
    gaps = np.linalg.norm(places[:, None] - places[None], axis=2) - radii[:, None] - radii[None]
    np.fill_diagonal(gaps, 1)
    assert len(radii) > 100 and gaps.min() > f["gap"] and 0 < grains.sum() < len(radii) / 3
    assert (np.hypot(*(places[:, :2] - [f["x"], f["y"]]).T) + radii < f["sample"]).all()


def test_foam_holes_are_air_and_the_solid_is_as_dense_as_stated():
    phantom = phantoms.Foam(size=160, prevalence=0.0)
    case = phantom.case(1)
    density = case["factors"][phantom.factor_names.index("density")]
    from scipy.ndimage import binary_erosion

    for label, wanted in (("bubble", -1000.0), ("solid", density)):
        inside = binary_erosion(case["mask"][0] == foam.LABELS[label], iterations=2)
        assert case["ct"][0][inside].mean() == pytest.approx(wanted, abs=25)
    holes = (case["mask"] == 2).sum() / (case["mask"] > 0).sum()
    assert 0.1 < holes < 0.6


def test_trabeculae_have_their_thickness_and_lie_inside_the_shell():
    phantom = phantoms.Trabecula(size=256, prevalence=0.0)
    for subject in range(2):
        case = phantom.case(subject)
        mask = case["mask"][0]
        assert {1, 2, 3} <= set(np.unique(mask)) and 0.08 < (mask == 2).sum() / ((mask == 1) | (mask == 2)).sum() < 0.6
        from scipy.ndimage import distance_transform_edt

        depth = distance_transform_edt(mask >= 2) * phantom.spacing
        ridge = np.median(depth[(mask == 2) & (depth > np.percentile(depth[mask == 2], 80))])
        thick = case["factors"][phantom.factor_names.index("thickness")]
        assert 0.3 * thick < ridge < 2.5 * thick


def test_an_electrode_lies_in_the_cochlea_and_is_all_that_is_implanted():
    for subject in range(4):
        case = phantoms.TemporalBone(size=128).case(subject)
        electrode = case["electrode"][0] > 0
        assert electrode.sum() > 16 and (case["mask"][0][electrode] == 3).mean() > 0.8
        away = case["implanted"] == case["ct"]
        assert not away[0][electrode].any() and away.mean() > 0.97
        assert case["implanted"].max() > 9000
    solid = phantoms.TemporalBone(size=80, dims=3, spacing=0.25).case(0)
    from scipy.ndimage import label

    assert label(solid["electrode"][0])[1] in range(10, 17)


def test_mucosa_of_each_kind_has_its_parts():
    wanted = {0: {1, 2}, 1: {3}, 2: {1, 4}, 3: {1, 2}}
    for kind, parts in wanted.items():
        shares = tuple(float(k == kind) for k in range(4))
        for subject in range(3):
            case = phantoms.Endomicroscopy(size=96, shares=shares).case(subject)
            assert case["label"] == kind and parts <= set(np.unique(case["mask"]))
    crypts = phantoms.Endomicroscopy(size=128, shares=(1.0, 0.0, 0.0, 0.0), noise=0.0).case(0)
    image, mask = crypts["image"], crypts["mask"]
    assert image[mask == 2].mean() < 0.5 * image[mask == 1].mean()


def test_a_beat_begins_full_and_moves():
    phantom = phantoms.HeartCine(size=48, noise=0.0)
    case, still = phantom.case(2), phantoms.Heart(size=48, noise=0.0).case(2)
    assert case["frames"].shape == (8, 48, 48)
    np.testing.assert_array_equal(case["frames"][:1], still["cine"])
    moved = [np.abs(f - case["frames"][0]).mean() for f in case["frames"]]
    assert moved[0] == 0 and moved[1] > 0 and np.argmax(moved) in (2, 3, 4)
    import torch

    torn = Mistriggered(0.5).measure(torch.from_numpy(case["frames"])[None], 1.0, stream("x"))
    assert torn.shape == (1, 2, 48, 48)


def test_anonymised_heads_keep_the_brain_and_lose_the_face():
    phantom = phantoms.HeadFace(size=96, noise=0.0)
    for subject in range(3):
        case = phantom.case(subject)
        brain = np.isin(case["tissue"], (2, 3))
        share = (case["face"] > 0).mean()
        assert 0.02 < share < 0.25
        for word in ("removed", "blurred"):
            np.testing.assert_allclose(case[word][brain], case["t1"][brain], atol=30)
        assert case["removed"][case["face"] > 0].mean() < 0.4 * case["t1"][case["face"] > 0].mean()


def test_faces_tell_people_apart_and_the_removed_ones_less():
    """The face region of another noise realisation finds its person; without a face there is nothing to find."""
    one, two = (phantoms.HeadFace(size=64, noise=noise) for noise in (0.02, 0.05))
    cases, again = [one.case(k) for k in range(12)], [two.case(k) for k in range(12)]
    region = np.stack([c["face"][0] > 0 for c in cases]).any(0)

    def found(word):
        first = np.stack([c["t1"][0][region] for c in cases])
        second = np.stack([c[word][0][region] for c in again])
        return np.mean(np.corrcoef(first, second)[:12, 12:].argmax(0) == np.arange(12))

    assert found("t1") == 1
    assert found("removed") < 1
