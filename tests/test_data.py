"""Folders, cases, splits, scaling and the feed: recognised, kept apart, undone, keyed."""

import json

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Picture

import images
from adversaria.data.cases import alone, from_phantom, paired, pick_word
from adversaria.data.feed import Foreground, Item, PatchFeed, Stream, Uniform
from adversaria.data.folders import recognise
from adversaria.data.image import Image, affine_of, axes_of
from adversaria.data.intensity import Percentile, Scale, Window, typical
from adversaria.data.labels import Labels
from adversaria.data.phantoms import TorsoCT
from adversaria.data.prepare import Plan, prepare, prepare_all
from adversaria.data.split import SAME_SUBJECT, by_slices, by_subject
from adversaria.tasks.pictures import middle, upright
from adversaria.vocabulary import UserError


def picture(path, value=0):
    path.parent.mkdir(parents=True, exist_ok=True)
    Picture.fromarray(np.full((8, 8), value, np.uint8) + np.eye(8, dtype=np.uint8)).save(path)


def layout(root, *names):
    for name in names:
        picture(root / name)
    return root


def counts(found):
    return {word: sorted(names) for word, names in found.words.items()}


def test_layouts_are_recognised(tmp_path):
    pairs = recognise(layout(tmp_path / "pairs", "ct/a.png", "ct/b.png", "mr/a.png", "mr/b.png"))
    assert counts(pairs) == {"ct": ["a", "b"], "mr": ["a", "b"]} and pairs.loose
    train = recognise(layout(tmp_path / "ab", "trainA/1.png", "trainB/9.png", "trainB/8.png"))
    assert counts(train) == {"A": ["1"], "B": ["8", "9"]}
    raw = layout(tmp_path / "raw", "imagesTr/p1_0000.png", "imagesTr/p1_0001.png", "labelsTr/p1.png")
    (raw / "dataset.json").write_text(json.dumps({"channel_names": {"0": "T1", "1": "FLAIR"}}))
    assert counts(recognise(raw)) == {"t1": ["p1"], "flair": ["p1"], "mask": ["p1"]}
    bids = layout(
        tmp_path / "bids", "sub-01/anat/sub-01_T1w.png", "sub-01/anat/sub-01_T2w.png", "sub-02/anat/sub-02_T1w.png"
    )
    found = recognise(bids)
    assert counts(found) == {"T1w": ["sub-01", "sub-02"], "T2w": ["sub-01"]}
    assert found.words["T1w"]["sub-02"].subject == "sub-02"
    subjects = recognise(layout(tmp_path / "s", "p1/T1_x.png", "p1/T2_x.png", "p2/T1_y.png", "p2/T2_y.png"))
    assert counts(subjects) == {"T1": ["p1", "p2"], "T2": ["p1", "p2"]} and not subjects.loose
    same = recognise(layout(tmp_path / "same", "p1/ct.png", "p1/mr.png", "p2/ct.png", "p2/mr.png"))
    assert counts(same) == {"ct": ["p1", "p2"], "mr": ["p1", "p2"]} and not same.loose
    few = recognise(layout(tmp_path / "few", "x/1.png", "x/2.png", "x/3.png", "y/1.png", "y/2.png", "y/3.png"))
    assert counts(few) == {"x": ["1", "2", "3"], "y": ["1", "2", "3"]} and few.loose
    loose = recognise(layout(tmp_path / "loose", "a.png", "b.png"))
    assert counts(loose) == {"image": ["a", "b"]} and loose.loose
    assert counts(recognise(images.series(tmp_path / "dicom", 3))) == {"image": ["series"]}
    two = tmp_path / "study"
    images.series(two / "pre", 3), images.series(two / "post", 3)
    assert counts(recognise(two)) == {"post": ["series"], "pre": ["series"]}
    decathlon = layout(tmp_path / "deca", "imagesTr/x.png", "labelsTr/x.png")
    (decathlon / "dataset.json").write_text(
        json.dumps({"training": [{"image": "./imagesTr/x.png", "label": "./labelsTr/x.png"}]})
    )
    assert counts(recognise(decathlon)) == {"image": ["x"], "mask": ["x"]}


def test_a_manifest_says_what_it_wants(tmp_path):
    root = layout(tmp_path, "x/1.png", "x/2.png", "y/3.png")
    (root / "manifest.csv").write_text("subject,case,low,full\np1,a,x/1.png,y/3.png\np1,b,x/2.png,\n")
    found = recognise(root)
    assert counts(found) == {"low": ["a", "b"], "full": ["a"]} and found.words["low"]["b"].subject == "p1"
    for text, said in (
        ("low\n../../etc/passwd\n", "leads out"),
        ("low\n/etc/passwd\n", "leads out"),
        ("low\nnone.png\n", "does not exist"),
        ("subject,case\np,a\n", "lists no images"),
        ("case,low\na,x/1.png\na,x/2.png\n", "both claim"),
    ):
        (root / "manifest.csv").write_text(text)
        with pytest.raises(UserError, match=said):
            recognise(root)


