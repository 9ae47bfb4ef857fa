"""Games of translation between modalities: who learns when, and objectives against closed forms."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from adversaria import games, losses
from adversaria.games.stain_code import lightness
from adversaria.networks import TwoStemPatchGAN
from adversaria.vocabulary import UserError
from playground import batch, build
from playground_cross import cycled
from playground_networks import Discriminator, Joined, Segmenter, Translator

LOG2 = math.log(2)


class Same(nn.Module):
    """Gives an image back, times a parameter that is one."""

    def __init__(self, times=1.0):
        super().__init__()
        self.times = nn.Parameter(torch.tensor(times))

    def forward(self, image, condition=None):
        return image * self.times

    def features(self, image, condition=None):
        return [image * self.times]


class Zero(Discriminator):
    """Says nothing for certain of anything."""

    def forward(self, image, condition=None):
        return super().forward(image, condition) * 0


class Sure(Segmenter):
    """Logits (0, log 3) everywhere: a share of 3/4 for class 1."""

    def forward(self, image, condition=None):
        found = super().forward(image) * 0
        return found + torch.tensor([0.0, math.log(3)]).view(1, 2, *[1] * (image.ndim - 2))


def turns(game, words=None, plays=0):
    """Each turn's player and losses as numbers, in the order of play."""
    game.plays = plays
    found = []
    for turn in game.play(words or batch()):
        for player, terms in turn.items() if isinstance(turn, dict) else [turn]:
            found.append((player, {name: float(loss.detach()) for name, loss in terms.items()}))
    return found


def values(masks):
    """Cross entropy of Sure against a mask: -log(3/4) where it is 1, -log(1/4) elsewhere."""
    share = float((masks == 1).float().mean())
    return share * math.log(4 / 3) + (1 - share) * math.log(4)


def test_essnet_trains_its_segmenter_with_the_generators():
    game = games.EssNet(**cycled(2), segmenter=Sure(2))
    (player, first), _ = turns(game)
    assert player == "generators" and first["shape_cross_entropy"] == pytest.approx(values(batch()["mask"]), rel=1e-5)
    assert "segmenter" in games.EssNet.players["generators"]
    live = build("EssNet")
    loss = next(live.play(batch()))[1]["shape_cross_entropy"]
    slopes = torch.autograd.grad(loss, list(live.generator.parameters()))
    assert any(slope.any() for slope in slopes)
    words = batch()
    there, made = live(words)["mask"], live({w: t for w, t in words.items() if w != "target"})["mask"]
    assert torch.equal(there, live.segmenter(words["target"]).argmax(1, keepdim=True)) and not torch.equal(there, made)


@pytest.mark.parametrize("name", ["TaskDrivenGAN", "SemanticAwareGAN"])
def test_a_segmenter_is_trained_first_and_stands_still_then(name):
    game = build(name).train()
    game.segmenter.body[1] = nn.BatchNorm2d(6)
    assert [player for player, _ in turns(game)] == ["segmenter"]
    moved = game.segmenter.body[1].running_mean.clone()
    assert moved.any()
    assert [player for player, _ in turns(game, plays=1)] == ["generators", "discriminators"]
    assert torch.equal(moved, game.segmenter.body[1].running_mean) and not game.segmenter.training


def test_td_gan_compares_what_comes_back_and_shows_its_discriminator_the_labels():
    parts = {**cycled(2, lambda d: Discriminator(d, 3)), "generator": Same(), "reverse_generator": Same()}
    game = games.TaskDrivenGAN(**parts, segmenter=Segmenter(2), segmenter_plays=0)
    words = batch()
    found = dict(turns(game, words))["generators"]
    direct = losses.LabelCrossEntropy()(game.segmenter(words["target"]), words["mask"])
    assert found["shape_cross_entropy"] == pytest.approx(float(direct.detach()), rel=1e-5)
    with torch.no_grad():
        before = game.look("target", words["target"])
        game.segmenter.head.bias += torch.tensor([2.0, -2.0])
        assert not torch.allclose(before, game.look("target", words["target"]))


