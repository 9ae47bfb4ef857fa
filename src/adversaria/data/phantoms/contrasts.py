"""Several contrasts of one brain as the channels of one image."""

from typing import Any

import numpy as np

from adversaria.data.phantoms.brain import Brain
from adversaria.data.phantoms.phantom import Phantom


class BrainContrasts(Phantom):
    """MR contrasts of one subject of the brain phantom, stacked as channels: the word `contrasts` (N, *S).

    Each contrast is divided by its 99th percentile within the head, so that 0 to 1 spans it. `chosen` names the
    contrasts of `Brain`; `mask` is its label map. For games that fill in missing contrasts.
    """

    words = ("contrasts", "mask")
    units = {"contrasts": "arbitrary", "mask": "labels"}

    def __init__(
        self,
        size: int = 128,
        dims: int = 2,
        chosen: tuple[str, ...] = ("t1", "t2", "t1c", "flair"),
        noise: float = 0.02,
        seed: int = 0,
    ):
        self.brain = Brain(size, dims, noise=noise, seed=seed)
        super().__init__(size, dims, self.brain.spacing, seed)
        self.chosen, self.noise = chosen, noise

    def case(self, subject: int, healthy: bool = False) -> dict[str, Any]:
        """Make one subject, or its healthy twin."""
        made = self.brain.case(subject, healthy)
        inside = made["mask"] > 0
        stack = [made[word] / np.percentile(made[word][inside], 99) for word in self.chosen]
        return {"contrasts": np.concatenate(stack).astype(np.float32), "mask": made["mask"]}
