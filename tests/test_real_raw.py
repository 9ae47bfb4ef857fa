"""Real raw data, and the page about them: eight coils around a brain, a tooth off its axis, two PET slices."""

import re
from pathlib import Path

import numpy as np
import pytest
import torch

from adversaria.classical import BeamTotalVariation, CGSense, FilteredBackProjection, TotalVariation, ZeroFilled
from adversaria.data.raw import described
from adversaria.data.read import read_image
from adversaria.physics import MultiCoil, ParallelBeam
from shell import call

PARALLEL = """
phantom: !Brain {size: 64}
subjects: {train: 2, validation: 1, test: 1}
acquire: {low: !MultiCoilScan {of: t1, sampling: !PoissonDisc {acceleration: 6, centre: 0.4}, coils: 4}}
bind: {source: low/complex, target: low/target, measurement: low/measurement, sampling: low/sampling, coils: low/coils}
intensity: {source: !Peak {}, target: !Shared {}}
game: !Pix2Pix
  generator: !Consistent
    networks: [!PlainCNN {layers: 2, width: 4, final: identity, residual: true}]
    physics: !MultiCoil {}
    layer: !ConjugateGradient {steps: 5}
  discriminator: !PatchGAN {width: 4, layers: 2}
train: {plays: 4, batch: 2}
evaluate: {range: [0, 1], scaled: true, measures: [psnr], truth: low/reference}
"""
PAGE = Path(__file__).parent.parent / "docs" / "raw-data.md"


def alike(image, wanted, inside):
    """Correlation, and the error relative to the reference after one common factor."""
    found, truth = image[inside], wanted[inside]
    found = found * ((found * truth).sum() / found.square().sum())
    return float(np.corrcoef(found.numpy(), truth.numpy())[0, 1]), float((found - truth).norm() / truth.norm())


def test_eight_coils_reconstruct_to_the_shipped_image(real, capsys):
    folder = real("kspace_brain_8coil")
    scan, shipped = (read_image(folder / f"{name}.cfl") for name in ("ksp", "img"))
    assert described(scan) == "k-space of 180x230, 8 coils, 12.7% sampled"
    words = {word: torch.from_numpy(scan.raw[word])[None] for word in ("measurement", "sampling", "coils")}
    physics, measurement = MultiCoil().of(words), words["measurement"]
    wanted = torch.from_numpy(shipped.array)[None]
    inside = (words["coils"].abs().sum(1, keepdim=True) > 0) & (wanted > 0)
    methods = {"zero": ZeroFilled(), "sense": CGSense(5), "variation": TotalVariation(1e-3, 40)}
    found = {name: alike(method(measurement, physics).abs(), wanted, inside) for name, method in methods.items()}
    assert found["zero"][0] < 0.96 and found["zero"][1] > 0.15
    assert found["sense"][0] > 0.99 and found["sense"][1] < 0.09, found
    assert found["variation"][0] > 0.993 and found["variation"][1] < found["sense"][1], found
    assert call("data", "check", folder, "--quiet") == 0
    said = capsys.readouterr().out
    assert "one case with its raw data: img (1), ksp (1)" in said and "8 coils, 12.7% sampled" in said


def test_a_run_trained_on_phantoms_takes_the_measured_coils(real, tmp_path):
    """Four coils of a phantom in training, eight of a scanner after it: consistency with the data does the most."""
    folder = real("kspace_brain_8coil")
    (tmp_path / "mine.yaml").write_text(PARALLEL)
    assert call("train", tmp_path / "mine.yaml", "--out", tmp_path / "run", "--quiet") == 0
    assert call("apply", tmp_path / "run", "-i", folder / "ksp.cfl", "-o", tmp_path / "out.tif") == 0
    made, zero, shipped = (
        torch.from_numpy(read_image(path).array)
        for path in (tmp_path / "out.tif", folder / "ksp.cfl", folder / "img.cfl")
    )
    inside = (zero > 0) & (shipped > 0)
    found, before = (alike(image, shipped, inside) for image in (made, zero))
    assert found[0] > 0.98 > before[0] and found[1] < 0.6 * before[1], (found, before)


