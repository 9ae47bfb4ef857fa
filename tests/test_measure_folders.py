"""Folders as people have them, made by other programs, real and spoiled: what is scored, what is refused and how."""

import csv

import nibabel
import numpy as np
import pytest
from PIL import Image as Picture
from scipy.ndimage import gaussian_filter, zoom

import images
from adversaria import metrics
from adversaria.data.read import read_image
from adversaria.data.write import Mark, write_image
from oracles import oracle
from shell import call, refused

COUNT, SIDE = 3, 40


def values(path, measure):
    with open(path) as file:
        return [float(row["value"]) for row in csv.DictReader(file) if row["measure"].startswith(measure)]


def written(folder, arrays, ending=".png"):
    """Pictures as Pillow writes them."""
    folder.mkdir(parents=True, exist_ok=True)
    for k, array in enumerate(arrays):
        Picture.fromarray(array).save(folder / f"{k}{ending}")
    return folder


@pytest.fixture
def pair(tmp_path):
    """Three references as NIfTI, and outputs beside them."""
    random = np.random.default_rng(0)
    for k in range(COUNT):
        truth = random.uniform(0, 200, (SIDE, SIDE)).astype(np.float32)
        for name, array in (("true", truth), ("made", truth + 10)):
            (tmp_path / name).mkdir(exist_ok=True)
            images.nifti(tmp_path / name / f"{k}.nii.gz", array)
    return tmp_path


def moved(place):
    affine = images.AFFINE.copy()
    affine[0, 3] += 7
    images.nifti(place / "1.nii.gz", np.ones((SIDE, SIDE), np.float32), affine)


def broken(place):
    array = np.ones((SIDE, SIDE), np.float32)
    array[3, 3] = np.nan
    images.nifti(place / "1.nii.gz", array)


def cut(place):
    path = place / "1.nii.gz"
    path.write_bytes(path.read_bytes()[:-200])


BAD = {
    "unequal shapes": (lambda p: images.nifti(p / "1.nii.gz", np.ones((9, 9), np.float32)), "differ in shape"),
    "unequal grids": (moved, "it shows another place than the reference: voxels of one index are 7 mm apart"),
    "not a number": (broken, "1 of its voxels are not numbers"),
    "truncated": (cut, "1.nii.gz cannot be read"),
    "missing": (lambda p: (p / "1.nii.gz").unlink(), "true/1.nii.gz (it has no output)"),
    "lonely": (lambda p: (p / "1.nii.gz").rename(p / "one.nii.gz"), "made/one.nii.gz (it has no reference)"),
}


@pytest.mark.parametrize("name", BAD)
def test_one_bad_case_is_named_and_the_others_are_scored(name, pair, tmp_path, capsys):
    spoil, said = BAD[name]
    spoil(pair / "made")
    words = ("measure", "--reference", pair / "true", "--output", pair / "made", "--metrics", "mae", "--quiet")
    told = refused(capsys, *words, "--csv", tmp_path / "s.csv")
    assert said in " ".join(told.split()) and "the other scores stand" in told
    assert values(tmp_path / "s.csv", "mae") == pytest.approx([10, 10], abs=1e-4)


def test_a_constant_image_is_left_out_and_said_so(pair, tmp_path, capsys):
    images.nifti(pair / "made" / "1.nii.gz", np.full((SIDE, SIDE), 5, np.float32))
    words = ("measure", "--reference", pair / "true", "--output", pair / "made", "--quiet")
    assert call(*words, "--metrics", "mae,ncc", "--csv", tmp_path / "s.csv") == 0
    assert "ncc: an image is constant (1 of 3 cases, left out of the mean)" in " ".join(capsys.readouterr().out.split())
    assert len(values(tmp_path / "s.csv", "ncc")) == 2 and len(values(tmp_path / "s.csv", "mae")) == 3


def test_regions_on_another_grid_or_of_nobody_are_named(pair, capsys):
    words = ("measure", "--reference", pair / "true", "--output", pair / "made", "--metrics", "mae", "--quiet")
    (pair / "mask").mkdir()
    images.nifti(pair / "mask" / "0.nii.gz", np.ones((SIDE, SIDE), np.float32))
    moved(pair / "mask")
    images.nifti(pair / "mask" / "2.nii.gz", np.ones((8, 8), np.float32))
    said = " ".join(refused(capsys, *words, "--mask", pair / "mask").split())
    assert "mask/1.nii.gz shows another place than the image" in said and "mask/2.nii.gz is 8x8" in said
    (pair / "mask" / "1.nii.gz").unlink()
    assert "has no region for '1'" in refused(capsys, *words, "--mask", pair / "mask")


