"""DICOM segmentation objects as label maps, on the grid of the series that they belong to."""

import json
import shutil
import sys

import numpy as np
import pydicom
import pytest

import images
from adversaria.data.cases import paired
from adversaria.data.decoders import dicom_seg
from adversaria.data.decoders.result import Refused
from adversaria.data.fingerprint import fingerprint
from adversaria.data.folders import recognise
from adversaria.data.guard import UnreadableImage
from adversaria.data.image import Image
from adversaria.data.read import read_image
from adversaria.data.write import Mark
from adversaria.data.writers import dicom_seg as writer
from adversaria.recipes.planning import Machine, choose, draft
from adversaria.vocabulary import UserError
from shell import call


def beside(folder, real):
    """The CT and the liver, each in a folder of its own."""
    for word, names in {"ct": ("01.dcm", "02.dcm", "03.dcm"), "liver": ("liver.dcm",)}.items():
        (folder / word).mkdir()
        for name in names:
            shutil.copy(real("dicom_ct_seg_pair") / name, folder / word)
    return folder


def frames(path):
    """The frames of a binary object by their height, by pydicom alone."""
    data = pydicom.dcmread(path)
    heights = [
        float(item.PlanePositionSequence[0].ImagePositionPatient[2]) for item in data.PerFrameFunctionalGroupsSequence
    ]
    return dict(zip(heights, data.pixel_array, strict=True))


def test_a_liver_lies_on_its_ct(real, tmp_path):
    case = paired(recognise(beside(tmp_path, real)), ["ct", "liver"], volume=True)[0].load()
    ct, liver = case["ct"], case["liver"]
    assert ct.array.shape == liver.array.shape == (1, 512, 512, 3)
    assert liver.unit == "labels" and np.allclose(ct.affine, liver.affine)
    heights = ct.affine[2, 3] + ct.affine[2, 2] * np.arange(3)
    truth = frames(real("dicom_ct_seg_pair") / "liver.dcm")
    for k, height in enumerate(heights):
        assert np.array_equal(liver.array[0, :, :, k] > 0, truth[round(height, 2)] > 0)
    inside = ct.array[liver.array > 0]
    assert 30 < np.median(inside) < 180, "a liver's HU: it is the liver that is marked"


def test_what_cannot_be_a_label_map_is_refused(real, tmp_path, capsys):
    folder = real("dicom_ct_seg_pair")
    with pytest.raises(UnreadableImage, match=r"segments of partial_overlaps\.dcm overlap"):
        read_image(folder / "partial_overlaps.dcm")
    both = tmp_path / "both"
    both.mkdir()
    data = pydicom.dcmread(folder / "liver.dcm")
    for name in "ab":
        data.save_as(both / f"{name}.dcm")
    with pytest.raises(UnreadableImage, match="2 segmentation objects"):
        read_image(both)
    assert call("data", "check", folder) == 2
    assert "Put each series into a folder of its own" in capsys.readouterr().out
    data.PerFrameFunctionalGroupsSequence[1].PlanePositionSequence[0].ImagePositionPatient = [0, 0, -127.69]
    data.save_as(tmp_path / "aside.dcm")
    with pytest.raises(UnreadableImage, match="no stack of parallel slices"):
        read_image(tmp_path / "aside.dcm")
    data = pydicom.dcmread(folder / "liver.dcm")
    del data.PerFrameFunctionalGroupsSequence[2]
    data.save_as(tmp_path / "short.dcm")
    with pytest.raises(UnreadableImage, match=r"short\.dcm cannot be read as a segmentation"):
        read_image(tmp_path / "short.dcm")


def test_without_highdicom_it_says_what_to_install(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "highdicom.seg", None)
    with pytest.raises(Refused, match="highdicom, which reads it, is not installed") as said:
        dicom_seg.decode(tmp_path / "some.dcm")
    assert "adversaria[seg]" in said.value.remedy


@pytest.fixture
def pair(tmp_path):
    """A series of six slices, and a segmentation of it with two classes in the third and fourth alone."""
    ct = read_image(images.series(tmp_path / "data" / "ct", 6))
    found = np.zeros(ct.array.shape, np.float32)
    found[0, 2:9, 3:8, 2] = 2
    found[0, 5:9, 4:14, 3] = 5
    place = tmp_path / "data" / "organs" / "organs.dcm"
    place.parent.mkdir()
    writer.write(Image(found, ct.affine, ct.spacing), place, Mark("unet", "1"), ct, {2: "liver", 5: "spleen"})
    return tmp_path / "data", found


