"""How much of a lesion's contrast an image keeps."""

import numpy as np

from adversaria.metrics.facts import Array, Metric, NotApplicable


def lesion_contrast_recovery(output: Array, truth: Array, lesion: Array, ring: int = 3) -> float:
    """Contrast of lesions in the image over their contrast in the truth.

    Contrast is the mean inside a lesion (label map `lesion`, 0 = none) minus the mean in a ring of
    `ring` voxels around it, one voxel away. Lesions are taken together as the slope of found against
    true contrast through the origin, so that faint ones do not dominate. 1 is full recovery, 0 an erased
    lesion, above 1 exaggerated. Of images in colour the mean of the channels is taken.
    """
    from scipy.ndimage import binary_dilation

    labels = np.asarray(lesion).reshape(np.asarray(output).shape[1:])
    every = labels > 0
    grey = [np.asarray(image).mean(0) for image in (output, truth)]
    above = below = 0.0
    for label in np.unique(labels[every]):
        inside = labels == label
        near = binary_dilation(inside, iterations=ring + 1) & ~binary_dilation(inside, iterations=1) & ~every
        if not near.any():
            continue
        found, true = (float(image[inside].mean() - image[near].mean()) for image in grey)
        above, below = above + found * true, below + true * true
    if below == 0:
        raise NotApplicable("the case has no lesion with a surrounding")
    return above / below


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
