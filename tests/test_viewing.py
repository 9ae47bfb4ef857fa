"""What a comparison keeps and shows of images: slices, spectra, lines, and tests of sets."""

from types import SimpleNamespace

import numpy as np
import pytest

from adversaria.commands.viewing import View, even_squares
from adversaria.data.intensity import Percentile
from adversaria.reports import Score, set_comparing, spectra, write_comparison, write_scores
from adversaria.reports.comparing import compare_scores
from adversaria.reports.profiles import place
from adversaria.reports.set_comparing import Seen
from adversaria.run import Run, write_json

IMAGE = SimpleNamespace(axes="", spacing=(0.5, 0.5, 2.0))


def test_white_noise_has_its_variance_at_every_frequency():
    random = np.random.default_rng(0)
    flat = np.full((1, 96, 96, 6), 50, np.float32)
    noisy = flat + random.normal(0, 3, flat.shape).astype(np.float32)
    view, found = View(flat, IMAGE, (0, 100)), {}
    view.measure(found, "c", "output", noisy)
    frequency, power = found["c/output/noise"]
    assert frequency[-1] == pytest.approx(1.0) and power[1:] == pytest.approx(9 * 0.25, rel=0.25)
    frequency, power = found["c/output/image"]
    assert power[4:] == pytest.approx(9 * 0.25, rel=0.3) and float(found["c/pixel"]) == 0.5


def test_a_blur_loses_high_frequencies_only():
    from scipy.ndimage import gaussian_filter

    random = np.random.default_rng(1)
    flat = np.full((1, 64, 64), 50.0)
    view, found = View(flat, IMAGE, (0, 100)), {}
    noisy = flat + random.normal(0, 3, flat.shape)
    view.measure(found, "c", "target", noisy)
    view.measure(found, "c", "output", gaussian_filter(noisy, (0, 1, 1)))
    curves = {name: tuple(found[f"c/{name}/image"]) for name in ("target", "output")}
    ((_, (low, _, high)),) = spectra.thirds(curves)
    assert low > 0.3 and high < 0.02 and high < low / 10


def test_even_squares_lie_in_even_parts_and_do_not_overlap():
    plane = np.zeros((64, 64))
    plane[16:56, 16:56] = 50
    plane[30, 30] = 90
    squares = even_squares(plane, (0, 100), 8)
    taken = np.zeros((64, 64), int)
    for at in squares:
        taken[at] += 1
    assert len(squares) >= 8 and taken.max() == 1 and taken[30, 30] == 0 and not taken[plane == 0].any()


def test_of_a_volume_the_slice_with_most_of_the_lesion_is_kept():
    volume = np.zeros((1, 16, 16, 5), np.float32) + np.arange(5)
    lesion = np.zeros_like(volume)
    lesion[0, 4:6, 4, 1] = 1
    kept = {}
    View(volume, IMAGE, None, lesion).keep(kept, "c/output", volume)
    assert (kept["c/output"] == 1).all()
    View(volume, IMAGE, None).keep(kept, "c/output", volume)
    assert (kept["c/output"] == 2).all()


def test_images_that_are_compared_scaled_are_kept_scaled():
    image = np.random.default_rng(2).random((1, 16, 16)).astype(np.float32) * 300
    kept = {}
    View(image, IMAGE, (0, 1), scaled=Percentile(into=(0, 1)).fit(image).forward).keep(kept, "c/output", image)
    assert kept["c/output"].max() < 1.1


def test_the_line_goes_through_the_largest_lesion_or_the_middle():
    image, lesion = np.zeros((40, 60)), np.zeros((40, 60))
    image[10:20, 5:50] = 1
    lesion[30:33, 20:23] = 1
    lesion[5, 5] = 2
    row, (first, last) = place(image, lesion)
    assert row == 31 and first < 20 and last > 23
    assert place(image, None) == (14, (0, 59)) and place(image, np.zeros_like(image))[0] == 14


def seen(shift, subjects, seed=0, reference=0, n=10):
    random = np.random.default_rng(seed)
    features = random.normal(shift, 1, (n, 4))
    references = np.random.default_rng(50 + reference).normal(0, 1, (20, 4))
    words = {"output_features": features, "reference_features": references}
    score = Score("r", "set", "set", "whole", "output", "fid[net]", float(shift), "", "lower")
    other = Score("r", "set", "set", "whole", "output", "wasserstein", 1.0, "", "lower")
    return Seen("net", words, subjects, {"fid[net]": score, "wasserstein": other})


SUBJECTS = tuple(f"s{k}" for k in range(10))


def test_sets_are_tested_by_exchange_and_say_why_not():
    near, far = seen(0, SUBJECTS, 1), seen(3, SUBJECTS, 2)
    found = compare_scores([], None, {"near": near, "far": far})
    fid, other = found.set_pairs
    assert fid.p == pytest.approx(1 / 512) and fid.winner == "near" and found.best("near", "fid[net]")
    assert other.p is None and "images themselves" in other.test
    for two, why in (
        (seen(3, SUBJECTS, 2, reference=1), "reference or training images differ"),
        (seen(3, SUBJECTS[:5] * 2, 2), "not of the same subjects"),
        (seen(3, (), 2), "not of the same subjects"),
        (Seen("net", {}, SUBJECTS, far.scores), "evaluate again"),
    ):
        assert why in compare_scores([], None, {"near": near, "far": two}).set_pairs[0].test
    few = tuple(f"s{k % 5}" for k in range(10))
    assert "six subjects" in compare_scores([], None, {"a": seen(0, few), "b": seen(3, few)}).set_pairs[0].test


def test_rows_are_paired_by_subject_whatever_their_order():
    near, far = seen(0, SUBJECTS, 1), seen(0.6, SUBJECTS, 2)
    turned = Seen("net", {w: a[::-1] if w in set_comparing.MADE else a for w, a in far.words.items()}, SUBJECTS[::-1],
                  far.scores)  # fmt: skip
    p = [compare_scores([], None, {"near": near, "far": two}).set_pairs[0].p for two in (far, turned)]
    assert p[0] == pytest.approx(p[1]) and 0.001 < p[0] < 1


def test_samples_of_generators_are_compared_as_sets_alone(tmp_path):
    folders = []
    for name, shift in (("good", 0.0), ("bad", 2.0)):
        run, made = Run(tmp_path / name), seen(shift, (), int(shift), n=24)
        run.samples.mkdir(parents=True)
        scores = [Score(name, "set", "set", "whole", "samples", "fid[net]", shift, "", "lower", "24 and 20 images")]
        write_scores(run.scores, scores)
        write_json(run.evaluation, {"range": [-1, 1], "scaled": True, "cases": {}})
        np.savez(run.features, **{f"samples/{w}": a for w, a in made.words.items()}, **{"samples/network": "net"})
        folders.append(run.folder)
    found = write_comparison(folders, tmp_path)
    (pair,) = found.set_pairs
    assert pair.winner == "good" and "permutation test" in pair.test and "good" in (tmp_path / "sets.csv").read_text()
    page = (tmp_path / "compare.html").read_text()
    assert "Images as sets" in page and "good is better" in page and "2 methods, 1 measure: 1 of 1 difference" in page
    assert "fid[net]" in (tmp_path / "pairs.csv").read_text() and "**0**" in (tmp_path / "table.md").read_text()
