"""Networks inside terms: they must have been trained, and say by which file."""

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor, nn

from adversaria.metrics.weights import read_weights
from adversaria.vocabulary import UserError


def fill(network: nn.Module, name: str, path: Path | None) -> nn.Module:
    """Fill a network from the file given by `--weights name=PATH`, in evaluation mode and frozen.

    The file holds the network's own names, or a game's, as `game.safetensors` in a run's checkpoint does: then
    the one network in it that fits is taken. On the meta device only names and shapes are checked. UserError: no
    file, none or several that fit.
    """
    remedy = f"Train the network by a recipe of its own and give --weights {name}=RUN/checkpoints/.../game.safetensors."
    if path is None:
        raise UserError(f"the network of the term '{name}' is useless untrained, and no weights were given.", remedy)
    tensors, own = read_weights(Path(path), remedy), network.state_dict()
    places = [p for p in _places(tensors, next(iter(own))) if _fits(own, tensors, p)]
    if len(places) != 1:
        raise UserError(f"{path} holds {len(places)} networks that fit the term '{name}', not one.", remedy)
    with torch.no_grad():
        for key, tensor in own.items():
            if not tensor.is_meta:
                tensor.copy_(tensors[places[0] + key])
    return network.eval().requires_grad_(False)


def _places(tensors: Mapping[str, Tensor], first: str) -> list[str]:
    """What may stand before the network's own names."""
    return [name.removesuffix(first) for name in tensors if name == first or name.endswith(f".{first}")]


def _fits(own: Mapping[str, Tensor], tensors: Mapping[str, Tensor], place: str) -> bool:
    if sum(name.startswith(place) for name in tensors) != len(own):
        return False
    return all(place + key in tensors and tensors[place + key].shape == tensor.shape for key, tensor in own.items())
