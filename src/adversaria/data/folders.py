"""What a folder of images holds: which words, which cases, which subjects.

Recognised layouts, in this order: a CSV manifest (columns of images are words, others classes, such as `label`);
nnU-Net raw (`imagesTr`, `_0000` suffixes); a Medical Segmentation Decathlon `dataset.json`; `trainA/ trainB/`; BIDS
(`sub-*`); a folder a case with `images/` and `masks/`, one mask an object; one case with its raw data; one folder a
subject with one folder or file a word; one folder a word, cases by equal names or by the number in them; a single DICOM
series; the words of one subject (`T1.nii T2.nii`); loose files.
"""

import json
import re
from collections.abc import Iterable
from itertools import combinations
from os.path import commonprefix
from pathlib import Path
from typing import Any

from adversaria.data.found import KSPACE, RAW_SUFFIXES, SUFFIXES, Found, Source
from adversaria.data.manifest import inside, read_manifest
from adversaria.vocabulary import UserError

__all__ = ["SUFFIXES", "Found", "Source", "is_image", "recognise"]

_MOST = 1_000_000
_ROLES = re.compile(
    r"(t[12]|pd|flair|dwi|adc|ct|cbct|mri?|pet|spect|us|low|full|half|quarter|high|std|bone|in|out|input|output|"
    r"source|target|reference|image|label|annotation|mask|seg|noisy|clean|pre|post|[ab])s?([^a-z0-9].*|w|_?dose)?$",
    re.IGNORECASE,
)


def recognise(folder: Path) -> Found:
    """Recognise the layout of a folder (or of one file, or a manifest), or say what was looked for."""
    if not folder.exists():
        raise UserError(f"{folder} does not exist.", "Check the path given to --data.")
    if folder.is_file():
        return read_manifest(folder) if folder.suffix == ".csv" else _loose("a single file", [folder])
    for look in (
        _manifest_in,
        _nnunet,
        _decathlon,
        _train_a_b,
        _bids,
        _objects,
        _raw_case,
        _subjects,
        _word_folders,
        _flat,
    ):
        found = look(folder)
        if found is not None and found.words:
            return found
    raise UserError(
        f"no image was found in {folder}.",
        f"It should hold files ending in {', '.join(SUFFIXES)}, or DICOM files, in one of the layouts of "
        "`adversaria data check --help`.",
    )


def _stem(path: Path) -> str:
    name = path.name
    for suffix in SUFFIXES:
        if name.lower().endswith(suffix):
            return name[: -len(suffix)]
    return path.stem


def _is_dicom(path: Path) -> bool:
    try:
        with open(path, "rb") as file:
            return file.read(132)[128:] == b"DICM"
    except OSError:
        return False


def is_image(path: Path) -> bool:
    """Tell whether a file looks like an image that can be read."""
    if not path.is_file() or path.name.startswith("."):
        return False
    return path.name.lower().endswith(SUFFIXES) or (path.suffix == "" and _is_dicom(path))


def _entries(folder: Path) -> list[Path]:
    entries = []
    for entry in folder.iterdir():
        entries.append(entry)
        if len(entries) > _MOST:
            raise UserError(f"{folder} holds more than {_MOST} entries.", "Point --data at a smaller folder.")
    return sorted(p for p in entries if not p.name.startswith("."))


def _images(folder: Path) -> list[Path]:
    return [p for p in _entries(folder) if is_image(p)]


def _folders(folder: Path) -> list[Path]:
    return [p for p in _entries(folder) if p.is_dir()]


def _is_series(folder: Path) -> bool:
    """Whether a folder is one DICOM series: every image in it is DICOM and there is no folder below."""
    images = _images(folder)
    return bool(images) and all(_is_dicom(p) or p.suffix.lower() in (".dcm", ".ima") for p in images)


def _manifest_in(folder: Path) -> Found | None:
    path = folder / "manifest.csv"
    return read_manifest(path) if path.is_file() else None


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read: {error}", "Mend the file, or give a manifest.csv.") from None


def _nnunet(folder: Path) -> Found | None:
    images = folder / "imagesTr"
    if not images.is_dir() or not any(re.search(r"_\d{4}$", _stem(p)) for p in _images(images)):
        return None
    facts = _json(folder / "dataset.json") if (folder / "dataset.json").is_file() else {}
    names = facts.get("channel_names") or facts.get("modality") or {}
    found = Found("nnU-Net raw")
    for path in _images(images):
        case, _, channel = _stem(path).rpartition("_")
        found.add(str(names.get(str(int(channel)), f"channel{channel}")).lower(), case, path, case)
    for path in _images(folder / "labelsTr") if (folder / "labelsTr").is_dir() else []:
        found.add("mask", _stem(path), path, _stem(path))
    return found


