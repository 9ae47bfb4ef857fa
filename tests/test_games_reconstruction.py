"""Worked examples of the games of reconstruction works, and of what was added to older ones."""

import pytest
import torch

from adversaria import games, losses
from adversaria.games.focused import focus_map
from adversaria.games.inpainting import cropped
from playground import Discriminator, batch, build
from turns import LOG2, Half, Shift, Zero, turns


def by_player(game, plays=0, words=None):
    game.plays = plays
    return dict(turns(game, words))


def test_medgans_discriminator_waits_for_its_generator():
    """At indifference D pays log 2, every third play; G pays log 2 + 20 |features| + 1e-4 (style + content)."""
    game = games.MedGAN(Shift(), Zero(2, 2))
    assert [set(by_player(game, plays)) for plays in range(4)] == [
        {"discriminator", "generator"}, {"generator"}, {"generator"}, {"discriminator", "generator"},
    ]  # fmt: skip
    found = by_player(game)
    assert found["discriminator"]["adversarial"] == pytest.approx(LOG2, abs=1e-5)
    assert found["generator"]["adversarial"] == pytest.approx(LOG2, abs=1e-5)
    words = batch()
    words["source"] = words["target"].clone()
    same = by_player(game, words=words)["generator"]
    assert same["perceptual"] == same["style_content"] == 0 and found["generator"]["perceptual"] > 0
    judge, made = game.discriminator, batch()
    pairs = zip(
        judge.features(made["source"], made["source"]), judge.features(made["target"], made["source"]), strict=True
    )
    wanted = 20 * sum(float((a - b).abs().mean().detach()) for a, b in pairs)
    assert found["generator"]["perceptual"] == pytest.approx(wanted, rel=1e-5)


@pytest.mark.parametrize("dims", [2, 3])
def test_a_hole_is_cut_where_it_lies(dims):
    image = torch.arange(2 * 2 * 8**dims, dtype=torch.float32).view(2, 2, *(8,) * dims)
    mask = torch.zeros(2, 1, *(8,) * dims)
    corners = [(1, 3, 0)[:dims], (4, 0, 5)[:dims]]
    boxes = [tuple(slice(c, c + 3) for c in corner) for corner in corners]
    for case, box in enumerate(boxes):
        mask[(case, 0, *box)] = 1
    cut = cropped(image, mask, 3)
    for case, box in enumerate(boxes):
        torch.testing.assert_close(cut[case], image[(case, slice(None), *box)])
    assert cropped(image, mask, 6).shape == (2, 2, *(6,) * dims)


def test_inpainting_is_judged_in_the_hole_and_keeps_the_rest():
    words = batch()
    words["mask"] = torch.zeros_like(words["source"])
    words["mask"][:, :, 2:5, 1:4] = 1
    game = games.InpaintingGAN(Shift(1.0), Zero(2), hole=3)
    before = by_player(game, words=words)
    output = game({"source": words["source"], "mask": words["mask"]})["output"]
    torch.testing.assert_close(output, words["source"] + words["mask"])
    outside = words | {"target": words["target"] + 5 * (1 - words["mask"])}
    assert by_player(game, words=outside) == before
    inside = words | {"target": words["target"] + 5 * words["mask"]}
    assert by_player(game, words=inside)["generator"]["perceptual"] != before["generator"]["perceptual"]


def test_a_focus_map_is_one_where_the_source_is_worst():
    target = torch.zeros(2, 1, 9, 9)
    source = target.clone()
    source[0, 0, 2, 2], source[0, 0, 6, 6] = 4.0, -2.0
    found = focus_map(source, target, 3)
    assert found[0, 0, 2, 2] == 1 and found[0, 0, 6, 6] == pytest.approx(0.5) and found[0, 0, 4, 4] == 0
    assert bool((found[1] == 1).all())
    torch.testing.assert_close(found, focus_map(target, source, 3))


def test_a_focused_discriminator_does_not_see_what_was_right():
    words = batch()
    words["target"] = words["source"].clone()
    words["target"][:, :, :3, :3] += 1
    game = games.FocusedGAN(Shift(), Discriminator(2), window=1)
    before = by_player(game, words=words)
    # the same shift of both leaves the map; where it is 0 nothing is seen
    moved = {**words, **{w: words[w].clone() for w in ("source", "target")}}
    for word in ("source", "target"):
        moved[word][:, :, 5:, 5:] += 3
    after = by_player(game, words=moved)
    assert after["discriminator"] == pytest.approx(before["discriminator"])
    assert by_player(games.FocusedGAN(Shift(), Zero(2)))["generator"]["adversarial"] == pytest.approx(LOG2, abs=1e-5)


def test_cyclegan_with_pairs_and_a_critic():
    """Off by 0.1 both ways with weight 0.5: 0.05 each; a critic that says 0.5 everywhere pays the whole penalty."""
    shape = (1, 8, 8)
    words = batch()
    words["target"] = words["source"].clone()
    game = games.CycleGAN(
        Shift(0.1), Shift(-0.1), Half(2), Half(2), shape, shape, losses.Wasserstein(),
        pool=0, penalty=losses.GradientPenalty(2.0), paired=0.5,
    )  # fmt: skip
    found = by_player(game, words=words)
    assert found["generators"]["paired_target"] == pytest.approx(0.05, abs=1e-6)
    assert found["generators"]["paired_source"] == pytest.approx(0.05, abs=1e-6)
    assert found["discriminators"]["target_penalty"] == pytest.approx(2.0, abs=1e-4)
    assert found["discriminators"]["target"] == pytest.approx(0, abs=1e-6)
    plain = by_player(build("CycleGAN"))
    assert not any("paired" in n or "penalty" in n for part in plain.values() for n in part)


def test_srgan_pretrains_by_either_distance_and_pays_a_penalty():
    words = batch()
    words["target"] = words["source"] + 0.5
    for power, wanted in ((1, 0.5), (2, 0.25)):
        game = games.SRGAN(Shift(), Half(2), pretraining_power=power)
        assert by_player(game, words=words) == {"generator": {"pretraining": pytest.approx(wanted)}}
    game = games.SRGAN(Shift(), Half(2), losses.Wasserstein(), pretraining=0, penalty=losses.GradientPenalty())
    assert by_player(game)["discriminator"]["penalty"] == pytest.approx(10, abs=1e-3)


def test_a_cascade_that_enlarges_judges_images_alone():
    class Twice(Shift):
        def forward(self, image, condition=None):
            return torch.nn.functional.interpolate((image + condition) / 2 + self.by, scale_factor=2.0)

    words = batch()
    words["target"] = torch.nn.functional.interpolate(words["source"], scale_factor=2.0)
    words["image"] = words["source"]
    game = games.CascadeCGAN(
        Shift(), Twice(), Discriminator(2), Discriminator(2), intermediate="image", conditional=False,
        terms=losses.Terms(
            {"pixel": losses.Weighted(losses.Pixel()), "perceptual": losses.Weighted(losses.Perceptual())}
        ),
    )  # fmt: skip
    found = by_player(game, words=words)
    made = found[("first", "second")]
    assert made["first_pixel"] == made["second_pixel"] == made["second_perceptual"] == pytest.approx(0, abs=1e-7)
    assert game(words)["output"].shape == words["target"].shape
