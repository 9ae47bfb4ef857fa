"""Inception-v3 as the Frechet Inception distance uses it, from a file of weights that the user brings."""

from pathlib import Path
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d, avg_pool2d, max_pool2d, relu

from adversaria.metrics.sets.networks import FeatureNetwork
from adversaria.metrics.weights import read_weights
from adversaria.vocabulary import UserError

CLASSES = 1008
REMEDY = (
    "Get pt_inception-2015-12-05-6726825d.pth (the weights of 2015 that published FIDs use, converted for "
    "pytorch-fid; `adversaria weights inception`) and give --features inception=PATH, or use phantom-cnn."
)


class InceptionFeatures(FeatureNetwork):
    """Pool features (2048) and class probabilities (1008) of Inception-v3 (Szegedy et al. 2016), frozen.

    `weights` is a local file under the names of torchvision's model, with the 1008 outputs of the network of
    2015; it is never downloaded and never replaced. Its pooling differs from torchvision's as published FIDs
    need it: averages leave out the padding, and the last block takes a maximum. Images are resized to 299
    with antialiasing, which early implementations did not do: compare with numbers made by this package.
    """

    name = "inception"
    size: ClassVar[int] = 299
    channels: ClassVar[int] = 3

    def __init__(self, weights: Path | None):
        if weights is None:
            raise UserError("Inception is useless without its trained weights, and none were given.", REMEDY)
        self.net = Inception()
        _fill(self.net, Path(weights))
        self.net.eval().requires_grad_(False)

    def look(self, batch: Tensor) -> dict[str, Tensor]:
        """Give features and logits."""
        features = self.net.features(batch)
        return {"features": features, "logits": self.net.fc(features)}


class _Conv(nn.Module):
    """Convolution without bias, batch norm, ReLU."""

    def __init__(self, inputs: int, outputs: int, size: int | tuple[int, int] = 1, stride: int = 1, pad: bool = True):
        super().__init__()
        kernel = (size, size) if isinstance(size, int) else size
        padding = (kernel[0] // 2, kernel[1] // 2) if pad else (0, 0)
        self.conv = nn.Conv2d(inputs, outputs, kernel, stride, padding, bias=False)
        self.bn = nn.BatchNorm2d(outputs, eps=0.001)

    def forward(self, x: Tensor) -> Tensor:
        return relu(self.bn(self.conv(x)))


def _mean3(x: Tensor) -> Tensor:
    return avg_pool2d(x, 3, 1, 1, count_include_pad=False)


class _A(nn.Module):
    def __init__(self, inputs: int, pooled: int):
        super().__init__()
        self.branch1x1 = _Conv(inputs, 64)
        self.branch5x5_1, self.branch5x5_2 = _Conv(inputs, 48), _Conv(48, 64, 5)
        self.branch3x3dbl_1, self.branch3x3dbl_2 = _Conv(inputs, 64), _Conv(64, 96, 3)
        self.branch3x3dbl_3 = _Conv(96, 96, 3)
        self.branch_pool = _Conv(inputs, pooled)

    def forward(self, x: Tensor) -> Tensor:
        double = self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(x)))
        parts = [self.branch1x1(x), self.branch5x5_2(self.branch5x5_1(x)), double, self.branch_pool(_mean3(x))]
        return torch.cat(parts, 1)


class _B(nn.Module):
    def __init__(self, inputs: int):
        super().__init__()
        self.branch3x3 = _Conv(inputs, 384, 3, 2, False)
        self.branch3x3dbl_1, self.branch3x3dbl_2 = _Conv(inputs, 64), _Conv(64, 96, 3)
        self.branch3x3dbl_3 = _Conv(96, 96, 3, 2, False)

    def forward(self, x: Tensor) -> Tensor:
        double = self.branch3x3dbl_3(self.branch3x3dbl_2(self.branch3x3dbl_1(x)))
        return torch.cat([self.branch3x3(x), double, max_pool2d(x, 3, 2)], 1)


class _C(nn.Module):
    def __init__(self, width: int):
        super().__init__()
        self.branch1x1 = _Conv(768, 192)
        self.branch7x7_1, self.branch7x7_2 = _Conv(768, width), _Conv(width, width, (1, 7))
        self.branch7x7_3 = _Conv(width, 192, (7, 1))
        self.branch7x7dbl_1, self.branch7x7dbl_2 = _Conv(768, width), _Conv(width, width, (7, 1))
        self.branch7x7dbl_3, self.branch7x7dbl_4 = _Conv(width, width, (1, 7)), _Conv(width, width, (7, 1))
        self.branch7x7dbl_5 = _Conv(width, 192, (1, 7))
        self.branch_pool = _Conv(768, 192)

    def forward(self, x: Tensor) -> Tensor:
        double = x
        for k in range(1, 6):
            double = getattr(self, f"branch7x7dbl_{k}")(double)
        single = self.branch7x7_3(self.branch7x7_2(self.branch7x7_1(x)))
        return torch.cat([self.branch1x1(x), single, double, self.branch_pool(_mean3(x))], 1)


