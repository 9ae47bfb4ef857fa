"""Each framework's objective against closed forms: networks that are tables, images that are numbers."""

import math
from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from adversaria import games, losses, networks
from adversaria.draws import Draws
from adversaria.engine import Table as Engine
from adversaria.games.catgan import entropy
from adversaria.games.ebgan import pulling_away
from adversaria.games.infogan import categorical_bound, continuous_bound
from adversaria.recipes.index import entries
from playground import Headed, batch, build

LOG2, LOG4 = math.log(2), math.log(4)
P, Q = [0] * 5 + [1] * 3 + [2] * 2, [0] * 2 + [1] * 3 + [2] * 5


def pictures(numbers) -> Tensor:
    """Images of one pixel, (B, 1, 1, 1), in double precision."""
    return torch.as_tensor(numbers, dtype=torch.float64).view(-1, 1, 1, 1)


class Fixed(nn.Module):
    """A generator that always makes the same images."""

    latent_shape = (1,)
    classes = 2

    def __init__(self, numbers):
        super().__init__()
        self.made = nn.Parameter(pictures(numbers))

    def forward(self, latent, condition=None):
        return self.made


class Lookup(nn.Module):
    """A network that looks its answer up: rows by the image's number, and by the condition's if there is one."""

    def __init__(self, rows, dtype=torch.float64):
        super().__init__()
        self.rows = nn.Parameter(torch.as_tensor(rows, dtype=dtype))

    def forward(self, image, condition=None):
        place = image.detach().flatten().long()
        return self.rows[place] if condition is None else self.rows[place, condition.detach().flatten().long()]


def words(numbers, **more) -> dict:
    return {"image": pictures(numbers), "draws": Draws(0, 0, range(len(numbers))), **more}


def total(losses) -> float:
    return float(sum(losses.values()).detach())


def turns(game, words) -> list[tuple]:
    """Play without stepping: every turn as (player, losses)."""
    found = []
    play, seen = game.play(words), None
    try:
        while True:
            turn = play.send(seen)
            found += list(turn.items()) if isinstance(turn, dict) else [turn]
            seen = turn if isinstance(turn, dict) else turn[1]
    except StopIteration:
        return found


def test_wgan_clips_every_parameter_after_each_step_of_its_critic():
    game = build("WGAN")
    clip = game.clip + 1e-8  # in single precision
    optimisers = {p: torch.optim.SGD(game.parameters_of(p).values(), lr=1.0) for p in game.players}
    stepped = []

    def step(player):
        assert player == "critic" or max(p.abs().max() for p in game.critic.parameters()) <= clip
        optimisers[player].step()
        stepped.append(player)

    table = Engine(game, step=step)
    for index in range(4):
        game.plays = index
        table.play([batch(2, index, part, 2) for part in range(2)])
        assert max(float(p.detach().abs().max()) for p in game.critic.parameters()) <= clip
    assert stepped == ["critic", "critic", "generator"] * 2


def test_f_gan_steps_both_players_from_one_pass():
    turn = next(build("FGAN").play(batch()))
    assert set(turn) == {"generator", "discriminator"}
    best = [1 + math.log(0.5 / 0.2), 1.0, 1 + math.log(0.2 / 0.5)]
    found = dict(turns(games.FGAN(Fixed(Q), Lookup(best)), words(P)))
    assert -total(found["discriminator"]) == pytest.approx(0.274887, abs=1e-6)


def catgan(real, fake) -> tuple[float, float]:
    """The values of both players on posteriors: what D maximises, what G minimises."""
    rows = torch.cat([torch.as_tensor(x, dtype=torch.float64) for x in (real, fake)]).clamp_min(1e-30).log()
    game = games.CatGAN(Fixed(range(len(real), len(rows))), Lookup(rows))
    (_, first), (_, second) = turns(game, words(range(len(real))))
    return -total(first), total(second)