def test_seuda_weighs_its_three_games():
    parts = {**cycled(2, Zero), "source_discriminator": Zero(2)}
    game = games.SemanticAwareGAN(**parts, mask_discriminator=Zero(2, 2), segmenter=Segmenter(2), segmenter_plays=0)
    found = dict(turns(game))
    # least squares at a score of 0: 1 for whoever wants 1, 0 for whoever wants 0
    assert found["generators"]["adversarial_target"] == 0.5 and found["generators"]["adversarial_source"] == 1.0
    assert found["generators"]["semantic"] == 0.5 and found["discriminators"] == dict.fromkeys(
        ("target", "source", "semantic"), 0.5
    )


def test_shape_consistency_begins_when_both_are_ready():
    parts = {**cycled(2), "source_segmenter": Sure(2), "target_segmenter": Sure(2)}
    game, words = games.ShapeConsistentGAN(**parts, apart=1), batch()
    early, late = dict(turns(game, words)), dict(turns(game, words, plays=1))
    assert not any("shape" in name for name in (*early["generators"], *early["segmenters"]))
    mine, other = values(words["mask"]), values(words["target_mask"])
    for player in ("generators", "segmenters"):
        assert late[player]["shape_target_cross_entropy"] == pytest.approx(mine, rel=1e-5)
        assert late[player]["shape_source_cross_entropy"] == pytest.approx(other, rel=1e-5)
    assert mine != pytest.approx(other, rel=1e-3)


def test_tumour_aware_features_are_alike_where_nothing_changes():
    parts = {**cycled(2), "generator": Same(), "reverse_generator": Same()}
    game = games.TumourAwareGAN(**parts, segmenter=Segmenter(2), shape=3.0)
    found = dict(turns(game))
    assert found["generators"]["features"] == 0
    assert found["generators"]["shape_dice"] == pytest.approx(3 * found["segmenter"]["source_dice"], rel=1e-5)
    game.generator.times.data.fill_(0.5)
    assert dict(turns(game))["generators"]["features"] > 0


def test_mixed_pairs_play_both_games():
    parts = {**cycled(2, Zero), "source_discriminator": Zero(2), "generator": Same(), "reverse_generator": Same()}
    game, words = games.MixedPairsGAN(**parts), batch()
    game.target_discriminator = game.source_discriminator = Sizeless()
    first, second, third, fourth = (terms for _, terms in turns(game, words))
    assert first["adversarial_target"] == pytest.approx(0.81) and second["target"] == pytest.approx(0.405)
    assert third["paired_target"] == pytest.approx(LOG2) and fourth["paired_source"] == pytest.approx(LOG2)
    apart = float((words["paired_source"] - words["paired_target"]).abs().mean())
    assert third["pixel_target"] == pytest.approx(100 * apart, rel=1e-5)
    assert "paired_cycle_source" not in third
    game.paired_cycle = 1.0
    assert turns(game, words)[2][1]["paired_cycle_source"] == 0


class Sizeless(nn.Module):
    """Zero for an image and for a pair."""

    def __init__(self):
        super().__init__()
        self.none = nn.Parameter(torch.zeros(()))

    def forward(self, image, condition=None):
        return image * self.none


def test_two_stems_share_their_trunk():
    network = TwoStemPatchGAN(1, 2, layers=2, width=4)
    image, other = torch.randn(2, 1, 32, 32), torch.randn(2, 2, 32, 32)
    alone, pair = network(image), network(image, other)
    assert alone.shape == pair.shape
    slopes = torch.autograd.grad(pair.sum(), list(network.parameters()), allow_unused=True)
    named = zip(network.named_parameters(), slopes, strict=True)
    used = {name.split(".")[0] for (name, _), slope in named if slope is not None}
    assert used == {"blocks", "pair_stem", "pair_head"}
    assert slopes[0] is None and any(s is not None for s in slopes[2:])


def test_stain_transfer_counts_its_task_in_both_turns():
    game = games.StainTaskGAN(Same(), build("StainTaskGAN").discriminator, task=2.0)
    nn.init.zeros_(game.discriminator.second["label"].weight)
    nn.init.zeros_(game.discriminator.second["label"].bias)
    found = dict(turns(game))
    assert found["discriminator"]["task"] == found["generator"]["task"] == pytest.approx(2 * math.log(3), rel=1e-5)
    # an image that is its own source has no edge out of place
    assert found["generator"]["edges"] == 0


def test_lightness_is_that_of_another_library():
    from PIL import Image

    colours = (np.random.default_rng(0).uniform(size=(9, 7, 3)) * 255).astype(np.uint8)
    wanted = np.asarray(Image.fromarray(colours).convert("L"), np.float32)
    found = lightness(torch.from_numpy(colours).permute(2, 0, 1)[None].float())[0, 0]
    assert np.abs(found.numpy() - wanted).max() <= 1


