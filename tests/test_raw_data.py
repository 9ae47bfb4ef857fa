"""Raw data as their own programs write them: read whole, with nothing guessed; what is wrong is said in one message."""

import json

import h5py
import nibabel
import numpy as np
import pytest
import torch

import raw_files
from adversaria.data.folders import recognise
from adversaria.data.guard import UnreadableImage
from adversaria.data.raw import described
from adversaria.data.read import peek, read_image
from adversaria.physics import Fourier, MultiCoil, root_sum_of_squares
from shell import call


def refused(path, *said):
    with pytest.raises(UnreadableImage) as caught:
        read_image(path)
    assert path.name in caught.value.message and caught.value.remedy
    for text in said:
        assert text in caught.value.message, caught.value.message


def relative(found, truth):
    return np.linalg.norm(found - truth) / np.linalg.norm(truth)


def test_barts_k_space_with_its_maps_and_mask(tmp_path):
    x, maps, k, mask = raw_files.scene()
    for name, array in (("ksp", k), ("sens", maps)):
        raw_files.cfl(tmp_path / f"{name}.cfl", np.moveaxis(array, 0, -1)[None])
    raw_files.cfl(tmp_path / "mask.cfl", mask[None])
    image = read_image(tmp_path / "ksp.cfl")
    np.testing.assert_array_equal(image.raw["measurement"], k)
    np.testing.assert_array_equal(image.raw["coils"], maps)
    np.testing.assert_array_equal(image.raw["sampling"][0], mask)
    words = {word: torch.from_numpy(image.raw[word])[None] for word in ("measurement", "coils", "sampling")}
    physics = MultiCoil().of(words)
    np.testing.assert_allclose(image.raw["complex"], physics.inverse(words["measurement"])[0].numpy(), atol=1e-6)
    np.testing.assert_allclose(image.array, np.abs(image.raw["complex"]), rtol=1e-5)
    assert described(image) == f"k-space of 48x40, 4 coils, {mask.mean():.1%} sampled" and not image.warnings


def test_a_case_keeps_raw_data_image_and_labels(tmp_path):
    x, _, k, mask = raw_files.scene()
    for subject in ("p1", "p2"):
        place = tmp_path / subject
        place.mkdir()
        raw_files.cfl(place / "ksp.cfl", np.moveaxis(k, 0, -1)[None])
        raw_files.cfl(place / "img.cfl", x[None].astype(np.complex64))
        nibabel.save(nibabel.Nifti1Image((x > 0).astype(np.uint8), np.eye(4)), place / "label.nii.gz")
    for folder, layout in ((tmp_path, "one folder a subject"), (tmp_path / "p1", "one case with its raw data")):
        found = recognise(folder)
        assert found.layout == layout and set(found.words) == {"ksp", "img", "label"}
    source = recognise(tmp_path).words
    images = {word: read_image(names["p1"].path) for word, names in source.items()}
    assert {image.array.shape for image in images.values()} == {(1, 48, 40)}
    np.testing.assert_allclose(images["img"].array[0], x, atol=1e-6)
    assert "estimated from the middle" in images["ksp"].warnings[0]
    # maps found from the middle have a sum of squares of 1: the image is the object times the true maps' root
    weight = root_sum_of_squares(torch.from_numpy(raw_files.scene()[1])[None])[0, 0].numpy()
    full = MultiCoil().of({"coils": torch.from_numpy(images["ksp"].raw["coils"])[None]})
    whole = full.inverse(full.A(torch.from_numpy(x * weight)[None, None]))
    assert relative(np.abs(whole[0, 0].numpy()), x * weight) < 1e-4


def test_fastmris_volumes(tmp_path):
    x, maps, k, mask = raw_files.scene()
    one = np.stack([k, 2 * k])
    image = read_image(
        raw_files.fastmri(tmp_path / "file1.h5", one, mask=mask[30], reconstruction_rss=np.stack([x, 2 * x]))
    )
    assert image.array.shape == (1, 48, 40, 2) and image.raw["measurement"].shape == (4, 48, 40, 2)
    assert image.spacing == (5.0, 5.5, 5.0) and image.raw["reference"].shape == image.array.shape
    np.testing.assert_allclose(image.array[..., 1], 2 * image.array[..., 0], rtol=1e-4, atol=1e-6)
    single = read_image(raw_files.fastmri(tmp_path / "file2.h5", one[:, 0], reconstruction_esc=np.ones((2, 20, 20))))
    assert "coils" not in single.raw and "of 20x20 is cropped" in single.warnings[0]
    zero = Fourier().inverse(torch.from_numpy(one[:1, :1])).abs()[0, 0]
    np.testing.assert_allclose(single.array[0, ..., 0], zero.numpy(), atol=1e-5)
    assert peek(tmp_path / "file1.h5")["matrix"] == [48, 40, 1]


