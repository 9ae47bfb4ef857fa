"""The heart phantom with the frames of a beat."""

from typing import Any

import numpy as np

from adversaria.data.phantoms.heart import Heart


class HeartCine(Heart):
    """The heart phantom in 2D with one word more: `frames` (T, H, W), its cine at T phases of a beat.

    The first frame is `cine`. All frames have the noise of one acquisition. For operators that mix phases.
    """

    words = (*Heart.words, "frames")  # type: ignore[assignment]
    units = {**Heart.units, "frames": "arbitrary"}

    def __init__(
        self,
        size: int = 128,
        dims: int = 2,
        spacing: float | None = None,
        beat: int = 8,
        prevalence: float = 0.5,
        contrast: float = 1.0,
        healthy: bool = False,
        noise: float = 0.03,
        height: float | None = None,
        seed: int = 0,
    ):
        super().__init__(
            size, dims, spacing, 0.0, prevalence, contrast=contrast, healthy=healthy, noise=noise, height=height,
            seed=seed,
        )  # fmt: skip
        if beat < 2:
            raise ValueError(f"a beat of {beat} frames does not move")
        self.beat = beat

    @classmethod
    def dimensions(cls) -> tuple[int, ...]:
        """Slices only."""
        return (2,)

    def named(self, subject: int) -> tuple[str, int, int]:
        """Name a subject: the same people as the heart phantom's."""
        return "Heart", self.seed, subject

    def case(self, subject: int, healthy: bool = False) -> dict[str, Any]:
        """Make one subject, or its twin without the infarct."""
        made = super().case(subject, healthy)
        frames = [made["cine"]]
        for k in range(1, self.beat):
            other = Heart(
                self.size, 2, self.spacing, k / self.beat, self.prevalence, contrast=self.contrast,
                healthy=self.healthy, noise=self.noise, height=self.height, seed=self.seed,
            )  # fmt: skip
            frames.append(other.case(subject, healthy)["cine"])
        return {**made, "frames": np.concatenate(frames)}
