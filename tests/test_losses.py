"""Loss terms, the SSIM kernel and VGG-19 features against closed forms and other libraries; binding by word."""

from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from skimage.metrics import structural_similarity
from torch import Tensor, nn

from adversaria import games, losses
from adversaria.engine.state import trained_state
from adversaria.losses.vgg import VGG19Features
from adversaria.metrics import ssim as kernel
from adversaria.metrics.ssim import ssim, ssim_map
from adversaria.vocabulary import UserError
from playground import Discriminator, Translator

SIDE = 12


def image(dims: int = 2, seed: int = 0, channels: int = 1, dtype: torch.dtype = torch.float64) -> Tensor:
    noise = torch.Generator().manual_seed(seed)
    return torch.rand(2, channels, *[SIDE] * dims, generator=noise, dtype=dtype)


class Identity(nn.Module):
    def features(self, given: Tensor) -> list[Tensor]:
        return [given]


TERMS = {
    "Cycle": (lambda: losses.Cycle(), ("restored", "image")),
    "Perceptual": (lambda: losses.Perceptual(Identity()), ("output", "target")),
    "Pixel": (lambda: losses.Pixel(), ("output", "target")),
    "SelfRegularisation": (lambda: losses.SelfRegularisation(), ("output", "source")),
    "StructuralSimilarity": (lambda: losses.StructuralSimilarity(data_range=1.0), ("output", "target")),
}
NAMES = list(TERMS)


@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize("name", NAMES)
def test_terms_vanish_at_equality_and_nowhere_else(name, dims):
    build, words = TERMS[name]
    one, other = image(dims), image(dims, seed=1)
    assert build()(**dict(zip(words, (one, one.clone()), strict=True))).item() == pytest.approx(0, abs=1e-12)
    value = build()(**dict(zip(words, (one, other), strict=True)))
    assert value.ndim == 0 and value.item() > 0.1


@pytest.mark.parametrize("name", NAMES)
def test_terms_send_gradient_to_the_output_in_single_precision(name):
    build, words = TERMS[name]
    output = image(dtype=torch.float32).bfloat16().requires_grad_(True)
    value = build()(**dict(zip(words, (output, image(seed=1, dtype=torch.float32)), strict=True)))
    value.backward()
    assert value.dtype == torch.float32 and output.grad.abs().sum() > 0


@pytest.mark.parametrize("name", NAMES)
def test_terms_refuse_shapes_that_would_broadcast(name):
    build, words = TERMS[name]
    with pytest.raises(ValueError, match="compare"):
        build()(**dict(zip(words, (image(channels=3), image()), strict=True)))


@pytest.mark.parametrize(("power", "expected"), [(1, 0.5), (2, 1.0)])
def test_pixel(power, expected):
    target = torch.tensor([1.0, 2, 3, 4]).view(1, 1, 2, 2)
    output = target + torch.tensor([0.0, 0, 0, 2]).view(1, 1, 2, 2)
    pixel = losses.Pixel(power=power)
    assert pixel(output, target).item() == expected
    weight = torch.tensor([1.0, 1, 1, 0]).view(1, 1, 2, 2)
    assert pixel(output, target, weight).item() == 0
    assert pixel(output, target, 3 - 2 * weight).item() == pytest.approx(3 * 2**power / 6)
    assert pixel(output, target, 0 * weight).item() == 0
    other = image(seed=1)
    library = nn.functional.l1_loss if power == 1 else nn.functional.mse_loss
    torch.testing.assert_close(pixel(image(), other), library(image(), other))


def test_a_weight_spreads_over_channels():
    one, other = image(channels=3), image(channels=3, seed=1)
    half = torch.zeros(2, 1, SIDE, SIDE, dtype=torch.float64)
    half[..., :5] = 2.0
    torch.testing.assert_close(losses.Pixel()(one, other, half), (one - other)[..., :5].abs().mean())


