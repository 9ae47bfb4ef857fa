"""Phantoms of microscopes, cameras and retinas against what they were made from."""

import numpy as np
import pytest
from scipy.ndimage import label as components
from scipy.stats import spearmanr

from adversaria.data import phantoms
from adversaria.data.phantoms.histology import LABS, stains
from adversaria.data.phantoms.nuclei import apart, scattered


def densities(image):
    return -np.log10(np.maximum(image, 1e-3))


def macenko(image):
    """Two stain vectors of a picture: the extreme directions in the plane of its optical densities."""
    od = densities(image).reshape(3, -1).T
    od = od[od.sum(1) > 0.25]
    _, vectors = np.linalg.eigh(np.cov(od.T))
    plane = vectors[:, [2, 1]] * np.sign(vectors[0, [2, 1]].sum() or 1)
    angles = np.arctan2(*(od @ plane).T[::-1])
    ends = [plane @ [np.cos(a), np.sin(a)] for a in np.percentile(angles, [1, 99])]
    return [v * np.sign(v.sum()) / np.linalg.norm(v) for v in ends]


def test_bodies_keep_their_distance():
    random = np.random.default_rng(0)
    places = random.uniform(0, 50, (300, 2))
    radii = np.full(300, 2.0)
    kept = places[apart(places, radii, 1.0)]
    gaps = np.linalg.norm(kept[:, None] - kept[None], axis=-1) + 99 * np.eye(len(kept))
    assert gaps.min() >= 4.0 and len(kept) > 60
    dense = scattered(random, 50.0, 0.01)
    assert len(dense) == pytest.approx(100, rel=0.15)


@pytest.mark.parametrize("tissue", ["gland", "tumour", "lymph node", "cervix"])
def test_nuclei_have_the_size_of_their_kind_and_are_dark(tissue):
    phantom = phantoms.Histology(size=256, tissue=tissue)
    case = phantom.case(1)
    kinds, which = case["kinds"][0], case["nuclei"][0]
    areas = np.bincount(which.ravel())[1:] * (1000 * phantom.spacing) ** 2
    whole = areas[areas > 8]
    assert 12 < np.median(whole) < 110
    assert 0.05 < (which > 0).mean() < 0.5 and set(np.unique(kinds)) <= set(range(6))
    inside, outside = (densities(case["image"])[:, m].mean() for m in (which > 0, which == 0))
    assert inside > 1.3 * outside


def test_a_lab_is_told_by_its_stains_and_the_same_section_lies_behind():
    case = phantoms.Histology(size=256).case(0)
    for lab in ("a", "b"):
        found = macenko(case[f"scan_{lab}"])
        wanted = [np.array(v) / np.linalg.norm(v) for v in LABS[lab][:2]]
        best = [max(float(w @ f) for f in found) for w in wanted]
        assert np.rad2deg(np.arccos(np.clip(best, -1, 1))).max() < 20, lab
    assert np.array_equal(case["image"], case["scan_a"]) and not np.array_equal(case["scan_a"], case["scan_b"])
    assert stains(("x",), "a")[0].shape == (2, 3)


def test_grades_crowd_glands_and_the_membrane_runs_through():
    cases = [phantoms.Histology(size=64).case(k) for k in range(24)]
    lumen = [(c["mask"] == 3).mean() for c in cases]
    assert spearmanr([c["label"] for c in cases], lumen).statistic < -0.3
    membrane = phantoms.Histology(size=128, tissue="cervix").case(0)["mask"][0] == 6
    assert membrane.any(0).all() and components(membrane, np.ones((3, 3)))[1] == 1


def test_the_index_is_the_share_of_brown_nuclei():
    cases = [phantoms.IHC(size=96).case(k) for k in range(8)]
    for case in cases:
        tumour = np.unique(case["nuclei"][case["kinds"] == 2])
        brown = [np.median(case["mask"][case["nuclei"] == k]) == 2 for k in tumour]
        assert case["index"] == pytest.approx(np.mean(brown), abs=1e-6)
        assert not (case["mask"][case["kinds"] != 2] == 2).any()
    assert len({case["label"] for case in cases}) == 2
    most = max(cases, key=lambda c: c["index"])
    assert most["image"][2][most["mask"][0] == 2].mean() < 0.6 * most["image"][2][most["mask"][0] == 1].mean()


