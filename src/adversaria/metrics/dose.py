"""M22: dose difference and the gamma index."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from adversaria.metrics.facts import Array, Metric, NotApplicable, checked, inside

CUTOFF = 0.1  # points under this share of the normalising dose are not counted
STEPS = 10  # the evaluated dose is interpolated to the agreement distance over this
REACH = 3.0  # how far is searched, in agreement distances; also the largest gamma told apart
LOOKED = 2**21  # interpolated doses held at once


def gamma_index(
    output: Array,
    target: Array,
    spacing: tuple[float, ...],
    percent: float = 3.0,
    distance: float = 3.0,
    prescription: float | None = None,
    local: bool = False,
    reach: float = REACH,
    enough: float = 0.0,
) -> Array:
    """Gamma (*S) of an evaluated dose `output` at every point of the reference `target` (Low 2010).

    min over r' of sqrt(|r - r'|^2 / distance^2 + (D(r') - D_ref(r))^2 / dD^2), distance in mm, dD `percent`
    of the prescription, or of the reference's maximum where none is given; with `local` of the reference at
    the point. The evaluated dose is interpolated linearly on a grid of a tenth of `distance` (with `local` a
    thirtieth), searched to `reach` distances, so that `reach` stands for itself or more, then around the best
    place, three times a third as wide and twice a ninth; where gamma is found to be at most `enough` no better is
    looked for. Points under a tenth of the normalising dose are NaN.
    The two doses (1, *S) lie on one grid of `spacing` and may not be swapped.
    """
    evaluated, reference = (dose[0] for dose in checked(output, target))
    normal = float(reference.max()) if prescription is None else prescription
    if normal <= 0:
        raise NotApplicable("the reference holds no dose")
    chosen = np.argwhere(reference >= CUTOFF * normal)
    wanted = reference[tuple(chosen.T)]
    # an agreement that is small where the dose is makes for narrow valleys
    steps = 3 * STEPS if local else STEPS
    allowed = percent / 100 * (wanted if local else np.full(len(wanted), normal))
    found = np.full(reference.shape, np.nan)
    error_of = partial(_error, evaluated, wanted, allowed, np.asarray(spacing[: reference.ndim], float), distance)
    found[tuple(chosen.T)] = np.minimum(np.sqrt(_search(error_of, chosen, distance, reach, enough, steps)), reach)
    return found


def _error(
    evaluated: Array,
    wanted: Array,
    allowed: Array,
    spacing: Array,
    distance: float,
    some: Any,
    places: Any,
    moves: Array,
) -> Array:
    """Squared gamma (M, K) of points number `some` when moved by `moves` (M or 1, K, dims) in mm."""
    doses = _interpolated(evaluated, places[some][:, None] + moves / spacing)
    apart = np.square(moves).sum(-1) / distance**2
    return np.square((doses - wanted[some][:, None]) / allowed[some][:, None]) + apart


def _search(
    error_of: Callable[..., Array], places: Any, distance: float, reach: float, enough: float, steps: int
) -> Array:
    """Smallest squared gamma of each place, from near to far; a place that nothing farther can better is left."""
    dims, step = places.shape[1], distance / steps
    offsets, away = _offsets(dims, step, reach * distance)
    best, at = np.full(len(places), np.inf), np.zeros((len(places), dims))
    edges = np.searchsorted(away, np.arange(1, reach * steps + 2) * step - 1e-9)
    for start, stop in zip([0, *edges[:-1]], edges, strict=True):
        if stop > start:
            active = np.flatnonzero(best > max(enough**2, np.square(away[start] / distance)))
            _better(error_of, best, at, places, active, lambda some, s=start, e=stop: offsets[None, s:e])
    for finer in (3, 3, 3, 9, 9):
        around = _offsets(dims, step / finer, step * 3 / finer)[0]
        here = np.flatnonzero((best < (reach + 1 / steps) ** 2) & (best > enough**2))
        _better(error_of, best, at, places, here, lambda some, near=around: at[some][:, None] + near)
    return best


def _better(
    error_of: Callable[..., Array], best: Array, at: Array, places: Any, active: Any, moves_of: Callable[..., Array]
) -> None:
    """Take the best of some moves where it betters what is known."""
    count = moves_of(active[:1]).shape[1] if len(active) else 1
    block = max(1, LOOKED // count)
    for low in range(0, len(active), block):
        some = active[low : low + block]
        moves = moves_of(some)
        error = error_of(some, places, moves)
        chosen = error.argmin(1)
        smallest = error[np.arange(len(some)), chosen]
        improved = smallest < best[some]
        best[some[improved]] = smallest[improved]
        taken = np.broadcast_to(moves, (len(some), *moves.shape[1:]))[np.arange(len(some)), chosen]
        at[some[improved]] = taken[improved]


def _offsets(dims: int, step: float, reach: float) -> tuple[Array, Array]:
    """Points (N, dims) of a grid of `step` within `reach` in mm, by distance, and their distances."""
    count = int(np.floor(reach / step + 1e-9))
    along = np.arange(-count, count + 1) * step
    grid = np.stack(np.meshgrid(*[along] * dims, indexing="ij"), -1).reshape(-1, dims)
    away = np.linalg.norm(grid, axis=1)
    kept = np.flatnonzero(away <= reach + 1e-9)
    order = kept[np.argsort(away[kept], kind="stable")]
    return grid[order], away[order]


def _interpolated(dose: Array, places: Array) -> Array:
    """Dose at places (M, K, dims) in voxels; infinite outside the grid, where nothing is known."""
    from scipy.ndimage import map_coordinates

    points = places.reshape(-1, dose.ndim).T
    found = map_coordinates(dose, points, order=1, mode="nearest")
    size = np.asarray(dose.shape)[:, None]
    found[((points < -1e-9) | (points > size - 1 + 1e-9)).any(0)] = np.inf
    return found.reshape(places.shape[:2])


def gamma_pass_rate(
    output: Array,
    target: Array,
    spacing: tuple[float, ...],
    prescription: float | None = None,
    mask: Array | None = None,
    percent: float = 3.0,
    distance: float = 3.0,
    local: bool = False,
) -> float:
    """Share (%) of points with gamma <= 1 (Low 2010), of the prescription or else the reference's maximum.

    With `local` the dose agreement is of the reference at the point instead. Points above a tenth of the normalising
    dose, inside the mask if one is given; see `gamma_index`.
    """
    # beyond one distance nothing passes, and how well it passes does not matter
    found = gamma_index(
        output, target, spacing, percent, distance, prescription, local, reach=1 + 1 / STEPS, enough=1.0
    )
    values = inside(found[None], mask)
    values = values[np.isfinite(values)]
    if not values.size:
        raise NotApplicable("no point of the region has dose")
    return 100 * float((values <= 1 + 1e-9).mean())


def dose_difference(
    output: Array, target: Array, prescription: float | None = None, mask: Array | None = None
) -> float:
    """Mean |difference| in percent of the prescription, or else the reference's maximum, above a tenth of it."""
    first, second = (inside(image, mask) for image in checked(output, target))
    normal = float(second.max()) if prescription is None else prescription
    chosen = second >= CUTOFF * normal
    if normal <= 0 or not chosen.any():
        raise NotApplicable("the reference holds no dose")
    return 100 * float(np.abs(first - second)[chosen].mean()) / normal


def _pass_rate(percent: float, distance: float, local: bool = False) -> Metric:
    function = partial(gamma_pass_rate, percent=percent, distance=distance, local=local)
    function.__doc__ = gamma_pass_rate.__doc__
    function.__module__ = __name__
    name = f"gamma_{percent:g}_{distance:g}{'_local' if local else ''}"
    words = ("output", "target", "spacing")
    return Metric("M22", name, function, "higher", "%", "0 to 100", words, "Low 2010", takes=("prescription", "mask"))


GAMMA_3_3, GAMMA_2_2, GAMMA_LOCAL = _pass_rate(3, 3), _pass_rate(2, 2), _pass_rate(3, 3, local=True)
DOSE_DIFFERENCE = Metric(
    "M22",
    "dose_difference",
    dose_difference,
    "lower",
    "% of the prescription",
    "0 to infinity",
    ("output", "target"),
    "Low 2010",
    takes=("prescription", "mask"),
)
