"""The feature network that comes with the package: learned on phantoms, never on patients."""

import hashlib
from functools import cache
from pathlib import Path

import torch
from safetensors.torch import load, save

from adversaria.metrics.sets.learning import TASKS
from adversaria.metrics.sets.networks import LearnedCNN, SmallCNN

NAME = "phantom-cnn"
KINDS = ("brain t1", "brain t2", "brain pd", "brain flair", "brain ct", "brain pet", "torso ct")
PLACE = Path(__file__).with_name("phantom_cnn.safetensors")


@cache
def phantom_cnn() -> LearnedCNN:
    """Small network learned on the package's phantoms: which kind of image, which way up, how spoiled.

    64 features, 7 classes. It has seen simulated head MR, CT and PET and torso CT only; for images of
    other parts, or of colour, its distances are a matter of contrast and sharpness more than of anatomy.
    `python -m adversaria.tasks.phantom_features` learns it again.
    """
    net = SmallCNN({"kind": len(KINDS), **TASKS})
    net.load_state_dict({name: tensor.float() for name, tensor in load(PLACE.read_bytes()).items()})
    return LearnedCNN(NAME, net, "kind")


def keep(network: LearnedCNN, path: Path = PLACE) -> None:
    """Write a network's weights in half precision, which is what everybody then uses."""
    path.write_bytes(save({name: tensor.to(torch.float16) for name, tensor in network.net.state_dict().items()}))


def fingerprint(network: LearnedCNN) -> str:
    """Eight letters of a hash of the weights: two numbers are comparable only where these agree."""
    found = hashlib.blake2b(digest_size=4)
    for name, tensor in sorted(network.net.state_dict().items()):
        found.update(name.encode())
        found.update(tensor.float().numpy().tobytes())
    return found.hexdigest()
