"""ResNet-50 as RadImageNet trained it on radiological images, from a file of weights that the user brings."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, ClassVar

import torch
from torch import Tensor

from adversaria.metrics.sets.networks import FeatureNetwork
from adversaria.metrics.weights import read_weights
from adversaria.vocabulary import UserError

REMEDY = (
    "Get ResNet50 for PyTorch from the authors of RadImageNet (Mei et al. 2022) and give --features radimagenet=PATH, "
    "or use phantom-cnn."
)
# the released file numbers the children of torchvision's network
CHILDREN = {"0": "conv1", "1": "bn1", "4": "layer1", "5": "layer2", "6": "layer3", "7": "layer4"}


class RadImageNetFeatures(FeatureNetwork):
    """Pool features (2048) of ResNet-50 (He et al. 2016), frozen; grey images are repeated over three channels.

    `weights` is a local file, under torchvision's names or those of the release (backbone.0 and so on); a classifying
    head in it is left out. It is never downloaded and never replaced. UserError: no file, a damaged file, other shapes.
    """

    name = "radimagenet"
    size: ClassVar[int] = 224
    channels: ClassVar[int] = 3

    def __init__(self, weights: Path | None):
        if weights is None:
            raise UserError("RadImageNet is useless without its trained weights, and none were given.", REMEDY)
        self.net = resnet50()
        _fill(self.net, read_weights(Path(weights), REMEDY), Path(weights))
        self.net.eval().requires_grad_(False)

    def look(self, batch: Tensor) -> dict[str, Tensor]:
        """Give features."""
        return {"features": self.net(batch)}


def resnet50() -> Any:
    """The layers, without the head."""
    from monai.networks.nets.resnet import ResNet

    widths = [64, 128, 256, 512]
    return ResNet("bottleneck", [3, 4, 6, 3], widths, 2, 3, 7, 2, feed_forward=False, bias_downsample=False)


def _fill(net: Any, tensors: Mapping[str, Tensor], path: Path) -> None:
    """Copy the weights in."""
    found = {_own_name(name): tensor for name, tensor in tensors.items()}
    with torch.no_grad():
        for name, own in net.state_dict().items():
            given = found.get(name)
            if given is None and name.endswith("num_batches_tracked"):
                continue
            if given is None or given.shape != own.shape:
                raise UserError(f"{path} does not hold ResNet-50: '{name}' is missing or misshapen.", REMEDY)
            own.copy_(given)


def _own_name(name: str) -> str:
    first, _, rest = name.removeprefix("backbone.").partition(".")
    return f"{CHILDREN.get(first, first)}.{rest}"