def test_colour_against_grey_and_eight_bits_against_sixteen(tmp_path, capsys):
    random = np.random.default_rng(1)
    grey = [random.integers(0, 256, (20, 22), np.uint8) for _ in range(2)]
    true = written(tmp_path / "true", grey)
    colour = written(tmp_path / "colour", [np.repeat(array[..., None], 3, 2) for array in grey])
    deep = written(tmp_path / "deep", [array.astype(np.uint16) * 257 for array in grey])
    words = ("measure", "--reference", true, "--metrics", "mae", "--quiet", "--output")
    said = refused(capsys, *words, colour)
    assert "three channels (colour) and the reference one channel (grey): bring both to colour" in " ".join(
        said.split()
    )
    said = refused(capsys, *words, deep)
    assert "16 bits and the reference 8: their values are on different scales" in " ".join(said.split())
    assert call(*words, true) == 0


def test_a_range_that_is_missing_and_two_images_for_fid(tmp_path, pair, capsys):
    words = ("measure", "--reference", pair / "true", "--output", pair / "made", "--quiet")
    assert "psnr needs the data range" in refused(capsys, *words, "--metrics", "mae,psnr")
    (pair / "made" / "2.nii.gz").unlink()
    said = refused(capsys, *words, "--metrics", "js_divergence,fid", "--range", 0, 255, "--csv", tmp_path / "s.csv")
    assert "fid could not be measured: it needs at least 10 images in each set, and one has 2" in " ".join(said.split())
    assert len(values(tmp_path / "s.csv", "js_divergence")) == 1


# folders written by other programs


@pytest.mark.parametrize("ending", [".nii.gz", ".nii", ".tif"])
def test_folders_written_by_simpleitk(ending, tmp_path):
    itk = oracle("SimpleITK")
    random = np.random.default_rng(2)
    shape = (24, 20, 18) if "nii" in ending else (24, 20)
    truths = [random.normal(0, 300, shape).astype(np.float32) for _ in range(2)]
    made = [truth + random.normal(0, 30, shape).astype(np.float32) for truth in truths]
    for name, arrays in (("true", truths), ("made", made)):
        (tmp_path / name).mkdir()
        for k, array in enumerate(arrays):
            image = itk.GetImageFromArray(array)
            image.SetSpacing((0.8, 0.8, 2.5)[: len(shape)])
            itk.WriteImage(image, str(tmp_path / name / f"p{k}{ending}"))
    words = ("measure", "--reference", tmp_path / "true", "--output", tmp_path / "made", "--range", -1000, 1000)
    assert call(*words, "--metrics", "psnr,ssim,mae", "--csv", tmp_path / "s.csv", "--quiet") == 0
    for name in ("psnr", "ssim", "mae"):
        measure = getattr(metrics, name.upper())
        pairs = zip(made, truths, strict=True)
        ours = [measure(output=a[None], target=b[None], data_range=(-1000, 1000)) for a, b in pairs]
        assert values(tmp_path / "s.csv", name) == pytest.approx(ours, rel=1e-5)


def test_label_maps_written_by_simpleitk_have_their_distances_in_mm(tmp_path):
    itk = oracle("SimpleITK")
    for name, shift in (("true", 0), ("made", 2)):
        array = np.zeros((12, 16, 16), np.uint8)
        array[3:9, 4 + shift : 10 + shift, 4:10] = 1
        image = itk.GetImageFromArray(array)
        image.SetSpacing((1.0, 1.5, 3.0))
        (tmp_path / name).mkdir()
        itk.WriteImage(image, str(tmp_path / name / "a.nii.gz"))
    words = ("measure", "--reference", tmp_path / "true", "--output", tmp_path / "made", "--quiet")
    assert call(*words, "--metrics", "hausdorff,dice", "--csv", tmp_path / "s.csv") == 0
    pair = [itk.ReadImage(str(tmp_path / name / "a.nii.gz")) for name in ("made", "true")]
    apart, overlap = itk.HausdorffDistanceImageFilter(), itk.LabelOverlapMeasuresImageFilter()
    apart.Execute(*pair)
    overlap.Execute(*pair)
    assert values(tmp_path / "s.csv", "hausdorff") == pytest.approx([apart.GetHausdorffDistance()])
    assert values(tmp_path / "s.csv", "dice") == pytest.approx([overlap.GetDiceCoefficient()])


