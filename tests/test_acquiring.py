"""Recipes that bind several words of one draw: prepared, trained, applied and evaluated, on phantoms and folders."""

import json

import numpy as np
import pytest

from adversaria.commands.session import feed_of, open_session
from adversaria.data.image import Image
from adversaria.data.write import Mark, write_image
from adversaria.recipes import read_recipe
from adversaria.run import Run
from adversaria.vocabulary import UserError
from shell import call, refused, told

MR = """
phantom: !Brain {size: 64}
subjects: {train: 3, validation: 1, test: 3}
acquire: {low: !MRScan {of: t1, sampling: !RandomLines {}}}
bind: {source: low/complex, target: low/target, measurement: low/measurement, sampling: low/sampling}
intensity: {source: !Peak {}, target: !Shared {}}
game: !Pix2Pix
  generator: !Consistent
    networks: [!PlainCNN {layers: 2, width: 4, final: identity, residual: true}]
    physics: !Fourier {}
  discriminator: !PatchGAN {width: 4, layers: 2}
train: {plays: 2, batch: 2}
evaluate: {range: [0, 1], scaled: true, measures: [psnr], truth: low/reference, lesion: lesion}
"""
CT = """
phantom: !TorsoCT {size: 32}
subjects: {train: 2, validation: 1, test: 2}
acquire: {low: !CTScan {of: ct, size: 16, angles: 12, spacing: 25.0}}
bind: {source: low, target: low/target, measurement: low/measurement}
intensity: {source: !Window {low: -1000, high: 1500, into: [0, 1]}, target: !Shared {}}
game: !Supervised
  generator: !Consistent
    networks: [!PlainCNN {layers: 2, width: 4, final: identity, residual: true}]
    physics: !ParallelBeam {size: 16, angles: 12, spacing: 25.0}
    layer: !ConjugateGradient {steps: 3}
train: {plays: 2, batch: 2}
evaluate: {range: [-1000, 1500], measures: [psnr]}
"""


def recipe_of(tmp_path, text, *changes):
    place = tmp_path / "mine.yaml"
    place.write_text(text)
    return read_recipe(str(place), list(changes))


def write_volumes(folder, count, size=(32, 32, 3)):
    folder.mkdir()
    for k in range(count):
        places = np.meshgrid(*[np.linspace(-1, 1, side) for side in size], indexing="ij")
        body = (sum(p**2 for p in places) < 0.7) * (500 + 300 * places[0] + 20 * k)
        affine = np.diag([2.0, 2.0, 3.0, 1.0])
        image = Image(body[None].astype(np.float32), affine=affine, spacing=(2.0, 2.0, 3.0))
        write_image(image, folder / f"s{k}.nii.gz", Mark(model="test", run="test", kind="derived"))
    return folder


def test_the_words_of_a_case_come_from_one_draw_and_are_cached(tmp_path):
    recipe = recipe_of(tmp_path, MR)
    first, again = (open_session(recipe, Run(tmp_path / "r")).make_part("train") for _ in range(2))
    other = open_session(recipe, Run(tmp_path / "other"), seed=1).make_part("train")
    case, same, apart = (part.streams[""][0].arrays for part in (first, again, other))
    assert case["measurement"].dtype == np.complex64 and case["sampling"].shape == (1, 32, 32)
    for word in case:
        assert np.array_equal(case[word], same[word])
    assert not np.array_equal(case["measurement"], apart["measurement"])
    assert np.array_equal(case["measurement"] != 0, case["sampling"] > 0)
    seen = np.fft.fftshift(np.fft.fft2(np.fft.ifftshift(case["target"][0] + 1j * case["target"][1]), norm="ortho"))
    apart = np.linalg.norm((seen - case["measurement"][0])[case["sampling"][0] > 0])
    assert apart < 0.1 * np.linalg.norm(case["measurement"])


@pytest.mark.parametrize("text", [MR, CT])
def test_runs_hold_to_the_measurement_in_training_use_and_scores(text, tmp_path, capsys):
    place = tmp_path / "mine.yaml"
    place.write_text(text)
    assert call("train", place, "--out", tmp_path / "run", "--quiet") == 0
    capsys.readouterr()
    assert call("evaluate", tmp_path / "run", "--json", "--quiet") == 0
    rows = json.loads(capsys.readouterr().out)
    assert {row["method"] for row in rows} == {"input", "output"}
    assert all(np.isfinite(row["summary"]["mean"]) for row in rows if row["measure"] == "psnr")
    scores = (tmp_path / "run" / "scores.csv").read_text()
    assert call("evaluate", tmp_path / "run", "--quiet") == 0
    assert (tmp_path / "run" / "scores.csv").read_text() == scores
    assert call("train", place, "--dry-run") == 0


def test_a_folder_of_images_is_measured_and_a_file_applied(tmp_path, capsys):
    """Volumes in two dimensions: every slice has a measurement of its own, on the way in and on the way out."""
    folder = write_volumes(tmp_path / "data", 5)
    place = tmp_path / "mine.yaml"
    place.write_text(MR)
    alone = tmp_path / "alone.nii.gz"
    alone.write_bytes((folder / "s0.nii.gz").read_bytes())
    options = ("--data", folder, "--assume-independent")
    assert call("train", place, *options, "--out", tmp_path / "run", "--quiet") == 0, told(capsys)
    capsys.readouterr()
    for name in ("a", "b"):
        assert call("apply", tmp_path / "run", "-i", alone, "-o", tmp_path / f"{name}.nii") == 0
    assert "simulated by MRScan" in told(capsys)
    from adversaria.data.read import read_image

    made, again = (read_image(tmp_path / f"{name}.nii") for name in ("a", "b"))
    assert made.array.shape == (1, 16, 16, 3) and np.array_equal(made.array, again.array)
    assert made.spacing[:2] == (4.0, 4.0)
    assert call("evaluate", tmp_path / "run", *options, "--quiet") == 0, told(capsys)


