"""Games that read labels, sentences and places: the worked examples of their papers' objectives."""

import math

import pytest
import torch
from torch import nn

from adversaria import games, networks
from adversaria.draws import Draws
from adversaria.losses import matching
from adversaria.networks import place
from adversaria.networks.caption import gumbel_softmax
from playground import NAMES, batch, build
from turns import LOG2, gradient, turns


def zeroed(module):
    for parameter in module.parameters():
        nn.init.zeros_(parameter)
    return module


def at(game, plays):
    game.plays = plays
    return game


def test_stackgan_at_indifference():
    """D: log 2 + half of twice log 2 = 1.386294; G log 2, plus the divergence; the encoder is frozen then."""
    game = at(build("StackGAN"), 1)
    zeroed(game.first_discriminator), zeroed(game.first_augmentation)
    found = dict(turns(game))
    assert sum(found["first_discriminator"].values()) == pytest.approx(2 * LOG2, abs=1e-5)
    assert found["first"] == {"adversarial": pytest.approx(LOG2, abs=1e-5), "divergence": 0.0}
    assert dict(turns(at(game, 2))).keys() == {"second_discriminator", "second"}
    assert dict(turns(at(game, 0))).keys() == {"encoders"} and game.couples_samples


def test_conditioning_augmentation_divergence_and_draws():
    """KL(N(0, 1)) = 0; mean 1, deviation 1: 0.5 a dimension; draws have the stated mean and deviation."""
    from adversaria.games.stackgan import divergence

    one = torch.ones(2, 5)
    assert float(divergence(one * 0, one * 0)) == 0 and float(divergence(one, one * 0)) == pytest.approx(0.5)
    game = build("StackGAN")

    class Stated(nn.Module):
        def forward(self, sentence):
            return torch.full((len(sentence), 100), 0.7), torch.full((len(sentence), 100), math.log(0.09))

    game.first_augmentation = Stated()
    code, _, _ = game.code({"draws": Draws(0, 0, range(1000)), "x": torch.zeros(1)}, "first", torch.zeros(1000, 6))
    assert float(code.mean()) == pytest.approx(0.7, abs=0.01) and float(code.std()) == pytest.approx(0.3, abs=0.01)


def test_a_mismatched_sentence_is_that_of_another_image():
    game, seen = at(build("StackGAN"), 1), []
    game.first_discriminator.register_forward_pre_hook(lambda module, given: seen.append(given))
    turns(game)
    (real, own), (_, also), (same, other) = seen[:3]
    assert torch.equal(real, same) and torch.equal(own, also) and torch.equal(other, own.roll(1, 0))


def test_attngan_at_indifference():
    """Three stages, alone and matched: 2 x 3 x log 2 = 4.158883."""
    game = at(build("AttnGAN"), 1)

    class Three(nn.Module):
        def __init__(self, inner):
            super().__init__()
            self.inner, self.latent_shape = inner, (5,)

        def forward(self, *given):
            small, large = self.inner(*given)
            return [small, large, large]

    class Blind(nn.Module):
        def judge(self, stage, image, condition):
            return 0 * image

    game.generator, game.discriminators = Three(game.generator), Blind()
    made = dict(turns(game))["generator"]
    assert sum(v for n, v in made.items() if n[0] in "am" and n != "matching") == pytest.approx(4.158883, abs=1e-5)


def test_attention_and_matching():
    """Attention sums to 1 and is even for even scores; one pair: 0; n alike pairs: log n each way."""
    draws = torch.Generator().manual_seed(0)
    words, regions = torch.randn(2, 4, 5, generator=draws), torch.randn(2, 4, 9, generator=draws)
    known = torch.tensor([[1, 1, 1, 0, 0], [1, 1, 1, 1, 1]])
    shares = matching.attention(words, regions, known)
    torch.testing.assert_close(shares.sum(2), torch.ones(2, 5))
    even = matching.attention(words, regions[:, :, :1].expand(-1, -1, 9), known)
    torch.testing.assert_close(even, torch.full_like(even, 1 / 9))
    assert float(matching.matching(matching.word_scores(words[:1], regions[:1], known[:1]))) == 0
    alike = [t[:1].expand(4, *t.shape[1:]) for t in (words, regions, known)]
    assert float(matching.matching(matching.word_scores(*alike))) == pytest.approx(2 * 1.386294, abs=1e-5)
    own = torch.eye(4)
    assert float(matching.matching(matching.sentence_scores(own, own))) < 2 * 3 * math.exp(-10) * 1.01
    # what stands where there is no word does not count
    other = words.clone()
    other[0, :, 3:] = 7.0
    torch.testing.assert_close(matching.word_scores(other, regions, known), matching.word_scores(words, regions, known))