def test_a_header_may_not_declare_entities(tmp_path):
    _, _, k, _ = raw_files.scene()
    bomb = '<!DOCTYPE a [<!ENTITY b "bbbbbbbb"><!ENTITY c "&b;&b;&b;">]>'
    refused(
        raw_files.fastmri(tmp_path / "a.h5", k[None], raw_files.HEADER.format(doctype=bomb, z="&c;")), "document type"
    )
    refused(raw_files.fastmri(tmp_path / "b.h5", k[None], "<a><b></a>"), "not XML")


@pytest.mark.parametrize("ending", ["npy", "nii.gz"])
def test_sinograms_with_a_geometry(tmp_path, ending):
    lines, _ = raw_files.sinogram()
    path = tmp_path / f"sino.{ending}"
    if ending == "npy":
        np.save(path, lines)
    else:
        nibabel.save(nibabel.Nifti1Image(lines, np.eye(4)), path)
    raw_files.with_geometry(path, views=40, span=180, size=48)
    image = read_image(path)
    assert image.facts["axis"] == pytest.approx(35 + 4.5, abs=0.02) and image.unit == "1/cm"
    assert "found at element 39.5" in image.warnings[0] and image.raw["angles"].shape == (40,)
    np.testing.assert_array_equal(image.raw["measurement"][0], lines)
    assert relative(image.array, raw_files.bodies()[0].numpy()) < 0.25
    raw_files.with_geometry(path, views=40, axis=39.5, element=2.0, size=48)
    coarse = read_image(path)
    assert not coarse.warnings and coarse.spacing == (2.0, 2.0)
    np.testing.assert_allclose(coarse.array, image.array / 2, atol=2e-3)


def test_water_gives_hounsfield_units(tmp_path):
    """The bodies attenuate as a beam's water of 0.2 per cm does, so they are 0 HU, or 1000 where both overlap."""
    lines, _ = raw_files.sinogram()
    np.save(tmp_path / "a.npy", lines)
    one = read_image(raw_files.with_geometry(tmp_path / "a.npy", views=40, size=48))
    raw_files.with_geometry(tmp_path / "a.npy", views=40, size=48, water=0.4)
    image = read_image(tmp_path / "a.npy")
    assert image.unit == "HU"
    np.testing.assert_allclose(image.array, 1000 * (one.array / 0.4 - 1), atol=0.5)
    np.testing.assert_allclose(image.raw["measurement"], one.raw["measurement"] / 2, rtol=1e-5)


def test_a_fan_and_a_stack_of_slices(tmp_path):
    from adversaria.physics import FanBeam

    fan = FanBeam(48, 60, distance=120.0)
    lines = fan.A(raw_files.bodies())[0, 0].numpy()
    np.save(tmp_path / "fan.npy", np.stack([lines, 2 * lines], -1))
    raw_files.with_geometry(tmp_path / "fan.npy", beam="fan", views=60, distance=120, size=48)
    image = read_image(tmp_path / "fan.npy")
    assert image.array.shape == (1, 48, 48, 2) and image.raw["measurement"].shape == (1, 60, fan.detectors, 2)
    assert relative(image.array[..., 1], 2 * raw_files.bodies()[0].numpy()) < 0.25


def test_tomopys_files(tmp_path):
    lines, degrees = raw_files.sinogram()
    image = read_image(raw_files.exchange(tmp_path / "tooth.h5", lines, degrees))
    np.testing.assert_allclose(image.raw["measurement"][0, ..., 0], lines, atol=1e-4)
    np.testing.assert_allclose(image.raw["measurement"][0, ..., 1], 0.5 * lines, atol=1e-4)
    assert image.array.shape == (1, 71, 71, 2) and image.facts["axis"] == pytest.approx(39.5, abs=0.05)
    path = raw_files.with_geometry(tmp_path / "tooth.h5", angles=degrees.tolist(), size=48)
    assert relative(read_image(path).array[..., 0], raw_files.bodies()[0].numpy()) < 0.25


