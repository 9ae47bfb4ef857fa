"""SSIM and its loss against other libraries, the values beside the speed (B8)."""

import torch
from skimage.metrics import structural_similarity
from torch import Tensor

from adversaria.losses import StructuralSimilarity
from adversaria.metrics.ssim import ssim, ssim_map
from benchmarks.peers import peer
from benchmarks.result import Found
from benchmarks.timing import Ratio, compare, repeated

SIDE, COUNT = 512, 4


def images() -> tuple[Tensor, Tensor]:
    """Smooth images in [0, 1], and the same with noise."""
    generator = torch.Generator().manual_seed(0)
    rough = torch.rand(COUNT, 1, SIDE // 16, SIDE // 16, generator=generator)
    clean = torch.nn.functional.interpolate(rough, SIDE, mode="bicubic").clamp(0, 1)
    return (clean + 0.05 * torch.randn(clean.shape, generator=generator)).clamp(0, 1), clean


def gradient(loss, output: Tensor, target: Tensor) -> Tensor:
    """The gradient of a loss with respect to the output."""
    leaf = output.clone().requires_grad_()
    loss(leaf, target).backward()
    assert leaf.grad is not None
    return leaf.grad


def section() -> Found:
    """B8."""
    from torchmetrics.functional.image import structural_similarity_index_measure as theirs

    module = peer("pytorch_msssim")
    output, target = images()
    term = StructuralSimilarity(data_range=1.0)
    whole = repeated(lambda: ssim(output, target, 1.0), 5)
    measures = compare(
        f"B8 SSIM forward, {COUNT} images of {SIDE}x{SIDE}, five times",
        "torchmetrics",
        whole,
        repeated(lambda: theirs(output, target, data_range=1.0, reduction="none"), 5),
        7,
        10,
    )
    against = compare(
        f"SSIM forward, {COUNT} images of {SIDE}x{SIDE}, five times",
        "scikit-image",
        whole,
        repeated(lambda: by_skimage(output, target), 5),
        5,
    )

    def other(x: Tensor, y: Tensor) -> Tensor:
        return 1 - module.ssim(x, y, data_range=1.0)

    losses = compare(
        f"B8 SSIM loss forward and backward, {COUNT} images of {SIDE}x{SIDE}",
        "pytorch-msssim",
        lambda: gradient(term, output, target),
        lambda: gradient(other, output, target),
        7,
        8,
    )
    mine, whole_rim = ssim(output, target, 1.0), theirs(output, target, data_range=1.0, reduction="none")
    full = theirs(output, target, data_range=1.0, return_full_image=True)[1]
    inside = (..., slice(5, -5), slice(5, -5))
    same = off(ssim_map(output, target, 1.0)[inside], full[inside])
    valid = module.ssim(output, target, data_range=1.0, size_average=False)
    one, two = gradient(term, output, target), gradient(other, output, target)
    distance = float((one - two).norm() / two.norm())
    rows: list[Ratio] = [measures, losses, against]
    return Found(
        "SSIM and its loss",
        f"Float32, Gaussian window of 11, sigma 1.5, data range 1. {mine.tolist()[0]:.6f} is the first value.",
        Ratio.HEAD,
        [ratio.row() for ratio in rows],
        [goal for ratio in rows if (goal := ratio.judged())],
        [
            f"Largest difference of a value from scikit-image: {off(mine, by_skimage(output, target)):.1e}; "
            f"from pytorch-msssim: {off(mine, valid):.1e}. These three leave windows over the border out.",
            f"Largest difference from torchmetrics: {off(mine, whole_rim):.1e}. It keeps the rim, on a mirrored image, "
            f"and so measures something else there; inside the rim the maps differ by at most {same:.1e}.",
            f"Gradients of the loss, ours and pytorch-msssim's: relative distance {distance:.1e}.",
        ],
    )


def by_skimage(output: Tensor, target: Tensor) -> Tensor:
    """The same measure by scikit-image."""
    options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False, "data_range": 1.0}
    pairs = zip(output[:, 0].numpy(), target[:, 0].numpy(), strict=True)
    return torch.tensor([structural_similarity(x, y, **options) for x, y in pairs])


def off(one: Tensor, two: Tensor) -> float:
    """The largest difference."""
    return float((one - two).abs().max())
