"""The equalised learning rate."""

from typing import Any

from torch import Tensor, nn
from torch.func import functional_call


class Equalised(nn.Module):
    """Equalised learning rate (Karras et al. 2018, section 4.1): a layer whose weight is scaled as it runs.

    Weights are stored as draws from N(0, 1) / `rate` and multiplied by `gain` rate / sqrt(fan_in), biases start
    at 0 and are multiplied by `rate`: Adam then moves all layers equally fast, those with `rate` 0.01 a
    hundred times slower. The gain is sqrt(2) before a leaky ReLU and 1 in a linear output.
    """

    key = "equalised-learning-rate"

    def __init__(self, layer: nn.Module, gain: float = 2**0.5, rate: float = 1.0):
        super().__init__()
        weight = layer.weight
        assert isinstance(weight, Tensor)
        self.layer, self.rate = layer, rate
        self.factor = gain * rate / weight[0].numel() ** 0.5
        nn.init.normal_(weight, 0.0, 1 / rate)
        if isinstance(layer.bias, Tensor):
            nn.init.zeros_(layer.bias)

    def forward(self, value: Tensor) -> Any:
        """Apply the layer with its scaled weight."""
        scaled = {"weight": self.layer.weight * self.factor}
        if isinstance(self.layer.bias, Tensor):
            scaled["bias"] = self.layer.bias * self.rate
        return functional_call(self.layer, scaled, (value,))
