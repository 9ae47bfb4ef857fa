"""The edge between complex physics and real networks."""

import torch
from torch import Tensor


def channels(x: Tensor) -> Tensor:
    """Turn complex (B, C, *S) into real (B, 2 C, *S): each channel's real part, then its imaginary part."""
    return torch.view_as_real(x).movedim(-1, 2).flatten(1, 2)


def complex_of(x: Tensor) -> Tensor:
    """Turn real (B, 2 C, *S) into complex (B, C, *S), the reverse of `channels`."""
    if x.shape[1] % 2:
        raise ValueError(f"{x.shape[1]} channels cannot be pairs of real and imaginary parts")
    return torch.view_as_complex(x.unflatten(1, (-1, 2)).movedim(2, -1).contiguous())
