"""Frechet distance between Gaussians fitted to features: the algebra of FID, without a matrix square root."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.metrics.sets.facts import Estimate, SetMetric

Array = NDArray[np.floating[Any]]


def frechet_distance(first: Array, second: Array) -> float:
    """Squared Frechet (2-Wasserstein) distance of the Gaussians fitted to features (n, d) and (m, d).

    |m1 - m2|^2 + Tr(S1 + S2 - 2 (S1 S2)^(1/2)), Dowson and Landau 1982; covariances with n - 1. The trace
    of the root is the sum of the singular values of A B^T for any A^T A = S1, B^T B = S2. With fewer images
    than features A and B are the centred features themselves, so the product is as small as the sets
    are; else they are triangular factors and the singular values are the roots of a symmetric matrix's
    eigenvalues. No complex parts, no added epsilon. Double precision.
    """
    one, two = _checked(first), _checked(second)
    if one.shape[1] != two.shape[1]:
        raise ValueError(f"features of {one.shape[1]} and {two.shape[1]} dimensions cannot be compared")
    shift = one.mean(0) - two.mean(0)
    a, b = _centred(one), _centred(two)
    variance = np.square(a).sum() + np.square(b).sum()
    # rounding of equal sets may fall a little below zero
    return max(0.0, float(shift @ shift + variance - 2 * nuclear_norm(_factor(a), _factor(b))))


def frechet_from_moments(mean1: Array, covariance1: Array, mean2: Array, covariance2: Array) -> float:
    """The same distance from means (d,) and covariances (d, d), which must be positive semidefinite."""
    shift = np.asarray(mean1, np.float64) - np.asarray(mean2, np.float64)
    traces = np.trace(covariance1) + np.trace(covariance2)
    product = nuclear_norm(_root(np.asarray(covariance1)), _root(np.asarray(covariance2)))
    return max(0.0, float(shift @ shift + traces - 2 * product))


def nuclear_norm(a: Array, b: Array) -> float:
    """Sum of the singular values of a b^T, for factors (n, d) and (m, d)."""
    from scipy import linalg

    product = a @ b.T
    if min(product.shape) < a.shape[1]:
        return float(linalg.svdvals(product, overwrite_a=True, check_finite=False).sum())
    squares = linalg.eigvalsh(product.T @ product, overwrite_a=True, check_finite=False)
    return float(np.sqrt(np.maximum(squares, 0)).sum())


def _centred(features: Array) -> Array:
    return (features - features.mean(0)) / np.sqrt(len(features) - 1)


def _factor(centred: Array) -> Array:
    """A factor of the covariance with at most d rows."""
    return centred if len(centred) <= centred.shape[1] else _root(centred.T @ centred)


def _root(covariance: Array) -> Array:
    """R with R^T R = covariance: triangular, or by eigenvectors where the covariance is singular."""
    from scipy import linalg

    try:
        return linalg.cholesky(covariance, check_finite=False)
    except linalg.LinAlgError:
        values, vectors = linalg.eigh(covariance, check_finite=False)
        return np.sqrt(np.maximum(values, 0))[:, None] * vectors.T


def _checked(features: Array) -> Array:
    array = np.asarray(features, np.float64)
    if array.ndim != 2 or len(array) < 2:
        raise ValueError(f"a set of at least two rows of features is expected, not {array.shape}")
    if not np.isfinite(array).all():
        raise ValueError("some features are not finite")
    return array


def _bias(first: Array, second: Array) -> str:
    """Say what the number of images does to the distance."""
    count, features = min(len(first), len(second)), first.shape[1]
    if count <= features:
        return f"not more images ({count}) than features ({features}): far too large, compare equal numbers only"
    return "grows as sets shrink: compare equal numbers only"


def fid(output_features: Array, reference_features: Array) -> Estimate:
    """Frechet distance between the features of two sets (Heusel et al. 2017), named after its network."""
    value = frechet_distance(output_features, reference_features)
    return Estimate(value, note=_bias(output_features, reference_features))


FID = SetMetric(
    "fid",
    "fid",
    fid,
    "lower",
    "features squared",
    "0 to infinity",
    ("output_features", "reference_features"),
    "Heusel et al. 2017",
    fewest=10,
    few=2048,
)
