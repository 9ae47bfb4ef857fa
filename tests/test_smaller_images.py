"""Images that are measured smaller, or from folders of other sizes and names than a phantom's: what a user brings."""

import nibabel
import numpy as np
import pytest
import torch
from PIL import Image as Picture

from adversaria.classical import Bicubic
from adversaria.commands.acquiring import Acquisition
from adversaria.data.image import Image, blocks, shared
from adversaria.data.read import read_image
from adversaria.metrics.lesion import lesion_contrast_recovery
from adversaria.physics import Decimate, Downsample, GaussianBlur, LowDoseCT, SparseViewCT
from adversaria.vocabulary import UserError
from shell import call, refused, told

VOLUME = """
bind: {source: low, target: t1}
acquire: {low: !Decimate {of: t1, factor: 2}}
intensity: {source: !Percentile {}, target: !Shared {}}
game: !SRGAN
  generator: !SRResNet {factor: 2, blocks: 1, width: 4, kernel: 3}
  discriminator: !SRDiscriminator {width: 4, hidden: 8}
train: {plays: 2, batch: 1, patch: [16, 16, 8]}
apply: {window: whole}
evaluate: {range: [-1, 1], scaled: true, measures: [psnr, lesion_contrast_recovery], truth: t1, lesion: lesions}
"""
PICTURES = """
bind: {source: small, target: image}
acquire: {small: !Downsample {of: image, factor: 2}}
intensity: {source: !Window {low: 0, high: 255}, target: !Window {low: 0, high: 255}}
game: !SRGAN
  generator: !SRResNet {factor: 2, blocks: 1, width: 4, kernel: 3}
  discriminator: !SRDiscriminator {width: 4, hidden: 8}
train: {plays: 2, batch: 1, patch: [16, 16]}
apply: {window: whole}
evaluate: {range: [0, 255], measures: [psnr, lesion_contrast_recovery], truth: image, lesion: vessels}
"""


def smooth(shape, seed=0):
    from scipy.ndimage import gaussian_filter

    noise = np.random.default_rng(seed).standard_normal(shape)
    return (100 + 400 * gaussian_filter(noise, 2)).astype(np.float32)


def volume(array):
    return Image(array[None].astype(np.float32), np.eye(4), (1.0, 1.0, 1.0))


def test_a_block_of_slices_is_the_same_place_in_thicker_slices():
    assert shared(range(5, 22), {"low": 10, "t1": 40}) == {"low": range(2, 5), "t1": range(8, 20)}
    assert shared(range(5, 22), {"t1": 40, "t2": 40}) == {"t1": range(5, 22), "t2": range(5, 22)}
    fine = volume(np.broadcast_to(np.arange(40.0), (4, 4, 40)))
    coarse = fine.resampled(fine.array.reshape(1, 4, 4, 10, 4).mean(-1))
    found = blocks({"low": coarse, "t1": fine, "number": Image(np.asarray(1))}, range(5, 22))
    np.testing.assert_allclose(found["low"].array[0, 0, 0], found["t1"].array[0, 0, 0].reshape(3, 4).mean(-1))
    # the middle of the first thick slice lies between the second and the third thin one
    assert found["low"].affine[2, 3] == found["t1"].affine[2, 3] + 1.5
    with pytest.raises(UserError, match="no whole one of 4"):
        shared(range(5, 7), {"low": 10, "t1": 40})
    with pytest.raises(UserError, match="'other' has 7 slices beside 40"):
        shared(range(5, 22), {"other": 7, "t1": 40})


def test_two_dimensional_recipes_sample_slices_and_not_between_them():
    image = volume(smooth((16, 12, 5)))
    found = Acquisition(Downsample(4), 2)(image, np.random.default_rng(0))
    assert found.array.shape == (1, 4, 3, 5) and found.spacing == (4, 4, 1)
    np.testing.assert_allclose(found.array, image.array.reshape(1, 4, 4, 3, 4, 5).mean((2, 4)), rtol=1e-6)
    whole = Acquisition(Downsample(4), 3)(volume(smooth((16, 12, 8))), np.random.default_rng(0))
    assert whole.array.shape == (1, 4, 3, 2) and whole.spacing == (4, 4, 4)


