"""How much of a lesion's contrast an image keeps."""

import numpy as np

from adversaria.metrics.facts import Array, Metric, NotApplicable


def lesion_contrast_recovery(output: Array, truth: Array, lesion: Array, ring: int = 3) -> float:
    """Contrast of lesions in the image over their contrast in the truth, averaged over lesions.

    Contrast is the mean inside a lesion (label map `lesion`, 0 = none) minus the mean in a ring of
    `ring` voxels around it, one voxel away. 1 is full recovery, 0 an erased lesion, above 1 exaggerated.
    """
    from scipy.ndimage import binary_dilation

    labels = np.asarray(lesion).reshape(np.asarray(output).shape[1:])
    every = labels > 0
    ratios = []
    for label in np.unique(labels[every]):
        inside = labels == label
        near = binary_dilation(inside, iterations=ring + 1) & ~binary_dilation(inside, iterations=1) & ~every
        if not near.any():
            continue
        contrasts = [float(x[0][inside].mean() - x[0][near].mean()) for x in (np.asarray(output), np.asarray(truth))]
        if abs(contrasts[1]) > 1e-6:
            ratios.append(contrasts[0] / contrasts[1])
    if not ratios:
        raise NotApplicable("the case has no lesion with a surrounding")
    return float(np.mean(ratios))


LESION_CONTRAST = Metric(
    "lesion_contrast_recovery",
    "lesion_contrast_recovery",
    lesion_contrast_recovery,
    "closer to 1",
    "",
    "any",
    ("output", "truth", "lesion"),
    "contrast recovery coefficient",
)
