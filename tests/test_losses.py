"""Loss terms, the SSIM kernel and VGG-19 features against closed forms and other libraries; binding by word."""

import pytest
import torch
from torch import Tensor, nn

from adversaria import games, losses
from adversaria.engine.state import trained_state
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
