"""Phantoms of bodies, films and pairs against laws of their own: what was asked for is what lies in the arrays."""

import numpy as np
import pytest
from scipy.ndimage import map_coordinates

from adversaria.data import phantoms
from adversaria.data.phantoms.beams import dose
from adversaria.data.phantoms.fields import axis
from adversaria.data.phantoms.misregistration import Displacement
from adversaria.data.phantoms.prostate_anatomy import GROUPS
from adversaria.data.phantoms.ultrasound import Machine, Probe, b_mode

MOVABLE = {"Brain": "t2", "Pelvis": "ct", "TorsoMR": "ct", "WholeHeart": "mr", "Spine": "t2", "Knee": "t2"}
PAIRS = ("ChestFilmPair", "FundusAngiography")


def brought_back(mask, flow, spacing):
    """A label map (1, *S) at x + flow(x), by the nearest voxel, and where that lies within the image."""
    places = np.meshgrid(*(np.arange(n) for n in mask.shape[1:]), indexing="ij")
    at = [p + u / spacing for p, u in zip(places, flow, strict=True)]
    inside = np.all([(a >= 0) & (a <= n - 1) for a, n in zip(at, mask.shape[1:], strict=True)], axis=0)
    return map_coordinates(mask[0], at, order=0, mode="nearest"), inside


@pytest.mark.parametrize("dims", [2, 3])
def test_a_displacement_has_the_size_that_was_asked_for_and_is_undone_by_its_flow(dims):
    across = axis(40, 4.0)
    axes = (across, across, across if dims == 3 else np.zeros(1, np.float32))
    way = Displacement.drawn(("test", dims), axes, 4.0, 5.0)
    assert way.flow.shape == (dims, *(40,) * dims)
    assert np.sqrt(np.square(way.flow).sum(0).mean()) == pytest.approx(5.0, rel=0.05)
    x = np.broadcast_to(across[:, None, None], [len(a) for a in axes])
    smooth = np.sin(x / 20).astype(np.float32)
    moved = way.image(smooth)[..., 0] if dims == 2 else way.image(smooth)
    plain = smooth[..., 0] if dims == 2 else smooth
    turned = np.moveaxis(moved, 0, 1)[None], np.moveaxis(plain, 0, 1)
    places = np.meshgrid(*(np.arange(n) for n in turned[1].shape), indexing="ij")
    back = map_coordinates(turned[0][0], [p + u / 4 for p, u in zip(places, way.flow, strict=True)], order=3)
    middle = (slice(8, -8),) * dims
    assert np.abs(back - turned[1])[middle].max() < 0.02


@pytest.mark.parametrize("name", MOVABLE)
def test_flow_brings_the_moving_mask_back(name):
    phantom = getattr(phantoms, name)(size=96, misregistration=6.0, moving=MOVABLE[name])
    case, still = phantom.case(1), getattr(phantoms, name)(size=96).case(1)
    assert np.sqrt(np.square(case["flow"]).sum(0).mean()) == pytest.approx(6.0, rel=0.05)
    back, inside = brought_back(case["moving_mask"], case["flow"], phantom.spacing)
    alike = (back == case["mask"][0])[inside].mean()
    before = (case["moving_mask"] == case["mask"])[0][inside].mean()
    assert alike > 0.96 and 1 - alike < 0.4 * (1 - before)
    assert np.array_equal(case["mask"], still["mask"]) and np.array_equal(case[MOVABLE[name]], still[MOVABLE[name]])
    with pytest.raises(ValueError, match="move"):
        getattr(phantoms, name)(misregistration=1.0, moving="hologram")


