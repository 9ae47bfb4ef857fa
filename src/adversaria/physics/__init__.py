"""Operators: the physics of acquisition, differentiable and with exact adjoints."""

from adversaria.physics.bands import Bands
from adversaria.physics.biplanar import Biplanar
from adversaria.physics.blur import GaussianBlur
from adversaria.physics.coarsened import Coarsened
from adversaria.physics.coils import MultiCoil, calibrated, root_sum_of_squares
from adversaria.physics.complex import channels, complex_of
from adversaria.physics.consistency import ConjugateGradient, HardConsistency, SoftConsistency
from adversaria.physics.consistency_sinogram import SinogramConsistency
from adversaria.physics.consistent import Consistent
from adversaria.physics.ct_scan import CTScan
from adversaria.physics.decimate import Decimate
from adversaria.physics.dose import LowDoseCT
from adversaria.physics.downsample import Downsample
from adversaria.physics.erased import Erased
from adversaria.physics.fan import FanBeam
from adversaria.physics.fibre_view import FibreView
from adversaria.physics.fibres import FibreBundle
from adversaria.physics.foreign import DeepinvPhysics
from adversaria.physics.fourier import Fourier
from adversaria.physics.implant import ImplantCT
from adversaria.physics.in_k_space import InKSpace
from adversaria.physics.metal import MetalCT
from adversaria.physics.mistriggered import Mistriggered
from adversaria.physics.motion import RigidMotion
from adversaria.physics.mr_scan import MRScan, MultiCoilScan
from adversaria.physics.nonuniform import NonUniformFourier
from adversaria.physics.operator import Operator
from adversaria.physics.partial import PartialFourier, PartialLines, homodyne
from adversaria.physics.pet import PETCounts, mlem, thinned
from adversaria.physics.radon import ParallelBeam
from adversaria.physics.sampling import (
    EquispacedFractionLines,
    EquispacedLines,
    FullSampling,
    RandomLines,
    Sampling,
    VariableDensityLines,
    fastmri_random,
)
from adversaria.physics.sampling_plane import PoissonDisc, VariableDensity
from adversaria.physics.sharpness_map import SharpnessMap
from adversaria.physics.sketch import Sketch
from adversaria.physics.sparse import SparseViewCT
from adversaria.physics.trajectory import Radial, Spiral, Trajectory
from adversaria.physics.transmission import line_integrals, rotation_axis, shift_of
from adversaria.physics.truncation import KSpaceTruncation
from adversaria.physics.uneven_blur import UnevenBlur

__all__ = [
    "Bands",
    "Biplanar",
    "CTScan",
    "Coarsened",
    "ConjugateGradient",
    "Consistent",
    "Decimate",
    "DeepinvPhysics",
    "Downsample",
    "EquispacedFractionLines",
    "EquispacedLines",
    "Erased",
    "FanBeam",
    "FibreBundle",
    "FibreView",
    "Fourier",
    "FullSampling",
    "GaussianBlur",
    "HardConsistency",
    "ImplantCT",
    "InKSpace",
    "KSpaceTruncation",
    "LowDoseCT",
    "MRScan",
    "MetalCT",
    "Mistriggered",
    "MultiCoil",
    "MultiCoilScan",
    "NonUniformFourier",
    "Operator",
    "PETCounts",
    "ParallelBeam",
    "PartialFourier",
    "PartialLines",
    "PoissonDisc",
    "Radial",
    "RandomLines",
    "RigidMotion",
    "Sampling",
    "SharpnessMap",
    "SinogramConsistency",
    "Sketch",
    "SoftConsistency",
    "SparseViewCT",
    "Spiral",
    "Trajectory",
    "UnevenBlur",
    "VariableDensity",
    "VariableDensityLines",
    "calibrated",
    "channels",
    "complex_of",
    "fastmri_random",
    "homodyne",
    "line_integrals",
    "mlem",
    "root_sum_of_squares",
    "rotation_axis",
    "shift_of",
    "thinned",
]
