"""Cases of images: translation, segmentation, filling in, enlarging, registration."""

from functools import cache

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from adversaria import games, losses, networks
from adversaria.data.intensity import Percentile, Window
from adversaria.data.phantoms import Brain, BrainContrasts, TorsoCT
from adversaria.games import Adam
from adversaria.losses import Pixel, Terms, Weighted
from adversaria.networks.warp import warp
from adversaria.physics import Downsample, LowDoseCT
from benchmarks.translation import Learned, Row, Words, case, dice, mae, subjects

SIDE, TRAIN, TEST = 32, 96, 24
HU = Window(-1000.0, 1500.0)
FAST = Adam(1e-3, (0.5, 0.999))
MR = f"brain phantom, {SIDE} px, {TRAIN} subjects, {TEST} for the test"


@cache
def brains(part: str) -> Words:
    """T1, T2 and CT in [-1, 1] and label maps."""
    rules = {"t1": Percentile(), "t2": Percentile(), "ct": HU, "mask": None}
    first, count = (0, TRAIN) if part == "train" else (50_000, TEST) if part == "test" else (20_000, TRAIN)
    found = subjects(Brain(SIDE), count, rules, first)
    return {**found, "mask": found["mask"].float()}


def unet(in_channels: int = 1, out_channels: int = 1, final: str = "tanh", width: int = 10) -> nn.Module:
    """A small translator."""
    return networks.UNet(in_channels, out_channels, 4, width, "instance", 0.0, final)


def patches(in_channels: int = 1, condition: int = 0, layers: int = 2) -> nn.Module:
    """A small patch discriminator."""
    return networks.PatchGAN(in_channels, condition, layers, 12, "instance")


def unpaired(learned: Learned) -> Row:
    """A row of T1 to T2 without pairs."""
    test, train = brains("test"), brains("train")
    made = learned.answers({"source": test["t1"]})
    return learned.row(
        game=type(learned.game).__name__,
        purpose="T1 to T2 without pairs",
        measure="mean absolute error in [-1, 1]",
        better="lower",
        value=mae(made, test["t2"]),
        baselines={
            "the T1 as it is": mae(test["t1"], test["t2"]),
            "mean T2 of training": mae(brains("other")["t2"].mean(0), test["t2"]),
        },
        data=MR + f", {len(train['t1'])} others for T2",
    )


def streams() -> list[Words]:
    """T1 of some, T2 of others."""
    return [{"source": brains("train")["t1"]}, {"target": brains("other")["t2"]}]


@case
def discogan() -> Row:
    """DiscoGAN."""
    parts = unet(), unet(), patches(), patches()
    return unpaired(Learned(games.DiscoGAN(*parts), streams(), 600))


@case
def cyclegan() -> Row:
    """CycleGAN, for comparison."""
    shape = (1, SIDE, SIDE)
    parts = unet(), unet(), patches(), patches()
    return unpaired(Learned(games.CycleGAN(*parts, source_shape=shape, target_shape=shape), streams(), 600))


@case
def unit() -> Row:
    """UNIT."""
    width = 8
    game = games.UNIT(
        *(networks.UNITEncoder(1, width, 1) for _ in range(2)),
        networks.SharedBlocks(width), networks.SharedBlocks(width),
        *(networks.UNITDecoder(1, width, 1) for _ in range(2)), patches(), patches(),
    )  # fmt: skip
    return unpaired(Learned(game, streams(), 500, 4))


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


@case
def context_encoder() -> Row:
    """Filling the middle of a T1."""
    game = games.ContextEncoder(
        networks.ContextNetwork(1, 1, 32, 16, "instance"), networks.DCGANDiscriminator(1, 0, 32, 12, "none"), overlap=2
    )
    train, test = brains("train")["t1"], brains("test")["t1"]
    learned = Learned(game, [{"image": train}], 2000, optimisers={"generator": FAST})
    hole = (slice(None), slice(None), slice(8, 24), slice(8, 24))
    made = learned.answers({"image": test})
    ring = torch.cat([test[:, :, 6:8, 8:24].flatten(1), test[:, :, 24:26, 8:24].flatten(1)], 1).mean(1)
    return learned.row(
        game="ContextEncoder",
        purpose="the middle of a T1 from its surroundings",
        measure="mean absolute error in the hole, [-1, 1]",
        better="lower",
        value=mae(made[hole], test[hole]),
        baselines={
            "mean middle of training": mae(train.mean(0, keepdim=True)[hole], test[hole]),
            "mean of the rim": mae(ring.view(-1, 1, 1, 1).expand(-1, 1, 16, 16), test[hole]),
        },
        data=MR + ", hole of 16 px",
    )


@case
def cascade() -> Row:
    """T1 to CT in two stages."""
    train, test = brains("train"), brains("test")
    game = games.CascadeCGAN(unet(), unet(2), patches(1, 1), patches(1, 1), first_plays=300)
    learned = Learned(game, [{"source": train["t1"], "target": train["ct"]}], 600)
    with torch.no_grad():
        first = game.first(test["t1"])
    hu = 1250.0
    return learned.row(
        game="CascadeCGAN",
        purpose="T1 to CT",
        measure="mean absolute error, HU",
        better="lower",
        value=hu * mae(learned.answers({"source": test["t1"]}), test["ct"]),
        baselines={
            "mean CT of training": hu * mae(train["ct"].mean(0), test["ct"]),
            "first stage alone": hu * mae(first, test["ct"]),
        },
        data=MR,
    )


