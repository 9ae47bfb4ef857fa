"""Classical reconstruction of three real raw data sets, for docs/raw-data.md.

    python -m benchmarks.raw --data DIR [--out DIR]

DIR holds kspace_brain_8coil, sinogram_tooth and pet_dicom_slices; the table is printed, and OUT/tooth.png drawn.
"""

import argparse
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from adversaria.classical import (
    SART,
    BeamTotalVariation,
    CGSense,
    FilteredBackProjection,
    TotalVariation,
    ZeroFilled,
)
from adversaria.data.read import read_image
from adversaria.physics import MultiCoil, ParallelBeam

WIDE = 400  # detector elements: the side of the square that is reconstructed
SIZE = 200  # pixels along it
WEIGHTS = (2e-3, 5e-3, 1e-2)
Row = dict[str, Any]


def brain(folder: Path) -> list[Row]:
    """Eight coils, 12.7 % of k-space, against BART's image that came with it, inside the head."""
    scan = read_image(folder / "ksp.cfl")
    words = {word: torch.from_numpy(scan.raw[word])[None] for word in ("measurement", "sampling", "coils")}
    physics, measurement = MultiCoil().of(words), words["measurement"]
    wanted, inside = inside_head(folder)
    methods = {
        "zero-filled": ZeroFilled(),
        **{f"CG-SENSE, {steps} steps": CGSense(steps) for steps in (5, 10, 20, 40)},
        "total variation": TotalVariation(1e-3),
    }
    rows = []
    for name, method in methods.items():
        image, seconds = timed(lambda method=method: method(measurement, physics))
        rows.append({"method": name, **told(image.abs(), wanted, inside), "seconds": seconds})
    return rows


def inside_head(folder: Path) -> tuple[Tensor, Tensor]:
    """The image that came with the data, and where it and the coils' maps see something."""
    scan, shipped = (read_image(folder / f"{name}.cfl") for name in ("ksp", "img"))
    wanted = torch.from_numpy(shipped.array)[None]
    return wanted, (torch.from_numpy(scan.raw["coils"])[None].abs().sum(1, keepdim=True) > 0) & (wanted > 0)


def told(image: Tensor, wanted: Tensor, inside: Tensor) -> Row:
    """Compare two magnitudes after one common factor."""
    found, truth = image[inside], wanted[inside]
    found = found * ((found * truth).sum() / found.square().sum())
    return {
        "correlation": float(np.corrcoef(found.numpy(), truth.numpy())[0, 1]),
        "nrmse": float((found - truth).norm() / truth.norm()),
    }


def tooth(folder: Path, size: int = SIZE) -> tuple[list[Row], dict[str, Tensor]]:
    """45 and 23 of 181 views against filtered back-projection of all, in the circle that every view sees.

    The weight of total variation is the best on the second detector row, the scores are those of the first.
    """
    scan = read_image(folder / "tooth.h5")
    first, second = (torch.from_numpy(scan.raw["measurement"][..., k])[None] for k in (0, 1))
    angles = scan.raw["angles"].astype(np.float64)
    beam = scanner(angles, scan.facts["shift"], size)
    wanted, other = beam.inverse(first), beam.inverse(second)
    span = float(wanted.flatten().kthvalue(int(0.999 * wanted.numel())).values)
    rows, pictures = [], {"181 views": wanted}
    centred = scanner(angles, 0.0, size).inverse(first)
    rows.append({"views": 181, "method": "axis in the middle", "psnr": psnr(centred, wanted, span), "seconds": 0.0})
    pictures["axis in the middle"] = centred
    for views in (45, 23):
        kept = np.round(np.linspace(0, len(angles), views, endpoint=False)).astype(int)
        few = scanner(angles[kept], scan.facts["shift"], size)
        best = max(
            WEIGHTS,
            key=lambda w: psnr(BeamTotalVariation(w)(second[:, :, kept], few), other, span),  # noqa: B023
        )
        methods: Mapping[str, Callable[..., Tensor]] = {
            "FBP": FilteredBackProjection(),
            "FBP, 4 elements wide": FilteredBackProjection(4.0),
            "SART": SART(),
            f"total variation {best:g}": BeamTotalVariation(best),
        }
        for name, method in methods.items():
            image, seconds = timed(lambda method=method: method(first[:, :, kept], few))  # noqa: B023
            rows.append({"views": views, "method": name, "psnr": psnr(image, wanted, span), "seconds": seconds})
            pictures[f"{name.split(',')[0]}, {views}" if "wide" not in name else f"soft FBP, {views}"] = image
    return rows, pictures


def scanner(angles: Any, shift: float, size: int) -> ParallelBeam:
    """The geometry of the tooth's scan, on pixels that fill the same square whatever their number."""
    wide = WIDE / size
    return ParallelBeam(size, tuple(angles.tolist()), 640, wide, pitch=1 / wide, shift=shift)


def pet(folder: Path) -> list[Row]:
    """The unit, and the largest value against what the header's slope says."""
    import pydicom

    rows = []
    for path in sorted(folder.glob("*.dcm")):
        image, header = read_image(path), pydicom.dcmread(path)
        stated = float(header.RescaleSlope) * float(header.pixel_array.max())
        rows.append({"file": path.name, "unit": image.unit, "largest": float(image.array.max()), "stated": stated})
    return rows


def psnr(image: Tensor, wanted: Tensor, span: float) -> float:
    """Peak signal to noise in dB over `span`, inside the largest circle."""
    side = image.shape[-1]
    at = torch.arange(side) - (side - 1) / 2
    inside = at[:, None] ** 2 + at**2 < (0.48 * side) ** 2
    return float(10 * torch.log10(span**2 / (image - wanted)[0, 0][inside].square().mean()))


def timed(run: Callable[[], Tensor]) -> tuple[Tensor, float]:
    """Run, and say how many CPU seconds it took."""
    began = time.process_time()
    return run(), time.process_time() - began


def draw(pictures: Mapping[str, Tensor], path: Path) -> None:
    """Draw the tooth's images at one scale."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(2, 5, figsize=(12.5, 5.4))
    low, high = -0.005, float(pictures["181 views"].flatten().kthvalue(int(0.999 * SIZE**2)).values)
    for place in axes.flat:
        place.axis("off")
    for place, (name, image) in zip(axes.flat, pictures.items(), strict=False):
        place.imshow(image[0, 0], cmap="gray", vmin=low, vmax=high)
        place.set_title(name, fontsize=9)
    figure.tight_layout()
    figure.savefig(path, dpi=80)


def main() -> None:
    """Reconstruct all three and print what came out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("runs/raw"))
    given = parser.parse_args()
    torch.set_num_threads(1)
    given.out.mkdir(parents=True, exist_ok=True)
    rows, pictures = tooth(given.data / "sinogram_tooth")
    draw(pictures, given.out / "tooth.png")
    for title, found in (
        ("brain", brain(given.data / "kspace_brain_8coil")),
        ("tooth", rows),
        ("PET", pet(given.data / "pet_dicom_slices")),
    ):
        print(title)
        for row in found:
            print("  " + ", ".join(f"{k} {v:.4g}" if isinstance(v, float) else f"{v}" for k, v in row.items()))


if __name__ == "__main__":
    main()
