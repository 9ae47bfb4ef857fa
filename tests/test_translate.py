"""Translation of a user's folders: whole volumes in their own geometry, nothing turned, inverted or left out unsaid."""

import json

import nibabel
import numpy as np
import pytest

import images
from shell import call, refused, told

MINE = """
import torch
from torch import nn


class Scaled(nn.Module):
    def __init__(self, in_channels=1, out_channels=1, size=0, factor=1.0, dims=2):
        super().__init__()
        self.gain, self.factor = nn.Parameter(torch.ones(())), factor

    def forward(self, image, condition=None):
        return (self.factor * self.gain * image[:, :1]).clamp(-1, 1)
"""
STILL = "{generator: !Adam {lr: 1e-12}, discriminator: !Adam {lr: 1e-12}}"
RECIPE = """
bind: {{source: {source}, target: ct}}
intensity:
  source: {rule}
  target: !Window {{low: 0, high: 100}}
game: !Pix2Pix
  generator: !./mine.py:Scaled {{factor: {factor}}}
  discriminator: !StridedDiscriminator {{width: 4, layers: 2}}
train: {{plays: {plays}, patch: {patch}, optimisers: {optimisers}}}
evaluate: {{range: [0, 100], measures: [mae]}}
"""


def body(shape, seed=0):
    """A smooth volume of 0 to 100 that looks like no mirror image of itself."""
    from scipy.ndimage import gaussian_filter

    made = gaussian_filter(np.random.default_rng(seed).random(shape), 1.5)
    made = (made - made.min()) / np.ptp(made)
    return np.round(100 * made * np.linspace(0.3, 1, shape[0])[:, None, None]).astype(np.float32)


def folder(root, words=("t1", "ct"), count=5, shape=(24, 20, 6), **changes):
    for k in range(count):
        made = body(shape, k)
        for word in words:
            (root / word).mkdir(parents=True, exist_ok=True)
            array = changes.get(word, lambda x: x)(made)
            if array is not None:
                images.nifti(root / word / f"p{k}.nii.gz", array)
    return root


def recipe(tmp, source="t1", rule="!Window {low: 0, high: 100}", factor=1.0, patch="[16, 16]", plays=2):
    (tmp / "mine.py").write_text(MINE)
    place = tmp / "mine.yaml"
    place.write_text(RECIPE.format(source=source, rule=rule, factor=factor, patch=patch, plays=plays, optimisers=STILL))
    return place


def trained(tmp, data, *more, **facts):
    place = recipe(tmp, **facts)
    assert call("train", place, "--data", data, "--out", tmp / "run", "--trust", *more) == 0
    return tmp / "run"


@pytest.mark.parametrize("patch", ["[16, 16]", "[16, 16, 4]"])
def test_a_volume_comes_back_where_it_was(tmp_path, patch, capsys):
    """A network that changes nothing gives the input back, voxel by voxel, whatever the windows."""
    run = trained(tmp_path, folder(tmp_path / "data"), patch=patch)
    given = tmp_path / "new.nii.gz"
    images.nifti(given, body((30, 28, 7), 9))
    assert call("apply", run, "-i", given, "-o", tmp_path / "out.nii.gz", "--trust") == 0
    before, after = nibabel.load(given), nibabel.load(tmp_path / "out.nii.gz")
    assert np.array_equal(before.affine, after.affine) and before.shape == after.shape
    assert np.abs(before.get_fdata() - after.get_fdata()).max() < 0.51


def test_several_images_of_a_case_are_joined_also_when_applied(tmp_path, capsys):
    data = folder(tmp_path / "data", ("t1", "t2", "ct"), t2=lambda x: 3 * x)
    rule = "[!Window {low: 0, high: 100}, !Window {low: 0, high: 300}]"
    run = trained(tmp_path, data, source="t1+t2", rule=rule)
    new = folder(tmp_path / "new", ("t1", "t2"), 2, (26, 24, 5))
    assert call("apply", run, "-i", new, "-o", tmp_path / "out", "--trust") == 0
    found = sorted((tmp_path / "out").rglob("*.nii.gz"))
    assert len(found) == 2
    before, after = nibabel.load(new / "t1" / "p0.nii.gz"), nibabel.load(found[0])
    assert np.array_equal(before.affine, after.affine)
    assert np.abs(before.get_fdata() - after.get_fdata()).max() < 0.51
    said = refused(capsys, "apply", run, "-i", new / "t1", "-o", tmp_path / "no", "--trust")
    assert "several images" in said
    (new / "t2" / "p1.nii.gz").unlink()
    assert "p1.nii.gz" in refused(capsys, "apply", run, "-i", new, "-o", tmp_path / "no", "--trust")


def test_a_modality_that_one_subject_lacks_is_named_before_training(tmp_path, capsys):
    data = folder(tmp_path / "data", ("t1", "t2", "ct"))
    (data / "t2" / "p3.nii.gz").unlink()
    place = recipe(tmp_path, "t1+t2")
    said = refused(capsys, "train", place, "--data", data, "--out", tmp_path / "run", "--trust")
    assert "p3.nii.gz" in said and "no partner" in said


