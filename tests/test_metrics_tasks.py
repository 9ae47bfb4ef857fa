"""Scores of downstream tasks against worked examples, MONAI, torchmetrics and scikit-learn."""

import warnings

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from adversaria import metrics
from adversaria.metrics import calcium, detection, interpretability, overlap, registration
from adversaria.metrics.facts import NotApplicable


def test_classification():
    scores, classes = np.array([0.8, 0.4, 0.3, 0.6, 0.1]), np.array([1, 1, 0, 0, 0])
    words = {"output": scores, "classes": classes}
    assert metrics.AUC(**words) == pytest.approx(5 / 6)
    assert metrics.SENSITIVITY(**words) == 0.5 and metrics.SPECIFICITY(**words) == pytest.approx(2 / 3)
    assert metrics.ACCURACY(**words) == pytest.approx(0.6)
    assert metrics.AUC(output=[0.5, 0.5], classes=[1, 0]) == 0.5
    with pytest.raises(NotApplicable, match="both classes"):
        metrics.AUC(output=scores[:2], classes=classes[:2])
    assert metrics.AUC.level == "many" and metrics.DICE.level == "case"


def test_auc_agrees_with_torchmetrics_also_with_ties():
    import torch
    from torchmetrics.functional.classification import binary_auroc

    random = np.random.default_rng(0)
    classes = random.integers(0, 2, 200)
    scores = np.round(random.random(200) + 0.3 * classes, 1).clip(0, 1)
    theirs = float(binary_auroc(torch.from_numpy(scores), torch.from_numpy(classes)))
    assert metrics.AUC(output=scores, classes=classes) == pytest.approx(theirs, abs=1e-6)


def test_detection_of_the_worked_example():
    assert detection.average_precision_of([True, False, True], 2) == pytest.approx(5 / 6)
    alarms, found = detection.froc([True, False, True], 2, 1)
    assert alarms.tolist() == [0, 1, 1] and found.tolist() == [0.5, 0.5, 1]
    lesions = [detection.Lesion(0, (0, 0), 2), detection.Lesion(0, (10, 0), 2)]
    ranked = [
        detection.Detection(0, 0.9, (0, 1)),
        detection.Detection(0, 0.8, (5, 5)),
        detection.Detection(0, 0.7, (10, 0)),
    ]
    assert detection.hits(ranked, lesions) == [True, False, True]
    again = [*ranked, detection.Detection(0, 0.85, (0, 0))]
    assert detection.hits(again, lesions) == [True, False, True]
    elsewhere = [detection.Detection(1, 0.9, (0, 1))]
    assert detection.hits(elsewhere, lesions) == [False]
    assert metrics.AVERAGE_PRECISION(output=ranked, lesions=lesions) == pytest.approx(5 / 6)
    assert metrics.FROC(output=ranked, lesions=lesions, images=1) == pytest.approx((3 * 0.5 + 4 * 1) / 7)
    assert metrics.FROC(output=[], lesions=lesions, images=1) == 0
    with pytest.raises(NotApplicable):
        metrics.AVERAGE_PRECISION(output=ranked, lesions=[])


def test_overlap_of_the_worked_example():
    a, b = np.zeros((2, 1, 1, 5), int)
    a[..., [0, 1]], b[..., [0, 3]] = 1, 1
    words = {"output": a, "target": b, "spacing": (1.0, 1.0)}
    assert metrics.DICE(**words) == 0.5 and metrics.JACCARD(**words) == pytest.approx(1 / 3)
    assert metrics.HAUSDORFF(**words) == 2 and metrics.ASSD(**words) == pytest.approx(0.75)
    assert metrics.HAUSDORFF95(**words) == pytest.approx(1.9)
    assert metrics.ASSD(**{**words, "spacing": (2.0, 2.0)}) == pytest.approx(1.5)
    nothing = {**words, "output": 0 * a, "target": 0 * b}
    assert metrics.DICE(**nothing) == 1 and metrics.HAUSDORFF95(**nothing) == 0
    assert metrics.DICE(**{**words, "output": 0 * a}) == 0
    with pytest.raises(NotApplicable, match="one of the two"):
        metrics.HAUSDORFF95(**{**words, "output": 0 * a})
    with pytest.raises(ValueError, match="label maps"):
        metrics.DICE(output=a + 0.5, target=b)


