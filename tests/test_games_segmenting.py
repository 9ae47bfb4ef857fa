"""Worked examples of the games and losses of segmentation."""

import pytest
import torch
from torch import nn

from adversaria import games, losses, networks
from adversaria.games.butterfly_gan import views
from adversaria.games.quantified_segmentation import measured
from adversaria.losses.segmentation import label_maps
from playground import batch, build
from turns import LOG2, Zero, gradient, turns


class Linear(nn.Module):
    """Logits (0, a x): the loss of class 0 grows with x where a > 0."""

    def __init__(self, slope=1.0):
        super().__init__()
        self.a = nn.Parameter(torch.tensor(slope))

    def forward(self, image, condition=None):
        return torch.cat([torch.zeros_like(image), self.a * image], 1)


def test_adversarial_examples_step_along_the_gradient_with_a_given_length():
    """All labels 0 and a = 1: the loss log(1 + e^x) rises with every x, so r > 0; its length is epsilon a sample."""
    words = batch()
    words["mask"] = torch.zeros_like(words["mask"])
    game = games.AdversarialExamples(Linear(), epsilon=0.7)
    step = game.perturbation(words)
    torch.testing.assert_close(step.flatten(1).norm(dim=1), torch.full((len(step),), 0.7))
    assert (step > 0).all() and not step.requires_grad
    found = dict(turns(game, words))["segmenter"]
    assert found["moved_cross_entropy"] > found["cross_entropy"]
    still = games.AdversarialExamples(Linear(), epsilon=0.0)
    found = dict(turns(still, words))["segmenter"]
    assert found["moved_cross_entropy"] == pytest.approx(found["cross_entropy"])


def test_the_evaluator_of_unannotated_images_never_sees_a_true_map():
    """Another mask changes the segmenter's cross entropy, and nothing that the evaluator does."""
    words, other = batch(), batch()
    other["mask"] = 1 - other["mask"]
    one, two = (dict(turns(build("UnannotatedAdversarial"), w)) for w in (words, other))
    assert one["evaluator"] == two["evaluator"]
    assert one["segmenter"]["cross_entropy"] != two["segmenter"]["cross_entropy"]
    blind = games.UnannotatedAdversarial(build("UnannotatedAdversarial").segmenter, Zero(2, 2))
    found = dict(turns(blind, words))
    assert found["evaluator"]["adversarial"] == pytest.approx(2 * LOG2, abs=1e-5)
    assert found["segmenter"]["unlabelled"] == pytest.approx(0.1 * LOG2, abs=1e-5)


def test_heat_maps_stand_on_the_middles_of_labels():
    """A label whose voxels are centred on (2, 3, 5) is seen at (2, 3) from the side and at (2, 5) from the front."""
    game = games.ButterflyGAN(nn.Identity(), nn.Identity(), nn.Identity(), classes=3, spread=1.0)
    mask = torch.zeros(1, 1, 7, 8, 9)
    mask[..., 1:4, 2:5, 5] = 1
    front, side = game.heat(mask, -2), game.heat(mask, -1)
    assert front.shape == (1, 3, 7, 9) and side.shape == (1, 3, 7, 8)
    assert front[0, 1].argmax() == 2 * 9 + 5 and side[0, 1].argmax() == 2 * 8 + 3
    assert float(side[0, 1, 3, 3]) == pytest.approx(0.606531, abs=1e-5)
    assert not side[0, 2].any() and float(side[0, 0, 2, 3]) == pytest.approx(0)
    assert [v.shape for v in views(torch.zeros(1, 1, 7, 8, 9))] == [(1, 1, 7, 8), (1, 1, 7, 9)]


def test_the_energy_game_holds_its_margin_and_real_networks_fit_it():
    """An autoencoder that restores everything has energy 0: real 0, margin m; the labeller pays nothing for it."""
    game = games.ButterflyGAN(networks.ButterflyNet(1, 3, 2, 2, "instance"), nn.Identity(), nn.Identity(), classes=3)
    words = batch(3)
    found = dict(turns(game, words))
    assert found["energies"] == {
        "first_real": 0.0, "first_margin": 32.0, "second_real": 0.0, "second_margin": 32.0,
    }  # fmt: skip
    assert found["labeller"]["first_energy"] == 0
    made = game(words)["output"]
    assert made.shape == (len(words["source"]), 3, *words["source"].shape[2:])
    torch.testing.assert_close(made.sum(1), torch.ones_like(made[:, 0]))


def test_energies_and_labels_are_sums_on_one_scale():
    """Maps that miss by 1 everywhere, of energies that restore nothing: each term counts its entries."""

    class Nothing(nn.Module):
        def forward(self, maps):
            return 0 * maps

    game = games.ButterflyGAN(nn.Identity(), Nothing(), Nothing(), classes=3)
    truth = [torch.zeros(2, 3, 8, 6), torch.zeros(2, 3, 8, 4)]
    losses = game.labelled([t + 1 for t in truth], truth)
    assert losses["first_heat"] == 3 * 8 * 6 and losses["second_heat"] == 3 * 8 * 4
    assert float(losses["first_cross_entropy"]) == pytest.approx(8 * 6 * 1.0986123, rel=1e-5)
    assert game.energy("first", truth[0] + 1).tolist() == [2 * 4 * 3] * 2  # without background, at half the sides


def test_an_adaptor_starts_as_a_copy_and_the_segmenter_then_rests():
    game = build("FeatureAdaptation")
    game.plays = 1
    play = game.play(batch())
    next(play)
    for one, two in zip(game.early.parameters(), game.adaptor.parameters(), strict=True):
        assert torch.equal(one, two)
    assert not game.early.training and not game.late.training and game.adaptor.training


