"""The brain and the torso against the equations and figures that they are made from."""

import numpy as np
import pytest
from scipy.stats import spearmanr

from adversaria.data import phantoms
from adversaria.data.phantoms.contrast import spin_echo
from adversaria.data.phantoms.fields import axis
from adversaria.data.phantoms.tissues import TISSUES
from test_phantoms import make


def test_brain_tissues_have_the_equations_signal():
    """Where a voxel is almost all of one tissue, its mean is the signal equation's; CT has the table's HU."""
    phantom = make("Brain", size=128, noise=0.0, prevalence=0.0, fractions=True)
    labels = phantoms.brain.PARTS
    for subject in range(3):
        case, name = phantom.case(subject), phantom.named(subject)
        mask = case["parts"][0]
        sure = case["fractions"].max(0) > 0.95
        white = np.median(case["t2"][0][sure & (mask == labels["white"])])
        for tissue in ("grey", "ventricle"):
            here = sure & (mask == labels[tissue])
            if here.sum() < 20:
                continue
            asked = [spin_echo(phantom.tissue(name, labels[t]), 5000, 95) for t in (tissue, "white")]
            assert np.median(case["t2"][0][here]) / white == pytest.approx(asked[0] / asked[1], rel=0.06)
            kind = {"grey": "grey", "ventricle": "csf"}[tissue]
            assert case["ct"][0][here].mean() == pytest.approx(TISSUES[kind].hu, abs=2.5)


def test_brain_contrasts_have_their_order():
    """CSF is dark in T1 and FLAIR and bright in T2; plaques are bright in FLAIR; bone is bright in CT."""
    labels = phantoms.brain.PARTS
    case = make("Brain", size=128, prevalence=1.0, lesion="wmh", height=8.0).case(1)
    mask = case["parts"][0]

    def mean(word, tissue):
        return np.median(case[word][0][mask == labels[tissue]])

    assert mean("t1", "csf") < mean("t1", "grey") < mean("t1", "white")
    assert mean("t2", "csf") > mean("t2", "grey") > mean("t2", "white")
    assert mean("flair", "csf") < mean("flair", "white") < mean("flair", "plaque")
    assert mean("ct", "skull") > 400 > 60 > mean("ct", "grey") > mean("ct", "csf")
    assert mean("pet", "thalamus") > mean("pet", "white")


def test_brain_volumes_and_atrophy():
    """Intracranial volume and its shares lie where measured people's do, and atrophy widens the CSF."""
    labels = phantoms.brain.PARTS
    found = []
    for subject in range(8):
        case = make("Brain", size=48, dims=3, spacing=4.0, prevalence=0.0).case(subject)
        mask = case["parts"][0]
        inside = (mask >= labels["csf"]) & (mask <= labels["stem"])
        volume = inside.sum() * 0.064
        shares = [np.isin(mask, [labels[t] for t in group]).sum() * 0.064 / volume for group in (("csf", "ventricle"),)]
        grey = (case["tissue"][0] == 2).sum() * 0.064 / volume
        found.append((volume, shares[0], grey, case["factors"][phantoms.Brain.factor_names.index("atrophy")]))
    volume, csf, grey, atrophy = np.array(found).T
    assert 1250 < volume.mean() < 1500 and volume.std() < 200
    assert 0.10 < csf.mean() < 0.27 and 0.30 < grey.mean() < 0.46
    assert spearmanr(atrophy, csf).statistic > 0.8


def test_a_gliomas_enhancement_cannot_be_known_beforehand():
    """Enhancing and other subjects differ after contrast alone; everything before it is the same image."""
    sick = make("Brain", lesion="glioma", prevalence=1.0)
    rows = {k: sick.case(k)["lesions"][0]["enhances"] for k in range(24)}
    assert 8 <= sum(rows.values()) <= 21
    case = sick.case(next(k for k, yes in rows.items() if yes))
    brats, ratio = case["brats"][0], case["t1c"][0] / case["t1"][0]
    assert {1, 2, 4} & set(np.unique(brats)) >= {2, 4} and np.median(ratio[brats == 4]) > 1.15
    assert TISSUES["tumour"] == sick.tissue(sick.named(0), 0)._replace(**TISSUES["tumour"]._asdict())
    assert [sick.tissue(sick.named(1), phantoms.brain.PARTS[t]) for t in ("tumour", "enhancing")] == [
        sick.tissue(sick.named(1), phantoms.brain.PARTS["tumour"])
    ] * 2
    twin = sick.case(0, healthy=True)
    row = sick.case(0)["lesions"][0]
    x, y = (axis(64, sick.spacing) for _ in range(2))
    far = np.hypot(y[:, None] + row["centre_mm"][1], x[None] + row["centre_mm"][0]) > 3.3 * row["diameter_mm"]
    if far.any():
        np.testing.assert_allclose(sick.case(0)["t1"][0][far], twin["t1"][0][far], rtol=0.02, atol=5)


