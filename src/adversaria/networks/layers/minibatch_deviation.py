"""How much the samples of a batch differ, as one more feature map."""

import torch
from torch import Tensor, nn


class MinibatchDeviation(nn.Module):
    """Minibatch standard deviation (Karras et al. 2018, section 3): one constant map is appended to (B, C, *S).

    The population deviation of each feature over a group of `group` samples (eps inside the root), averaged over
    features and pixels. Neighbours make a group; the last group is the rest. The paper takes the whole
    batch, its code groups of 4. With `group` 1 the map is the constant sqrt(eps) and samples do not touch.
    """

    key = "minibatch-deviation"

    def __init__(self, group: int = 4, eps: float = 1e-8):
        super().__init__()
        self.group, self.eps = group, eps

    @property
    def couples_samples(self) -> bool:
        """Whether a sample's result depends on its neighbours."""
        return self.group > 1

    def forward(self, value: Tensor) -> Tensor:
        """Append the map: (B, C + 1, *S)."""
        maps = []
        for part in value.to(torch.promote_types(value.dtype, torch.float32)).split(self.group):
            deviation = (part.var(0, unbiased=False) + self.eps).sqrt().mean()
            maps.append(deviation.expand(len(part), 1, *value.shape[2:]))
        return torch.cat([value, torch.cat(maps).to(value.dtype)], 1)
