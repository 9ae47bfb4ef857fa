"""M18: the networks of LPIPS; their weights come from files, never from chance."""

from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.nn.functional import max_pool2d, relu

from adversaria.metrics.features import Features
from adversaria.metrics.weights import read_weights
from adversaria.vocabulary import UserError

REMEDY = (
    "Get alexnet-owt-7be5be79.pth or vgg16-397923af.pth from https://download.pytorch.org/models/ (torchvision's, "
    "trained on ImageNet; `adversaria weights alexnet`) and give --features alexnet=PATH or vgg16=PATH."
)


class Backbone(nn.Module):
    """Convolutions of AlexNet (one-tower form) or VGG-16, with the activations that LPIPS looks at.

    Images are (B, 3, H, W) in [-1, 1], shifted and scaled to the statistics of ImageNet first. `layers`
    holds for each convolution its place in torchvision's sequence, channels in and out, size, stride,
    padding, whether a pool (size, stride 2) stands before it, and whether it is looked at.
    """

    def __init__(self, layers: list[tuple[int, int, int, int, int, int, int, bool]]):
        super().__init__()
        self.layers = layers
        self.convolutions = nn.ModuleList(
            nn.Conv2d(a, b, size, stride, padding) for _, a, b, size, stride, padding, _, _ in layers
        )
        self.register_buffer("shift", torch.tensor([-0.030, -0.088, -0.188]).view(3, 1, 1))
        self.register_buffer("scale", torch.tensor([0.458, 0.448, 0.450]).view(3, 1, 1))

    def forward(self, image: Tensor) -> list[Tensor]:
        """List the activations."""
        value = (image - self.get_buffer("shift")) / self.get_buffer("scale")
        found = []
        for convolution, (*_, pool, seen) in zip(self.convolutions, self.layers, strict=True):
            if pool:
                value = max_pool2d(value, pool, 2)
            value = relu(convolution(value))
            if seen:
                found.append(value)
        return found

    def fill(self, tensors: Mapping[str, Tensor], path: Path) -> None:
        """Copy torchvision's weights in, or say what is missing."""
        for convolution, (place, *_) in zip(self.convolutions, self.layers, strict=True):
            for part, own in convolution.named_parameters():
                found = tensors.get(f"features.{place}.{part}")
                if found is None or found.shape != own.shape:
                    raise UserError(f"{path} does not hold this network: features.{place}.{part} is missing.", REMEDY)
                own.data.copy_(found)


def alexnet() -> Backbone:
    """The five convolutions of AlexNet (Krizhevsky 2014), all looked at."""
    return Backbone(
        [
            (0, 3, 64, 11, 4, 2, 0, True),
            (3, 64, 192, 5, 1, 2, 3, True),
            (6, 192, 384, 3, 1, 1, 3, True),
            (8, 384, 256, 3, 1, 1, 0, True),
            (10, 256, 256, 3, 1, 1, 0, True),
        ]
    )


def vgg16() -> Backbone:
    """The convolutions of VGG-16 (Simonyan and Zisserman 2015, column D), the last of each stage looked at."""
    layers: list[tuple[int, int, int, int, int, int, int, bool]] = []
    place, before = 0, 3
    for stage, (count, width) in enumerate(((2, 64), (2, 128), (3, 256), (3, 512), (3, 512))):
        for k in range(count):
            layers.append((place, before, width, 3, 1, 1, 2 if stage and k == 0 else 0, k == count - 1))
            place, before = place + 2, width
        place += 1
    return Backbone(layers)


NETWORKS = {"alexnet": (alexnet, "alex"), "vgg16": (vgg16, "vgg")}


def lpips_features(name: str, backbone: Path, linear: Path | None = None) -> Features:
    """The network `name` (alexnet or vgg16) with its weights and the released linear weights of LPIPS 0.1.

    `backbone` is torchvision's file. The linear weights are those that torchmetrics carries, or the file
    `linear` (keys lin0.model.1.weight and so on). UserError: no such network, file or tensor.
    """
    if name not in NETWORKS:
        raise UserError(f"LPIPS has no network '{name}'.", f"Choose {' or '.join(NETWORKS)}.")
    build, short = NETWORKS[name]
    network = build()
    network.fill(read_weights(Path(backbone), REMEDY), Path(backbone))
    carried = Path(str(files("torchmetrics"))) / "functional" / "image" / "lpips_models" / f"{short}.pth"
    path = carried if linear is None else Path(linear)
    found = read_weights(path, "Give the file of linear weights of LPIPS 0.1.")
    weights = [found[key].flatten() for key in sorted(k for k in found if k.startswith("lin"))]
    widths = [layer[2] for layer in network.layers if layer[-1]]
    if [len(w) for w in weights] != widths or any(bool((w < 0).any()) for w in weights):
        raise UserError(f"{path} does not hold LPIPS weights for {name}.", "Give the released ones.")
    network.eval().requires_grad_(False)
    return Features(name, network, (-1.0, 1.0), 3, weights=weights)
