"""What measures of a case are given beside two images: regions, maps, lines, facts of a scan, networks."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from adversaria.vocabulary import UserError


@dataclass(frozen=True)
class Words:
    """Words that are the same for all cases; folders of regions and of maps, and tables, by word; networks.

    A region counts where it is above 0, a map is taken as it is. With `paired` the output is compared with the
    reference, so both must lie on one grid and be of one kind; with `labels` both are label maps, whose bits do not
    matter; `spacing` (mm) stands in where an image has none.
    """

    fixed: Mapping[str, Any]
    regions: Mapping[str, Path | None] = field(default_factory=dict)
    maps: Mapping[str, Path | None] = field(default_factory=dict)
    tables: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    network: Any = None
    paired: bool = True
    labels: bool = False
    spacing: tuple[float, ...] | None = None

    def of(self, name: str, reference: Path | None, output: Path) -> tuple[Any, Any, dict[str, Any]]:
        """Read the reference, the output and what else belongs to one case; give both images and the words."""
        from adversaria.data.read import read_image

        made = read_image(output)
        truth = read_image(reference) if reference is not None else None
        if truth is not None and self.paired:
            _comparable(truth, made, self.labels)
        placed = truth or made
        given = {"spacing": placed.spacing or self.spacing, "features": self.network, **self.fixed}
        given |= {word: beside(folder, name, placed)[:1] > 0 for word, folder in self.regions.items() if folder}
        given |= {word: beside(folder, name, placed) for word, folder in self.maps.items() if folder}
        given |= {word: _row(table, name, word) for word, table in self.tables.items()}
        if truth is not None:
            given["target"] = truth.array
            given |= {"noise_target": truth.array} if "truth" in given else {"truth": truth.array}
        if "flat" not in given and "noise_target" not in given:
            given["flat"] = given.get("mask", _no_even_region())
        given.setdefault("uptake", _uptake(*(image for image in (made, truth) if image is not None)))
        return truth, made, given


def _comparable(truth: Any, made: Any, labels: bool) -> None:
    """Refuse two images of different kinds or places; shapes are the measures' own business."""
    from adversaria.data.image import apart

    if len(truth.array) != len(made.array):
        raise ValueError(
            f"it has {_channels(made)} and the reference {_channels(truth)}: bring both to colour, or both to grey"
        )
    depths = [image.dtype for image in (made, truth)]
    pictures = all(image.affine is None and image.unit == "arbitrary" for image in (made, truth))
    if pictures and not labels and set(depths) == {"uint8", "uint16"}:
        raise ValueError(
            f"it has {depths[0].removeprefix('uint')} bits and the reference {depths[1].removeprefix('uint')}: their "
            "values are on different scales; save both with the same bits"
        )
    if truth.array.shape == made.array.shape and (truth.spacing or made.spacing):
        distance = apart(truth, made)
        if distance > 0.5 * min(truth.spacing or made.spacing):
            raise ValueError(
                f"it shows another place than the reference: voxels of one index are {distance:.3g} mm apart"
            )


def _channels(image: Any) -> str:
    count = len(image.array)
    return {1: "one channel (grey)", 3: "three channels (colour)"}.get(count, f"{count} channels")


def beside(folder: Path, name: str, placed: Any) -> Any:
    """The array of the image of this name in a folder (or the only one), on the case's grid."""
    from adversaria.data.image import apart
    from adversaria.data.read import read_image

    path = folder
    if not folder.is_file():
        found = flat(folder)
        if name not in found:
            raise UserError(f"{folder} has no region for '{name}'.", "Name regions like the images.")
        path = found[name]
    image = read_image(path)
    if _size(image) != _size(placed):
        sizes = ("x".join(map(str, i.array.shape[1:])) for i in (image, placed))
        raise ValueError("{} is {}, and the image {}".format(path, *sizes))
    if placed.spacing and apart(image, placed) > 0.5 * min(placed.spacing):
        raise ValueError(f"{path} shows another place than the image")
    array: Any = image.array.reshape(len(image.array), *placed.array.shape[1:])
    return array


def _size(image: Any) -> tuple[int, ...]:
    """The size of an image; a volume of one slice is a plane."""
    size = tuple(image.array.shape[1:])
    return size[:2] if size[2:] == (1,) else size


def _row(table: Mapping[str, Any], name: str, word: str) -> Any:
    if name not in table:
        raise UserError(f"the table of {word} has no row for '{name}'.", "Name rows like the images.")
    return table[name]


def _no_even_region() -> Any:
    from adversaria.metrics.facts import NotApplicable

    return NotApplicable("it needs an even region: --flat DIR, --mask DIR, or --truth DIR to find one in")


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


def cases_of(
    first: Mapping[str, Path] | None, second: Mapping[str, Path]
) -> tuple[list[tuple[str, Path | None, Path]], list[str]]:
    """Pair images by name, and say which have no partner; two single ones make a pair whatever they are called.

    Without references every output is a case.
    """
    if first is None:
        return [(name, None, path) for name, path in second.items()], []
    shared = sorted(set(first) & set(second))
    if not shared and len(first) == len(second) == 1:
        return [(name, path, next(iter(second.values()))) for name, path in first.items()], []
    if not shared:
        raise UserError("no image has the same name in both folders.", "Give partners the same file name.")
    lonely = [f"{second[name]} (it has no reference)" for name in sorted(set(second) - set(first))]
    lonely += [f"{first[name]} (it has no output)" for name in sorted(set(first) - set(second))]
    return [(name, first[name], second[name]) for name in shared], lonely


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