def test_what_goes_by_slice_itself_draws_as_before():
    hu = volume(smooth((16, 16, 3)) - 100)
    dose = LowDoseCT(views=20)
    found = Acquisition(dose, 2)(hu, np.random.default_rng(3)).array
    wanted = dose.measure(torch.from_numpy(hu.array)[None], 1.0, np.random.default_rng(3))[0].numpy()
    assert np.array_equal(found, wanted)


def test_few_views_of_an_oblong_slice_are_those_of_its_square():
    oblong = torch.from_numpy(smooth((1, 1, 24, 17)) - 100)
    square = torch.nn.functional.pad(oblong, (3, 4, 0, 0), value=-1000.0)
    scan = SparseViewCT(12)
    found = scan.measure(oblong, 1.0, np.random.default_rng(0))
    assert torch.equal(found, scan.measure(square, 1.0, np.random.default_rng(0))[..., 3:20])
    upright = scan.measure(oblong.mT.contiguous(), 1.0, np.random.default_rng(0))
    assert upright.shape == (1, 1, 17, 24)


def test_cubic_interpolation_knows_where_decimated_samples_lie():
    x = torch.arange(32.0).expand(1, 1, 32, 32).contiguous()
    inside = (slice(None), slice(None), slice(8, -8), slice(8, -8))
    kept = Decimate(4, sigma=0.1).A(x)
    torch.testing.assert_close(Bicubic(4, 0)(kept)[inside], x[inside])
    assert (Bicubic(4)(kept) - x)[inside].mean() == pytest.approx(-1.5)
    torch.testing.assert_close(Bicubic(4)(Downsample(4).A(x))[inside], x[inside])


def test_lesions_in_colour_are_seen_in_all_channels():
    lesion = np.zeros((20, 20), np.int16)
    lesion[8:12, 8:12] = 1
    truth = np.zeros((3, 20, 20), np.float32)
    truth[1, 8:12, 8:12] = 30  # nothing of it in the first channel
    assert lesion_contrast_recovery(truth * 0.5, truth, lesion) == pytest.approx(0.5)


@pytest.fixture(scope="module")
def patient(tmp_path_factory):
    """One subject with two contrasts, named otherwise than the recipe names them, and a map of lesions."""
    place = tmp_path_factory.mktemp("data") / "patient"
    place.mkdir()
    lesions = np.zeros((24, 20, 40), np.uint8)
    lesions[8:12, 8:12] = 1
    for name, array in {"T1": smooth((24, 20, 40)), "FLAIR": smooth((24, 20, 40), 1), "LESIONS": lesions}.items():
        array = array + 80 * lesions if name != "LESIONS" else array
        nibabel.save(nibabel.Nifti1Image(array, np.eye(4)), place / f"{name}.nii.gz")
    return place.parent


def test_one_subject_is_enlarged_in_three_dimensions(patient, tmp_path, capsys):
    (tmp_path / "mine.yaml").write_text(VOLUME)
    run = tmp_path / "run"
    assert call("train", tmp_path / "mine.yaml", "--data", patient, "--out", run, "--quiet") == 0
    assert call("evaluate", run, "--data", patient, "--classical", "--quiet") == 0
    scores = (run / "scores.csv").read_text()
    methods = {tuple(line.split(",")[2:4]) for line in scores.splitlines()[1:]}
    assert len(scores.splitlines()) == 1 + 3 * 2, methods
    assert "bicubic" in scores and "lesion_contrast_recovery" in scores and "nan" not in scores
    low = volume(smooth((12, 10, 8)))
    nibabel.save(nibabel.Nifti1Image(low.array[0], np.eye(4)), tmp_path / "low.nii.gz")
    assert call("apply", run, "-i", tmp_path / "low.nii.gz", "-o", tmp_path / "high.nii.gz", "--quiet") == 0
    assert read_image(tmp_path / "high.nii.gz").array.shape == (1, 24, 20, 16)


def test_what_is_measured_is_found_by_its_name_or_asked_for(patient, tmp_path, capsys):
    (tmp_path / "mine.yaml").write_text(VOLUME.replace("of: t1", "of: pd"))
    said = refused(capsys, "train", tmp_path / "mine.yaml", "--data", patient, "--out", tmp_path / "run")
    assert "'low' is measured from 'pd'" in said and "acquire.low.of=" in said
    words = ("--data", patient, "--set", "bind.target=FLAIR", "--quiet")
    given = ("--set", "acquire.low.of=FLAIR")
    assert call("train", tmp_path / "mine.yaml", "--out", tmp_path / "run", *words, *given) == 0
    assert "is measured from" not in (tmp_path / "run" / "data.json").read_text()
    # by its name it is found, and that it is another contrast is said
    (tmp_path / "mine.yaml").write_text(VOLUME)
    assert call("train", tmp_path / "mine.yaml", "--out", tmp_path / "other", *words) == 0
    assert "'low' is measured from 'T1', beside 'FLAIR'" in (tmp_path / "other" / "data.json").read_text()