def test_landmarks_are_the_outermost_points():
    """Rows 2 to 6 and columns 1 to 5 of a rectangle: (2, 3), (6, 3), (4, 1), (4, 5)."""
    game = games.LandmarkSegmentation(nn.Identity(), nn.Identity(), spread=1.0)
    mask = torch.zeros(2, 1, 9, 8)
    mask[0, :, 2:7, 1:6] = 1
    heat = game.heat(mask)
    assert [int(h.argmax()) for h in heat[0]] == [2 * 8 + 3, 6 * 8 + 3, 4 * 8 + 1, 4 * 8 + 5]
    assert heat.shape == (2, 4, 9, 8) and not heat[1].any()


def test_indices_are_share_and_middle():
    """Half of the rows, the lower ones: share 1/2, middle at 3/4 and 1/2; an absent class lies in the middle."""
    mask = torch.zeros(1, 1, 8, 6)
    mask[..., 4:, :] = 1
    found = measured(label_maps(mask, 3).float())
    torch.testing.assert_close(found, torch.tensor([[0.5, 0.75, 0.5, 0.0, 0.5, 0.5]]))


def test_a_refiner_that_knows_the_errors_mends_them():
    """With maps of all errors the refined map is the truth: found - surplus + missed = truth."""

    class Knows(nn.Module):
        def forward(self, image):
            found = image[:, 1:]
            wanted = torch.cat([(found - truth).clamp_min(0), (truth - found).clamp_min(0)], 1)
            return torch.logit(wanted.clamp(1e-7, 1 - 1e-7))

    words = batch()
    truth = label_maps(words["mask"], 2).float()
    game = games.RefinedSegmentation(Linear(), Zero(2, 3), Knows(), first_plays=0)
    assert dict(turns(game, words))["refiner"]["errors"] == pytest.approx(0, abs=1e-6)
    # a segmenter that is sure, and wrong everywhere: errors of nearly 1 are mended
    sure = games.RefinedSegmentation(Linear(-1e4), Zero(2, 3), Knows(), first_plays=0)
    assert torch.equal(sure.segmenter(words["source"]).argmax(1, keepdim=True), 1 - words["mask"].long())
    assert torch.equal(sure(words)["mask"], 1 - words["mask"].long()), "a refiner that has not begun mends nothing"
    next(sure.play(words))
    assert torch.equal(sure(words)["mask"], words["mask"].long())


def test_a_refiner_that_is_not_sure_mends_nothing():
    """What it holds for likelier than not is left as the segmenter, with its weights of the classes, has it."""

    class Doubts(nn.Module):
        def forward(self, image):
            return torch.logit(torch.full_like(torch.cat([image[:, 1:]] * 2, 1), 0.7))

    words = batch()
    game = games.RefinedSegmentation(Linear(), Zero(2, 3), Doubts(), first_plays=0)
    next(game.play(words))
    torch.testing.assert_close(game(words)["output"], game.segmenter(words["source"]).softmax(1))


def test_a_class_head_reaches_the_segmenter_through_the_discriminator():
    words = batch()
    game = build("ClassAwareSegmentation")
    play = game.play(words)
    next(play)
    _, found = play.send({})
    assert gradient(found["class"], game.segmenter).abs().sum() > 0


def test_deep_supervision_weighs_halves_and_takes_labels_by_the_nearest_voxel():
    """Even logits over 3 classes: log 3 at each depth, weights 1, 1/2, 1/4; a game shows D the finest."""
    mask = batch()["mask"]
    zero = [torch.zeros(len(mask), 3, 8 >> k, 8 >> k) for k in range(3)]
    term = losses.DeepSupervision()
    assert float(term(zero, mask)) == pytest.approx(1.75 * 1.0986123, abs=1e-5)
    assert float(term(zero[0], mask)) == pytest.approx(float(losses.LabelCrossEntropy()(zero[0], mask)))
    game = games.AdversarialSegmentation(
        networks.DeepUNet(1, 2, 2, 2, norm="instance"), Zero(2, 2), conditional=False, discriminator_every=2,
        terms=losses.Terms({"deep": losses.Weighted(term, 1.0)}),
    )  # fmt: skip
    assert [player for player, _ in turns(game, batch())] == ["discriminator", "segmenter"]
    game.plays = 1
    assert [player for player, _ in turns(game, batch())] == ["segmenter"]
    assert game(batch())["mask"].shape == mask.shape


def test_generalised_dice_by_hand():
    """Class 0 has 3 voxels, class 1 one; all called class 0: 1 - 2 (3/9) / ((3 + 4)/9 + 1/1) = 0.625."""
    mask = torch.tensor([[0.0, 0.0], [0.0, 1.0]]).view(1, 1, 2, 2)
    sure = 100 * label_maps(torch.zeros_like(mask), 2).float()
    assert float(losses.GeneralisedDice()(sure, mask)) == pytest.approx(0.625, abs=1e-4)
    assert float(losses.GeneralisedDice()(100 * label_maps(mask, 2).float(), mask)) == pytest.approx(0, abs=1e-4)


def test_weights_of_classes():
    """One voxel of each class at even logits weighs the same; at (0, 2) the weighted mean leans to the heavy class."""
    mask = torch.tensor([[0.0, 1.0]]).view(1, 1, 1, 2)
    logits = torch.tensor([[0.0, 0.0], [2.0, 2.0]]).view(1, 2, 1, 2)
    of_class = torch.tensor([2.126928, 0.126928])
    even, heavy = losses.LabelCrossEntropy()(logits, mask), losses.LabelCrossEntropy((1.0, 3.0))(logits, mask)
    assert float(even) == pytest.approx(float(of_class.mean()), abs=1e-5)
    assert float(heavy) == pytest.approx(float((of_class * torch.tensor([0.25, 0.75])).sum()), abs=1e-5)
