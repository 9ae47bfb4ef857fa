"""Feature networks: what they do to images, what they learned, and what they refuse."""

import csv
import json

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

import images
from adversaria.cli import main
from adversaria.metrics import sets
from adversaria.metrics.facts import NotApplicable
from adversaria.metrics.sets.inception import Inception, InceptionFeatures
from adversaria.metrics.sets.learning import learn_features, spoil
from adversaria.metrics.sets.networks import LearnedCNN, SmallCNN, square
from adversaria.metrics.sets.shipped import KINDS, fingerprint, phantom_cnn
from adversaria.tasks.phantom_features import accuracy, phantom_images
from adversaria.vocabulary import UserError


@pytest.fixture(scope="module")
def phantoms():
    return phantom_images(range(900_000, 900_006))


def test_the_shipped_network_tells_kinds_of_unseen_phantoms(phantoms):
    found, kinds = phantoms
    net = phantom_cnn()
    assert accuracy(net, found, kinds) > 0.9 and net.name == "phantom-cnn"
    assert net.features(found[:2], (-1, 1)).shape == (2, 64)
    assert net.probabilities(found[:2], (-1, 1)).shape == (2, len(KINDS))
    assert np.square(net.features(found, (-1, 1))).mean() == pytest.approx(1, abs=0.5)


def test_its_distance_grows_with_blur_noise_and_lost_kinds(phantoms):
    from scipy.ndimage import gaussian_filter

    found, kinds = phantoms
    net = phantom_cnn()
    base = net.features(found, (-1, 1))
    random = np.random.default_rng(0)

    def distance(changed):
        return sets.FID(output_features=net.features(changed, (-1, 1)), reference_features=base).value

    blurred = [distance([gaussian_filter(i, (0, s, s)) for i in found]) for s in (0.7, 1.5, 3)]
    noisy = [distance([i + random.normal(0, s, i.shape) for i in found]) for s in (0.05, 0.15, 0.4)]
    assert 0 < blurred[0] < blurred[1] < blurred[2] and 0 < noisy[0] < noisy[1] < noisy[2]
    assert distance([i for i, k in zip(found, kinds, strict=True) if k in (0, 1)]) > distance(found) + 1e-6


def test_intensities_are_brought_by_the_range_and_volumes_give_the_mean_of_slices(phantoms):
    found, _ = phantoms
    net = phantom_cnn()
    unit = net.features(found[:3], (-1, 1))
    assert net.features([(i + 1) * 100 - 50 for i in found[:3]], (-50, 150)) == pytest.approx(unit, abs=1e-4)
    volume = np.stack(found[:3], -1)
    assert net.features([volume], (-1, 1))[0] == pytest.approx(unit.mean(0), abs=1e-5)
    colour = [np.repeat(i, 3, 0) for i in found[:3]]
    assert net.features(colour, (-1, 1)) == pytest.approx(unit, abs=1e-4)
    with pytest.raises(NotApplicable, match="not at 2"):
        net.features([np.zeros((2, 9, 9))], (0, 1))
    with pytest.raises(ValueError, match="finite"):
        net.features([np.full((1, 9, 9), np.nan)], (0, 1))


def test_images_are_padded_to_squares():
    planes = torch.ones(1, 1, 10, 20)
    shown = square(planes, 20)
    assert shown.shape == (1, 1, 20, 20) and (shown[0, 0, 5:15] == 1).all() and (shown[0, 0, :5] == -1).all()


def test_learning_is_repeatable_and_learns(phantoms):
    found, kinds = phantoms
    few = [i[:, ::2, ::2] for i in found]
    one, two = (learn_features(few, (-1, 1), "training-cnn", steps=3) for _ in range(2))
    assert fingerprint(one) == fingerprint(two) and one.name == "training-cnn"
    assert one.probabilities(few[:1], (-1, 1)).shape[1] == 0
    learned = learn_features(found, (-1, 1), "kinds", {"kind": kinds}, steps=60)
    assert np.square(learned.features(found, (-1, 1))).mean() == pytest.approx(1, abs=0.05)
    fresh = LearnedCNN("fresh", SmallCNN({"kind": len(KINDS)}), "kind")
    assert accuracy(learned, found, kinds) > max(0.5, accuracy(fresh, found, kinds))


