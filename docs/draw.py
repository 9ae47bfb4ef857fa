"""Draw input, output, target and error of an evaluated run's first test slice into one small PNG.

    python docs/draw.py RUN OUT.png --window LOW HIGH [--error E] [--crop TOP BOTTOM LEFT RIGHT]

Values are in the run's unit; the window and the range of the error stand under the panels.
"""

import argparse
import io
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from adversaria.run import Run, read_json, write_atomically


def panels(run: Run, crop: list[int] | None) -> dict[str, np.ndarray]:
    """The slices that `adversaria evaluate` kept, upright, in physical units."""
    spacing = read_json(run.data)["spacing_mm"]
    assert spacing[0] == spacing[1], "pixels that are not square would be drawn in a wrong shape"
    with np.load(run.samples / "fixed.npz", allow_pickle=False) as kept:
        shown = {name: kept[name][0] for name in ("input", "output", "target")}
    if crop:
        shown = {name: image[crop[0] : crop[1], crop[2] : crop[3]] for name, image in shown.items()}
    return shown | {"output - target": shown["output"] - shown["target"]}


def draw(run: Run, out: Path, window: tuple[float, float], error: float, crop: list[int] | None) -> None:
    """Write the picture, marked as derived."""
    images = panels(run, crop)
    unit = read_json(run.data)["units"]["target"]
    height, width = images["input"].shape
    figure = Figure(figsize=(4 * 2.6, 2.6 * height / width + 0.75), dpi=95, layout="constrained")
    for axes, (name, image) in zip(figure.subplots(1, 4), images.items(), strict=True):
        low, high, colours = (-error, error, "RdBu_r") if "-" in name else (*window, "gray")
        drawn = axes.imshow(image, cmap=colours, vmin=low, vmax=high)
        axes.set_title(name, fontsize=9)
        axes.set_axis_off()
        bar = figure.colorbar(drawn, ax=axes, location="bottom", fraction=0.04, pad=0.02)
        bar.ax.tick_params(labelsize=7)
        bar.set_label(unit if unit != "arbitrary" else "arbitrary unit", fontsize=7)
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png")
    mark = PngInfo()
    mark.add_text("adversaria", f"derived; {run.folder.name}; not for diagnosis")
    small = io.BytesIO()
    Image.open(buffer).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(
        small, "PNG", optimize=True, pnginfo=mark
    )
    write_atomically(out, small.getvalue())


def main() -> None:
    """Read the command line."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("run", type=Path)
    words.add_argument("out", type=Path)
    words.add_argument("--window", type=float, nargs=2, required=True)
    words.add_argument("--error", type=float)
    words.add_argument("--crop", type=int, nargs=4)
    given = words.parse_args()
    low, high = given.window
    draw(Run(given.run), given.out, (low, high), given.error or (high - low) / 4, given.crop)


if __name__ == "__main__":
    main()
