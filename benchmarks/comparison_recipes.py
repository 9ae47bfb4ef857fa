"""The recipes of benchmarks/comparison.py: one body for each set of images, one game for each method."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Denoisers:
    """A set of images with its noise, plays, patch and learning, and the games that are compared on it."""

    body: str
    plays: int
    patch: int
    above: float
    games: tuple[str, ...]
    margins: tuple[str, ...] = ()
    independent: bool = False


TORSO = """base: supervised
phantom: !TorsoCT {size: 64}
subjects: {train: 30, validation: 3, test: 16}
evaluate:
  range: [-160, 240]
  clip: true
  display: [-160, 240]
  measures: [psnr, ssim, noise_level, nps_distance, lesion_contrast_recovery, fid, kid]
  truth: ct
  lesion: lesion
"""
LESION = """phantom: !Brain {}
acquire:
  noisy: !Fourier {of: FLAIR, sampling: !FullSampling {}, noise: 0.04}
bind: {target: FLAIR, source: noisy}
intensity:
  target: !Percentile {into: [0, 1]}
  source: !Percentile {into: [0, 1]}
evaluate:
  range: [0, 200]
  display: [0, 160]
  measures: [psnr, ssim, mae, lesion_contrast_recovery, fid]
  truth: FLAIR
  lesion: GOLD
"""
HIPPOCAMPUS = """phantom: !Brain {}
acquire:
  noisy: !Fourier {of: images, sampling: !FullSampling {}, noise: 0.05}
bind: {target: images, source: noisy}
intensity:
  target: !Percentile {into: [0, 1]}
  source: !Percentile {into: [0, 1]}
evaluate: {range: [0, 1], scaled: true, measures: [psnr, ssim, mae, fid, kid]}
"""
NETWORK = "!PlainCNN {layers: 6, width: 16}"
CRITIC = "!WGANVGGCritic {width: 8, hidden: 64}"
PATCHES = "  discriminator: !PatchGAN {layers: 2, width: 16, norm: instance}\n"
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
    "pix2pix": (f"game: !Pix2Pix\n  generator: {NETWORK}\n{PATCHES}", TWO),
    "pix2pix-least-squares": (
        f"game: !Pix2Pix\n  generator: {NETWORK}\n{PATCHES}  adversarial: !LeastSquares {{}}\n",
        TWO,
    ),
    "pix2pix-wgan": (WASSERSTEIN, TWO),
    "wgan-perceptual": (
        WASSERSTEIN + "  terms:\n    perceptual: !Perceptual {weight: 10000, layers: [0, 1, 2, 3]}\n",
        TWO,
    ),
}
REAL = ("l2", "ssim", "pix2pix", "pix2pix-least-squares", "wgan-perceptual")
SETS = {
    "torso": Denoisers(TORSO, 300, 32, 0.05, ("l2", "l1", "ssim", "pix2pix", "pix2pix-wgan", "wgan-perceptual")),
    "lesion": Denoisers(LESION, 500, 32, 0.05, REAL),
    "hippocampus": Denoisers(HIPPOCAMPUS, 500, 32, 0.05, REAL, ("psnr=0.25", "ssim=0.005"), True),
}


def recipe(chosen: Denoisers, name: str) -> str:
    """The recipe of a method, as YAML."""
    game, optimisers = GAMES[name]
    train = (
        f"train:\n  plays: {chosen.plays}\n  batch: 8\n  patch: [{chosen.patch}, {chosen.patch}]\n"
        f"  sampling: !Foreground {{above: {chosen.above}}}\n  optimisers:\n"
    )
    return chosen.body + game + train + optimisers
