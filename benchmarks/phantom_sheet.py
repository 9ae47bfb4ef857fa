"""Draw every phantom into a contact sheet: `python -m benchmarks.phantom_sheet docs/pictures/phantoms.png`.

A row a phantom (or a kind of it), a column a subject or a word. No real data. The file's name says which sheet:
phantoms, or phantoms_bodies (those of bodies in scanners, pairs, eyes, ultrasound and tissue).
"""

import sys
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Picture
from PIL import ImageDraw
from skimage.transform import resize

from adversaria.data import phantoms

SIDE, COLUMNS, CAPTION = 84, 8, 13
# name on the sheet: phantom, knobs, words drawn for each of so many subjects, window (None: its percentiles)
ROWS: list[tuple[str, str, dict[str, Any], tuple[str, ...], tuple[float, float] | None]] = [
    ("TorsoCT abdomen", "TorsoCT", {"prevalence": 1.0, "noise": 10.0}, ("ct",), (-160, 240)),
    ("TorsoCT chest", "TorsoCT", {"level": "chest", "prevalence": 1.0, "noise": 10.0}, ("ct",), (-1000, 300)),
    ("Brain, every word", "Brain", {"prevalence": 1.0, "height": 12.0}, (*phantoms.brain.CONTRASTS, "mask"), None),
    ("Brain glioma", "Brain", {"lesion": "glioma", "prevalence": 1.0}, ("flair", "t1c"), None),
    ("LungNodule", "LungNodule", {}, ("ct",), (-1000, 300)),
    ("LiverLesion", "LiverLesion", {}, ("ct",), (-50, 220)),
    ("ChestFilm", "ChestFilm", {"prevalence": 1.0}, ("film",), (0, 1)),
    ("ChestFilm soft, bone", "ChestFilm", {"prevalence": 0.0, "domain": "b"}, ("film", "soft", "bone", "ribs"), None),
    ("Heart cine, lge", "Heart", {"prevalence": 1.0}, ("cine", "lge"), None),
    ("Mammogram", "Mammogram", {"prevalence": 1.0}, ("film",), (0, 1)),
    ("MarrowCells", "MarrowCells", {}, ("image",), (0, 1)),
    ("Fundus", "Fundus", {"size": 224}, ("image",), (0, 1)),
    ("Fundus vessels", "Fundus", {"size": 224, "domain": "b", "prevalence": 0.0}, ("image", "vessels"), (0, 1)),
    ("Dermoscopy", "Dermoscopy", {}, ("image",), (0, 1)),
]

BODIES: list[tuple[str, str, dict[str, Any], tuple[str, ...], tuple[float, float] | None]] = [
    ("Pelvis", "Pelvis", {"prevalence": 1.0}, ("t1", "t2", "water", "opposed", "ct", "mask", "muscles", "dose"), None),
    ("PelvisFilm: whole and broken", "PelvisFilm", {}, ("film",), (0, 1)),
    ("TorsoMR", "TorsoMR", {"prevalence": 1.0}, ("t1", "t2", "ct", "pet"), None),
    (
        "TorsoMR splenomegaly, scanner b",
        "TorsoMR",
        {"lesion": "splenomegaly", "prevalence": 1.0, "domain": "b"},
        ("t1", "t2", "ct", "mask"),
        None,
    ),
    ("WholeHeart", "WholeHeart", {}, ("mr", "ct"), None),
    ("Prostate and its ultrasound", "Prostate", {"prevalence": 1.0}, ("t2", "adc", "trus", "trus_mask"), None),
    ("Spine", "Spine", {"prevalence": 1.0}, ("t1", "t2", "ct", "grades"), None),
    ("SpineFilm", "SpineFilm", {}, ("film", "coronal", "mip", "mask"), None),
    ("Knee", "Knee", {"prevalence": 1.0}, ("pd", "pdfs", "t2", "mask"), None),
    ("Oropharynx and its plan", "Oropharynx", {}, ("ct", "mask", "targets", "dose"), None),
    ("ChestFilmPair", "ChestFilmPair", {}, ("fixed", "moving"), (0, 1)),
    ("FundusAngiography", "FundusAngiography", {"size": 224}, ("fixed", "moving"), (0, 1)),
    ("OCT", "OCT", {"prevalence": 1.0, "size": 192}, ("image",), (0, 1)),
    ("Endoscopy", "Endoscopy", {"prevalence": 1.0}, ("image", "rendered", "depth", "mask"), None),
    ("Endoscopy, laparoscopy", "Endoscopy", {"prevalence": 1.0, "scene": "laparoscopy"}, ("image", "mask"), None),
    ("Fetal", "Fetal", {"size": 192}, ("image",), (0, 1)),
    ("IVUS, stage 0 beside", "IVUS", {"size": 192}, ("image", "stage0"), (0, 1)),
    ("Histology, three laboratories", "Histology", {"size": 168}, ("scan_a", "scan_b", "scan_c", "rendered"), (0, 1)),
    ("Histology tumour", "Histology", {"size": 168, "tissue": "tumour"}, ("image",), (0, 1)),
    ("IHC", "IHC", {"size": 168}, ("image", "mask"), None),
    ("EM", "EM", {"size": 168}, ("image", "membrane"), (0, 1)),
    ("HEp2", "HEp2", {}, ("image",), (0, 0.9)),
]
SHEETS = {"phantoms": ROWS, "phantoms_bodies": BODIES}
HOUNSFIELD = (-160, 300)


def tile(image: NDArray[Any], window: tuple[float, float] | None) -> NDArray[np.uint8]:
    """Scale an image (C, rows, columns[, slices]) to a square tile in colour."""
    plane = np.moveaxis(image if image.ndim == 3 else image[..., image.shape[-1] // 2], 0, -1).astype(np.float64)
    low, high = window or np.percentile(plane, [0.5, 99.5])
    plane = np.clip((plane - low) / max(high - low, 1e-9), 0, 1)
    ratio = SIDE / max(plane.shape[:2])
    plane = resize(plane, [max(1, round(s * ratio)) for s in plane.shape[:2]], order=1, anti_aliasing=ratio < 1)
    made = np.zeros((SIDE, SIDE, 3), np.uint8)
    made[: plane.shape[0], : plane.shape[1]] = np.round(255 * plane)
    return made


def main(target: Path) -> None:
    """Draw the sheet that the file's name asks for."""
    rows: list[NDArray[np.uint8]] = []
    for title, name, knobs, words, window in SHEETS[target.stem]:
        phantom = getattr(phantoms, name)(**knobs)
        cases = [phantom.case(subject) for subject in range(COLUMNS // len(words))]
        tiles = [
            tile(case[word], window or ((0, 80) if name == "Brain" else HOUNSFIELD) if word == "ct" else window)
            for case in cases
            for word in words
        ]
        row = np.hstack(tiles + [np.zeros((SIDE, SIDE, 3), np.uint8)] * (COLUMNS - len(tiles)))
        caption = Picture.fromarray(np.zeros((CAPTION, row.shape[1], 3), np.uint8))
        ImageDraw.Draw(caption).text((3, 0), title, fill=(255, 220, 90))
        rows += [np.asarray(caption), row]
    target.parent.mkdir(parents=True, exist_ok=True)
    # steps of 8 in 256 are not seen and keep the file small
    Picture.fromarray(np.vstack(rows) // 8 * 8).save(target, optimize=True)
    print(f"{target}: {target.stat().st_size // 1024} kB")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
