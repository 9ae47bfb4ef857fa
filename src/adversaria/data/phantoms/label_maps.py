"""Phantoms cut or labelled for segmentation: a liver with its lesions, a region with a mass, zones of the prostate."""

from typing import Any

import numpy as np

from adversaria.data.phantoms.mammogram import FACTORS, Mammogram
from adversaria.data.phantoms.prostate import LABELS as ZONES
from adversaria.data.phantoms.prostate import Prostate
from adversaria.data.phantoms.torso import LABELS, TorsoCT


class LiverMap(TorsoCT):
    """The torso phantom with one word more: `liver`, 1 in the liver and 2 in its lesions."""

    words = (*TorsoCT.words, "liver")  # type: ignore[assignment]
    units = {**TorsoCT.units, "liver": "labels"}

    def named(self, subject: int) -> tuple[str, int, int]:
        """Name a subject: the same people as the torso phantom's."""
        return "TorsoCT", self.seed, subject

    def case(self, subject: int, healthy: bool = False) -> dict[str, Any]:
        """Make one subject, or its healthy twin."""
        made = super().case(subject, healthy)
        lesion = made["lesion"] > 0
        liver = ((made["mask"] == LABELS["liver"]) | lesion).astype(np.int16) + lesion.astype(np.int16)
        return {**made, "liver": liver}


class MassRegion(Mammogram):
    """The part of a mammogram around its mass, 34 mm wide, of `size` pixels (a multiple of 8); words as of Mammogram.

    The region lies on a raster of an eighth of its width, so the mass is near its middle. Where there is no mass it
    lies where that would be.
    """

    def __init__(
        self,
        size: int = 40,
        dims: int = 2,
        prevalence: float = 1.0,
        malignant: float = 0.5,
        contrast: float = 1.0,
        lesion_size: float = 1.0,
        healthy: bool = False,
        exposure: float = 1.0,
        seed: int = 0,
    ):
        super().__init__(size, dims, prevalence, malignant, contrast, lesion_size, healthy, exposure, seed)
        if size % 8:
            raise ValueError(f"a region's side is a multiple of 8 pixels, not {size}")
        whole = size * 13 // 2
        self.film = Mammogram(whole, dims, prevalence, malignant, contrast, lesion_size, healthy, exposure, seed)
        self.spacing = self.film.spacing = 34.0 / size

    def case(self, subject: int, healthy: bool = False) -> dict[str, Any]:
        """Make one region, or its twin without the mass."""
        made = self.film.case(subject, healthy)
        step, middle = self.size // 8, (self.film.size - self.size) / 2
        places = [float(made["factors"][FACTORS.index(name)]) for name in ("mass_y", "mass_x")]
        starts = [step * round((place / self.spacing + middle) / step) for place in places]
        row, column = (min(max(start, 0), self.film.size - self.size) for start in starts)
        away = [(start - middle) * self.spacing for start in (row, column)]
        for lesion in made["lesions"]:
            x, y, z = lesion["centre_mm"]
            lesion["centre_mm"] = [x + away[1], y, z + away[0]]
        cut = {word: made[word][:, row : row + self.size, column : column + self.size] for word in self.units
               if word != "label"}  # fmt: skip
        return {**made, **{word: np.ascontiguousarray(array) for word, array in cut.items()}}


class ProstateZones(Prostate):
    """The prostate phantom with two words more: `contrasts` (3, *S) and `zones`.

    The contrasts are t2, adc and dwi, each divided by a number of its own so that 0 to 1 spans them about; zones are 1
    the peripheral zone and 2 a tumour of Gleason group 2 or higher.
    """

    words = (*Prostate.words, "contrasts", "zones")
    units = {**Prostate.units, "contrasts": "arbitrary", "zones": "labels"}

    def named(self, subject: int) -> tuple[str, int, int]:
        """Name a subject: the same people as the prostate phantom's."""
        return "Prostate", self.seed, subject

    def case(self, subject: int, healthy: bool = False) -> dict[str, Any]:
        """Make one subject, or its healthy twin."""
        made = super().case(subject, healthy)
        stack = [made[word] / top for word, top in (("t2", 1800.0), ("adc", 2.0), ("dwi", 900.0))]
        zones = (made["mask"] == ZONES["peripheral zone"]).astype(np.int16)
        zones[(made["lesion"] > 0) & (made["label"] >= 2)] = 2
        return {**made, "contrasts": np.concatenate(stack).astype(np.float32), "zones": zones}
