"""M8: do images hold the structures that normal ones hold, in normal shares?"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.metrics.facts import NotApplicable, Range, width_of
from adversaria.metrics.sets.facts import Estimate, SetMetric

Array = NDArray[np.floating[Any]]

SCALES = (1.0, 2.0, 4.0, 8.0, 16.0)
CLUSTERS = 5
BINS = 5
_PIXELS = 2000


def invariants(image: Array, scales: Sequence[float] = SCALES) -> Array:
    """Rotation invariants of a plane (H, W) up to second order at each scale: (5 * scales, H, W).

    With L_i the Gaussian derivatives times scale^order: L, L_i L_i, L_ii, L_i L_ij L_j and L_ij L_ji.
    """
    from scipy.ndimage import gaussian_filter

    plane, found = np.asarray(image, np.float64), []
    for s in scales:
        y, x = (s * gaussian_filter(plane, s, order) for order in ((1, 0), (0, 1)))
        yy, xx, xy = (s * s * gaussian_filter(plane, s, order) for order in ((2, 0), (0, 2), (1, 1)))
        along = y * y * yy + 2 * x * y * xy + x * x * xx
        found += [gaussian_filter(plane, s), y * y + x * x, yy + xx, along, yy * yy + 2 * xy * xy + xx * xx]
    return np.stack(found)


class StructureClustering:
    """Image structure clustering (Niemeijer et al. 2006), fitted on normal and on low-quality images.

    Responses of normal images are standardised and clustered by k-means; the shares of clusters and the
    histogram of each channel are the features of a support vector machine with calibrated probabilities.
    Images are (C, H, W) in 0..1; structure is read from the green channel of colour. Five clusters and five
    bins as in the paper; the other settings are ours.
    """

    def __init__(self, normal: Sequence[Array], degraded: Sequence[Array]):
        from sklearn.calibration import CalibratedClassifierCV
        from sklearn.cluster import KMeans
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler
        from sklearn.svm import SVC

        samples = np.concatenate([_sampled(_responses(image)) for image in normal])
        self.scaler = StandardScaler().fit(samples)
        self.clusters = KMeans(CLUSTERS, n_init=4, random_state=0).fit(self.scaler.transform(samples))
        rows = np.stack([self.features(image) for image in [*normal, *degraded]])
        labels = np.repeat([1, 0], [len(normal), len(degraded)])
        folds = min(5, len(normal), len(degraded))
        machine = make_pipeline(StandardScaler(), SVC())
        self.classifier = CalibratedClassifierCV(machine, cv=folds, ensemble=False).fit(rows, labels)

    def features(self, image: Array) -> Array:
        """Shares of the clusters, then a histogram a channel; each sums to 1."""
        found = self.clusters.predict(self.scaler.transform(_responses(image)))
        shares = np.bincount(found, minlength=CLUSTERS) / found.size
        colours = [np.histogram(np.clip(c, 0, 1), BINS, (0, 1))[0] / c.size for c in np.asarray(image)]
        return np.concatenate([shares, *colours])

    def scores(self, images: Sequence[Array]) -> Array:
        """Probability (n,) that each image is a normal one."""
        return self.classifier.predict_proba(np.stack([self.features(image) for image in images]))[:, 1]


def _responses(image: Array) -> Array:
    if np.ndim(image) != 3:
        raise NotApplicable("it is defined for images of two dimensions")
    found = invariants(np.asarray(image)[1 if len(image) == 3 else 0])
    return found.reshape(len(found), -1).T


def _sampled(rows: Array) -> Array:
    return rows[np.linspace(0, len(rows) - 1, min(len(rows), _PIXELS)).astype(int)]


def structure_score(
    outputs: Sequence[Array], references: Sequence[Array], degraded: Sequence[Array], data_range: Range
) -> Estimate:
    """Mean probability that the scored images are normal, by structure clustering of normal and poor ones."""
    low, width = data_range[0], width_of(data_range)
    brought = [[(np.asarray(i, np.float64) - low) / width for i in part] for part in (outputs, references, degraded)]
    if len({len(image) for part in brought for image in part}) > 1:
        raise NotApplicable("the sets differ in their number of channels")
    fitted = StructureClustering(brought[1], brought[2])
    from adversaria.metrics.statistics import summarise

    found = summarise(list(fitted.scores(brought[0])))
    return Estimate(found.mean, found.low, found.high, "classifier fitted on the references and the poor images")


ISC = SetMetric(
    "M8",
    "structure_clustering",
    structure_score,
    "higher",
    "",
    "0 to 1",
    ("outputs", "references", "degraded", "data_range"),
    "Niemeijer et al. 2006",
    fewest=6,
    few=50,
    dims=(2,),
)
