"""Distances in feature networks: worked examples, torchmetrics' LPIPS with the same random backbone."""

import numpy as np
import pytest
import torch
from torch import nn

from adversaria import metrics
from adversaria.metrics import feature_distance, lpips
from adversaria.metrics.facts import NotApplicable
from adversaria.metrics.features import Features
from adversaria.vocabulary import UserError

UNIT = (0.0, 1.0)


def identity(channels=1, **facts):
    return Features("identity", nn.Identity(), UNIT, channels, **facts)


def convolution(dims=2, channels=1):
    torch.manual_seed(0)
    layer = nn.Conv2d(channels, 4, 3) if dims == 2 else nn.Conv3d(channels, 4, 3)
    return Features("small-cnn", nn.Sequential(layer, nn.ReLU()), UNIT, channels, dims)


def image(*shape, seed=0):
    return np.random.default_rng(seed).random(shape)


def test_perceptual_distance_of_identity_features():
    y = image(1, 8, 9) * 0.5
    words = {"data_range": UNIT, "features": identity()}
    assert metrics.PERCEPTUAL(output=y + 0.5, target=y, **words) == pytest.approx(0.25, abs=1e-7)
    assert metrics.PERCEPTUAL(output=y, target=y, **words) == 0
    shifted = {"data_range": (-1000, 1000), "features": identity()}
    assert metrics.PERCEPTUAL(output=2000 * y, target=2000 * y - 1000, **shifted) == pytest.approx(0.25, abs=1e-6)


def test_texture_distance():
    f, e = np.array([[1.0, 2], [3, 4]]).reshape(2, 1, 2), np.eye(2).reshape(2, 1, 2)
    words = {"data_range": UNIT, "features": identity(2)}
    assert metrics.TEXTURE(output=f, target=e, **words) == pytest.approx(52.125, abs=1e-6)
    assert feature_distance.gram(torch.from_numpy(f)[None])[0].tolist() == [[1.25, 2.75], [2.75, 6.25]]
    y = image(2, 6, 7)
    turned = y.reshape(2, -1)[:, ::-1].reshape(y.shape)
    assert metrics.TEXTURE(output=turned, target=y, **words) == pytest.approx(0, abs=1e-12)
    assert metrics.PERCEPTUAL(output=turned, target=y, **words) > 0


def test_the_network_is_part_of_the_name():
    words = {"features": convolution()}
    assert metrics.PERCEPTUAL.label(**words) == "perceptual[small-cnn]" and metrics.MAE.label(**words) == "mae"
    assert metrics.TEXTURE.label() == "texture"
    with pytest.raises(NotApplicable, match="feature network"):
        metrics.PERCEPTUAL(output=image(1, 8, 8), target=image(1, 8, 8), data_range=UNIT)


@pytest.mark.parametrize("measure", [metrics.PERCEPTUAL, metrics.TEXTURE])
def test_volumes_are_averaged_over_slices(measure):
    y, g = image(1, 9, 10, 19), image(1, 9, 10, 19, seed=1)
    words = {"data_range": UNIT, "features": convolution()}
    slices = [measure(output=g[..., k], target=y[..., k], **words) for k in range(19)]
    assert measure(output=g, target=y, **words) == pytest.approx(np.mean(slices))
    assert measure(output=g, target=y, **words) == pytest.approx(measure(output=y, target=g, **words))
    three = {"data_range": UNIT, "features": convolution(3)}
    assert measure(output=g, target=y, **three) > 0


def test_a_network_is_left_as_it_was_and_looks_in_evaluation_mode():
    network = nn.Sequential(nn.BatchNorm2d(1))
    network.train()
    y = image(1, 8, 8)
    metrics.PERCEPTUAL(output=y, target=y, data_range=UNIT, features=Features("norm", network, UNIT))
    assert network.training and int(network[0].num_batches_tracked) == 0
    with pytest.raises(NotApplicable, match="sees 1 channels, not 3"):
        metrics.PERCEPTUAL(output=image(3, 8, 8), target=image(3, 8, 8), data_range=UNIT, features=identity())