@case
def srgan() -> Row:
    """T1 enlarged four times."""
    train, test = brains("train")["t1"], brains("test")["t1"]
    small = Downsample(4)
    game = games.SRGAN(
        networks.SRResNet(1, 1, 4, 4, 24, "instance"), networks.SRDiscriminator(1, 0, SIDE, 8, 64, "instance"),
        pretraining=400,
    )  # fmt: skip
    learned = Learned(game, [{"source": small.A(train), "target": train}], 550)
    made = learned.answers({"source": small.A(test)})
    cubic = interpolate(small.A(test), scale_factor=4, mode="bicubic", align_corners=False).clamp(-1, 1)
    return learned.row(
        game="SRGAN",
        purpose="T1 from voxels four times as large",
        measure="mean absolute error in [-1, 1]",
        better="lower",
        value=mae(made, test),
        baselines={"bicubic": mae(cubic, test)},
        data=MR,
    )


@case
def simgan() -> Row:
    """Clean CT refined to look like a quarter of the dose: the noise it adds against the real one's."""
    window = Window(-260.0, 340.0)
    clean = {
        p: subjects(TorsoCT(48), n, {"ct": window}, f)["ct"] for p, n, f in (("train", 96, 0), ("test", 24, 50_000))
    }
    raw = subjects(TorsoCT(48), 96, {"ct": None}, 20_000)["ct"]
    from adversaria.draws import stream

    noisy = torch.cat([LowDoseCT(0.05).measure(x[None], 400 / 48, stream("dose", k)) for k, x in enumerate(raw)])
    real = ((noisy.clamp(-260, 340) + 260) / 300 - 1).float()
    game = games.SimGAN(
        networks.Refiner(2, 1, 3, 16), patches(1, 0), (1, 48, 48), 0.2, KeepFirst(),
        refiner_plays=50, discriminator_plays=50, history=256,
    )  # fmt: skip
    noise = torch.randn(clean["train"].shape, generator=torch.Generator().manual_seed(1))
    learned = Learned(
        game, [{"source": torch.cat([clean["train"], 0.3 * noise], 1)}, {"target": real}], 1800,
        optimisers={"refiner": Adam(5e-4, (0.5, 0.999)), "discriminator": Adam(5e-4, (0.5, 0.999))},
    )  # fmt: skip
    noise = torch.randn(clean["test"].shape, generator=torch.Generator().manual_seed(2))
    made = learned.answers({"source": torch.cat([clean["test"], 0.3 * noise], 1)})
    wanted, ours, before = grain(real), grain(made), grain(clean["test"])
    return learned.row(
        game="SimGAN",
        purpose="noise-free CT refined to look like a scan at 5% of the dose",
        measure="distance of the fine grain's deviation to that of real scans, share of it",
        better="lower",
        value=abs(ours / wanted - 1),
        baselines={"as simulated": abs(before / wanted - 1)},
        data="torso phantom, 48 px, 96 subjects for each domain",
        note=f"mean change {mae(made, clean['test']):.3f} in [-1, 1]; grain {ours:.3f} of {wanted:.3f}",
    )


class KeepFirst(nn.Module):
    """The first channel, blurred: what refinement must keep."""

    def forward(self, image: Tensor) -> Tensor:
        """Blur over 5 pixels."""
        return nn.functional.avg_pool2d(image[:, :1], 5, 1, 2)


def grain(image: Tensor) -> float:
    """Median over images of the deviation of what a 3-pixel mean removes, within the body."""
    fine = image - nn.functional.avg_pool2d(image, 3, 1, 1)
    return float(torch.stack([f[i > -0.5].std() for f, i in zip(fine, image, strict=True)]).median())


@case
def collagan() -> Row:
    """Each of four contrasts from the other three."""
    rule = {"contrasts": Window(0.0, 1.2)}
    train = subjects(BrainContrasts(SIDE), TRAIN, rule)["contrasts"]
    test = subjects(BrainContrasts(SIDE), TEST, rule, 50_000)["contrasts"]
    game = games.CollaGAN(networks.CollaGenerator(4, 3, 5), networks.ContrastDiscriminator(4, 2, 12))
    learned = Learned(game, [{"image": train}], 250, 4)
    others = [test[:, [j for j in range(4) if j != k]].mean(1) for k in range(4)]
    return learned.row(
        game="CollaGAN",
        purpose="each of t1, t2, t1c, flair from the other three",
        measure="mean absolute error in [-1, 1]",
        better="lower",
        value=mae(learned.answers({"image": test}), test),
        baselines={
            "mean of training": mae(train.mean(0), test),
            "mean of the others": mae(torch.stack(others, 1), test),
        },
        data=MR,
    )


