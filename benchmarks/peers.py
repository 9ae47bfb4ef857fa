"""Peers that need torchvision, imported beside a torch that has none of its compiled operators."""

import importlib
from types import ModuleType

import torch


def torchgan() -> ModuleType:
    """Import torchgan's losses; two operator schemas are declared so that torchvision's Python part loads."""
    try:
        importlib.import_module("torchvision")
    except (RuntimeError, ImportError):
        library = torch.library.Library("torchvision", "DEF")
        library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        library.define("qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
        torchgan.kept = library  # type: ignore[attr-defined]
    return importlib.import_module("torchgan.losses")
