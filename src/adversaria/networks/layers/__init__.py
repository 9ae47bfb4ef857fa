"""Layers that frameworks are named after, or are built from."""

from adversaria.networks.layers.adain import AdaIN
from adversaria.networks.layers.batch_norm import BatchNorm
from adversaria.networks.layers.conditional_batch_norm import ConditionalBatchNorm
from adversaria.networks.layers.equalised import Equalised
from adversaria.networks.layers.leaky_relu import LeakyReLU
from adversaria.networks.layers.minibatch_deviation import MinibatchDeviation
from adversaria.networks.layers.patient_norm import PatientNorm
from adversaria.networks.layers.pixel_norm import PixelNorm
from adversaria.networks.layers.projection import Projection
from adversaria.networks.layers.self_attention import SelfAttention
from adversaria.networks.layers.spade import SPADE
from adversaria.networks.layers.spectral_norm import SpectralNorm
from adversaria.networks.layers.zero_order_hold import ZeroOrderHold

__all__ = [
    "SPADE",
    "AdaIN",
    "BatchNorm",
    "ConditionalBatchNorm",
    "Equalised",
    "LeakyReLU",
    "MinibatchDeviation",
    "PatientNorm",
    "PixelNorm",
    "Projection",
    "SelfAttention",
    "SpectralNorm",
    "ZeroOrderHold",
]