def test_slices_that_an_object_leaves_out_are_background(pair):
    folder, found = pair
    alone = read_image(folder / "organs" / "organs.dcm")
    assert alone.array.shape == (1, 16, 16, 2), "only those that hold something"
    case = paired(recognise(folder), ["ct", "organs"], volume=True)[0].load()
    numbered = np.select([found == 2, found == 5], [1, 2])
    assert np.array_equal(case["organs"].array, numbered) and np.allclose(case["organs"].affine, case["ct"].affine)


def test_an_object_of_one_slice_lies_in_its_volume(pair):
    folder, found = pair
    ct, path = read_image(folder / "ct"), folder / "organs" / "organs.dcm"
    found[..., 3] = 0
    path.unlink()
    writer.write(Image(found, ct.affine, ct.spacing), path, Mark("unet", "1"), ct, {2: "liver"})
    data = pydicom.dcmread(path)  # slices overlap: 3 mm thick every 2 mm
    data.SharedFunctionalGroupsSequence[0].PixelMeasuresSequence[0].SliceThickness = 3.0
    data.save_as(path)
    case = paired(recognise(folder), ["ct", "organs"], volume=True)[0].load()
    assert np.array_equal(case["organs"].array, found > 0) and found.any()


def test_an_object_of_another_place_is_not_moved(pair):
    folder, _ = pair
    path = folder / "organs" / "organs.dcm"
    data = pydicom.dcmread(path)
    for item in data.PerFrameFunctionalGroupsSequence:
        where = item.PlanePositionSequence[0].ImagePositionPatient
        item.PlanePositionSequence[0].ImagePositionPatient = [where[0] + 0.5, where[1], where[2]]
    data.save_as(path)
    with pytest.raises(UserError, match="differ in size"):
        paired(recognise(folder), ["ct", "organs"], volume=True)[0].load()


def test_a_folder_of_series_and_objects_is_planned_trained_and_scored(tmp_path, capsys):
    rng, data = np.random.default_rng(0), tmp_path / "data"
    for subject in range(8):
        disc = np.hypot(*(np.indices((32, 32)) - rng.integers(10, 20))) < 5
        for k in range(4):
            plane = (rng.normal(0, 20, (32, 32)) + 200 * (disc if k else 0)).astype(np.int16)
            images.dicom(data / f"s{subject}" / "ct" / f"{k}.dcm", plane, place=2.0 * k, number=k + 1)
        ct, place = read_image(data / f"s{subject}" / "ct"), data / f"s{subject}" / "liver" / "liver.dcm"
        place.parent.mkdir()
        found = np.broadcast_to((disc[..., None] & (np.arange(4) > 0))[None], ct.array.shape)
        writer.write(ct.like(found), place, Mark("unet", "1"), ct, {1: "liver"})
    facts = fingerprint(recognise(data))
    choice = choose(facts, Machine(memory=4.0))
    assert choice.task == "segment"
    (recipe := tmp_path / "mine.yaml").write_text(draft(choice, facts))
    assert "bind: {source: ct, mask: liver}" in recipe.read_text() and "values: [1]" in recipe.read_text()
    run, small = tmp_path / "run", ["--set", "game.segmenter.width=4", "--set", "game.segmenter.depth=2"]
    assert call("train", recipe, "--data", data, "--out", run, "--plays", "2", "--quiet", *small) == 0
    capsys.readouterr()
    assert call("evaluate", run, "--data", data, "--json", "--quiet") == 0
    assert "dice (liver)" in {cell["measure"] for cell in json.loads(capsys.readouterr().out)}


def test_fractions_are_no_labels(pair):
    """The same object with its frames as probabilities of 0, 100 or 255 of 255."""
    folder, _ = pair
    path = folder / "organs" / "organs.dcm"
    data = pydicom.dcmread(path)
    frames = data.pixel_array
    data.SegmentationType, data.SegmentationFractionalType, data.MaximumFractionalValue = (
        "FRACTIONAL",
        "PROBABILITY",
        255,
    )
    data.BitsAllocated, data.BitsStored, data.HighBit = 8, 8, 7
    data.PixelData = np.where(frames > 0, 255 - 155 * (np.arange(16) % 2), 0).astype(np.uint8).tobytes()
    data.save_as(path)
    with pytest.raises(UnreadableImage, match=r"organs\.dcm holds fractions, no labels"):
        read_image(path)