def test_what_spoils_images_is_what_it_says():
    batch = torch.linspace(-0.8, 0.8, 96 * 96).reshape(1, 1, 96, 96).repeat(60, 1, 1, 1)
    made, answers = spoil(batch, np.random.default_rng(0))
    assert made.shape == batch.shape and set(answers) == {"turn", "spoiled"}
    assert set(answers["turn"].tolist()) == {0, 1, 2, 3} and answers["spoiled"].max() == 4


def test_inception_takes_its_weights_from_a_file_and_nothing_else(tmp_path):
    """23,834,568 parameters with 1,000 classes and no auxiliary head is the published size."""
    with torch.device("meta"):
        assert sum(p.numel() for p in Inception(1000).parameters()) == 23_834_568
    net = Inception()
    save_file(net.state_dict(), tmp_path / "w.safetensors")
    loaded = InceptionFeatures(tmp_path / "w.safetensors")
    found = loaded.features([np.random.default_rng(0).random((1, 40, 40))], (0, 1))
    assert found.shape == (1, 2048) and np.isfinite(found).all() and loaded.name == "inception"
    net.eval()
    image = torch.from_numpy(np.random.default_rng(0).random((1, 1, 40, 40)).astype(np.float32)) * 2 - 1
    with torch.no_grad():
        direct = net.features(square(image, 299).expand(-1, 3, -1, -1))
    assert found == pytest.approx(direct.numpy(), rel=1e-3, abs=1e-5)
    with pytest.raises(UserError, match="none were given"):
        InceptionFeatures(None)
    with pytest.raises(UserError, match="no file"):
        InceptionFeatures(tmp_path / "missing.pth")
    (tmp_path / "bad.pth").write_bytes(b"nothing")
    with pytest.raises(UserError, match="cannot be read"):
        InceptionFeatures(tmp_path / "bad.pth")
    save_file({"fc.weight": torch.zeros(1000, 2048)}, tmp_path / "other.safetensors")
    with pytest.raises(UserError, match="missing or misshapen"):
        InceptionFeatures(tmp_path / "other.safetensors")


def call(*words) -> int:
    try:
        main([str(word) for word in words])
    except SystemExit as leaving:
        return int(leaving.code or 0)
    return 0


@pytest.fixture
def folders(tmp_path):
    random = np.random.default_rng(0)
    for name, count, shift in (("true", 14, 0), ("made", 12, 10), ("known", 13, 0)):
        (tmp_path / name).mkdir()
        for k in range(count):
            array = random.uniform(0, 200, (24, 24)).astype(np.float32) + shift
            images.nifti(tmp_path / name / f"{name}{k}.nii.gz", array)
    return tmp_path


def test_measure_scores_folders_as_sets(folders, capsys):
    words = ("measure", "--reference", folders / "true", "--output", folders / "made", "--range", 0, 255, "--quiet")
    names = "fid,kid,precision,coverage,inception_score,js_divergence,wasserstein,kernel_likelihood,memorisation"
    out = ("--csv", folders / "s.csv", "--training", folders / "known", "--json")
    assert call(*words, "--metrics", names, *out) == 0
    found = {row["measure"]: row for row in json.loads(capsys.readouterr().out)}
    assert {"fid[phantom-cnn]", "kid[phantom-cnn]", "inception_score[phantom-cnn]", "wasserstein"} <= set(found)
    assert found["wasserstein"]["value"] == pytest.approx(10, abs=2) and "caution" in found["fid[phantom-cnn]"]["note"]
    assert "95 % interval" in found["kid[phantom-cnn]"]["note"] and "structure_clustering" not in found
    with open(folders / "s.csv") as file:
        assert {row["case"] for row in csv.DictReader(file)} == {"set"}
    assert call(*words, "--metrics", "fid,structure_clustering") == 2
    said = capsys.readouterr()
    assert "not measured: structure_clustering: it needs a set of images known" in said.out and "fid" in said.out
    assert "Give --degraded DIR" in said.err


def test_measure_refuses_two_images_for_fid_and_what_it_does_not_know(folders, capsys):
    (folders / "two").mkdir()
    for k in range(2):
        images.nifti(folders / "two" / f"{k}.nii.gz", np.random.default_rng(k).random((24, 24)).astype(np.float32))
    words = ("measure", "--reference", folders / "true", "--output", folders / "two", "--quiet")
    for more, said in (
        (("--metrics", "fid", "--range", 0, 255), "at least 10 images in each set, and one has 2"),
        (("--metrics", "fid"), "needs the data range"),
        (("--metrics", "fid", "--range", 0, 255, "--features", "vgg"), "no feature network 'vgg'"),
        (("--metrics", "fid", "--range", 0, 255, "--features", "inception"), "none were given"),
        (("--metrics", "fid", "--range", 0, 255, "--features", "training-cnn"), "--training DIR"),
        (("--metrics", "fidd", "--range", 0, 255), "Did you mean"),
    ):
        assert call(*words, *more) == 2
        assert said in capsys.readouterr().err


