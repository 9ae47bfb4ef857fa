"""The run folder: what lies where. It is all that passes from training to whatever comes after."""

import json
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adversaria.vocabulary import UserError


@dataclass(frozen=True)
class Run:
    """A run folder and the places in it.

    `recipe.yaml` the resolved recipe; `environment.json` versions, device, seeds, hashes;
    `data.json` shapes, units and normalisation; `private/cases.json` handles to paths, never shared;
    `log.csv` losses by play; `checkpoints/`; `samples/` pictures of fixed cases; `scores.csv` values by
    case; `evaluation.json` by what rule and on which cases they were taken; `unmeasured.json` why a measure
    has none; `report.html`.
    """

    folder: Path

    @property
    def recipe(self) -> Path:
        """The resolved recipe."""
        return self.folder / "recipe.yaml"

    @property
    def environment(self) -> Path:
        """Versions, device, seeds and hashes."""
        return self.folder / "environment.json"

    @property
    def data(self) -> Path:
        """Shapes, units, split and normalisation of the data."""
        return self.folder / "data.json"

    @property
    def cases(self) -> Path:
        """The private map from handles such as c0001 to paths."""
        return self.folder / "private" / "cases.json"

    @property
    def log(self) -> Path:
        """Losses: one row a play, player and term."""
        return self.folder / "log.csv"

    @property
    def validation(self) -> Path:
        """Validation values: one row a play and measure."""
        return self.folder / "validation.csv"

    @property
    def checkpoints(self) -> Path:
        """The folder of checkpoints."""
        return self.folder / "checkpoints"

    @property
    def samples(self) -> Path:
        """Pictures of fixed cases over time."""
        return self.folder / "samples"

    @property
    def scores(self) -> Path:
        """Scores: one row a case and measure."""
        return self.folder / "scores.csv"

    @property
    def evaluation(self) -> Path:
        """The rule of the scores (range, clipping, scaling) and a hash of each case's reference."""
        return self.folder / "evaluation.json"

    @property
    def slices(self) -> Path:
        """One slice of each scored case, by case and method."""
        return self.samples / "slices.npz"

    @property
    def spectra(self) -> Path:
        """Power spectra of the scored cases, by case and method."""
        return self.samples / "spectra.npz"

    @property
    def features(self) -> Path:
        """What a feature network saw in each image that was scored as one of a set."""
        return self.samples / "features.npz"

    @property
    def unmeasured(self) -> Path:
        """Measures without a value, and why."""
        return self.folder / "unmeasured.json"

    @property
    def report(self) -> Path:
        """The self-contained page."""
        return self.folder / "report.html"

    def discard(self) -> None:
        """Remove the folder if nothing but empty folders lies in it."""
        for place in (self.folder / "private" / "cache", self.folder / "private", self.folder):
            if place.is_dir() and not any(place.iterdir()):
                place.rmdir()

    def create(self) -> None:
        """Make the folder, or say why it cannot be made."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with tempfile.TemporaryFile(dir=self.folder):
                pass
        except OSError as error:
            raise UserError(
                f"cannot write to the run folder {self.folder}: {error.strerror or error}",
                "Choose another folder with --out, or make this one writable.",
            ) from None


def write_atomically(path: Path, content: str | bytes) -> None:
    """Write a file beside its target, flush it to disk and rename it: it is whole or absent."""
    content = content.encode() if isinstance(content, str) else content
    temporary = path.with_name(f".writing-{path.name}-{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(temporary, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    except OSError as error:
        temporary.unlink(missing_ok=True)
        raise UserError(
            f"cannot write {path} ({len(content)} bytes): {error.strerror or error}",
            "Free some space or choose a folder that can be written.",
        ) from None


def write_json(path: Path, content: Any) -> None:
    """Write JSON atomically, keys in the given order."""
    write_atomically(path, json.dumps(content, indent=2, ensure_ascii=False) + "\n")


def read_json(path: Path) -> Any:
    """Read JSON, or say which file is missing or damaged."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UserError(f"{path} is missing.", "Is this a run folder that `adversaria train` made?") from None
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read: {error}", "Restore it from a copy, or train again.") from None
