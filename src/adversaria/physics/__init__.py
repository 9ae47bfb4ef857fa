"""Operators: the physics of acquisition, differentiable and with exact adjoints."""

from adversaria.physics.biplanar import Biplanar
from adversaria.physics.dose import LowDoseCT
from adversaria.physics.downsample import Downsample
from adversaria.physics.operator import Operator
from adversaria.physics.radon import ParallelBeam
from adversaria.physics.sketch import Sketch

__all__ = ["Biplanar", "Downsample", "LowDoseCT", "Operator", "ParallelBeam", "Sketch"]
