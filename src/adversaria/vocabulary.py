"""The words of a batch, each with its shape, unit and meaning, and the one exception a user is shown.

A batch is a plain dictionary from these words to tensors. `B` is the batch, `C` channels, `S` the
spatial axes: `H, W` in 2D and `H, W, D` in 3D.
"""

from typing import Any, NamedTuple

Batch = dict[str, Any]


class UserError(Exception):
    """Something the user can mend: what is wrong, and the remedy.

    The command line prints both, without a traceback, and exits with code 2.
    """

    def __init__(self, message: str, remedy: str = ""):
        super().__init__(message)
        self.message = message
        self.remedy = remedy

    def __str__(self) -> str:
        """Give the message and, on the next line, the remedy."""
        return f"{self.message}\n{self.remedy}" if self.remedy else self.message

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel between processes with both parts."""
        return type(self), (self.message, self.remedy)


class Word(NamedTuple):
    """What a word of a batch stands for."""

    shape: str
    unit: str
    meaning: str


WORDS: dict[str, Word] = {
    "image": Word("B C S", "normalised", "a sample of the one domain that an unconditional game learns"),
    "unlabelled": Word("B C S", "normalised", "as `image`, from a stream of samples whose label is not known"),
    "source": Word("B C S", "normalised", "what a translation starts from"),
    "target": Word("B C S", "normalised", "what a translation should arrive at"),
    "paired_source": Word("B C S", "normalised", "as `source`, from a stream of pairs beside unpaired images"),
    "paired_target": Word("B C S", "normalised", "the partner of `paired_source`"),
    "output": Word("B C S", "normalised", "what the game made"),
    "restored": Word("B C S", "normalised", "an image brought back through both directions of a cycle"),
    "sharpness": Word("B C S", "0 to 1", "how sharp an image is at every place"),
    "mask": Word("B 1 S", "labels or 0-1", "a region of interest"),
    "target_mask": Word("B 1 S", "labels", "the label map of `target`, where `mask` is that of `source`"),
    "label": Word("B", "class index", "the class of the case"),
    "posterior": Word("B K", "probability", "how likely each class of the case is, as the game found"),
    "score": Word("B", "relative", "how unlike what the game learned a case is"),
    "residual": Word("B C S", "normalised", "where and how much an image differs from what the game made of it"),
    "latent": Word("B N", "standard normal", "the latent vector that an image is made from"),
    "code": Word("B N", "per factor", "named or learned factors of an image"),
    "measurement": Word(
        "B C ...", "as `source`", "raw data, complex k-space or a sinogram, of the scaled image: A(source) fits"
    ),
    "sampling": Word("B 1 S", "0 or 1", "which samples of k-space were measured, its middle in the middle"),
    "trajectory": Word("B dims N", "radian a voxel", "where k-space was measured off the grid"),
    "coils": Word("B C S", "relative", "complex sensitivity of each receive coil"),
    "angles": Word("B N", "radian", "the angles of the views of a sinogram"),
    "motion": Word("B shots N", "radian, voxel", "turns and shifts of the object in each shot of an acquisition"),
    "moving": Word("B C S", "normalised", "the image that a registration deforms"),
    "fixed": Word("B C S", "normalised", "the image that a registration aims at"),
    "flow": Word("B dims S", "mm", "displacement on the fixed grid: fixed(x) = moving(x + flow(x))"),
    "weight": Word("B 1 S", "relative", "how much each voxel counts in a fidelity term"),
    "present": Word("B N", "0 or 1", "which contrasts of the case exist"),
    "text": Word("B N", "tokens", "a report or caption"),
    "spacing": Word("B dims", "mm", "the size of a voxel"),
    "dose": Word("B", "fraction", "the dose relative to the routine one"),
    "case": Word("list", "handle", "which cases these samples come from; no game reads it"),
    "draws": Word("-", "-", "the keyed source of random numbers of this batch; see games.draws"),
}

# what belongs to the acquisition of a whole image: never cut into patches, never given an intensity of its own
RAW = ("measurement", "sampling", "trajectory", "coils", "angles", "motion")