def test_a_tooth_with_its_frames_and_its_axis(real, capsys):
    folder = real("sinogram_tooth")
    scan = read_image(folder / "tooth.h5")
    # tomopy's own documentation finds the axis of this scan near column 296
    assert scan.facts["axis"] == pytest.approx(296, abs=0.5) and scan.array.shape == (1, 640, 640, 2)
    y, angles = torch.from_numpy(scan.raw["measurement"][..., 0])[None], scan.raw["angles"].astype(float)

    def scanner(kept, shift=scan.facts["shift"]):
        return ParallelBeam(100, tuple(angles[kept]), 640, 4.0, pitch=0.25, shift=shift)

    whole = slice(None)
    wanted = scanner(whole).inverse(y, 4.0)
    middle = (slice(None), slice(None), slice(12, 88), slice(12, 88))

    def error(image):
        return float((image - wanted)[middle].norm() / wanted[middle].norm())

    assert error(scanner(whole, 0.0).inverse(y, 4.0)) > 0.5, "the axis is far beside the middle"
    kept = np.round(np.linspace(0, 181, 23, endpoint=False)).astype(int)
    few = scanner(kept)
    back = error(FilteredBackProjection(4.0)(y[:, :, kept], few))
    variation = error(BeamTotalVariation(1e-2, 25)(y[:, :, kept], few))
    assert variation < 0.6 * back, (variation, back)
    assert call("data", "check", folder, "--quiet") == 0
    assert (
        "a sinogram of 181x640x2 (views, detector elements, slices), axis at element 296.2" in capsys.readouterr().out
    )


def test_a_half_copied_scan_is_refused(real, tmp_path, capsys):
    for name, place in (("tooth.h5", "sinogram_tooth"), ("ksp.cfl", "kspace_brain_8coil")):
        whole = (real(place) / name).read_bytes()
        (tmp_path / name).write_bytes(whole[: len(whole) // 2])
    (tmp_path / "ksp.hdr").write_bytes((real("kspace_brain_8coil") / "ksp.hdr").read_bytes())
    assert call("data", "check", tmp_path, "--quiet") == 2
    said = capsys.readouterr()
    assert "half written" in said.out and "truncated: 1324800 of 2649600 bytes" in said.out


def test_pet_keeps_its_activity(real):
    import pydicom

    for name in ("1.dcm", "2.dcm"):
        path = real("pet_dicom_slices") / name
        image, header = read_image(path), pydicom.dcmread(path)
        assert image.unit == "Bq/ml" and header.Units == "BQML"
        activity = header.pixel_array * float(header.RescaleSlope)
        np.testing.assert_allclose(image.array[0], activity, rtol=1e-5)
        assert image.facts["injected_activity"] == pytest.approx(1.76e8, rel=0.02)


def test_the_page_runs(real, capsys):
    """Its Python block gives an image, its geometry is one, and its commands are read from it."""
    folder, page = real("kspace_brain_8coil").parent, PAGE.read_text(encoding="utf-8")
    (block,) = re.findall(r"```python\n(.*?)```", page, re.S)
    names = {}
    exec(block.replace("DIR", str(folder)), names)
    assert names["image"].shape == (1, 1, 180, 230)
    checks = re.findall(r"^adversaria (data check) DIR/([\w./]+)$", page, re.M)
    assert len(checks) == 3
    for words, name in checks:
        if name != "sinogram_tooth":  # checked above
            assert call(*words.split(), folder / name, "--quiet") == 0
    said = capsys.readouterr().out.replace(str(folder), "DIR")
    for line in re.search(r"The first command says:\n\n```\n(.*?)```", page, re.S)[1].splitlines():
        assert line in said


def test_the_pages_geometry_is_one(tmp_path):
    from adversaria.data.geometry import read_geometry

    (block,) = re.findall(r"```json\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)
    (tmp_path / "a.geometry.json").write_text(block)
    assert len(read_geometry(tmp_path / "a.geometry.json").degrees()) == 181
