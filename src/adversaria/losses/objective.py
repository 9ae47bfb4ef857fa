"""What an adversarial objective is: one loss for each side, from raw scores."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

Score = Tensor | list[Tensor] | dict[str, "Tensor | list[Tensor]"]


class Objective(nn.Module):
    """A pair of losses on raw scores (no sigmoid).

    A score is a tensor of any shape, a list of them (several scales), or a dictionary whose `score` is
    one of these. Losses average over each map and then over the list, in single precision at least.
    """

    def discriminator(self, real: Score, fake: Score) -> Tensor:
        """What the discriminator minimises."""
        return mean_over(self.real, real) + mean_over(self.fake, fake)

    def generator(self, fake: Score) -> Tensor:
        """What the generator minimises."""
        return mean_over(self.fooled, fake)

    def real(self, score: Tensor) -> Tensor:
        """Loss of the discriminator on scores of real images, elementwise."""
        raise TypeError(f"{type(self).__name__} defines no loss")

    def fake(self, score: Tensor) -> Tensor:
        """Loss of the discriminator on scores of generated images, elementwise."""
        raise TypeError(f"{type(self).__name__} defines no loss")

    def fooled(self, score: Tensor) -> Tensor:
        """Loss of the generator on scores of its images, elementwise."""
        raise TypeError(f"{type(self).__name__} defines no loss")


def tensors_of(score: Score) -> list[Tensor]:
    """List the tensors of a score, in single precision at least."""
    if isinstance(score, dict):
        score = score["score"]
    listed = score if isinstance(score, list) else [score]
    return [s.to(torch.promote_types(s.dtype, torch.float32)) for s in listed]


def mean_over(loss: Callable[[Tensor], Tensor], score: Score) -> Tensor:
    """Average an elementwise loss over each map, then over the scales."""
    values = [loss(s).mean() for s in tensors_of(score)]
    return torch.stack(values).mean()
