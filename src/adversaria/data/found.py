"""What was found in a folder: images by word and case, and what a manifest says of the cases."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from adversaria.vocabulary import UserError

SUFFIXES = (
    ".nii.gz",
    ".nii",
    ".dcm",
    ".dicom",
    ".ima",
    ".png",
    ".tif",
    ".tiff",
    ".jpg",
    ".jpeg",
    ".gif",
    ".bmp",
    ".cfl",
    ".h5",
    ".hdf5",
    ".npy",
)
RAW_SUFFIXES = (".cfl", ".h5", ".hdf5", ".npy")
KSPACE = ("k", "ksp", "kspace", "data", "kdata", "raw")  # what BART's k-space is called


@dataclass(frozen=True)
class Source:
    """Where one image of one case lies: a file or a folder with one DICOM series.

    With `parts` it is a mask that comes in parts, one file an object; `path` is their folder.
    """

    path: Path
    subject: str
    parts: tuple[Path, ...] = ()


@dataclass
class Found:
    """What was recognised: `words[word][name]` is where the image of that word and case name lies.

    `classes[column][name]` is the class of a case, and `parts[subject]` the part of the split it belongs to, as the
    manifest writes them.
    """

    layout: str
    words: dict[str, dict[str, Source]] = field(default_factory=dict)
    classes: dict[str, dict[str, str]] = field(default_factory=dict)
    parts: dict[str, str] = field(default_factory=dict)
    loose: bool = False

    def add(self, word: str, name: str, path: Path, subject: str, parts: tuple[Path, ...] = ()) -> None:
        """Note one image; two of one word and name are refused."""
        place = self.words.setdefault(word, {})
        if name in place:
            raise UserError(
                f"{path} and {place[name].path} both claim to be '{word}' of case '{name}'.",
                "Give them different names, or list the cases in a manifest.csv.",
            )
        place[name] = Source(path, subject, parts)

    def describe(self) -> str:
        """Say what was recognised, for the user to confirm or override."""
        counts = ", ".join(f"{word} ({len(names)})" for word, names in self.words.items())
        counted = [f"; {column}: {_tally(names)}" for column, names in self.classes.items()]
        return f"{self.layout}: {counts}{''.join(counted)}"

    def class_names(self, column: str) -> list[str]:
        """The classes of a column, in the order of their numbers: by value if all are whole numbers, else by name."""
        names = set(self.classes[column].values())
        return sorted(names, key=int) if all(re.fullmatch(r"-?\d+", name) for name in names) else sorted(names)


def _tally(names: dict[str, str]) -> str:
    values = list(names.values())
    return ", ".join(f"{value} ({values.count(value)})" for value in sorted(set(values))[:20])
