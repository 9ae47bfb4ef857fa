"""Each phantom against what was measured or published of its modality, and against its own truth."""

import numpy as np
import pytest
from scipy.ndimage import binary_dilation, binary_erosion
from scipy.stats import chi2_contingency, spearmanr
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from adversaria.cli import main
from adversaria.data import phantoms
from adversaria.data.phantoms import fundus_lesions, sentences
from adversaria.data.phantoms.growth import BRANCHING, Tips, draw, grow
from adversaria.data.phantoms.lung_nodule import Nodule

COLOURS = ("Dermoscopy", "Endoscopy", "Fundus", "Histology", "IHC", "MarrowCells")
SITES = [
    (name, {"prevalence": 0.5} if name in ("ChestFilm", "Fundus") else {})
    for name in (*COLOURS, "ChestFilm", "HEp2", "OCT", "IVUS", "Fetal")
]
SAID = ("ChestFilm", "Dermoscopy", "LiverLesion", "LungNodule", "Mammogram")


def slope_of_power(patch):
    """Exponent b of a power spectrum 1 / f^b, from rings of a tapered patch."""
    n = len(patch)
    window = np.hanning(n)[:, None] * np.hanning(n)
    power = np.square(np.abs(np.fft.fft2((patch - patch.mean()) * window)))
    f = np.hypot(*np.meshgrid(np.fft.fftfreq(n), np.fft.fftfreq(n)))
    edges = np.geomspace(0.035, 0.25, 9)
    rings = [power[(f >= low) & (f < high)].mean() for low, high in zip(edges, edges[1:], strict=False)]
    return -np.polyfit(np.log(np.sqrt(edges[1:] * edges[:-1])), np.log(rings), 1)[0]


def features(images):
    """Means of 24 fixed random filters after a rectifier, and of the channels."""
    random = np.random.default_rng(0)
    filters = random.standard_normal((24, images.shape[1], 5, 5))
    filters -= filters.mean((1, 2, 3), keepdims=True)
    spectrum = np.fft.fft2(filters, images.shape[2:])
    made = np.fft.ifft2((np.fft.fft2(images)[:, None] * spectrum[None]).sum(2)).real
    return np.concatenate([np.maximum(made, 0).mean((2, 3)), images.mean((2, 3)), images.std((2, 3))], 1)


def told_apart(one, two):
    """Share of two sets that a linear classifier of their features tells apart, cross-validated."""
    x, y = np.concatenate([one, two]), np.repeat([0, 1], [len(one), len(two)])
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.3, max_iter=500))
    return np.mean(cross_val_predict(model, x, y, cv=4) == y)


@pytest.mark.parametrize(("name", "knobs"), SITES)
def test_domains_differ_and_their_truth_does_not(name, knobs):
    """Sites are told apart by their looks, two halves of one site are not, and labels are the same."""
    a, b = (
        [getattr(phantoms, name)(size=32, domain=domain, **knobs).case(k) for k in range(20)] for domain in ("a", "b")
    )
    word = getattr(phantoms, name).words[0]
    assert [case["label"] for case in a] == [case["label"] for case in b]
    first, second = (features(np.stack([case[word] for case in cases])) for cases in (a, b))
    assert told_apart(first, second) > 0.85
    assert told_apart(first[::2], first[1::2]) < 0.8


@pytest.mark.parametrize("name", SAID)
def test_sentences_say_what_is_there(name):
    phantom = getattr(phantoms, name)(size=32, prevalence=0.5)
    for subject in range(8):
        case = phantom.case(subject)
        assert sentences.words(case["text"]) == case["sentence"]
        assert case["text"].shape == (sentences.LENGTH,) and case["text"].dtype == np.int64
        none = case["sentence"].startswith("no") or "clear" in case["sentence"]
        assert none == (not case["lesions"])
    assert len(set(sentences.VOCABULARY)) == len(sentences.VOCABULARY)
    with pytest.raises(ValueError, match="at most"):
        sentences.tokens("a " * 30)


def test_a_flat_phantom_asked_for_in_3d_is_refused_in_words(tmp_path, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["data", "phantom", "Fundus", "--dims", "3", "-o", str(tmp_path / "out")])
    assert ended.value.code == 2 and "Fundus has 2 dimensions" in capsys.readouterr().err


# lung nodule and liver lesion


