"""Measures of sets of images: one value a set, with facts. `__all__` lists the measures themselves."""

from adversaria.metrics.sets.constancy import COLOUR_CONSTANCY
from adversaria.metrics.sets.extrapolation import FID_INFINITY
from adversaria.metrics.sets.frechet import FID
from adversaria.metrics.sets.histograms import JS, W1
from adversaria.metrics.sets.inception_score import INCEPTION_SCORE
from adversaria.metrics.sets.kernel import KID
from adversaria.metrics.sets.likelihood import LIKELIHOOD
from adversaria.metrics.sets.memorisation import DATA_COPYING, MEMORISATION
from adversaria.metrics.sets.neighbours import COVERAGE, DENSITY, PRECISION, RECALL
from adversaria.metrics.sets.structure import ISC

__all__ = [
    "COLOUR_CONSTANCY",
    "COVERAGE",
    "DATA_COPYING",
    "DENSITY",
    "FID",
    "FID_INFINITY",
    "INCEPTION_SCORE",
    "ISC",
    "JS",
    "KID",
    "LIKELIHOOD",
    "MEMORISATION",
    "PRECISION",
    "RECALL",
    "W1",
]
