"""Weights carried from a network to another, or kept as they are."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn

from adversaria.vocabulary import UserError


@torch.no_grad()
def inflate(flat: Mapping[str, Tensor], deep: nn.Module) -> nn.Module:
    """Fill a network of 3D convolutions with the weights of its 2D form, by name (Shan et al. 2018, section II-D).

    A kernel (O, I, h, w) becomes the middle plane of (O, I, h, w, d), d odd, the others zero; what has the same shape
    is copied. UserError: names or shapes that do not correspond.
    """
    own = deep.state_dict()
    wrong = [name for name in own.keys() | flat.keys() if name not in own or name not in flat]
    wrong += [n for n in own if n in flat and own[n].shape[:4] != flat[n].shape and own[n].shape != flat[n].shape]
    wrong += [n for n in own if own[n].ndim == 5 and n in flat and flat[n].ndim == 4 and own[n].shape[4] % 2 == 0]
    if wrong:
        raise UserError(
            f"the 2D network does not fill the 3D one: '{sorted(wrong)[0]}' does not correspond.",
            "Give both the same arguments; kernels must have an odd depth.",
        )
    for name, tensor in own.items():
        if tensor.shape == flat[name].shape:
            tensor.copy_(flat[name])
        else:
            tensor.zero_()
            tensor[..., tensor.shape[4] // 2] = flat[name]
    return deep


class Frozen(nn.Module):
    """A network that is used and never trained: its weights belong to no player, its statistics stay."""

    def __init__(self, network: nn.Module):
        super().__init__()
        self.network = network.eval()
        for parameter in network.parameters():
            parameter.frozen = True  # type: ignore[attr-defined]

    @property
    def reads(self) -> Any:
        """The words that the network reads."""
        return getattr(self.network, "reads", ())

    def train(self, mode: bool = True) -> "Frozen":
        """Stay in evaluation mode."""
        self.training = mode
        self.network.eval()
        return self

    def forward(self, *args: Any, **kwargs: Any) -> Any:
        """Call the network."""
        return self.network(*args, **kwargs)
