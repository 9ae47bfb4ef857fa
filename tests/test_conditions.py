"""Classes from a manifest, images on a stated grid; drawing of a class, of a mask, like a case: made-up images."""

import json

import nibabel
import numpy as np
import pytest
from PIL import Image as Picture

from adversaria.cli import main
from adversaria.data.folders import recognise
from adversaria.data.grid import Centred, Resized
from adversaria.data.image import Image
from adversaria.run import read_json

TINY = ("train.batch=2", "train.patch=[16,16]", "game.generator.width=4", "game.discriminator.width=4")


def call(*words) -> int:
    """Run one command as the shell would, and give its exit code."""
    try:
        main([str(word) for word in words])
    except SystemExit as leaving:
        return int(leaving.code or 0)
    return 0


def refused(capsys, *words) -> str:
    capsys.readouterr()
    assert call(*words) == 2
    out = capsys.readouterr()
    return " ".join((out.out + out.err).split())


def sets(*changes) -> list[str]:
    return [word for change in changes for word in ("--set", change)]


def disc(radius: float, side: int = 20) -> np.ndarray:
    rows, columns = np.mgrid[:side, :side] - side / 2 + 0.5
    return (np.hypot(rows, columns) < radius).astype(np.float64)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Twelve grey pictures of 20 x 20, bright where their mask is; six are small and six large."""
    place = tmp_path_factory.mktemp("data")
    random = np.random.default_rng(0)
    rows = ["case,image,mask,label"]
    for k in range(12):
        inside = disc(4 if k % 2 else 8)
        image = 60 + 120 * inside + random.normal(0, 10, inside.shape)
        Picture.fromarray(image.clip(0, 255).astype(np.uint8)).save(place / f"i{k}.png")
        Picture.fromarray(inside.astype(np.uint8)).save(place / f"m{k}.png")
        rows.append(f"s{k:02d},i{k}.png,m{k}.png,{'small' if k % 2 else 'large'}")
    (place / "manifest.csv").write_text("\n".join(rows))
    return place


@pytest.fixture(scope="module")
def by_class(folder, tmp_path_factory):
    run = tmp_path_factory.mktemp("runs") / "cgan"
    words = sets(*TINY, "bind.image=image")
    assert call("train", "cgan", "--data", folder, "--out", run, "--plays", 2, "--quiet", *words) == 0
    return run


def values(place) -> list[np.ndarray]:
    return [np.asarray(Picture.open(path), np.float64) for path in sorted(place.glob("sample-*.png"))]


def assert_synthetic(place, count: int) -> None:
    made = sorted(place.glob("sample-*.png"))
    assert len(made) == count
    for path in made:
        with Picture.open(path) as picture:
            assert json.loads(picture.info["adversaria"])["kind"] == "synthetic"


def test_a_column_of_classes_is_read_and_kept(folder, by_class):
    found = recognise(folder)
    assert sorted(found.words) == ["image", "mask"] and "label: large (6), small (6)" in found.describe()
    assert read_json(by_class / "data.json")["classes"] == {"label": ["large", "small"]}
    labels = {int(np.load(path)) for path in by_class.rglob("cache/*/label.npy")}
    assert labels == {0, 1}


def test_an_image_is_drawn_of_the_class_that_is_asked(by_class, folder, tmp_path, capsys):
    for label in ("large", "small"):
        assert call("sample", by_class, "-n", 3, "--label", label, "-o", tmp_path / label) == 0
        assert_synthetic(tmp_path / label, 3)
    large, small = values(tmp_path / "large"), values(tmp_path / "small")
    assert not np.array_equal(large[0], small[0]), "one latent vector, two classes"
    assert not np.array_equal(large[0], large[1])
    names = {handle: paths[0] for handle, paths in read_json(by_class / "private" / "cases.json").items()}
    handle = next(h for h, path in names.items() if path.endswith("i1.png"))
    assert call("sample", by_class, "-n", 3, "--like", handle, "--data", folder, "-o", tmp_path / "like") == 0
    assert all(np.array_equal(a, b) for a, b in zip(values(tmp_path / "like"), small, strict=True))
    assert "large, small" in refused(capsys, "sample", by_class, "--label", "medium", "-o", tmp_path / "no")
    assert "--data" in refused(capsys, "sample", by_class, "--like", handle, "-o", tmp_path / "no")
    said = refused(capsys, "sample", by_class, "--like", "c9999", "--data", folder, "-o", tmp_path / "no")
    assert "no case 'c9999'" in said
    said = refused(capsys, "sample", by_class, "--mask", folder / "m0.png", "-o", tmp_path / "no")
    assert "does not start from an image" in said
    said = refused(capsys, "sample", by_class, "--label", "0", "--like", handle, "-o", tmp_path / "no")
    assert "only one of" in said and not (tmp_path / "no").exists()


MASKS = """
base: pix2pix
grid: !Resized {size: [16, 16], labels: [source]}
bind: {source: mask, target: image}
intensity:
  source: !Window {low: 0, high: 1}
  target: !Window {low: 0, high: 255}