def test_what_is_cut_short_is_refused_wherever_it_ends(tmp_path):
    _, _, k, _ = raw_files.scene()
    lines, degrees = raw_files.sinogram()
    np.save(tmp_path / "a.npy", lines)
    raw_files.with_geometry(tmp_path / "a.npy", views=40)
    whole = [
        raw_files.cfl(tmp_path / "ksp.cfl", np.moveaxis(k, 0, -1)[None]),
        raw_files.fastmri(tmp_path / "b.h5", k[None]),
        raw_files.exchange(tmp_path / "c.h5", lines, degrees),
        tmp_path / "a.npy",
    ]
    for path in whole:
        data = path.read_bytes()
        for share in (0.001, 0.1, 0.5, 0.99):
            path.write_bytes(data[: int(share * len(data))])
            refused(path)
    (tmp_path / "ksp.hdr").unlink()
    whole[0].write_bytes(b"0" * 64)
    refused(whole[0], "ksp.hdr is missing")


def test_hdf5_that_was_never_written_to_the_end(tmp_path):
    with h5py.File(tmp_path / "half.h5", "w") as file:
        made = file.create_dataset("kspace", (8, 4, 32, 32), np.complex64, chunks=(1, 4, 32, 32), compression="gzip")
        made[:3] = 1
    refused(tmp_path / "half.h5", "only half written: 3 of 8 pieces")
    with h5py.File(tmp_path / "never.h5", "w") as file:
        file.create_dataset("kspace", (8, 4, 32, 32), np.complex64)
    refused(tmp_path / "never.h5", "only half written: 0 of")


def test_declared_sizes_and_foreign_files_cost_nothing(tmp_path):
    with h5py.File(tmp_path / "huge.h5", "w") as file:
        file.create_dataset("kspace", (5000, 64, 640, 640), np.complex64, chunks=(1, 1, 640, 640))
    refused(tmp_path / "huge.h5", "GiB")
    with h5py.File(tmp_path / "link.h5", "w") as file:
        file["kspace"] = h5py.ExternalLink("huge.h5", "kspace")
    refused(tmp_path / "link.h5", "another file")
    with h5py.File(tmp_path / "none.h5", "w") as file:
        file["volume"] = np.zeros(3)
    refused(tmp_path / "none.h5", "'volume', neither `kspace`")
    with h5py.File(tmp_path / "list.h5", "w") as file:
        file["dataset/data"] = np.zeros(3)
    refused(tmp_path / "list.h5", "single ISMRMRD acquisitions")
    np.save(tmp_path / "object.npy", np.array([{}], object), allow_pickle=True)
    refused(tmp_path / "object.npy", "not numbers")
    (tmp_path / "huge.hdr").write_text("# Dimensions\n99999 99999 99999 1 1\n")
    (tmp_path / "huge.cfl").write_bytes(b"0" * 64)
    refused(tmp_path / "huge.cfl", "GiB")


def mask_of_another_shape(place):
    _, _, k, mask = raw_files.scene()
    raw_files.cfl(place / "mask.cfl", mask[None, :, :30])
    return raw_files.cfl(place / "ksp.cfl", np.moveaxis(k, 0, -1)[None]), "mask is 48x30 and its k-space 48x40"


def mask_that_denies(place):
    _, _, k, mask = raw_files.scene()
    return raw_files.fastmri(place / "a.h5", k[None], mask=1 - mask[30]), "samples where its mask says"


def maps_of_another_scan(place):
    _, maps, k, _ = raw_files.scene()
    raw_files.cfl(place / "sens.cfl", np.moveaxis(maps[:3], 0, -1)[None])
    return raw_files.cfl(
        place / "ksp.cfl", np.moveaxis(k, 0, -1)[None]
    ), "coil maps are 3x48x40 and its k-space 4x48x40"


def no_maps_and_no_middle(place):
    _, _, k, mask = raw_files.scene()
    k[:, :, ::2] = 0
    return raw_files.cfl(place / "ksp.cfl", np.moveaxis(k, 0, -1)[None]), "no coil maps"