@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize("power", [1, 2])
def test_pixel_gradient(power, dims):
    output = image(dims)[..., :4].requires_grad_(True)
    target, weight = image(dims, seed=1)[..., :4], image(dims, seed=2)[..., :4]
    weight.requires_grad_(True)
    assert torch.autograd.gradcheck(lambda o, w: losses.Pixel(power)(o, target, w), (output, weight))


@pytest.mark.parametrize("term", [losses.Pixel, losses.Cycle, losses.SelfRegularisation, losses.Perceptual])
def test_other_powers_are_refused(term):
    with pytest.raises(UserError, match="power 3"):
        term(power=3)


def test_cycle_and_self_regularisation():
    x, y = image(), image(seed=1)
    cycle = losses.Cycle()
    assert (cycle(x + 0.1, x) + cycle(y - 0.2, y)).item() == pytest.approx(0.3)
    assert losses.SelfRegularisation()(x + 0.1, x).item() == pytest.approx(0.1)
    assert losses.SelfRegularisation(power=2)(x + 0.1, x).item() == pytest.approx(0.01)


def test_structural_similarity_of_constants():
    term = losses.StructuralSimilarity(data_range=255.0)
    value = term(torch.full((1, 1, 16, 16), 100.0), torch.full((1, 1, 16, 16), 120.0))
    assert value.item() == pytest.approx(0.016389, abs=1e-6)
    board = (torch.arange(16).view(16, 1) + torch.arange(16)).remainder(2).sub(0.5).view(1, 1, 16, 16)
    inverted = losses.StructuralSimilarity(data_range=1.0)(board, -board)
    assert inverted.item() == pytest.approx(1 + (0.5 - 9e-4) / (0.5 + 9e-4), abs=1e-3)


def test_structural_similarity_needs_a_range():
    with pytest.raises(TypeError, match="data_range"):
        losses.StructuralSimilarity()


def test_perceptual_of_identity_features_is_the_mean_squared_error():
    one, other = image(), image(seed=1)
    term = losses.Perceptual(Identity())
    torch.testing.assert_close(term(one, other), nn.functional.mse_loss(one, other))
    term = losses.Perceptual(nn.Identity(), power=1)
    torch.testing.assert_close(term(one, other), (one - other).abs().mean())


class Pyramid(nn.Module):
    dims = 2

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second = nn.Conv2d(1, 3, 3).double(), nn.Conv2d(3, 4, 3).double()
        self.drop = nn.Dropout(0.5)

    def features(self, given: Tensor) -> list[Tensor]:
        first = self.drop(self.first(given))
        return [first, self.second(first)]


def test_perceptual_adds_the_layers_and_picks_them():
    network, one, other = Pyramid(), image(), image(seed=1)
    apart = [losses.Perceptual(network, layers=[k])(one, other) for k in (0, 1)]
    torch.testing.assert_close(losses.Perceptual(network)(one, other), apart[0] + apart[1])
    torch.testing.assert_close(losses.Perceptual(network, layers=[-1])(one, other), apart[1])
    with pytest.raises(UserError, match=r"asks for layers \[2\], but its network has 2"):
        losses.Perceptual(network, layers=[2])(one, other)


def test_perceptual_network_stays_frozen():
    network = Pyramid()
    terms = losses.Terms({"features": losses.Weighted(losses.Perceptual(network))})
    game = games.Supervised(Translator(2), terms)
    game.train()
    assert not network.drop.training
    output = image().requires_grad_(True)
    losses.Perceptual(network)(output, image(seed=1)).backward()
    assert output.grad.abs().sum() > 0 and all(p.grad is None for p in network.parameters())
    assert set(trained_state(game)) == {f"generator.{n}" for n, _ in game.generator.named_parameters()}


def test_a_flat_network_sees_a_volume_slice_by_slice():
    term, one, other = losses.Perceptual(Pyramid()), image(3), image(3, seed=1)
    slices = [term(one[..., k], other[..., k]) for k in range(SIDE)]
    torch.testing.assert_close(term(one, other), torch.stack(slices).mean())


