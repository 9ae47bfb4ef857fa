"""A feature network with its name, and what it sees in an image."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn

from adversaria.metrics.facts import Array, NotApplicable, Range, width_of

SLICES = 16  # how many slices of a volume are looked at together


@dataclass(frozen=True)
class Features:
    """A feature network, its name, and how images are brought to it.

    `network(image)`, or its method `features`, gives one activation (B, C, *S) or a list of them, for
    images of `channels` whose declared range is mapped to `value_range`; grey images are repeated over the
    channels. A network of `dims` 2 sees volumes slice by slice along the last axis. The name becomes part
    of every number, as in perceptual[phantom-cnn]. `weights` are one non-negative weight a channel and
    layer, fitted to human judgement, where there are any.
    """

    name: str
    network: nn.Module
    value_range: Range = (-1.0, 1.0)
    channels: int = 1
    dims: int = 2
    weights: Sequence[Tensor] | None = None

    def batches(self, image: Array, data_range: Range) -> list[Tensor]:
        """Cut an image (C, *S) into batches for the network."""
        low, width = float(data_range[0]), width_of(data_range)
        first, last = self.value_range
        scaled = torch.from_numpy(np.ascontiguousarray((image - low) / width * (last - first) + first)).float()
        if scaled.shape[0] == 1:
            scaled = scaled.expand(self.channels, *scaled.shape[1:])
        if scaled.shape[0] != self.channels:
            raise NotApplicable(f"{self.name} sees {self.channels} channels, not {scaled.shape[0]}")
        if self.dims == 2 and scaled.ndim == 4:
            return list(scaled.movedim(-1, 0).split(SLICES))
        return [scaled[None]]

    @torch.no_grad()
    def activations(self, batch: Tensor) -> list[Tensor]:
        """List what the network's layers answer, in evaluation mode."""
        training = self.network.training
        self.network.eval()
        look = getattr(self.network, "features", self.network)
        found = look(batch)
        self.network.train(training)
        return [found] if isinstance(found, Tensor) else list(found)


class Layers(nn.Module):
    """A sequence of layers as a feature network: what leaves each of its ReLUs."""

    def __init__(self, body: nn.Sequential):
        super().__init__()
        self.body = body

    def forward(self, image: Tensor) -> list[Tensor]:
        """List the activations."""
        found = []
        for layer in self.body:
            image = layer(image)
            if isinstance(layer, nn.ReLU):
                found.append(image)
        return found
