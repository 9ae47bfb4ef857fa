"""The steps that ours are measured against: plain loops written from the papers, and torchgan's iteration."""

from collections.abc import Callable
from typing import Any

import torch
from torch import nn
from torch.nn.functional import l1_loss, mse_loss

from adversaria import games, networks


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
    losses: list[Any],
    betas: tuple[float, float],
) -> Callable[[], None]:
    """One iteration as torchgan's trainer makes it: every loss object trains on its own.

    The weights lie with channels first, as torchgan's own networks have them.
    """
    for parameter in [*generator.parameters(), *discriminator.parameters()]:
        parameter.data = parameter.data.contiguous()
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
