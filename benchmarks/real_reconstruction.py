"""Reconstruction on real images: what is measured is simulated from them.

    python -m benchmarks.real_reconstruction --data DIR [--out DIR] [undersampling resolution eyes ...]

Each recipe of `benchmarks/recipes/real-*.yaml` is trained by the package's commands at one thread, two side by side,
in a run folder of its own below OUT, where a stopped one goes on. It is scored with the weights that were best on the
validation part, beside its input and the classical methods; OUT/rows.json keeps the scores, OUT/NAME.png the first
test case. The patient with lesions is cut into blocks of slices, so that the test block holds lesions.
"""

import argparse
import json
import time
from pathlib import Path
from typing import Any

import nibabel
import numpy as np
import torch

from adversaria.commands.apply import apply
from adversaria.commands.evaluate import score_run
from adversaria.commands.train import train_recipe
from adversaria.data.read import read_image
from adversaria.recipes import read_recipe
from adversaria.run import Run
from benchmarks.raw import inside_head, told
from benchmarks.side_by_side import side_by_side

HERE = Path(__file__).parent / "recipes"
Row = dict[str, Any]
# what is trained on what: a folder of the data, or the blocks that are cut of the patient
ROWS = {
    "undersampling": "blocks",
    "resolution": "blocks",
    "coils": "blocks",
    "eyes": "fundus_drive",
    "views": "ct_abdomen_organs/example_ct.nii.gz",
    "views-image": "ct_abdomen_organs/example_ct.nii.gz",
    "head": "ct_head_ge_irregular",
    "dose": "ct_abdomen_organs/example_ct.nii.gz",
    "streaks": "ct_abdomen_organs/example_ct.nii.gz",
}
# first slices of blocks of 20: the lesions lie from 43 to 125; at least two slices lie between two parts
DEEP = 20
BLOCKS = {"train": (18, 38, 108, 128), "validation": (62,), "test": (86,)}
WORDS = {"FLAIR": "FLAIR_", "T1": "T1_", "LESIONS": "GOLD_STANDARD_"}


def cut(folder: Path, out: Path) -> Path:
    """Cut one patient of 182 x 218 x 182 voxels into blocks of 192 x 224 x 20, with a manifest that says their part."""
    place = out / "blocks"
    if (place / "manifest.csv").is_file():
        return place
    place.mkdir(parents=True, exist_ok=True)
    lines = ["case,subject,split," + ",".join(WORDS)]
    whole = {w: nibabel.load(next((folder / "patient07").glob(f"{start}*"))) for w, start in WORDS.items()}
    for part, starts in BLOCKS.items():
        for start in starts:
            for word, image in whole.items():
                block = np.asarray(image.dataobj, np.float32)[..., start : start + DEEP]
                block = np.pad(np.maximum(block, 0), ((5, 5), (3, 3), (0, 0)))
                nibabel.save(nibabel.Nifti1Image(block, image.affine), place / f"{word}-{start}.nii.gz")
            lines.append(f"{start},block{start},{part}," + ",".join(f"{word}-{start}.nii.gz" for word in WORDS))
    (place / "manifest.csv").write_text("\n".join(lines) + "\n")
    return place


def row(name: str, data: Path, out: Path) -> Row:
    """Train on real images, or go on with it, and score it beside what needs no training."""
    begun = time.process_time()
    own = cut(data / "mr_ms_lesion", out) if ROWS[name] == "blocks" else data / ROWS[name]
    run, recipe = Run(out / name), read_recipe(str(HERE / f"real-{name}.yaml"))
    train_recipe(recipe, run, data=own, accelerator="cpu", assume_independent=True, quiet=True)
    cost = time.process_time() - begun
    # the classical methods for coils stand beside the scan itself (`benchmarks.raw`)
    _, session, done = score_run(run.folder, own, "best", True, quiet=True, classical=name != "coils")
    found: dict[str, dict[str, list[float]]] = {}
    for score in done.scores:
        found.setdefault(score.method, {}).setdefault(score.measure, []).append(round(score.value, 4))
    draw(done, out / f"{name}.png", recipe.evaluation().display)
    made: Row = {"name": name, "cpu_s": round(cost), "plays": recipe.training().plays, "scores": found}
    if name == "coils":
        made["scan"] = scanned(data / "kspace_brain_8coil", run.folder, out)
    return {**made, "split": session.rule}


def scanned(folder: Path, run: Path, out: Path) -> Row:
    """What the network that knows simulated coils makes of a scanner's, beside the image that came with it."""
    apply(run, input=folder / "ksp.cfl", output=out / "coils.tif", checkpoint="best", quiet=True)
    made = torch.from_numpy(read_image(out / "coils.tif").array)[None]
    return told(made, *inside_head(folder))


def draw(done: Any, place: Path, window: tuple[float, float] | None = None) -> None:
    """Draw the images of the first test case, the slice with most of the lesion, in a window or that of the target."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    # pictures in colour are not among the slices; a classical image that is the input is shown once
    images = {name: planes[0] for name, planes in done.pictures.items()}
    images |= {name.partition("/")[2]: plane for name, plane in reversed(done.slices.items())}
    near = 1e-3 * np.ptp(images["input"])
    same = {n for n in images if n != "input" and np.allclose(images[n], images["input"], atol=near)}
    shown = [name for name in dict.fromkeys(("input", *images, "target")) if name not in ("lesion", *same)]
    shown.append(shown.pop(shown.index("target")))
    first = done.scores[0].case
    psnr = {s.method: s.value for s in done.scores if s.case == first and s.measure == "psnr"}
    low, high = window or np.percentile(images["target"], [0.5, 99.5])
    inside = np.argwhere((images["target"] - low).reshape(*images["target"].shape[:2], -1).max(-1) > 0.1 * (high - low))
    (top, left), (bottom, right) = inside.min(0), inside.max(0) + 1
    size = 2.6 * (bottom - top) / (right - left)
    figure, axes = plt.subplots(1, len(shown), figsize=(2.6 * len(shown), size + 0.35), layout="constrained")
    for ax, name in zip(axes, shown, strict=True):
        ax.imshow(((images[name] - low) / (high - low)).clip(0, 1)[top:bottom, left:right], cmap="gray")
        called = " = ".join((name, *sorted(same))) if name == "input" else name
        ax.set_title(f"{called}, {psnr[name]:.1f} dB" if name in psnr else called, fontsize=9)
        ax.axis("off")
    figure.savefig(place, dpi=95, metadata={"adversaria": f"derived; {place.stem}; not for diagnosis"})
    plt.close(figure)


def main() -> None:
    """Train and score what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(ROWS)}; by default all")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("runs/real-reconstruction"))
    given = parser.parse_args()
    given.out.mkdir(parents=True, exist_ok=True)
    kept = given.out / "rows.json"
    found = json.loads(kept.read_text()) if kept.is_file() else {}
    cut(given.data / "mr_ms_lesion", given.out)

    def keep(made: Row) -> None:
        found[made["name"]] = made
        kept.write_text(json.dumps(found, indent=1) + "\n")
        print(json.dumps(made), flush=True)

    side_by_side(row, [(name, given.data, given.out) for name in given.names or ROWS], keep)


if __name__ == "__main__":
    main()
