"""L15: fidelity in k-space."""

import torch
from torch import Tensor, nn

from adversaria.losses.pixel import checked, distance
from adversaria.vocabulary import UserError


class KSpace(nn.Module):
    """k-space fidelity, L15 of the review: mean |FFT(output) - FFT(target)|^power.

    The transform is orthonormal and its frequency 0 in the middle, as a sampling mask has it; one channel is a real
    image, two are the real and imaginary part of a complex one. With `sampling` (B, 1, *S), 0 or 1, the mean runs over
    those positions only. Without it and with power 2 this is exactly the image's own squared error: then use `Pixel`.
    """

    key = "L15"

    def __init__(self, power: int = 2):
        super().__init__()
        self.power = checked(power)

    def forward(self, output: Tensor, target: Tensor, sampling: Tensor | None = None) -> Tensor:
        """Compare (B, 1 or 2, *S) with (B, 1 or 2, *S)."""
        if output.shape != target.shape:
            raise ValueError(f"cannot compare {tuple(output.shape)} with {tuple(target.shape)}")
        return distance(k_space(output), k_space(target), self.power, sampling)


class KSpaceConsistency(KSpace):
    """Data consistency as a term, L15 of the review without a target: mean |M (FFT(output) - measurement)|^power.

    `measurement` is single-coil k-space (B, 1, *S), complex, or (B, 2, *S), under the convention of `KSpace`; the mean
    runs over the positions that `sampling` M marks. Several coils, or another transform, belong to `Physical`.
    """

    key = "L15-measured"

    def forward(self, output: Tensor, measurement: Tensor, sampling: Tensor) -> Tensor:  # type: ignore[override]
        """Compare an image (B, 1 or 2, *S) with k-space."""
        return distance(k_space(output), as_complex(measurement), self.power, sampling)


def k_space(image: Tensor) -> Tensor:
    """Orthonormal Fourier transform of (B, 1 or 2, *S), frequency 0 in the middle: (B, 1, *S), complex."""
    axes = tuple(range(2, image.ndim))
    value = torch.fft.ifftshift(as_complex(image), axes)
    return torch.fft.fftshift(torch.fft.fftn(value, dim=axes, norm="ortho"), axes)


def as_complex(value: Tensor) -> Tensor:
    """Two channels as the parts of complex numbers, one as real ones; complex ones as they are."""
    if value.is_complex():
        return value
    value = value.to(torch.promote_types(value.dtype, torch.float32))
    if value.shape[1] not in (1, 2):
        raise UserError(
            f"{value.shape[1]} channels are no complex image.", "k-space terms take one channel (real) or two."
        )
    parts = (value[:, :1], value[:, 1:] if value.shape[1] == 2 else torch.zeros_like(value))
    return torch.complex(*parts)