def test_what_is_measured_of_what_was_measured_goes_the_whole_way(patient, tmp_path, capsys):
    """`low` comes of `blurred`, and that of the user's image."""
    chain = "acquire: {blurred: !GaussianBlur {of: t1, fwhm: 6.0}, low: !Decimate {of: blurred, factor: 2}}"
    (tmp_path / "mine.yaml").write_text(VOLUME.replace("acquire: {low: !Decimate {of: t1, factor: 2}}", chain))
    assert call("train", tmp_path / "mine.yaml", "--data", patient, "--out", tmp_path / "run", "--quiet") == 0
    (found,) = (np.load(place) for place in (tmp_path / "run").rglob("cache/*/source.npy"))
    own = torch.from_numpy(read_image(patient / "patient" / "T1.nii.gz").array)[None]
    low = Decimate(2).A(GaussianBlur(6.0).A(own))[0].numpy()
    inside = np.abs(found) < 1  # what no percentile cuts off
    assert inside.mean() > 0.9 and np.corrcoef(found[inside], low[inside])[0, 1] > 0.9999


def test_pictures_whose_sides_do_not_fit_need_a_grid(tmp_path, capsys):
    for name in ("image", "vessels"):
        (tmp_path / "data" / name).mkdir(parents=True)
    random = np.random.default_rng(0)
    for number in range(6):
        picture = np.clip(smooth((33, 30, 3), number), 0, 255).astype(np.uint8)
        vessels = np.zeros((33, 30), np.uint8)
        vessels[10:14, 4:26] = 255
        Picture.fromarray(picture).save(tmp_path / "data" / "image" / f"{number}.png")
        Picture.fromarray(vessels).save(tmp_path / "data" / "vessels" / f"{number}.png")
    (tmp_path / "mine.yaml").write_text(PICTURES)
    words = ("--data", tmp_path / "data", "--assume-independent", "--out", tmp_path / "run", "--quiet")
    said = refused(capsys, "train", tmp_path / "mine.yaml", *words)
    assert "sides (33, 30) cannot be divided by 2" in said and "grid: !Centred" in said
    (tmp_path / "mine.yaml").write_text(PICTURES + "grid: !Centred {size: [32, 30]}\n")
    assert call("train", tmp_path / "mine.yaml", *words) == 0
    told(capsys)
    data = ("--data", tmp_path / "data", "--assume-independent", "--classical", "--quiet")
    assert call("evaluate", tmp_path / "run", *data) == 0
    scores = (tmp_path / "run" / "scores.csv").read_text()
    assert "bicubic" in scores and "lesion_contrast_recovery" in scores
    # a small picture is not brought to the grid of the large ones
    small = random.integers(0, 255, (20, 14, 3), dtype=np.uint8)
    Picture.fromarray(small).save(tmp_path / "small.png")
    assert call("apply", tmp_path / "run", "-i", tmp_path / "small.png", "-o", tmp_path / "large.png") == 0
    assert read_image(tmp_path / "large.png").array.shape == (3, 40, 28)
    assert "recipe's grid" not in told(capsys)


def test_a_scan_stands_for_what_a_recipe_would_have_measured_first(tmp_path):
    """A user's scan is the full dose: less of it is measured from it, and what is blurred is not taken for it."""
    from adversaria.commands.session import open_session
    from adversaria.recipes import read_recipe
    from adversaria.run import Run

    nibabel.save(nibabel.Nifti1Image(smooth((16, 16, 12)) - 100, np.eye(4)), tmp_path / "ct.nii.gz")
    (plan,) = open_session(read_recipe("yi-2018-sagan"), Run(tmp_path / "run"), tmp_path / "ct.nii.gz").plans.values()
    assert {word: of for word, (of, _) in plan.acquire.items()} == {
        "low_dose": "image",
        "blurred": "image",
        "sharp": "blurred",
    }
    assert plan.bind["target"] == "image" and plan.bind["image"] == "blurred"