def _decathlon(folder: Path) -> Found | None:
    if not (folder / "dataset.json").is_file():
        return None
    found = Found("Decathlon dataset.json")
    for entry in _json(folder / "dataset.json").get("training", []):
        if not isinstance(entry, dict) or not isinstance(entry.get("image"), str):
            return None
        path = inside(folder, entry["image"])
        found.add("image", _stem(path), path, _stem(path))
        if isinstance(entry.get("label"), str):
            found.add("mask", _stem(path), inside(folder, entry["label"]), _stem(path))
    return found


def _train_a_b(folder: Path) -> Found | None:
    if not ((folder / "trainA").is_dir() and (folder / "trainB").is_dir()):
        return None
    found = Found("trainA/ trainB/")
    for word in ("A", "B"):
        for path in _cases_of(folder / f"train{word}"):
            found.add(word, _stem(path), path, f"{word}/{_stem(path)}")
    return found


def _cases_of(folder: Path) -> list[Path]:
    """The cases of a word's folder: series folders below it, itself if it is one series, or files."""
    below = [p for p in _folders(folder) if _is_series(p)]
    if below:
        return below
    return [folder] if _is_series(folder) else _images(folder)


def _bids(folder: Path) -> Found | None:
    subjects = [p for p in _folders(folder) if p.name.startswith("sub-")]
    found = Found("BIDS")
    for subject in subjects:
        for path in sorted(subject.rglob("*")):
            if is_image(path):
                entities, _, suffix = _stem(path).rpartition("_")
                found.add(suffix, entities or subject.name, path, subject.name)
    return found if subjects else None


def _common_words(paths: Iterable[Path]) -> dict[str, Path] | None:
    """Name the files of one subject by what stands before the first underscore, if that tells them apart."""
    named = {}
    for path in paths:
        word = _stem(path).split("_")[0].split(".")[0]
        if word in named:
            return None
        named[word] = path
    return named


def _objects(folder: Path) -> Found | None:
    """One folder a case, in it `images/` with one image and `masks/` with one mask for every object.

    The folders may lie in folders of their own, one a class.
    """
    places, kinds = _object_folders(folder), {}
    if not places:
        below = {kind: _object_folders(kind) for kind in _folders(folder)}
        if not below or not all(below.values()):
            return None
        kinds = {place: kind.name for kind, inner in below.items() for place in inner}
        places = list(kinds)
    found = Found("one folder a case, one mask an object", loose=True)
    for place in places:
        if place in kinds:
            found.classes.setdefault("label", {})[place.name] = kinds[place]
        images, masks = _images(place / "images"), _images(place / "masks")
        if len(images) != 1 or not masks:
            return None
        found.add("image", place.name, images[0], place.name)
        found.add("mask", place.name, place / "masks", place.name, tuple(masks))
    return found


def _object_folders(folder: Path) -> list[Path]:
    """The folders of a folder, if each of them holds `images/` and `masks/`."""
    places = _folders(folder)
    return places if all((p / "images").is_dir() and (p / "masks").is_dir() for p in places) else []


def _raw_case(folder: Path) -> Found | None:
    """The files of one case: BART's k-space beside its image, maps and labels."""
    named = _common_words(_images(folder)) or {}
    if not any(path.suffix == ".cfl" and path.stem.lower() in KSPACE for path in named.values()):
        return None
    found = Found("one case with its raw data")
    for word, path in named.items():
        found.add(word, folder.resolve().name, path, "one")
    return found


def _are_words(outer: list[str], inner: list[str]) -> bool:
    """Tell pair folders (`ct/p1 mr/p1`) from subject folders (`p1/ct p1/mr`), which look alike.

    Names of modalities and roles decide; where there are none, words are fewer than cases.
    """

    def share(names: list[str]) -> float:
        return sum(bool(_ROLES.match(name)) for name in names) / max(1, len(names))

    if share(outer) != share(inner):
        return share(outer) > share(inner)
    return 1 < len(outer) <= len(inner)


def _subjects(folder: Path) -> Found | None:
    """One folder a subject, in it one file or one series folder a word, the same words for all."""
    found = Found("one folder a subject")
    words: list[set[str]] = []
    stems = [{_stem(p) for p in (*_images(place), *_folders(place))} for place in _folders(folder)]
    if all(_ROLES.match(p.name) for p in _folders(folder)):
        return None
    alike = len(stems) > 1 and all(names == stems[0] for names in stems)
    if alike and _are_words([p.name for p in _folders(folder)], sorted(stems[0])):
        return None
    # k-space is called ksp wherever it lies: raw data need no second word to make folders subjects
    least = 1 if alike and all(_raw_alone(place) for place in _folders(folder)) else 2
    for subject in _folders(folder):
        series = {p.name: p for p in _folders(subject) if _is_series(p)}
        named = series or (None if _is_series(subject) else _common_words(_images(subject)))
        if not named or len(named) < least:
            return None
        words.append(set(named))
        for word, path in named.items():
            found.add(word, subject.name, path, subject.name)
    shared = set.intersection(*words) if words else set()
    return found if len(shared) >= least and not all(word.isdigit() for word in shared) else None


