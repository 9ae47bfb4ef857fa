"""Layers by dimension, and what constructors check."""

from typing import Any

from torch import nn

from adversaria.vocabulary import UserError

_CONVOLUTIONS: dict[int, Any] = {2: nn.Conv2d, 3: nn.Conv3d}
_TRANSPOSED = {2: nn.ConvTranspose2d, 3: nn.ConvTranspose3d}
_INSTANCE = {2: nn.InstanceNorm2d, 3: nn.InstanceNorm3d}
_REFLECTION = {2: nn.ReflectionPad2d, 3: nn.ReflectionPad3d}
_FINALS = {"tanh": nn.Tanh, "relu": nn.ReLU, "identity": nn.Identity}


def convolution(
    dims: int,
    inputs: int,
    outputs: int,
    kernel: int | tuple[int, ...],
    stride: int = 1,
    padding: int = 0,
    bias: bool = True,
) -> nn.Module:
    """Give a convolution of 2 or 3 dimensions."""
    layer: nn.Module = _CONVOLUTIONS[dims](inputs, outputs, kernel, stride, padding, bias=bias)
    return layer


def transposed(
    dims: int,
    inputs: int,
    outputs: int,
    kernel: int,
    stride: int = 1,
    padding: int = 0,
    extra: int = 0,
    bias: bool = True,
) -> nn.Module:
    """Give a transposed convolution; `extra` is added to one side of the output."""
    return _TRANSPOSED[dims](inputs, outputs, kernel, stride, padding, extra, bias=bias)


def normalisation(norm: str, dims: int, width: int) -> nn.Module:
    """Give batch, instance or layer normalisation (over all channels and pixels of a sample), or none."""
    if norm == "batch":
        # layers are built from the functions of this file
        from adversaria.networks.layers.batch_norm import BatchNorm

        return BatchNorm(width, dims)
    if norm == "instance":
        return _INSTANCE[dims](width)
    if norm == "layer":
        return nn.GroupNorm(1, width)
    if norm == "none":
        return nn.Identity()
    raise UserError(f"there is no normalisation '{norm}'.", "Choose batch, instance, layer or none.")


def reflection(dims: int, by: int) -> nn.Module:
    """Give reflection padding on every side."""
    return _REFLECTION[dims](by)


def final_layer(name: str) -> nn.Module:
    """Give the activation after the last layer."""
    if name not in _FINALS:
        raise UserError(f"there is no final activation '{name}'.", f"Choose {', '.join(_FINALS)}.")
    return _FINALS[name]()


def levels_of(size: int, smallest: int, name: str) -> int:
    """How often `size` is halved until it is `smallest`; it must be so exactly."""
    levels = 0
    side = size
    while side > smallest and side % 2 == 0:
        side, levels = side // 2, levels + 1
    if side != smallest or levels < 1:
        raise UserError(
            f"{name} makes images whose side is {smallest} times a power of two, not {size}.",
            f"Choose a patch of {smallest * 2 ** max(1, round((size / smallest) ** 0.5))} or another such side.",
        )
    return levels
