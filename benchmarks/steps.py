"""Training steps against peers with the same networks and losses (B1 to B5), and bf16's parity beside its speed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch.utils.flop_counter import FlopCounterMode

from adversaria import games, networks
from adversaria.draws import Draws
from adversaria.engine.memory import keep_freed_memory
from adversaria.engine.optimising import build
from adversaria.engine.turns import Table
from adversaria.games.game import Game
from benchmarks import peer_steps
from benchmarks.apart import Apart, time_of
from benchmarks.peers import torchgan
from benchmarks.result import Found
from benchmarks.timing import Ratio, compare

Step = Callable[[], None]
PRECISIONS = ("fp32", "bf16")


@dataclass(frozen=True)
class Match:
    """A game, the batch that it plays, and the peer's step with the same networks on the same batch."""

    game: Game
    batch: dict[str, torch.Tensor]
    peer: Callable[[], Step]


def ours(game: Game, batch: dict[str, torch.Tensor], precision: str = "fp32") -> Step:
    """One play of a game with its own fused optimisers, as the engine plays it."""
    optimisers = build(game)
    table = Table(game, step=lambda player: optimisers[player].step(), precision=precision)
    size = len(next(iter(batch.values())))

    def play() -> None:
        table.play([{**batch, "draws": Draws(0, game.plays, range(size))}])
        game.plays += 1

    return play


def our_step(match: Callable[..., Match], precision: str, *arguments: int) -> Step:
    """Our side of a match, with the memory setting that the engine trains with."""
    keep_freed_memory()
    torch.manual_seed(0)
    made = match(*arguments)
    return ours(made.game, made.batch, precision)


def peer_step(match: Callable[..., Match], *arguments: int) -> Step:
    """The peer's side of a match, from the same weights."""
    torch.manual_seed(0)
    return match(*arguments).peer()


def flops(step: Step) -> str:
    """Count the arithmetic of a step in GFLOP."""
    with FlopCounterMode(display=False) as counter:
        step()
    return f"{counter.get_total_flops() / 1e9:.1f}"


def both(
    title: str,
    peer_name: str,
    match: Callable[..., Match],
    arguments: Sequence[int],
    goals: Sequence[float | None],
    counted: bool = True,
    rounds: int = 5,
) -> Found:
    """Measure fp32 and bf16 against the peer's fp32, on equal weights and the same batch."""
    ratios, notes = [], []
    for precision, goal in zip(PRECISIONS, goals, strict=True):
        with (
            Apart(our_step, match, precision, *arguments) as mine,
            Apart(peer_step, match, *arguments) as peer,
        ):
            asked = f"{title}, {precision}", f"{peer_name}, fp32"
            ratios.append(compare(*asked, mine, peer, rounds, goal, time_of(mine, peer), most=2 * rounds))
    if counted:
        sides = our_step(match, "fp32", *arguments), peer_step(match, *arguments)
        notes.append("Arithmetic of one step: ours {} GFLOP, the peer's {} GFLOP.".format(*map(flops, sides)))
    return Found(
        title,
        "One play as the engine plays it, with fused optimisers and its memory setting, against the peer's step on the "
        "same networks, batch and losses; each side in a process of its own, the peer's allocator left as it is.",
        Ratio.HEAD,
        [ratio.row() for ratio in ratios],
        [goal for ratio in ratios if (goal := ratio.judged())],
        notes,
    )


def match_pix2pix(batch_size: int) -> Match:
    """B1 and B2."""
    source, target = torch.rand(2, batch_size, 3, 256, 256) * 2 - 1
    game = games.Pix2Pix(networks.UNet(3, 3), networks.PatchGAN(3, 3))
    return Match(
        game,
        {"source": source, "target": target},
        lambda: peer_steps.plain_pix2pix(game.generator, game.discriminator, source, target),
    )


def pix2pix_one() -> Found:
    """B1 and B2 at batch 1."""
    return both("B1 and B2 pix2pix 256, batch 1", "plain loop", match_pix2pix, (1,), (1.08, 1.7), rounds=7)


def pix2pix_four() -> Found:
    """B2 at batch 4; fp32 has no goal there."""
    return both("B2 pix2pix 256, batch 4", "plain loop", match_pix2pix, (4,), (None, 1.7), rounds=3)


