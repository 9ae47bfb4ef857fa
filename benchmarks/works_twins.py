"""Small supervised networks that works are judged with, and their scores."""

from collections.abc import Callable, Sequence

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from adversaria.draws import order, stream
from adversaria.networks import SegmentationUNet
from benchmarks.works_rows import dices


class Small(nn.Sequential):
    """A small classifier of images of 32 pixels."""

    def __init__(self, channels: int, classes: int):
        sizes = ((channels, 16), (16, 32), (32, 48))
        layers = [part for a, b in sizes for part in (nn.Conv2d(a, b, 3, 2, 1), nn.ReLU())]
        super().__init__(*layers, nn.Flatten(), nn.Dropout(0.3), nn.Linear(48 * 16, classes))


def small_regions(found: Tensor, wanted: Tensor) -> Tensor:
    """Dice over the batch and cross entropy, of the regions alone: they are a hundredth of the voxels."""
    from monai.losses import DiceCELoss

    loss: Tensor = DiceCELoss(to_onehot_y=True, softmax=True, include_background=False, batch=True)(
        found, wanted[:, None]
    )
    return loss


def trained(
    network: nn.Module,
    image: Tensor,
    wanted: Tensor,
    steps: int,
    batch: int = 16,
    distance: Callable[[Tensor, Tensor], Tensor] = cross_entropy,
    rate: float = 5e-4,
) -> Callable[[Tensor], Tensor]:
    """Train a network on a loss of its logits for so many steps (Adam), and give what tells probabilities."""
    optimiser = torch.optim.Adam(network.parameters(), rate, (0.5, 0.999))
    network.train()
    for step in range(steps):
        places = range(step * batch, (step + 1) * batch)
        index = [int(order(len(image), "twin", p // len(image))[p % len(image)]) for p in places]
        loss = distance(logits(network, image[index]), wanted[index])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    network.eval()

    @torch.no_grad()
    def told(images: Tensor) -> Tensor:
        return torch.cat([logits(network, part).softmax(1) for part in images.split(32)])

    return told


def logits(network: nn.Module, image: Tensor) -> Tensor:
    """Give the class logits."""
    found = network(image)
    return found["label"] if isinstance(found, dict) else found


def right(real: Sequence[Tensor], more: Sequence[Tensor], test: Sequence[Tensor], seeds: int) -> list[float]:
    """How often each test image, in the order of the classes, is told by classifiers of other seeds.

    They are trained on images listed by class, and on `more` of them; what their mean over classes of one size is
    called is balanced accuracy.
    """
    sets = [torch.cat([r, m]) for r, m in zip(real, more, strict=True)]
    wanted = torch.cat([torch.full((len(s),), kind) for kind, s in enumerate(sets)])
    found = []
    for seed in range(seeds):
        torch.manual_seed(seed)
        told = trained(Small(real[0].shape[1], len(real)), torch.cat(sets), wanted, 600)
        found.append(torch.cat([(told(t).argmax(1) == kind).float() for kind, t in enumerate(test)]))
    return torch.stack(found).mean(0).tolist()


def segmented(pairs: Tensor, test: Tensor, seeds: int) -> list[float]:
    """Dice of each test case that shows something, mean over U-Nets of other seeds.

    Trained on images whose last channel is the map (-1 or 1), by Dice and cross entropy.
    """
    wanted, found = (test[:, -1:] > 0).long(), []
    for seed in range(seeds):
        torch.manual_seed(seed)
        network = SegmentationUNet(pairs.shape[1] - 1, 2, depth=3, width=12, norm="instance")
        told = trained(network, pairs[:, :-1], (pairs[:, -1] > 0).long(), 400, 8, small_regions)
        found.append(dices(told(test[:, :-1]).argmax(1, keepdim=True), wanted, (1,)))
    return np.mean(found, 0).tolist()


def shifted(images: Tensor, name: int) -> Tensor:
    """Copies moved by up to 2 pixels, half of them mirrored left to right."""
    random, made = stream("shifted", name), []
    for image in images:
        row, column, mirror = random.integers(-2, 3), random.integers(-2, 3), random.uniform() < 0.5
        moved = torch.roll(image, (int(row), int(column)), (-2, -1))
        made.append(moved.flip(-1) if mirror else moved)
    return torch.stack(made) if made else images


def varied(images: Tensor, name: int) -> Tensor:
    """Classic augmentation: turned by any angle, perhaps mirrored, scaled by a tenth, moved by up to 2 pixels."""
    from torch.nn.functional import affine_grid, grid_sample

    random = stream("varied", name)
    angle, size = random.uniform(0, 2 * np.pi, len(images)), random.uniform(0.9, 1.1, len(images))
    mirror, move = random.choice([-1.0, 1.0], len(images)), random.uniform(-2, 2, (len(images), 2))
    turn = np.array([[np.cos(angle) * mirror, -np.sin(angle)], [np.sin(angle) * mirror, np.cos(angle)]]) / size
    shift = 2 * move.T[:, None] / images.shape[-1]
    place = torch.from_numpy(np.concatenate([turn, shift], 1)).float().movedim(-1, 0)
    at = affine_grid(place, list(images.shape), align_corners=False)
    return grid_sample(images, at, padding_mode="reflection", align_corners=False)


def linear(image: Tensor, label: Tensor, test: Tensor) -> Tensor:
    """Probabilities (N, K) of a logistic regression on standardised entries."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=300))
    model.fit(image.flatten(1).numpy(), label.numpy())
    return torch.as_tensor(model.predict_proba(test.flatten(1).numpy()))


def area(found: Tensor, label: Tensor) -> float:
    """AUC from scores (N, K): of class 1 against 0, or the mean of one class against the rest."""
    from sklearn.metrics import roc_auc_score

    kinds = [1] if found.shape[1] == 2 else [int(k) for k in label.unique() if k < found.shape[1]]
    return float(np.mean([roc_auc_score((label == k).numpy(), found[:, k].numpy()) for k in kinds]))


def areas(found: Tensor, label: Tensor) -> list[float]:
    """What each case adds to the AUC: jackknife pseudo-values, whose mean is nearly the AUC and spread its own."""
    count, whole = len(label), area(found, label)
    kept = [torch.arange(count) != k for k in range(count)]
    return [count * whole - (count - 1) * area(found[others], label[others]) for others in kept]


def pure(found: Tensor, label: Tensor) -> list[float]:
    """Whether each case belongs to its cluster's commonest class; the mean is the purity."""
    commonest = {int(k): label[found == k].bincount().argmax() for k in found.unique()}
    return [float(commonest[int(k)] == kind) for k, kind in zip(found, label, strict=True)]
