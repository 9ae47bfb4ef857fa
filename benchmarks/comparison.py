"""Seven ways to denoise low-dose CT on one phantom, under one small budget, for docs/comparison.md.

    python -m benchmarks.comparison --out DIR [--plays 300]

Six games share generator, data, patches, batches, plays and seed; non-local means is tuned on the
validation subjects. All are tested on the same 16 subjects; DIR/compare.html is the page.
"""

import argparse
from pathlib import Path

from adversaria import compare
from adversaria.commands.demo import tuned
from adversaria.commands.evaluate import score_run
from adversaria.commands.restored import restore
from adversaria.commands.scoring import keep_scores, score_part
from adversaria.commands.session import open_session
from adversaria.commands.train import train_recipe
from adversaria.recipes import read_recipe
from adversaria.run import Run, read_json, write_json

COMMON = """base: supervised
phantom: !TorsoCT {size: 64}
subjects: {train: 30, validation: 3, test: 16}
"""
TRAIN = """
train:
  plays: 300
  batch: 8
  patch: [32, 32]
  sampling: !Foreground {above: 0.05}
  optimisers:
"""
NETWORK = "!PlainCNN {layers: 6, width: 16}"
CRITIC = "!WGANVGGCritic {width: 8, hidden: 64}"
ONE = "    generator: !Adam {lr: 1e-3, betas: [0.5, 0.9]}\n"
TWO = ONE + "    discriminator: !Adam {lr: 1e-3, betas: [0.5, 0.9]}\n"
WASSERSTEIN = f"""game: !Pix2Pix
  generator: {NETWORK}
  discriminator: {CRITIC}
  conditional: false
  adversarial: !Wasserstein {{}}
  penalty: !GradientPenalty {{}}
"""
GAMES = {
    "l2": (f"game: !Supervised\n  generator: {NETWORK}\n", ONE),
    "l1": (f"game: !Supervised\n  generator: {NETWORK}\n  terms: {{pixel: 1}}\n", ONE),
    "ssim": (
        f"game: !Supervised\n  generator: {NETWORK}\n"
        "  terms: {similarity: !StructuralSimilarity {data_range: 1.0}}\n",
        ONE,
    ),
    "pix2pix": (
        f"game: !Pix2Pix\n  generator: {NETWORK}\n"
        "  discriminator: !PatchGAN {layers: 2, width: 16, norm: instance}\n",
        TWO,
    ),
    "pix2pix-wgan": (WASSERSTEIN, TWO),
    "wgan-perceptual": (
        WASSERSTEIN + "  terms:\n    perceptual: !Perceptual {weight: 10000, layers: [0, 1, 2, 3]}\n",
        TWO,
    ),
}


def recipe(name: str) -> str:
    """The recipe of a method, as YAML."""
    game, optimisers = GAMES[name]
    return COMMON + game + TRAIN.lstrip("\n") + optimisers


def play(name: str, out: Path, plays: int, seed: int) -> Path:
    """Train and score one method; continue where it was left."""
    (out / "recipes").mkdir(parents=True, exist_ok=True)
    path = out / "recipes" / f"{name}.yaml"
    path.write_text(recipe(name), encoding="utf-8")
    read = read_recipe(str(path), changes=[f"train.plays={plays}"], reduced=False)
    train_recipe(read, Run(out / name), seed=seed, quiet=True)
    if not Run(out / name).scores.exists():
        score_run(out / name, quiet=True)
    print(f"{name}: {read_json(Run(out / name).environment)['wall_s']} s", flush=True)
    return out / name


def classical(beside: Path, out: Path, seed: int) -> Path:
    """Score non-local means on the test subjects of a run."""
    restored = restore(beside)
    session = open_session(restored.recipe, restored.run, None, seed)
    method, strength = tuned(session, session.make_part("validation"))
    done = score_part(session, session.make_part("test"), {"output": method}, out.name)
    out.mkdir(parents=True, exist_ok=True)
    keep_scores(Run(out), done, f"non-local means of strength {strength:g} HU, chosen on validation subjects")
    write_json(Run(out).environment, {"recipe": "non-local means", "seed": seed})
    return out


def main() -> None:
    """Train, score and compare all."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("runs/comparison"))
    parser.add_argument("--plays", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    runs = [play(name, given.out, given.plays, given.seed) for name in GAMES]
    runs.append(classical(runs[0], given.out / "non-local-means", given.seed))
    compare(*runs, out=given.out)


if __name__ == "__main__":
    main()
