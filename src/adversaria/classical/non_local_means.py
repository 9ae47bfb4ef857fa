"""Non-local means."""

import numpy as np
import torch
from torch import Tensor


class NonLocalMeans:
    """Non-local means of each channel (Buades et al. 2005), as scikit-image has it; 2D or 3D.

    `strength` is the decay of the weights, in the image's unit; it is to be chosen on validation cases. `patch` and
    `distance` are in voxels.
    """

    key = "non-local-means"

    def __init__(self, strength: float, patch: int = 5, distance: int = 6):
        if strength <= 0:
            raise ValueError(f"a strength of {strength} is not above 0")
        self.strength, self.patch, self.distance = strength, patch, distance

    def __call__(self, image: Tensor) -> Tensor:
        """Denoise (B, C, *S)."""
        from skimage.restoration import denoise_nl_means

        planes = image.detach().cpu().double().flatten(0, 1).numpy()
        made = [
            denoise_nl_means(
                plane, patch_size=self.patch, patch_distance=self.distance, h=self.strength, fast_mode=True
            )
            for plane in planes
        ]
        return torch.from_numpy(np.stack(made)).to(image).view_as(image)
