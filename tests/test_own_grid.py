"""Runs whose recipe states a grid: what they make lies on each image's own grid again, and is scored there."""

import csv

import nibabel
import numpy as np
import pytest

from adversaria.data.grid import Centred, Resized
from adversaria.data.image import Image
from adversaria.run import Run, read_json
from adversaria.tasks.segment import likeliest
from shell import call, told

AFFINE = np.array([[0, -1.5, 0, 10], [2.0, 0, 0, -20], [0, 0, 3.0, 5], [0, 0, 0, 1]])
SHAPE = (20, 27, 5)

SEGMENT = """
bind: {source: image, mask: mask}
grid: !Resized {size: [16, 16, 5], labels: [mask]}
intensity:
  source: !Percentile {}
  mask: !Labels {values: [3], names: [block]}
game: !AdversarialSegmentation
  classes: 2
  segmenter: !SegmentationUNet {depth: 2, width: 8, norm: instance}
  discriminator: !PatchGAN {layers: 1, width: 4, norm: instance}
train: {plays: 60, batch: 4, patch: [16, 16], optimisers: {segmenter: {lr: 5e-3}}}
"""
TRANSLATE = """
bind: {source: image, target: other}
grid: !Resized {size: [16, 16, 5]}
intensity: {source: !Window {low: 0, high: 3}, target: !Window {low: 0, high: 6}}
game: !Pix2Pix
  generator: !UNet {depth: 3, width: 4}
  discriminator: !PatchGAN {layers: 1, width: 4}
train: {plays: 2, batch: 2, patch: [16, 16]}
evaluate: {range: [0, 6], measures: [mae]}
"""


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Ten volumes with a bright block, its mask, and another contrast, on a grid that is turned and uneven."""
    place, random = tmp_path_factory.mktemp("blocks"), np.random.default_rng(0)
    for word in ("image", "mask", "other"):
        (place / word).mkdir()
    for subject in range(10):
        labels = np.zeros(SHAPE, np.int16)
        r, c = random.integers(2, 8, 2)
        labels[r : r + 10, c : c + 15] = 3
        image = ((labels > 0) * 2 + 0.2 * random.standard_normal(SHAPE)).astype(np.float32)
        for word, array in (("image", image), ("mask", labels), ("other", 4 - image)):
            nibabel.save(nibabel.Nifti1Image(array, AFFINE), place / word / f"s{subject}.nii.gz")
    return place


def trained(text: str, data, place):
    (place / "recipe.yaml").write_text(text)
    words = ("--data", data, "--out", place / "run", "--assume-independent", "--quiet")
    assert call("train", place / "recipe.yaml", *words) == 0
    assert call("evaluate", place / "run", "--data", data, "--assume-independent", "--quiet") == 0
    return place / "run"


def scores(run, measure: str, method: str = "output") -> dict[str, float]:
    rows = csv.DictReader(Run(run).scores.read_text().splitlines())
    return {row["case"]: float(row["value"]) for row in rows if (row["measure"], row["method"]) == (measure, method)}


def test_labels_lie_on_the_images_own_grid_and_are_scored_there(data, tmp_path, capsys):
    run = trained(SEGMENT, data, tmp_path)
    found = scores(run, "dice (block)")
    paths = read_json(Run(run).cases)
    assert found
    for case, dice in found.items():
        name = paths[case][0].rpartition("/")[2]
        assert call("apply", run, "-i", data / "image" / name, "-o", tmp_path / name) == 0
        made, truth = nibabel.load(tmp_path / name), nibabel.load(data / "mask" / name)
        assert made.shape == SHAPE and np.array_equal(made.affine, nibabel.load(data / "image" / name).affine)
        one, two = np.asarray(made.dataobj) == 3, np.asarray(truth.dataobj) == 3
        assert dice == pytest.approx(2 * (one & two).sum() / (one.sum() + two.sum()), abs=1e-6)
        sure = nibabel.load(tmp_path / name.replace(".nii", "-confidence.nii"))
        assert sure.shape == SHAPE and sure.get_fdata().min() >= 0.5 and sure.get_fdata().max() <= 1
    assert np.mean(list(found.values())) > 0.75, "a map that were stretched, turned or shifted would not reach this"
    assert "brought back to its own 20 x 27 x 5" in " ".join(told(capsys).split())


def test_images_lie_on_their_own_grid_and_are_scored_there(data, tmp_path):
    run = trained(TRANSLATE, data, tmp_path)
    paths = read_json(Run(run).cases)
    for case, error in scores(run, "mae").items():
        name = paths[case][0].rpartition("/")[2]
        assert call("apply", run, "-i", data / "image" / name, "-o", tmp_path / name, "--quiet") == 0
        made, truth = nibabel.load(tmp_path / name), nibabel.load(data / "other" / name)
        assert made.shape == SHAPE and np.array_equal(made.affine, truth.affine)
        assert error == pytest.approx(np.abs(made.get_fdata() - truth.get_fdata()).mean(), abs=2e-3)
    own = scores(run, "mae", "input")
    image, other = (nibabel.load(data / w / "s0.nii.gz").get_fdata() for w in ("image", "other"))
    assert np.mean(list(own.values())) == pytest.approx(np.abs(image - other).mean(), rel=0.1), "nothing is smoothed"


GRIDS = [Resized((10, 15, 12)), Centred((16, 17, 31)), Centred((21, 31, 25)), Centred((12, 23, 24), (2.0, 1.5, 2.0))]


@pytest.mark.parametrize("grid", GRIDS)
def test_what_was_placed_comes_back_to_its_place(grid):
    """A ramp along each axis reads its own position, there and back; what was cut off is what was asked for."""
    shape = (20, 30, 24)
    ramp = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij")).astype(np.float32)
    image = Image(ramp, np.diag([1.0, 1.5, 2.0, 1.0]), (1.0, 1.5, 2.0))
    back = grid.back(grid.place(image).array, image, outside=-99.0)
    assert back.shape == image.array.shape
    seen = back.min(0) > -90  # and away from borders, where linear values end
    inner = np.zeros(shape, bool)
    inner[tuple(slice(4, -4) for _ in shape)] = True
    assert np.abs(back - ramp)[:, seen & inner].max() < 0.02 and seen.mean() > 0.3
    assert grid.leaves_out(image) == (not seen.all())


def test_labels_come_back_as_labels():
    image = Image(np.kron(np.arange(16).reshape(4, 4), np.ones((5, 5)))[None].astype(np.float32))
    for grid in (Resized((8, 8)), Resized((32, 32))):
        back = grid.back(grid.place(image, label=True).array, image, label=True)
        assert np.array_equal(back, image.array)


def test_a_border_lies_where_the_probabilities_say():
    """On a grid four times coarser the probability of class 1 falls from 0.8 to 0.4: half lies 0.75 of the way."""
    one = np.array([0.8, 0.8, 0.4, 0.4], np.float32).repeat(4).reshape(4, 4)
    image = Image(np.zeros((1, 16, 16), np.float32))
    bring = lambda array: Resized((4, 4)).back(array, image)  # noqa: E731
    labels, sure = likeliest(np.stack([1 - one, one]), bring)
    # centres of the coarse voxels 1 and 2 lie at 5.5 and 9.5: half is crossed at 8.5, between voxels 8 and 9
    assert labels.shape == (1, 16, 16) and labels[0, :9].all() and not labels[0, 9:].any()
    assert sure.min() >= 0.5
    plain, _ = likeliest(np.stack([1 - one, one]))
    assert plain.sum() * 16 == 128, "on the coarse grid the border would lie at 8"
    three = np.random.default_rng(0).dirichlet(np.ones(3), (5, 6)).transpose(2, 0, 1).astype(np.float32)
    found, top = likeliest(three)
    assert np.array_equal(found[0], three.argmax(0)) and np.array_equal(top[0], three.max(0))
