"""Small standard networks that classify or segment, and the images they learn from."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from adversaria.draws import order, seed_of
from adversaria.vocabulary import UserError

Array = NDArray[Any]
Key = tuple[int, int]


@dataclass(frozen=True)
class Labelled:
    """Images (C, *S) with their classes (whole numbers from 0) or label maps (*S), 0 the background."""

    images: Sequence[Array]
    labels: Sequence[Any]

    def __post_init__(self) -> None:
        """Refuse what does not go together."""
        if len(self.images) != len(self.labels):
            raise UserError(f"{len(self.images)} images have {len(self.labels)} labels.", "Bring one label an image.")

    def __len__(self) -> int:
        """How many images there are."""
        return len(self.images)

    @property
    def segmented(self) -> bool:
        """Whether labels are maps."""
        return bool(self.labels) and np.ndim(self.labels[0]) > 0

    def part(self, numbers: Sequence[int]) -> "Labelled":
        """Some of the images."""
        return Labelled([self.images[k] for k in numbers], [self.labels[k] for k in numbers])


class Learner(Protocol):
    """Learns from real and synthetic images and gives one value a test image."""

    @property
    def measure(self) -> str:
        """What is scored."""

    def __call__(self, real: Labelled, made: Labelled | None, test: Labelled, labels: int, key: Key) -> Array:
        """Values (n,) on `test`, the more the better; everything random is keyed by `key`."""


@dataclass(frozen=True)
class Training:
    """How a network learns: Adam, so many steps whatever the size of the set, batches in a keyed order."""

    data_range: tuple[float, float]
    width: int = 8
    steps: int = 200
    batch: int = 16
    rate: float = 2e-3

    def learn(self, network: nn.Module, loss: Any, images: Tensor, labels: Tensor, key: Key) -> None:
        """Train in place."""
        optimiser = torch.optim.Adam(network.parameters(), lr=self.rate)
        network.train()
        numbers: list[int] = []
        for epoch in range(self.steps * self.batch // len(images) + 2):
            numbers += [int(k) for k in order(len(images), "downstream", *key, epoch)]
        for step in range(self.steps):
            chosen = numbers[step * self.batch : (step + 1) * self.batch]
            optimiser.zero_grad()
            loss(network(images[chosen]), labels[chosen]).backward()
            optimiser.step()
        network.eval()

    def tensor(self, images: Sequence[Array]) -> Tensor:
        """Images as one batch, the declared range mapped to [-1, 1]."""
        sizes = {np.shape(image) for image in images}
        if len(sizes) > 1:
            raise UserError(f"images have {len(sizes)} sizes.", "Bring them to one size first.")
        low, high = self.data_range
        return torch.from_numpy((np.stack(images).astype(np.float32) - low) * (2 / (high - low)) - 1)


@dataclass(frozen=True)
class Classifier:
    """MONAI's ResNet with four blocks (He et al. 2016) and group norm, by cross entropy; scored by rightness.

    The training's `width` is a multiple of 4, and images have at least 16 pixels a side.
    """

    training: Training
    measure: str = field(default="accuracy", init=False)

    def __call__(self, real: Labelled, made: Labelled | None, test: Labelled, labels: int, key: Key) -> Array:
        """1 where an image of `test` is classified rightly, else 0."""
        found = _scores(self.training, real, made, test, labels, key).argmax(1)
        return (found == np.array([int(c) for c in test.labels])).astype(np.float64)


@dataclass(frozen=True)
class Ranker:
    """The classifier of two classes, scored by the area under its ROC curve.

    An image's value is its placement (DeLong et al. 1988): the share of images of the other class on the right side
    of its score, ties counting half. Their mean over images of one class, and so over all, is the area.
    """

    training: Training
    measure: str = field(default="AUC", init=False)

    def __call__(self, real: Labelled, made: Labelled | None, test: Labelled, labels: int, key: Key) -> Array:
        """Placements of the images of `test`. UserError: not two classes."""
        truth = np.array([int(c) for c in test.labels])
        if labels != 2 or len(set(truth)) != 2:
            raise UserError("the area under the curve is of two classes.", "Take Classifier, or test on both classes.")
        logits = _scores(self.training, real, made, test, labels, key)
        score = logits[:, 1] - logits[:, 0]
        ahead = np.sign(score[truth == 1][:, None] - score[truth == 0]) / 2 + 0.5
        values = np.empty(len(truth))
        values[truth == 1], values[truth == 0] = ahead.mean(1), ahead.mean(0)
        return values


def _scores(training: Training, real: Labelled, made: Labelled | None, test: Labelled, labels: int, key: Key) -> Array:
    """Logits (n, labels) on `test` of a classifier that learned from the rest."""
    from monai.networks.nets.resnet import ResNet

    images, classes = _together(training, real, made)
    w, dims = training.width, images.ndim - 2
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed_of("downstream", *key))
        network = ResNet(
            "basic", [1, 1, 1, 1], [w, 2 * w, 4 * w, 8 * w], dims, images.shape[1], 3, 1, True,
            num_classes=labels, norm=("group", {"num_groups": 4}),
        )  # fmt: skip
    training.learn(network, nn.CrossEntropyLoss(), images, torch.tensor([int(c) for c in classes]), key)
    with torch.no_grad():
        found: Array = torch.cat([network(part) for part in training.tensor(test.images).split(32)]).numpy()
    return found


@dataclass(frozen=True)
class Segmenter:
    """MONAI's U-Net of three levels (Ronneberger et al. 2015), by Dice and cross entropy; scored by mean Dice."""

    training: Training
    measure: str = field(default="Dice", init=False)

    def __call__(self, real: Labelled, made: Labelled | None, test: Labelled, labels: int, key: Key) -> Array:
        """Mean Dice over the labels of each image of `test`.

        An image without a label scores 1 where none is found and 0 where a single pixel is.
        """
        from monai.losses.dice import DiceCELoss
        from monai.networks.nets.unet import UNet

        images, maps = _together(self.training, real, made)
        w, dims = self.training.width, images.ndim - 2
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed_of("downstream", *key))
            network = UNet(dims, images.shape[1], labels, (w, 2 * w, 4 * w), (2, 2), num_res_units=1)
        loss = DiceCELoss(include_background=False, to_onehot_y=True, softmax=True)
        truth = torch.from_numpy(np.stack(maps).astype(np.int64))[:, None]
        self.training.learn(network, loss, images, truth, key)
        with torch.no_grad():
            found = torch.cat([network(part) for part in self.training.tensor(test.images).split(32)]).argmax(1)
        return np.array([_dice(a, np.asarray(b), labels) for a, b in zip(found.numpy(), test.labels, strict=True)])


