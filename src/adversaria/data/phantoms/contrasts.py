"""Several contrasts of one brain as the channels of one image."""

from typing import Any

import numpy as np

from adversaria.data.phantoms.brain import Brain

STACKED = ("t1", "t2", "t1c", "flair")


class BrainContrasts(Brain):
    """The brain phantom with one word more: `contrasts` (4, *S), its t1, t2, t1c and flair as channels.

    Each is divided by its 99th percentile within the head, so that 0 to 1 spans it. For games that fill in
    missing contrasts.
    """

    words = (*Brain.words, "contrasts")  # type: ignore[assignment]
    units = {**Brain.units, "contrasts": "arbitrary"}

    def case(self, subject: int, healthy: bool = False) -> dict[str, Any]:
        """Make one subject, or its healthy twin."""
        made = super().case(subject, healthy)
        inside = made["mask"] > 0
        stack = [made[word] / np.percentile(made[word][inside], 99) for word in STACKED]
        return {**made, "contrasts": np.concatenate(stack).astype(np.float32)}
