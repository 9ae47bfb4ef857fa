"""Several contrasts of one brain as the channels of one image."""

from typing import Any

import numpy as np

from adversaria.data.phantoms.brain import Brain

# each contrast, and what its brightest hundredth of the head is in the median subject
STACKED = {"t1": 2400.0, "t2": 3400.0, "t1c": 2400.0, "flair": 1500.0}


class BrainContrasts(Brain):
    """The brain phantom with one word more: `contrasts` (4, *S), its t1, t2, t1c and flair as channels.

    Each is divided by a number of its own, the same for all subjects, so that 0 to 1 spans it about. For games
    that fill in missing contrasts.
    """

    words = (*Brain.words, "contrasts")  # type: ignore[assignment]
    units = {**Brain.units, "contrasts": "arbitrary"}

    def case(self, subject: int, healthy: bool = False) -> dict[str, Any]:
        """Make one subject, or its healthy twin."""
        made = super().case(subject, healthy)
        stack = [made[word] / top for word, top in STACKED.items()]
        return {**made, "contrasts": np.concatenate(stack).astype(np.float32)}
