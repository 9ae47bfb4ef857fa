"""Cases of segmentation: label maps judged by a discriminator, and a domain without labels."""

import torch
from torch import Tensor

from adversaria import games, losses, networks
from benchmarks.translation import Learned, Row, case, dice
from benchmarks.translation_images import MR, SIDE, TEST, brains, patches, unet


def segmentation(learned: Learned, purpose: str, image: Tensor, baselines: dict[str, float], note: str = "") -> Row:
    """A row of eight tissues."""
    found = learned.answers({"source": image}, "mask")
    return learned.row(
        game=type(learned.game).__name__,
        purpose=purpose,
        measure="mean Dice of 7 tissues",
        better="higher",
        value=dice(found, brains("test")["mask"], range(1, 8)),
        baselines=baselines,
        data=MR,
        note=note,
    )


def commonest() -> float:
    """Dice of each pixel's most frequent label."""
    votes = losses.segmentation.label_maps(brains("train")["mask"], 8).sum(0).argmax(0)
    return dice(votes.expand(TEST, 1, SIDE, SIDE), brains("test")["mask"], range(1, 8))


@case
def adversarial_segmentation() -> Row:
    """Segmentation with a discriminator of label maps."""
    game = games.AdversarialSegmentation(unet(1, 8, "identity"), patches(8, 1), 8)
    words = {"source": brains("train")["t1"], "mask": brains("train")["mask"]}
    learned = Learned(game, [words], 600)
    return segmentation(learned, "tissues from T1", brains("test")["t1"], {"most frequent label": commonest()})


@case
def segan() -> Row:
    """SegAN."""
    game = games.SegAN(unet(1, 8, "identity"), patches(1), 8)
    words = {"source": (brains("train")["t1"] + 1) / 2, "mask": brains("train")["mask"]}
    learned = Learned(game, [words], 500)
    test = (brains("test")["t1"] + 1) / 2
    return segmentation(learned, "tissues from T1", test, {"most frequent label": commonest()})


@case
def domain_adversarial() -> Row:
    """Features that do not tell T1 from noisy T2-like contrast apart: against the same net without the adversary."""
    train, other, test = brains("train"), brains("other"), brains("test")
    words = {"source": train["t1"], "mask": train["mask"]}
    found = {}
    for weight in (0.0, 0.3):
        torch.manual_seed(1)
        game = games.DomainAdversarial(
            networks.FeatureSegmenter(1, 8, 5, 12, (2,)), networks.FeatureDiscriminator(24, 2, 16),
            8, weight, ramp=150,
        )  # fmt: skip
        found[weight] = Learned(game, [words, {"unlabelled": shifted(other["t1"])}], 350, seconds=12)
    apart = dice(found[0.0].answers({"source": shifted(test["t1"])}, "mask"), test["mask"], range(1, 8))
    own = dice(found[0.3].answers({"source": test["t1"]}, "mask"), test["mask"], range(1, 8))
    baselines = {"same net without the adversary": apart}
    note = f"on the domain it has labels of: {own:.3f}; the new domain is T1 with gamma 2.5 and noise 0.1"
    return segmentation(found[0.3], "tissues in a new domain", shifted(test["t1"]), baselines, note)


def shifted(image: Tensor) -> Tensor:
    """Another scanner: a bent grey scale and noise."""
    noise = torch.randn(image.shape, generator=torch.Generator().manual_seed(3))
    return (2 * ((image + 1) / 2) ** 2.5 - 1 + 0.1 * noise).clamp(-1, 1)
