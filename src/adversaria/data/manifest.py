"""A CSV manifest: which images belong to which case, whose they are, their classes, and their part of the split."""

import csv
from pathlib import Path

from adversaria.data.found import SUFFIXES, Found
from adversaria.vocabulary import UserError


def read_manifest(path: Path) -> Found:
    """Columns: one for each word, `case`, `subject`, `split`, and columns of classes; an empty cell is no class."""
    found = Found(f"manifest {path.name}")
    try:
        with open(path, newline="", encoding="utf-8-sig") as file:
            rows = list(csv.DictReader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UserError(f"{path} cannot be read as CSV: {error}", "Save it as UTF-8 with a header row.") from None
    columns = [c for c in (rows[0] if rows else {}) if c and c not in ("case", "subject", "split")]
    words = [c for c in columns if c != "label" and any(_names_file(path.parent, row[c]) for row in rows)]
    if not words:
        raise UserError(f"{path} lists no images.", "Give it a header with one column for each word, then rows.")
    for number, row in enumerate(rows):
        name = row.get("case") or f"row{number + 1:05d}"
        for word in words:
            if row.get(word):
                found.add(word, name, inside(path.parent, row[word]), row.get("subject") or name)
        for column in columns:
            value = (row.get(column) or "").strip()
            if column not in words and value and not value.lower().endswith(SUFFIXES):
                found.classes.setdefault(column, {})[name] = value
        _note_part(found, path, row.get("subject") or name, (row.get("split") or "").strip())
    if found.parts and any(s.subject not in found.parts for names in found.words.values() for s in names.values()):
        raise UserError(f"{path} states the part of some cases only.", "Fill the column `split`, or leave it out.")
    return found


def _note_part(found: Found, path: Path, subject: str, part: str) -> None:
    """Keep the part of the split that a manifest states for a subject."""
    if not part:
        return
    if part not in ("train", "validation", "test"):
        raise UserError(f"{path} states the split '{part}'.", "It is train, validation or test.")
    if found.parts.setdefault(subject, part) != part:
        raise UserError(
            f"{path} puts subject '{subject}' in {found.parts[subject]} and in {part}.",
            "All images of a subject belong to one part.",
        )


def _names_file(root: Path, value: str | None) -> bool:
    """Whether a cell of a manifest names an image rather than a class."""
    return bool(value) and (str(value).lower().endswith(SUFFIXES) or "/" in str(value) or (root / str(value)).exists())


def inside(root: Path, text: str) -> Path:
    """The path that a manifest names, which must lie in its folder."""
    path = (root / text).resolve()
    if Path(text).is_absolute() or not path.is_relative_to(root.resolve()):
        raise UserError(f"'{text}' leads out of {root}.", "Paths in a manifest are relative to its folder.")
    if not path.exists():
        raise UserError(f"{path} is listed but does not exist.", "Mend the manifest.")
    return path
