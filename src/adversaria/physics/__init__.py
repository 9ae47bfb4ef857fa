"""Operators: the physics of acquisition, differentiable and with exact adjoints."""

from adversaria.physics.biplanar import Biplanar
from adversaria.physics.dose import LowDoseCT
from adversaria.physics.downsample import Downsample
from adversaria.physics.operator import Operator
from adversaria.physics.radon import ParallelBeam
from adversaria.physics.sharpness_map import SharpnessMap
from adversaria.physics.sketch import Sketch
from adversaria.physics.uneven_blur import UnevenBlur

__all__ = ["Biplanar", "Downsample", "LowDoseCT", "Operator", "ParallelBeam", "SharpnessMap", "Sketch", "UnevenBlur"]
