"""Loss terms against the registry's; MIND, which no library there has, against its definition."""

import torch
from torch import Tensor, nn

from adversaria.losses import LocalCorrelation, MultiScaleSimilarity, Neighbourhood, TotalVariation
from adversaria.metrics.mind import nearest
from benchmarks.peers import peer
from benchmarks.result import Found
from benchmarks.similarity import gradient, images
from benchmarks.timing import Ratio, compare, repeated

SIDE, WINDOW = 64, 9


def volumes() -> tuple[Tensor, Tensor]:
    """A smooth volume in [0, 1], and the same with noise."""
    generator = torch.Generator().manual_seed(0)
    rough = torch.rand(1, 1, SIDE // 8, SIDE // 8, SIDE // 8, generator=generator)
    clean = nn.functional.interpolate(rough, SIDE, mode="trilinear")
    return clean + 0.05 * torch.randn(clean.shape, generator=generator), clean


def section() -> Found:
    """Local correlation, MIND, MS-SSIM and total variation, forward and backward."""
    from monai.losses import LocalNormalizedCrossCorrelationLoss
    from torchmetrics.functional.image import total_variation

    module, flat = peer("pytorch_msssim"), images()
    scales, smooth = MultiScaleSimilarity(data_range=1.0), TotalVariation()
    size = flat[0][0].numel()

    def by_msssim(x: Tensor, y: Tensor) -> Tensor:
        return 1 - module.ms_ssim(x, y, data_range=1.0)

    def by_torchmetrics(x: Tensor, y: Tensor) -> Tensor:
        return total_variation(x, reduction="mean") / size

    output, target = volumes()
    ours = LocalCorrelation(WINDOW)
    theirs = LocalNormalizedCrossCorrelationLoss(3, WINDOW, smooth_dr=1e-5)
    mine = Neighbourhood()
    rows = [
        compare(
            f"local correlation, windows of {WINDOW}, forward and backward, {SIDE}^3",
            "MONAI",
            lambda: gradient(ours, output, target),
            lambda: gradient(theirs, output, target),
            7,
        ),
        compare(
            f"MIND, 6 neighbours, patches of 3, forward and backward, {SIDE}^3",
            "one convolution a patch",
            lambda: gradient(mine, output, target),
            lambda: gradient(plain_mind, output, target),
            7,
        ),
        compare(
            "MS-SSIM, forward and backward, 4 images of 512x512",
            "pytorch-msssim",
            lambda: gradient(scales, *flat),
            lambda: gradient(by_msssim, *flat),
            7,
        ),
        compare(
            "total variation, forward and backward, 4 images of 512x512",
            "torchmetrics",
            repeated(lambda: gradient(lambda x, y: smooth(x), *flat), 5),
            repeated(lambda: gradient(by_torchmetrics, *flat), 5),
            7,
        ),
    ]
    inner = (..., *[slice(WINDOW // 2, -(WINDOW // 2))] * 3)
    whole = LocalNormalizedCrossCorrelationLoss(3, WINDOW, reduction="none", smooth_dr=1e-5)
    value, wanted = 1 - ours(output, target), -whole(output, target)[inner].mean()
    same = abs(float(mine(output, target)) - float(plain_mind(output, target)))
    alike = abs(float(scales(*flat)) - float(by_msssim(*flat)))
    apart = abs(float(smooth(flat[0])) - float(by_torchmetrics(*flat))) / float(smooth(flat[0]))
    return Found(
        "Loss terms",
        f"Float32, one volume of {SIDE}^3, or images. SSIM stands in a section of its own; cross entropy, Dice and "
        "their kin are PyTorch's and MONAI's; of the other terms no library of the registry was found to have one.",
        Ratio.HEAD,
        [ratio.row() for ratio in rows],
        [],
        [
            f"Mean squared correlation inside the rim: ours {float(value):.6f}, MONAI's map {float(wanted):.6f}. "
            f"MONAI also counts windows that reach over the border, {SIDE**3 / (SIDE - WINDOW + 1) ** 3:.2f} times as "
            "many.",
            f"MIND of both ways differs by {same:.1e}, MS-SSIM by {alike:.1e}, total variation by {apart:.1%} "
            "(they divide both axes by the number of pixels, we by the number of differences).",
        ],
    )


def plain_mind(output: Tensor, source: Tensor) -> Tensor:
    """The same loss with a dense convolution for each patch."""

    def descriptor(image: Tensor) -> Tensor:
        kernel = image.new_full((1, 1, 3, 3, 3), 1 / 27)
        inside = image[:, :, 1:-1, 1:-1, 1:-1]
        found = []
        for offset in nearest(3):
            moved = image[(..., *[slice(1 + o, SIDE - 1 + o) for o in offset])]
            found.append(nn.functional.conv3d((moved - inside).square(), kernel))
        distance = torch.stack(found, 1)
        entries = torch.exp(-distance / (distance.mean(1, keepdim=True) + 1e-5))
        return entries / entries.amax(1, keepdim=True)

    return (descriptor(output) - descriptor(source)).abs().mean()