@pytest.mark.parametrize("kind", ["8", "16", "colour"])
def test_folders_written_by_pillow(kind, tmp_path):
    random = np.random.default_rng(3)
    high, shape = (65535, (60, 50)) if kind == "16" else (255, (60, 50, 3) if kind == "colour" else (60, 50))
    kept = np.uint16 if kind == "16" else np.uint8
    truths = [gaussian_filter(random.uniform(0, high, shape), (2, 2, 0)[: len(shape)]).astype(kept) for _ in range(2)]
    made = [np.clip(t + random.normal(0, 0.02 * high, shape), 0, high).astype(kept) for t in truths]
    words = ("--reference", written(tmp_path / "true", truths), "--output", written(tmp_path / "made", made))
    out = tmp_path / "s.csv"
    assert call("measure", *words, "--range", 0, high, "--metrics", "psnr,ssim", "--csv", out, "--quiet") == 0
    for name in ("psnr", "ssim"):
        ours = [
            getattr(metrics, name.upper())(
                output=np.atleast_3d(a).astype(float).transpose(2, 0, 1),
                target=np.atleast_3d(b).astype(float).transpose(2, 0, 1),
                data_range=(0, high),
            )
            for a, b in zip(made, truths, strict=True)
        ]
        assert values(out, name) == pytest.approx(ours, rel=1e-6)


# real images


def test_real_head_ct_against_its_low_dose_simulation(real, tmp_path):
    import torch

    from adversaria.draws import stream
    from adversaria.physics import LowDoseCT

    folder = real("ct_head_ge_irregular")
    scan = read_image(folder)
    found = []
    for name, fraction in (("half", 0.5), ("tenth", 0.1)):
        hu = torch.from_numpy(scan.array)[None]
        low = LowDoseCT(fraction, views=60).measure(hu, scan.spacing[0], stream("head", fraction))[0]
        write_image(scan.like(low.numpy()), tmp_path / name, Mark("low dose", name, "derived"), scan)
        words = ("measure", "--reference", folder, "--output", tmp_path / name, "--range", -1024, 3071, "--slices")
        out = tmp_path / f"{name}.csv"
        assert call(*words, "--metrics", "psnr,ssim,mae,vif", "--csv", out, "--quiet") == 0
        found.append([values(out, measure)[0] for measure in ("psnr", "ssim", "vif", "mae")])
    half, tenth = found
    assert all(a > b for a, b in zip(half[:3], tenth[:3], strict=True)) and half[3] < tenth[3]
    assert half[0] > 30


def test_real_radiographs_against_degraded_ones(real, tmp_path):
    paths = sorted((real("cxr_jsrt") / "images").iterdir())[:12]
    films = [np.asarray(Picture.open(path).convert("L"))[::2, ::2] for path in paths]
    random = np.random.default_rng(0)
    others = sorted((real("cxr_jsrt") / "images").iterdir())[40:52]
    folders = {
        "true": films,
        "other": [np.asarray(Picture.open(path).convert("L"))[::2, ::2] for path in others],
        **{f"blurred {s}": [gaussian_filter(film, s) for film in films] for s in (1, 3)},
        **{f"noisy {s}": [np.clip(f + random.normal(0, s, f.shape), 0, 255).astype(np.uint8) for f in films]
           for s in (8, 30)},
    }  # fmt: skip
    places = {name: written(tmp_path / name, arrays) for name, arrays in folders.items()}
    fid, ssim = {}, {}
    for name in list(folders)[1:]:
        words = ("measure", "--reference", places["true"], "--output", places[name], "--range", 0, 255, "--quiet")
        assert call(*words, "--metrics", "ssim,fid", "--csv", tmp_path / f"{name}.csv") == 0
        fid[name] = values(tmp_path / f"{name}.csv", "fid")[0]
        ssim[name] = values(tmp_path / f"{name}.csv", "ssim")
    assert all(len(found) == 12 for found in ssim.values())
    for less, more in (("blurred 1", "blurred 3"), ("noisy 8", "noisy 30")):
        assert fid[less] < fid[more] and all(a > b for a, b in zip(ssim[less], ssim[more], strict=True))
    # other patients are not the same images (but heavy noise costs more similarity than being somebody else)
    assert np.mean(ssim["other"]) < min(np.mean(ssim[name]) for name in ("blurred 1", "noisy 8"))