@case
def registration() -> Row:
    """T1 of one subject onto that of another: overlap of tissues."""
    rules = {"t1": Percentile(), "mask": None}
    phantom = Brain(64, height=15.0, prevalence=0.0)
    train, test = subjects(phantom, TRAIN, rules), subjects(phantom, 2 * TEST, rules, 50_000)
    game = games.RegistrationGAN(
        networks.FlowUNet(2, 4, 8, 3.0), patches(1, 1), smoothness=0.3, adversarial_weight=0.05,
        terms=Terms({"similarity": Weighted(Pixel(power=2), 10.0)}),
    )  # fmt: skip
    learned = Learned(game, [{"moving": train["t1"]}, {"fixed": train["t1"]}], 500)
    words = {"moving": test["t1"][:TEST], "fixed": test["t1"][TEST:]}
    labels, truth = test["mask"][:TEST].float(), test["mask"][TEST:]
    flow = learned.answers(words, "flow")
    moved = warp(labels, flow, mode="nearest")
    inner = range(3, 7)
    return learned.row(
        game="RegistrationGAN",
        purpose="T1 of one subject onto another's, with a squared-error term beside the adversary",
        measure="mean Dice of 4 tissues inside the skull",
        better="higher",
        value=dice(moved, truth, inner),
        baselines={"as they lie": dice(labels, truth, inner)},
        data=MR + ", one height",
        note=f"folded voxels {folded(flow):.2%}",
    )


def folded(flow: Tensor) -> float:
    """Share of voxels whose neighbourhood is turned inside out."""
    dy, dx = flow[:, :, 1:, :-1] - flow[:, :, :-1, :-1], flow[:, :, :-1, 1:] - flow[:, :, :-1, :-1]
    return float((((1 + dy[:, 0]) * (1 + dx[:, 1]) - dy[:, 1] * dx[:, 0]) <= 0).float().mean())


def labels_in(mask: Tensor) -> Tensor:
    """A label map as one channel in [-1, 1]."""
    return 2 * mask / 7 - 1


@case
def pix2pixhd() -> Row:
    """T1 from a label map."""
    train, test = brains("train"), brains("test")
    game = games.Pix2Pix(
        networks.CoarseToFine(1, 1, 2, 2, 1, 10), networks.MultiScale(1, 1, 2, 2, 16),
        adversarial=losses.LeastSquares(scale=1.0), adversarial_weight=2.0,
        terms=Terms({"matching": Weighted(losses.FeatureMatching(), 10.0)}),
    )  # fmt: skip
    learned = Learned(game, [{"source": labels_in(train["mask"]), "target": train["t1"]}], 350, 4)
    grey = [train["t1"][train["mask"] == k].mean() for k in range(8)]
    painted = torch.stack(grey)[test["mask"].long()]
    return learned.row(
        game="Pix2Pix as pix2pixHD",
        purpose="T1 from a label map",
        measure="mean absolute error in [-1, 1]",
        better="lower",
        value=mae(learned.answers({"source": labels_in(test["mask"])}), test["t1"]),
        baselines={
            "mean T1": mae(train["t1"].mean(0), test["t1"]),
            "mean grey of each label": mae(painted, test["t1"]),
        },
        data=MR,
    )


@case
def sketch() -> Row:
    """T1 from edges and strokes."""
    import numpy as np

    from adversaria.physics import Sketch

    def drawn(images: Tensor) -> Tensor:
        return torch.cat([Sketch().measure(x[None], 1.0, np.random.default_rng(k)) for k, x in enumerate(images)])

    train, test = brains("train")["t1"], brains("test")["t1"]
    terms = {
        "pixel": Weighted(Pixel(power=2), 10.0),
        "features": Weighted(losses.Perceptual(), 1.0),
        "smooth": Weighted(losses.TotalVariation(), 0.01),
    }
    game = games.Pix2Pix(unet(2), patches(), terms=Terms(terms), conditional=False)
    learned = Learned(game, [{"source": drawn(train), "target": train}], 500)
    return learned.row(
        game="Pix2Pix as Scribbler",
        purpose="T1 from edges and 8 strokes",
        measure="mean absolute error in [-1, 1]",
        better="lower",
        value=mae(learned.answers({"source": drawn(test)}), test),
        baselines={"mean T1": mae(train.mean(0), test)},
        data=MR,
    )


@case
def x2ct() -> Row:
    """A torso from two X-rays."""
    rule = {"ct": Window(-1000.0, 1000.0)}
    train = subjects(TorsoCT(32, 3), 64, rule)["ct"]
    test = subjects(TorsoCT(32, 3), 12, rule, 50_000)["ct"]
    game = games.X2CT(networks.X2CTGenerator(1, 32, 3, 6), networks.PatchGAN(1, 2, 2, 8, "instance", 3))
    learned = Learned(game, [{"target": train}], 150, 4, {"generator": FAST})
    return learned.row(
        game="X2CT",
        purpose="a torso CT from a frontal and a lateral projection",
        measure="mean absolute error, HU",
        better="lower",
        value=1000 * mae(learned.answers({"target": test}), test),
        baselines={"mean volume of training": 1000 * mae(train.mean(0), test)},
        data="torso phantom, 32 px a side, 64 subjects, 12 for the test",
    )