def test_nodules_classes_overlap_as_stated():
    """A logistic model of the true attributes tells benign from malignant with an AUC of 0.85 to 0.93."""
    nodules = [Nodule(("test", k), 0.5, 1.0, "any") for k in range(2000)]
    rows = [
        [np.log(n.diameter), n.margin == "spiculated", n.margin == "smooth", n.calcified, n.cavity] for n in nodules
    ]
    x, y = np.array(rows, float), np.array([n.malignant for n in nodules])
    guess = cross_val_predict(LogisticRegression(), x, y, method="predict_proba", cv=4)[:, 1]
    assert 0.84 < roc_auc_score(y, guess) < 0.93
    sizes = {kind: np.median([n.diameter for n in nodules if n.malignant == kind]) for kind in (False, True)}
    assert sizes[False] == pytest.approx(5.8, rel=0.1) and sizes[True] == pytest.approx(13.5, rel=0.1)
    assert np.mean(y) == pytest.approx(0.5, abs=0.04)


def test_a_nodules_erased_middle_and_weight():
    case = phantoms.LungNodule(size=64, place="pleura").case(2)
    middle = np.abs(np.arange(64) - 31.5) * 50 / 64
    cut = (middle[:, None] < 16) & (middle[None] < 16)
    assert np.array_equal(case["erased"][0][~cut], case["ct"][0][~cut])
    assert np.abs(case["erased"][0][cut].mean() + 850) < 70 and set(np.unique(case["weight"])) == {1.0, 5.0}
    assert (case["mask"] == phantoms.lung_nodule.LABELS["wall"]).any()


def test_a_nodules_volume_is_the_masks():
    phantom = phantoms.LungNodule(size=64, dims=3)
    for subject in (4, 5):
        case = phantom.case(subject)
        volume = (case["lesion"] > 0).sum() * phantom.spacing**3
        assert volume == pytest.approx(case["lesions"][0]["volume_mm3"], rel=0.06)


def test_liver_lesions_mean_alone_does_not_tell_the_class():
    cases = [phantoms.LiverLesion(size=32).case(k) for k in range(320)]
    y = np.array([case["label"] for case in cases])
    x = np.array([[case["ct"][case["lesion"] > 0].mean()] for case in cases])
    linear = np.mean(cross_val_predict(LogisticRegression(), (x - x.mean()) / x.std(), y, cv=5) == y)
    assert 0.45 < linear < 0.75
    texture = [[c["ct"][c["lesion"] > 0].mean(), c["ct"][c["lesion"] > 0].std()] for c in cases]
    both = np.array(texture)
    better = np.mean(cross_val_predict(LogisticRegression(), (both - both.mean(0)) / both.std(0), y, cv=5) == y)
    assert better > linear + 0.1
    assert spearmanr([case["lesions"][0]["true_diameter_mm"] for case in cases], y).pvalue > 0.001


# chest film


def test_films_have_the_measured_greys():
    """78 films of the JSRT set: lungs 0.30 of the frame, grey 0.41 in them and 0.68 outside."""
    cases = [phantoms.ChestFilm(prevalence=0.0).case(k) for k in range(8)]
    lungs = [np.isin(case["mask"], [1, 2]) for case in cases]
    assert np.mean(lungs) == pytest.approx(0.30, abs=0.05)
    assert np.mean([c["film"][m].mean() for c, m in zip(cases, lungs, strict=True)]) == pytest.approx(0.41, abs=0.08)
    outside = [c["film"][c["mask"] == 0].mean() for c in cases]
    assert np.mean(outside) == pytest.approx(0.68, abs=0.08)
    through = [np.exp(-case["soft"] - case["bone"]) for case in cases]
    ribs = [
        1 - t[m & (c["ribs"] > 0)].mean() / t[m & (c["ribs"] == 0)].mean()
        for c, m, t in zip(cases, lungs, through, strict=True)
    ]
    assert 0.04 < np.mean(ribs) < 0.15
    columns = np.argwhere(cases[0]["mask"][0] == 3)[:, 1].mean()
    assert columns > 64, "the heart lies on the image's right"


def test_findings_change_what_they_should():
    size = {"size": 96, "prevalence": 1.0}
    big = [phantoms.ChestFilm(findings=("cardiomegaly",), **size).case(k)["ratio"] for k in range(8)]
    usual = [phantoms.ChestFilm(findings=("nodule",), **size).case(k)["ratio"] for k in range(8)]
    assert np.mean(big) > np.mean(usual) + 0.08
    for finding, sign in (("effusion", 1), ("consolidation", 1), ("nodule", 1), ("pneumothorax", -1)):
        phantom = phantoms.ChestFilm(findings=(finding,), exposure=0.0, **size)
        case, twin = phantom.case(1), phantom.case(1, healthy=True)
        here = case["lesion"] > 0
        change = (case["film"] - twin["film"])[here].mean()
        assert here.any() and change * sign > 0, finding
    with pytest.raises(ValueError, match="finding 'flu'"):
        phantoms.ChestFilm(findings=("flu",))


