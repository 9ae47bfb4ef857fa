"""The inverse of the input, a known failure of unpaired translation: bright becomes dark, and every loss is content."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import binary_fill_holes

Array = NDArray[np.float32]
# how strong a correlation must be before its sign is taken for real, and before it alone is a warning
CLEAR, ALONE = 0.2, 0.7
REMEDY = "add an identity loss, a term that ties the output to its input (gradient, neighbourhood, shape), or use pairs"


@dataclass(frozen=True)
class Agreement:
    """Correlation with the input inside the body: of what was made, and of what should have been, if that is known."""

    made: float
    wanted: float | None = None

    @property
    def inverted(self) -> bool:
        """Whether the output runs against the input where the target runs with it, or is its negative and no more."""
        if self.wanted is None:
            return self.made < -ALONE
        return self.made < -CLEAR and self.wanted > CLEAR


def agreement(output: Array, source: Array, target: Array | None = None) -> Agreement | None:
    """Correlate images (C, *S) of one size; None where the body is empty or an image is constant in it.

    The body is where the input lies above a tenth of its range, holes filled slice by slice. Channels are averaged.
    """
    if output.shape[1:] != source.shape[1:]:
        return None
    inside = body(source[0])
    made = correlation(output, source, inside)
    if made is None:
        return None
    same = target is not None and target.shape[1:] == source.shape[1:]
    wanted = correlation(target, source, inside) if same and target is not None else None
    return Agreement(made, wanted)


def body(image: Array) -> NDArray[np.bool_]:
    """Where an image (H, W[, D]) shows something: above a tenth of its range, with holes filled in each slice."""
    low, high = np.percentile(image, [1, 99])
    found = image > low + 0.1 * (high - low)
    if image.ndim == 2:
        return np.asarray(binary_fill_holes(found), bool)
    return np.stack([np.asarray(binary_fill_holes(found[..., k]), bool) for k in range(image.shape[-1])], -1)


def correlation(first: Array, second: Array, inside: NDArray[np.bool_]) -> float | None:
    """Pearson's correlation of the channels' means inside a mask."""
    a, b = (np.asarray(x, np.float64).mean(0)[inside] for x in (first, second))
    if a.size < 16 or np.ptp(a) == 0 or np.ptp(b) == 0:
        return None
    return float(np.corrcoef(a, b)[0, 1])


def told(found: Sequence[Agreement | None], what: str = "translations") -> str:
    """One sentence for the user if most of the images are inverted, else nothing."""
    known: list[Any] = [one for one in found if one is not None]
    wrong = [one for one in known if one.inverted]
    if not known or len(wrong) <= len(known) / 2:
        return ""
    made = float(np.mean([one.made for one in wrong]))
    wanted = [one.wanted for one in wrong if one.wanted is not None]
    if wanted:
        return (
            f"{len(wrong)} of {len(known)} {what} are inverted: in the body they correlate {made:+.2f} with their "
            f"input, the targets {float(np.mean(wanted)):+.2f}"
        )
    return (
        f"{len(wrong)} of {len(known)} {what} are nearly the negative of their input ({made:+.2f} in the body): if "
        "bright tissue of one kind is not dark in the other, this is the known failure of unpaired translation"
    )
