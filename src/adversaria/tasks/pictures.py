"""Small grey pictures of fixed cases, for following a training by eye."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]

_SEEN = 128  # pixels of the screen that a small slice is brought to


def grey(image: Array, low: float, high: float) -> NDArray[np.uint8]:
    """Bring one slice (H, W) to 8 bits within a window."""
    return (np.clip((image - low) / max(high - low, 1e-12), 0, 1) * 255).astype(np.uint8)


def middle(image: Array, axes: str = "") -> Array:
    """Give what is shown of (C, H, W) or (C, H, W, D): (H, W) or (H, W, 3), the middle slice of a volume.

    `axes` ("RAS", for example) says where its axes run; the slice is turned so that it stands as
    radiologists look at it: anterior or superior up, the patient's right (or anterior) on the left.
    """
    plane = image if image.ndim == 3 else image[..., image.shape[-1] // 2]
    shown = upright(plane, axes)
    return np.moveaxis(shown, 0, -1) if shown.shape[0] == 3 else shown[0]


def upright(plane: Array, axes: str) -> Array:
    """Turn a plane (C, first, second) whose axes run as the first two letters say."""
    pairs = ("RL", "AP", "SI")
    named = [next((pair for pair in pairs if letter in pair), "") for letter in axes[:2]]
    if len(named) < 2 or "" in named or named[0] == named[1]:
        return plane
    down = "SI" if "SI" in named else "AP"
    if named[0] != down:
        plane, axes = np.swapaxes(plane, 1, 2), axes[1] + axes[0]
    if axes[0] not in "PI":
        plane = plane[:, ::-1]
    if axes[1] not in "LP":
        plane = plane[:, :, ::-1]
    return plane


# colours that differ for people who do not see red or green (Okabe and Ito 2008)
COLOURS = {
    "orange": (0.90, 0.62, 0.0), "sky blue": (0.34, 0.71, 0.91), "green": (0.0, 0.62, 0.45),
    "yellow": (0.94, 0.89, 0.26), "purple": (0.80, 0.47, 0.65), "vermilion": (0.84, 0.37, 0.0),
    "blue": (0.0, 0.45, 0.70),
}  # fmt: skip


def colour_of(number: int) -> tuple[str, tuple[float, float, float]]:
    """The name and the colour in which class `number` (from 1) is drawn; after seven they repeat."""
    names = list(COLOURS)
    name = names[(number - 1) % len(names)]
    return name, COLOURS[name]


def contoured(plane: Array, labels: NDArray[Any]) -> Array:
    """Draw the outlines of the classes (H, W) above 0 over a slice (H, W) or (H, W, 3) in 0 to 1: (H, W, 3)."""
    from scipy.ndimage import binary_erosion

    drawn = np.array(np.stack([plane] * 3, -1) if plane.ndim == 2 else plane, np.float32)
    for number in range(1, int(labels.max(initial=0)) + 1):
        inside = labels == number
        drawn[inside & ~binary_erosion(inside)] = colour_of(number)[1]
    return drawn


def strip(rows: list[list[Array]], low: float, high: float, path: Path, mark: str) -> None:
    """Write rows of slices as one PNG that says in a text chunk that it is synthetic or derived.

    Beside slices in colour (H, W, 3), grey ones (H, W) are drawn in grey; shorter rows end in black. Where all slices
    are small, a pixel is drawn as a block of them, so that they can be seen.
    """
    from PIL import Image as Picture
    from PIL.PngImagePlugin import PngInfo

    gap = 2
    drawn = []
    block = max(1, _SEEN // max(side for row in rows for tile in row for side in tile.shape[:2]))
    colour = any(tile.ndim == 3 for row in rows for tile in row)
    for row in rows:
        row = [np.stack([tile] * 3, -1) if colour and tile.ndim == 2 else tile for tile in row]
        small = [grey(tile, low, high) for tile in row]
        large = [tile.repeat(block, 0).repeat(block, 1) for tile in small]
        tiles = [np.pad(tile, [(0, gap), (0, gap), *[(0, 0)] * (tile.ndim - 2)]) for tile in large]
        drawn.append(np.concatenate(tiles, 1))
    wide = max(row.shape[1] for row in drawn)  # cases differ in size
    drawn = [np.pad(row, [(0, 0), (0, wide - row.shape[1]), *[(0, 0)] * (row.ndim - 2)]) for row in drawn]
    picture = Picture.fromarray(np.concatenate(drawn, 0)[:-gap, :-gap])
    text = PngInfo()
    text.add_text("adversaria", json.dumps({"mark": "synthetic or derived", "by": mark}))
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".writing-{path.name}")
    picture.save(temporary, format="PNG", pnginfo=text)
    temporary.replace(path)
