"""Training on raw data that were measured: less of them is kept, and all of them make the target."""

import csv
import json
import re
from pathlib import Path

import numpy as np
import pytest
import torch

import raw_files
from adversaria.commands.acquiring import Acquisition
from adversaria.commands.session import open_session
from adversaria.data.folders import recognise
from adversaria.data.image import Image
from adversaria.data.read import read_image
from adversaria.draws import stream
from adversaria.physics import CTScan, FanBeam, Fourier, MultiCoil, ParallelBeam, PartialLines, RandomLines
from adversaria.recipes import read_recipe
from adversaria.run import Run
from adversaria.vocabulary import UserError
from shell import call, refused, told

COILS = """
acquire: {low: !MultiCoil {of: ksp, sampling: !RandomLines {accelerations: [2.0], centres: [0.3]}}}
bind: {source: low/complex, target: low/target, measurement: low/measurement, sampling: low/sampling, coils: low/coils}
intensity: {source: !Peak {}, target: !Shared {}}
game: !Supervised
  generator: !Consistent
    networks: [!PlainCNN {layers: 2, width: 4, final: identity, residual: true}]
    physics: !MultiCoil {}
    layer: !ConjugateGradient {steps: 3}
train: {plays: 2, batch: 2}
evaluate: {range: [0, 1], scaled: true, measures: [psnr], truth: low/reference}
"""
ONE_COIL = """
acquire: {low: !Fourier {of: ksp, sampling: !RandomLines {}}}
bind: {source: low, target: low/reference, measurement: low/measurement, sampling: low/sampling}
intensity: {source: !Peak {}, target: !Shared {}}
game: !Supervised
  generator: !Consistent
    networks: [!PlainCNN {layers: 2, width: 4, final: identity, residual: true}]
    physics: !Fourier {}
train: {plays: 2, batch: 2}
evaluate: {range: [0, 1], scaled: true, measures: [psnr]}
"""
VIEWS = """
acquire: {low: !ParallelBeam {of: scan, size: 48, angles: 10, detectors: 71, shift: 4.5}}
bind: {source: low, target: low/target, measurement: low/measurement}
intensity: {source: !Peak {}, target: !Shared {}}
game: !Supervised
  generator: !Consistent
    networks: [!PlainCNN {layers: 2, width: 4, final: identity, residual: true}]
    physics: !ParallelBeam {size: 48, angles: 10, detectors: 71, shift: 4.5}
    layer: !ConjugateGradient {weight: 1.0, steps: 3}
train: {plays: 2, batch: 2}
evaluate: {range: [0, 0.5], measures: [psnr]}
"""


def recipe_at(folder, text):
    place = folder / "mine.yaml"
    place.write_text(text)
    return place


def write_k_space(folder, subjects=4):
    """A folder a subject, each with the k-space of a scene of its own brightness, and its maps."""
    x, maps, _, _ = raw_files.scene()
    for number in range(subjects):
        place = folder / f"p{number}"
        place.mkdir(parents=True)
        k = MultiCoil().of({"coils": torch.from_numpy(maps)[None]}).A(torch.from_numpy((1 + number) * x)[None, None])
        raw_files.cfl(place / "ksp.cfl", np.moveaxis(k[0].numpy(), 0, -1)[None])
        raw_files.cfl(place / "sens.cfl", np.moveaxis(maps, 0, -1)[None])
    return folder


def write_sinograms(folder, subjects=4, views=40, **stated):
    for number in range(subjects):
        place = folder / f"p{number}"
        place.mkdir(parents=True)
        lines, _ = raw_files.sinogram(views)
        np.save(place / "scan.npy", (1 + 0.1 * number) * lines)
        raw_files.with_geometry(place / "scan.npy", views=views, size=48, **stated)
    return folder


def scan_of(coils=4):
    x, maps, k, mask = raw_files.scene(coils=coils)
    raw = {"measurement": k, "sampling": mask[None], "coils": maps}
    raw = raw if coils > 1 else {w: raw[w] for w in ("measurement", "sampling")}
    return Image(np.abs(x)[None], spacing=(1.0, 1.0), raw=raw)