def match_cyclegan() -> Match:
    """B3."""
    source, target = torch.rand(2, 1, 3, 128, 128) * 2 - 1
    shape = (3, 128, 128)
    made = [networks.ResNetGenerator(3, 3), networks.ResNetGenerator(3, 3)]
    judges = [networks.PatchGAN(3, norm="instance"), networks.PatchGAN(3, norm="instance")]
    game = games.CycleGAN(*made, *judges, source_shape=shape, target_shape=shape, identity=5.0, pool=0)
    return Match(game, {"source": source, "target": target}, lambda: peer_steps.plain_cyclegan(game, source, target))


def cyclegan() -> Found:
    """B3."""
    return both(
        "B3 CycleGAN 128, batch 1, identity 5, no pool", "plain loop", match_cyclegan, (), (0.97, 1.8), rounds=3
    )


def match_dcgan() -> Match:
    """B4."""
    image = torch.rand(64, 3, 64, 64) * 2 - 1
    game = games.GAN(networks.DCGANGenerator(3), networks.DCGANDiscriminator(3))

    def peer() -> Step:
        losses = torchgan()
        objectives = [losses.MinimaxGeneratorLoss(), losses.MinimaxDiscriminatorLoss()]
        return peer_steps.torchgan_step(game.generator, game.discriminator, image, objectives, (0.5, 0.999))

    return Match(game, {"image": image}, peer)


def dcgan() -> Found:
    """B4."""
    return both("B4 DCGAN 64, batch 64", "torchgan", match_dcgan, (), (1.25, 2.2), rounds=7)


def match_wgan_gp() -> Match:
    """B5, one critic step to one generator step."""
    image = torch.rand(64, 3, 64, 64) * 2 - 1
    game = games.WGANGP(networks.DCGANGenerator(3), networks.DCGANDiscriminator(3, norm="none"), critic_steps=1)

    def peer() -> Step:
        losses = torchgan()
        names = ("WassersteinGeneratorLoss", "WassersteinDiscriminatorLoss", "WassersteinGradientPenalty")
        objectives = [getattr(losses, name)() for name in names]
        return peer_steps.torchgan_step(game.generator, game.critic, image, objectives, (0.0, 0.9))

    return Match(game, {"image": image}, peer)


def wgan_gp() -> Found:
    """B5. Arithmetic is not counted: the counter fails on double backward."""
    return both("B5 WGAN-GP 64, batch 64, one critic step", "torchgan", match_wgan_gp, (), (1.2, 2.1), counted=False)


def parity(plays: int = 150) -> Found:
    """What bf16 costs in value: the same small pix2pix denoiser trained in both precisions from three seeds."""
    generator = torch.Generator().manual_seed(0)
    rough = torch.rand(16, 1, 74, 74, generator=generator)
    clean = torch.nn.functional.avg_pool2d(rough, 11, 1).sub(0.5).mul(12).tanh()
    noisy = clean + 0.2 * torch.randn(clean.shape, generator=generator)
    rows = [["input", f"{decibels(noisy, clean):.2f}", "", "", ""]]
    means = {}
    for precision in PRECISIONS:
        found = []
        for seed in range(3):
            torch.manual_seed(seed)
            game = games.Pix2Pix(
                networks.UNet(depth=4, width=16, norm="instance", dropout=0.0),
                networks.PatchGAN(1, 1, width=16, norm="instance"),
            )
            play = ours(game, {"source": noisy[:8], "target": clean[:8]}, precision)
            for _ in range(plays):
                play()
            with torch.no_grad():
                found.append(decibels(game.generator(noisy[8:]), clean[8:]))
        means[precision] = sum(found) / 3
        rows.append([precision, f"{means[precision]:.2f}", *(f"{value:.2f}" for value in found)])
    return Found(
        "Parity of bf16",
        f"A small pix2pix denoiser on smooth random images after {plays} plays of batch 8, PSNR in dB on 8 other "
        "images (range 2), the same seeds in both precisions.",
        ("precision", "mean dB", "seed 0", "seed 1", "seed 2"),
        rows,
        [],
        [
            f"bf16 minus fp32: {means['bf16'] - means['fp32']:+.2f} dB in the mean. bf16 is never bit-equal to fp32; "
            "losses, statistics of normalisation and optimisers stay in fp32."
        ],
    )


def decibels(output: torch.Tensor, target: torch.Tensor) -> float:
    """PSNR for a range of 2."""
    return float(10 * torch.log10(4 / (output - target).square().mean()))
