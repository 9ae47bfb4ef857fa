"""Worked examples of DiscoGAN, UNIT, context encoders, cascades, CollaGAN and SimGAN."""

import pytest
import torch
from torch import nn

from adversaria import games, losses
from playground import Discriminator, Translator, batch, build
from turns import LOG2, Shift, Zero, turns


def test_discogan_worked_example():
    """D = 0.5, both reconstructions off by 0.1: G 2 log 2 + 0.02; the authors' first weights: 0.137443."""
    parts = Shift(0.05), Shift(0.05), Zero(2), Zero(2)
    (_, judged), (_, made) = turns(games.DiscoGAN(*parts))
    assert sum(made.values()) == pytest.approx(1.406294, abs=1e-5)
    assert sum(judged.values()) == pytest.approx(4 * LOG2, abs=1e-5)
    code = games.DiscoGAN(*parts, adversarial_weight=0.099, cycle=0.01)
    assert sum(turns(code)[1][1].values()) == pytest.approx(0.137443, abs=1e-5)
    inverse = games.DiscoGAN(Shift(0.3), Shift(-0.3), Zero(2), Zero(2))
    assert sum(v for n, v in turns(inverse)[1][1].items() if "cycle" in n) == pytest.approx(0, abs=1e-6)


def test_discogan_matching_is_zero_for_equal_batches_of_features():
    game = games.DiscoGAN(Shift(), Shift(), Discriminator(2), Discriminator(2), matching=0.9)
    words = batch()
    words["target"] = words["source"].flip(0)
    found = turns(game, words)[1][1]
    assert found["matching_target"] == pytest.approx(0, abs=1e-10) and game.couples_samples
    words["target"] = words["source"] + 1
    assert turns(game, words)[1][1]["matching_target"] > 1e-3


def test_unit_divergence_and_weights():
    """mu = (1, -1, 2): mean of mu^2/2 is 1, weighted 0.1; adversarial : KL : L1 = 10 : 0.1 : 100."""
    from adversaria.games.unit import divergence

    assert float(divergence(torch.tensor([[1.0, -1.0, 2.0]]))) == pytest.approx(1)
    game = build("UNIT")
    assert (game.adversarial_weight, game.divergence, game.likelihood) == (10.0, 0.1, 100.0)
    found = dict(turns(game))
    assert set(found) == {"discriminators", "generators"} and len(found["generators"]) == 8


def test_unit_shares_its_inner_layers_once():
    game = build("UNIT")
    names = list(game.parameters_of("generators"))
    assert sum(name.startswith("shared_encoder") for name in names) == 6
    source, target = game.encode(game.source_encoder, torch.ones(1, 1, 8, 8)), None
    with torch.no_grad():
        for own, other in zip(game.source_encoder.parameters(), game.target_encoder.parameters(), strict=True):
            other.copy_(own)
    target = game.encode(game.target_encoder, torch.ones(1, 1, 8, 8))
    assert torch.equal(source, target)


def test_unit_with_zero_codes_and_exact_decoders_pays_nothing_but_the_adversary():
    """Codes 0 and decoders that give the (constant zero) image: variational and cycle terms vanish."""
    game = games.UNIT(
        *(Shift(factor=0.0) for _ in range(2)), Shift(), Shift(factor=0.0), *(Shift(factor=0.0) for _ in range(2)),
        Zero(2), Zero(2),
    )  # fmt: skip
    words = {**batch(), "source": torch.zeros(4, 1, 8, 8), "target": torch.zeros(4, 1, 8, 8)}
    found = dict(turns(game, words))["generators"]
    assert sum(v for n, v in found.items() if "adversarial" in n) == pytest.approx(20 * LOG2, abs=1e-4)
    assert sum(v for n, v in found.items() if "adversarial" not in n) == pytest.approx(0, abs=1e-7)


def test_context_encoder_worked_example():
    """Error 0.2 everywhere in the hole, D = 0.5: 0.999 x 0.04 + 0.001 x log 2 = 0.040653."""
    game = games.ContextEncoder(Shift(0.2, 0.0), Zero(2), overlap=0)
    words = {**batch(), "image": torch.zeros(4, 1, 8, 8)}
    del words["mask"]
    found = dict(turns(game, words))["generator"]
    assert sum(found.values()) == pytest.approx(0.040653, abs=1e-6)


def test_context_encoder_sees_nothing_inside_the_hole_and_judges_nothing_outside():
    game, words = build("ContextEncoder"), batch()
    game.overlap = 0
    hole = words["mask"]
    once = turns(game, words)
    game.generator[-1].register_forward_hook(lambda module, given, made: made + 5 * (1 - hole))
    assert turns(game, words) == once

    seen = []
    game.generator.register_forward_pre_hook(lambda module, given: seen.append(given[0]))
    changed = {**words, "image": words["image"] + 3 * hole}
    turns(game, words), turns(game, changed)
    assert torch.equal(seen[0], seen[1])


