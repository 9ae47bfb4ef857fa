"""What is known about a measure of a whole set of images, beside the function that computes it."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from adversaria.metrics.facts import NotApplicable

NEEDS = {
    "outputs": "a set of images to be scored",
    "references": "a set of reference images",
    "degraded": "a set of images known to be of low quality",
    "masks": "a region of each image",
    "data_range": "a declared data range",
    "output_features": "features of the images to be scored",
    "reference_features": "features of reference images",
    "training_features": "the images that the model was trained on",
    "probabilities": "a network that classifies",
}
_SETS = ("outputs", "references", "degraded", "output_features", "reference_features", "training_features")


@dataclass(frozen=True)
class Estimate:
    """One number for a set of images, its interval where one can be honest, and what the reader must know."""

    value: float
    low: float | None = None
    high: float | None = None
    note: str = ""


@dataclass(frozen=True)
class SetMetric:
    """A measure of a set of images, not of a case, and its facts.

    `function` takes the words that `needs` names: lists of images (C, *S), arrays of features (n, d), class
    probabilities (n, K), the declared range; it gives an `Estimate`; words that it `takes` are given where they are
    known. Under `fewest` images in any set it is
    refused, and under `few` the estimate carries a caution. `level` is always "set": the value belongs to the
    set and no case has a share of it.
    """

    key: str
    name: str
    function: Callable[..., Estimate]
    better: str
    unit: str
    range: str
    needs: tuple[str, ...]
    paper: str
    fewest: int
    few: int
    dims: tuple[int, ...] = (2, 3)
    takes: tuple[str, ...] = ()
    level: str = "set"

    @property
    def network(self) -> bool:
        """Whether the number depends on a feature network, whose name it then carries."""
        return any(word.endswith("features") or word == "probabilities" for word in self.needs)

    def label(self, network: str = "") -> str:
        """The name under which a number is reported: fid[phantom-cnn] is not fid[inception]."""
        return f"{self.name}[{network}]" if self.network else self.name

    def __call__(self, **words: Any) -> Estimate:
        """Measure the sets; words that the measure does not need are ignored."""
        missing = [word for word in self.needs if words.get(word) is None]
        if missing:
            raise NotApplicable(f"it needs {NEEDS.get(missing[0], missing[0])}")
        sizes = [len(words[word]) for word in self.needs if word in (*_SETS, "probabilities")]
        if min(sizes) < self.fewest:
            raise NotApplicable(f"it needs at least {self.fewest} images in each set, and one has {min(sizes)}")
        known = [word for word in self.takes if words.get(word) is not None]
        found = self.function(**{word: words[word] for word in (*self.needs, *known)})
        said = [found.note] if found.note else []
        if min(sizes) < self.few:
            said.append(f"only {min(sizes)} images in a set, under {self.few}: read it with caution")
        return replace(found, note="; ".join([" and ".join(map(str, sizes)) + " images", *said]))
