"""The networks of CollaGAN: a branch for each contrast, one decoder, and a discriminator that names the contrast."""

import torch
from torch import Tensor, nn

from adversaria.networks.dims import convolution, final_layer, normalisation, transposed
from adversaria.networks.initialise import normal
from adversaria.networks.patch_gan import PatchGAN


class CollaGenerator(nn.Module):
    """Many contrasts to one (Lee et al. 2019, section 3.3): an encoder branch each, joined, one decoder with skips.

    Takes the stack (B, contrasts, *S), zero where a contrast is missing, and as condition the maps that say which is
    wanted, which every branch sees. `depth` halvings by 4x4 convolutions; sides must be divisible by 2**depth.
    `width` is that of a branch at full size and doubles at each level.
    """

    key = "colla-generator"

    def __init__(
        self,
        contrasts: int = 4,
        depth: int = 4,
        width: int = 16,
        norm: str = "instance",
        final: str = "tanh",
        dims: int = 2,
    ):
        super().__init__()
        self.contrasts = contrasts
        widths = [width * 2**k for k in range(depth)]
        self.branches = nn.ModuleList(self._branch(widths, contrasts + 1, norm, dims) for _ in range(contrasts))
        self.up = nn.ModuleList()
        inputs = contrasts * widths[-1]
        for outputs in reversed(widths[:-1]):
            block = [
                transposed(dims, inputs, contrasts * outputs, 4, 2, 1),
                normalisation(norm, dims, contrasts * outputs),
            ]
            self.up.append(nn.Sequential(*block, nn.ReLU()))
            inputs = 2 * contrasts * outputs
        self.last = nn.Sequential(
            transposed(dims, inputs, width, 4, 2, 1), nn.ReLU(), convolution(dims, width, 1, 3, 1, 1)
        )
        self.final = final_layer(final)
        normal(self)

    @staticmethod
    def _branch(widths: list[int], inputs: int, norm: str, dims: int) -> nn.ModuleList:
        blocks = nn.ModuleList()
        for level, outputs in enumerate(widths):
            normed = [normalisation(norm, dims, outputs)] if level else []
            blocks.append(nn.Sequential(convolution(dims, inputs, outputs, 4, 2, 1), *normed, nn.LeakyReLU(0.2)))
            inputs = outputs
        return blocks

    def forward(self, image: Tensor, condition: Tensor) -> Tensor:
        """Make the wanted contrast (B, 1, *S)."""
        levels: list[list[Tensor]] = []
        for index, branch in enumerate(self.branches):
            value = torch.cat([image[:, index : index + 1], condition], 1)
            found = []
            assert isinstance(branch, nn.ModuleList)
            for block in branch:
                value = block(value)
                found.append(value)
            levels.append(found)
        joined = [torch.cat(maps, 1) for maps in zip(*levels, strict=True)]
        value = joined[-1]
        for block, skip in zip(self.up, reversed(joined[:-1]), strict=True):
            value = torch.cat([block(value), skip], 1)
        return self.final(self.last(value))


class ContrastDiscriminator(PatchGAN):
    """PatchGAN with a second head that says which contrast it sees (Lee et al. 2019, section 3.3).

    Gives `score`, a map, and `label`, logits (B, contrasts) from the mean of the last activations.
    """

    key = "contrast-discriminator"

    def __init__(self, contrasts: int = 4, layers: int = 3, width: int = 64, norm: str = "instance", dims: int = 2):
        super().__init__(1, 0, layers, width, norm, dims)
        self.label = nn.Linear(width * min(2**layers, 8), contrasts)
        normal(self)

    def forward(self, image: Tensor, condition: Tensor | None = None) -> dict[str, Tensor]:  # type: ignore[override]
        """Give raw scores and logits."""
        last = self.features(image, condition)[-1]
        return {"score": self.head(last), "label": self.label(last.flatten(2).mean(2))}
