"""Training steps against peers with the same networks and losses (B1 to B5), and bf16's parity beside its speed."""

import copy
from collections.abc import Callable

import torch
from torch import nn
from torch.nn.functional import l1_loss, mse_loss

from adversaria import games, networks
from adversaria.draws import Draws
from adversaria.engine.optimising import build
from adversaria.engine.turns import Table
from adversaria.games.game import Game
from benchmarks.peers import torchgan
from benchmarks.timing import Ratio, compare


def ours(game: Game, batch: dict[str, torch.Tensor], precision: str = "fp32") -> Callable[[], None]:
    """One play of a game with its own fused optimisers, as the engine plays it."""
    optimisers = build(game)
    table = Table(game, step=lambda player: optimisers[player].step(), precision=precision)
    size = len(next(iter(batch.values())))

    def play() -> None:
        table.play([{**batch, "draws": Draws(0, game.plays, range(size))}])
        game.plays += 1

    return play


def adam(*modules: nn.Module, lr: float = 2e-4, betas: tuple[float, float] = (0.5, 0.999)) -> torch.optim.Adam:
    """The default Adam, as a plain loop uses it."""
    return torch.optim.Adam([p for m in modules for p in m.parameters()], lr=lr, betas=betas)


def learn(module: nn.Module, on: bool) -> None:
    """Freeze or free a network by hand."""
    for parameter in module.parameters():
        parameter.requires_grad_(on)


def plain_pix2pix(
    generator: nn.Module, discriminator: nn.Module, source: torch.Tensor, target: torch.Tensor
) -> Callable[[], None]:
    """A plain loop written from the paper: freezing by hand, default Adam, fp32."""
    g, d = adam(generator), adam(discriminator)
    bce = nn.BCEWithLogitsLoss()

    def step() -> None:
        fake = generator(source)
        learn(discriminator, True)
        d.zero_grad()
        scores = discriminator(fake.detach(), source), discriminator(target, source)
        (0.5 * (bce(scores[0], torch.zeros_like(scores[0])) + bce(scores[1], torch.ones_like(scores[1])))).backward()
        d.step()
        learn(discriminator, False)
        g.zero_grad()
        score = discriminator(fake, source)
        (bce(score, torch.ones_like(score)) + 100 * l1_loss(fake, target)).backward()
        g.step()

    return step


def plain_cyclegan(game: games.CycleGAN, source: torch.Tensor, target: torch.Tensor) -> Callable[[], None]:
    """A plain CycleGAN loop written from the paper, with identity and without a pool (ours has none here either)."""
    forward, back = game.generator, game.reverse_generator
    d_target, d_source = game.target_discriminator, game.source_discriminator
    g, d = adam(forward, back), adam(d_target, d_source)

    def gan(score: torch.Tensor, label: float) -> torch.Tensor:
        return mse_loss(score, torch.full_like(score, label))

    def step() -> None:
        learn(d_target, False), learn(d_source, False)
        g.zero_grad()
        fake_target, fake_source = forward(source), back(target)
        loss = gan(d_target(fake_target), 1) + gan(d_source(fake_source), 1)
        loss = loss + 10 * (l1_loss(back(fake_target), source) + l1_loss(forward(fake_source), target))
        loss = loss + 5 * (l1_loss(forward(target), target) + l1_loss(back(source), source))
        loss.backward()
        g.step()
        learn(d_target, True), learn(d_source, True)
        d.zero_grad()
        for network, real, fake in ((d_target, target, fake_target), (d_source, source, fake_source)):
            (0.5 * (gan(network(real), 1) + gan(network(fake.detach()), 0))).backward()
        d.step()

    return step


class TorchGANGenerator(nn.Module):
    """The same generator with the attributes that torchgan's losses ask for."""

    def __init__(self, inner: networks.DCGANGenerator):
        super().__init__()
        self.inner, self.encoding_dims, self.label_type = inner, inner.latent_shape[0], "none"

    def forward(self, latent: torch.Tensor) -> torch.Tensor:
        """Make images."""
        return self.inner(latent)


class TorchGANDiscriminator(nn.Module):
    """The same discriminator with the attributes that torchgan's losses ask for."""

    label_type = "none"

    def __init__(self, inner: nn.Module):
        super().__init__()
        self.inner = inner

    def forward(self, image: torch.Tensor, feature_matching: bool = False) -> torch.Tensor:
        """Score images."""
        return self.inner(image).squeeze(1)


def torchgan_step(
    generator: nn.Module,
    discriminator: nn.Module,
    image: torch.Tensor,
    losses: list,
    betas: tuple[float, float],
) -> Callable[[], None]:
    """One iteration as torchgan's trainer makes it: every loss object trains on its own."""
    g, d = TorchGANGenerator(generator), TorchGANDiscriminator(discriminator)
    og, od = adam(g, betas=betas), adam(d, betas=betas)
    cpu = torch.device("cpu")

    def step() -> None:
        for loss in losses:
            if hasattr(loss, "set_arg_map"):
                loss.set_arg_map({})
            name = type(loss).__name__
            if "Generator" in name:
                loss.train_ops(g, d, og, cpu, len(image))
            else:
                loss.train_ops(g, d, od, image, cpu)

    return step