def test_folders_without_images_are_refused(tmp_path):
    for make in (lambda p: p.mkdir(), lambda p: (p.mkdir(), (p / "notes.txt").write_text("x"))):
        place = tmp_path / f"f{len(list(tmp_path.iterdir()))}"
        make(place)
        with pytest.raises(UserError, match="no image was found"):
            recognise(place)
    with pytest.raises(UserError, match="does not exist"):
        recognise(tmp_path / "none")


def test_pairs_need_partners_of_one_size(tmp_path):
    found = recognise(layout(tmp_path / "p", "A/1.png", "A/2.png", "B/1.png"))
    with pytest.raises(UserError, match="no partner") as caught:
        paired(found, ["A", "B"], False)
    assert "2.png" in caught.value.message and "manifest" in caught.value.remedy
    assert len(alone(found, "A", False)) == 2
    Picture.fromarray(np.eye(9, dtype=np.uint8)).save(tmp_path / "p" / "B" / "1.png")
    (tmp_path / "p" / "A" / "2.png").unlink()
    (case,) = paired(recognise(tmp_path / "p"), ["A", "B"], False)
    with pytest.raises(UserError, match="differ in size"):
        case.load()


def test_partners_lie_at_one_place(tmp_path):
    def pair(move=0.0, steps=(0, 2, 4, 8)):
        place = tmp_path / f"{move} {steps}"
        for name, shift, at in (("A", 0.0, (0, 2, 4, 8)), ("B", move, steps)):
            for k, z in enumerate(at):
                images.dicom(place / name / f"{k}.dcm", place=z + shift, number=k + 1, series=f"1.2.{name == 'A':d}")
        (case,) = paired(recognise(place), ["A", "B"], False)
        return case

    assert len(pair().load()) == len(pair(move=0.2).load()) == 2
    for apart, far in ((pair(move=1.5), "1.5 mm"), (pair(steps=(0, 4, 6, 8)), "2 mm")):
        with pytest.raises(UserError, match=f"different places.*up to {far} apart") as caught:
            apart.load()
        assert str(apart.paths[0]) in caught.value.message and str(apart.paths[1]) in caught.value.message
    assert len(alone(recognise(tmp_path / "1.5 (0, 2, 4, 8)"), "B", False)[0].load()) == 1


def test_words_may_be_parts_of_names(tmp_path):
    found = recognise(layout(tmp_path, "11-T1post-18/a.png", "26-T1pre-5/a.png"))
    assert pick_word(found, "t1PRE") == "26-T1pre-5"
    for wrong in ("T1", "flair"):
        with pytest.raises(UserError, match="no word"):
            pick_word(found, wrong)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 30), min_size=3, max_size=80), st.integers(0, 5))
def test_no_subject_is_on_two_sides(subjects, seed):
    names = [f"p{s}" for s in subjects]
    if len(set(names)) < 3:
        with pytest.raises(UserError, match="cannot be split"):
            by_subject(names, seed)
        return
    split = by_subject(names, seed)
    sides = {part: {names[i] for i in found} for part, found in split.cases.items()}
    assert all(sides.values()) and sum(map(len, split.cases.values())) == len(names)
    assert sum(map(len, sides.values())) == len(set(names))
    assert by_subject(names, seed) == split


@given(st.integers(0, 20), st.integers(3, 60))
def test_blocks_of_slices_lie_apart(first, count):
    split = by_slices(range(first, first + count))
    blocks = [set(split.slices[part]) for part in ("train", "validation", "test")]
    assert all(blocks) and not (blocks[0] & blocks[1] or blocks[1] & blocks[2] or blocks[0] & blocks[2])
    assert min(blocks[0]) == first and max(blocks[2]) == first + count - 1 and SAME_SUBJECT in split.rule
    gap = 1 if count >= 8 else 0
    assert min(blocks[1]) - max(blocks[0]) == 1 + gap and min(blocks[2]) - max(blocks[1]) == 1 + gap


def test_too_few_slices_are_refused():
    with pytest.raises(UserError, match="cannot be split"):
        by_slices(range(2))


@settings(deadline=None)
@given(st.floats(-2000, 0), st.floats(1, 4000), st.floats(0.05, 0.95))
def test_scalings_are_undone(low, width, at):
    scale = Window(low, low + width).fit(np.zeros(3, np.float32))
    value = np.array([low + at * width], np.float32)
    assert abs(float(scale.inverse(scale.forward(value))[0] - value[0])) < 1e-3 * max(1, abs(low) + width)
    assert scale.forward(np.array([low - 5, low + width + 5], np.float32)).tolist() == pytest.approx([-1, 1], abs=1e-3)


