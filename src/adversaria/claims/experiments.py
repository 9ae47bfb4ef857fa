"""The experiments by name."""

from adversaria.claims.bent_anatomy import BentAnatomy
from adversaria.claims.compact_shapes import CompactShapes
from adversaria.claims.experiment import Experiment
from adversaria.claims.misaligned_pairs import MisalignedPairs

EXPERIMENTS: dict[str, type[Experiment]] = {kind.name: kind for kind in (MisalignedPairs, BentAnatomy, CompactShapes)}
