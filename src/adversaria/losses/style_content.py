"""L11: the style of the target and its content, in the features of a network."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from adversaria.losses.perceptual import Perceptual
from adversaria.vocabulary import UserError


class StyleContent(Perceptual):
    """Style and content, L11 of the review, from the activations phi_l (B, C, *S) of a network.

    style:   sum_l style_l ||Gram(phi_l(output)) - Gram(phi_l(target))||_F^2,  Gram = F F^T / (C |S|)
    content: sum_l content_l ||phi_l(output) - phi_l(target)||_2^2

    averaged over the batch (Gatys et al. 2016; Johnson et al. 2016). The content is a sum over all entries as in
    Gatys et al., who halve it; their style weight is 1/4 of ours. `style` and `content` are one weight for all
    layers or one each, 0 to leave out. `features` and `layers` are as in `Perceptual`: the game's own discriminator
    or a frozen network, slice by slice in volumes if it is flat. UserError: weights not as many as the layers.
    """

    key = "L11"

    def __init__(
        self,
        features: str | nn.Module = "discriminator",
        layers: Sequence[int] | None = None,
        style: float | Sequence[float] = 1.0,
        content: float | Sequence[float] = 1.0,
    ):
        super().__init__(features, layers)
        self.style, self.content = style, content

    def forward(
        self,
        output: Tensor,
        target: Tensor,
        source: Tensor | None = None,
        discriminator: nn.Module | None = None,
    ) -> Tensor:
        """Compare (B, C, *S) with (B, C, *S)."""
        if output.shape != target.shape:
            raise ValueError(f"cannot compare {tuple(output.shape)} with {tuple(target.shape)}")
        pairs = self.pairs(output, target, source, discriminator)
        style, content = (_each(weights, len(pairs)) for weights in (self.style, self.content))
        total = [w * (gram(o) - gram(t)).square().sum((1, 2)).mean() for w, (o, t) in zip(style, pairs, strict=True)]
        total += [w * (o - t).square().flatten(1).sum(1).mean() for w, (o, t) in zip(content, pairs, strict=True)]
        return torch.stack(total).sum()


def gram(features: Tensor) -> Tensor:
    """Products of the channels (B, C, *S), averaged over all entries: (B, C, C)."""
    flat = features.flatten(2)
    flat = flat.to(torch.promote_types(flat.dtype, torch.float32))
    return flat @ flat.mT / flat[0].numel()


def _each(weights: float | Sequence[float], count: int) -> Sequence[float]:
    if isinstance(weights, int | float):
        return [weights] * count
    if len(weights) != count:
        raise UserError(f"{len(weights)} weights cannot stand for {count} layers.", "Give one weight, or one a layer.")
    return weights
