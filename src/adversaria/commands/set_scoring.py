"""Measures of whole sets: which are asked for, which feature network, and one row a number."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from adversaria.vocabulary import UserError

SET = "set"
Images = Sequence[Any]


def known_measures() -> dict[str, Any]:
    """Every measure by name: of a case, and of a set."""
    from adversaria import metrics
    from adversaria.metrics import sets

    rooms = ((metrics, metrics.__all__), (sets, sets.__all__))
    return {metric.name: metric for room, names in rooms for metric in (getattr(room, name) for name in names)}


def choose(names: Sequence[str]) -> tuple[list[Any], list[Any]]:
    """The measures of a case and those of a set with these names, or a refusal with near names.

    What stands for many cases but compares no sets (`of_many`) is in neither.
    """
    chosen = _named(names)
    return [m for m in chosen if m.level == "case"], [m for m in chosen if m.level == "set"]


def of_many(names: Sequence[str]) -> list[Any]:
    """The measures with these names that stand for many cases: of classes, detections, agreement, diversity."""
    return [metric for metric in _named(names) if metric.level == "many"]


def _named(names: Sequence[str]) -> list[Any]:
    from adversaria.recipes.names import near

    known = known_measures()
    for name in names:
        if name not in known:
            raise UserError(f"there is no measure '{name}'.", near(name, known) or f"There are {', '.join(known)}.")
    return [known[name] for name in dict.fromkeys(names)]


def network_of(name: str, training: Callable[[], Images] | None, data_range: Any) -> Any:
    """The feature network of a name: phantom-cnn comes with the package; training-cnn learns on training images."""
    if name == "phantom-cnn":
        from adversaria.metrics.sets.shipped import phantom_cnn

        return phantom_cnn()
    if name == "training-cnn":
        from adversaria.metrics.sets.learning import learn_features

        if training is None:
            raise UserError("training-cnn learns on the training images, and none were given.", "Give --training DIR.")
        return learn_features(training(), data_range, name)
    kind, _, place = name.partition("=")
    if kind == "inception":
        from adversaria.metrics.sets.inception import InceptionFeatures

        return InceptionFeatures(Path(place) if place else None)
    if kind == "radimagenet":
        from adversaria.metrics.sets.radimagenet import RadImageNetFeatures

        return RadImageNetFeatures(Path(place) if place else None)
    ways = "phantom-cnn, training-cnn, inception=PATH and radimagenet=PATH"
    raise UserError(f"there is no feature network '{name}'.", f"There are {ways}.")


def score_sets(
    chosen: Sequence[Any],
    images: Mapping[str, Images],
    data_range: Any,
    network: Callable[[], Any],
    unmeasured: dict[str, str],
    seen: dict[str, Any] | None = None,
) -> list[tuple[str, Any, Any]]:
    """(label, measure, estimate) of each measure; `images` hold outputs, references, training, degraded.

    A measure that cannot be taken is named in `unmeasured` with its reason, and the others go on. `seen` receives
    what the feature network saw, and its name, for tests between runs.
    """
    from adversaria.metrics.facts import NotApplicable

    found: list[tuple[str, Any, Any]] = []
    words: dict[str, Any] = {**images, "data_range": data_range}
    name, why = "", ""
    if any(metric.network for metric in chosen):
        net = network()
        name = net.name
        try:
            features = _seen(net, images, data_range)
            words |= features
            if seen is not None:
                seen |= {word: array for word, array in features.items() if array is not None}
                seen["network"] = np.array(name)
        except (NotApplicable, ValueError) as error:
            why = str(error)
    for metric in chosen:
        if metric.network and why:
            unmeasured[metric.name] = why
            continue
        try:
            found.append((metric.label(name), metric, metric(**words)))
        except (NotApplicable, ValueError) as error:
            unmeasured[metric.name] = str(error)
    return found


def _seen(net: Any, images: Mapping[str, Images], data_range: Any) -> dict[str, Any]:
    """Features of each set, and the network's opinion of the outputs where it classifies."""
    sources = {"output": "outputs", "reference": "references", "training": "training"}
    seen = {f"{word}_features": net.features(images[s], data_range) for word, s in sources.items() if images.get(s)}
    classes = net.probabilities(images["outputs"], data_range)
    return {**seen, "probabilities": classes if classes.shape[1] else None}


def rows(run: str, method: str, found: Sequence[tuple[str, Any, Any]], unit: str, note: str = "") -> list[Any]:
    """Rows of the long table; the case is "set", since no case has a share of the number."""
    from adversaria.reports import Score

    made = []
    for label, metric, estimate in found:
        interval = f"95 % interval {estimate.low:.4g} to {estimate.high:.4g}" if estimate.low is not None else ""
        said = "; ".join(filter(None, [interval, estimate.note, note]))
        said_unit = unit if metric.unit == "image" else metric.unit
        made.append(Score(run, SET, SET, "whole", method, label, estimate.value, said_unit, metric.better, said))
    return made


def show_sets(scores: Sequence[Any]) -> None:
    """Print the numbers of sets, one a line, with what must be known beside each."""
    for score in scores:
        value = f"{score.value:.4g} {score.unit}".strip()
        print(f"{score.method}: {score.measure} = {value} ({score.better} is better; {score.note})")