@pytest.mark.parametrize("name", PAIRS)
def test_pairs_are_joined_by_their_flow(name):
    phantom = getattr(phantoms, name)(size=128)
    case = phantom.case(2)
    fixed, moving = ("vessels", "moving_vessels") if name == "FundusAngiography" else ("mask", "moving_mask")
    back, inside = brought_back(case[moving], case["flow"], phantom.spacing)
    field = inside & (case["fov"][0] > 0 if "fov" in case else True)
    found, wanted = back[field] > 0, case[fixed][0][field] > 0
    before = case[moving][0][field] > 0
    dice = [2 * (one & wanted).sum() / (one.sum() + wanted.sum()) for one in (found, before)]
    assert dice[0] > 0.9 and dice[0] > dice[1] + 0.02


# pelvis, torso, heart


def test_fat_and_water_make_in_phase_and_opposed():
    phantom = phantoms.Pelvis(size=64, noise=0.0)
    case = phantom.case(0)
    whole, opposed = (case[word][0] for word in ("inphase", "opposed"))
    fat, water = (case[word][0] for word in ("fat", "water"))
    np.testing.assert_allclose(whole, fat + water, atol=2)
    np.testing.assert_allclose(opposed, np.abs(fat - water), atol=2)
    bone = np.isin(case["mask"][0], (3, 4, 5))
    assert case["ct"][0][bone].mean() > 200 > 100 > np.median(case["ct"][0][case["mask"][0] == 2])


def test_another_session_has_another_bladder_and_the_same_bones():
    one, two = (phantoms.Pelvis(size=64, bladder=b, height=10.0).case(3) for b in (0.0, 0.6))
    assert np.array_equal(one["mask"], two["mask"]) and np.array_equal(one["mask"], one["ct_mask"])
    assert not np.array_equal(two["mask"] == 6, two["ct_mask"] == 6)
    assert np.array_equal(two["mask"] == 4, two["ct_mask"] == 4)


def test_dose_falls_with_water_equivalent_depth_and_only_within_the_beam():
    hu = np.zeros((40, 40, 1), np.float32)
    field = np.zeros_like(hu)
    field[15:25, 18:22] = 1
    one = dose(hu, field, 5.0, [0])
    line = one[20, :, 0]
    depth = 5.0 * (np.arange(40) + 0.5)
    tail = depth > 60
    assert np.polyfit(depth[tail], np.log(line[tail]), 1)[0] == pytest.approx(-0.0049, rel=0.02)
    assert one[5].max() == 0
    denser = dose(np.where(np.arange(40)[None, :, None] < 10, 300.0, 0.0) + hu, field, 5.0, [0])
    assert denser[20, 30, 0] == pytest.approx(line[30] * np.exp(-0.0049 * 0.3 * 50), rel=0.01)
    spared = dose(hu, field, 5.0, [0], spare=(np.arange(40)[:, None, None] == 20) * np.ones_like(hu))
    assert spared[20, 20, 0] == pytest.approx(0.35 * line[20])


def test_a_tumour_may_be_hot_and_unseen_or_seen_and_cold():
    rows = [row for k in range(60) for row in phantoms.TorsoMR(size=24, prevalence=1.0).case(k)["lesions"]]
    hot, seen = (np.array([row[word] for row in rows]) for word in ("hot", "seen"))
    assert np.mean(hot[seen]) == pytest.approx(0.63, abs=0.15) and 0.05 < np.mean(~seen[hot]) < 0.32
    phantom = phantoms.TorsoMR(size=96, prevalence=1.0, noise=0.0)
    for subject in range(12):
        case, twin = phantom.case(subject), phantom.case(subject, healthy=True)
        for row in case["lesions"]:
            here = case["lesion"] == row["id"]
            if here.sum() > 20:
                assert (np.abs(case["ct"] - twin["ct"])[here].mean() > 10) == row["seen"]
                assert ((case["pet"] - twin["pet"])[here].mean() > 0.4) == row["hot"]
    large = phantoms.TorsoMR(size=64, lesion="splenomegaly", prevalence=1.0)
    assert (
        np.mean([(large.case(k)["mask"] == 7).mean() / (large.case(k, True)["mask"] == 7).mean() for k in (0, 1)]) > 1.3
    )


