"""Cases of synthesis: pyramids, coupled pairs, classes, sentences, places, captions."""

from functools import cache

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from adversaria import games, networks
from adversaria.data.intensity import Window
from adversaria.data.phantoms import LungNodule
from adversaria.losses.matching import sentence_scores
from adversaria.networks.place import box_maps, boxes_of
from benchmarks.translation import Learned, Row, Words, case, subjects
from benchmarks.translation_images import FAST, TRAIN, brains

NODULES = "lung nodule phantom, 32 px, 400 cases, 100 for the test"


@cache
def nodules(part: str) -> Words:
    """CT, label, sentence and mask of nodules."""
    rules = {"ct": Window(-1000.0, 300.0), "label": None, "text": None, "lesion": None}
    first, count = (0, 400) if part == "train" else (50_000, 100)
    found = subjects(LungNodule(32), count, rules, first)
    return {"image": found["ct"], "label": found["label"].long(), "text": found["text"].long(), "mask": found["lesion"]}


def energy(first: Tensor, second: Tensor) -> float:
    """Energy distance of two sets of images, in pixels."""
    a, b = first.flatten(1), second.flatten(1)
    own = torch.pdist(a).mean() + torch.pdist(b).mean()
    return float(2 * torch.cdist(a, b).mean() - own)


@case
def lapgan() -> Row:
    """T1 from nothing: distance of sets."""
    train, other = brains("train")["t1"], brains("other")["t1"]
    game = games.LAPGAN(
        networks.LaplacianGenerators(1, 32, 2, 32, 128, 12), networks.LaplacianDiscriminators(1, 32, 2, 128, 12)
    )
    learned = Learned(game, [{"image": train}], 500, 16, {"generators": FAST, "discriminators": FAST})
    made = learned.answers({"label": torch.zeros(TRAIN)})
    noise = torch.randn(train.shape, generator=torch.Generator().manual_seed(0)) * train.std(0)
    blurred = nn.functional.avg_pool2d(train, 5, 1, 2, count_include_pad=False)
    real = energy(train, other)
    return learned.row(
        game="LAPGAN",
        purpose="T1 from nothing",
        measure="energy distance of pixels to other real images",
        better="lower",
        value=energy(made, other),
        baselines={
            "mean image with matched noise": energy((train.mean(0) + noise).clamp(-1, 1), other),
            "blurred real images": energy(blurred, other),
        },
        data=f"brain phantom, 32 px, {TRAIN} subjects",
        note=f"real against real {real:.3f}; deviation over samples {float(made.std(0).mean()):.3f}, of real "
        f"{float(other.std(0).mean()):.3f}",
    )


@case
def coupled() -> Row:
    """Pairs of T1 and T2 learned without pairs: do both show one head?"""
    words = [{"source": brains("train")["t1"]}, {"target": brains("other")["t2"]}]
    width = 12
    game = games.CoupledGAN(
        networks.CoupledTrunk(32, 32, width), networks.CoupledHead(1, width), networks.CoupledHead(1, width),
        networks.CoupledFront(1, width), networks.CoupledFront(1, width), networks.CoupledJudge(32, width, "instance"),
    )  # fmt: skip
    learned = Learned(game, words, 500, 16)
    draws = {"label": torch.zeros(128)}
    first, second = learned.answers(draws, "source"), learned.answers(draws)
    test = brains("test")
    truth = kinship(test["t1"], test["t2"])
    return learned.row(
        game="CoupledGAN",
        purpose="T1 and T2 of one head, learned without pairs",
        measure="correlation over samples of both images' departures from their means",
        better="higher",
        value=kinship(first, second),
        baselines={"the second of another latent": kinship(first, second.roll(1, 0))},
        data=f"brain phantom, 32 px, {TRAIN} subjects for each contrast",
        note=f"true pairs {truth:.3f}",
    )


def kinship(first: Tensor, second: Tensor) -> float:
    """Mean absolute correlation of two sets of images, pixel by pixel over samples."""
    a, b = (x.flatten(1) - x.flatten(1).mean(0) for x in (first, second))
    return float(((a * b).mean(0) / (a.std(0) * b.std(0) + 1e-6)).abs().mean())


