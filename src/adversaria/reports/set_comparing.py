"""Methods side by side as sets of images: one number a set, and a test of whether methods could change places."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.metrics import statistics
from adversaria.reports.scored import OWN, Scored
from adversaria.reports.scores import Score, distance_from_best

Array = NDArray[Any]
SAMPLES = "samples"
SEEN = ("output_features", "reference_features", "training_features", "probabilities")
MADE = ("output_features", "probabilities")


@dataclass(frozen=True)
class SetPair:
    """Two methods on one measure of sets: difference first - second, the test, and who is really ahead."""

    measure: str
    unit: str
    first: str
    second: str
    n: int
    difference: float
    p: float | None
    test: str
    ahead: str | None
    corrected: float | None = None
    winner: str | None = None


@dataclass(frozen=True)
class SetMeasured:
    """One measure of sets: the number of each method with what must be known beside it."""

    name: str
    unit: str
    better: str
    values: Mapping[str, float]
    notes: Mapping[str, str]
    ranked: tuple[str, ...]


@dataclass(frozen=True)
class Seen:
    """What a network saw in a method's images: rows by word, and whose they are (nothing: independent samples)."""

    network: str
    words: Mapping[str, Array]
    subjects: tuple[str, ...] = ()
    scores: Mapping[str, Score] = field(default_factory=dict)


def read_sets(runs: Sequence[Scored]) -> dict[str, Seen]:
    """Every method that was scored as a set, by the name that it has on the page."""
    found: dict[str, Seen] = {}
    for run in runs:
        kept = _features(run)
        for method in dict.fromkeys(score.method for score in run.sets):
            mine = {key.partition("/")[2]: rows for key, rows in kept.items() if key.partition("/")[0] == method}
            scores = {score.measure: score for score in run.sets if score.method == method}
            words = {word: array for word, array in mine.items() if word in SEEN}
            subjects = tuple(map(str, mine.get("subjects", ())))
            seen = Seen(str(mine.get("network", "")), words, subjects, scores)
            found[_name(runs, run, method, found, seen)] = seen
    return found


def _name(runs: Sequence[Scored], run: Scored, method: str, found: Mapping[str, Seen], seen: Seen) -> str:
    if len(runs) == 1:
        return method
    if method in (OWN, SAMPLES):
        return run.label
    known = found.get(method)
    values = {name: score.value for name, score in seen.scores.items()}
    alike = known is None or {name: score.value for name, score in known.scores.items()} == values
    return method if alike else f"{run.label}: {method}"


def _features(run: Scored) -> dict[str, Array]:
    place = run.run.features
    if not place.exists():
        return {}
    with np.load(place, allow_pickle=False) as stored:
        return {key: stored[key] for key in stored.files}


def measured_sets(found: Mapping[str, Seen]) -> list[SetMeasured]:
    """The numbers of all methods, a measure at a time."""
    made = []
    for name in dict.fromkeys(name for seen in found.values() for name in seen.scores):
        scores = {method: seen.scores[name] for method, seen in found.items() if name in seen.scores}
        first = next(iter(scores.values()))
        values = {method: score.value for method, score in scores.items()}
        notes = {method: score.note for method, score in scores.items()}
        ranked = sorted(values, key=lambda method: distance_from_best(values[method], first.better))
        made.append(SetMeasured(name, first.unit, first.better, values, notes, tuple(ranked)))
    return made


def count_pairs(measures: Sequence[SetMeasured]) -> int:
    """How many tests there may be."""
    return sum(len(measured.values) * (len(measured.values) - 1) // 2 for measured in measures)


def compare_sets(measures: Sequence[SetMeasured], found: Mapping[str, Seen], draws: int) -> list[SetPair]:
    """Test every pair of methods on every measure of sets that looks through features."""
    pairs = []
    for measured in measures:
        for first, second in combinations(measured.values, 2):
            pairs.append(_pair(measured, found, first, second, draws))
    return pairs


def _pair(measured: SetMeasured, found: Mapping[str, Seen], first: str, second: str, draws: int) -> SetPair:
    one, two = found[first], found[second]
    value, why = _value(measured, one, two)
    if value is None:
        test = statistics.PairedTest(1.0, 0, f"not tested: {why}")
    elif one.subjects and two.subjects:
        test = statistics.swap_test(value, _rows(one), _rows(two, one.subjects), one.subjects, draws)
    else:
        test = statistics.pool_test(value, _rows(one), _rows(two), draws=draws)
    gap = measured.values[first] - measured.values[second]
    best = [distance_from_best(measured.values[name], measured.better) for name in (first, second)]
    ahead = None if measured.better == "neither" or best[0] == best[1] else first if best[0] < best[1] else second
    p = test.p if value is not None else None
    return SetPair(measured.name, measured.unit, first, second, test.n, gap, p, test.method, ahead)


def _rows(seen: Seen, order: Sequence[str] | None = None) -> dict[str, Array]:
    """The rows that belong to the method's images, put in another method's order of subjects."""
    rows = {word: seen.words[word] for word in MADE if word in seen.words}
    if order is None or order == seen.subjects:
        return rows
    # subjects with several images keep the order of their images
    places = sorted(range(len(order)), key=lambda k: (order[k], k))
    mine = sorted(range(len(seen.subjects)), key=lambda k: (seen.subjects[k], k))
    taken = np.empty(len(order), int)
    taken[places] = mine
    return {word: array[taken] for word, array in rows.items()}


def _value(measured: SetMeasured, one: Seen, two: Seen) -> tuple[Callable[[Any], float] | None, str]:
    """The measure as a function of a method's rows alone, or why there is none."""
    from adversaria.metrics import sets

    known = {metric.name: metric for metric in (getattr(sets, name) for name in sets.__all__)}
    metric = known.get(measured.name.partition("[")[0])
    if metric is None:
        return None, "it is no number of a set of images"
    if not set(metric.needs) <= set(SEEN):
        return None, "it looks at the images themselves, which a run does not keep"
    for seen in (one, two):
        if not set(metric.needs) <= set(seen.words):
            return None, "what the network saw was not kept; evaluate again"
    if one.network != two.network:
        return None, "two networks"
    beside = {word: one.words[word] for word in metric.needs if word not in MADE}
    if any(not np.array_equal(array, two.words[word]) for word, array in beside.items()):
        return None, "the reference or training images differ"
    if bool(one.subjects) != bool(two.subjects) or sorted(one.subjects) != sorted(two.subjects):
        return None, "the images are not of the same subjects"
    if one.subjects and len(set(one.subjects)) < statistics.FEWEST:
        return None, "fewer than six subjects"
    if not one.subjects and len(one.words["output_features"]) != len(two.words["output_features"]):
        return None, "unequal numbers of images, which bias such numbers"
    best = measured.better
    return (lambda rows: distance_from_best(metric(**rows, **beside).value, best)), ""