def test_lpips_of_one_layer():
    f, g = np.array([3.0, 4]).reshape(2, 1, 1), np.array([4.0, 3]).reshape(2, 1, 1)
    network = Features("identity", nn.Identity(), (0.0, 5.0), 2, weights=[torch.ones(2)])
    words = {"data_range": (0, 5), "features": network}
    assert metrics.LPIPS(output=f, target=g, **words) == pytest.approx(0.08, abs=1e-6)
    assert metrics.LPIPS(output=g, target=f, **words) == pytest.approx(0.08, abs=1e-6)
    assert metrics.LPIPS(output=f * 0.5, target=g, **words) == pytest.approx(0.08, abs=1e-6)
    assert metrics.LPIPS(output=f, target=f, **words) == 0
    with pytest.raises(NotApplicable, match="human judgement"):
        metrics.LPIPS(output=f, target=g, data_range=(0, 5), features=identity(2))


def torchvision_weights(network, path):
    """Random weights in the shape and under the names of torchvision's file."""
    torch.manual_seed(1)
    found = {}
    for convolution, (place, *_) in zip(network.convolutions, network.layers, strict=True):
        for part, own in convolution.named_parameters():
            found[f"features.{place}.{part}"] = torch.randn_like(own) / own[0].numel() ** 0.5
    torch.save(found, path)
    return found


def torchvision_sequence(network, tensors):
    """The network as a plain sequence at torchvision's places."""
    layers = []
    for convolution, (place, *_, pool, _) in zip(network.convolutions, network.layers, strict=True):
        if pool:
            layers.append(nn.MaxPool2d(pool, 2))
        assert len(layers) == place
        layers += [nn.Conv2d(*(getattr(convolution, n) for n in CONVOLUTION)), nn.ReLU()]
        layers[place].load_state_dict({n: tensors[f"features.{place}.{n}"] for n in ("weight", "bias")})
    return nn.Sequential(*layers, nn.MaxPool2d(3, 2))


CONVOLUTION = ("in_channels", "out_channels", "kernel_size", "stride", "padding")


@pytest.mark.parametrize("name,short", [("alexnet", "alex"), ("vgg16", "vgg")])
def test_lpips_agrees_with_torchmetrics(name, short, tmp_path, monkeypatch):
    import torchmetrics.functional.image.lpips as peer

    network = lpips.NETWORKS[name][0]()
    tensors = torchvision_weights(network, tmp_path / "backbone.pth")
    sequence = torchvision_sequence(network, tensors)
    monkeypatch.setattr(peer, "_get_tv_model_features", lambda net, pretrained=False: sequence)
    theirs = peer._NoTrainLpips(net=short)
    features = lpips.lpips_features(name, tmp_path / "backbone.pth")
    y, g = image(1, 64, 70), image(1, 64, 70, seed=1)
    wanted = theirs(*(torch.from_numpy(x).float().expand(1, 3, -1, -1) * 2 - 1 for x in (g, y)))
    ours = metrics.LPIPS(output=g, target=y, data_range=UNIT, features=features)
    assert ours == pytest.approx(float(wanted), abs=1e-4) and ours > 1e-3
    assert metrics.LPIPS.label(features=features) == f"lpips[{name}]"


def test_lpips_never_takes_random_weights(tmp_path):
    with pytest.raises(UserError, match="no file of weights"):
        lpips.lpips_features("alexnet", tmp_path / "nothing.pth")
    with pytest.raises(UserError, match="no network"):
        lpips.lpips_features("alex", tmp_path / "nothing.pth")
    torchvision_weights(lpips.alexnet(), tmp_path / "alexnet.pth")
    with pytest.raises(UserError, match="does not hold this network"):
        lpips.lpips_features("vgg16", tmp_path / "alexnet.pth")
    (tmp_path / "damaged.pth").write_bytes(b"no weights")
    with pytest.raises(UserError, match="cannot be read"):
        lpips.lpips_features("alexnet", tmp_path / "damaged.pth")
    with pytest.raises(UserError, match="does not hold LPIPS weights"):
        lpips.lpips_features("alexnet", tmp_path / "alexnet.pth", linear=tmp_path / "alexnet.pth")


def test_the_shipped_network_serves_single_cases():
    from adversaria.commands.measured import feature_maps

    features = feature_maps("phantom-cnn")
    y = image(1, 64, 64)
    assert metrics.PERCEPTUAL.label(features=features) == "perceptual[phantom-cnn]"
    near, far = (metrics.PERCEPTUAL(output=y + d, target=y, data_range=UNIT, features=features) for d in (0.01, 0.1))
    assert 0 < near < far and len(features.activations(torch.zeros(1, 1, 64, 64))) == 5
    with pytest.raises(UserError, match="no feature maps"):
        feature_maps("inception")
