"""L18: what the output would measure is what was measured."""

from typing import Any

from torch import Tensor, nn

from adversaria.losses.pixel import checked, distance
from adversaria.physics import Operator


class Physical(nn.Module):
    """Physical acquisition, L18 of the review: mean |A(output) - source|^power (Ravi et al. 2018).

    A is the model of the acquisition that the source came from, `physics`: the output, measured again, must give the
    source. With an A that leaves the image as it is this is L12. Words that A binds (`sampling`, `coils`, `angles`)
    are handed to it where the batch has them.
    """

    key = "L18"

    def __init__(self, physics: Operator, power: int = 2):
        super().__init__()
        self.physics, self.power = physics, checked(power)

    def forward(
        self,
        output: Tensor,
        source: Tensor,
        sampling: Tensor | None = None,
        coils: Tensor | None = None,
        angles: Tensor | None = None,
    ) -> Tensor:
        """Compare A of (B, C, *S) with the source, whatever its shape."""
        return self.compare(output, source, sampling=sampling, coils=coils, angles=angles)

    def compare(self, output: Tensor, measured: Tensor, **words: Any) -> Tensor:
        """Measure the output and compare."""
        bound = self.physics.of({word: value for word, value in words.items() if value is not None})
        return distance(bound.A(output), measured, self.power)


class MeasurementConsistency(Physical):
    """As `Physical`, with the raw `measurement` of the case: mean |A(output) - measurement|^power."""

    key = "L18-measured"

    def forward(
        self,
        output: Tensor,
        measurement: Tensor,
        sampling: Tensor | None = None,
        coils: Tensor | None = None,
        angles: Tensor | None = None,
    ) -> Tensor:
        """Compare A of (B, C, *S) with raw data, whatever their shape."""
        return self.compare(output, measurement, sampling=sampling, coils=coils, angles=angles)
