"""Feature networks: what turns images into the numbers that distances of sets are taken between."""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn.functional import interpolate

from adversaria.metrics.facts import NotApplicable, Range, width_of

Array = NDArray[np.floating[Any]]

_BATCH = 32


class FeatureNetwork(ABC):
    """Features (n, d) and, for networks that classify, probabilities (n, K) of a list of images (C, *S).

    `name` stands in every number. Intensities are brought by the declared range to what the network
    expects, and cut off there. Images are padded to squares at the low end and resized to `size` by
    antialiased bilinear interpolation; a volume gives the mean over its slices along the last axis.
    """

    name: str
    size: ClassVar[int]
    channels: ClassVar[int]

    @abstractmethod
    def look(self, batch: Tensor) -> dict[str, Tensor]:
        """Give `features` and, if the network classifies, `logits` of a batch (B, C, size, size) in [-1, 1]."""

    def features(self, images: Sequence[Array], data_range: Range) -> Array:
        """Features (n, d) in double precision, one row a case."""
        return self._rows(images, data_range, "features")

    def probabilities(self, images: Sequence[Array], data_range: Range) -> Array:
        """Class probabilities (n, K), one row a case."""
        return self._rows(images, data_range, "probabilities")

    def _rows(self, images: Sequence[Array], data_range: Range, wanted: str) -> Array:
        rows = []
        with torch.no_grad():
            for image in images:
                planes = self._planes(image, data_range)
                rows.append(torch.cat([self._seen(part)[wanted] for part in planes.split(_BATCH)]).double().mean(0))
        return torch.stack(rows).numpy()

    def _seen(self, part: Tensor) -> dict[str, Tensor]:
        found = self.look(part)
        if "logits" in found:
            found["probabilities"] = found["logits"].softmax(1)
        else:
            found["probabilities"] = torch.full((len(part), 0), torch.nan)
        return found

    def _planes(self, image: Array, data_range: Range) -> Tensor:
        low, width = data_range[0], width_of(data_range)
        array = np.array(image, np.float32)
        if not np.isfinite(array).all():
            raise ValueError("an image holds values that are not finite")
        planes = torch.from_numpy(np.ascontiguousarray(np.moveaxis(array, -1, 0)) if array.ndim == 4 else array[None])
        return square(coloured((planes - low) * (2 / width) - 1, self.channels).clamp(-1, 1), self.size)


def coloured(planes: Tensor, channels: int) -> Tensor:
    """Bring planes (B, C, H, W) to the channels that a network takes: copies of grey, or the mean of colours."""
    if planes.shape[1] == channels:
        return planes
    if planes.shape[1] not in (1, 3):
        raise NotApplicable(f"feature networks look at one or three channels, not at {planes.shape[1]}")
    return planes.mean(1, keepdim=True).expand(-1, channels, -1, -1)


def square(planes: Tensor, size: int) -> Tensor:
    """Pad planes to squares with -1, centred, and resize them."""
    height, width = planes.shape[-2:]
    side = max(height, width)
    top, left = (side - height) // 2, (side - width) // 2
    pad = (left, side - width - left, top, side - height - top)
    padded = nn.functional.pad(planes, pad, value=-1.0)
    return interpolate(padded, (size, size), mode="bilinear", antialias=True) if side != size else padded


class SmallCNN(nn.Module):
    """Five convolutions of stride 2 with ReLU, averaged over the plane, and a linear head for each task."""

    def __init__(self, heads: Mapping[str, int], widths: Sequence[int] = (24, 48, 64, 96, 64)):
        super().__init__()
        inputs = (1, *widths[:-1])
        layers = [nn.Conv2d(i, o, 3, 2, 1) for i, o in zip(inputs, widths, strict=True)]
        self.body = nn.Sequential(*[part for layer in layers for part in (layer, nn.ReLU())])
        self.heads = nn.ModuleDict({name: nn.Linear(widths[-1], count) for name, count in heads.items()})

    def features(self, image: Tensor) -> Tensor:
        """Give (B, 64) features of images (B, 1, H, W)."""
        return self.body(image).mean((2, 3))

    def forward(self, image: Tensor) -> dict[str, Tensor]:
        """Give the logits of each head."""
        features = self.features(image)
        return {name: head(features) for name, head in self.heads.items()}


class LearnedCNN(FeatureNetwork):
    """Features of a small network that learned on images at hand; `classes` names the head that classifies."""

    size, channels = 96, 1

    def __init__(self, name: str, net: SmallCNN, classes: str | None = None):
        self.name, self.net, self.classes = name, net.eval().requires_grad_(False), classes

    def look(self, batch: Tensor) -> dict[str, Tensor]:
        """Give 64 features, and the logits of the head that classifies."""
        features = self.net.features(batch)
        found = {"features": features}
        if self.classes is not None:
            found["logits"] = self.net.heads[self.classes](features)
        return found
