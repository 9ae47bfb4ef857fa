"""From what a detector counted to line integrals, and where the axis of rotation is seen."""

import math

import torch
from torch import Tensor

from adversaria.vocabulary import UserError


def line_integrals(counts: Tensor, flat: Tensor, dark: Tensor, least: float = 1e-4) -> Tensor:
    """Give -log((counts - dark) / (flat - dark)), the law of Beer and Lambert (Kak and Slaney 1988, eq. 4.1).

    counts (..., views, detectors) in the detector's unit; `flat` (open beam) and `dark` (no beam) frames
    (frames, detectors) or (..., frames, detectors), averaged over frames. A transmission below `least`, where a view
    counted no more than the dark frames, is taken as `least`. Elements whose flat frames are not brighter than their
    dark ones are refused.
    """
    dim = -2
    black = dark.to(counts.dtype).mean(dim, keepdim=True)
    beam = flat.to(counts.dtype).mean(dim, keepdim=True) - black
    blind = ~(beam > 0)
    if bool(blind.any()):
        raise UserError(
            f"{int(blind.sum())} of {blind.numel()} elements are no brighter in the flat than in the dark frames.",
            "The frames may have been swapped, or belong to another scan; cut dead elements off.",
        )
    return -((counts - black) / beam).clamp_min(least).log()


def rotation_axis(sinogram: Tensor, angles: Tensor, uneven: float = 0.05) -> float:
    """Find the detector element, counted from 0, on which the axis of rotation is seen in a parallel beam.

    sinogram (..., views, detectors) of line integrals, angles (views,) in radians. The centre of mass of each view
    lies at  axis + x cos(angle) + y sin(angle),  (x, y) the object's own centre of mass (Helgason and Ludwig's first
    condition; Hogan et al. 1993), which is solved by least squares over all views: exact for an object that every
    view holds whole, on a half turn or a full one, and unmoved by noise of mean zero. Views whose total, which is the
    object's mass, spreads by more than `uneven` of its mean do not hold it whole, and are refused, as are fewer than
    four views and views that all point the same way.
    """
    views = sinogram.double().reshape(-1, *sinogram.shape[-2:]).sum(0)
    if len(views) != len(angles) or len(views) < 4:
        raise UserError(
            f"{len(views)} views with {len(angles)} angles do not tell where the axis of rotation is.",
            "Give at least four views and an angle for each.",
        )
    mass = views.sum(-1)
    spread = float(mass.std() / mass.mean().abs().clamp_min(torch.finfo(mass.dtype).tiny))
    if not spread <= uneven:
        raise UserError(
            f"The views' totals differ by {100 * spread:.0f} %: they do not hold the whole object, so the axis of "
            "rotation cannot be found from them.",
            "State the axis in the geometry file, or correct the views' background first.",
        )
    element = torch.arange(views.shape[-1], dtype=views.dtype, device=views.device)
    middle = (views * element).sum(-1) / mass
    turned = angles.double().to(views.device)
    system = torch.stack([torch.ones_like(turned), turned.cos(), turned.sin()], -1)
    if torch.linalg.matrix_rank(system, rtol=1e-3) < 3:
        raise UserError("The views point the same way.", "Give views over more of a turn, or state the axis.")
    return float(torch.linalg.lstsq(system, middle[:, None]).solution[0, 0])


def shift_of(axis: float, detectors: int) -> float:
    """Turn the element on which the axis is seen into the `shift` of a beam; refuse an axis beside the detector."""
    if not (math.isfinite(axis) and 0 <= axis <= detectors - 1):
        raise UserError(
            f"The axis of rotation at element {axis:g} lies beside a detector of {detectors} elements.",
            "Count elements from 0, or find the axis with physics.rotation_axis.",
        )
    return axis - (detectors - 1) / 2