def pair(build_game: Callable[[], Game]) -> tuple[Game, Game]:
    """Two games with equal weights."""
    torch.manual_seed(0)
    one = build_game()
    return one, copy.deepcopy(one)


def pix2pix(batch_size: int) -> list[Ratio]:
    """B1 and B2."""
    torch.manual_seed(0)
    source, target = torch.rand(2, batch_size, 3, 256, 256) * 2 - 1

    def fresh() -> Game:
        return games.Pix2Pix(networks.UNet(3, 3), networks.PatchGAN(3, 3))

    batch = {"source": source, "target": target}
    found = []
    for precision, goal in (("fp32", 1.08 if batch_size == 1 else None), ("bf16", 1.7)):
        mine, theirs = pair(fresh)
        peer = plain_pix2pix(theirs.generator, theirs.discriminator, source, target)
        name = f"{'B1' if precision == 'fp32' else 'B2'} pix2pix 256, batch {batch_size}, {precision}"
        found.append(compare(name, "plain loop, fp32", ours(mine, batch, precision), peer, 5, goal))
    return found


def cyclegan() -> list[Ratio]:
    """B3."""
    torch.manual_seed(0)
    source, target = torch.rand(2, 1, 3, 128, 128) * 2 - 1

    def fresh() -> Game:
        shape = (3, 128, 128)
        made = [networks.ResNetGenerator(3, 3), networks.ResNetGenerator(3, 3)]
        judges = [networks.PatchGAN(3, norm="instance"), networks.PatchGAN(3, norm="instance")]
        return games.CycleGAN(*made, *judges, source_shape=shape, target_shape=shape, identity=5.0, pool=0)

    found = []
    for precision, goal in (("fp32", 0.97), ("bf16", 1.8)):
        mine, theirs = pair(fresh)
        peer = plain_cyclegan(theirs, source, target)
        step = ours(mine, {"source": source, "target": target}, precision)
        found.append(compare(f"B3 CycleGAN 128, batch 1, {precision}", "plain loop, fp32", step, peer, 5, goal))
    return found


def dcgan() -> list[Ratio]:
    """B4."""
    losses = torchgan()

    image = torch.rand(64, 3, 64, 64) * 2 - 1
    found = []
    for precision, goal in (("fp32", 1.25), ("bf16", 2.2)):
        mine, theirs = pair(lambda: games.GAN(networks.DCGANGenerator(3), networks.DCGANDiscriminator(3)))
        objectives = [losses.MinimaxGeneratorLoss(), losses.MinimaxDiscriminatorLoss()]
        peer = torchgan_step(theirs.generator, theirs.discriminator, image, objectives, (0.5, 0.999))
        step = ours(mine, {"image": image}, precision)
        found.append(compare(f"B4 DCGAN 64, batch 64, {precision}", "torchgan, fp32", step, peer, 5, goal))
    return found


def wgan_gp() -> list[Ratio]:
    """B5."""
    losses = torchgan()

    image = torch.rand(64, 3, 64, 64) * 2 - 1

    def fresh() -> Game:
        return games.WGANGP(networks.DCGANGenerator(3), networks.DCGANDiscriminator(3, norm="none"), critic_steps=1)

    found = []
    for precision, goal in (("fp32", 1.2), ("bf16", 2.1)):
        mine, theirs = pair(fresh)
        objectives = [
            losses.WassersteinGeneratorLoss(),
            losses.WassersteinDiscriminatorLoss(),
            losses.WassersteinGradientPenalty(),
        ]
        peer = torchgan_step(theirs.generator, theirs.critic, image, objectives, (0.0, 0.9))
        step = ours(mine, {"image": image}, precision)
        found.append(compare(f"B5 WGAN-GP 64, batch 64, {precision}", "torchgan, fp32", step, peer, 5, goal))
    return found


def parity(plays: int = 60) -> list[str]:
    """What bf16 costs in value: the same small pix2pix denoiser trained in both precisions."""
    lines = []
    generator = torch.Generator().manual_seed(0)
    clean = torch.nn.functional.avg_pool2d(torch.rand(8, 1, 74, 74, generator=generator), 11, 1).mul(6).sub(3).tanh()
    noisy = clean + 0.2 * torch.randn(clean.shape, generator=generator)
    for precision in ("fp32", "bf16"):
        torch.manual_seed(0)
        game = games.Pix2Pix(
            networks.UNet(depth=4, width=16, norm="instance", dropout=0.0),
            networks.PatchGAN(1, 1, width=16, norm="instance"),
        )
        play = ours(game, {"source": noisy, "target": clean}, precision)
        for _ in range(plays):
            play()
        with torch.no_grad():
            error = (game.generator(noisy) - clean).square().mean()
        lines.append(f"| pix2pix denoiser after {plays} plays, {precision} | {10 * torch.log10(4 / error):.2f} dB |")
    return lines
