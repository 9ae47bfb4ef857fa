"""Template sentences about a case, and the tokens of a fixed vocabulary."""

import numpy as np
from numpy.typing import NDArray

LENGTH = 16
# 0 fills up; a word never changes its number, so new ones are added at the end
VOCABULARY = (
    "", "a", "no", "the", "in", "of", "and", "with", "on", "to", "left", "right", "both", "small", "medium", "large",
    "solid", "part-solid", "ground-glass", "calcified", "smooth", "lobulated", "spiculated", "nodule", "cavity",
    "pleura", "lung", "lungs", "touches", "heart", "normal", "enlarged", "effusion", "oedema", "pneumothorax",
    "consolidation", "clear", "film", "upper", "lower", "middle", "cyst", "metastasis", "haemangioma", "liver", "light",
    "dark", "skin", "nevus", "atypical", "melanoma", "keratosis", "hair", "round", "irregular", "near", "edge", "is",
    "are", "seen", "lesion", "dense", "fatty", "breast", "mass", "benign", "malignant",
)  # fmt: skip
_NUMBERS = {word: number for number, word in enumerate(VOCABULARY)}


def tokens(sentence: str) -> NDArray[np.int64]:
    """Number the words of a sentence, LENGTH of them, filled up with 0."""
    numbers = [_NUMBERS[word] for word in sentence.split()]
    if len(numbers) > LENGTH:
        raise ValueError(f"a sentence has at most {LENGTH} words: {sentence}")
    return np.array(numbers + [0] * (LENGTH - len(numbers)), np.int64)


def words(numbers: NDArray[np.int64]) -> str:
    """The sentence that tokens stand for."""
    return " ".join(VOCABULARY[n] for n in numbers if n)