def classifier() -> nn.Module:
    """A classifier of benign and malignant, trained on real images alone."""
    torch.manual_seed(5)
    net = nn.Sequential(
        nn.Conv2d(1, 16, 4, 2, 1), nn.ReLU(), nn.Conv2d(16, 32, 4, 2, 1), nn.ReLU(), nn.Conv2d(32, 32, 4, 2, 1),
        nn.ReLU(), nn.Flatten(), nn.Linear(512, 2),
    )  # fmt: skip
    optimiser = torch.optim.Adam(net.parameters(), 1e-3, weight_decay=1e-3)
    words = nodules("train")
    for step in range(250):
        chosen = torch.randint(400, (32,), generator=torch.Generator().manual_seed(step))
        optimiser.zero_grad()
        cross_entropy(net(words["image"][chosen]), words["label"][chosen]).backward()
        optimiser.step()
    return net.eval()


@case
def stacked() -> Row:
    """Nodules of an asked class."""
    words = {word: nodules("train")[word] for word in ("image", "label")}
    game = games.StackedGAN(
        networks.StackEncoder(1, 2, 32, 12, "instance"), networks.StackTop(2, 32, 16, 12),
        networks.StackImage(1, 32, 16, 12),
        networks.StackDiscriminator(48, 16, 2, 24), networks.StackDiscriminator(1, 16, 3, 16),
        encoder_plays=150, alone_plays=350,
    )  # fmt: skip
    learned = Learned(game, [words], 650, 16)
    asked = torch.arange(128) % 2
    judge = classifier()
    test = nodules("test")
    with torch.no_grad():
        agreed = (judge(learned.answers({"label": asked})).argmax(1) == asked).float().mean()
        real = (judge(test["image"]).argmax(1) == test["label"]).float().mean()
    return learned.row(
        game="StackedGAN",
        purpose="a nodule of the asked class",
        measure="share in which a classifier trained on real images sees the asked class",
        better="higher",
        value=float(agreed),
        baselines={"guessing": 0.5},
        data=NODULES,
        note=f"the classifier is right on {float(real):.2f} of real test images",
    )


class Matcher:
    """Text and image encoders trained on real pairs, to judge whether an image fits its sentence."""

    def __init__(self) -> None:
        torch.manual_seed(6)
        self.text, self.image = networks.TextEncoder(128, 32), networks.RegionEncoder(1, 32, 3)
        from adversaria.losses.matching import matching

        both = [*self.text.parameters(), *self.image.parameters()]
        optimiser, words = torch.optim.Adam(both, 2e-3), nodules("train")
        for step in range(250):
            chosen = torch.randint(400, (32,), generator=torch.Generator().manual_seed(step))
            optimiser.zero_grad()
            matching(sentence_scores(self.image(words["image"][chosen]), self.text(words["text"][chosen]))).backward()
            optimiser.step()

    @torch.no_grad()
    def share(self, images: Tensor, text: Tensor) -> float:
        """How often an image's own sentence fits it better than that of the next case with another sentence."""
        scores = sentence_scores(self.image(images), self.text(text))
        other = (text[:, None] != text[None]).any(2)
        own = scores.diagonal()[:, None]
        return float(((own > scores) & other).float().sum() / other.float().sum())


def text_row(learned: Learned, made: Tensor) -> Row:
    """A row of images for sentences."""
    test, matcher = nodules("test"), Matcher()
    return learned.row(
        game=type(learned.game).__name__,
        purpose="a nodule as the sentence says",
        measure="share of other sentences that fit the image less than its own, by encoders trained on real pairs",
        better="higher",
        value=matcher.share(made, test["text"]),
        baselines={"guessing": 0.5, "another sentence's image": matcher.share(made.roll(1, 0), test["text"])},
        data=NODULES,
        note=f"real test images {matcher.share(test['image'], test['text']):.3f}",
    )


def encoders() -> list[nn.Module]:
    """Small encoders of sentences and images."""
    return [networks.TextEncoder(128, 32), networks.RegionEncoder(1, 32, 3)]


