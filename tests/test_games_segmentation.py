"""Worked examples of adversarial segmentation, SegAN and domain-adversarial features."""

import pytest
import torch
from torch import nn

from adversaria import games
from playground import batch, build
from turns import LOG2, Zero, gradient, turns, values


class Logits(nn.Module):
    """Gives two maps of logits whose softmax is a stated probability of class 1."""

    def __init__(self, probability):
        super().__init__()
        self.logit = nn.Parameter(torch.logit(torch.as_tensor(probability)))

    def forward(self, image, condition=None):
        logit = self.logit.expand(len(image), *self.logit.shape[1:]) if self.logit.ndim else self.logit
        return torch.cat([torch.zeros_like(image), torch.zeros_like(image) + logit], 1)


def test_adversarial_segmentation_worked_example():
    """Adversarial part at indifference log 2; weight 0 is pure cross entropy; unlabelled images only fool D."""
    words = batch()
    plain = games.AdversarialSegmentation(Logits(0.5), Zero(2, 3), adversarial_weight=0.0)
    assert dict(turns(plain, words))["segmenter"] == {"cross_entropy": pytest.approx(LOG2, abs=1e-5)}
    game = games.AdversarialSegmentation(Logits(0.5), Zero(2, 3), adversarial_weight=1.0, unlabelled=1.0)
    found = dict(turns(game, words))
    assert found["discriminator"]["adversarial"] == pytest.approx(2 * LOG2, abs=1e-5)
    assert found["segmenter"]["adversarial"] == found["segmenter"]["unlabelled"] == pytest.approx(LOG2, abs=1e-5)


def test_an_unlabelled_image_reaches_the_segmenter_through_the_discriminator_alone():
    words = batch()

    def slopes(image, weight):
        game = build("AdversarialSegmentation")
        game.unlabelled = weight
        play = game.play({**words, "unlabelled": image})
        next(play)
        _, losses = play.send({})
        rest = sum(v for n, v in losses.items() if n != "unlabelled")
        return gradient(rest, game.segmenter), gradient(sum(losses.values()), game.segmenter)

    rest, whole = slopes(words["image"], 1.0)
    other_rest, other_whole = slopes(-words["image"], 1.0)
    assert torch.equal(rest, other_rest) and not torch.equal(whole, other_whole)


class Identity(nn.Module):
    """A critic without layers: only the masked image itself counts."""

    def __init__(self):
        super().__init__()
        self.one = nn.Parameter(torch.ones(()))

    def features(self, image, condition=None):
        return [self.one * image]


def test_segan_worked_example():
    """x = (1, 2), S = (0.5, 1), y = (1, 0): mean(0.5, 2) = 1.25; S = y: 0; after its step D lies in +-0.05."""
    image = torch.tensor([1.0, 2.0]).view(1, 1, 1, 2)
    found = torch.tensor([[0.5, 0.0], [0.5, 1.0]]).view(1, 2, 1, 2)
    truth = torch.tensor([[0.0, 1.0], [1.0, 0.0]]).view(1, 2, 1, 2)
    game = games.SegAN(Logits(0.5), Identity())
    assert float(game.distance(image, found, truth).detach()) == pytest.approx(1.25)
    assert float(game.distance(image, truth, truth).detach()) == 0
    play = game.play(batch())
    _, first = next(play)
    game.critic.one.data.fill_(3.0)
    _, second = play.send({})
    assert float(game.critic.one.detach()) == pytest.approx(0.05)
    assert values(first)["distance"] < 0 < values(second)["distance"]


def test_soft_dice_and_label_cross_entropy():
    """Perfect logits 0; even logits over 3 classes log 3 = 1.098612; half of a square found: dice by hand."""
    from adversaria.losses import LabelCrossEntropy, SoftDice
    from adversaria.losses.segmentation import label_maps

    mask = torch.tensor([[0.0, 1.0], [2.0, 1.0]]).view(1, 1, 2, 2)
    sure = 100 * label_maps(mask, 3).float()
    assert float(LabelCrossEntropy()(sure, mask)) == pytest.approx(0, abs=1e-6)
    assert float(SoftDice()(sure, mask)) == pytest.approx(0, abs=1e-6)
    assert float(LabelCrossEntropy()(torch.zeros(1, 3, 2, 2), mask)) == pytest.approx(1.098612, abs=1e-6)
    wrong = 100 * label_maps(torch.tensor([[0.0, 1.0], [0.0, 0.0]]).view(1, 1, 2, 2), 3).float()
    # class 1: (2*1 + 1)/(1 + 2 + 1) = 3/4; class 2: (0 + 1)/(0 + 1 + 1) = 1/2
    assert float(SoftDice()(wrong, mask)) == pytest.approx(1 - (0.75 + 0.5) / 2, abs=1e-6)


def test_domain_adversarial_gradient_and_ramp():
    """Feature s = 0, (s-1)^2 and (s-3)^2, alpha 0.5: the segmenter's gradient is -2 + 3 = 1, D keeps the plain one."""
    from adversaria.losses import Objective, Terms, Weighted

    class Task(nn.Module):
        key = "L-test"

        def forward(self, output, mask):
            return (output - 1).square().mean()

    class Domain(Objective):
        def real(self, score):
            return (score - 3).square()

        def fake(self, score):
            return (score - 3).square()

    class One(nn.Module):
        def __init__(self):
            super().__init__()
            self.s = nn.Parameter(torch.zeros(()))

        def features(self, image):
            return [self.s.expand(len(image))]

        def predict(self, features):
            return features[-1]

    class Sum(nn.Module):
        def __init__(self):
            super().__init__()
            self.b = nn.Parameter(torch.zeros(()))

        def forward(self, features):
            return features[0] + self.b

    game = games.DomainAdversarial(
        One(), Sum(), weight=0.5, ramp=0, adversarial=Domain(), terms=Terms({"task": Weighted(Task(), 1.0)})
    )
    turn = next(game.play(batch()))
    assert float(gradient(sum(turn["segmenter"].values()), game.segmenter)) == pytest.approx(1.0)
    assert float(gradient(turn["discriminator"]["domain"], game.discriminator)) == pytest.approx(-6.0)
    game.weight, game.ramp = 1.0, 100
    for plays, wanted in ((0, 0.0), (50, 0.986614), (100, 0.999909), (1000, 0.999909)):
        game.plays = plays
        assert game.alpha == pytest.approx(wanted, abs=1e-6)


def test_domain_adversarial_at_indifference_and_without_weight():
    game = build("DomainAdversarial")
    for parameter in game.discriminator.parameters():
        nn.init.zeros_(parameter)
    assert dict(turns(game))["discriminator"]["domain"] == pytest.approx(LOG2, abs=1e-5)
    free = build("DomainAdversarial")
    free.weight = 0.0
    turn = next(free.play(batch()))["segmenter"]
    assert torch.equal(gradient(sum(turn.values()), free.segmenter), gradient(turn["cross_entropy"], free.segmenter))
