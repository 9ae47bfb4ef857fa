"""Weights of feature networks: fetched from a server of ours, checked by hash, read under other people's names."""

import functools
import hashlib
import http.server
import json
import threading

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn.functional import max_pool2d, relu

from adversaria.metrics.download import PUBLISHED, download
from adversaria.metrics.sets.networks import square
from adversaria.metrics.sets.radimagenet import CHILDREN, RadImageNetFeatures, resnet50
from adversaria.vocabulary import UserError
from shell import call, refused

CONTENT = b"weights of a network" * 500
DIGEST = hashlib.sha256(CONTENT).hexdigest()


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, format, *args):  # noqa: A002
        pass


@pytest.fixture
def server(tmp_path):
    """Serve one file on this machine, and count nothing else."""
    place = tmp_path / "served"
    place.mkdir()
    (place / "net.pth").write_bytes(CONTENT)
    handler = functools.partial(Quiet, directory=str(place))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as found:
        thread = threading.Thread(target=found.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{found.server_port}"
        found.shutdown()
        thread.join()


@pytest.mark.parametrize("known", [DIGEST, DIGEST[:8], DIGEST[:12].upper()])
def test_a_file_is_fetched_and_checked_by_its_hash(known, server, tmp_path):
    path = download(f"{server}/net.pth", known, tmp_path / "new" / "net.pth")
    assert path.read_bytes() == CONTENT and [p.name for p in path.parent.iterdir()] == ["net.pth"]


def test_what_is_there_and_right_is_not_fetched_again_and_what_is_wrong_is(server, tmp_path):
    path = tmp_path / "net.pth"
    path.write_bytes(CONTENT)
    assert download("http://127.0.0.1:9/nowhere", DIGEST, path) == path
    path.write_bytes(b"cut short")
    assert download(f"{server}/net.pth", DIGEST, path).read_bytes() == CONTENT


def test_other_content_is_refused_and_leaves_nothing(server, tmp_path):
    with pytest.raises(UserError, match="not what was published"):
        download(f"{server}/net.pth", "0" * 64, tmp_path / "net.pth")
    for url in (f"{server}/missing.pth", "http://127.0.0.1:9/net.pth", "file:///etc/hostname"):
        with pytest.raises(UserError, match="could not be fetched"):
            download(url, DIGEST, tmp_path / "net.pth")
    with pytest.raises(UserError, match="no SHA-256"):
        download(f"{server}/net.pth", "abc", tmp_path / "net.pth")
    assert [p.name for p in tmp_path.iterdir()] == ["served"]


def test_the_command_lists_fetches_and_refuses(server, tmp_path, capsys):
    assert call("weights", "--json") == 0
    listed = json.loads(capsys.readouterr().out)
    assert {row["key"] for row in listed} == set(PUBLISHED) and all("path" not in row for row in listed)
    words = ("weights", "alexnet", "--url", f"{server}/net.pth", "--output", tmp_path)
    assert call(*words, "--sha256", DIGEST) == 0
    assert (tmp_path / PUBLISHED["alexnet"].file).read_bytes() == CONTENT
    assert str(tmp_path / PUBLISHED["alexnet"].file) in capsys.readouterr().out
    (tmp_path / PUBLISHED["alexnet"].file).unlink()
    assert "not what was published" in refused(capsys, *words)
    assert "Did you mean alexnet" in refused(capsys, "weights", "alexnett")


def test_published_hashes_are_those_in_the_names_of_the_files():
    for found in PUBLISHED.values():
        assert f"-{found.sha256}.pth" in found.file and len(found.sha256) == 8


def by_hand(tensors, image):
    """ResNet-50 step by step: the table of its paper, strides in the middle convolution."""

    def norm(value, name):
        stated = (tensors[f"{name}.{part}"] for part in ("running_mean", "running_var", "weight", "bias"))
        return nn.functional.batch_norm(value, *stated)

    value = relu(norm(nn.functional.conv2d(image, tensors["conv1.weight"], None, 2, 3), "bn1"))
    value = max_pool2d(value, 3, 2, 1)
    for stage, blocks in enumerate((3, 4, 6, 3), 1):
        for block in range(blocks):
            name, stride = f"layer{stage}.{block}", 2 if stage > 1 and block == 0 else 1
            kept = value
            for k, (step, pad) in enumerate(((1, 0), (stride, 1), (1, 0)), 1):
                value = norm(nn.functional.conv2d(value, tensors[f"{name}.conv{k}.weight"], None, step, pad),
                             f"{name}.bn{k}")  # fmt: skip
                value = relu(value) if k < 3 else value
            if block == 0:
                kept = nn.functional.conv2d(kept, tensors[f"{name}.downsample.0.weight"], None, stride)
                kept = norm(kept, f"{name}.downsample.1")
            value = relu(value + kept)
    return value.mean((2, 3))


@pytest.mark.parametrize("form", ["torchvision", "release"])
def test_radimagenet_is_resnet50_under_either_name(form, tmp_path):
    net = resnet50()
    for name, tensor in net.state_dict().items():
        if name.endswith("running_var"):
            tensor.uniform_(0.5, 1.5)
        elif tensor.ndim < 2 and tensor.dtype.is_floating_point:
            tensor.normal_(0, 0.1)
    tensors = {name: tensor.clone() for name, tensor in net.state_dict().items()}
    assert sum(p.numel() for p in net.parameters()) == 23_508_032
    numbers = {own: number for number, own in CHILDREN.items()}
    named = {
        f"backbone.{numbers[name.partition('.')[0]]}.{name.partition('.')[2]}" if form == "release" else name: tensor
        for name, tensor in tensors.items()
    }
    save_file({**named, "fc.bias": torch.zeros(3)}, tmp_path / "w.safetensors")
    image = np.random.default_rng(0).random((1, 60, 50))
    found = RadImageNetFeatures(tmp_path / "w.safetensors").features([image], (0, 1))
    seen = square(torch.from_numpy(image).float()[None] * 2 - 1, 224).expand(-1, 3, -1, -1)
    assert found.shape == (1, 2048)
    assert found == pytest.approx(by_hand(tensors, seen).numpy(), rel=1e-3, abs=1e-5)


def test_radimagenet_never_takes_chance_for_weights(tmp_path, capsys):
    with pytest.raises(UserError, match="none were given"):
        RadImageNetFeatures(None)
    save_file({"conv1.weight": torch.zeros(64, 1, 7, 7)}, tmp_path / "other.safetensors")
    with pytest.raises(UserError, match="missing or misshapen"):
        RadImageNetFeatures(tmp_path / "other.safetensors")
    (tmp_path / "a").mkdir()
    from PIL import Image

    for k in range(10):
        Image.fromarray(np.full((8, 8), k, np.uint8)).save(tmp_path / "a" / f"{k}.png")
    words = ("measure", "--reference", tmp_path / "a", "--output", tmp_path / "a", "--range", 0, 255, "--quiet")
    said = refused(capsys, *words, "--metrics", "fid", "--features", f"radimagenet={tmp_path / 'none.pth'}")
    assert "no file of weights" in said
