"""Two simple readers whose success is the task score of the sensitivity study."""

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from adversaria.claims.scenes import Subject

Array = NDArray[Any]


class Reader(Protocol):
    """Scores images as a reader of them would; the area under the curve is how well."""

    name: str

    def read(
        self, images: Sequence[Array], twins: Sequence[Array | None], subjects: Sequence[Subject]
    ) -> tuple[Array, Array]:
        """Scores and true classes (0 or 1)."""


class TemplateReader:
    """Says sick or healthy, and knows where the lesion would be and whether it is bright or dark.

    The score is the mean inside the lesion's place minus that of a ring around it, signed by the true
    lesion. Each sick image competes with all healthy twins, degraded in the same way.
    """

    name = "sick or healthy, by a template at the lesion's place"

    def read(
        self, images: Sequence[Array], twins: Sequence[Array | None], subjects: Sequence[Subject]
    ) -> tuple[Array, Array]:
        """Scores of the sick images, then of their twins."""
        scores: list[float] = []
        classes: list[int] = []
        for found, label in ((images, 1), (twins, 0)):
            for image, subject in zip(found, subjects, strict=True):
                if image is not None and subject.lesion is not None:
                    scores.append(_template(image, subject))
                    classes.append(label)
        return np.array(scores), np.array(classes)


def _template(image: Array, subject: Subject) -> float:
    from scipy.ndimage import binary_dilation

    assert subject.lesion is not None and subject.twin is not None
    inside = np.asarray(subject.lesion).reshape(image.shape[1:]) > 0
    ring = binary_dilation(inside, iterations=4) & ~binary_dilation(inside, iterations=1)
    sign = np.sign(float((subject.image - subject.twin)[0][inside].mean()))
    return float(sign) * float(image[0][inside].mean() - image[0][ring].mean())


class RingClassifier:
    """Tells benign from malignant by logistic regression on the mean intensity of rings around the centre.

    It learns on undegraded images of other subjects, (C, H, W) with classes 0 and 1.
    """

    name = "benign or malignant, by a small classifier"

    def __init__(self, images: Sequence[Array], classes: Sequence[int], rings: int = 16):
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        self.rings = rings
        self.model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=1000))
        self.model.fit(self._seen(images), np.array(classes))

    def read(
        self, images: Sequence[Array], twins: Sequence[Array | None], subjects: Sequence[Subject]
    ) -> tuple[Array, Array]:
        """Scores of the images, and the subjects' classes."""
        return self.model.decision_function(self._seen(images)), np.array([s.label for s in subjects])

    def _seen(self, images: Sequence[Array]) -> Array:
        return np.stack([self._rings(np.asarray(image, np.float64)[0]) for image in images])

    def _rings(self, plane: Array) -> Array:
        at = np.indices(plane.shape, np.float64)
        away = np.hypot(*(a - (n - 1) / 2 for a, n in zip(at, plane.shape, strict=True)))
        ring = np.minimum((away / (min(plane.shape) / 2) * self.rings).astype(int), self.rings)
        counts = np.bincount(ring.ravel(), minlength=self.rings + 1)
        sums = np.bincount(ring.ravel(), plane.ravel(), self.rings + 1)
        return np.asarray((sums / np.maximum(counts, 1))[: self.rings])
