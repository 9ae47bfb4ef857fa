"""Spectral normalisation of a layer."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.nn.functional import normalize
from torch.nn.modules.conv import _ConvNd, _ConvTransposeNd

_START = 15


class SpectralNorm(nn.Module):
    """Spectral normalisation (Miyato et al. 2018, eq. 8 and algorithm 1): the layer with W / sigma(W).

    The weight is flattened to (outputs, rest) and sigma = u^T W v. One power iteration, v = W^T u / |.| and
    u = W v / |.|, is made at the beginning of each play in training mode, never in a forward pass: all
    passes of a play (real, generated, repeated, of micro-batches) see one function. u and v are buffers
    without gradient, sigma carries one; they start from 15 iterations. This bounds the matrix; the
    convolution can be larger, by up to the root of its kernel's area.
    """

    key = "spectral-norm"

    def __init__(self, layer: nn.Module, eps: float = 1e-12):
        super().__init__()
        self.layer, self.eps = layer, eps
        self.outputs = 1 if isinstance(layer, _ConvTransposeNd) else 0
        matrix = self.matrix().detach()
        self.u: Tensor
        self.v: Tensor
        self.register_buffer("u", normalize(matrix.new_empty(matrix.shape[0]).normal_(), dim=0, eps=eps))
        self.register_buffer("v", normalize(matrix.T @ self.u, dim=0, eps=eps))
        self.iterate(_START)

    def matrix(self) -> Tensor:
        """Flatten the weight with its output channels first."""
        weight = self.layer.weight
        assert isinstance(weight, Tensor)
        return weight.movedim(self.outputs, 0).flatten(1)

    @torch.no_grad()
    def iterate(self, times: int = 1) -> None:
        """Move u and v by power iterations on the weight as it is now."""
        matrix = self.matrix().detach()
        for _ in range(times):
            self.v.copy_(normalize(matrix.T @ self.u, dim=0, eps=self.eps))
            self.u.copy_(normalize(matrix @ self.v, dim=0, eps=self.eps))

    def begin_play(self, plays: int) -> None:
        """Follow the weight by one iteration."""
        if self.training:
            self.iterate()

    def sigma(self) -> Tensor:
        """Estimate the largest singular value, in the weight's own precision."""
        with torch.autocast(self.u.device.type, enabled=False):
            return torch.dot(self.u, torch.mv(self.matrix(), self.v)).clamp_min(self.eps)

    def forward(self, value: Tensor) -> Any:
        """Apply the layer with its normalised weight."""
        weight = self.layer.weight
        assert isinstance(weight, Tensor)
        return functional_call(self.layer, {"weight": weight / self.sigma()}, (value,))


def spectral(network: nn.Module) -> None:
    """Normalise every convolution, dense layer and embedding of a network; call it after weights were initialised."""
    for module in list(network.modules()):
        if not isinstance(module, SpectralNorm):
            for name, child in list(module.named_children()):
                if isinstance(child, _ConvNd | nn.Linear | nn.Embedding):
                    setattr(module, name, SpectralNorm(child))
