"""Denoisers side by side under one small budget, on a phantom and on real images, for docs/comparison.md.

    python -m benchmarks.comparison torso --out DIR
    python -m benchmarks.comparison lesion --data FOLDER --out DIR        (mr_ms_lesion)
    python -m benchmarks.comparison hippocampus --data FOLDER --out DIR   (mr_hippocampus)

The games of a set share generator, data, patches, batches, plays and seed; the classical denoisers are tuned
on the validation part. All are tested on the same cases; DIR/compare.html is the page.
"""

import argparse
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from adversaria import compare
from adversaria.commands.evaluate import score_run
from adversaria.commands.restored import restore
from adversaria.commands.scoring import keep_scores, score_part
from adversaria.commands.session import open_session
from adversaria.commands.train import train_recipe
from adversaria.data.prepare import measured
from adversaria.recipes import read_recipe
from adversaria.run import Run, write_json
from benchmarks.comparison_recipes import SETS, Denoisers, recipe

Denoiser = Callable[[Any, float], Any]


@dataclass(frozen=True)
class Classical:
    """A denoiser without training: its name, what it does to a plane at a strength, the strengths that are tried."""

    said: str
    denoise: Callable[[Any, float], Any]
    strengths: tuple[float, ...]


def non_local_means(plane: Any, strength: float) -> Any:
    """Non-local means of scikit-image (Buades et al. 2005)."""
    from skimage.restoration import denoise_nl_means

    return denoise_nl_means(plane, patch_size=5, patch_distance=6, h=strength, fast_mode=True)


def total_variation(plane: Any, strength: float) -> Any:
    """Total variation of scikit-image (Chambolle 2004)."""
    from skimage.restoration import denoise_tv_chambolle

    return denoise_tv_chambolle(plane, weight=strength)


# strengths as shares of the window that the networks see
SHARES = (0.003, 0.005, 0.007, 0.01, 0.015, 0.02, 0.03, 0.04, 0.06, 0.08, 0.12)
CLASSICAL = {
    "non-local-means": Classical("non-local means", non_local_means, SHARES),
    "total-variation": Classical("total variation", total_variation, SHARES),
}


def denoised(image: Any, rule: Classical, strength: float, scale: Any) -> Any:
    """Denoise every slice, in units of the image's window; what lies far outside it is cut off first."""
    low, width = scale.low, scale.high - scale.low
    array = np.clip((image.array[0] - low) / width, -1.0, 2.0).astype(np.float32)
    planes = array[..., None] if array.ndim == 2 else array
    made = np.stack([rule.denoise(planes[..., k], strength) for k in range(planes.shape[-1])], -1)
    return image.like((made.reshape(array.shape) * width + low)[None].astype(np.float32))


def learn(name: str, chosen: Denoisers, data: Path | None, out: Path, seed: int) -> Path:
    """Train one method; continue where it was left."""
    (out / "recipes").mkdir(parents=True, exist_ok=True)
    path = out / "recipes" / f"{name}.yaml"
    path.write_text(recipe(chosen, name), encoding="utf-8")
    read = read_recipe(str(path), reduced=False)
    spent = time.process_time()
    shared = {"data": data, "assume_independent": chosen.independent, "cache": out / "cache"}
    train_recipe(read, Run(out / name), seed=seed, quiet=True, **shared)
    print(f"{name}: {time.process_time() - spent:.0f} CPU s to train", flush=True)
    return out / name


def classical(name: str, beside: Path, data: Path | None, out: Path, independent: bool, seed: int) -> None:
    """Tune a classical denoiser on the validation part of a run's data, and score it on the test part."""
    rule, restored = CLASSICAL[name], restore(beside)
    session = open_session(restored.recipe, restored.run, data, seed, assume_independent=independent)
    (stream,) = session.plans
    window = session.recipe.intensities()["source"]
    plan, part = session.plans[stream], session.make_part("validation")
    pairs = []
    for case in part.cases[stream]:
        source, target = (measured(case, plan)[plan.bind[word]] for word in ("source", "target"))
        scale = window.fit(source.array)
        cut = part.slices is not None
        pairs.append((scale, *(image.block(part.slices) if cut else image for image in (source, target))))

    def error(strength: float) -> float:
        gaps = [denoised(source, rule, strength, scale).array - target.array for scale, source, target in pairs]
        scales = [scale.high - scale.low for scale, *_ in pairs]
        return float(np.mean([np.mean(np.square(gap / s)) for gap, s in zip(gaps, scales, strict=True)]))

    best = min(rule.strengths, key=error)
    method = {"output": lambda image, handle, scale: denoised(image, rule, best, scale)}
    done = score_part(session, session.make_part("test"), method, out.name)
    out.mkdir(parents=True, exist_ok=True)
    keep_scores(Run(out), done, f"{rule.said} of strength {best:g} of the window, chosen on validation cases")
    write_json(Run(out).environment, {"recipe": rule.said, "seed": seed})
    print(f"{name}: strength {best:g} of the window", flush=True)


def main() -> None:
    """Train, score and compare all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("set", choices=[*SETS])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--out", type=Path, default=Path("runs/comparison"))
    parser.add_argument("--again", action="store_true", help="score again what was scored")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    chosen = SETS[given.set]
    runs = [learn(name, chosen, given.data, given.out, given.seed) for name in chosen.games]
    for run in runs:
        if given.again or not Run(run).scores.exists():
            score_run(run, given.data, assume_independent=chosen.independent, quiet=True)
    for name in CLASSICAL:
        place = given.out / name
        if given.again or not Run(place).scores.exists():
            classical(name, runs[0], given.data, place, chosen.independent, given.seed)
        runs.append(place)
    compare(*runs, out=given.out, margin=list(chosen.margins))


if __name__ == "__main__":
    main()