def test_catgan_entropies():
    eye, even = torch.eye(4), torch.full((4, 4), 0.25)
    one = torch.eye(4)[[0, 0, 0, 0]]
    assert catgan(eye, even) == pytest.approx((2 * LOG4, 0), abs=1e-6)
    assert catgan(eye, eye)[1] == pytest.approx(-LOG4, abs=1e-6)
    assert catgan(eye, one)[1] == pytest.approx(0, abs=1e-6)
    found = catgan([[0.9, 0.1], [0.2, 0.8]], [[0.6, 0.4], [0.5, 0.5]])
    assert found == pytest.approx((0.958476, -0.005059), abs=1e-6)


def test_catgan_players_pull_the_entropy_of_fakes_apart():
    game = build("CatGAN")
    (_, first), (_, second) = turns(game, batch())
    own = list(game.generator.parameters())
    fake = [torch.autograd.grad(x, own, retain_graph=True) for x in (first["confusion"], second["certainty"])]
    for one, other in zip(*fake, strict=True):
        torch.testing.assert_close(one, -other)
    assert float(entropy(torch.zeros(3, 5))) == pytest.approx(math.log(5))


class Reconstructing(Lookup):
    """An autoencoder whose error is looked up; its code too."""

    def forward(self, image, condition=None):
        return {"restored": image + super().forward(image).view_as(image), "code": torch.ones(len(image), 1)}


@pytest.mark.parametrize(("fake", "expected"), [(4.0, 6.5), (12.0, 0.5)])
def test_ebgan_margin(fake, expected):
    game = games.EBGAN(Fixed([1]), Reconstructing([0.5, fake]), margin=10.0)
    (_, first), (_, second) = turns(game, words([0]))
    assert total(first) == pytest.approx(expected) and total(second) == pytest.approx(fake)
    (slope,) = torch.autograd.grad(first["margin"], game.discriminator.rows)
    assert bool(slope.abs().sum()) == (fake < 10)


def test_ebgan_at_its_equilibrium():
    game = games.EBGAN(Fixed([1]), Reconstructing([7.0, 7.0]), margin=10.0, pulling_away=0)
    assert total(turns(game, words([0]))[0][1]) == pytest.approx(10.0)


def test_pulling_away():
    for codes, expected in (
        ([[1, 0], [0, 1]], 0), ([[1, 2], [1, 2], [2, 4]], 1), ([[1, 0], [1, 1]], 0.5),
        ([[1, 0], [1, 1], [0, 2]], 1 / 3), ([[3, 1]], 0),
    ):  # fmt: skip
        code = torch.tensor(codes, dtype=torch.float64)
        assert float(pulling_away(code)) == pytest.approx(expected, abs=1e-9)
        assert float(pulling_away(17 * code)) == pytest.approx(expected, abs=1e-9)


@pytest.mark.parametrize(("fake", "ks", "measure"), [(0.2, [3e-4, 6e-4], 1.3), (0.9, [0, 0], 1.4), (0.5, [0, 0], 1)])
def test_began_balance(fake, ks, measure):
    game = games.BEGAN(Fixed([1]), Reconstructing([1.0, fake])).double()
    seen = []
    table = Engine(game, step=lambda player: None)
    for k in ks:
        seen.append(table.play([words([0])]))
        assert float(game.k) == pytest.approx(k, abs=1e-9)
        assert float(game.convergence) == pytest.approx(measure, abs=1e-9)
    second = seen[1][0].losses["discriminator",]
    assert float(sum(second.values())) == pytest.approx(1 - ks[0] * fake, abs=1e-9)


def pairs(game, xs, codes, zs, fakes) -> tuple[float, float]:
    """Losses of both sides of a game on encoder pairs (x, code) and decoder pairs (fake, z)."""
    game.encode = lambda batch, image: torch.tensor(codes, dtype=torch.float64)[:, None]
    game.prior = lambda batch: torch.tensor(zs, dtype=torch.float64)[:, None]
    game.decoder.made = nn.Parameter(pictures(fakes))
    (_, first), (_, second) = turns(game, words(xs))
    return total(first), total(second)


