"""Classical methods, one for each problem: what a learned one has to beat in the same table.

Reconstructions are called with a measurement and its bound operator, `method(measurement, physics)`; `Bicubic` and
`NonLocalMeans` with images, `method(image)`. All take and give tensors (B, C, ...).
"""

from adversaria.classical.beam_total_variation import BeamTotalVariation
from adversaria.classical.bicubic import Bicubic
from adversaria.classical.expectation import MLEM
from adversaria.classical.filtered import FilteredBackProjection
from adversaria.classical.non_local_means import NonLocalMeans
from adversaria.classical.sart import SART
from adversaria.classical.sense import CGSense
from adversaria.classical.total_variation import TotalVariation
from adversaria.classical.zero_filled import ZeroFilled

__all__ = [
    "MLEM",
    "SART",
    "BeamTotalVariation",
    "Bicubic",
    "CGSense",
    "FilteredBackProjection",
    "NonLocalMeans",
    "TotalVariation",
    "ZeroFilled",
]