def test_of_k_space_the_samples_of_both_masks_are_kept():
    image = scan_of()
    found = Acquisition(MultiCoil(RandomLines()), 2)(image, stream("a"))
    drawn, whole = RandomLines()((48, 40), stream("a")), image.raw["sampling"][0]
    np.testing.assert_array_equal(found.raw["sampling"][0], drawn * whole)
    assert 0 < found.raw["sampling"].sum() < drawn.sum()
    np.testing.assert_array_equal(found.raw["measurement"], image.raw["measurement"] * drawn)
    maps = image.raw["coils"]
    images = np.fft.fftshift(
        np.fft.ifft2(np.fft.ifftshift(image.raw["measurement"], axes=(1, 2)), norm="ortho"), axes=(1, 2)
    )
    combined = (maps.conj() * images).sum(0) / (np.abs(maps) ** 2).sum(0)
    np.testing.assert_allclose(found.raw["target"][0], combined, atol=1e-5)
    np.testing.assert_allclose(found.raw["reference"], np.abs(found.raw["target"]), atol=1e-6)
    assert np.array_equal(found.raw["coils"], maps) and "no truth" in found.warnings[-1]
    assert np.linalg.norm(found.array - found.raw["reference"]) > 0.05 * np.linalg.norm(found.array)


def test_slices_of_a_volume_are_sampled_each_by_itself():
    one = scan_of()
    raw = {word: np.stack([array] * 3, -1) for word, array in one.raw.items()}
    found = Acquisition(MultiCoil(RandomLines()), 2)(Image(np.stack([one.array] * 3, -1), raw=raw), stream("a"))
    masks = found.raw["sampling"][0]
    assert masks.shape == (48, 40, 3) and not np.array_equal(masks[..., 0], masks[..., 1])
    for k in range(1, 3):
        np.testing.assert_array_equal(found.raw["target"][..., 0], found.raw["target"][..., k])


def body_scan(views=40, detectors=71, shift=4.5, span=180.0):
    beam = ParallelBeam(48, views, detectors, span=span, shift=shift)
    raw = {"measurement": beam.A(raw_files.bodies())[0].numpy(), "angles": beam.angles.numpy().astype(np.float32)}
    facts = {"shift": shift}
    return Image(beam.inverse(beam.A(raw_files.bodies()))[0].numpy(), None, (1.0, 1.0), "1/cm", raw=raw, facts=facts)


def test_of_a_sinogram_the_nearest_views_are_kept():
    """Ten angles 18 degrees apart out of forty 4.5 degrees apart: every fourth; and the target is that of all."""
    image = body_scan()
    found = Acquisition(ParallelBeam(48, 10, 71, shift=4.5), 2)(image, stream("a"))
    np.testing.assert_array_equal(found.raw["angles"], image.raw["angles"][::4])
    np.testing.assert_array_equal(found.raw["measurement"], image.raw["measurement"][:, ::4])
    np.testing.assert_allclose(found.raw["target"], image.array, atol=1e-6)
    few = ParallelBeam(48, 10, 71, shift=4.5).inverse(torch.from_numpy(image.raw["measurement"][None, :, ::4]))[0]
    np.testing.assert_allclose(found.array, few.numpy(), atol=1e-5)
    assert "10 of its 40 measured views" in found.warnings[-1]


def test_the_nearest_view_may_lie_half_a_turn_away():
    beam = ParallelBeam(16, (0.0, 1.0))
    words = {"angles": torch.tensor([[0.5, 1.1, 3.1]]), "measurement": torch.zeros(1, 1, 3, beam.detectors)}
    assert beam.subsampled(words, None)["angles"].tolist() == [pytest.approx([3.1, 1.1])]
    fan = FanBeam(16, (0.0, 1.0), distance=60.0)
    words = {"angles": torch.tensor([[0.5, 1.1, 3.1]]), "measurement": torch.zeros(1, 1, 3, fan.detectors)}
    with pytest.raises(ValueError, match="equally spaced"):
        fan.subsampled(words, None)