"""


def test_an_image_is_drawn_of_a_mask_or_like_a_case(folder, tmp_path, capsys):
    (tmp_path / "masks.yaml").write_text(MASKS)
    run, small = tmp_path / "run", sets(*TINY, "game.generator.depth=3", "game.discriminator.layers=1")
    words = ("--data", folder, "--out", run, "--plays", 2, "--quiet", *small)
    assert call("train", tmp_path / "masks.yaml", *words) == 0
    for path in run.rglob("cache/*/source.npy"):
        assert set(np.unique(np.load(path))) == {-1.0, 1.0}, "a mask stays a mask on the grid"
    assert call("sample", run, "-n", 4, "--mask", folder / "m0.png", "-o", tmp_path / "large") == 0
    assert_synthetic(tmp_path / "large", 1)
    assert values(tmp_path / "large")[0].shape == (16, 16)
    names = {handle: paths for handle, paths in read_json(run / "private" / "cases.json").items()}
    handle = next(h for h, paths in names.items() if paths[0].endswith("m0.png"))
    assert call("sample", run, "--like", handle, "--data", folder, "-o", tmp_path / "like") == 0
    assert np.array_equal(values(tmp_path / "large")[0], values(tmp_path / "like")[0])
    assert call("evaluate", run, "--data", folder, "--quiet") == 0
    assert call("apply", run, "-i", folder / "m0.png", "-o", tmp_path / "applied.png", "--quiet") == 0
    with Picture.open(tmp_path / "applied.png") as picture:
        assert picture.size == (20, 20), "an image lies on the grid of its own mask"
        assert json.loads(picture.info["adversaria"])["kind"] == "derived"
    assert "apply" in refused(capsys, "sample", run, "-o", tmp_path / "no")
    assert "no image of a class" in refused(capsys, "sample", run, "--label", "0", "-o", tmp_path / "no")


def test_like_a_phantom_needs_no_folder(tmp_path):
    run = tmp_path / "run"
    assert call("train", "cgan", "--out", run, "--plays", 1, "--quiet", *sets("train.batch=2", *TINY)) == 0
    assert call("sample", run, "-n", 1, "--like", "p0003", "-o", tmp_path / "like") == 0
    assert_synthetic(tmp_path / "like", 1)


def manifest(place, rows: list[str], source) -> None:
    place.mkdir()
    for path in source.glob("*.png"):
        (place / path.name).write_bytes(path.read_bytes())
    (place / "manifest.csv").write_text("\n".join(rows))


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (["case,image", *(f"s{k},i{k}.png" for k in range(12))], "no column 'label'"),
        (
            [
                "case,image,label,split",
                *(f"s{k},i{k}.png,{int(k == 0)},{'test' if k < 3 else 'train'}" for k in range(11)),
            ]
            + ["s11,i11.png,0,validation"],
            "no training case has the label '1'",
        ),
        (["case,image,split", *(f"s{k},i{k}.png,{'tset' if k else 'train'}" for k in range(12))], "the split 'tset'"),
        (["case,image,split", "a,i0.png,train", "b,i1.png,test", "c,i2.png,"], "some cases only"),
        (["case,subject,image,split", "a,x,i0.png,train", "b,x,i1.png,test"], "subject 'x' in train and in test"),
    ],
)
def test_what_a_manifest_lacks_is_said_before_training(rows, said, folder, tmp_path, capsys):
    manifest(tmp_path / "data", rows, folder)
    words = ("--data", tmp_path / "data", "--out", tmp_path / "run", "--plays", 1, *sets(*TINY))
    assert said in refused(capsys, "train", "cgan", *words)
    assert not (tmp_path / "run").exists()


def test_streams_that_share_subjects_are_split_as_one(folder, tmp_path, capsys):
    """Semi-supervised: the labelled stream is part of the other; the manifest says who is tested."""
    parts = ["train"] * 8 + ["validation"] * 2 + ["test"] * 2
    rows = [f"s{k},i{k}.png,{'' if k in (2, 3, 4) else k % 2},{part}" for k, part in enumerate(parts)]
    manifest(tmp_path / "data", ["case,image,label,split", *rows], folder)
    words = sets(*TINY, "bind.image=a.image", "bind.unlabelled=b.image")
    run = tmp_path / "run"
    assert call("train", "semi-supervised-gan", "--data", tmp_path / "data", "--out", run, "--plays", 1, *words) == 0
    out = capsys.readouterr()
    assert "3 of 12 cases have no label" in " ".join((out.out + out.err).split())
    rule = read_json(run / "data.json")["split"]["rule"]
    assert rule.startswith("by subject: 5 train, 2 validation, 2 test; by subject: 8 train, 2 validation, 2 test")
    assert call("evaluate", run, "--data", tmp_path / "data", "--quiet", "--json") == 0
    found = {row["measure"]: row for row in json.loads(capsys.readouterr().out) if row["method"] == "posterior"}
    assert set(found) == {"accuracy", "auc[1]"} and found["accuracy"]["note"] == "2 labelled test images"


def test_a_mask_in_parts_becomes_one(tmp_path, capsys):
    for case in range(4):
        for kind in ("images", "masks"):
            (tmp_path / f"c{case}" / kind).mkdir(parents=True)
        Picture.fromarray(np.full((20, 20, 4), 9, np.uint8)).save(tmp_path / f"c{case}" / "images" / "x.png")
        for name, corner in (("a", 2), ("b", 12)):
            part = np.zeros((20, 20), np.uint8)
            part[corner : corner + 5, 3:8] = 255
            Picture.fromarray(part).save(tmp_path / f"c{case}" / "masks" / f"{name}.png")
    found = recognise(tmp_path)
    assert found.describe() == "one folder a case, one mask an object: image (4), mask (4)" and found.loose
    from adversaria.data.read import read_source

    mask = read_source(found.words["mask"]["c0"])
    assert mask.array.shape == (1, 20, 20) and mask.array.sum() == 50 and mask.array.max() == 1
    assert mask.unit == "labels" and len(mask.source) == 2
    assert call("data", "check", tmp_path, "--quiet") == 0
    Picture.fromarray(np.zeros((9, 9), np.uint8)).save(tmp_path / "c1" / "masks" / "b.png")
    assert "differs in size" in refused(capsys, "data", "check", tmp_path, "--quiet")


def test_a_grid_keeps_the_place():
    """A ramp along each axis reads its own position in mm, before and after."""
    shape, spacing = (20, 30, 24), (1.0, 1.5, 2.0)
    affine = np.diag([*spacing, 1.0])
    affine[:3, 3] = (-5, 7, 3)
    where = np.stack(np.meshgrid(*map(np.arange, shape), indexing="ij"), -1) @ affine[:3, :3].T + affine[:3, 3]
    image = Image(np.moveaxis(where, -1, 0).astype(np.float32), affine, spacing)
    for grid in (Resized((10, 15, 12)), Centred((16, 16, 30)), Centred((12, 24, 24), (2.0, 1.5, 2.0))):
        made = grid.place(image)
        assert made.array.shape[1:] == grid.size
        index = np.stack(np.meshgrid(*map(np.arange, grid.size), indexing="ij"), -1)
        told = np.moveaxis(index @ made.affine[:3, :3].T + made.affine[:3, 3], -1, 0)
        inner = tuple(slice(4, -4) for _ in shape)
        if grid.size[2] == 30:
            inner = (inner[0], inner[1], slice(7, -7))  # beyond the image there is only its lowest value
        assert np.abs(made.array - told)[(slice(None), *inner)].max() < 1e-3
        assert nibabel.affines.voxel_sizes(made.affine) == pytest.approx(made.spacing)


def test_a_grid_says_what_it_cannot_do(tmp_path, capsys):
    flat = Image(np.zeros((1, 8, 8), np.float32))
    from adversaria.vocabulary import UserError

    with pytest.raises(UserError, match="does not fit an image of 8x8"):
        Resized((4, 4, 4)).place(flat)
    with pytest.raises(UserError, match="how large its voxels"):
        Centred((4, 4), (1.0, 1.0)).place(flat)
    label = Resized((5, 5)).place(flat.like(np.eye(8)[None]), label=True)
    assert set(np.unique(label.array)) == {0.0, 1.0}
