"""Two chest films of one person, the second after another breath, with the way between them."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.data.phantoms.chest_film import ChestFilm
from adversaria.data.phantoms.fields import Lattice, about, axis, between
from adversaria.data.phantoms.misregistration import Displacement

Array = NDArray[Any]


class ChestFilmPair(ChestFilm):
    """A chest film and a later one: `fixed` is ChestFilm's `film`, `moving` the film after another breath and shift.

    The lungs' lower border moves by 5 to 25 mm (`breath` times), less the higher up, and the person stands a few
    millimetres elsewhere. `flow` (2, *S) in mm along rows and columns: fixed(x) = moving(x + flow(x)); `moving_mask`
    is the mask of the later film. Exposure and photon noise are another's. Words also: those of ChestFilm.
    """

    words = (*ChestFilm.words, "fixed", "moving", "moving_mask", "flow")  # type: ignore[assignment]
    units = {**ChestFilm.units, "fixed": "arbitrary", "moving": "arbitrary", "moving_mask": "labels", "flow": "mm"}

    def __init__(
        self,
        size: int = 128,
        dims: int = 2,
        prevalence: float = 0.5,
        breath: float = 1.0,
        contrast: float = 1.0,
        healthy: bool = False,
        domain: str = "a",
        exposure: float = 1.0,
        seed: int = 0,
    ):
        super().__init__(
            size, dims, prevalence, contrast=contrast, healthy=healthy, domain=domain, exposure=exposure, seed=seed
        )
        self.breath = breath

    def named(self, subject: int) -> tuple[str, int, int]:
        """Name a subject: the same people as ChestFilm's."""
        return "ChestFilm", self.seed, subject

    def case(self, subject: int, healthy: bool = False) -> dict[str, Any]:
        """Make one person's two films."""
        made, name = super().case(subject, healthy), self.named(subject)
        way = Displacement(self._pull((*name, "later")), self.spacing)

        def moved(image: Array, order: int = 3) -> Array:
            return way.image(np.ascontiguousarray(image[0].T)[..., None], order)[..., 0].T

        soft, bone = (moved(made[word]) for word in ("soft", "bone"))
        thickness = float(made["factors"][self.factor_names.index("thickness")])
        later = self.exposed((*name, "later"), soft, bone, made["label"], thickness)
        words = {"fixed": made["film"], "moving": later[None], "moving_mask": moved(made["mask"], 0)[None]}
        return {**made, **words, "flow": way.flow}

    def _pull(self, name: tuple[int | str, ...]) -> Array:
        """From where (x, y) each place of the later film takes its value (mm)."""
        at = axis(self.size, self.spacing)
        depth = self.breath * between((*name, "breath"), 5, 25) * (1 if between((*name, "in"), 0, 1) < 0.5 else -1)
        low = np.clip((at + 110) / 200, 0, 1)
        down = depth * np.square(np.sin(0.5 * np.pi * low)) * (1 - np.clip((at - 95) / 90, 0, 1))
        uneven = 1 + 0.15 * Lattice((*name, "uneven"), 60.0).on((at, at, np.zeros(1, np.float32)))
        pull = np.zeros((2, self.size, self.size, 1), np.float32)
        pull[0] = about((*name, "x"), 0, 3)
        pull[1] = down[None, :, None] * uneven + about((*name, "y"), 0, 3)
        return pull
