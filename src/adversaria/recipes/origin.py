"""Where a network of a later stage comes from."""

from dataclasses import dataclass


@dataclass(frozen=True)
class From:
    """The network of a `player` (or of that name) as a `stage` left it: its averaged weights where it averages them.

    Stages count from 1. It goes on learning with the player whose network it becomes; `frozen`, it is no part of the
    player and keeps its weights and statistics.
    """

    stage: int
    player: str
    frozen: bool = False


@dataclass(frozen=True)
class Inflated:
    """A three-dimensional network that begins as the two-dimensional one of a `player` as a `stage` left it.

    The same constructor is called for volumes, and each kernel of the flat network becomes the middle plane of the deep
    one's, whose other planes are zero (Shan et al. 2018, section II-D): it begins as the flat network, slice by slice.
    """

    stage: int
    player: str


Origin = From | Inflated
ORIGINS = ("From", "Inflated")
