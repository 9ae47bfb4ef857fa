"""A line through a lesion, or through the middle of what is shown, and the values of every method along it."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.reports import compared_cases, line_figures, spectra, tables
from adversaria.reports.comparing import Comparison
from adversaria.reports.scored import Scored

Array = NDArray[np.floating[Any]]
REACH = 16


def draw(found: Comparison, runs: Sequence[Scored]) -> tuple[dict[str, Any] | None, str]:
    """The figure with its words and the mean distance from the reference by method, or why there is none."""
    stored, why = compared_cases.slices_of(runs)
    if why:
        return None, why
    case, through = _case(found, runs, stored)
    images = compared_cases.images_of(runs, stored, case)
    target = images.pop("target", None)
    if target is None:
        return None, "the runs keep no reference image"
    shown = {"reference": target, **{name: image for name, image in images.items() if image.shape == target.shape}}
    lesion = next((kept[f"{case}/lesion"] for kept in stored if f"{case}/lesion" in kept), None)
    row, ends = place(target, lesion if through == "lesion" else None)
    low, high, unit = compared_cases.window_of(runs, stored, [case])
    pixel = next((float(v) for run in runs for k, v in spectra.read(run).items() if k == f"{case}/pixel"), 0.0)
    along = np.arange(ends[1] - ends[0] + 1) * (pixel or 1.0)
    series = {name: (along, image[row, ends[0] : ends[1] + 1]) for name, image in shown.items()}
    axes_names = ("distance (mm)" if pixel else "distance (pixels)", unit or "intensity")
    where = "the largest lesion that is shown" if through == "lesion" else "the middle of what is shown"
    rows = [
        (name, float(np.abs(values - series["reference"][1]).mean())) for name, (_, values) in series.items()
    ][1:]  # fmt: skip
    image = line_figures.profile(target, (low, high), row, ends, series, found.methods, axes_names)
    said = f"Case {case}, row {row + 1} of the slice, pixels {ends[0] + 1} to {ends[1] + 1}: through {where}."
    alt = ", ".join(f"{name} {tables.number(value, 3)}" for name, value in rows)
    return {"image": image, "said": said, "rows": rows, "alt": alt, "unit": unit}, ""


def _case(found: Comparison, runs: Sequence[Scored], stored: Sequence[Mapping[str, Array]]) -> tuple[str, str]:
    """The case with the largest lesion that is shown; without one the leader's median case."""
    sizes = {k.partition("/")[0]: float((a > 0).sum()) for s in stored for k, a in s.items() if k.endswith("/lesion")}
    kept = compared_cases.kept_in_all(stored)
    sizes = {case: size for case, size in sizes.items() if case in kept and size > 0}
    if sizes:
        return max(sizes, key=lambda case: sizes[case]), "lesion"
    ranked = compared_cases.ranked(found, runs, kept)
    return (ranked[len(ranked) // 2] if ranked else min(kept)), "middle"


def place(target: Array, lesion: Array | None) -> tuple[int, tuple[int, int]]:
    """Row, and first and last column: around the largest lesion, or the whole row through the centre of mass."""
    from scipy.ndimage import center_of_mass, label

    height, width = target.shape
    if lesion is not None and lesion.shape == target.shape and (lesion > 0).any():
        pieces, _ = label(lesion > 0)
        largest = pieces == 1 + int(np.argmax(np.bincount(pieces[pieces > 0])[1:]))
        rows, columns = np.nonzero(largest)
        row = int(np.round(rows.mean()))
        middle, half = columns.mean(), max(REACH, int(columns.max() - columns.min()) * 2)
        return row, (max(0, int(middle) - half), min(width - 1, int(middle) + half))
    mass = np.abs(target - np.median(np.concatenate([target[0], target[-1], target[:, 0], target[:, -1]])))
    row = int(np.round(center_of_mass(mass)[0])) if mass.sum() > 0 else height // 2
    return row, (0, width - 1)