def test_context_encoder_band_counts_ten_times():
    game = games.ContextEncoder(Shift(), Zero(2))
    hole = torch.zeros(1, 1, 64, 64)
    hole[..., 16:48, 16:48] = 1
    weights = game.weights(hole)
    assert float(weights.sum()) == 32 * 32 + 10 * (46 * 46 - 32 * 32)
    assert weights[0, 0, 20, 20] == 1 and weights[0, 0, 9, 30] == 10 and weights[0, 0, 8, 30] == 0


def test_cascade_freezes_its_first_stage_to_the_bit():
    """Second stage playing: parameters and batch statistics of the first stay; joint: both change."""
    from playground import cascade

    for first_plays, changes in ((1, False), (0, True)):
        torch.manual_seed(0)
        game = cascade(2, first_plays)
        game.first[1] = nn.BatchNorm2d(6)
        game.train()
        before = {k: v.clone() for k, v in game.first.state_dict().items()}
        for index in range(1, 4):
            game.plays = index
            played_once(game, index)
        same = all(torch.equal(v, before[k]) for k, v in game.first.state_dict().items())
        assert same != changes


def played_once(game, index):
    from test_games import plain_table

    plain_table(game, 1e-2).play([batch(play=index)])


def test_cascade_of_an_identity_is_its_first_stage_and_perfect_output_costs_the_adversary_only():
    class Pass(Shift):
        def forward(self, image, condition=None):
            return condition + self.by

    game = games.CascadeCGAN(Shift(0.1), Pass(), Zero(2, 2), Zero(2, 2))
    words = batch()
    assert torch.equal(game(words)["output"], game.first(words["source"]))
    words["target"] = words["source"] + 0.1
    found = dict(turns(game, words))[("first", "second")]
    assert sum(found.values()) == pytest.approx(2 * LOG2, abs=1e-5)


def test_collagan_similarity_and_passes():
    """SSIM 1, 0.5, 0: 0, 0.287682, 0.693147; four contrasts: one pass forward and three back."""
    from adversaria.games import collagan

    same = torch.rand(2, 1, 16, 16, generator=torch.Generator().manual_seed(0))
    assert float(collagan.dissimilarity(same, same)[0]) == pytest.approx(0, abs=1e-6)
    formula = [-torch.log((1 + torch.tensor(s)) / 2) for s in (0.5, 0.0)]
    assert [float(v) for v in formula] == pytest.approx([0.287682, 0.693147], abs=1e-6)
    flat = torch.zeros(1, 1, 16, 16)
    assert float(collagan.dissimilarity(flat + 1, flat - 1)[0]) > 5

    calls = []

    class Colla(nn.Module):
        def __init__(self):
            super().__init__()
            self.by = nn.Parameter(torch.zeros(()))

        def forward(self, image, condition):
            calls.append((image.detach(), condition.detach()))
            return image.sum(1, keepdim=True) + self.by

    class Four(Zero):
        def forward(self, image, condition=None):
            score = super().forward(image, condition)
            return {"score": score, "label": score.flatten(1)[:, :1].expand(-1, 4)}

    game = games.CollaGAN(Colla(), Four(2))
    image = batch()["source"].expand(-1, 4, -1, -1).repeat(1, 1, 2, 2)
    found = turns(game, {**batch(), "image": image})
    assert len(calls) == 1 + 3
    assert found[0][1]["classification"] == pytest.approx(1.386294, abs=1e-5)
    asked = torch.stack([condition[:, :, 0, 0] for _, condition in calls])
    assert torch.equal(asked.sum(0), torch.ones(4, 4)) and torch.equal(asked.sum(2), torch.ones(4, 4))


def test_collagan_cannot_see_the_missing_contrast_and_true_images_cost_nothing():
    game = build("CollaGAN")
    image = torch.cat([batch()["source"], batch()["target"]], 1).requires_grad_(True)
    exists = torch.ones(4, 2)
    made = game.make(image, exists, torch.tensor([0, 0, 1, 1]))
    (slope,) = torch.autograd.grad(made.sum(), image)
    assert (slope[:2, 0] == 0).all() and (slope[2:, 1] == 0).all() and (slope[:2, 1] != 0).any()

    words = {**batch(), "target": batch()["source"]}

    class True_(nn.Module):
        def __init__(self):
            super().__init__()
            self.by = nn.Parameter(torch.zeros(()))

        def forward(self, image, condition):
            return words["source"].tanh() + self.by

    game.generator = True_()
    found = dict(turns(game, words))["generator"]
    assert found["cycle"] == pytest.approx(0, abs=1e-7) and found["similarity"] == pytest.approx(0, abs=1e-6)