def test_the_marker_follows_the_class_only_if_told_to():
    def corners(confounder):
        found = []
        for subject in range(40):
            case = phantoms.ChestFilm(size=64, domain="b", findings=("effusion",), confounder=confounder).case(subject)
            film = case["film"][0] > 0.965
            squares = [film[:10, :10].sum(), film[:10, -10:].sum(), film[-10:, :10].sum(), film[-10:, -10:].sum()]
            found.append((case["label"], int(np.argmax(squares))))
        return np.array(found)

    free, tied = corners(0.0), corners(1.0)
    assert (tied[:, 0] == tied[:, 1]).mean() > 0.9
    table = np.array([[np.sum((free[:, 0] == k) & (free[:, 1] < 2) == side) for side in (0, 1)] for k in (0, 1)])
    assert chi2_contingency(table + 1).pvalue > 0.01


# heart


def test_a_heart_empties_as_its_factor_says_and_keeps_its_muscle():
    for subject in range(2):
        volumes = []
        for phase in (0.0, 0.35):
            phantom = phantoms.Heart(dims=3, size=72, spacing=2.0, phase=phase, incomplete=0.0)
            mask = phantom.case(subject)["mask"]
            volumes.append([(mask == k).sum() * 8e-3 for k in (1, 2)])
        factors = dict(zip(phantom.factor_names, phantom.case(subject)["factors"], strict=True))
        (full, muscle), (empty, later) = volumes
        assert 1 - empty / full == pytest.approx(factors["ejection_fraction"], abs=0.04)
        assert later == pytest.approx(muscle, rel=0.04) and 70 < full < 220


def test_a_hearts_level_and_scar():
    cases = [phantoms.Heart(prevalence=1.0).case(k) for k in range(12)]
    heights = np.array([case["factors"][phantoms.Heart.factor_names.index("slice")] for case in cases])
    labels = np.array([case["label"] for case in cases])
    assert spearmanr(heights, labels).statistic < -0.9
    scarred = [case for case in cases if case["lesion"].sum() > 15]
    assert scarred
    for case in scarred:
        muscle = (case["mask"] == 2) & (case["lesion"] == 0)
        assert case["lge"][case["lesion"] > 0].mean() > 3 * case["lge"][muscle].mean()
        assert case["cine"][case["lesion"] > 0].mean() == pytest.approx(case["cine"][muscle].mean(), rel=0.2)
        assert case["cine"][case["mask"] == 1].mean() > 1.5 * case["cine"][muscle].mean()


# breast, marrow, eye, skin


def test_breast_texture_has_the_measured_exponent_and_masses_are_dense():
    slopes = []
    for subject in range(7):
        case = phantoms.Mammogram(prevalence=0.0).case(subject)
        rows, columns = (int(v) for v in np.argwhere(case["mask"][0] > 0).mean(0))
        slopes.append(slope_of_power(case["film"][0][rows - 32 : rows + 32, columns - 32 : columns + 32]))
    assert 2.4 < np.median(slopes) < 3.6
    phantom = phantoms.Mammogram(size=128, prevalence=1.0, exposure=0.0)
    for subject in range(4):
        case, twin = phantom.case(subject), phantom.case(subject, healthy=True)
        here = case["lesion"] > 0
        assert (case["film"] - twin["film"])[here].mean() > 0.005


def test_marrow_fields_hold_what_they_count():
    case = phantoms.MarrowCells(size=160, cells=9).case(1)
    assert case["proportions"].sum() == pytest.approx(1) and len(np.unique(case["instances"])) == 10
    image, mask = case["image"], case["mask"][0]
    assert image[0][mask == 2].mean() < 0.75 * image[0][mask == 0].mean(), "nuclei are dark in red"
    assert image[2][mask == 2].mean() > image[1][mask == 2].mean(), "and more blue than green"
    cells = [phantoms.MarrowCells(size=48).case(k) for k in range(60)]
    ratio = np.array([case["factors"][1] for case in cells])
    labels = np.array([case["label"] for case in cells])
    assert ratio[labels == 2].min() > ratio[labels == 0].mean() and set(labels) == {0, 1, 2, 3}