def numbers_that_are_none(place):
    _, _, k, _ = raw_files.scene()
    k[1, 3, 4] = np.nan
    return raw_files.fastmri(place / "a.h5", k[None]), "1 of its values in 'kspace' are not numbers"


def empty_k_space(place):
    return raw_files.fastmri(place / "a.h5", np.zeros((1, 2, 16, 16))), "zero everywhere"


def wrong_axis(place):
    lines, degrees = raw_files.sinogram()
    path = raw_files.exchange(place / "a.h5", lines, degrees)
    return raw_files.with_geometry(
        path, angles=degrees.tolist(), axis=30
    ), "at element 30, and the views show it at 39.5"


def axis_beside(place):
    np.save(place / "a.npy", raw_files.sinogram()[0])
    return raw_files.with_geometry(place / "a.npy", views=40, axis=100), "element 100, lies beside its 71 elements"


def turned_sinogram(place):
    np.save(place / "a.npy", raw_files.sinogram()[0].T)
    return raw_files.with_geometry(place / "a.npy", views=40), "71 views and its geometry states 40"


def no_geometry(place):
    np.save(place / "a.npy", raw_files.sinogram()[0])
    return place / "a.npy", "a.geometry.json is missing"


def no_flat_frames(place):
    return raw_files.exchange(place / "a.h5", *raw_files.sinogram(), leave_out=("data_white",)), "no white frames"


def swapped_frames(place):
    lines, degrees = raw_files.sinogram()
    dark = np.full((2, 2, 71), 20000)
    return raw_files.exchange(
        place / "a.h5", lines, degrees, data_dark=dark
    ), "no brighter in the flat than in the dark"


def no_angles(place):
    return raw_files.exchange(place / "a.h5", *raw_files.sinogram(), leave_out=("theta",)), "states no angles"


MISTAKES = (
    mask_of_another_shape,
    mask_that_denies,
    maps_of_another_scan,
    no_maps_and_no_middle,
    numbers_that_are_none,
    empty_k_space,
    wrong_axis,
    axis_beside,
    turned_sinogram,
    no_geometry,
    no_flat_frames,
    swapped_frames,
    no_angles,
)


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda m: m.__name__)
def test_mistakes_are_named_with_the_remedy_and_exit_code_2(mistake, tmp_path, capsys):
    path, said = mistake(tmp_path)
    refused(path, said)
    assert call("data", "check", tmp_path, "--json", "--quiet") == 2
    rows = json.loads(capsys.readouterr().out)
    bad = [row for row in rows if row["state"] == "bad"]
    assert len(bad) == 1 and said in bad[0]["reason"] and bad[0]["remedy"]


STATED = [
    ({"views": 0}, "views: 0"),
    ({"views": True}, "views: True"),
    ({"angles": [0, "x"]}, "angles"),
    ({"beam": "cone", "views": 40}, "beam: cone"),
    ({"beam": "fan", "views": 40}, "without its distance"),
    ({"views": 40, "axes": 3}, "'axes', which means nothing"),
    ({"views": 40, "element": -1}, "element: -1"),
    ({"views": 40, "span": 400}, "span: 400"),
    ({"views": 40, "water": 0}, "water: 0"),
    ({"element": 1.0}, "neither views nor angles"),
    ([1, 2], "no object"),
]


@pytest.mark.parametrize("stated,said", STATED, ids=[said for _, said in STATED])
def test_a_geometry_says_what_it_can_mean(stated, said, tmp_path):
    np.save(tmp_path / "a.npy", raw_files.sinogram()[0])
    (tmp_path / "a.geometry.json").write_text(json.dumps(stated))
    with pytest.raises(UnreadableImage) as caught:
        read_image(tmp_path / "a.npy")
    assert "a.geometry.json" in caught.value.message and said in caught.value.message and caught.value.remedy


def test_check_says_what_was_found(tmp_path, capsys):
    raw_files.exchange(tmp_path / "scan.h5", *raw_files.sinogram())
    assert call("data", "check", tmp_path, "--quiet") == 0
    said = capsys.readouterr().out
    assert "a sinogram of 40x71x2 (views, detector elements, slices), axis at element 39.5" in said
    assert call("data", "show", tmp_path, "-o", tmp_path / "a.png") == 0
