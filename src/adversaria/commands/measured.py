"""What measures are given beside two folders: regions, lines, facts of a scan, feature networks."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from adversaria.vocabulary import UserError


@dataclass(frozen=True)
class Words:
    """Words that are the same for all cases, folders of regions by word, and a feature network."""

    fixed: Mapping[str, Any]
    regions: Mapping[str, Path | None]
    network: Any = None

    def of(self, name: str, reference: Path, output: Path) -> tuple[Any, Any, dict[str, Any]]:
        """Read the reference, the output and the regions of one case; give both images and the words."""
        from adversaria.data.read import read_image

        truth, made = read_image(reference), read_image(output)
        given = {"target": truth.array, "spacing": truth.spacing, "features": self.network, **self.fixed}
        for word, folder in self.regions.items():
            if folder is not None:
                given[word] = read_image(_region(folder, name)).array[:1] > 0
        given["uptake"] = _uptake(made, truth)
        return truth, made, given


def _region(folder: Path, name: str) -> Path:
    if folder.is_file():
        return folder
    found = flat(folder)
    if name not in found:
        raise UserError(f"{folder} has no region for '{name}'.", "Name regions like the images.")
    return found[name]


def _uptake(*images: Any) -> Any:
    """What turns Bq/ml into uptake, from the first image that says; else the reason why there is nothing."""
    from adversaria.metrics.facts import NotApplicable
    from adversaria.metrics.uptake import uptake_of

    reasons: list[NotApplicable] = []
    for image in images:
        try:
            return uptake_of(image.facts, image.unit)
        except NotApplicable as error:
            reasons.append(error)
    return reasons[0]


def cases_of(first: Mapping[str, Path], second: Mapping[str, Path]) -> list[tuple[str, Path, Path]]:
    """Pair images by name; two single ones make a pair whatever they are called."""
    shared = sorted(set(first) & set(second))
    if shared:
        return [(name, first[name], second[name]) for name in shared]
    if len(first) == len(second) == 1:
        return [(name, path, next(iter(second.values()))) for name, path in first.items()]
    raise UserError("no image has the same name in both folders.", "Give partners the same file name.")


def flat(folder: Path) -> dict[str, Path]:
    """The images of a folder by name."""
    from adversaria.data.folders import recognise

    return {name: source.path for names in recognise(folder).words.values() for name, source in names.items()}


def feature_maps(given: str) -> Any:
    """The network that perceptual, texture and lpips look through: phantom-cnn or NAME=PATH; never another one."""
    from adversaria.metrics.features import Features, Layers
    from adversaria.metrics.lpips import NETWORKS, lpips_features

    name, _, path = given.partition("=")
    if given == "phantom-cnn":
        from adversaria.metrics.sets.shipped import phantom_cnn

        return Features(given, Layers(phantom_cnn().net.body), channels=1)
    if name not in NETWORKS:
        ways = ", ".join(["phantom-cnn", *[f"{n}=PATH" for n in NETWORKS]])
        raise UserError(f"'{given}' has no feature maps for single cases.", f"There are {ways}.")
    return lpips_features(name, Path(path))
