"""M33: where a registration puts what should be found, and whether it folds space."""

import numpy as np

from adversaria.metrics.facts import Array, Metric, NotApplicable, finite


def target_errors(output: Array, landmarks: tuple[Array, Array], spacing: tuple[float, ...]) -> Array:
    """Distances (mm) that are left at landmarks after a displacement `output` (dims, *S) in mm on the fixed grid.

    `landmarks` are voxel indices (N, dims) in the fixed and in the moving image, which share the grid's
    `spacing`; the displacement is interpolated linearly: fixed(x) = moving(x + output(x)).
    """
    from scipy.ndimage import map_coordinates

    flow = finite(output)
    dims = len(flow)
    if flow.ndim != dims + 1:
        raise ValueError(f"a displacement has one channel an axis, not shape {flow.shape}")
    fixed, moving = (np.asarray(points, np.float64).reshape(-1, dims) for points in landmarks)
    if len(fixed) != len(moving):
        raise ValueError(f"{len(fixed)} and {len(moving)} landmarks cannot be paired")
    if not len(fixed):
        raise NotApplicable("there is no landmark")
    step = np.asarray(spacing[:dims], np.float64)
    moved = np.stack([map_coordinates(axis, fixed.T, order=1, mode="nearest") for axis in flow], 1)
    return np.linalg.norm((moving - fixed) * step - moved, axis=1)


def target_registration_error(output: Array, landmarks: tuple[Array, Array], spacing: tuple[float, ...]) -> float:
    """Mean distance (mm) that is left between paired landmarks."""
    return float(target_errors(output, landmarks, spacing).mean())


def landmark_error(output: Array, landmarks: tuple[Array, Array], spacing: tuple[float, ...]) -> float:
    """Mean distance (mm) between where landmarks belong and where another program's registration put them.

    `landmarks` are voxel indices (N, dims) on one grid of `spacing`, which the image `output` (C, *S) has.
    """
    dims = np.ndim(output) - 1
    return target_registration_error(np.zeros((dims, *[2] * dims)), landmarks, spacing)


def jacobian(output: Array, spacing: tuple[float, ...]) -> Array:
    """Determinant (*S) of the gradient of x + output(x), output (dims, *S) in mm, by central differences."""
    flow = finite(output)
    dims = len(flow)
    if flow.ndim != dims + 1:
        raise ValueError(f"a displacement has one channel an axis, not shape {flow.shape}")
    rows = [np.stack(np.gradient(flow[k], *spacing[:dims]), -1) for k in range(dims)]
    return np.linalg.det(np.stack(rows, -2) + np.eye(dims))


def folded_share(output: Array, spacing: tuple[float, ...]) -> float:
    """Share (%) of voxels at which a displacement folds space: its Jacobian determinant is not positive."""
    return 100 * float((jacobian(output, spacing) <= 0).mean())


TRE = Metric(
    "M33",
    "tre",
    target_registration_error,
    "lower",
    "mm",
    "0 to infinity",
    ("output", "landmarks", "spacing"),
    "definition",
)
LANDMARK_ERROR = Metric(
    "M33",
    "landmark_error",
    landmark_error,
    "lower",
    "mm",
    "0 to infinity",
    ("output", "landmarks", "spacing"),
    "definition",
)
FOLDED = Metric("M33", "folded", folded_share, "lower", "%", "0 to 100", ("output", "spacing"), "definition")
