"""Signal equations of MR."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.data.phantoms.tissues import Tissue

Array = NDArray[Any]

# relaxivity of a gadolinium chelate in 1 / (mM s)
RELAXIVITY = 4.5


def spin_echo(tissue: Tissue, tr: float, te: float) -> float:
    """Signal of a spin echo: density (1 - exp(-TR/T1)) exp(-TE/T2); times in ms."""
    return float(tissue.density * (1 - np.exp(-tr / tissue.t1)) * np.exp(-te / tissue.t2))


def gradient_echo(tissue: Tissue, tr: float, te: float, degrees: float) -> float:
    """Signal of a spoiled gradient echo: density sin a (1 - E1) / (1 - E1 cos a) exp(-TE/T2*)."""
    e1, angle = np.exp(-tr / tissue.t1), np.deg2rad(degrees)
    steady = np.sin(angle) * (1 - e1) / (1 - np.cos(angle) * e1)
    return float(tissue.density * steady * np.exp(-te / tissue.t2star))


def inversion_recovery(tissue: Tissue, tr: float, te: float, ti: float) -> float:
    """Magnitude of an inversion recovery: density |1 - 2 exp(-TI/T1) + exp(-TR/T1)| exp(-TE/T2)."""
    recovered = abs(1 - 2 * np.exp(-ti / tissue.t1) + np.exp(-tr / tissue.t1))
    return float(tissue.density * recovered * np.exp(-te / tissue.t2))


def balanced(tissue: Tissue, tr: float, te: float, degrees: float) -> float:
    """Signal of balanced steady-state free precession on resonance, with exp(-TE/T2)."""
    e1, e2, angle = np.exp(-tr / tissue.t1), np.exp(-tr / tissue.t2), np.deg2rad(degrees)
    steady = np.sin(angle) * (1 - e1) / (1 - (e1 - e2) * np.cos(angle) - e1 * e2)
    return float(tissue.density * steady * np.exp(-te / tissue.t2))


def enhanced(tissue: Tissue, millimolar: float) -> Tissue:
    """A tissue with contrast agent in it: 1/T1 grows by relaxivity times concentration."""
    return tissue._replace(t1=1 / (1 / tissue.t1 + RELAXIVITY * millimolar / 1000))