@pytest.mark.parametrize("dims", [2, 3])
def test_overlap_agrees_with_monai(dims):
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from monai.metrics import compute_average_surface_distance, compute_dice, compute_hausdorff_distance

    random = np.random.default_rng(dims)
    a, b = ((gaussian_filter(random.standard_normal([20] * dims), 3) > 0).astype(int)[None] for _ in range(2))
    spacing = (0.7, 1.3, 2.0)[:dims]
    x, y = (torch.from_numpy(z)[None].float() for z in (a, b))
    words = {"output": a, "target": b, "spacing": spacing}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = [
            float(compute_hausdorff_distance(x, y, include_background=True, spacing=spacing)),
            float(compute_hausdorff_distance(x, y, include_background=True, percentile=95, spacing=spacing)),
            float(compute_dice(x, y, include_background=True)),
            float(compute_average_surface_distance(x, y, include_background=True, symmetric=True, spacing=spacing)),
        ]
    ours = [m(**words) for m in (metrics.HAUSDORFF, metrics.HAUSDORFF95, metrics.DICE, metrics.ASSD)]
    assert ours == pytest.approx(theirs, rel=1e-5)


def test_overlap_is_averaged_over_labels():
    a = np.array([[[1, 1, 2, 2, 0, 3]]])
    b = np.array([[[1, 1, 2, 0, 0, 0]]])
    assert metrics.DICE(output=a, target=b) == pytest.approx((1 + 2 / 3 + 0) / 3)
    assert len(overlap.surface_distances(a[0] == 1, b[0] == 1, (1.0, 1.0))[0]) == 2


def test_registration_errors():
    fixed = np.array([[2.0, 2.0], [5.0, 5.0]])
    flow = np.zeros((2, 10, 10))
    moving = fixed + np.array([[3.0, 2.0], [0.0, 0.0]])
    words = {"landmarks": (fixed, moving), "spacing": (1.0, 2.0)}
    assert metrics.TRE(output=flow, **words) == pytest.approx(2.5)
    errors = registration.target_errors(flow, **words)
    assert errors.max() == 5 and np.sqrt(np.mean(errors**2)) == pytest.approx(3.535534, abs=1e-6)
    assert metrics.TRE(output=flow + np.array([3.0, 4.0])[:, None, None], **words) == pytest.approx(2.5)
    with pytest.raises(NotApplicable, match="landmark"):
        metrics.TRE(output=flow, landmarks=(fixed[:0], moving[:0]), spacing=(1, 1))


@pytest.mark.parametrize("dims", [2, 3])
def test_jacobian_of_a_linear_displacement(dims):
    grid = np.stack(np.meshgrid(*[np.arange(6.0)] * dims, indexing="ij"))
    spacing = (1.0, 2.0, 3.0)[:dims]
    places = grid * np.array(spacing).reshape(-1, *[1] * dims)
    turn = np.random.default_rng(0).normal(0, 0.2, (dims, dims))
    flow = np.tensordot(turn, places, 1)
    determinant = registration.jacobian(flow, spacing)
    assert determinant == pytest.approx(np.full(determinant.shape, np.linalg.det(np.eye(dims) + turn)))
    assert metrics.FOLDED(output=0 * flow, spacing=spacing) == 0
    folded = flow * 0
    folded[0] = -2 * places[0]
    assert metrics.FOLDED(output=folded, spacing=spacing) == 100


def test_depth_errors():
    y, g = np.array([[[1.0, 2, 4]]]), np.array([[[1.1, 1.8, 4.4]]])
    words = {"output": g, "target": y}
    assert metrics.DEPTH_RELATIVE(**words) == pytest.approx(0.1)
    assert metrics.DEPTH_LOG(**words) == pytest.approx(0.042848, abs=1e-6)
    assert metrics.DEPTH_RMS(**words) == pytest.approx(0.264575, abs=1e-6)
    with pytest.raises(NotApplicable):
        metrics.DEPTH_LOG(output=-g, target=y)
    with pytest.raises(NotApplicable, match="positive depth"):
        metrics.DEPTH_RMS(output=g, target=-y)


