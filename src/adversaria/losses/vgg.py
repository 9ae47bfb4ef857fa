"""Features of VGG-19, from a file of weights that the user brings."""

from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import max_pool2d, relu

from adversaria.metrics.weights import read_weights
from adversaria.vocabulary import UserError

WIDTHS = {1: (64, 64), 2: (128, 128), 3: (256,) * 4, 4: (512,) * 4, 5: (512,) * 4}
NAMES = tuple(f"conv{stage}_{k}" for stage, widths in WIDTHS.items() for k in range(1, len(widths) + 1))
REMEDY = (
    "Get vgg19-dcbb9e9d.pth from https://download.pytorch.org/models/ (torchvision's, trained on ImageNet; "
    "`adversaria weights vgg19`) and give --weights vgg19=PATH, or let the term use the discriminator's layers."
)


class VGG19Features(nn.Module):
    """The convolutions of VGG-19 (Simonyan and Zisserman 2015, table 1, column E), frozen.

    `features` gives the activations after the ReLU of the named `layers`, by default that of the last
    convolution, as Yang et al. 2018 use it. Images are (B, 1, H, W), copied to three channels, or
    (B, 3, H, W) in the order red, green, blue; volumes are given slice by slice. Values in `value_range`
    are mapped to [0, 1] and then normalised by ImageNet's means and standard deviations, which is what
    torchvision's weights expect; Caffe's weights, of which Yang's are a copy, expect 0-255 and no division.

    `weights` is a local file, safetensors or torch, under torchvision's names; it is never downloaded and
    never replaced by random numbers. UserError: no file, a damaged file, other shapes, other channels.
    """

    dims = 2

    def __init__(
        self,
        weights: Path | None = None,
        layers: Sequence[str] = ("conv5_4",),
        value_range: tuple[float, float] = (0.0, 1.0),
    ):
        super().__init__()
        wrong = [name for name in layers if name not in NAMES]
        if wrong or not layers:
            raise UserError(f"VGG-19 has no layer {wrong[:1]}.", f"Its layers are {', '.join(NAMES)}.")
        if weights is None:
            raise UserError("VGG-19 is useless without its trained weights, and none were given.", REMEDY)
        self.layers, self.value_range = tuple(layers), value_range
        outputs = [width for widths in WIDTHS.values() for width in widths]
        inputs = [3, *outputs[:-1]]
        self.convolutions = nn.ModuleDict(
            {name: nn.Conv2d(i, o, 3, padding=1) for name, i, o in zip(NAMES, inputs, outputs, strict=True)}
        )
        mean, deviation = torch.tensor([[0.485, 0.456, 0.406], [0.229, 0.224, 0.225]]).view(2, 1, 3, 1, 1)
        self.register_buffer("mean", mean, persistent=False)
        self.register_buffer("deviation", deviation, persistent=False)
        self._fill(Path(weights))
        self.eval().requires_grad_(False)

    def features(self, image: Tensor) -> list[Tensor]:
        """List the activations of the chosen layers, in the order of the network."""
        value, found = self._normalised(image), []
        for name, convolution in self.convolutions.items():
            if name.endswith("_1") and name != NAMES[0]:
                value = max_pool2d(value, 2)
            value = relu(convolution(value))
            if name in self.layers:
                found.append(value)
            if len(found) == len(self.layers):
                break
        return found

    def forward(self, image: Tensor) -> list[Tensor]:
        """Give the features."""
        return self.features(image)

    def _normalised(self, image: Tensor) -> Tensor:
        if image.ndim != 4 or image.shape[1] not in (1, 3):
            raise UserError(
                f"VGG-19 looks at images of one or three channels, not at {tuple(image.shape)}.",
                "Choose another feature network for this term, or remove the term.",
            )
        low, high = self.value_range
        colour = ((image - low) / (high - low)).expand(-1, 3, -1, -1)
        return (colour - self.get_buffer("mean")) / self.get_buffer("deviation")

    def _fill(self, path: Path) -> None:
        """Copy the weights in; a network on the meta device only has them checked."""
        tensors = read_weights(path, REMEDY)
        for (name, convolution), index in zip(self.convolutions.items(), _positions(), strict=True):
            for part, own in convolution.named_parameters():
                found = tensors.get(f"features.{index}.{part}")
                if found is None or found.shape != own.shape:
                    raise UserError(f"{path} does not hold VGG-19: '{name}' is missing or misshapen.", REMEDY)
                if not own.is_meta:
                    own.data.copy_(found)


def _positions() -> list[int]:
    """Where torchvision's sequence has its convolutions: each is followed by a ReLU, each stage by a pool."""
    found, position = [], 0
    for widths in WIDTHS.values():
        found += [position + 2 * k for k in range(len(widths))]
        position += 2 * len(widths) + 1
    return found