class _D(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.branch3x3_1, self.branch3x3_2 = _Conv(768, 192), _Conv(192, 320, 3, 2, False)
        self.branch7x7x3_1, self.branch7x7x3_2 = _Conv(768, 192), _Conv(192, 192, (1, 7))
        self.branch7x7x3_3, self.branch7x7x3_4 = _Conv(192, 192, (7, 1)), _Conv(192, 192, 3, 2, False)

    def forward(self, x: Tensor) -> Tensor:
        long = self.branch7x7x3_4(self.branch7x7x3_3(self.branch7x7x3_2(self.branch7x7x3_1(x))))
        return torch.cat([self.branch3x3_2(self.branch3x3_1(x)), long, max_pool2d(x, 3, 2)], 1)


class _E(nn.Module):
    def __init__(self, inputs: int, maximum: bool):
        super().__init__()
        self.maximum = maximum
        self.branch1x1 = _Conv(inputs, 320)
        self.branch3x3_1 = _Conv(inputs, 384)
        self.branch3x3_2a, self.branch3x3_2b = _Conv(384, 384, (1, 3)), _Conv(384, 384, (3, 1))
        self.branch3x3dbl_1, self.branch3x3dbl_2 = _Conv(inputs, 448), _Conv(448, 384, 3)
        self.branch3x3dbl_3a, self.branch3x3dbl_3b = _Conv(384, 384, (1, 3)), _Conv(384, 384, (3, 1))
        self.branch_pool = _Conv(inputs, 192)

    def forward(self, x: Tensor) -> Tensor:
        single, double = self.branch3x3_1(x), self.branch3x3dbl_2(self.branch3x3dbl_1(x))
        parts = [self.branch1x1(x), self.branch3x3_2a(single), self.branch3x3_2b(single)]
        parts += [self.branch3x3dbl_3a(double), self.branch3x3dbl_3b(double)]
        return torch.cat([*parts, self.branch_pool(max_pool2d(x, 3, 1, 1) if self.maximum else _mean3(x))], 1)


class Inception(nn.Module):
    """The layers, under the names of the file."""

    def __init__(self, classes: int = CLASSES) -> None:
        super().__init__()
        self.Conv2d_1a_3x3, self.Conv2d_2a_3x3 = _Conv(3, 32, 3, 2, False), _Conv(32, 32, 3, 1, False)
        self.Conv2d_2b_3x3 = _Conv(32, 64, 3)
        self.Conv2d_3b_1x1, self.Conv2d_4a_3x3 = _Conv(64, 80), _Conv(80, 192, 3, 1, False)
        self.Mixed_5b, self.Mixed_5c, self.Mixed_5d = _A(192, 32), _A(256, 64), _A(288, 64)
        self.Mixed_6a = _B(288)
        self.Mixed_6b, self.Mixed_6c, self.Mixed_6d, self.Mixed_6e = _C(128), _C(160), _C(160), _C(192)
        self.Mixed_7a, self.Mixed_7b, self.Mixed_7c = _D(), _E(1280, False), _E(2048, True)
        self.fc = nn.Linear(2048, classes)

    def features(self, image: Tensor) -> Tensor:
        """Give (B, 2048) of images (B, 3, 299, 299) in [-1, 1]."""
        x = self.Conv2d_2b_3x3(self.Conv2d_2a_3x3(self.Conv2d_1a_3x3(image)))
        x = max_pool2d(self.Conv2d_4a_3x3(self.Conv2d_3b_1x1(max_pool2d(x, 3, 2))), 3, 2)
        for name, block in self.named_children():
            if name.startswith("Mixed"):
                x = block(x)
        return adaptive_avg_pool2d(x, 1).flatten(1)


def _fill(net: Inception, path: Path) -> None:
    """Copy the weights in; auxiliary heads of the file are left out."""
    found = read_weights(path, REMEDY)
    for name, tensor in net.state_dict().items():
        given = found.get(name)
        if given is None and name.endswith("num_batches_tracked"):
            continue
        if given is None or given.shape != tensor.shape:
            raise UserError(f"{path} does not hold Inception-v3 of 2015: '{name}' is missing or misshapen.", REMEDY)
        tensor.copy_(given)