def test_stain_code_of_the_reference_is_learned_and_moves_nothing_else():
    game, words = build("StainCodeGAN"), batch()
    rounds = game.play(words)
    next(rounds)
    _, terms = rounds.send(None)
    named = {**dict(game.generator.named_parameters()), "reference": game.reference.code}
    slopes = torch.autograd.grad(terms["reference"], list(named.values()), allow_unused=True)
    assert [name for name, slope in zip(named, slopes, strict=True) if slope is not None] == ["reference"]
    with torch.no_grad():
        game.reference.code.copy_(game.means(game.discriminator(words["target"][:1]))[0] / game.reference.SCALE)
        own = game({"source": words["source"][:1]})["output"]
        asked = game({"source": words["source"][:1], "target": words["target"][:1]})["output"]
    assert torch.allclose(own, asked, atol=1e-6)


def test_bright_voxels_count_as_much_as_all_others():
    target, output = torch.full((2, 1, 4, 4), -1.0), torch.full((2, 1, 4, 4), -1.0)
    target[0, 0, 0, 0] = 1.0
    term = losses.BrightBalanced()
    # the one bright voxel is missed by 2, and is half of the first sample's error
    assert float(term(output, target)) == pytest.approx((0.5 * 2 + 0) / 2)
    assert float(term(target + 0.25, target)) == pytest.approx(0.25)


def test_fcn_then_cgan_freezes_and_blends():
    game = games.CoarseRefinedGAN(Same(0.5), Joined(2), Discriminator(2, 2), coarse_plays=1, blend=0.25)
    assert [p for p, _ in turns(game)] == ["coarse"] and [p for p, _ in turns(game, plays=1)] == [
        "discriminator", "generator",
    ]  # fmt: skip
    words = batch()
    coarse = game.coarse(words["source"])
    wanted = 0.75 * coarse + 0.25 * game.generator(words["source"], coarse)
    assert torch.allclose(game(words)["output"], wanted, atol=1e-6)


def test_only_the_refiner_heeds_the_weight():
    parts = {"first": Same(), "second": Same(), "first_discriminator": Sizeless(), "second_discriminator": Sizeless()}
    game, words = games.SketcherRefiner(**parts, first_plays=1), batch()
    words["target"] = words["source"] * 1
    words["target"][:, :, 0] += 2.0
    words["weight"] = torch.zeros_like(words["source"])
    words["weight"][:, :, 0] = 1.0
    assert dict(turns(game, words))[("first",)]["first_pixel"] == pytest.approx(100 * 2 / 8, rel=1e-5)
    assert dict(turns(game, words, plays=1))[("second",)]["second_pixel"] == pytest.approx(200, rel=1e-5)


def test_a_cascade_may_judge_images_alone():
    single = [Discriminator(2), Discriminator(2)]
    game = games.CascadeCGAN(Translator(2), Joined(2), *single, conditional=False, adversarial_weight=0.0)
    found = dict(turns(game))[("first", "second")]
    assert found["first_adversarial"] == 0 and found["second_pixel"] > 0
    assert "condition_channels" not in games.CascadeCGAN.wiring(conditional=False)["first_discriminator"]


def test_hard_examples_are_what_the_task_fails_at():
    game = build("HardExampleGAN")
    game.hard = 0.5
    found = dict(turns(game))
    assert found["refiner"]["hard_cross_entropy"] == pytest.approx(-0.5 * found["task"]["cross_entropy"], rel=1e-5)


def test_paired_cyclegan_is_drawn_to_partners_and_a_pixel_term_without_pairs_is_refused():
    terms = losses.Terms({"pixel": losses.Weighted(losses.Pixel(), 10.0)})
    parts = {**cycled(2), "generator": Same(), "reverse_generator": Same()}
    words = batch()
    found = dict(turns(games.CycleGAN(**parts, paired=10.0), words))["generators"]
    apart = float((words["source"] - words["target"]).abs().mean())
    assert found["paired_target"] == found["paired_source"] == pytest.approx(10 * apart, rel=1e-5)
    with pytest.raises(UserError, match="target"):
        turns(games.CycleGAN(**parts, terms=terms), words)
