"""Every game, by enumeration: who moves, what is stale, and that a batch may be cut or spread."""

import copy
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

from adversaria import games, losses
from adversaria.draws import Draws, order
from adversaria.engine import Table
from adversaria.engine.recompute import recomputing
from adversaria.games.pool import ImagePool
from playground import BATCH, BUILD, NAMES, Discriminator, Translator, batch, build

BOTH = pytest.mark.parametrize("dims", [2, 3])
EVERY = pytest.mark.parametrize("name", NAMES)
COUPLED = [name for name in NAMES if build(name).couples_samples]


def plain_table(game, rate=0.0, **kwargs):
    optimisers = {p: torch.optim.SGD(game.parameters_of(p).values(), lr=rate) for p in game.players}
    return Table(game, step=lambda player: optimisers[player].step(), **kwargs)


def play(game, micros, plays, rate=1e-2):
    table = plain_table(game, rate)
    for index in range(plays):
        game.plays = index
        table.play(micros(index))


def test_every_game_has_a_fixture():
    assert set(BUILD) == set(NAMES)


@EVERY
@BOTH
def test_one_turn_moves_its_players_and_only_them(name, dims):
    """After each step, exactly the parameters of the player that stepped have changed."""
    game = build(name, dims)
    owner = {id(p): player for player in game.players for p in game.parameters_of(player).values()}
    moved: list[tuple[str, set[str]]] = []
    optimisers = {p: torch.optim.SGD(game.parameters_of(p).values(), lr=1e-2) for p in game.players}

    def step(player):
        before = {id(p): p.detach().clone() for p in game.parameters()}
        optimisers[player].step()
        changed = {owner[id(p)] for p in game.parameters() if not torch.equal(p, before[id(p)])}
        moved.append((player, changed))

    table = Table(game, step=step)
    for index in range(3):
        game.plays = index
        table.play([batch(dims, index)])
    assert {player for player, _ in moved} == set(game.players)
    assert all(changed == {player} for player, changed in moved), moved


@EVERY
def test_players_partition_the_trained_parameters(name):
    game = build(name)
    seen = [id(p) for player in game.players for p in game.parameters_of(player).values()]
    assert len(seen) == len(set(seen)) == len(list(game.parameters()))


@EVERY
@BOTH
def test_no_game_uses_a_stale_score(name, dims):
    """In fp32 the engine's version bump makes a score from before a step raise; every game plays clean."""
    play(build(name, dims), lambda index: [batch(dims, index)], 4)


class Stale(games.GAN):
    """A wrong game: the generator's score is taken before the discriminator steps."""

    def play(self, batch):
        real = batch["image"]
        fake = self.generator(self.normal(batch, "latent", self.generator.latent_shape))
        score = self.discriminator(fake)
        yield (
            "discriminator",
            {"adversarial": self.adversarial.discriminator(self.discriminator(real), score)},
        )
        yield "generator", {"adversarial": self.adversarial.generator(score)}


@pytest.mark.parametrize("fused", [False, True])
def test_a_stale_score_is_loud(fused):
    game = build("GAN")
    stale = Stale(game.generator, game.discriminator)
    optimisers = {p: torch.optim.Adam(stale.parameters_of(p).values(), fused=fused) for p in stale.players}
    table = Table(stale, step=lambda player: optimisers[player].step())
    with pytest.raises(RuntimeError, match="modified by an inplace operation|backward through the graph a second"):
        table.play([batch()])


class StaleSimple(games.Supervised):
    """A wrong game whose graph is not freed by the first turn, so that only the version can tell."""

    players = {"first": ("generator",), "second": ("other",)}

    def __init__(self):
        super().__init__(nn.Conv2d(1, 1, 1))
        self.other = nn.Conv2d(1, 1, 1)

    def play(self, batch):
        made = self.generator(batch["source"])
        score = self.other(made)
        yield "second", {"a": self.other(batch["source"]).pow(2).mean()}
        yield "first", {"a": score.pow(2).mean()}


def test_the_version_bump_alone_catches_staleness_with_a_fused_optimiser():
    game = StaleSimple()
    optimisers = {p: torch.optim.Adam(game.parameters_of(p).values(), fused=True) for p in game.players}
    table = Table(game, step=lambda player: optimisers[player].step())
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        table.play([batch()])


@pytest.mark.parametrize("name", [name for name in NAMES if name not in COUPLED])
@pytest.mark.parametrize("parts", [2, 4])
def test_lockstep_gives_the_gradients_of_the_big_batch(name, parts):
    """First step in fp32 to 1e-5, three SGD plays in float64 to 1e-9 (relative)."""
    for dtype, bound, plays in ((torch.float32, 1e-5, 1), (torch.float64, 1e-9, 3)):
        whole, cut = build(name).to(dtype), build(name).to(dtype)

        def micros(index, n, dtype=dtype):
            return [batch(2, index, part, n, dtype) for part in range(n)]

        play(whole, partial(micros, n=1), plays)
        with recomputing(cut):
            play(cut, partial(micros, n=parts), plays)
        start = build(name).to(dtype)
        for (label, a), b, c in zip(whole.named_parameters(), cut.parameters(), start.parameters(), strict=True):
            step = (a - c).abs().max().clamp_min(1e-12)
            rounding = torch.finfo(dtype).eps * a.abs().max()
            assert (a - b).abs().max() <= bound * max(step, 1e-2 * a.abs().max()) + rounding, label