def test_attended_places_take_words_in_shares():
    from adversaria.networks.attngan import attended

    maps = torch.tensor([[[[9.0, 0.0]], [[0.0, 0.0]]]])
    words = torch.tensor([[[9.0, 1.0], [-9.0, 3.0], [5.0, 5.0]]])
    found = attended(maps, words, torch.tensor([[1, 1, 0]]))
    torch.testing.assert_close(found[0, :, 0, 0], torch.tensor([9.0, 1.0]))
    torch.testing.assert_close(found[0, :, 0, 1], torch.tensor([0.0, 2.0]))
    assert not attended(maps, words, torch.tensor([[0, 0, 0]])).any()


def test_the_text_encoder_does_not_read_what_fills_up():
    encoder = networks.TextEncoder(10, 8)
    short, long = torch.tensor([[3, 4, 0, 0]]), torch.tensor([[3, 4, 0, 0, 0]])
    assert not encoder.words(short)[0, :, 2:].any()
    assert encoder(torch.zeros(1, 3, dtype=torch.int64)).abs().sum() == 0
    assert encoder(short).shape == encoder(long).shape == (1, 8)


def test_boxes_and_points():
    """The text inside the box only; a full box equals plain repetition; one 1 a point, none for an absent one."""
    mask = torch.zeros(2, 1, 6, 8)
    mask[0, 0, 2:4, 3:7] = 5
    boxes = place.boxes_of(mask)
    assert boxes.tolist() == [[[2, 4], [3, 7]], [[0, 6], [0, 8]]]
    maps = place.box_maps(boxes, (6, 8))
    code = torch.tensor([[2.0, -3.0]] * 2)
    said = code[:, :, None, None] * maps
    assert torch.equal(said[0, :, 2, 3], code[0]) and said[0].abs().sum() == 8 * 5 and not said[0, :, 4].any()
    assert torch.equal(said[1], code[1][:, None, None].expand(2, 6, 8))
    volume = torch.zeros(1, 1, 4, 5, 6)
    volume[0, 0, 1, 2, 3] = 1
    assert place.boxes_of(volume).tolist() == [[[1, 2], [2, 3], [3, 4]]]
    points = place.point_maps(torch.tensor([[[0.0, 0.99], [0.5, 0.5], [-1.0, 0.5]]]), 4)
    assert points.sum((2, 3)).tolist() == [[1, 1, 0]] and points[0, 0, 0, 3] == points[0, 1, 2, 2] == 1


def test_what_is_cropped_and_pasted_is_the_same_inside_the_box():
    rows, columns = torch.meshgrid(torch.linspace(0, 3, 32), torch.linspace(0, 2, 40), indexing="ij")
    smooth = (rows.sin() + columns.cos())[None, None]
    boxes = torch.tensor([[[4, 25], [10, 38]]])
    again = place.paste(place.crop(smooth, boxes, (24, 24)), boxes, (32, 40))
    inside = place.box_maps(boxes, (32, 40))
    assert float(((again - smooth) * inside).abs().max()) < 1e-2 and not (again * (1 - inside)).any()
    exact = place.crop(smooth, boxes, (21, 28))
    torch.testing.assert_close(exact, smooth[..., 4:25, 10:38], atol=1e-5, rtol=0)


def test_location_at_indifference_and_its_network():
    game = at(build("LocationGAN"), 1)
    zeroed(game.discriminator)
    found = dict(turns(game))
    assert sum(found["discriminator"].values()) == pytest.approx(2 * LOG2, abs=1e-5)
    assert sum(found["generator"].values()) == pytest.approx(LOG2, abs=1e-5)
    network = networks.LocationGenerator(size=32, text=6, latent=5, width=4)
    boxes = torch.tensor([[[4, 12], [8, 24]], [[0, 32], [0, 32]]])
    assert network(torch.zeros(2, 5), torch.ones(2, 6), boxes).shape == (2, 1, 32, 32)


def test_text_networks_fit_together():
    words = torch.tensor([[1, 2, 3, 0]] * 2)
    text, code = networks.TextEncoder(8, 6), networks.ConditioningAugmentation(6, 3)
    mean, _ = code(text(words))
    first = networks.StageOne(size=32, latent=5, code=3, width=4)
    small = first(torch.zeros(2, 5), mean)
    assert small.shape == (2, 1, 8, 8) and networks.StageTwo(code=3, width=4)(small, mean).shape == (2, 1, 32, 32)
    generator = networks.AttnGenerator(size=32, latent=5, code=3, text=6, width=4)
    images = generator(torch.zeros(2, 5), mean, text.words(words), words > 0)
    assert [image.shape[-1] for image in images] == [8, 16, 32]
    judges = networks.StageDiscriminators(size=32, text=6, code=3, width=4)
    assert all(judges.judge(k, image, text(words)).ndim == 4 for k, image in enumerate(images))