@pytest.mark.parametrize("kind", [games.ALI, games.BiGAN])
def test_ali_and_bigan_judge_pairs(kind):
    def game(rows):
        return kind(nn.Identity(), Fixed([0]), Lookup(rows))

    one, other = (P, [0] * 10), (Q, [0] * 10)
    assert pairs(game(torch.zeros(3, 2)), *one, other[1], other[0]) == pytest.approx((2 * LOG2, 2 * LOG2))
    best = torch.tensor([math.log(2.5), 0, -math.log(2.5)])[:, None]
    value, swapped = pairs(game(best), *one, other[1], other[0])
    assert -value == pytest.approx(2 * 0.066414 - LOG4, abs=1e-5)
    # swapping labels and players leaves the game: the generators pay what D would pay for the other pairs
    assert swapped == pytest.approx(pairs(game(-best), *one, other[1], other[0])[0])


def test_bigan_whose_encoder_inverts_the_generator_cannot_be_told():
    """Equal sets of pairs: no table does better than -log 4. A permuted encoder: disjoint sets, value 0."""
    game = games.BiGAN(nn.Identity(), Fixed([0]), Lookup(torch.zeros(2, 2)))
    for move in torch.linspace(-1, 1, 8, dtype=torch.float64).view(2, 2, 2):
        game.discriminator.rows.data = move
        assert -pairs(game, [0, 1], [0, 1], [0, 1], [0, 1])[0] <= -LOG4 + 1e-12
    game.discriminator.rows.data = torch.tensor([[-50.0, 50.0], [50.0, -50.0]], dtype=torch.float64)
    assert -pairs(game, [0, 1], [1, 0], [0, 1], [0, 1])[0] == pytest.approx(0, abs=1e-9)


def test_infogan_bounds_the_information():
    chosen, seen = [0] * 10 + [1] * 10, [0] * 8 + [1] * 2 + [0] * 3 + [1] * 7
    one_hot = torch.eye(2, dtype=torch.float64)[chosen]

    def bound(rows):
        return float(categorical_bound(torch.tensor(rows, dtype=torch.float64).log()[seen], one_hot))

    assert bound([[8 / 11, 3 / 11], [2 / 9, 7 / 9]]) == pytest.approx(0.132505, abs=1e-6)
    assert bound([[0.7, 0.3], [0.3, 0.7]]) == pytest.approx(0.124648, abs=1e-6)
    assert bound([[0.5, 0.5], [0.5, 0.5]]) == pytest.approx(0, abs=1e-12)
    assert float(categorical_bound(100 * torch.eye(10), torch.eye(10))) == pytest.approx(math.log(10))
    code = torch.linspace(-1, 1, 7)[:, None]
    assert float(continuous_bound(code, 0 * code, code)) == pytest.approx(-0.225791, abs=1e-6)


def test_infogan_does_not_train_the_score_on_the_code():
    game = build("InfoGAN")
    (_, first), (_, second) = turns(game, batch())
    score = list(game.discriminator.second["score"].parameters())
    trunk = list(game.discriminator.first.parameters())
    for turn in (first, second):
        information = turn["categorical"] + turn["continuous"]
        assert all(g is None for g in torch.autograd.grad(information, score, retain_graph=True, allow_unused=True))
        assert all(g.abs().sum() > 0 for g in torch.autograd.grad(information, trunk, retain_graph=True))
    latent = game.latent(batch())
    assert torch.equal(latent[:, 1:3].sum(1), torch.ones(4)) and latent[:, 3:].abs().max() < 1


def test_noise_of_infogan_lies_on_all_that_its_discriminator_sees_and_on_nothing_else():
    seen = {}
    for noise in (0.0, 0.5):
        game = build("InfoGAN")
        game.noise, seen[noise] = noise, []
        game.discriminator.register_forward_pre_hook(lambda _, given, kept=seen[noise]: kept.append(given[0].detach()))
        made = game.generator(game.latent(batch())).detach()
        turns(game, batch())
        fake, real, again = seen[noise]
        assert torch.equal(fake, again), "one draw in both turns"
        assert torch.equal(real, batch()["image"]) == torch.equal(fake, made) == (noise == 0)
        assert torch.equal(game(batch() | {"latent": game.latent(batch())})["output"], made)
    added = torch.cat([(b - a).flatten() for a, b in zip(seen[0.0], seen[0.5], strict=True)])
    assert float(added.std()) == pytest.approx(0.5, rel=0.2)


