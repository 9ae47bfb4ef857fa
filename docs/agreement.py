"""Draw where an evaluated run's segmentations of test images and the true ones agree, without the images.

    python docs/agreement.py RUN OUT.png [--cases N] [--width W]

White: both; orange: found, not true; blue: true, not found. For data whose terms do not let their images be shown.
"""

import argparse
import io
from pathlib import Path

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from adversaria.run import Run, write_atomically

COLOURS = {(0, 0): (22, 22, 22), (1, 1): (235, 235, 235), (1, 0): (230, 120, 30), (0, 1): (70, 140, 235)}


def drawn(found: np.ndarray, true: np.ndarray) -> np.ndarray:
    """One map (rows, columns, 3) of two masks."""
    image = np.zeros((*found.shape, 3), np.uint8)
    for (one, other), colour in COLOURS.items():
        image[((found > 0) == one) & ((true > 0) == other)] = colour
    return image


def main() -> None:
    """Read the command line."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("run", type=Path)
    words.add_argument("out", type=Path)
    words.add_argument("--cases", type=int, default=2)
    words.add_argument("--width", type=int, default=900, help="pixels")
    given = words.parse_args()
    run = Run(given.run)
    with np.load(run.samples / "slices.npz", allow_pickle=False) as kept:
        names = sorted({key.split("/")[0] for key in kept})[: given.cases]
        maps = [drawn(kept[f"{name}/output"], kept[f"{name}/target"]) for name in names]
    gap = np.full((len(maps[0]), 4, 3), 255, np.uint8)
    whole = Image.fromarray(np.hstack([part for one in maps for part in (one, gap)][:-1]))
    whole = whole.resize((given.width, round(whole.height * given.width / whole.width)), Image.Resampling.BOX)
    mark = PngInfo()
    mark.add_text("adversaria", f"derived; {run.folder.name}; not for diagnosis")
    buffer = io.BytesIO()
    whole.quantize(32, dither=Image.Dither.NONE).save(buffer, "PNG", optimize=True, pnginfo=mark)
    write_atomically(given.out, buffer.getvalue())


if __name__ == "__main__":
    main()