def _raw_alone(folder: Path) -> bool:
    """Whether a folder holds one file, of raw data."""
    images = _images(folder)
    return len(images) == 1 and not _folders(folder) and images[0].suffix.lower() in RAW_SUFFIXES


def _word_folders(folder: Path) -> Found | None:
    """One folder a word; cases are files of the same name, or one series (one subject)."""
    found = Found("one folder a word")
    for place in _folders(folder):
        cases = _cases_of(place)
        for path in cases:
            alone = path == place
            found.add(place.name, "series" if alone else _stem(path), path, "one" if alone else _stem(path))
    found.loose = not all(set(names) == {"series"} for names in found.words.values())
    return _by_number(found) if len(found.words) >= 2 else None


def _by_number(found: Found) -> Found:
    """Where no two words share a name: cases by what is left without the ends that all files of a word share.

    `images/21_training.tif` and `vessels/21_manual1.gif` are case 21.
    """
    if any(set(a) & set(b) for a, b in combinations(found.words.values(), 2)):
        return found
    inner = {word: _cores(list(names)) for word, names in found.words.items()}
    if not any(set(a.values()) & set(b.values()) for a, b in combinations(inner.values(), 2)):
        return found
    matched = Found(f"{found.layout}, by the part of a name that changes", loose=found.loose)
    for word, names in found.words.items():
        for name, source in names.items():
            core = inner[word][name]
            matched.add(word, core, source.path, core)
    return matched


def _cores(names: list[str]) -> dict[str, str]:
    """Names without the letters that all of them begin with and the ending, from a separator on, that all share."""
    shared = commonprefix([name[::-1] for name in names])[::-1]
    ending = re.search(r"[^a-zA-Z0-9].*$|\D+$", shared)
    opening = re.match(r"\D*", commonprefix(names))
    first, last = len(opening[0]) if opening else 0, len(ending[0]) if ending else 0
    cores = {name: name[first : len(name) - last] for name in names}
    return cores if all(cores.values()) and len(names) > 1 else {name: name for name in names}


def _flat(folder: Path) -> Found | None:
    if _is_series(folder):
        found = Found("one DICOM series")
        found.add("image", "series", folder, "one")
        return found
    places = [p for p in _folders(folder) if _is_series(p)]
    if places:
        found = Found("one DICOM series a folder")
        for place in places:
            found.add("image", place.name, place, place.name)
        return found
    images = _images(folder)
    if len(images) > 1 and all(len(_stem(p)) > 1 and _ROLES.match(_stem(p)) for p in images):
        found = Found("one subject, one file a word")
        for path in images:
            found.add(_stem(path), folder.name, path, "one")
        return found
    if named := _after_prefix(images):
        found = Found("one subject, one file a word, after a name that all share")
        for word, path in named.items():
            found.add(word, folder.resolve().name, path, "one")
        return found
    if images:
        return _loose("loose files", images)
    below = [inner for place in _folders(folder) if (inner := _flat(place)) is not None]
    return below[0] if len(below) == 1 else None


def _after_prefix(images: list[Path]) -> dict[str, Path]:
    """NIfTI files `P12_2010_fa`, `P12_2010_mprage_t1` as `fa`, `mprage_t1`: all share a name with a number in it.

    Each rest must hold letters, and one of them must be the name of a modality or role.
    """
    if len(images) < 2 or not all(p.name.lower().endswith((".nii", ".nii.gz")) for p in images):
        return {}
    prefix = re.match(r"(?:.*[_.\-])?", commonprefix([_stem(p) for p in images]))
    shared = prefix[0] if prefix else ""
    named = {_stem(p)[len(shared) :]: p for p in images}
    spoken = all(len(word) > 1 and re.search("[a-zA-Z]", word) for word in named)
    known = any(_ROLES.fullmatch(part) for word in named for part in re.split(r"[^a-zA-Z0-9]+", word))
    return named if re.search(r"\d", shared) and spoken and known else {}


def _loose(layout: str, paths: list[Path]) -> Found:
    found = Found(layout, loose=True)
    for path in paths:
        found.add("image", _stem(path), path, _stem(path))
    return found