class Classes(Lookup):
    def forward(self, image, condition=None):
        found = super().forward(image)
        return {"score": found[:, 0], "label": found[:, 1:]}


@pytest.mark.parametrize(("classes", "d", "g"), [(10, 5.991465, 2.995732), (1, 2 * LOG2, LOG2)])
def test_acgan_at_indifference(classes, d, g):
    game = games.ACGAN(Fixed([0] * 4), Classes(torch.zeros(1, classes + 1)))
    (_, first), (_, second) = turns(game, words([0] * 4, label=torch.zeros(4, dtype=torch.long)))
    assert total(first) == pytest.approx(d, abs=1e-6) and total(second) == pytest.approx(g, abs=1e-6)


def test_cgan_is_one_game_for_each_class():
    """P(c) = 1/2 each; class 0 as two unequal densities, class 1 equal: 0.5 (-1.253466 - 1.386294)."""
    label = torch.tensor([0] * 10 + [1] * 10)
    best = torch.tensor([[math.log(2.5), 0], [0, 0], [-math.log(2.5), 0]])
    game = games.CGAN(Fixed(Q + P), Lookup(best))
    assert -total(turns(game, words(P + P, label=label))[0][1]) == pytest.approx(-1.319880, abs=1e-6)
    # the right images under the wrong labels are seen: the marginals are equal, the value is above -log 4
    swapped = games.CGAN(Fixed(Q + P), Lookup(torch.stack([best[:, 0], -best[:, 0]], 1)))
    assert -total(turns(swapped, words(P + Q, label=label))[0][1]) > -LOG4 + 0.1
    assert total(turns(games.CGAN(Fixed(Q), Lookup(torch.zeros(3, 2))), words(P, label=label[:10]))[0][1]) == (
        pytest.approx(2 * LOG2)
    )


def test_semi_supervised_gan_needs_k_logits_only():
    rows = torch.tensor([[1.0, 2.0, 3.0], [0.0, 0.0, 0.0]], dtype=torch.float64)

    def first(number):
        game = games.SemiSupervisedGAN(Fixed([number]), Lookup(rows), matching=0, adversarial=1.0)
        return turns(game, words([number], label=torch.tensor([2]), unlabelled=pictures([number])))

    (_, found), (_, generator) = first(0)
    assert [found[name].item() for name in ("supervised", "unlabelled", "generated")] == pytest.approx(
        [0.407606, 0.032584, 3.440190], abs=1e-6
    )
    assert total(generator) == pytest.approx(0.032584, abs=1e-6)
    (_, even), _ = first(1)
    assert (even["unlabelled"] + even["generated"]).item() == pytest.approx(1.673976, abs=1e-6)
    # the same as a softmax over K + 1 logits, to which any constant may be added
    for constant in (0.0, 5.0):
        fake = (torch.cat([rows[0], torch.zeros(1)]) + constant).softmax(0)[-1]
        assert float(-(1 - fake).log()) == pytest.approx(0.032584, abs=1e-6)


def test_semi_supervised_gan_matches_the_mean_features():
    game = build("SemiSupervisedGAN")
    image = batch()["image"]
    assert game.distance(image, image.flip(0)).item() == pytest.approx(0, abs=1e-10)
    features = [game.discriminator.features(x)[-1].flatten(1).mean(0) for x in (image, image.tanh())]
    wanted = (features[0] - features[1]).pow(2).sum().item()
    assert game.distance(image, image.tanh()).item() == pytest.approx(wanted)


def test_adversarial_autoencoder_at_indifference():
    game = games.AdversarialAutoencoder(nn.Identity(), Fixed([1] * 4), Lookup(torch.zeros(9)))
    game.normal = lambda batch, name, shape: torch.zeros(4, 1)
    (who, reconstruction), (_, judged), (last, fooled) = turns(game, words([3] * 4))
    assert who == ("encoder", "decoder") and last == "encoder"
    assert [total(x) for x in (reconstruction, judged, fooled)] == pytest.approx([4.0, 2 * LOG2, LOG2])