def _together(training: Training, real: Labelled, made: Labelled | None) -> tuple[Tensor, list[Any]]:
    images, labels = list(real.images), list(real.labels)
    if made is not None:
        images, labels = images + list(made.images), labels + list(made.labels)
    return training.tensor(images), labels


def _dice(found: Array, truth: Array, labels: int) -> float:
    scores = []
    for label in range(1, labels):
        one, two = found == label, truth == label
        both = one.sum() + two.sum()
        if both:
            scores.append(2 * (one & two).sum() / both)
    return float(np.mean(scores)) if scores else 1.0


def classes_in(folder: Path) -> Labelled:
    """Images of a folder with one subfolder a class, in the order of their names; of volumes the middle slice."""
    from adversaria.data.read import read_image

    classes = sorted(place for place in folder.iterdir() if place.is_dir())
    if len(classes) < 2:
        raise UserError(f"{folder} holds {len(classes)} subfolders, and a class is one.", "Sort images into two.")
    images, labels = [], []
    for number, place in enumerate(classes):
        for path in sorted(p for p in place.iterdir() if not p.name.startswith(".")):
            array = read_image(path).array
            images.append(array if array.ndim == 3 else array[..., array.shape[-1] // 2])
            labels.append(number)
    return Labelled(images, labels)


def masks_in(images: Path, masks: Path) -> Labelled:
    """Images of one folder with label maps of the same names in another; of volumes the middle slice."""
    from adversaria.data.read import read_image

    names = sorted(p.name for p in images.iterdir() if (masks / p.name).exists() and not p.name.startswith("."))
    if not names:
        raise UserError(f"no image of {images} has a partner in {masks}.", "Give partners the same file name.")
    pairs = [(read_image(images / n).array, read_image(masks / n).array) for n in names]
    flat = [tuple(a if a.ndim == 3 else a[..., a.shape[-1] // 2] for a in pair) for pair in pairs]
    return Labelled([image for image, _ in flat], [label[0].astype(np.int64) for _, label in flat])
