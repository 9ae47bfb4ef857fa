"""Penalties on the gradient of a discriminator."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from adversaria.losses.objective import Score, tensors_of
from adversaria.vocabulary import UserError

Discriminator = Callable[[Tensor], Score]


class Penalty(nn.Module):
    """Something that a discriminator pays beside its objective: a dictionary of named losses.

    It is called with the discriminator as a function of the image, real and generated images
    (B, C, *S), and `mix` (B,), uniform in (0, 1). `differentiates` tells that it needs second
    derivatives. A lazy penalty (Karras et al. 2020, appendix B) is taken at every `every`-th play only
    and weighs `every` times as much there: a game asks `penalty.at(plays)`.
    """

    differentiates = True
    every = 1

    def at(self, plays: int) -> "Penalty":
        """Give the penalty that is due at this play: itself, or none."""
        return self if plays % self.every == 0 else NoPenalty()

    def forward(self, discriminator: Discriminator, real: Tensor, fake: Tensor, mix: Tensor) -> dict[str, Tensor]:
        """Give the named losses."""
        raise TypeError(f"{type(self).__name__} defines no penalty")


class NoPenalty(Penalty):
    """No penalty."""

    differentiates = False

    def forward(self, discriminator: Discriminator, real: Tensor, fake: Tensor, mix: Tensor) -> dict[str, Tensor]:
        """Give no losses."""
        return {}


class GradientPenalty(Penalty):
    """Gradient penalty (Gulrajani et al. 2017, eq. 3): weight E (||grad D(e x + (1 - e) G(z))||_2 - 1)^2.

    Two-sided; the norm is taken over all entries of one sample, in single precision at least. The score
    of a sample is the mean over its map; several scales add up.
    """

    key = "wgan-gp"

    def __init__(self, weight: float = 10.0, every: int = 1):
        super().__init__()
        self.weight, self.every = weight, checked_interval(every)

    def forward(self, discriminator: Discriminator, real: Tensor, fake: Tensor, mix: Tensor) -> dict[str, Tensor]:
        """Give the penalty on points between real and generated images."""
        share = mix.view(-1, *[1] * (real.ndim - 1)).to(real.dtype)
        between = share * real.detach() + (1 - share) * fake.detach().to(real.dtype)
        squared = slope_squared(discriminator, between)
        # a zero gradient has no derivative of its norm; the floor is far below any real slope
        return {"penalty": self.weight * self.every * ((squared + 1e-12).sqrt() - 1).square().mean()}


class R1(Penalty):
    """R1 (Mescheder et al. 2018, eq. 9): weight/2 E ||grad D(x)||^2 on real images.

    The paper's weight of 10 is far too much for small images: the reference code of Karras et al. 2020 takes
    0.0002 pixels / batch (0.05 for 16 images of 64 x 64), and with 10 chest films of that size came out as grain.
    """

    key = "r1"

    def __init__(self, weight: float = 10.0, every: int = 1):
        super().__init__()
        self.weight, self.every = weight, checked_interval(every)

    def forward(self, discriminator: Discriminator, real: Tensor, fake: Tensor, mix: Tensor) -> dict[str, Tensor]:
        """Give the penalty on real images."""
        return {"penalty": self.weight * self.every / 2 * slope_squared(discriminator, real.detach()).mean()}


def checked_interval(every: int) -> int:
    """Give an interval of plays back if it is positive; UserError otherwise."""
    if every < 1:
        raise UserError(f"a penalty cannot be taken at every {every}-th play.", "Write every: 16, or leave it out.")
    return every


def slope_squared(discriminator: Discriminator, images: Tensor) -> Tensor:
    """Squared norm (B,) of the gradient of each sample's mean score."""
    images = images.requires_grad_(True)
    scores = [s.flatten(1).mean(1) if s.ndim > 1 else s for s in tensors_of(discriminator(images))]
    total = torch.stack([s.sum() for s in scores]).sum()
    (slope,) = torch.autograd.grad(total, images, create_graph=True, allow_unused=True)
    if slope is None:
        slope = torch.zeros_like(images)
    return slope.to(torch.promote_types(slope.dtype, torch.float32)).flatten(1).square().sum(1)