def test_real_lesions_are_a_region(real, tmp_path):
    folder = real("mr_ms_lesion") / "patient07"
    paths = {name: next(folder.glob(f"{name}*")) for name in ("FLAIR", "GOLD")}
    lesion = np.asarray(nibabel.load(paths["GOLD"]).dataobj)
    busiest = int(lesion.sum((0, 1)).argmax())
    slab = (slice(None), slice(None), slice(busiest - 2, busiest + 3))
    spoiled = {}
    for name, path in paths.items():
        whole = nibabel.load(path)
        affine = whole.affine.copy()
        affine[:3, 3] += affine[:3, 2] * (busiest - 2)
        array = np.asarray(whole.dataobj[slab], np.float32)
        images.nifti(tmp_path / f"{name}.nii.gz", array, affine)
        spoiled |= {"affine": affine, name: array}
    erased = np.where(spoiled["GOLD"] > 0, np.median(spoiled["FLAIR"][spoiled["FLAIR"] > 0]), spoiled["FLAIR"])
    images.nifti(tmp_path / "erased.nii.gz", erased.astype(np.float32), spoiled["affine"])
    words = ("measure", "--reference", tmp_path / "FLAIR.nii.gz", "--output", tmp_path / "erased.nii.gz", "--quiet")
    region = ("--mask", tmp_path / "GOLD.nii.gz", "--lesion", tmp_path / "GOLD.nii.gz")
    assert call(*words, "--metrics", "mae", "--csv", tmp_path / "whole.csv") == 0
    assert call(*words, *region, "--metrics", "mae,lesion_contrast_recovery", "--csv", tmp_path / "in.csv") == 0
    inside, outside = values(tmp_path / "in.csv", "mae")[0], values(tmp_path / "whole.csv", "mae")[0]
    assert inside > 50 * outside and values(tmp_path / "in.csv", "lesion_contrast")[0] < 0.2


def test_real_fundus_photographs_lose_qv_when_blurred(real, tmp_path):
    paths = sorted((real("fundus_drive") / "images").glob("*.tif"))[:3]
    photographs = [np.asarray(Picture.open(path))[100:420, 120:440] for path in paths]
    blurred = [gaussian_filter(image, (2, 2, 0)) for image in photographs]
    places = [written(tmp_path / name, arrays, ".tif") for name, arrays in (("sharp", photographs), ("soft", blurred))]
    for place in places:
        words = ("measure", "--output", place, "--range", 0, 255, "--metrics", "qv,colour_constancy", "--quiet")
        assert call(*words, "--csv", tmp_path / f"{place.name}.csv") == 0
    sharp, soft = (values(tmp_path / f"{place.name}.csv", "qv") for place in places)
    assert len(sharp) == 3 and all(a > 1.5 * b for a, b in zip(sharp, soft, strict=True))
    assert values(tmp_path / "sharp.csv", "colour_constancy")[0] > 0


def test_real_pet_without_what_an_uptake_needs_is_refused_and_other_patients_do_not_pair(real, tmp_path, capsys):
    import pydicom

    paths = sorted(real("pet_dicom_slices").glob("*.dcm"))
    header = pydicom.dcmread(paths[0])
    header.RadiopharmaceuticalInformationSequence[0].RadionuclideTotalDose = None
    (tmp_path / "pet").mkdir()
    header.save_as(tmp_path / "pet" / "a.dcm")
    image = read_image(paths[0])
    images.nifti(tmp_path / "m.nii.gz", np.ones(image.array.shape[1:], np.float32), image.affine)
    words = ("measure", "--output", tmp_path / "pet", "--mask", tmp_path / "m.nii.gz", "--quiet")
    said = " ".join(refused(capsys, *words, "--metrics", "suv_mean,suv_max").split())
    assert "suv_mean could not be measured: the image does not say the injected activity" in said
    assert "suv_max could not be measured" in said and "Give --uptake BQ KG S S." in said


def test_shrunk_images_are_not_stretched_to_fit(tmp_path, capsys):
    big = [zoom(np.random.default_rng(4).uniform(0, 255, (8, 8)), 4, order=1).astype(np.uint8)]
    words = ("--reference", written(tmp_path / "true", big), "--output", written(tmp_path / "made", [big[0][::2, ::2]]))
    said = refused(capsys, "measure", *words, "--metrics", "mae", "--quiet")
    assert "output (1, 16, 16) and target (1, 32, 32) differ in shape" in " ".join(said.split())
