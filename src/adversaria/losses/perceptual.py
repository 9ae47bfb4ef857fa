"""L8: fidelity in the features of a network."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn

from adversaria.losses.pixel import checked, distance
from adversaria.vocabulary import UserError


class Perceptual(nn.Module):
    """Perceptual loss, L8 of the review: sum over layers of mean |phi_l(output) - phi_l(target)|^power.

    By default phi are the layers of the game's own discriminator, as in MedGAN (Armanious et al. 2020):
    nothing has to be downloaded, and nothing pretends to be a pretrained network. A discriminator that
    judges pairs sees the source beside both images.

    `features` may be a network instead, whose `.features(image)`, or which itself, gives one activation
    or a list of them. It is kept frozen and in evaluation mode; one for images sees a volume slice by
    slice along its last axis. `layers` picks activations by index, negative ones from the end. UserError:
    no such network, no such layer.
    """

    key = "L8"

    def __init__(
        self,
        features: str | nn.Module = "discriminator",
        layers: Sequence[int] | None = None,
        power: int = 2,
    ):
        super().__init__()
        if isinstance(features, str) and features != "discriminator":
            raise UserError(
                f"the perceptual term has no feature network '{features}' at hand.",
                "Write features: discriminator, or features: vgg19 with --weights vgg19=PATH.",
            )
        self.network = None if isinstance(features, str) else features.eval().requires_grad_(False)
        self.layers, self.power = layers, checked(power)

    def train(self, mode: bool = True) -> "Perceptual":
        """Keep the frozen network in evaluation mode."""
        super().train(mode)
        if self.network is not None:
            self.network.eval()
        return self

    def forward(
        self,
        output: Tensor,
        target: Tensor,
        source: Tensor | None = None,
        discriminator: nn.Module | None = None,
    ) -> Tensor:
        """Compare (B, C, *S) with (B, C, *S)."""
        pairs = self.pairs(output, target, source, discriminator)
        return torch.stack([distance(found, wanted, self.power) for found, wanted in pairs]).sum()

    def pairs(
        self, output: Tensor, target: Tensor, source: Tensor | None = None, discriminator: nn.Module | None = None
    ) -> list[tuple[Tensor, Tensor]]:
        """Give the chosen activations of both images; the target's carry no gradient."""
        found = self._look(output, source, discriminator)
        with torch.no_grad():
            wanted = self._look(target, source, discriminator)
        chosen = range(len(found)) if self.layers is None else self.layers
        if not all(-len(found) <= index < len(found) for index in chosen):
            raise UserError(
                f"the perceptual term asks for layers {list(chosen)}, but its network has {len(found)}.",
                f"Choose layers from 0 to {len(found) - 1}.",
            )
        return [(found[index], wanted[index]) for index in chosen]

    def _look(self, image: Tensor, source: Tensor | None, discriminator: nn.Module | None) -> list[Tensor]:
        """List the activations of the frozen network, or else of the discriminator."""
        if self.network is not None:
            flat = image.ndim == 5 and is_flat(self.network)
            look = getattr(self.network, "features", self.network)
            found = look(slices(image) if flat else image)
            return [found] if isinstance(found, Tensor) else list(found)
        if discriminator is None:
            raise UserError(
                "the perceptual term has no feature network: this game has no discriminator.",
                "Give it one: features: vgg19 with --weights vgg19=PATH, or remove the term.",
            )
        condition = source if judges_pairs(discriminator, image, source) else None
        return discriminator.features(image, condition)  # type: ignore[operator]


def judges_pairs(discriminator: nn.Module, image: Tensor, source: Tensor | None) -> bool:
    """Tell whether the first layer of a discriminator has room for the image and the source together."""
    if source is None:
        return False
    first = next((p for p in discriminator.parameters() if p.ndim == image.ndim), None)
    return first is not None and first.shape[1] == image.shape[1] + source.shape[1]


def is_flat(network: nn.Module) -> bool:
    """Whether a network works on images: by its `dims`, else by its first convolution."""
    dims = getattr(network, "dims", None)
    if isinstance(dims, int):
        return dims == 2
    return next((isinstance(m, nn.Conv2d) for m in network.modules() if isinstance(m, nn.Conv2d | nn.Conv3d)), False)


def slices(volume: Tensor) -> Tensor:
    """Lay the slices of volumes (B, C, H, W, D) along the batch: (B D, C, H, W)."""
    return volume.movedim(-1, 1).flatten(0, 1)