def test_gumbel_softmax_follows_softmax():
    """At temperature 0.1 the frequencies of the drawn words are softmax within 0.02; the value is one-hot."""
    logits = torch.tensor([0.5, -1.0, 1.2, 0.0]).requires_grad_(True)
    draws = torch.from_numpy(Draws(0, 0, range(20_000)).uniform("words", (4,))).float()
    drawn = gumbel_softmax(logits.expand(20_000, 4), draws, 0.1)
    torch.testing.assert_close(drawn.mean(0), logits.softmax(0), atol=0.02, rtol=0)
    assert torch.equal(drawn.detach().amax(1), torch.ones(20_000)) and drawn.sum() == 20_000
    (slope,) = torch.autograd.grad((drawn * torch.arange(4.0)).sum(), logits)
    assert slope.abs().sum() > 0


def test_caption_terms():
    """Likelihood first; at indifference D 2 log 2, G log 2; the sentence is likelier after the words it follows."""
    game = build("CaptionGAN")
    (said,) = turns(game)
    assert said[0] == "generator" and set(said[1]) == {"likelihood"}
    zeroed(game.generator.word)
    assert turns(game)[0][1]["likelihood"] == pytest.approx(math.log(8), abs=1e-5)
    zeroed(game.discriminator)
    found = dict(turns(at(game, 1)))
    assert sum(found["discriminator"].values()) == pytest.approx(2 * LOG2, abs=1e-5)
    assert found["generator"] == {"adversarial": pytest.approx(LOG2, abs=1e-5)}
    words, teller = batch(), build("CaptionGAN").generator
    changed = words["text"].clone()
    changed[:, 3:] = (changed[:, 3:] + 1) % 8
    same, other = (teller.following(words["image"], t) for t in (words["text"], changed))
    assert torch.equal(same[..., :4], other[..., :4]) and not torch.equal(same[..., 4:], other[..., 4:])


def test_stacked_worked_example():
    """Exact Q and conditions: 0; G blind to uniform noise: best squared error 1/12; E gets no step later."""
    game = at(build("StackedGAN"), 1)
    found = dict(turns(game))
    assert set(found) == {"discriminators", "generators"} and set(dict(turns(at(game, 0)))) == {"encoder"}
    noise = game.uniform({"draws": Draws(0, 0, range(5000)), "x": torch.zeros(1)}, "top", (4,))
    assert float((noise - 0.5).square().mean()) == pytest.approx(1 / 12, abs=2e-3)
    at(game, 1)
    play = game.play(batch())
    next(play)
    _, losses = play.send({})
    assert gradient(losses["image_condition"], game.generator).any()

    zeroed(game.encoder.upper)
    assert dict(turns(game))["generators"]["top_condition"] == pytest.approx(math.log(3), abs=1e-5)


def test_stacked_levels_are_apart_until_they_are_joined():
    """Alone, the lower level gives the upper nothing; joined, the stated share of its gradient."""

    def slope(plays, share):
        game = at(build("StackedGAN"), plays)
        game.share = share
        play = game.play(batch())
        next(play)
        _, losses = play.send({})
        return gradient(losses["image_adversarial"], game.top_generator)

    assert not slope(1, 0.01).any()
    part, whole = slope(2, 0.01), slope(2, 1.0)
    assert part.any()
    torch.testing.assert_close(part, 0.01 * whole, rtol=1e-4, atol=1e-9)


def test_stack_networks_fit_together():
    classifier = networks.StackEncoder(classes=3, width=4)
    features = classifier.features(torch.zeros(2, 1, 32, 32))
    top = networks.StackTop(classes=3, latent=5, width=4)
    made = top(torch.zeros(2, 5), torch.tensor([0, 2]))
    assert made.shape == features.shape and classifier.top(made).shape == (2, 3)
    assert networks.StackImage(latent=5, width=4)(torch.zeros(2, 5), made).shape == (2, 1, 32, 32)
    judged = networks.StackDiscriminator(16, 5, 2, 4)(made)
    assert judged["score"].shape == (2, 1) and judged["latent"].shape == (2, 5)


def test_every_text_game_says_that_it_couples_samples():
    assert all(build(name).couples_samples for name in ("StackGAN", "AttnGAN", "LocationGAN", "CaptionGAN"))
    assert not games.StackedGAN.__dict__.get("couples_samples", False)


GIVEN = [name for name in NAMES if build(name).given is not None]


@pytest.mark.parametrize("name", [name for name in GIVEN if name != "CollaGAN"])
def test_a_game_answers_from_the_words_it_says_it_is_given(name):
    """What a game declares suffices, and each word is needed (the fixture of CollaGAN reads other words)."""
    game, words = build(name).eval(), batch()
    enough = {"draws": words["draws"], "like": torch.zeros(0), **{word: words[word] for word in game.given}}
    with torch.no_grad():
        assert len(game(enough)["output"]) == len(words["image"])
        # without an image, this one makes one
        for word in game.given if name != "SemiSupervisedSegmentation" else ():
            with pytest.raises(KeyError):
                game({w: t for w, t in enough.items() if w != word})