def test_a_scanner_of_ones_own_is_simulated():
    """The scan of a phantom on a shifted detector of finer elements reconstructs where it is."""
    scan = CTScan(24, 90, 2.0, photons=1e14, electronic=0.0, detectors=91, pitch=0.5, shift=7.0)
    body = torch.nn.functional.interpolate(raw_files.bodies(), scale_factor=1.0)
    words = scan.acquire(body, 1.0, np.random.default_rng(0))
    plain = ParallelBeam(24, 90, 91, 2.0, pitch=0.5, shift=7.0)
    wanted = plain.A(words["target"])
    assert (words["measurement"] - wanted).norm() < 0.05 * wanted.norm()
    assert (ParallelBeam(24, 90, 91, 2.0, pitch=0.5).A(words["target"]) - wanted).norm() > 0.2 * wanted.norm()
    assert (scan.inverse(words["measurement"]) - words["target"]).norm() < 0.35 * words["target"].norm()


WRONG = {
    "no sample": (scan_of(1), Fourier(lambda shape, random: 1 - scan_of().raw["sampling"][0]), "keeps nothing"),
    "several coils": (scan_of(), Fourier(RandomLines()), "has 4 coils and Fourier takes one"),
    "fewer views": (body_scan(12), ParallelBeam(48, 20, 71, shift=4.5), "the scan has 12 views, and of the 20"),
    "a limited angle": (body_scan(span=90), ParallelBeam(48, 20, 71, shift=4.5), "have none there"),
    "another axis": (body_scan(), ParallelBeam(48, 10, 71), "seen 4.50 elements beside the detector's middle"),
    "other elements": (body_scan(), ParallelBeam(48, 10, 71, 2.0, shift=4.5), "1 mm wide, and those of ParallelBeam 2"),
    "another detector": (body_scan(), ParallelBeam(48, 10, 61, shift=4.5), "sinogram has shape"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_what_the_scan_has_not_is_refused(name):
    image, operator, message = WRONG[name]
    with pytest.raises(UserError, match=message) as caught:
        Acquisition(operator, 2)(image, stream("a"))
    assert caught.value.remedy


def test_views_elsewhere_must_be_bound():
    """Nobody who takes the views to lie at the operator's own angles is given others."""
    operator = ParallelBeam(48, 7, 71, shift=4.5)
    with pytest.raises(UserError, match="degrees off the angles") as caught:
        Acquisition(operator, 2, own=True)(body_scan(), stream("a"))
    assert "angles: low/angles" in caught.value.remedy
    found = Acquisition(operator, 2)(body_scan(), stream("a"))
    assert np.abs(np.rad2deg(found.raw["angles"]) - 180 / 7 * np.arange(7)).max() < 2.3
    assert Acquisition(ParallelBeam(48, 8, 71, shift=4.5), 2, own=True)(body_scan(), stream("a")).raw


def psnr_of(folder, method):
    rows = list(csv.DictReader((folder / "scores.csv").read_text().splitlines()))
    return [float(row["value"]) for row in rows if row["method"] == method and row["measure"] == "psnr"]


def test_measured_k_space_is_trained_on_scored_and_applied(tmp_path, capsys):
    """The input's score is that of what the kept samples give, against what all samples give, on the scale of these."""
    data, place = write_k_space(tmp_path / "data"), recipe_at(tmp_path, COILS)
    assert call("train", place, "--data", data, "--out", tmp_path / "run", "--quiet") == 0, told(capsys)
    capsys.readouterr()
    assert call("evaluate", tmp_path / "run", "--data", data) == 0, told(capsys)
    assert "a part of its measured k-space is kept" in told(capsys)
    (score,) = psnr_of(tmp_path / "run", "input")
    session = open_session(read_recipe(str(place)), Run(tmp_path / "again"), data)
    (case,) = session.make_part("test").streams[""]
    kept = {w: torch.from_numpy(np.array(case.arrays[w]))[None] for w in ("measurement", "sampling", "coils")}
    seen = MultiCoil().of(kept).inverse(kept["measurement"])[0, 0].abs().numpy()
    full = np.hypot(*case.arrays["target"])
    seen, full = (image / np.percentile(full, 99.5) for image in (seen, full))
    assert score == pytest.approx(10 * np.log10(1 / np.mean((seen - full) ** 2)), abs=0.05)
    assert 0.3 < kept["sampling"].mean() < 0.7 and np.isfinite(psnr_of(tmp_path / "run", "output"))
    scan = data / "p0" / "ksp.cfl"
    assert call("apply", tmp_path / "run", "-i", scan, "-o", tmp_path / "whole.tif", "--quiet") == 0, told(capsys)
    assert read_image(tmp_path / "whole.tif").array.shape == (1, 48, 40)


def test_magnitudes_of_one_coil_are_trained_on_by_slices(tmp_path, capsys):
    """One subject, a volume of ten slices: blocks of slices are trained on and scored."""
    x, _, _, _ = raw_files.scene()
    k = np.stack([Fourier().A(torch.from_numpy((1 + 0.1 * n) * x)[None, None])[0, 0].numpy() for n in range(10)])
    (tmp_path / "data").mkdir()
    raw_files.fastmri(tmp_path / "data" / "ksp.h5", k)
    place = recipe_at(tmp_path, ONE_COIL)
    options = ("--data", tmp_path / "data")
    assert call("train", place, *options, "--out", tmp_path / "run", "--quiet") == 0, told(capsys)
    capsys.readouterr()
    assert call("evaluate", tmp_path / "run", *options, "--classical", "--json", "--quiet") == 0, told(capsys)
    rows = json.loads(capsys.readouterr().out)
    assert {row["method"] for row in rows} == {"input", "output", "zero-filled", "total variation"}
    assert "same subject" in rows[0]["note"]


def test_measured_views_are_trained_on_scored_and_applied(tmp_path, capsys):
    data, place = write_sinograms(tmp_path / "data"), recipe_at(tmp_path, VIEWS)
    assert call("train", place, "--data", data, "--out", tmp_path / "run", "--quiet") == 0, told(capsys)
    assert call("evaluate", tmp_path / "run", "--data", data, "--quiet") == 0, told(capsys)
    (before,) = psnr_of(tmp_path / "run", "input")
    whole = read_image(data / "p0" / "scan.npy").array
    few = ParallelBeam(48, 10, 71, shift=4.5).inverse(torch.from_numpy(raw_files.sinogram()[0][None, None, ::4]))
    error = np.mean((few[0].numpy() - whole) ** 2)
    # subjects differ by their brightness alone
    assert min(abs(before - 10 * np.log10(0.25 / ((1 + 0.1 * n) ** 2 * error))) for n in range(4)) < 0.01
    for views in (40, 10, 8):
        np.save(tmp_path / f"scan{views}.npy", raw_files.sinogram(views)[0])
        raw_files.with_geometry(tmp_path / f"scan{views}.npy", views=views, size=48, axis=39.5)
    applied = [
        ("apply", tmp_path / "run", "-i", tmp_path / f"scan{v}.npy", "-o", tmp_path / f"{v}.tif") for v in (40, 10)
    ]
    for words in applied:
        assert call(*words) == 0, told(capsys)
    assert "10 of its 40 measured views" in told(capsys)
    made = [read_image(tmp_path / f"{views}.tif").array for views in (40, 10)]
    np.testing.assert_allclose(*made, atol=1e-3)
    said = refused(capsys, "apply", tmp_path / "run", "-i", tmp_path / "scan8.npy", "-o", tmp_path / "no.tif")
    assert "has 8 views" in said


def write_one_coil(folder, k, subjects=4):
    for number in range(subjects):
        (folder / f"p{number}").mkdir(parents=True)
        raw_files.cfl(folder / f"p{number}" / "ksp.cfl", np.moveaxis(k, 0, -1)[None])
    return folder


def test_measured_and_simulated_scans_are_not_mixed(tmp_path, capsys):
    x = raw_files.scene()[0]
    data = write_one_coil(tmp_path / "data", Fourier().A(torch.from_numpy(x)[None, None])[0].numpy())
    assert recognise(data).layout == "one folder a subject"
    raw_files.cfl(data / "p2" / "image.cfl", x[None].astype(np.complex64))
    manifest = ["case,subject,ksp", *(f"p{n},p{n},p{n}/{'image' if n == 2 else 'ksp'}.cfl" for n in range(4))]
    (data / "manifest.csv").write_text("\n".join(manifest) + "\n")
    place = recipe_at(tmp_path, ONE_COIL)
    said = refused(capsys, "train", place, "--data", data, "--out", tmp_path / "run")
    assert "p2/image.cfl brings no raw data" in said and "would be mixed" in said


def test_a_mask_that_meets_no_sample_ends_the_training(tmp_path, capsys):
    """The first half of k-space was measured, and the last is asked for."""
    x, _, _, _ = raw_files.scene()
    k = Fourier().A(torch.from_numpy(x)[None, None])[0].numpy()
    k[..., 20:] = 0
    write_one_coil(tmp_path / "data", k, 3)
    place = recipe_at(tmp_path, ONE_COIL.replace("!RandomLines {}", "!PartialLines {fraction: 0.501}"))
    assert PartialLines(0.501).mask((48, 40))[:, :20].sum() == 0
    said = refused(capsys, "train", place, "--data", tmp_path / "data", "--out", tmp_path / "run")
    assert "its mask keeps nothing that the scan has" in said and "ksp.cfl" in said


def test_the_pages_recipe_takes_a_folder_of_scans(tmp_path):
    page = Path(__file__).parent.parent / "docs" / "raw-data.md"
    (block,) = re.findall(r"```yaml\n(.*?)```", page.read_text(encoding="utf-8"), re.S)
    recipe = read_recipe(str(recipe_at(tmp_path, block)))
    session = open_session(recipe, Run(tmp_path / "run"), write_k_space(tmp_path / "data"))
    assert len(session.make_part("train").streams[""]) == 2
    assert any("a part of its measured k-space is kept" in text for text in session.said)


def test_two_rows_of_a_real_detector_cannot_be_split(real, tmp_path, capsys):
    folder = real("sinogram_tooth")
    place = recipe_at(
        tmp_path,
        VIEWS.replace("of: scan", "of: tooth")
        .replace(
            "size: 48, angles: 10, detectors: 71",
            "size: 200, angles: 45, span: 179.0055, detectors: 640, spacing: 2.0, pitch: 0.5",
        )
        .replace("shift: 4.5", "shift: -23.25"),
    )
    said = refused(capsys, "train", place, "--data", folder, "--out", tmp_path / "run")
    assert "one subject with 2 slices cannot be split" in said
    tooth = read_image(folder / "tooth.h5")
    operator = ParallelBeam(200, 45, 640, 2.0, 179.0055, 0.5, -23.25)
    found = Acquisition(operator, 2, own=True)(tooth, stream("a"))
    assert found.array.shape == (1, 200, 200, 2) and found.spacing == (2.0, 2.0, 1.0)
    np.testing.assert_allclose(np.rad2deg(found.raw["angles"][:, 0]), np.arange(45) * 3.9779, atol=0.01)
    wanted = ParallelBeam(200, tuple(tooth.raw["angles"].tolist()), 640, 2.0, pitch=0.5, shift=-23.25)
    every = wanted.inverse(torch.from_numpy(tooth.raw["measurement"][..., 0])[None])[0].numpy()
    np.testing.assert_allclose(found.raw["target"][..., 0], every, atol=1e-5)


def test_a_real_brain_keeps_a_part_of_its_samples(real, tmp_path, capsys):
    folder = real("kspace_brain_8coil")
    scan = read_image(folder / "ksp.cfl")
    found = Acquisition(MultiCoil(RandomLines((2.0,), (0.2,))), 2)(scan, stream("a"))
    share = found.raw["sampling"].sum() / scan.raw["sampling"].sum()
    assert 0.4 < share < 0.8
    np.testing.assert_allclose(found.raw["target"], scan.raw["complex"], atol=1e-5)
    said = refused(capsys, "train", recipe_at(tmp_path, COILS), "--data", folder, "--out", tmp_path / "run")
    assert "one subject with one 2D image, which cannot be split" in said
