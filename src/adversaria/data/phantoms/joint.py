"""An image and its label map as the channels of one image, for games that learn both together."""

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from adversaria.data.phantoms.brain import Brain
from adversaria.data.phantoms.fundus import Fundus

Array = NDArray[Any]
_CT = (-20.0, 100.0)


class BrainLesionMap(Brain):
    """The brain phantom with one word more: `joint` (C, *S), its flair and where a lesion lies (0 or 1).

    MR is divided by its 99th percentile within the head, so that 0 to 1 spans it (Bowles et al. 2018, brain MR).
    """

    words = (*Brain.words, "joint")  # type: ignore[assignment]
    units = {**Brain.units, "joint": "relative"}
    stacked: ClassVar[tuple[str, ...]] = ("flair",)

    def case(self, subject: int, healthy: bool = False) -> dict[str, Any]:
        """Make one subject, or its healthy twin."""
        made = super().case(subject, healthy)
        channels = [self.scaled(word, made) for word in self.stacked]
        return {**made, "joint": np.concatenate([*channels, self.marked(made)]).clip(0, 1).astype(np.float32)}

    def named(self, subject: int) -> tuple[str, int, int]:
        """Name a subject: the same people as the brain phantom's."""
        return "Brain", self.seed, subject

    def scaled(self, word: str, made: dict[str, Any]) -> Array:
        """Bring an image to 0 to 1."""
        found: Array = made[word] / np.percentile(made[word][made["mask"] > 0], 99)
        return found

    def marked(self, made: dict[str, Any]) -> Array:
        """Give the label channel, 0 or 1."""
        found: Array = (made["lesion"] > 0).astype(np.float32)
        return found


class BrainFluidMap(BrainLesionMap):
    """The brain phantom with `joint` (2, *S): CT from -20 to 100 HU as 0 to 1, and cerebrospinal fluid (0 or 1).

    For Bowles et al. 2018, brain CT.
    """

    stacked = ("ct",)

    def scaled(self, word: str, made: dict[str, Any]) -> Array:
        """Bring HU to 0 to 1."""
        found: Array = (made[word] - _CT[0]) / (_CT[1] - _CT[0])
        return found

    def marked(self, made: dict[str, Any]) -> Array:
        """Give the fluid."""
        found: Array = (made["tissue"] == 1).astype(np.float32)
        return found


class BrainTumourMap(BrainLesionMap):
    """The brain phantom with `joint` (5, *S): t1, t2, t1c, flair and where a lesion lies (Beers et al. 2018, MR)."""

    stacked = ("t1", "t2", "t1c", "flair")


class FundusVesselMap(Fundus):
    """The fundus phantom with one word more: `joint` (4, *S), its three colours and its vessels (0 or 1).

    For Beers et al. 2018, retina.
    """

    words = (*Fundus.words, "joint")  # type: ignore[assignment]
    units = {**Fundus.units, "joint": "relative"}

    def named(self, subject: int) -> tuple[str, int, int]:
        """Name a subject: the same eyes as the fundus phantom's."""
        return "Fundus", self.seed, subject

    def case(self, subject: int, healthy: bool = False) -> dict[str, Any]:
        """Make one eye, or its twin without the disease."""
        made = super().case(subject, healthy)
        return {**made, "joint": np.concatenate([made["image"], made["vessels"]]).astype(np.float32)}
