"""M9, M10 and M18: distances in the features of a network, which is named in the number."""

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from adversaria.metrics.facts import Array, Metric, NotApplicable, Range, checked

if TYPE_CHECKING:
    from adversaria.metrics.features import Features

EPSILON = 1e-10


def perceptual_distance(output: Array, target: Array, data_range: Range, features: "Features") -> float:
    """Mean squared distance of feature maps, added over the layers: (1 / C H W) ||phi(output) - phi(target)||^2.

    Volumes are averaged over slices where the network is of two dimensions.
    """
    return _distance(output, target, data_range, features, lambda a, b, _: (a - b).square().flatten(1).mean(1))


def texture_distance(output: Array, target: Array, data_range: Range, features: "Features") -> float:
    """Squared Frobenius distance of Gram matrices F F^T / (C H W) of features, added over the layers.

    Volumes are averaged over slices where the network is of two dimensions.
    """
    return _distance(
        output, target, data_range, features, lambda a, b, _: (gram(a) - gram(b)).square().flatten(1).sum(1)
    )


def learned_similarity(output: Array, target: Array, data_range: Range, features: "Features") -> float:
    """LPIPS (Zhang et al. 2018): sum_l mean_hw sum_c w_lc (f_lc(output) - f_lc(target))^2.

    f are activations divided at each pixel by their norm over channels (+ 1e-10); w non-negative weights
    fitted to human judgement, outside the square as in the released program. The declared range is
    clipped and mapped to [-1, 1]; grey images are repeated over three channels; volumes are averaged over
    slices.
    """
    if features.weights is None:
        raise NotApplicable(f"{features.name} has no weights fitted to human judgement; give those of LPIPS by path")
    return _distance(output.clip(*data_range), target.clip(*data_range), data_range, features, _judged)


def gram(activation: Any) -> Any:
    """Gram matrix (B, C, C) of an activation (B, C, *S): F F^T over the number of its entries."""
    flat = activation.flatten(2)
    return flat @ flat.mT / (flat.shape[1] * flat.shape[2])


def _judged(a: Any, b: Any, weights: Any) -> Any:
    apart = (_unit(a) - _unit(b)).square() * weights.view(1, -1, *[1] * (a.ndim - 2))
    return apart.sum(1).flatten(1).mean(1)


def _unit(activation: Any) -> Any:
    return activation / (activation.norm(dim=1, keepdim=True) + EPSILON)


def _distance(
    output: Array,
    target: Array,
    data_range: Range,
    features: "Features",
    of: Callable[[Any, Any, Any], Any],
) -> float:
    """Sum over the layers, mean over the slices, of a distance of activations."""
    first, second = (features.batches(image, data_range) for image in checked(output, target))
    total, count = 0.0, 0
    for one, two in zip(first, second, strict=True):
        layers = list(zip(features.activations(one), features.activations(two), strict=True))
        weights: Sequence[Any] = features.weights or [None] * len(layers)
        total += sum(float(of(a.double(), b.double(), w).sum()) for (a, b), w in zip(layers, weights, strict=True))
        count += len(one)
    return total / count


_WORDS, _OPEN = ("output", "target", "data_range", "features"), "0 to infinity"
PERCEPTUAL = Metric("M9", "perceptual", perceptual_distance, "lower", "", _OPEN, _WORDS, "Shan et al. 2018")
TEXTURE = Metric("M10", "texture", texture_distance, "lower", "", _OPEN, _WORDS, "Shan et al. 2018")
LPIPS = Metric("M18", "lpips", learned_similarity, "lower", "", _OPEN, _WORDS, "Zhang et al. 2018b")
