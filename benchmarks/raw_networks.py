"""Networks trained on phantoms and applied to real raw data, for docs/raw-data.md.

    python -m benchmarks.raw_networks --data DIR [--out DIR] [tooth-45 tooth-23 brain]

Each is trained at one thread in a run folder of its own below OUT, where a stopped one goes on; what it makes of the
real scan is scored as `benchmarks.raw` scores classical methods, and kept in OUT/networks.json. OUT/networks.png shows
the tooth.
"""

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

from adversaria.commands.apply import apply
from adversaria.commands.restored import restore
from adversaria.commands.scoring import identity, output_of, score_part
from adversaria.commands.session import open_session
from adversaria.commands.train import train_recipe
from adversaria.data.read import read_image
from adversaria.recipes import read_recipe
from adversaria.run import Run
from benchmarks.raw import SIZE, inside_head, psnr, scanner, told

HERE = Path(__file__).parent / "recipes"
SUBJECTS = ["subjects.train=24", "subjects.validation=1", "subjects.test=4"]
Row = dict[str, Any]


def trained(name: str, recipe: str, changes: list[str], out: Path) -> Row:
    """Train on phantoms, or go on with it; say what it cost and what it makes of unseen phantoms."""
    begun = time.process_time()
    run = Run(out / name)
    train_recipe(read_recipe(str(HERE / recipe), [*SUBJECTS, *changes]), run, accelerator="cpu", quiet=True)
    row: Row = {"method": name, "cpu_s": round(time.process_time() - begun)}
    restored = restore(run.folder)
    session = open_session(restored.recipe, run, seed=restored.seed)
    methods = {"input": identity, "network": output_of(restored)}
    scores = score_part(session, session.make_part("test"), methods, name).scores
    for method in methods:
        row[f"phantoms: {method}"] = float(
            np.mean([s.value for s in scores if s.measure == "psnr" and s.method == method])
        )
    return row


def tooth(views: int, folder: Path, out: Path) -> Row:
    """A network for so many views of the tooth's scanner; water is set so that dentine is as dense as foam's solid."""
    scan = read_image(folder / "sinogram_tooth" / "tooth.h5")
    angles, first = scan.raw["angles"].astype(np.float64), scan.raw["measurement"][..., 0]
    wanted = scanner(angles, scan.facts["shift"], SIZE).inverse(torch.from_numpy(first)[None])
    span = float(wanted.flatten().kthvalue(int(0.999 * wanted.numel())).values)
    water = float(wanted[wanted > span / 2].median()) / 2
    kept = np.round(np.linspace(0, len(angles), views, endpoint=False)).astype(int)
    listed = ", ".join(f"{angle:.6f}" for angle in angles[kept])
    changes = [f"{where}.angles=[{listed}]" for where in ("acquire.low", "game.generator.physics")]
    row = trained(f"tooth-{views}", "tooth.yaml", changes, out)
    place = out / "tooth.npy"
    np.save(place, first[0])
    stated = {"angles": np.rad2deg(angles).tolist(), "axis": scan.facts["axis"], "size": 64, "water": water}
    place.with_name("tooth.geometry.json").write_text(json.dumps(stated))
    apply(out / f"tooth-{views}", input=place, output=out / f"tooth-{views}.tif", quiet=True)
    hounsfield = torch.from_numpy(read_image(out / f"tooth-{views}.tif").array)[None]
    image = (hounsfield / 1000 + 1) * water
    np.save(out / f"tooth-{views}-image.npy", image[0, 0].numpy())
    np.save(out / "tooth-wanted.npy", wanted[0, 0].numpy())
    return {**row, "psnr": psnr(image, wanted, span)}


def brain(folder: Path, out: Path) -> Row:
    """A network for eight coils, on the scan's own samples."""
    row = trained("brain", "brain-coils.yaml", [], out)
    place = folder / "kspace_brain_8coil"
    apply(out / "brain", input=place / "ksp.cfl", output=out / "brain.tif", quiet=True)
    made = torch.from_numpy(read_image(out / "brain.tif").array)[None]
    return {**row, **told(made, *inside_head(place))}


RUNS: dict[str, Callable[[Path, Path], Row]] = {
    "tooth-45": lambda folder, out: tooth(45, folder, out),
    "brain": brain,
    "tooth-23": lambda folder, out: tooth(23, folder, out),
}


def draw(out: Path) -> None:
    """Draw the tooth's reference and what networks make of 45 and 23 views, at one scale."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    images = {"181 views": np.load(out / "tooth-wanted.npy")}
    for views in (45, 23):
        images[f"network, {views} views"] = np.load(out / f"tooth-{views}-image.npy")
    figure, axes = plt.subplots(1, 3, figsize=(9, 3.3))
    high = np.quantile(images["181 views"], 0.999)
    for place, (name, image) in zip(axes, images.items(), strict=True):
        place.imshow(image, cmap="gray", vmin=-0.005, vmax=high)
        place.set_title(name, fontsize=9)
        place.axis("off")
    figure.tight_layout()
    figure.savefig(out / "networks.png", dpi=90)


def main() -> None:
    """Train, apply and score what was asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", help=f"of {', '.join(RUNS)}; by default all")
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, default=Path("runs/raw"))
    given = parser.parse_args()
    torch.set_num_threads(1)
    given.out.mkdir(parents=True, exist_ok=True)
    kept = given.out / "networks.json"
    found = json.loads(kept.read_text()) if kept.is_file() else {}
    for name in given.names or RUNS:
        found[name] = RUNS[name](given.data, given.out)
        kept.write_text(json.dumps(found, indent=1) + "\n")
        print(found[name], flush=True)
    if {"tooth-45", "tooth-23"} <= set(found):
        draw(given.out)


if __name__ == "__main__":
    main()
