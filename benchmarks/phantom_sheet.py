"""Draw every phantom into one contact sheet: `python -m benchmarks.phantom_sheet docs/pictures/phantoms.png`.

A row a phantom (or a kind of it), a column a subject or a word. No real data.
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

SIDE, COLUMNS = 112, 8
# name on the sheet: phantom, knobs, words drawn for each of so many subjects, window (None: its percentiles)
ROWS: list[tuple[str, str, dict[str, Any], tuple[str, ...], tuple[float, float] | None]] = [
    ("TorsoCT abdomen", "TorsoCT", {"prevalence": 1.0, "noise": 10.0}, ("ct",), (-160, 240)),
    ("TorsoCT chest", "TorsoCT", {"level": "chest", "prevalence": 1.0, "noise": 10.0}, ("ct",), (-1000, 300)),
    ("Brain, every word", "Brain", {"prevalence": 1.0, "height": 12.0}, (*phantoms.brain.CONTRASTS, "mask"), None),
    ("Brain glioma", "Brain", {"lesion": "glioma", "prevalence": 1.0}, ("flair", "t1c"), None),
]


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
    """Draw the sheet."""
    rows = []
    for title, name, knobs, words, window in ROWS:
        phantom = getattr(phantoms, name)(**knobs)
        cases = [phantom.case(subject) for subject in range(COLUMNS // len(words))]
        tiles = [
            tile(case[word], window if word != "ct" or name != "Brain" else (0, 80)) for case in cases for word in words
        ]
        row = Picture.fromarray(np.hstack(tiles + [np.zeros((SIDE, SIDE, 3), np.uint8)] * (COLUMNS - len(tiles))))
        ImageDraw.Draw(row).text((3, 1), title, fill=(255, 220, 90))
        rows.append(np.asarray(row))
    target.parent.mkdir(parents=True, exist_ok=True)
    Picture.fromarray(np.vstack(rows)).quantize(192).save(target, optimize=True)
    print(f"{target}: {target.stat().st_size // 1024} kB")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
