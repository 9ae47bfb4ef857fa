"""VGG-19 features: the same layers built from the table of its paper."""

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

import adversaria
from adversaria import losses
from adversaria.losses.vgg import VGG19Features
from adversaria.vocabulary import UserError

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


RUN = """
phantom: !Brain {size: 32}
subjects: {train: 2, validation: 1, test: 2}
bind: {source: t1, target: t2}
intensity: {source: !Percentile {}, target: !Percentile {}}
game: !Pix2Pix
  generator: !UNet {depth: 3, width: 4}
  discriminator: !PatchGAN {layers: 1, width: 4}
  terms: {perceptual: !Perceptual {features: vgg19}}
train: {plays: 1, batch: 1, patch: [32, 32]}
evaluate: {range: [-1, 1], scaled: true}
"""


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


def test_a_run_that_learned_with_it_is_used_without_it(weights, tmp_path):
    """What a loss looked through is not part of what was learned."""
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(RUN)
    asked = {"plays": 1, "weights": [f"vgg19={weights}"], "quiet": True}
    adversaria.train(str(recipe), out=tmp_path / "run", **asked)
    scores = adversaria.evaluate(tmp_path / "run", quiet=True)
    assert {score.method for score in scores} == {"input", "output"}
    with pytest.raises(UserError, match="--weights vgg19=PATH"):
        adversaria.train(str(recipe), out=tmp_path / "run", plays=2, quiet=True)