def test_a_whole_heart_has_seven_structures_and_thicker_walls_when_sick():
    phantom = phantoms.WholeHeart(size=48, dims=3, prevalence=1.0)
    case, twin = phantom.case(1), phantom.case(1, healthy=True)
    assert set(np.unique(case["mask"])) == set(range(8))
    assert (case["mask"] == 2).sum() > 1.15 * (twin["mask"] == 2).sum()
    blood = [case["ct"][case["mask"] == k].mean() for k in (1, 3)]
    assert blood[0] > 300 > blood[1] > 130


# prostate, spine, knee, throat


def test_a_pressed_prostate_keeps_its_volume_and_its_landmarks():
    phantom = phantoms.Prostate(size=96)
    for subject in range(2):
        case = phantom.case(subject)
        flow = case["flow"] / phantom.spacing
        slopes = np.stack([np.stack(np.gradient(u)) for u in flow]) + np.eye(2)[..., None, None]
        gland = np.isin(case["trus_mask"][0], (1, 2, 3))
        assert np.abs(np.linalg.det(np.moveaxis(slopes, (0, 1), (-2, -1)))[gland] - 1).mean() < 0.03
        at = case["trus_landmarks"].T
        shift = np.stack([map_coordinates(u, at, order=1) for u in flow], 1)
        np.testing.assert_allclose(case["trus_landmarks"] + shift, case["landmarks"], atol=1e-3)
        assert np.abs(case["flow"]).max() > 1
    still = phantoms.Prostate(size=64, pressure=0.0).case(0)
    assert np.array_equal(still["mask"], still["trus_mask"]) and not still["flow"].any()


def test_a_higher_gleason_group_diffuses_less_with_overlap():
    cases = [phantoms.Prostate(size=64, prevalence=1.0).case(k) for k in range(24)]
    rows = [(c["label"], float(c["adc"][c["lesion"] > 0].mean())) for c in cases if (c["lesion"] > 0).sum() > 8]
    groups, adc = np.array(rows).T
    assert np.corrcoef(groups, adc)[0, 1] < -0.5 and adc[groups == 1].min() < adc[groups > 1].max()
    assert set(groups) <= set(range(len(GROUPS)))


def test_vertebrae_lie_in_order_and_hold_their_centroids():
    for name, word in (("Spine", "vertebrae"), ("SpineFilm", "mask")):
        case = getattr(phantoms, name)(size=96).case(1)
        seen = np.flatnonzero(case["centroids"][:, -1])
        rows, columns = np.round(case["centroids"][seen, :2]).astype(int).T
        assert len(seen) >= 4 and (np.diff(rows) < 0).all()
        assert np.mean(case[word][0][rows, columns] == seen + 1) > 0.7


def test_worn_discs_are_dark():
    case = phantoms.Spine(size=160, prevalence=1.0, noise=0.0, height=0.0).case(0)
    nucleus = [case["t2"][case["grades"] == k] for k in (1, 2)]
    assert np.percentile(nucleus[0], 90) > 1.3 * np.percentile(nucleus[1], 90)


def test_cartilage_is_a_millimetre_or_two_thick_and_thinner_in_a_defect():
    phantom = phantoms.Knee(size=192, prevalence=1.0, noise=0.0)
    sick, whole = phantom.case(1), phantom.case(1, healthy=True)
    shells = [(case["mask"] == 2).sum() for case in (sick, whole)]
    assert 0.6 * shells[1] < shells[0] < shells[1]
    here = sick["lesion"] > 0
    brighter = {word: sick[word][here].mean() / whole[word][here].mean() for word in ("pd", "pdfs")}
    assert brighter["pdfs"] > 2 and brighter["pdfs"] > 1.5 * brighter["pd"]