def test_codes_that_follow_the_prior_cannot_be_told():
    """After training on 10,000 codes of N(0, I), tested on fresh ones, the judge's loss is within 0.02 of log 4."""
    torch.manual_seed(0)
    judge, objective = networks.LatentDiscriminator(latent=2, width=32), losses.NonSaturating()
    draw = [torch.from_numpy(np.random.default_rng(s).standard_normal((10_000, 2))).float() for s in range(4)]
    optimiser = torch.optim.Adam(judge.parameters(), 1e-2)
    for step in range(60):
        rows = slice(1000 * (step % 10), 1000 * (step % 10) + 1000)
        optimiser.zero_grad()
        objective.discriminator(judge(draw[0][rows]), judge(draw[1][rows])).backward()
        optimiser.step()
    assert float(objective.discriminator(judge(draw[2]), judge(draw[3])).detach()) == pytest.approx(LOG4, abs=0.02)


class Orthonormal(nn.Module):
    """G(z) = A z with orthonormal columns."""

    latent_shape = (2,)

    def __init__(self):
        super().__init__()
        random = np.random.default_rng(0).standard_normal((4, 2))
        self.matrix = nn.Parameter(torch.from_numpy(np.linalg.qr(random)[0]))

    def forward(self, latent, condition=None):
        return (latent @ self.matrix.T).view(-1, 1, 2, 2)


class Doubling(nn.Module):
    def __init__(self):
        super().__init__()
        self.by = nn.Parameter(torch.tensor(2.5))

    def features(self, image, condition=None):
        return [self.by * image]


def test_anogan_score():
    game = games.AnoGAN(Orthonormal(), Doubling())
    image = torch.tensor([1.0, -1.0, 0, 0]).view(1, 1, 2, 2)
    assert game.score(image, 0 * image).item() == pytest.approx(0.9 * 2 + 0.1 * 5)


def test_anogan_finds_the_projection_and_changes_nothing_else():
    game = games.AnoGAN(Orthonormal(), Doubling(), features=0.0, power=2, rate=0.05).double().eval()
    before = {n: p.detach().clone() for n, p in game.named_parameters()}
    image = torch.arange(8, dtype=torch.float64).view(2, 1, 2, 2) / 4
    with torch.no_grad():
        found = game({"source": image, "draws": Draws(0, 0, range(2))})
    matrix = game.generator.matrix.detach()
    projected = (image.flatten(1) @ matrix @ matrix.T).view_as(image)
    torch.testing.assert_close(found["output"], projected, atol=1e-4, rtol=0)
    torch.testing.assert_close(found["score"], (image - projected).square().flatten(1).sum(1), atol=1e-4, rtol=0)
    torch.testing.assert_close(found["residual"], (image - found["output"]).abs())
    assert all(torch.equal(p, before[n]) and p.grad is None for n, p in game.named_parameters())
    start = torch.ones(1, 2, dtype=torch.float64)
    made = game.generator(start).detach()
    exact = game({"source": made, "latent": start, "draws": Draws(0, 0, range(1))})
    assert float(exact["score"].detach()) == pytest.approx(0, abs=1e-12)


def test_what_an_encoder_and_a_decoder_must_share():
    from adversaria.vocabulary import UserError

    class Long(nn.Module):
        latent_shape = (7,)

    with pytest.raises(UserError, match="gives 7 numbers and the decoder takes 1"):
        games.ALI(Long(), Fixed([0]), Lookup([0.0]))
    with pytest.raises(UserError, match="no classes"):
        games.ACGAN(Orthonormal(), Headed(2, score=1))


def rows_of_the_page() -> dict[str, str]:
    page = (Path(__file__).parent.parent / "docs" / "frameworks.md").read_text(encoding="utf-8")
    return {line.split(" | ")[0].removeprefix("| "): line for line in page.splitlines() if line.startswith("| ")}


def test_the_page_of_frameworks_names_every_key_and_the_files_that_carry_them():
    rows = {key: row for key, row in rows_of_the_page().items() if key != "key"}
    assert len(rows) == 50
    members = [e for e in entries() if e["kind"] in ("games", "objectives", "networks", "layers")]
    apart = {e["key"]: e["file"] for e in members if e["key"] in rows and e["file"][11:] not in rows[e["key"]]}
    assert not apart
