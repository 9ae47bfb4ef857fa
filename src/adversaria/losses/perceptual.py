"""L8: fidelity in the features of a network."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor, nn

from adversaria.losses.pixel import distance
from adversaria.vocabulary import UserError


class Perceptual(nn.Module):
    """Perceptual loss, L8 of the review: sum over layers of mean |phi_l(output) - phi_l(target)|^power.

    By default phi are the layers of the game's own discriminator, as in MedGAN (Armanious et al. 2020,
    eq. 4): nothing has to be downloaded, and nothing pretends to be a pretrained network. A frozen
    network with `.features(image)` can be given instead; it is never trained. `layers` picks activations
    by index. A two-dimensional network sees a volume slice by slice along its last axis.
    """

    key = "L8"

    def __init__(self, features: nn.Module | None = None, layers: Sequence[int] | None = None, power: int = 2):
        super().__init__()
        self.features = features.eval().requires_grad_(False) if features is not None else None
        self.layers, self.power = layers, power

    def train(self, mode: bool = True) -> "Perceptual":
        """Keep the frozen network in evaluation mode."""
        super().train(mode)
        if self.features is not None:
            self.features.eval()
        return self

    def forward(self, output: Tensor, target: Tensor, discriminator: nn.Module | None = None) -> Tensor:
        """Compare (B, C, *S) with (B, C, *S)."""
        network = self.features or discriminator
        if network is None:
            raise UserError(
                "the perceptual term has no feature network: this game has no discriminator.",
                "Give it one: features: vgg19 with --weights vgg19=PATH, or remove the term.",
            )
        if getattr(network, "dims", None) == 2 and output.ndim == 5:
            output, target = slices(output), slices(target)
        look: Callable[..., list[Tensor]] = network.features  # type: ignore[assignment]
        found = look(output)
        with torch.no_grad():
            wanted = look(target)
        chosen = range(len(found)) if self.layers is None else self.layers
        return torch.stack([distance(found[i], wanted[i], self.power) for i in chosen]).sum()


def slices(volume: Tensor) -> Tensor:
    """Lay the slices of volumes (B, C, H, W, D) along the batch: (B D, C, H, W)."""
    return volume.movedim(-1, 1).flatten(0, 1)