@case
def stackgan() -> Row:
    """Nodules from sentences in two stages."""
    widen = [networks.ConditioningAugmentation(32, 16) for _ in range(2)]
    game = games.StackGAN(
        *encoders(), widen[0], networks.StageOne(1, 32, 2, 16, 16, 16), networks.TextDiscriminator(1, 16, 32, 16, 16),
        widen[1], networks.StageTwo(1, 1, 2, 16, 1, 8), networks.TextDiscriminator(1, 32, 32, 16, 16),
        encoder_plays=150, first_plays=350,
    )  # fmt: skip
    words = {word: nodules("train")[word] for word in ("image", "text")}
    learned = Learned(game, [words], 750, 16)
    return text_row(learned, learned.answers({"text": nodules("test")["text"], "x": torch.zeros(100)}))


@case
def attngan() -> Row:
    """Nodules from sentences, word by word."""
    game = games.AttnGAN(
        *encoders(), networks.ConditioningAugmentation(32, 16),
        networks.AttnGenerator(1, 32, 2, 16, 16, 32, 12, 1), networks.StageDiscriminators(1, 32, 2, 32, 16, 16),
        encoder_plays=150,
    )  # fmt: skip
    words = {word: nodules("train")[word] for word in ("image", "text")}
    learned = Learned(game, [words], 500, 16)
    return text_row(learned, learned.answers({"text": nodules("test")["text"], "x": torch.zeros(100)}))


@case
def location() -> Row:
    """Nodules where they are asked for."""
    words = {word: nodules("train")[word] for word in ("image", "text", "mask")}
    game = games.LocationGAN(
        *encoders(), networks.LocationGenerator(1, 32, 16, 32, 12), networks.TextDiscriminator(1, 32, 32, 16, 16, 1),
        encoder_plays=200,
    )  # fmt: skip
    learned = Learned(game, [words], 500, 16)
    test = nodules("test")
    made = learned.answers({"text": test["text"], "mask": test["mask"], "x": torch.zeros(100)})
    return learned.row(
        game="LocationGAN",
        purpose="a nodule in the asked box",
        measure="share of boxes that are brighter than their surroundings",
        better="higher",
        value=brighter(made, test["mask"]),
        baselines={"guessing": 0.5, "boxes of other cases": brighter(made, test["mask"].roll(1, 0))},
        data=NODULES,
        note=f"real test images {brighter(test['image'], test['mask']):.2f}",
    )


def brighter(images: Tensor, mask: Tensor) -> float:
    """Share of images whose box is brighter on average than the rest."""
    inside = box_maps(boxes_of(mask), tuple(mask.shape[2:]))
    within = (images * inside).flatten(1).sum(1) / inside.flatten(1).sum(1)
    outside = (images * (1 - inside)).flatten(1).sum(1) / (1 - inside).flatten(1).sum(1).clamp_min(1)
    return float((within > outside + 0.1).float().mean())


@case
def caption() -> Row:
    """Sentences about nodules."""
    words = {word: nodules("train")[word] for word in ("image", "text")}
    game = games.CaptionGAN(
        networks.Captioner(1, 128, 16, 48),
        networks.CaptionDiscriminator(1, 128, 48),
        likelihood_plays=500,
        likelihood=10.0,
    )
    learned = Learned(game, [words], 600, 16, {"generator": FAST})
    test = nodules("test")
    said = learned.answers({"image": test["image"]}, "text")
    sentences, counts = words["text"].unique(dim=0, return_counts=True)
    usual = sentences[counts.argmax()].expand_as(test["text"])
    return learned.row(
        game="CaptionGAN",
        purpose="the sentence about a nodule",
        measure="share of right words at their place, without what fills up",
        better="higher",
        value=right(said, test["text"]),
        baselines={
            "the commonest sentence": right(usual, test["text"]),
            "the sentence of another image": right(said.roll(1, 0), test["text"]),
        },
        data=NODULES,
        note="likelihood goes on beside the adversary with weight 10; with weight 1 the adversary undid it (0.25)",
    )


def right(said: Tensor, text: Tensor) -> float:
    """Share of words that stand where they should."""
    return float(((said == text) & (text > 0)).float().sum() / (text > 0).float().sum())
