"""Weights from a file that the user names."""

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import load_file
from torch import Tensor

from adversaria.vocabulary import UserError


def read_weights(path: Path, remedy: str) -> Mapping[str, Tensor]:
    """Read named tensors from a safetensors or PyTorch file, never code; UserError with `remedy` otherwise."""
    if not path.is_file():
        raise UserError(f"there is no file of weights at {path}.", remedy)
    try:
        if path.suffix == ".safetensors":
            return load_file(path, device="cpu")
        tensors = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        # torch, zipfile, pickle and safetensors each have errors of their own for a damaged file
        raise UserError(f"{path} cannot be read as weights ({type(error).__name__}).", remedy) from error
    if not isinstance(tensors, Mapping) or not all(isinstance(t, Tensor) for t in tensors.values()):
        raise UserError(f"{path} holds no named tensors.", remedy)
    return tensors