def test_agatston_score():
    assert [calcium.density_weight(hu) for hu in (129, 130, 199, 200, 299, 300, 399, 400, 1500)] == [
        0, 1, 1, 2, 2, 3, 3, 4, 4,
    ]  # fmt: skip
    image = np.full((1, 20, 20), 40.0)
    image[0, 5:7, 5:7] = (350, 200), (150, 140)
    assert metrics.AGATSTON(output=image, spacing=(1.0, 1.0)) == 12
    assert metrics.AGATSTON(output=image, spacing=(0.5, 0.5)) == 3
    assert metrics.AGATSTON(output=image, spacing=(0.4, 0.4)) == 0
    assert metrics.AGATSTON(output=image, spacing=(1.0, 1.0), mask=np.zeros((20, 20))) == 0
    volume = np.stack([image, image * 0, image], -1)
    assert metrics.AGATSTON(output=volume, spacing=(1, 1, 3)) == 24
    assert metrics.AGATSTON(output=volume, spacing=(1, 1, 1.5)) == 12
    assert metrics.AGATSTON_ERROR(output=image, target=image * 0, spacing=(1, 1)) == 12


def test_agreement_of_clinical_numbers():
    from adversaria.metrics.agreement import agreement

    true, made = [10, 12, 14], [11, 12, 16]
    found = agreement(made, true)
    assert (found.bias, found.lower, found.upper) == pytest.approx((1, -0.96, 2.96))
    assert found.icc_agreement == pytest.approx(0.857143, abs=1e-6)
    assert found.icc_consistency == pytest.approx(0.909091, abs=1e-6)
    assert metrics.ICC(output=true, target=true) == 1 and metrics.BIAS(output=made, target=true) == 1
    with pytest.raises(NotApplicable, match="equal"):
        metrics.ICC(output=[1, 1], target=[1, 1])


def test_diversity_of_pairs():
    from adversaria.metrics.diversity import pair_similarities

    random = np.random.default_rng(0)
    images = list(random.random((1, 24, 24)) + random.normal(0, 0.2, (20, 1, 24, 24)))
    assert metrics.DIVERSITY(output=[images[0]] * 3, data_range=(0, 1)) == pytest.approx(1)
    assert metrics.DIVERSITY(output=list(random.random((20, 1, 24, 24))), data_range=(0, 1)) < 0.2
    few = pair_similarities(images[:3], (0, 1))
    pairs = [{"output": images[i], "target": images[j]} for i, j in ((0, 1), (0, 2), (1, 2))]
    alone = [metrics.MS_SSIM(**pair, data_range=(0, 1)) for pair in pairs]
    assert few == pytest.approx(alone)
    drawn = pair_similarities(images, (0, 1), 50)
    assert len(set(drawn)) == 50 and (drawn == pair_similarities(images, (0, 1), 50)).all()
    assert len(pair_similarities(images, (0, 1), 190)) == 190
    with pytest.raises(NotApplicable):
        metrics.DIVERSITY(output=images[:1], data_range=(0, 1))


def test_semantic_interpretability():
    labels = np.zeros((1, 4, 5), int)
    labels[0, :2] = 1
    truth, made = labels * 100.0, labels * 100.0
    made[0, 1] = 0

    def segmentor(image):
        return (image > 50).astype(int)

    words = {"target": truth, "labels": labels, "segmentor": segmentor}
    assert metrics.SIS(output=truth, **words) == 1
    assert metrics.SIS(output=made, **words) == pytest.approx(2 * 5 / 15)
    assert interpretability.score_of_set([0.6, 0.6], [0.7, 0.9]) == pytest.approx(0.75)
    with pytest.raises(NotApplicable, match="finds nothing"):
        metrics.SIS(output=truth, **{**words, "segmentor": lambda image: 0 * labels})