def test_bands_tell_haematoxylin_and_only_part_of_the_eosin():
    case = phantoms.Hyperspectral(size=128, noise=0.0).case(0)
    od = densities(case["bands"]).reshape(20, -1).T
    stroma = (case["mask"][0] == 1).ravel() & (case["nuclei"][0] == 0).ravel()
    x = np.column_stack([od, np.ones(len(od))])
    shares = {}
    for word, here in (("eosin", stroma), ("haematoxylin", np.ones_like(stroma))):
        y = case[word].ravel()[here]
        fit = x[here] @ np.linalg.lstsq(x[here], y, rcond=None)[0]
        shares[word] = 1 - np.var(y - fit) / np.var(y)
    assert 0.3 < shares["eosin"] < 0.9 < 0.93 < shares["haematoxylin"] + 0.05


def test_membranes_take_the_measured_share_and_part_the_cells():
    """12 sections of the ISBI set: membranes take 24 % of the pixels, about 5 pixels of 4 nm wide."""
    cases = [phantoms.EM(size=256).case(k) for k in range(4)]
    assert np.mean([c["membrane"].mean() for c in cases]) == pytest.approx(0.24, abs=0.08)
    for case in cases:
        assert case["image"][case["membrane"] > 0].mean() < case["image"][case["membrane"] == 0].mean() - 0.08
        assert np.array_equal(case["instances"] == 0, case["membrane"] > 0)
    assert 15 < np.mean([len(np.unique(c["instances"])) for c in cases]) < 60


def test_patterns_differ_where_they_should():
    cases = [phantoms.HEp2(size=64, noise=0.0).case(k) for k in range(40)]
    rim = {}
    for case in cases:
        image, mask = case["image"][0], case["mask"][0] > 0
        far = np.hypot(*(np.indices(mask.shape) - np.argwhere(mask).mean(0)[:, None, None]))
        edge = mask & (far > 0.8 * far[mask].max())
        rim.setdefault(case["label"], []).append(image[edge].mean() / image[mask].mean())
    assert np.mean(rim[4]) > np.mean(rim[0]) > 0 and set(rim) == set(range(6))
    bright = [c["image"][c["mask"] > 0].mean() for c in cases if c["label"] == 0]
    levels = [c["level"] for c in cases if c["label"] == 0]
    assert spearmanr(bright, levels).statistic > 0.7


def test_layers_lie_in_order_with_the_published_thickness():
    """Means of PMC6042244: 257 um at the fovea and 335 um in the ring of 1 to 3 mm, with a spread of 17."""
    phantom = phantoms.OCT(prevalence=0.0)
    whole = []
    for subject in range(8):
        borders = phantom.case(subject)["borders"]
        assert (np.diff(borders, axis=0) > 0).all()
        whole.append((borders[8] - borders[0]).astype(float))
    thick = np.array(whole)
    assert np.mean(thick.min(1)) == pytest.approx(257, abs=30)
    assert np.mean(thick[:, [0, -1]]) == pytest.approx(320, abs=30)
    sick = phantoms.OCT(prevalence=1.0)
    for subject in range(6):
        case, twin = sick.case(subject), sick.case(subject, healthy=True)
        assert case["anomaly"].any() and not twin["anomaly"].any() and case["label"] > 0 == twin["label"]


def test_a_rendered_colon_is_lit_by_the_square_of_its_depth():
    case = phantoms.Endoscopy(size=96, prevalence=0.0).case(1)
    field = case["fov"][0] > 0
    depth, plain = case["depth"][0][field], case["rendered"][0][field]
    rays = case["normals"][:, field]
    np.testing.assert_allclose(np.linalg.norm(rays, axis=0), 1, atol=1e-3)
    assert spearmanr(plain, 1 / np.square(depth)).statistic > 0.5
    real = spearmanr(case["image"][0][field], 1 / np.square(depth)).statistic
    assert real < 0.99 and depth.min() > 1
    found = [
        phantoms.Endoscopy(size=48, scene=s, prevalence=1.0).case(0)["mask"].max() for s in ("colon", "laparoscopy")
    ]
    assert found == [2, 3]
