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


def glorot(network: nn.Module) -> None:
    """Draw weights uniformly as Glorot and Bengio 2010: gain sqrt(2) for 3x3 kernels, 1 for others; biases are 0.

    Miyato et al. 2018 and their reference code.
    """
    for module in network.modules():
        if isinstance(module, _ConvNd | nn.Linear):
            wide = module.weight.ndim > 2 and module.weight.shape[-1] > 1
            nn.init.xavier_uniform_(module.weight, 2**0.5 if wide else 1.0)
            if module.bias is not None:
                nn.init.zeros_(module.bias)


def orthogonal(network: nn.Module) -> None:
    """Start from orthogonal weights (Saxe et al. 2014; Brock et al. 2019, appendix C.2); biases are 0."""
    for module in network.modules():
        if isinstance(module, _ConvNd | nn.Linear | nn.Embedding):
            nn.init.orthogonal_(module.weight)
            if getattr(module, "bias", None) is not None:
                nn.init.zeros_(module.bias)  # type: ignore[arg-type]
