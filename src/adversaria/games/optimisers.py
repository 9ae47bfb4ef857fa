"""Optimisers as data: what a paper states. The engine builds the real ones."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Adam:
    """Adam (Kingma and Ba 2015): rate, betas and weight decay."""

    lr: float = 1e-3
    betas: tuple[float, float] = (0.9, 0.999)
    weight_decay: float = 0.0


@dataclass(frozen=True)
class RMSprop:
    """RMSprop: rate and smoothing constant."""

    lr: float = 1e-3
    alpha: float = 0.99


@dataclass(frozen=True)
class SGD:
    """Stochastic gradient descent with optional momentum."""

    lr: float = 1e-2
    momentum: float = 0.0


Optimiser = Adam | RMSprop | SGD