def test_fundus_vessels_have_the_measured_share_and_contrast():
    """DRIVE: 0.127 +- 0.019 of the field, more contrast in green than in blue and in red."""
    cases = [phantoms.Fundus(size=256, prevalence=0.0).case(k) for k in range(5)]
    shares = [case["annotated"].sum() / case["fov"].sum() for case in cases]
    assert np.mean(shares) == pytest.approx(0.127, abs=0.03)
    gaps = []
    for case in cases:
        vessels, free = case["vessels"][0] > 0, (case["mask"][0] == 0) & (case["fov"][0] > 0)
        core, ring = binary_erosion(vessels), binary_dilation(vessels, iterations=4) & free
        gaps.append([channel[ring].mean() - channel[core].mean() for channel in case["image"]])
        assert not (case["annotated"][0] > case["vessels"][0]).any()
    red, green, blue = np.mean(gaps, 0)
    assert green > blue > red > 0
    sick = [phantoms.Fundus(size=64, prevalence=1.0).case(k) for k in range(6)]
    counts = [len(case["lesions"]) for case in sick]
    assert spearmanr([case["label"] for case in sick], counts).statistic > 0.6
    assert max(int(case["findings"].max()) for case in sick) <= max(fundus_lesions.LESIONS.values())


def test_trees_branch_by_their_law_and_keep_their_roots():
    random = np.random.default_rng(0)
    tips = Tips(
        np.zeros((2, 2)), np.array([0.0, np.pi]), np.full(2, 0.015), np.array([0, 1]), np.arange(2), np.zeros(2),
        np.zeros(2), np.zeros(2, int),
    )  # fmt: skip
    tree = grow(tips, random, lambda place, heading, radius: 0 * radius, lambda p, r: np.linalg.norm(p, axis=1) < 1)
    assert len(tree.radii) > 200 and tree.radii.max() <= 0.015 and set(tree.roots) == {0, 1}
    for root in (0, 1):
        mine = tree.roots == root
        starts, ends = tree.ends[mine, 0], tree.ends[mine, 1]
        gaps = np.linalg.norm(starts[:, None] - ends[None], axis=-1).min(1)
        assert (gaps < 1e-9).sum() >= mine.sum() - 1, "every segment but the root begins where another ends"
        first = tree.ends[mine, 0][:1]
        assert np.linalg.norm(starts - first, axis=1).min() == 0
    share = 0.3
    assert (1 - share) + share == pytest.approx(
        ((1 - share) ** (1 / BRANCHING)) ** BRANCHING + (share ** (1 / BRANCHING)) ** BRANCHING
    )


@pytest.mark.parametrize("radius", [0.2, 0.7, 3.0])
def test_a_drawn_tube_keeps_its_volume(radius):
    """However thin, a straight tube's mean paths add up to its volume: length times pi r^2."""
    steps = np.linspace(10.3, 50.3, 41)
    points = np.stack([steps, np.full(41, 30.37)], 1)
    image = draw(64, np.stack([points[:-1], points[1:]], 1), np.full(40, radius))
    assert image[:, 20:40].sum() == pytest.approx(20 * np.pi * radius**2, rel=0.03)


def test_skin_and_lesions_have_the_measured_colours():
    """12 PH2 pictures: skin from (217, 159, 141) to (113, 76, 64), lesions from (181, 126, 91) to (90, 58, 44)."""
    cases = [phantoms.Dermoscopy(size=48).case(k) for k in range(40)]
    skin = np.array([case["image"][:, :4, 16:32].mean((1, 2)) for case in cases]) * 255
    lesion = np.array([case["image"][:, case["lesion"][0] > 0].mean(1) for case in cases]) * 255
    assert (np.median(skin, 0) < (217, 165, 150)).all() and (np.median(skin, 0) > (113, 70, 55)).all()
    assert (np.median(lesion, 0) < (181, 126, 91)).all() and (np.median(lesion, 0) > (85, 45, 25)).all()
    assert (lesion.mean(1) < skin.mean(1)).mean() > 0.9


def test_melanoma_is_not_told_by_its_border_alone():
    rows = [phantoms.Dermoscopy(size=16).case(k) for k in range(200)]
    border = [row["lesions"][0]["border"] for row in rows]
    assert 0.6 < roc_auc_score([row["label"] == 2 for row in rows], border) < 0.9
