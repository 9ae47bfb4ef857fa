"""The command that scores folders: regions, slices, uptake, bad cases, feature networks."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest

import images
from adversaria.commands.scoring import values_of
from adversaria.data.read import read_image
from adversaria.metrics import FSIM, MAE, PERCEPTUAL, SUV_MEAN
from adversaria.metrics.facts import NotApplicable
from adversaria.metrics.uptake import uptake_of
from shell import call, refused


def folders(tmp_path, count=2, shape=(48, 40)):
    random = np.random.default_rng(0)
    for k in range(count):
        truth = random.random(shape).astype(np.float32)
        region = np.zeros(shape, np.float32)
        region[:10] = 1
        made = {"true": truth, "made": truth + 0.1 * (1 - region), "mask": region, "behind": 1 - region}
        for name, image in made.items():
            (tmp_path / name).mkdir(exist_ok=True)
            images.nifti(tmp_path / name / f"{k}.nii.gz", image.astype(np.float32))
    return ("measure", "--reference", tmp_path / "true", "--output", tmp_path / "made", "--quiet")


def rows_of(path):
    with open(path) as file:
        return list(csv.DictReader(file))


def test_regions(tmp_path):
    words = folders(tmp_path)
    assert call(*words, "--metrics", "mae", "--mask", tmp_path / "mask", "--csv", tmp_path / "in.csv") == 0
    assert call(*words, "--metrics", "mae,ncc", "--mask", tmp_path / "behind", "--csv", tmp_path / "out.csv") == 0
    assert [float(r["value"]) for r in rows_of(tmp_path / "in.csv")] == pytest.approx([0, 0], abs=1e-6)
    assert {r["region"] for r in rows_of(tmp_path / "in.csv")} == {"mask"}
    found = {r["measure"]: float(r["value"]) for r in rows_of(tmp_path / "out.csv")}
    assert found == pytest.approx({"mae": 0.1, "ncc": 1}, abs=1e-5)


def test_contrast_lines_and_dose(tmp_path, capsys):
    words = folders(tmp_path)
    regions = ("--mask", tmp_path / "mask", "--background", tmp_path / "behind")
    names = "contrast_to_background_kept,profile_difference,gamma_3_3,dose_difference"
    assert call(*words, *regions, "--metrics", names, "--line", 20, 2, 20, 30, "--prescription", 2, "--json") == 0
    found = {c["measure"]: c["summary"]["mean"] for c in json.loads(capsys.readouterr().out)}
    assert set(found) == set(names.split(",")) and found["profile_difference"] == pytest.approx(0.1, abs=1e-5)


def test_one_bad_case_does_not_lose_the_others(tmp_path, capsys):
    words = folders(tmp_path, 3)
    images.nifti(tmp_path / "made" / "1.nii.gz", np.ones((5, 5), np.float32))
    (tmp_path / "made" / "2.nii.gz").write_bytes(b"nothing")
    assert call(*words, "--metrics", "mae", "--csv", tmp_path / "s.csv") == 2
    said = capsys.readouterr()
    assert "2 of 3 images cannot be compared" in said.err + said.out and "1.nii.gz" in said.err + said.out
    assert [r["case"] for r in rows_of(tmp_path / "s.csv")] == ["c0001"]


def test_a_measure_that_is_not_defined_says_where(tmp_path, capsys):
    words = folders(tmp_path)
    images.nifti(tmp_path / "made" / "1.nii.gz", np.ones((48, 40), np.float32))
    assert call(*words, "--metrics", "mae,ncc") == 0
    said = capsys.readouterr().out
    assert "not measured: ncc: an image is constant (1 of 2 cases, left out of the mean)" in " ".join(said.split())


def test_networks_are_those_that_are_named(tmp_path, capsys):
    words = folders(tmp_path)
    assert "no feature maps" in refused(capsys, *words, "--metrics", "lpips", "--range", 0, 1, "--features", "other")
    missing = f"alexnet={tmp_path / 'none.pth'}"
    assert "no file of weights" in refused(capsys, *words, "--metrics", "lpips", "--range", 0, 1, "--features", missing)
    assert call(*words, "--metrics", "perceptual,lpips", "--range", 0, 2, "--csv", tmp_path / "s.csv") == 2
    assert {r["measure"] for r in rows_of(tmp_path / "s.csv")} == {"perceptual[phantom-cnn]"}
    said = capsys.readouterr()
    assert "lpips[phantom-cnn]: phantom-cnn has no weights fitted" in " ".join(said.out.split())
    assert "lpips could not be measured" in said.err


def test_measures_of_planes_see_a_volume_slice_by_slice():
    random = np.random.default_rng(0)
    y = random.random((1, 40, 40, 3))
    g = y + 0.1 * random.standard_normal(y.shape)
    words = {"target": y, "data_range": (0, 1), "spacing": (1.0, 1.0, 3.0)}
    ((metric, value),) = values_of([FSIM], g, words, 3, {})
    planes = [FSIM(output=g[..., k], target=y[..., k], data_range=(0, 1)) for k in range(3)]
    assert metric.name == "fsim" and value == pytest.approx(np.mean(planes))
    assert values_of([MAE], g, words, 3, {})[0][1] == pytest.approx(np.abs(g - y).mean())


def test_the_network_stands_in_the_score():
    from torch import nn

    from adversaria.metrics.features import Features

    words = {"target": np.ones((1, 8, 8)), "data_range": (0, 1), "features": Features("tiny", nn.Identity())}
    ((metric, value),) = values_of([PERCEPTUAL], np.zeros((1, 8, 8)), words, 2, {})
    assert metric.name == "perceptual[tiny]" and metric.key == "M9" and value == pytest.approx(4)


def pet_facts(**changes):
    from types import SimpleNamespace

    from adversaria.data.decoders.uptake import uptake_facts

    drug = SimpleNamespace(
        RadionuclideTotalDose="370000000", RadionuclideHalfLife="6586.2", RadiopharmaceuticalStartTime="100000.5"
    )
    stated = {
        "Modality": "PT",
        "RadiopharmaceuticalInformationSequence": [drug],
        "PatientWeight": "70",
        "DecayCorrection": "START",
        "SeriesDate": "20200101",
        "SeriesTime": "110000.500000",
    }
    return uptake_facts(SimpleNamespace(**{**stated, **changes}))


def test_uptake_from_a_header():
    assert uptake_of(pet_facts(), "Bq/ml").elapsed == 3600
    assert pet_facts(DecayCorrection="ADMIN")["elapsed"] == 0
    assert "elapsed" not in pet_facts(DecayCorrection="NONE") and "elapsed" not in pet_facts(SeriesTime="090000")
    assert pet_facts(Modality="CT") == {}
    with pytest.raises(NotApplicable, match="the body weight"):
        uptake_of(pet_facts(PatientWeight=None), "Bq/ml")
    with pytest.raises(NotApplicable, match="injected activity.*half-life"):
        uptake_of(pet_facts(RadiopharmaceuticalInformationSequence=None), "Bq/ml")


def test_uptake_of_real_pet(real, tmp_path, capsys):
    import pydicom

    path = sorted(real("pet_dicom_slices").glob("*.dcm"))[0]
    image = read_image(path)
    header = pydicom.dcmread(path)
    drug = header.RadiopharmaceuticalInformationSequence[0]
    known = uptake_of(image.facts, image.unit)
    assert known.weight == float(header.PatientWeight) and known.injected == float(drug.RadionuclideTotalDose)
    everywhere = np.ones(image.array.shape[1:])
    value = SUV_MEAN(output=image.array, mask=everywhere, uptake=known)
    left = known.injected * 0.5 ** (known.elapsed / float(drug.RadionuclideHalfLife))
    assert value == pytest.approx(float(image.array.mean()) / left * known.weight * 1000, rel=1e-5)
    del header.PatientWeight
    Path(tmp_path / "p").mkdir()
    header.save_as(tmp_path / "p" / "a.dcm")
    images.nifti(tmp_path / "m.nii.gz", np.ones(image.array.shape[1:], np.float32), image.affine)
    words = ("measure", "--reference", tmp_path / "p", "--output", tmp_path / "p", "--mask", tmp_path / "m.nii.gz")
    said = refused(capsys, *words, "--metrics", "suv_mean,mae", "--quiet", "--csv", tmp_path / "s.csv")
    assert "suv_mean could not be measured: the image does not say the body weight" in " ".join(said.split())
    assert "--uptake" in said and {r["measure"] for r in rows_of(tmp_path / "s.csv")} == {"mae"}
    facts = (known.injected, known.weight, known.elapsed, known.half_life)
    assert call(*words, "--metrics", "suv_mean", "--quiet", "--uptake", *facts, "--csv", tmp_path / "s.csv") == 0
    assert float(rows_of(tmp_path / "s.csv")[0]["value"]) == pytest.approx(value, rel=1e-4)
