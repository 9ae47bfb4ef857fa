"""Plain-words warnings about a training that goes wrong while it still runs."""

from collections import defaultdict, deque
from collections.abc import Callable

import torch
from torch import Tensor

from adversaria.engine.log import Row

_SETTLED = 200
_PATIENCE = 20


class Watch:
    """Looks at each log row and warns once for each kind of trouble.

    A score is called saturated when the discriminator's adversarial loss stays below 1e-3, a gradient
    vanished when its norm stays below 1e-7, for `_PATIENCE` rows in a row; a loss explodes when it is a
    thousand times its median so far. Loss names are the games'; players whose names hold
    "discriminator" or "critic" are discriminators.
    """

    def __init__(self, say: Callable[[str], None]):
        self.say = say
        self.said: set[str] = set()
        self.recent: dict[str, deque[float]] = defaultdict(lambda: deque(maxlen=_PATIENCE))

    def look(self, row: Row) -> None:
        """Take one row into account."""
        name = f"{row.player}.{row.term}"
        values = self.recent[name]
        full = len(values) == _PATIENCE
        if full and abs(row.value) > 1e3 * max(sorted(map(abs, values))[_PATIENCE // 2], 1e-3):
            self.warn(
                f"exploding {name}",
                f"the loss '{row.term}' of '{row.player}' grew a thousandfold by play {row.play}",
                "lower this player's rate or this term's weight",
            )
        values.append(row.value)
        if len(values) < _PATIENCE:
            return
        if row.term == "gradient_norm" and max(values) < 1e-7:
            self.warn(
                f"vanished {row.player}",
                f"the gradient of '{row.player}' has vanished (play {row.play})",
                "weaken the discriminator, or use the Wasserstein or least-squares objective",
            )
        discriminates = "discriminator" in row.player or "critic" in row.player
        if discriminates and row.term == "adversarial" and max(map(abs, values)) < 1e-3:
            self.warn(
                f"saturated {row.player}",
                f"'{row.player}' tells real from generated without error (play {row.play}), so the "
                "generator learns little from it",
                "lower the discriminator's rate, add a gradient penalty or R1, or give it fewer layers",
            )

    def samples(self, images: Tensor, real: Tensor, play: int) -> None:
        """Compare generated with real images (N, C, *S): diversity, and energy at the pixel grid.

        The first plays are not judged: every new generator's images are alike.
        """
        if play < _SETTLED:
            return
        images, real = images.detach().float().cpu(), real.detach().float().cpu()
        if len(images) > 1 and len(real) > 1 and diversity(images) < 0.05 * diversity(real):
            self.warn(
                "collapse",
                f"the generated images have become alike (play {play}): mode collapse",
                "lower the rates, raise the batch, or add a gradient penalty",
            )
        if checkerboard(images) > 4 * checkerboard(real) + 1e-3:
            self.warn(
                "checkerboard",
                f"the generated images carry a checkerboard (play {play})",
                "use up-sampling followed by a convolution, or kernels that the stride divides",
            )

    def warn(self, kind: str, what: str, remedy: str) -> None:
        """Say it once."""
        if kind not in self.said:
            self.said.add(kind)
            self.say(f"{what}; {remedy}")


def diversity(images: Tensor) -> float:
    """Root mean square of the deviation from the mean image."""
    return float((images - images.mean(0)).pow(2).mean().sqrt())


def checkerboard(images: Tensor) -> float:
    """Share of the variance at the highest frequency of every spatial axis (the alternating pattern)."""
    variance = images.var()
    signs = torch.ones(())
    for size in images.shape[2:]:
        signs = signs.unsqueeze(-1) * (1 - 2 * (torch.arange(size) % 2))
    amplitude = (images * signs).flatten(2).mean(2)
    return float(amplitude.pow(2).mean() / variance.clamp_min(1e-12))