@pytest.mark.parametrize("dims", [2, 3])
def test_perceptual_uses_the_discriminator_with_and_without_the_source(dims):
    source, output, target = (image(dims, seed, dtype=torch.float32) for seed in range(3))
    term = losses.Perceptual()
    alone, pairs = Discriminator(dims), Discriminator(dims, channels=2)
    expected = nn.functional.mse_loss(alone.features(output)[0], alone.features(target)[0])
    torch.testing.assert_close(term(output, target, source, alone), expected)
    expected = nn.functional.mse_loss(pairs.features(output, source)[0], pairs.features(target, source)[0])
    torch.testing.assert_close(term(output, target, source, pairs), expected)


def test_perceptual_without_a_network_says_so():
    with pytest.raises(UserError, match="--weights vgg19=PATH"):
        losses.Perceptual()(image(), image())
    with pytest.raises(UserError, match="no feature network 'vgg19'.*\n.*--weights vgg19=PATH"):
        losses.Perceptual(features="vgg19")


# how words are bound


def both() -> losses.Terms:
    pixel, stay = losses.Pixel(power=2), losses.SelfRegularisation()
    return losses.Terms({"pixel": losses.Weighted(pixel, 100.0), "stay": losses.Weighted(stay, 0.5)})


def test_terms_are_weighted_named_and_fed_by_word():
    target, output, source = image(), image(seed=1), image(seed=2)
    batch = {"target": target, "source": source, "output": torch.full_like(output, torch.nan)}
    found = both()(batch, "forward_", output=output)
    assert list(found) == ["forward_pixel", "forward_stay"]
    torch.testing.assert_close(found["forward_pixel"], 100 * (output - target).square().mean())
    torch.testing.assert_close(found["forward_stay"], 0.5 * (output - source).abs().mean())


def test_terms_take_optional_words_where_they_are():
    batch = {"target": image(), "weight": (image(seed=3) > 0.5).double()}
    terms = losses.Terms({"pixel": losses.Weighted(losses.Pixel())})
    weighted = terms(batch, output=image(seed=1))["pixel"]
    torch.testing.assert_close(weighted, losses.Pixel()(image(seed=1), image(), batch["weight"]))
    assert weighted != terms({"target": image()}, output=image(seed=1))["pixel"]


def test_terms_know_what_they_need():
    assert both().words == {"output", "target", "source"}
    assert losses.Terms({}).words == set() and losses.Terms({})({}) == {}


def test_a_missing_word_is_named():
    with pytest.raises(UserError) as caught:
        both()({"source": image(), "mask": image()}, output=image())
    assert caught.value.message == "the term 'pixel' needs 'target', which this game cannot feed."
    assert "mask, output, source" in caught.value.remedy


class Map(nn.Module):
    def forward(self, output: Tensor) -> Tensor:
        return output


def test_a_term_returns_a_scalar():
    with pytest.raises(TypeError, match="'map' returned .*not a scalar"):
        losses.Terms({"map": losses.Weighted(Map())})({}, output=image())


@pytest.mark.parametrize("name", ["", "a.b", "keys", "train", "two words"])
def test_impossible_names_are_refused(name):
    with pytest.raises(UserError, match="cannot be called"):
        losses.Terms({name: losses.Weighted(losses.Pixel())})


# structural similarity


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


# VGG-19: the same layers built from the table of its paper

COLUMN_E = [64, 64, 0, 128, 128, 0, *[256] * 4, 0, *[512] * 4, 0, *[512] * 4, 0]  # 0: pooling


@pytest.fixture(scope="module")
def layers() -> nn.Sequential:
    torch.manual_seed(0)
    found, channels = [], 3
    for width in COLUMN_E:
        found += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()] if width else [nn.MaxPool2d(2)]
        channels = width or channels
    return nn.Sequential(*found)


