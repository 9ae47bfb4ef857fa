"""The loop: averages, rates, accumulation's memory, divergence, warnings, workers, compile."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import nn

from adversaria import games
from adversaria.engine import Constant, Diverged, LinearDecay, Row, Settings, Table, Training, Watch
from adversaria.engine.state import freeze
from adversaria.games import SGD, Adam
from adversaria.run import Run
from adversaria.vocabulary import UserError
from playground import NAMES, Discriminator, NoiseFeed, Translator, batch, build


def training(folder, name="GAN", game=None, feed=None, **changes):
    settings = Settings(**{"plays": 4, "save_every": 4, "log_every": 1, **changes})
    return Training(game or build(name), feed or NoiseFeed(), Run(folder), settings)


def weights(game):
    return torch.cat([p.detach().flatten() for p in game.parameters()])


@pytest.mark.parametrize("name", NAMES)
def test_every_game_trains_and_logs_every_term(tmp_path, name):
    one = training(tmp_path, name)
    before = weights(one.game).clone()
    one.train()
    rows = one.log.rows()
    assert not torch.equal(before, weights(one.game))
    assert {player for row in rows for player in row.player.split("+")} == set(one.game.players)
    assert all(torch.isfinite(torch.tensor(row.value)) for row in rows)
    assert len({(r.play, r.player, r.step, r.term) for r in rows}) == len(rows)


@pytest.mark.parametrize("workers", [2])
def test_workers_change_nothing(tmp_path, workers):
    alone, helped = training(tmp_path / "a"), training(tmp_path / "b", workers=workers)
    alone.train(), helped.train()
    assert torch.equal(weights(alone.game), weights(helped.game))
    assert (tmp_path / "a/log.csv").read_text() == (tmp_path / "b/log.csv").read_text()


def test_averages_follow_their_formula_and_stand_in_for_samples(tmp_path):
    seen = {}
    game = build("GAN")
    name, live = next(iter(game.parameters_of("generator").items()))
    expected = [live.detach().clone()]
    one = Training(
        game,
        NoiseFeed(),
        Run(tmp_path),
        Settings(plays=3, save_every=3, average={"generator": 0.75}),
        observe=lambda training, plays: seen.update(inside=live.detach().clone()),
        progress=lambda done, total: expected.append(0.75 * expected[-1] + 0.25 * live.detach()),
    )
    one.train()
    torch.testing.assert_close(one.averages.state()[f"generator/{name}"], expected[-1])
    torch.testing.assert_close(seen["inside"], expected[-1])
    assert not torch.equal(live, seen["inside"])


def test_rates_are_a_pure_function_of_the_play(tmp_path):
    decay = LinearDecay(0.5)
    assert [decay.factor(x) for x in (0.0, 0.49, 0.5, 0.75, 1.0)] == [1, 1, 1, 0.5, 0]
    one = training(tmp_path, plays=8, schedule=decay, optimisers={"generator": Adam(1e-2)})
    rates = []
    one.progress = lambda done, total: rates.append(one.optimisers["generator"].param_groups[0]["lr"])
    one.train()
    assert rates == pytest.approx([1e-2 * f for f in (1, 1, 1, 1, 1, 0.75, 0.5, 0.25)])
    assert Constant().factor(0.9) == 1 and one.optimisers["generator"].defaults["fused"]


def test_a_wrong_player_is_named(tmp_path):
    for key, value in (("optimisers", {"critic": SGD()}), ("average", {"critic": 0.9})):
        with pytest.raises(UserError, match="critic"):
            training(tmp_path, **{key: value})


class Poisoned(NoiseFeed):
    def batch(self, play, part, parts):
        found = super().batch(play, part, parts)
        if play == 5:
            found["target"] = found["target"] * float("nan")
        return found


def test_divergence_names_turn_and_term_and_keeps_the_last_good_weights(tmp_path):
    one = training(tmp_path, "Supervised", feed=Poisoned(), plays=9)
    with pytest.raises(Diverged, match="the loss 'pixel' of 'generator' is not finite"):
        one.train()
    assert torch.isfinite(weights(one.game)).all()
    again = training(tmp_path, "Supervised", feed=Poisoned(), plays=9)
    assert again.done == 4


def test_accumulation_lowers_peak_memory():
    """Peak of a real process, 1 against 8 micro-batches of the same batch."""
    peaks = {}
    for parts in (1, 8):
        script = f"import test_engine; test_engine.peak({parts})"
        done = subprocess.run(
            [sys.executable, "-c", script],
            capture_output=True,
            text=True,
            cwd=__file__[: -len("/test_engine.py")],
        )
        assert done.returncode == 0, done.stderr
        peaks[parts] = float(done.stdout)
    assert peaks[8] < 0.6 * peaks[1], peaks


def peak(parts):
    """Print the growth of the resident set over one play of a pix2pix on 16 images of 128 x 128 (MiB).

    VmHWM is this program's own; `ru_maxrss` begins with what the process that started it held.
    """
    from adversaria.draws import Draws
    from adversaria.engine.recompute import recomputing

    torch.set_num_threads(1)
    wide = nn.Sequential(
        *[nn.Sequential(nn.Conv2d(1 if i == 0 else 24, 24, 3, padding=1), nn.Tanh()) for i in range(6)]
    )
    game = games.Pix2Pix(nn.Sequential(wide, nn.Conv2d(24, 1, 1)), Discriminator(2, 2))
    table = Table(game, step=lambda player: None)

    def micros(side, batch_size):
        share = batch_size // parts
        images = torch.linspace(0, 1, batch_size * side * side).view(batch_size, 1, side, side)
        return [
            {"source": x, "target": x, "draws": Draws(0, 0, range(i * share, (i + 1) * share))}
            for i, x in enumerate(images.split(share))
        ]

    def run(side, batch_size):
        if parts > 1:
            with recomputing(game):
                table.play(micros(side, batch_size))
        else:
            table.play(micros(side, batch_size))

    def highest():
        status = Path("/proc/self/status").read_text()
        return int(status.split("VmHWM:")[1].split()[0]) / 1024

    run(16, 8)
    before = highest()
    run(128, 16)
    print(highest() - before)


def test_a_batch_that_cannot_be_cut_is_refused(tmp_path):
    with pytest.raises(UserError, match="cannot be cut into 3"):
        training(tmp_path, accumulate=3)


def test_parameters_of_no_player_are_frozen_named_and_left_out(tmp_path):
    game = build("Supervised")
    game.teacher = Translator(2)
    before = weights(game.teacher).clone()
    one = training(tmp_path, game=game)
    assert list(one.frozen) == ["teacher"] and len(one.frozen["teacher"]) == 64
    one.train()
    assert torch.equal(before, weights(game.teacher))
    from adversaria.engine import checkpoint as saving

    names = set(saving.newest(tmp_path / "checkpoints").tensors["game"])
    assert names and not any(n.startswith("teacher") for n in names)


def test_a_parameter_of_two_players_is_refused():
    game = build("GAN")
    game.discriminator.extra = game.generator.dense
    with pytest.raises(RuntimeError, match="belongs to two players"):
        freeze(game)


def test_bf16_stays_near_fp32_and_reads_stepped_weights(tmp_path):
    """One autocast per turn: after the discriminator has stepped, its new weights answer."""

    class Once(games.GAN):
        def play(self, batch):
            real = batch["image"]
            yield "discriminator", {"a": self.discriminator(real).pow(2).mean()}
            self.after = self.discriminator(real).detach().float()
            fake = self.generator(self.normal(batch, "latent", (5,)))
            yield "generator", {"a": self.discriminator(fake).pow(2).mean()}

    answers = {}
    for precision in ("fp32", "bf16"):
        source = build("GAN")
        game = Once(source.generator, source.discriminator)
        optimisers = {p: torch.optim.SGD(game.parameters_of(p).values(), lr=0.5) for p in game.players}
        Table(game, step=lambda player, o=optimisers: o[player].step(), precision=precision).play([batch()])
        answers[precision] = game.after
    unstepped = build("GAN").discriminator(batch()["image"]).detach()
    assert (answers["bf16"] - answers["fp32"]).abs().max() < 0.1 * (answers["fp32"] - unstepped).abs().max()


def test_the_watch_speaks_once_in_plain_words():
    said = []
    watch = Watch(said.append)
    for play in range(60):
        watch.look(Row(play, "discriminator", play, "adversarial", 1e-6))
        watch.look(Row(play, "generator", play, "gradient_norm", 1e-9))
        watch.look(Row(play, "generator", play, "pixel", 1.0 if play < 50 else 1e5))
    watch.samples(torch.zeros(4, 1, 8, 8), torch.linspace(0, 1, 256).view(4, 1, 8, 8), 300)
    board = (torch.arange(8).view(8, 1) + torch.arange(8)) % 2
    noise = torch.linspace(-1, 1, 4).view(4, 1, 1, 1) * torch.linspace(-1, 1, 64).view(8, 8)
    watch.samples(noise + board * 1.0, noise, 300)
    troubles = ("without error", "vanished", "thousandfold", "collapse", "checkerboard")
    for word in troubles:
        assert sum(word in sentence for sentence in said) == 1, (word, said)
    assert len(said) == len(troubles)


def test_a_healthy_log_is_silent():
    watch = Watch(lambda text: pytest.fail(text))
    for play in range(100):
        watch.look(Row(play, "discriminator", play, "adversarial", 0.7))
        watch.look(Row(play, "generator", play, "gradient_norm", 0.1))


def test_compile_refuses_a_network_that_is_differentiated_twice(tmp_path):
    with pytest.raises(UserError, match="differentiates it twice"):
        training(tmp_path, "WGANGP", compile=True).train()


@pytest.mark.filterwarnings("ignore")
def test_compiled_networks_train_as_eager_ones(tmp_path):
    eager, compiled = training(tmp_path / "e"), training(tmp_path / "c", compile=True)
    eager.train(), compiled.train()
    torch.testing.assert_close(weights(eager.game), weights(compiled.game), rtol=1e-3, atol=1e-4)


def test_a_ring_of_gaussians_is_covered(tmp_path):
    """The non-saturating GAN with R1 reaches all eight modes, and most samples lie near one."""
    from adversaria.draws import stream
    from adversaria.losses import R1

    angles = torch.arange(8) * torch.pi / 4
    centres = torch.stack([angles.cos(), angles.sin()], 1)

    class Ring:
        batch_size = 128

        def batch(self, play, part, parts):
            noise = stream("ring", play)
            which = torch.from_numpy(noise.integers(0, 8, 128))
            points = centres[which] + 0.05 * torch.from_numpy(noise.standard_normal((128, 2))).float()
            return {"image": points}

    class Latent(nn.Sequential):
        latent_shape = (8,)

    torch.manual_seed(0)
    generator = Latent(nn.Linear(8, 96), nn.ReLU(), nn.Linear(96, 96), nn.ReLU(), nn.Linear(96, 2))
    discriminator = nn.Sequential(nn.Linear(2, 96), nn.ReLU(), nn.Linear(96, 96), nn.ReLU(), nn.Linear(96, 1))
    game = games.GAN(generator, discriminator, penalty=R1(weight=0.5))
    rate = Adam(1e-3, (0.0, 0.9))
    one = training(
        tmp_path, game=game, feed=Ring(), plays=2500, save_every=2500, log_every=500,
        optimisers={"generator": rate, "discriminator": rate}, average={"generator": 0.99},
    )  # fmt: skip
    one.train()
    from adversaria.draws import Draws

    with torch.no_grad(), one.averages.used():
        found = game({"draws": Draws(9, 0, range(2000))})["output"]
    distance, nearest = torch.cdist(found, centres).min(1)
    near = distance < 0.25
    counts = torch.bincount(nearest[near], minlength=8)
    assert near.float().mean() > 0.75 and (counts > 2000 * 0.03).all(), (near.float().mean(), counts)