def test_a_plan_gives_its_highest_target_its_dose_and_spares_the_cord():
    for subject in range(3):
        case = phantoms.Oropharynx(size=64).case(subject)
        high = case["dose"][case["targets"] == 1]
        if high.size:
            assert np.percentile(high, 5) == pytest.approx(70, abs=0.5)
        assert case["dose"][case["mask"] == 4].max() < 45


def test_a_broken_neck_and_its_twin():
    phantom = phantoms.PelvisFilm(size=64, prevalence=1.0, exposure=0.0)
    case, twin = phantom.case(2), phantom.case(2, healthy=True)
    assert case["label"] == 1 and twin["label"] == 0 and not twin["fracture"].any()
    change = np.abs(case["film"] - twin["film"])
    side = np.argwhere(case["fracture"][0])[:, 1].mean() > 31.5
    halves = [change[..., :32].mean(), change[..., 32:].mean()]
    assert halves[int(side)] > 3 * halves[1 - int(side)]


# ultrasound


def test_speckle_is_fully_developed_and_bone_casts_a_shadow():
    probe = Probe(0.0, 0.0, np.pi / 2, 1.0, 40.0, 100.0)
    flat = np.full((probe.samples, probe.beams), -20.0, np.float32)
    wide = Machine(dynamic=200.0)
    image = b_mode(flat, 0.5 + 0 * flat, probe, wide, np.random.default_rng(0), heat=0.0)
    envelope = 10 ** ((image[60:-60, 20:-20] * 200 - 186) / 20)
    assert envelope.mean() / envelope.std() == pytest.approx(1.91, abs=0.08)
    loss = np.where((np.arange(probe.samples)[:, None] // 20 == 5) & (np.arange(probe.beams) < 60), 8.0, 0.5)
    shaded = 200 * b_mode(flat, loss, probe, wide, np.random.default_rng(0), heat=0.0)
    assert shaded[200:, 80:].mean() - shaded[200:, :50].mean() > 10


def test_the_same_pose_shows_the_same_fetus():
    phantom = phantoms.Fetal(size=64)
    case = phantom.case(0)
    pose = dict(zip(phantom.factor_names, case["factors"], strict=True))
    middle = 100 * case["places"][:, 31:33, 31:33].mean((1, 2))
    np.testing.assert_allclose(middle, [pose["place_x"], pose["place_y"], pose["place_z"]], atol=0.1)
    steps = 100 * np.diff(case["places"], axis=2)
    np.testing.assert_allclose(np.linalg.norm(steps, axis=0), phantom.spacing, rtol=1e-3)
    other = phantoms.Fetal(size=64, domain="b").case(0)
    assert np.array_equal(case["mask"], other["mask"])


def test_calcium_is_bright_and_shadows_what_lies_behind():
    cases = [phantoms.IVUS(size=96).case(k) for k in range(16)]
    hard = next(c for c in cases if c["label"] == 3 and (c["mask"] == 8).sum() > 30)
    rows, columns = np.argwhere(hard["mask"][0] == 8).mean(0) - 47.5
    angle, far = np.arctan2(rows, columns), np.hypot(rows, columns)
    behind = [
        hard["image"][0][int(47.5 + r * np.sin(angle)), int(47.5 + r * np.cos(angle))] for r in range(int(far) + 10, 44)
    ]
    assert hard["image"][hard["mask"] == 8].mean() > 0.4 > 0.25 > np.mean(behind)
    assert hard["stage0"][hard["mask"] == 5].mean() > 0.4


def test_a_whole_spine_shows_every_vertebra_somewhere_else_in_each_subject():
    """All 24 are named in three subjects of four, and the scanner's middle moves along the spine."""
    made = [phantoms.Spine(dims=3, region="whole", size=48).case(k) for k in range(4)]
    seen = np.stack([case["centroids"][:, 3] for case in made])
    assert (seen.sum(0) >= 3).all()
    rows = np.stack([case["centroids"][:, 0] for case in made])
    assert rows.std(0).mean() * 700 / 48 > 10