def named(layers: nn.Sequential) -> dict[str, Tensor]:
    return {f"features.{name}": tensor for name, tensor in layers.state_dict().items()}


@pytest.fixture(scope="module")
def weights(layers, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("vgg") / "vgg19.pth"
    torch.save({**named(layers), "classifier.0.bias": torch.zeros(3)}, path)
    return path


def normalised(image: Tensor) -> Tensor:
    mean, deviation = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    return ((image.movedim(1, -1) - mean) / deviation).movedim(-1, 1)


def test_the_last_convolution_after_its_relu(weights, layers):
    image = torch.linspace(0, 1, 2 * 3 * 32 * 32).view(2, 3, 32, 32)
    (found,) = VGG19Features(weights).features(image)
    assert found.shape == (2, 512, 2, 2)
    torch.testing.assert_close(found, layers[:36](normalised(image)))


def test_layers_by_name_grey_images_and_ranges(weights, layers):
    grey = torch.linspace(-1, 1, 32 * 32).view(1, 1, 32, 32)
    found = VGG19Features(weights, layers=("conv1_2", "conv3_1"), value_range=(-1.0, 1.0))(grey)
    value = normalised(((grey + 1) / 2).repeat(1, 3, 1, 1))
    torch.testing.assert_close(found[0], layers[:4](value))
    torch.testing.assert_close(found[1], layers[:12](value))


def test_safetensors_hold_the_same(weights, layers, tmp_path):
    save_file(named(layers), tmp_path / "vgg19.safetensors")
    image = torch.linspace(0, 1, 32 * 32).view(1, 1, 32, 32)
    one, other = VGG19Features(weights), VGG19Features(tmp_path / "vgg19.safetensors")
    torch.testing.assert_close(one(image), other(image), rtol=0, atol=0)


def test_a_term_holds_it_frozen_and_slices_volumes(weights):
    term = losses.Perceptual(VGG19Features(weights, layers=("conv1_1",)))
    assert not any(p.requires_grad for p in term.parameters()) and "network.mean" not in term.state_dict()
    volume = torch.linspace(0, 1, 8 * 8 * 3).view(1, 1, 8, 8, 3).requires_grad_(True)
    term(volume, torch.zeros(1, 1, 8, 8, 3)).backward()
    assert volume.grad.abs().sum() > 0


def test_vgg_on_the_meta_device_it_has_shapes_only(weights):
    with torch.device("meta"):
        (found,) = VGG19Features(weights)(torch.empty(1, 1, 32, 32))
    assert found.is_meta and found.shape == (1, 512, 2, 2)


def test_without_weights_there_is_no_network():
    with pytest.raises(UserError, match="none were given.*\n.*--weights vgg19=PATH"):
        VGG19Features()
    with pytest.raises(UserError, match="no layer"):
        VGG19Features(layers=("conv9_1",))


def test_damaged_and_foreign_files_are_named(weights, tmp_path):
    cut = tmp_path / "cut.pth"
    cut.write_bytes(weights.read_bytes()[:1000])
    torch.save({"features.0.weight": torch.zeros(64, 1, 3, 3)}, tmp_path / "other.pth")
    torch.save([1, 2], tmp_path / "list.pth")
    torch.save(print, tmp_path / "code.pth")
    (tmp_path / "cut.safetensors").write_bytes(b"\xff" * 40)
    (tmp_path / "empty.pth").write_bytes(b"")
    found = sorted(path.name for path in tmp_path.iterdir())
    for name in [*found, "missing.pth"]:
        with pytest.raises(UserError, match=name):
            VGG19Features(tmp_path / name)
    assert len(found) == 6


def test_other_channels_are_refused(weights):
    with pytest.raises(UserError, match="one or three channels"):
        VGG19Features(weights, layers=("conv1_1",))(torch.zeros(1, 2, 8, 8))