def test_percentiles_leave_the_background_out():
    image = np.zeros((1, 100, 100), np.float32)
    image[0, :20] = np.linspace(100, 200, 2000).reshape(20, 100)
    scale = Percentile().fit(image)
    assert 100 < scale.low < 101 and 199 < scale.high < 200
    with pytest.raises(UserError, match="constant"):
        Percentile().fit(np.ones((1, 4, 4), np.float32))
    with pytest.raises(UserError, match="empty"):
        Window(3, 3).fit(image)
    assert typical([Scale(0, 1), Scale(2, 9), Scale(1, 4)]) == Scale(1, 4)


def items(count=5, shape=(1, 12, 10)):
    return [
        Item({"source": np.full(shape, k, np.float32), "target": np.full(shape, k, np.float32)}, f"c{k}")
        for k in range(count)
    ]


def test_the_feed_is_a_function_of_seed_and_play():
    def feed(seed=0):
        return PatchFeed([Stream("data", items(), (4, 4), Uniform(), None)], 4, seed)

    first = feed().batch(7, 0, 1)
    assert np.array_equal(first["source"], feed().batch(7, 0, 1)["source"])
    assert not np.array_equal(first["source"], feed().batch(8, 0, 1)["source"])
    assert not np.array_equal(first["source"], feed(1).batch(7, 0, 1)["source"])
    halves = [feed().batch(7, part, 2)["source"] for part in range(2)]
    assert np.array_equal(np.concatenate(halves), first["source"])
    assert np.array_equal(first["source"], first["target"])


def test_every_case_is_seen_once_an_epoch():
    feed = PatchFeed([Stream("data", items(6), (4, 4), Uniform(), None)], 2, 0)
    for epoch in range(2):
        seen = [v for play in range(3) for v in np.asarray(feed.batch(3 * epoch + play, 0, 1)["source"])[:, 0, 0, 0]]
        assert sorted(seen) == list(range(6))


def test_unpaired_streams_have_orders_of_their_own():
    streams = [
        Stream("a", [Item({"source": i.words["source"]}, i.handle) for i in items(7)], (4, 4), Uniform(), None),
        Stream("b", [Item({"target": i.words["target"]}, i.handle) for i in items(5)], (4, 4), Foreground(), None),
    ]
    feed = PatchFeed(streams, 1, 0)
    pairs = {tuple(float(np.asarray(feed.batch(p, 0, 1)[w]).flat[0]) for w in ("source", "target")) for p in range(60)}
    assert len(pairs) > 12


def test_foreground_patches_are_not_empty():
    image = np.full((1, 64, 64), -1.0, np.float32)
    image[0, 20:36, 20:36] = 1
    item = Item({"target": image}, "c")
    stream = Stream("data", [item], (8, 8), Foreground(tries=8, share=0.25), None)
    full = [float((np.asarray(PatchFeed([stream], 1, 0).batch(p, 0, 1)["target"]) > 0).mean()) for p in range(80)]
    uniform = Stream("data", [item], (8, 8), Uniform(), None)
    even = [float((np.asarray(PatchFeed([uniform], 1, 0).batch(p, 0, 1)["target"]) > 0).mean()) for p in range(80)]
    assert np.mean(full) > 2 * np.mean(even)


def test_patches_larger_than_the_image_are_refused():
    with pytest.raises(UserError, match=r"larger|smaller|patch"):
        PatchFeed([Stream("data", items(), (16, 16), Uniform(), None)], 1, 0).batch(0, 0, 1)


def plan(**intensity):
    return Plan({"source": "ct"}, {"source": intensity.get("source", Window(-1000, 1000))}, dims=2, describe="test")


def test_prepared_cases_are_cached_and_noticed_when_changed(tmp_path):
    case, cache = from_phantom(TorsoCT(size=32), [0], ["ct"])[0], tmp_path / "cache"
    first = prepare(case, plan(), cache)
    assert np.array_equal(first.arrays["source"], prepare(case, plan(), cache).arrays["source"])
    assert len(list(cache.iterdir())) == 1
    folder = layout(tmp_path / "data", "a.png")
    (mine,) = alone(recognise(folder), "image", False)
    looked = Plan({"source": "image"}, {"source": Window(0, 9)}, describe="x")
    before = np.array(prepare(mine, looked, cache).arrays["source"])
    picture(folder / "a.png", 3)
    (mine,) = alone(recognise(folder), "image", False)
    assert not np.array_equal(before, prepare(mine, looked, cache).arrays["source"])


