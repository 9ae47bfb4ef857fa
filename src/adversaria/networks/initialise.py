"""Initial weights that papers state."""

from torch import nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd


def normal(network: nn.Module, deviation: float = 0.02) -> None:
    """Draw convolution weights from N(0, deviation), batch-norm gains from N(1, deviation); biases are 0.

    Radford et al. 2016, section 4; Isola et al. 2017, section 6.2.
    """
    for module in network.modules():
        if isinstance(module, _ConvNd | nn.Linear):
            nn.init.normal_(module.weight, 0.0, deviation)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
        elif isinstance(module, _BatchNorm) and module.affine:
            nn.init.normal_(module.weight, 1.0, deviation)
            nn.init.zeros_(module.bias)