def test_patches_have_no_measurement(tmp_path, capsys):
    place = tmp_path / "mine.yaml"
    place.write_text(MR)
    said = refused(capsys, "train", place, "--out", tmp_path / "run", "--set", "train.patch=[16, 16]")
    assert "belongs to the whole image of 32x32" in said and "train.patch" in said
    assert call("train", place, "--out", tmp_path / "run", "--set", "train.patch=[32, 32]", "--quiet") == 0


def test_a_block_of_one_subject_has_no_measurement(tmp_path, capsys):
    folder = write_volumes(tmp_path / "data", 1, (32, 32, 24))
    text = MR.replace("width: 4, layers: 2}", "width: 4, layers: 2}").replace("{size: 64}", "{size: 64, dims: 3}")
    place = tmp_path / "mine.yaml"
    place.write_text(text)
    said = refused(capsys, "train", place, "--data", folder, "--out", tmp_path / "run")
    assert "has no 'measurement' of its own" in said


WRONG = {
    "no operator": (MR.replace("low/complex", "lov/complex"), "not under acquire", "low"),
    "another word": (MR.replace("sampling: low/s", "mask: low/s"), "bind.mask cannot be 'sampling'", "sampling:"),
    "no scale": (MR.replace("!Shared {}", "!Shared {word: mask}"), "which has none of its own", "!Peak"),
}  # fmt: skip


@pytest.mark.parametrize("name", WRONG)
def test_mistakes_are_named(name, tmp_path):
    text, message, remedy = WRONG[name]
    with pytest.raises(UserError) as caught:
        recipe_of(tmp_path, text).intensities()
    assert message in caught.value.message and remedy in caught.value.remedy


def test_source_and_target_must_share_a_scale(tmp_path):
    recipe = recipe_of(tmp_path, MR.replace("!Shared {}", "!Peak {percentile: 90}"))
    with pytest.raises(UserError, match="scaled differently"):
        open_session(recipe, Run(tmp_path / "r")).make_part("train")


def test_a_scan_of_another_size_is_refused(tmp_path):
    recipe = recipe_of(tmp_path, CT, "phantom.size=48")
    with pytest.raises(UserError, match="CTScan cannot measure this image"):
        open_session(recipe, Run(tmp_path / "r")).make_part("train")


JOINED = """
phantom: !Brain {size: 64}
subjects: {train: 3}
acquire: {low: !Fourier {of: t1, sampling: !RandomLines {}}}
bind: {source: low+t2, target: t1}
intensity: {source: !Peak {}, target: !Peak {}}
game: !Supervised
  generator: !PlainCNN {layers: 2, width: 4}
train: {batch: 2}
"""


def test_joined_images_are_channels(tmp_path):
    session = open_session(recipe_of(tmp_path, JOINED), Run(tmp_path / "r"))
    part = session.make_part("train")
    assert part.streams[""][0].arrays["source"].shape == (2, 64, 64)
    assert feed_of(session, part).batch(0, 0, 1)["source"].shape == (2, 2, 64, 64)


def test_an_unknown_term_is_named_when_a_recipe_is_written_out(tmp_path):
    text = MR.replace("layers: 2}\ntrain", "layers: 2}\n  terms: {pixl: 3}\ntrain")
    with pytest.raises(UserError, match="no term 'pixl'") as caught:
        recipe_of(tmp_path, text).resolved()
    assert "pixel" in caught.value.remedy


COILS = """
phantom: !Brain {size: 64}
subjects: {train: 2, validation: 1, test: 1}
acquire: {low: !MultiCoilScan {of: t1, sampling: !PoissonDisc {}, coils: 4}}
bind:
  source: low/complex
  target: low/target
  measurement: low/measurement
  sampling: low/sampling
  coils: low/coils
intensity: {source: !Peak {}, target: !Shared {}}
game: !Supervised
  generator: !Consistent
    networks: [!PlainCNN {layers: 2, width: 4, final: identity, residual: true}]
    physics: !MultiCoil {}
    layer: !ConjugateGradient {}
train: {plays: 2, batch: 2}
evaluate: {range: [0, 1], scaled: true, measures: [psnr], truth: low/reference}
"""


def test_real_raw_data_are_used_as_they_are(real, tmp_path, capsys):
    """Eight real coils through a run of four simulated ones: nothing is simulated, the image is as shipped."""
    folder = real("kspace_brain_8coil")
    place = tmp_path / "coils.yaml"
    place.write_text(COILS)
    assert call("train", place, "--out", tmp_path / "run", "--quiet") == 0, told(capsys)
    capsys.readouterr()
    out = tmp_path / "made.nii"
    assert call("apply", tmp_path / "run", "-i", folder / "ksp.cfl", "-o", out) == 0, told(capsys)
    assert "simulated" not in told(capsys)
    from adversaria.data.read import read_image

    made, shipped = read_image(out).array[0], np.abs(read_image(folder / "img.cfl").raw["complex"][0])
    assert made.shape == (180, 230)
    alike = max(np.corrcoef(view.ravel(), shipped.ravel())[0, 1] for view in (made, made[::-1], made[:, ::-1]))
    assert alike > 0.9, alike
