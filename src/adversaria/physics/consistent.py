"""Networks in turn with what was measured."""

from collections.abc import Mapping, Sequence
from typing import ClassVar

from torch import Tensor, nn

from adversaria.physics.complex import channels, complex_of
from adversaria.physics.consistency import HardConsistency
from adversaria.physics.operator import Operator
from adversaria.vocabulary import RAW, UserError


class Consistent(nn.Module):
    """A translator of one or several networks, each followed by a layer of data consistency (Schlemper et al. 2018).

    x_0 = source,  x_k = layer(network_k(x_(k-1)), measurement, physics);  `turns` runs the whole chain so often with
    the same weights. Reads the words of the acquisition (`measurement`, and what `physics` binds). Images are
    (B, 1, *S), or (B, 2 C, *S) as the parts of complex ones; of a real image with complex data the real part is kept.
    `network` and `physics` are given to the constructor; the measurement must be that of images scaled as the source.
    """

    key = "consistent"
    wraps: ClassVar[Mapping[str, Mapping[str, int]]] = {"networks": {}}
    reads = RAW

    def __init__(
        self,
        networks: Sequence[nn.Module],
        physics: Operator,
        layer: nn.Module = HardConsistency(),
        turns: int = 1,
    ):
        super().__init__()
        if not networks or turns < 1:
            raise UserError("a chain of networks and data consistency needs one at least.", "Write networks: [...].")
        self.networks = nn.ModuleList(networks)
        self.physics, self.layer, self.turns = physics, layer, turns

    def steps(
        self, image: Tensor, condition: Tensor | None = None, measured: Mapping[str, Tensor] | None = None
    ) -> list[tuple[Tensor, Tensor]]:
        """List each network's image before and after data consistency."""
        if not measured or "measurement" not in measured:
            raise UserError(
                "a network with data consistency has no measurement.",
                "Bind it: measurement: low/measurement, with `low` under acquire.",
            )
        physics = self.physics.of(dict(measured))
        found = []
        for network in list(self.networks) * self.turns:
            made = network(image) if condition is None else network(image, condition)
            image = self.agreed(made, measured["measurement"], physics)
            found.append((made, image))
        return found

    def agreed(self, image: Tensor, measurement: Tensor, physics: Operator) -> Tensor:
        """Bring an image to the measurement, in single precision at least."""
        wide = image.float() if image.dtype.itemsize < 4 else image
        if not measurement.is_complex():
            return self.layer(wide, measurement, physics)
        if wide.shape[1] % 2 == 0:
            return channels(self.layer(complex_of(wide), measurement, physics))
        return self.layer(wide, measurement, physics).real

    def forward(
        self, image: Tensor, condition: Tensor | None = None, measured: Mapping[str, Tensor] | None = None
    ) -> Tensor:
        """Translate (B, C, *S) to an image of the same shape that agrees with the measurement."""
        return self.steps(image, condition, measured)[-1][1]