def test_collagan_heeds_which_contrasts_are_present():
    from adversaria.games import collagan

    exists = torch.tensor([[1.0, 0.0, 1.0], [0.0, 1.0, 0.0]])
    draws = torch.linspace(0.01, 0.99, 50)
    first = collagan.pick(exists[:1].expand(50, 3), draws)
    assert set(first.tolist()) == {0, 2} and abs(int((first == 0).sum()) - 25) <= 1
    assert set(collagan.pick(exists[1:].expand(50, 3), draws).tolist()) == {1}
    game = build("CollaGAN")
    words = {**batch(), "present": torch.tensor([[1.0, 0.0]] * 4)}
    with torch.no_grad():
        filled = game(words)["output"]
        other = game({**words, "target": words["target"] + 1})["output"]
    assert torch.equal(filled[:, 0], words["source"].tanh()[:, 0]) and torch.equal(filled, other)


def test_simgan_terms_and_turns():
    """R identity: 0; a shift of 0.1 with lambda 2: 0.2; the turns follow the plays."""
    shape = (1, 8, 8)
    still = games.SimGAN(Shift(), Zero(2), shape, refiner_plays=1)
    assert turns(still)[0] == ("refiner", {"regularisation": 0.0})
    shifted = games.SimGAN(Shift(0.1), Zero(2), shape, 2.0, refiner_plays=0, discriminator_plays=0)
    found = turns(shifted)[0][1]
    assert found == {"regularisation": pytest.approx(0.2, abs=1e-6), "adversarial": pytest.approx(LOG2, abs=1e-5)}
    game = games.SimGAN(Shift(), Zero(2), shape, refiner_plays=2, discriminator_plays=1, refiner_steps=2, history=0)
    said = []
    for plays in range(9):
        game.plays = plays
        said.append(turns(game)[0][0][0])
    assert "".join(said) == "rr" + "d" + "rrd" + "rrd"


def test_simgan_blur_forgives_noise_of_one_pixel():
    class Checker(Shift):
        def forward(self, image, condition=None):
            board = torch.ones(8, 8)
            board[::2, ::2] = board[1::2, 1::2] = -1
            return image + 0.1 * board + self.by

    plain = games.SimGAN(Checker(), Zero(2), (1, 8, 8), refiner_plays=1)
    blurred = games.SimGAN(Checker(), Zero(2), (1, 8, 8), psi=nn.AvgPool2d(2, 1), refiner_plays=1)
    assert turns(blurred)[0][1]["regularisation"] < 0.01 * turns(plain)[0][1]["regularisation"]


def test_history_gives_half_of_each_batch_from_the_past():
    from adversaria.draws import Draws
    from adversaria.games.pool import HistoryBuffer

    buffer = HistoryBuffer(20, (1, 2, 2))
    for start in range(0, 200, 10):
        fresh = torch.arange(start, start + 10.0).view(10, 1, 1, 1).expand(10, 1, 2, 2)
        draws = torch.from_numpy(Draws(0, start, range(10)).uniform("history", (2,)))
        given = buffer.mix(fresh, draws)[:, 0, 0, 0]
        old = int((given < start).sum())
        assert old == (0 if start < 20 else 5), start
    assert float(buffer.images[:, 0, 0, 0].max()) >= 180 and len(buffer.images) == 20


class Masked(nn.Module):
    """A term that cannot do without a region of interest."""

    def forward(self, output, source, mask):
        return ((output - source).abs() * mask).sum() / mask.sum()


def test_terms_of_a_cycle_are_fed_the_words_of_the_source_and_only_forward():
    terms = {"masked": losses.Weighted(Masked(), 2.0), "plain": losses.Weighted(losses.GreySelfRegularisation())}
    parts = Translator(2), Translator(2), Discriminator(2), Discriminator(2)
    words = batch()
    shape = tuple(words["source"].shape[1:])
    game = games.CycleGAN(*parts, source_shape=shape, target_shape=shape, pool=0, terms=losses.Terms(terms))
    found = turns(game, words)[0][1]
    assert {"forward_masked", "forward_plain", "reverse_plain"} <= set(found) and "reverse_masked" not in found
    wanted = 2 * Masked()(game.generator(words["source"]), words["source"], words["mask"])
    assert found["forward_masked"] == pytest.approx(wanted.item(), rel=1e-5)