def test_an_inverse_is_told_in_training_and_evaluation(tmp_path, capsys):
    data = folder(tmp_path / "data")
    run = trained(tmp_path, data, "--plays", "60", factor=-1.0)
    assert "inverted" in told(capsys)
    assert call("evaluate", run, "--data", data, "--trust") == 0
    out = told(capsys)
    assert "'output' are inverted" in out and "-1.00" in out and "identity loss" in out
    assert json.loads((run / "evaluation.json").read_text())["warnings"]


def test_a_translation_that_follows_its_target_is_not_called_inverted(tmp_path, capsys):
    # here the target is itself the input's inverse, so an inverse is right
    data = folder(tmp_path / "data", ct=lambda x: 100 - x)
    run = trained(tmp_path, data, "--plays", "60", factor=-1.0)
    assert call("evaluate", run, "--data", data, "--trust") == 0
    assert "inverted" not in told(capsys)


UNPAIRED = """
bind: {source: a.mr, target: b.ct}
intensity: {source: !Window {low: 0, high: 100}, target: !Window {low: 0, high: 100}}
game: !CycleGAN
  generator: !ResNetGenerator {width: 4, blocks: 1}
  reverse_generator: !ResNetGenerator {width: 4, blocks: 1}
  target_discriminator: !PatchGAN {width: 4, layers: 2, norm: none}
  source_discriminator: !PatchGAN {width: 4, layers: 2, norm: none}
  pool: 2
train: {plays: 3, patch: [16, 16]}
"""


def unpaired(root, counts=(7, 4), **changes):
    for word, count, first in (("mr", counts[0], 0), ("ct", counts[1], 50)):
        (root / word).mkdir(parents=True)
        for k in range(count):
            made = body((24, 20, 3), first + k)[..., 1]
            images.nifti(root / word / f"{word}{k}.nii.gz", changes.get(f"{word}{k}", lambda x: x)(made))
    return root


def test_unpaired_folders_of_unequal_length_are_each_seen_whole(tmp_path, capsys):
    from adversaria.commands.session import feed_of, open_session
    from adversaria.recipes import read_recipe
    from adversaria.run import Run

    place = tmp_path / "unpaired.yaml"
    place.write_text(UNPAIRED)
    data = unpaired(tmp_path / "data")
    assert call("train", place, "--data", data, "--out", tmp_path / "run") == 0
    session = open_session(read_recipe(str(place)), Run(tmp_path / "again"), data)
    feed = feed_of(session, session.make_part("train"))
    seen = [{s.items[s.index(0, play)].handle for play in range(len(s.items))} for s in feed.streams]
    assert [len(names) for names in seen] == [len(s.items) for s in feed.streams]
    assert len(seen[0]) > len(seen[1])


def test_people_of_several_streams_have_one_part_each():
    from adversaria.data.split import PARTS, in_all

    few, many = [f"p{k}" for k in range(4)], [f"p{k}" for k in range(30)]
    for seed in range(20):
        found = in_all([few, many, ["x", "y", "z"]], seed)
        for group in (few, many, ["x", "y", "z"]):
            assert {found[name] for name in group} == set(PARTS)
        assert sum(found[name] == "test" for name in many) == 6


def test_a_mask_goes_with_its_own_stream(tmp_path, capsys):
    place = tmp_path / "labels.yaml"
    place.write_text(
        UNPAIRED.replace("source: a.mr,", "source: a.mr, mask: a.mask,")
        .replace("intensity: {", "intensity: {mask: !Labels {}, ")
        .replace("!CycleGAN", "!EssNet")
        .replace("  pool: 2", "  segmenter: !UNet {depth: 2, width: 4, norm: none, dropout: 0.0}\n  pool: 2")
    )
    data = unpaired(tmp_path / "data")
    (data / "mask").mkdir()
    for path in (data / "mr").glob("*.nii.gz"):
        images.nifti(data / "mask" / path.name, (nibabel.load(path).get_fdata() > 50).astype(np.uint8))
    assert call("train", place, "--data", data, "--out", tmp_path / "run") == 0
    (data / "mask" / "mr2.nii.gz").unlink()
    said = refused(capsys, "train", place, "--data", data, "--out", tmp_path / "other")
    assert "mr2.nii.gz" in said


def test_colour_among_grey_images_is_named(tmp_path, capsys):
    from PIL import Image

    for word in ("mr", "ct"):
        (tmp_path / "data" / word).mkdir(parents=True)
        for k in range(5):
            grey = body((24, 20, 3), k)[..., 1].astype(np.uint8)
            picture = Image.fromarray(grey)
            if word == "mr" and k == 3:
                picture = Image.merge("RGB", [picture, picture.rotate(180), picture])
            picture.save(tmp_path / "data" / word / f"{word}{k}.png")
    place = tmp_path / "unpaired.yaml"
    place.write_text(UNPAIRED)
    said = refused(capsys, "train", place, "--data", tmp_path / "data", "--out", tmp_path / "run")
    assert "channels" in said and "mr3.png" in said
