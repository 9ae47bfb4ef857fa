"""Small tables that some measures need beside images: classes, landmarks, lesions, detections. All are CSV files."""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from adversaria.data.found import SUFFIXES
from adversaria.vocabulary import UserError

AXES = "012"
Row = Mapping[str, str]


def classes_of(path: Path) -> dict[str, tuple[int, float]]:
    """The true class (0 or 1) and a classifier's score of each image; columns image, class, score."""
    found = {}
    for name, row in _rows(path, ("class", "score")):
        if row["class"] not in ("0", "1"):
            raise UserError(f"{path}: the class of '{name}' is '{row['class']}'.", "Write 0 or 1.")
        found[name] = (int(row["class"]), _number(path, name, row, "score"))
    return found


def landmarks_of(path: Path) -> dict[str, tuple[Any, Any]]:
    """Voxel indices of paired landmarks, (N, dims) in the fixed and in the moving image, by image.

    Columns image, fixed_0, fixed_1[, fixed_2], moving_0, moving_1[, moving_2], one row a pair.
    """
    pairs: dict[str, list[tuple[list[float], list[float]]]] = {}
    for name, row in _rows(path, ("fixed_0", "fixed_1", "moving_0", "moving_1")):
        pairs.setdefault(name, []).append((_place(path, name, row, "fixed"), _place(path, name, row, "moving")))
    return {name: (np.array([a for a, _ in some]), np.array([b for _, b in some])) for name, some in pairs.items()}


def lesions_of(path: Path, places: Mapping[str, tuple[int, tuple[float, ...]]]) -> list[Any]:
    """True lesions of the images that `places` gives a number and a voxel size (mm).

    Columns image, radius_mm, at_0, at_1[, at_2]: the centre in voxel indices.
    """
    from adversaria.metrics.detection import Lesion

    return [
        Lesion(places[name][0], _in_mm(path, name, row, places), _number(path, name, row, "radius_mm"))
        for name, row in _known(path, ("radius_mm", "at_0", "at_1"), places)
    ]


def detections_of(path: Path, places: Mapping[str, tuple[int, tuple[float, ...]]]) -> list[Any]:
    """What a detector marked; columns image, score, at_0, at_1[, at_2]: the place in voxel indices."""
    from adversaria.metrics.detection import Detection

    return [
        Detection(places[name][0], _number(path, name, row, "score"), _in_mm(path, name, row, places))
        for name, row in _known(path, ("score", "at_0", "at_1"), places)
    ]


def named(text: str) -> str:
    """The name of an image as folders give it: without the ending of its file."""
    return next((text[: -len(ending)] for ending in SUFFIXES if text.lower().endswith(ending)), text)


def _known(path: Path, columns: Sequence[str], places: Mapping[str, Any]) -> list[tuple[str, Row]]:
    rows = _rows(path, columns)
    for name, _ in rows:
        if name not in places:
            raise UserError(f"{path} names '{name}', and no image is called so.", "Name rows like the images.")
    return rows


def _rows(path: Path, columns: Sequence[str]) -> list[tuple[str, Row]]:
    """Rows with the name of their image; UserError for what is no such table."""
    wanted = ("image", *columns)
    remedy = f"It is a CSV file with the columns {', '.join(wanted)}."
    if not path.is_file():
        raise UserError(f"there is no table at {path}.", remedy)
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            table = csv.DictReader(file)
            lacking = [column for column in wanted if column not in (table.fieldnames or [])]
            rows = [] if lacking else list(table)
    except (UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path} cannot be read as a table: {error}.", remedy) from None
    if lacking:
        raise UserError(f"{path} has no column '{lacking[0]}'.", remedy)
    return [(named((row["image"] or "").strip()), {k: (v or "").strip() for k, v in row.items() if k}) for row in rows]


def _number(path: Path, name: str, row: Row, column: str) -> float:
    try:
        value = float(row[column])
    except ValueError:
        value = float("nan")
    if not np.isfinite(value):
        raise UserError(f"{path}: '{column}' of '{name}' is '{row[column]}', no number.", "Mend the row.")
    return value


def _place(path: Path, name: str, row: Row, word: str) -> list[float]:
    columns = [f"{word}_{axis}" for axis in AXES if row.get(f"{word}_{axis}")]
    return [_number(path, name, row, column) for column in columns]


def _in_mm(path: Path, name: str, row: Row, places: Mapping[str, tuple[int, tuple[float, ...]]]) -> tuple[float, ...]:
    at, spacing = _place(path, name, row, "at"), places[name][1]
    if len(at) != len(spacing):
        raise UserError(
            f"{path} places '{name}' on {len(at)} axes, and the image has {len(spacing)}.", "Give one index an axis."
        )
    return tuple(index * size for index, size in zip(at, spacing, strict=True))
