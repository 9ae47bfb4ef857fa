"""A CT of the torso and the two films of it, from the front and from the side."""

from typing import Any

import numpy as np

from adversaria.data.phantoms.radiograph import SITES, film
from adversaria.data.phantoms.torso import TorsoCT
from adversaria.draws import stream


class TorsoFilms(TorsoCT):
    """TorsoCT's people with two films of the volume: `film` from the front and `lateral` from the side (0 to 1).

    Films are projections of the CT itself, laid so that they line up with it: of a volume (1, rows, columns, slices)
    the frontal film is (1, 1, columns, slices) and the lateral one (1, rows, 1, slices). `photons` is times the
    usual photons (0: no noise). Of a slice they are single lines. Words also: those of TorsoCT.
    """

    words = (*TorsoCT.words, "film", "lateral")  # type: ignore[assignment]

    def __init__(
        self,
        size: int = 128,
        dims: int = 2,
        spacing: float | None = None,
        level: str = "chest",
        prevalence: float = 0.5,
        contrast: float = 1.0,
        lesion_size: float = 1.0,
        healthy: bool = False,
        noise: float = 0.0,
        photons: float = 1.0,
        seed: int = 0,
    ):
        super().__init__(
            size, dims, spacing, level, prevalence, contrast, lesion_size, healthy, noise, seed=seed
        )  # fmt: skip
        self.photons = photons

    def named(self, subject: int) -> tuple[str, int, int]:
        """Name a subject: the same people as TorsoCT's."""
        return "TorsoCT", self.seed, subject

    def case(self, subject: int, healthy: bool = False) -> dict[str, Any]:
        """Make one subject, or its healthy twin."""
        made, name = super().case(subject, healthy), self.named(subject)
        hu = made["ct"][0] if self.dims == 3 else made["ct"][0][..., None]
        views = {}
        for along, word in enumerate(("film", "lateral")):
            random = stream(*name, "photons", word)
            seen = film(hu, along, self.spacing, self.spacing, SITES["a"], self.photons, random)
            laid = np.expand_dims(seen, along)[None]
            views[word] = np.ascontiguousarray(laid if self.dims == 3 else laid[..., 0])
        return {**made, **views}