def first_gradients(name, micros):
    game, found = build(name).to(torch.float64), {}

    def step(player):
        mine = {n: p.grad.clone() for n, p in game.parameters_of(player).items() if p.grad is not None}
        found.update(mine if not found else {})

    Table(game, step=step).play(micros)
    return found


@pytest.mark.parametrize("name", COUPLED)
def test_what_couples_samples_is_coupled_within_each_part_only(name):
    """Their promise: micro-batches give the mean of the parts' gradients, which is not that of the big batch."""
    parts = [batch(2, 0, part, 2, torch.float64) for part in range(2)]
    together, alone = first_gradients(name, parts), [first_gradients(name, [part]) for part in parts]
    for label, gradient in together.items():
        torch.testing.assert_close(gradient, (alone[0][label] + alone[1][label]) / 2, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", [name for name in NAMES if hasattr(build(name), "penalty")])
def test_a_lazy_penalty_is_taken_at_every_nth_play_only(name):
    """Every game asks `penalty.at(plays)`; one that called the penalty itself would take it at every play."""
    game = build(name)
    game.penalty = losses.R1(every=2)
    for alone in ("pretraining", "segmenter_plays"):  # plays in which one player learns alone, and pays no penalty
        if hasattr(game, alone):
            setattr(game, alone, 0)
    for index in range(4):
        game.plays = index
        taken = plain_table(game).play([batch(play=index)])
        terms = {term for turn in taken for part in turn.losses.values() for term in part}
        assert any("penalty" in term for term in terms) == (index % 2 == 0), (index, terms)


@EVERY
def test_draws_reach_the_game_by_key(name):
    """The same play twice gives the same bytes; another play gives others."""
    game = build(name).eval()
    with torch.no_grad():
        once, again = game(batch(play=1))["output"], game(batch(play=1))["output"]
    assert torch.equal(once, again)


@EVERY
def test_recomputation_leaves_statistics_unmoved(name):
    """Batch statistics after a play are those of one pass, although networks ran twice."""
    torch.manual_seed(0)

    def normalised(game):
        for player in game.players:
            for network in game.modules_of(player):
                for module in list(network.modules()):
                    for child, found in module.named_children():
                        if isinstance(found, nn.InstanceNorm2d):
                            setattr(module, child, nn.BatchNorm2d(found.num_features))
        return game

    plain = normalised(build(name))
    again = copy.deepcopy(plain)
    play(plain, lambda index: [batch(2, index)], 1)
    with recomputing(again):
        play(again, lambda index: [batch(2, index)], 1)
    for (label, a), b in zip(plain.named_buffers(), again.buffers(), strict=True):
        assert torch.equal(a, b), label


def test_dropout_is_keyed_and_survives_recomputation():
    def dropping():
        game = build("Pix2Pix")
        game.generator = nn.Sequential(game.generator, nn.Dropout(0.5))
        return game

    plain, again, other = dropping(), dropping(), dropping()
    play(plain, lambda index: [batch(2, index)], 2)
    with recomputing(again):
        torch.rand(7)
        play(again, lambda index: [batch(2, index)], 2)
    table = plain_table(other, 1e-2, seed=1)
    for index in range(2):
        other.plays = index
        table.play([batch(2, index)])
    weights = [torch.cat([p.flatten() for p in g.parameters()]) for g in (plain, again, other)]
    assert torch.equal(weights[0], weights[1])
    assert not torch.equal(weights[0], weights[2])


def test_a_pool_returns_new_images_until_full_then_old_ones():
    pool = ImagePool(50, (1, 2, 2))
    images = torch.arange(100.0).view(100, 1, 1, 1).expand(100, 1, 2, 2)
    draws = torch.from_numpy(Draws(0, 0, range(100)).uniform("pool", (2,)))
    first = pool.query(images[:50], draws[:50])
    assert torch.equal(first, images[:50])
    later = pool.query(images[50:], draws[50:])
    old = (later[:, 0, 0, 0] < 50).float().mean()
    assert 0.25 < old < 0.75
    assert "images" in dict(pool.named_buffers()) and int(pool.count) == 50


def test_cyclegan_with_identity_generators_has_no_cycle_or_identity_loss():
    game = games.CycleGAN(
        nn.Conv2d(1, 1, 1),
        nn.Conv2d(1, 1, 1),
        Discriminator(2),
        Discriminator(2),
        (1, 8, 8),
        (1, 8, 8),
        identity=5.0,
    )
    with torch.no_grad():
        for translator in (game.generator, game.reverse_generator):
            translator.weight.fill_(1.0)
            translator.bias.fill_(0.0)
    player, losses = next(game.play(batch()))
    assert player == "generators"
    assert all(float(losses[name].detach()) == 0 for name in losses if "adversarial" not in name)


class Half(Discriminator):
    """Says 0.5 whatever it sees, keeping its graph."""

    def forward(self, image, condition=None):
        return super().forward(image, condition) * 0 + 0.5


def test_cyclegan_worked_example():
    """All D = 0.5, cycle L1 0.1 each way: G 2.5; identity 0.1 each adds 1.0; D 0.25 a domain."""

    class Shift(nn.Module):
        def __init__(self, by):
            super().__init__()
            self.by = nn.Parameter(torch.tensor(by))

        def forward(self, image, condition=None):
            return image + self.by

    game = games.CycleGAN(Shift(0.05), Shift(0.05), Half(2), Half(2), (1, 8, 8), (1, 8, 8), identity=10.0)
    turns = game.play(batch())
    _, generators = next(turns)
    values = {name: float(v.detach()) for name, v in generators.items()}
    assert sum(v for n, v in values.items() if "identity" not in n) == pytest.approx(2.5, abs=1e-5)
    assert sum(v for n, v in values.items() if "identity" in n) == pytest.approx(1.0, abs=1e-5)
    _, discriminators = turns.send(None)
    assert [float(v.detach()) for v in discriminators.values()] == pytest.approx([0.25, 0.25])


def test_pix2pix_worked_example():
    """At indifference D 0.693147 (halved); G with L1 = 0.02: 2.693147. The condition reaches D."""

    class Zero(Discriminator):
        def forward(self, image, condition=None):
            return super().forward(image, condition) * 0

    class Copy(nn.Module):
        def __init__(self):
            super().__init__()
            self.one = nn.Parameter(torch.ones(()))

        def forward(self, image, condition=None):
            return image * self.one

    words = batch()
    words["target"] = words["source"] + 0.02
    turns = games.Pix2Pix(Copy(), Zero(2, 2)).play(words)
    assert float(next(turns)[1]["adversarial"].detach()) == pytest.approx(0.693147, abs=1e-5)
    _, losses = turns.send(None)
    assert float(sum(losses.values()).detach()) == pytest.approx(2.693147, abs=1e-4)
    swapped = Discriminator(2, 2)
    score = swapped(words["target"], words["source"])
    assert not torch.allclose(score, swapped(words["target"], words["source"].flip(0)))


def test_vaegan_signals_are_not_mixed():
    """D at indifference costs 3 log 2; no adversarial gradient reaches Enc, no similarity reaches D."""
    game = build("VAEGAN")
    with torch.no_grad():
        game.discriminator.second.weight.zero_()
        game.discriminator.second.bias.zero_()
    turn = next(game.play(batch()))
    assert float(sum(turn["discriminator"].values()).detach()) == pytest.approx(3 * np.log(2), abs=1e-5)
    assert set(turn["encoder"]) == {"divergence", "similarity"}
    assert "similarity" not in turn["discriminator"] and "divergence" not in turn["decoder"]
    divergence = losses.LatentKL()
    one, four = torch.ones(3, 1), torch.full((3, 1), 4.0).log()
    assert float(divergence(one, one * 0)) == pytest.approx(0.5)
    assert float(divergence(one * 0, four)) == pytest.approx(0.806853, abs=1e-5)
    assert float(divergence(one, four)) == pytest.approx(1.306853, abs=1e-5)


def test_wgan_gp_steps_its_generator_every_nth_play():
    game, stepped = build("WGANGP"), []
    table = Table(game, step=stepped.append)
    for index in range(4):
        game.plays = index
        table.play([batch(play=index)])
    assert stepped == ["critic", "critic", "generator"] * 2


def test_a_slot_draws_the_same_numbers_however_the_batch_is_cut():
    whole = Draws(3, 5, range(6)).uniform("latent", (7,))
    cut = np.concatenate([Draws(3, 5, range(i, i + 2)).uniform("latent", (7,)) for i in (0, 2, 4)])
    picked = Draws(3, 5, [4, 1]).uniform("latent", (7,))
    assert np.array_equal(whole, cut) and np.array_equal(picked, whole[[4, 1]])
    assert not np.array_equal(whole, Draws(3, 6, range(6)).uniform("latent", (7,)))
    assert not np.array_equal(whole, Draws(3, 5, range(6)).uniform("mix", (7,)))
    assert sorted(order(10, 1, "a")) == list(range(10)) and not np.array_equal(order(10, 1), order(10, 2))


def test_draws_are_uniform_and_normal():
    from scipy import stats

    found = Draws(0, 0, range(64)).uniform("x", (1001,)).ravel()
    assert stats.kstest(found, "uniform").pvalue > 1e-3
    normal = games.Game.normal({"draws": Draws(0, 0, range(64))}, "x", (1001,)).numpy().ravel()
    assert stats.kstest(normal, "norm").pvalue > 1e-3
    assert abs(np.corrcoef(found[:-1], found[1:])[0, 1]) < 0.02


def test_batch_size_is_stated():
    assert len(batch()["image"]) == BATCH and Translator(2)(batch()["image"]).shape == batch()["image"].shape
