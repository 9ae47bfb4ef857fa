"""Phantoms: simulators with known truth, one file a modality."""

from adversaria.data.phantoms.brain import Brain
from adversaria.data.phantoms.contrasts import BrainContrasts
from adversaria.data.phantoms.phantom import Phantom
from adversaria.data.phantoms.torso import TorsoCT

__all__ = ["Brain", "BrainContrasts", "Phantom", "TorsoCT"]