# torso


def test_torso_organs_have_their_numbers_and_orientation():
    """Air around, lungs dark, liver on the image's left (the patient's right), spine at the back."""
    labels = phantoms.torso.LABELS
    for subject in range(4):
        case = make("TorsoCT", size=128).case(subject)
        picture, mask = case["ct"][0], case["mask"][0]
        assert picture[0, 0] == -1000 and 40 < picture[mask == labels["liver"]].mean() < 130
        assert -115 < np.median(picture[mask == labels["fat"]]) < -80
        column = {name: np.argwhere(mask == labels[name])[:, 1].mean() for name in ("liver", "spleen")}
        assert column["liver"] < 64 < column["spleen"]
        assert np.argwhere(mask == labels["bone"])[:, 0].max() > 75
        body = (picture > -500).mean()
        assert 0.3 < body < 0.75


def test_a_threshold_finds_the_lungs_and_finds_less_in_noise():
    labels = phantoms.torso.LABELS
    dice = []
    for sd in (0.0, 150.0, 500.0):
        case = make("TorsoCT", size=96, level="chest", noise=sd, prevalence=0.0).case(1)
        truth = case["mask"][0] == labels["lung"]
        body = case["mask"][0] > 0
        guess = (case["ct"][0] < -500) & body
        dice.append(2 * (guess & truth).sum() / (guess.sum() + truth.sum()))
    assert dice[0] > 0.95 and dice[0] > dice[1] > dice[2]


def test_torso_noise_has_the_deviation_asked_for():
    loud, silent = make("TorsoCT", noise=12.0), make("TorsoCT")
    difference = loud.case(0)["ct"] - silent.case(0)["ct"]
    assert difference.std() == pytest.approx(12, rel=0.05)


def test_a_lesion_adds_its_contrast():
    sick = make("TorsoCT", size=160, prevalence=1.0)
    case, twin = sick.case(1), sick.case(1, healthy=True)
    change = (case["ct"] - twin["ct"])[0]
    alone = [row for row in case["lesions"] if (case["lesion"] == row["id"]).sum() > 20]
    assert alone
    for row in alone:
        here = case["lesion"][0] == row["id"]
        assert np.percentile(change[here], 20 if row["contrast_hu"] < 0 else 80) == pytest.approx(
            row["contrast_hu"], rel=0.25
        )


@pytest.mark.parametrize("factor", ["fat", "width"])
def test_a_factor_moves_its_own_statistic(factor):
    labels, phantom = phantoms.torso.LABELS, make("TorsoCT")
    place = phantom.factor_names.index(factor)
    asked, seen = [], []
    for subject in range(24):
        case = phantom.case(subject)
        mask = case["mask"][0]
        asked.append(case["factors"][place])
        inner = (mask > 0) & (mask != labels["fat"])
        seen.append((mask == labels["fat"]).sum() if factor == "fat" else np.ptp(np.argwhere(inner)[:, 1]))
    assert spearmanr(asked, seen).statistic > 0.75


def test_unknown_levels_and_dimensions_are_refused():
    with pytest.raises(ValueError, match="level 'knee'"):
        make("TorsoCT", level="knee")
    with pytest.raises(ValueError, match="2 or 3"):
        make("Brain", dims=4)
    with pytest.raises(ValueError, match="lesion 'scratch'"):
        make("Brain", lesion="scratch")
    with pytest.raises(ValueError, match="between 0 and 1"):
        make("Brain", prevalence=2.0)