def test_what_is_said_of_grey_stored_as_colour_can_be_typed(tmp_path):
    """Words of a stream with its name; nothing of label maps, nor once it is bound as one channel."""
    folder, rule = tmp_path / "data", Window(0, 255)
    folder.mkdir()
    Picture.fromarray(np.arange(64, dtype=np.uint8).reshape(8, 8, 1).repeat(3, 2)).save(folder / "a.png")
    (case,) = alone(recognise(folder), "image", False)

    def said(name: str, intensity=rule, stream: str = "") -> str:
        looked = Plan({"source": name}, {"source": intensity}, describe=f"{name} {stream} {intensity}", stream=stream)
        return " ".join(prepare(case, looked, tmp_path / "cache").notes)

    assert "--set bind.source=image/grey learns one" in said("image")
    assert "--set bind.source=a.image/grey learns one" in said("image", stream="a")
    assert said("image/grey") == said("image", Labels(values=tuple(range(1, 64)))) == ""


def test_constant_images_are_left_out_by_name(tmp_path):
    for name in ("a", "b", "c"):
        picture(tmp_path / f"{name}.png")
    Picture.fromarray(np.full((8, 8), 7, np.uint8)).save(tmp_path / "b.png")
    cases = alone(recognise(tmp_path), "image", False)
    looked = Plan({"source": "image"}, {"source": Percentile()}, describe="x")
    done, excluded = prepare_all(cases, looked, tmp_path / "cache")
    assert [case.handle for case in done] == ["c0001", "c0003"]
    assert [case.paths[0].name for case in excluded] == ["b.png"] and "constant" in next(iter(excluded.values()))
    with pytest.raises(UserError, match=r"no case can be used.*b\.png"):
        prepare_all(cases[1:2], looked, tmp_path / "cache")


def test_blocks_of_a_volume_keep_their_place():
    volume = Image(np.arange(24, dtype=np.float32).reshape(1, 2, 3, 4), np.diag([1.0, 2, 3, 1]))
    block = volume.block(range(1, 3))
    assert np.array_equal(block.array, volume.array[..., 1:3]) and block.affine[2, 3] == 3


@pytest.mark.parametrize("axes", ["RAS", "LPS", "PLS", "LAS", "PIR", "ASR", "RSA", "ILP"])
def test_slices_are_shown_upright(axes):
    letters = {"R": (0, 1), "L": (0, -1), "A": (1, 1), "P": (1, -1), "S": (2, 1), "I": (2, -1)}
    assert axes_of(affine_of(axes, (1, 1, 1))) == axes
    grid = np.meshgrid(*[np.arange(5)] * 3, indexing="ij")
    world = np.zeros((3, 5, 5, 5))
    for k, letter in enumerate(axes):
        world[letters[letter][0]] = grid[k] * letters[letter][1]
    shown = [upright(world[i][None, ..., 2], axes)[0] for i in range(3)]
    pair = {letters[letter][0] for letter in axes[:2]}
    down = shown[2] if 2 in pair else shown[1]
    assert (np.diff(down, axis=0) < 0).all()
    across = shown[0] if 0 in pair else shown[1]
    assert (np.diff(across, axis=1) < 0).all()
    assert middle(world[0][None].astype(np.float32), axes).shape == (5, 5)


def test_labels_and_codes_reach_the_batch_as_numbers(tmp_path):
    """A label is an integer of each sample, a code a row of floats; neither is scaled, cut or refused."""
    cases = from_phantom(TorsoCT(size=32), range(8), ["ct", "label", "factors"])
    plan = Plan({"image": "ct", "label": "label", "code": "factors"}, {"image": Window(-1000, 1000)})
    prepared, excluded = prepare_all(cases, plan, tmp_path)
    assert not excluded
    items = [item for case in prepared for item in case.items()]
    batch = PatchFeed([Stream("data", items, (16, 16))], 8, seed=3).batch(0, 0, 1)
    assert batch["image"].shape == (8, 1, 16, 16)
    assert batch["label"].shape == (8,) and batch["label"].dtype == torch.int64
    wanted = [int(TorsoCT(size=32).case(k)["label"]) for k in range(8)]
    order = [Stream("data", items).index(3, k) for k in range(8)]
    assert batch["label"].tolist() == [wanted[k] for k in order] and 0 < sum(wanted) < 8
    assert batch["code"].dtype == torch.float32
    np.testing.assert_array_equal(batch["code"][0], TorsoCT(size=32).case(order[0])["factors"])


def test_slices_of_a_volume_share_its_label(tmp_path):
    cases = from_phantom(TorsoCT(size=24, dims=3, prevalence=1.0), [0], ["ct", "label"])
    plan = Plan({"image": "ct", "label": "label"}, {"image": Window(-1000, 1000)})
    prepared, _ = prepare_all(cases, plan, tmp_path)
    items = prepared[0].items()
    assert len(items) > 5 and all(int(item.words["label"]) == 1 for item in items)