def test_one_bad_case_does_not_lose_the_others_and_a_measured_folder_can_be_compared(folders, capsys):
    random = np.random.default_rng(1)
    for name, noise in (("a", 5), ("b", 30)):
        (folders / name).mkdir()
        for path in sorted((folders / "true").iterdir()):
            from adversaria.data.read import read_image

            array = read_image(path).array[0]
            images.nifti(folders / name / path.name, array + random.normal(0, noise, array.shape).astype(np.float32))
    images.nifti(folders / "b" / "true3.nii.gz", np.zeros((9, 9), np.float32))
    words = ("measure", "--reference", folders / "true", "--range", 0, 255, "--quiet", "--metrics", "psnr,mae")
    assert call(*words, "--output", folders / "a", "--out", folders / "run-a") == 0
    assert call(*words, "--output", folders / "b", "--out", folders / "run-b") == 2
    said = capsys.readouterr()
    assert "psnr" in said.out and "true3.nii.gz" in said.err and "differ in shape" in said.err
    assert call("compare", folders / "run-a", folders / "run-b", "--out", folders / "out") == 2
    assert "only run-a has" in capsys.readouterr().err
    images.nifti(folders / "b" / "true3.nii.gz", random.uniform(0, 200, (24, 24)).astype(np.float32))
    assert call(*words, "--output", folders / "b", "--out", folders / "run-b") == 0
    assert call("compare", folders / "run-a", folders / "run-b", "--out", folders / "out") == 0
    assert "run-a has the best mean" in capsys.readouterr().out
    assert "Best case" in (folders / "out" / "compare.html").read_text()


SYNTHESIS = """
phantom: !Brain {size: 32}
subjects: {train: 12, validation: 2, test: 12}
bind: {image: t1}
intensity: {image: !Percentile {}}
game: !GAN
  generator: !DCGANGenerator {width: 4}
  discriminator: !DCGANDiscriminator {width: 4}
train: {plays: 2, batch: 4, patch: [32, 32]}
"""


def test_a_synthesis_run_is_scored_by_its_samples(tmp_path, capsys):
    (tmp_path / "gan.yaml").write_text(SYNTHESIS)
    assert call("train", tmp_path / "gan.yaml", "--out", tmp_path / "run", "--quiet") == 0
    assert call("evaluate", tmp_path / "run", "--json", "--quiet") == 0
    found = {(r["method"], r["measure"]): r for r in json.loads(capsys.readouterr().out)}
    made, real = (found[(method, "fid[phantom-cnn]")] for method in ("samples", "training images"))
    assert made["value"] > 2 * real["value"] and "64 samples" in made["note"]
    assert ("samples", "memorisation[phantom-cnn]") in found and ("training images", "kid[phantom-cnn]") in found
    assert "Images as sets" in (tmp_path / "run" / "report.html").read_text()


def test_real_radiographs_against_spoiled_ones(real):
    """Twelve chest films of JSRT: halves are alike, blurred and noisy ones are not."""
    from scipy.ndimage import gaussian_filter, zoom

    from adversaria.data.read import read_image

    paths = sorted((real("cxr_jsrt") / "images").iterdir())[:12]
    films = [zoom(read_image(path).array[:1], (1, 0.2, 0.2), order=1) for path in paths]
    low, high = float(min(i.min() for i in films)), float(max(i.max() for i in films))
    net = phantom_cnn()
    base = net.features(films, (low, high))
    random = np.random.default_rng(0)
    blurred = net.features([gaussian_filter(i, (0, 3, 3)) for i in films], (low, high))
    noisy = net.features([i + random.normal(0, 0.1 * (high - low), i.shape) for i in films], (low, high))
    for spoiled in (blurred, noisy):
        assert sets.FID(output_features=spoiled, reference_features=base).value > 0.01 * np.trace(np.cov(base.T))
        assert sets.KID(output_features=spoiled, reference_features=base).value > 0
