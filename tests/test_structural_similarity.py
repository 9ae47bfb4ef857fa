"""Structural similarity against scikit-image, torchmetrics and its worked example."""

import numpy as np
import pytest
import torch
from skimage.metrics import structural_similarity
from torch import Tensor

from adversaria.metrics import ssim as kernel
from adversaria.metrics.ssim import ssim, ssim_map


def example(size: int) -> tuple[Tensor, Tensor]:
    """The test pair of the measures: a wave and the same wave with less contrast."""
    rows, columns = torch.meshgrid(*[torch.arange(size, dtype=torch.float64)] * 2, indexing="ij")
    wave = 255 * (0.5 + 0.5 * (rows / 5).sin() * (columns / 7).cos())
    return (0.8 * wave + 20)[None, None], wave[None, None]


def noisy(dims: int, channels: int = 1, scale: float = 1.0, offset: float = 0.0) -> tuple[Tensor, Tensor]:
    """Smooth structure with noise, and the structure alone, of unequal sides."""
    numbers = np.random.Generator(np.random.Philox(7))
    axes = np.meshgrid(*[np.linspace(0, 6, n) for n in (24, 31, 17)[:dims]], indexing="ij")
    clean = np.stack([np.sin(sum(axes) + k) for k in range(2 * channels)])
    clean = clean.reshape(2, channels, *axes[0].shape)
    worse = clean + 0.3 * numbers.standard_normal(clean.shape)
    return tuple(torch.from_numpy(v * scale + offset).float() for v in (worse, clean))


def reference(x: Tensor, y: Tensor, data_range: float) -> tuple[np.ndarray, np.ndarray]:
    found = [
        structural_similarity(
            a.double().numpy(), b.double().numpy(), data_range=data_range, channel_axis=0,
            gaussian_weights=True, sigma=1.5, use_sample_covariance=False, full=True,
        )
        for a, b in zip(x, y, strict=True)
    ]  # fmt: skip
    return np.array([value for value, _ in found]), np.stack([full for _, full in found])


@pytest.mark.parametrize(("size", "expected"), [(64, 0.962576), (256, 0.961726)])
def test_worked_example(size, expected):
    assert ssim(*example(size), 255.0).item() == pytest.approx(expected, abs=1e-6)


# the last two are a CT in Hounsfield units, and a narrow range far from zero, where squares lose their digits
@pytest.mark.parametrize(
    ("scale", "offset", "data_range"), [(1.0, 0.0, 2.0), (1000.0, 0.0, 4095.0), (40.0, 3000.0, 100.0)]
)
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("dims", [2, 3])
def test_equal_to_scikit_image(dims, channels, scale, offset, data_range):
    x, y = noisy(dims, channels, scale, offset)
    value, full = reference(x, y, data_range)
    assert value.max() < 0.95
    np.testing.assert_allclose(ssim(x, y, data_range).numpy(), value, atol=1e-5, rtol=0)
    np.testing.assert_allclose(ssim_map(x, y, data_range).numpy(), full, atol=1e-5, rtol=0)


@pytest.mark.parametrize("dims", [2, 3])
def test_blocks_change_nothing(dims, monkeypatch):
    x, y = noisy(dims, channels=2)
    whole = ssim(x, y, 2.0)
    for block in (1, 300, 4000):
        monkeypatch.setattr(kernel, "BLOCK", block)
        torch.testing.assert_close(ssim(x, y, 2.0), whole, atol=1e-6, rtol=0)
        grown = x.clone().requires_grad_(True)
        torch.testing.assert_close(ssim(grown, y, 2.0).detach(), whole, atol=1e-6, rtol=0)


def test_both_precisions_agree_and_whole_numbers_are_taken():
    x, y = example(64)
    exact = ssim(x, y, 255.0)
    assert exact.dtype == torch.float64
    torch.testing.assert_close(ssim(x.float(), y.float(), 255.0).double(), exact, atol=1e-6, rtol=0)
    eight = ssim(x.round().byte(), y.round().byte(), 255.0)
    assert eight.dtype == torch.float32 and abs(eight.item() - exact.item()) < 1e-3


@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize("function", [ssim, ssim_map])
def test_gradient(function, dims):
    x, y = (v[:1, :, :7, :6, *[slice(5)] * (dims - 2)].double().requires_grad_(True) for v in noisy(dims))
    assert torch.autograd.gradcheck(lambda a, b: function(a, b, 2.0, 1.0, 5), (x, y))


def test_second_gradient():
    x, y = (v[:1, :, :5, :5].double().requires_grad_(True) for v in noisy(2))
    assert torch.autograd.gradgradcheck(lambda a, b: ssim(a, b, 2.0, 1.0, 3), (x, y))


def torchmetrics_ssim():
    """Import torchmetrics also where torchvision was built for another torch and lacks its operators."""
    try:
        import torchvision  # noqa: F401
    except ImportError:
        pass
    except RuntimeError:
        library = torch.library.Library("torchvision", "DEF")
        for name in ("nms", "qnms"):
            library.define(f"{name}(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        torchmetrics_ssim.kept = library
    from torchmetrics.functional.image import structural_similarity_index_measure

    return structural_similarity_index_measure


@pytest.mark.filterwarnings("ignore")
def test_torchmetrics_differs_by_its_rim_alone():
    x, y = example(64)
    theirs, full = torchmetrics_ssim()(x, y, data_range=255.0, return_full_image=True)
    assert theirs.item() == pytest.approx(0.963226, abs=1e-6)
    assert abs(theirs.item() - ssim(x, y, 255.0).item()) > 5e-4
    inside = full[..., 5:-5, 5:-5]
    torch.testing.assert_close(inside, ssim_map(x, y, 255.0)[..., 5:-5, 5:-5], atol=1e-6, rtol=0)
    assert inside.mean().item() == pytest.approx(ssim(x, y, 255.0).item(), abs=1e-6)
    assert (full - ssim_map(x, y, 255.0)).abs().max() > 1e-3


@pytest.mark.parametrize("data_range", [0.0, -1.0, float("nan"), float("inf")])
def test_a_range_that_is_none_is_refused(data_range):
    with pytest.raises(ValueError, match="positive data range"):
        ssim(*example(16), data_range)


def test_what_cannot_be_compared_is_refused():
    x, y = example(16)
    for one, other in ((x, y[..., :12]), (x[0], y[0]), (x.repeat(2, 1, 1, 1), y)):
        with pytest.raises(ValueError, match="compares two images"):
            ssim(one, other, 255.0)
    for window in (10, 17, 0, -1):
        with pytest.raises(ValueError, match="window"):
            ssim_map(x, y, 255.0, window=window)
    with pytest.raises(TypeError, match="data_range"):
        ssim(x, y)
