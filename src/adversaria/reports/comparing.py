"""Methods side by side on the same subjects: summaries, paired tests, and which differences are real."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import TypeVar

import numpy as np

from adversaria.metrics import statistics
from adversaria.metrics.statistics import Equivalence, Summary
from adversaria.reports.scores import Score, distance_from_best
from adversaria.reports.set_comparing import Seen, SetMeasured, SetPair, compare_sets, count_pairs, measured_sets

LEVEL = 0.05
FEWEST_DRAWS, MOST_DRAWS = 999, 19_999


@dataclass(frozen=True)
class Pair:
    """Two methods on one measure: mean difference first - second over `n` subjects, and whether it is real.

    For a measure that should be close to a number, the difference is that of the distances from it.
    `p` is that of the sign-flip test, which decides; `wilcoxon` (the signed-rank test) stands beside it and decides
    nothing. `p` and `corrected` (Holm, over all pairs and measures of cases) are None under six subjects. `winner`
    is the better method where corrected <= 0.05, else None. `detectable` is the difference that as many subjects
    would have shown with 80 %. `left_out` subjects had no finite value.
    """

    measure: str
    unit: str
    first: str
    second: str
    n: int
    difference: Summary
    p: float | None
    test: str
    standardised: float | None
    rank_biserial: float
    seen: str
    ahead: str | None
    left_out: tuple[str, ...] = ()
    equivalence: Equivalence | None = None
    wilcoxon: float | None = None
    detectable: float | None = None
    corrected: float | None = None
    winner: str | None = None


Tested = TypeVar("Tested", Pair, SetPair)


@dataclass(frozen=True)
class Measured:
    """One measure: values by method and subject, their summaries, the methods from best to worst."""

    name: str
    unit: str
    better: str
    values: Mapping[str, Mapping[str, float]]
    summaries: Mapping[str, Summary]
    ranked: tuple[str, ...]


@dataclass(frozen=True)
class Comparison:
    """Everything that a page or a table of a comparison says."""

    methods: tuple[str, ...]
    measures: tuple[Measured, ...]
    pairs: tuple[Pair, ...]
    notes: tuple[str, ...] = ()
    beats: Mapping[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)
    sets: tuple[SetMeasured, ...] = ()
    set_pairs: tuple[SetPair, ...] = ()

    @property
    def every_pair(self) -> list[Pair | SetPair]:
        """Pairs on measures of cases, and on those of sets."""
        return [*self.pairs, *self.set_pairs]

    @property
    def every_measure(self) -> list[Measured | SetMeasured]:
        """Measures of cases, and of sets."""
        return [*self.measures, *self.sets]

    @property
    def tested(self) -> int:
        """How many comparisons were tested."""
        return sum(pair.p is not None for pair in self.every_pair)

    def best(self, method: str, measure: str) -> bool:
        """Whether the method is really better than every other that has this measure."""
        others = next(len(m.values) - 1 for m in self.every_measure if m.name == measure)
        return others > 0 and len(self.beats.get((method, measure), ())) == others


def compare_scores(
    scores: Sequence[Score], margins: Mapping[str, float] | None = None, seen: Mapping[str, Seen] | None = None
) -> Comparison:
    """Compare the methods of a long table, and what a network saw in their sets of images.

    `margins` state what counts as equivalent, in the measure's unit.
    """
    seen = seen or {}
    # what methods start from is what they are read against: it comes first
    names = dict.fromkeys([*(score.method for score in scores), *seen])
    methods = tuple(sorted(names, key=lambda method: method != "input"))
    measures, pairs = [], []
    for name in dict.fromkeys(score.measure for score in scores):
        measured = _measured([score for score in scores if score.measure == name])
        measures.append(measured)
        present = [method for method in methods if method in measured.values]
        for first, second in combinations(present, 2):
            pairs.append(_pair(measured, first, second, (margins or {}).get(name)))
    sets = measured_sets({method: seen[method] for method in methods if method in seen})
    # so many draws that the smallest p-value stands Holm's correction twice over
    draws = min(max(FEWEST_DRAWS, 40 * count_pairs(sets)), MOST_DRAWS)
    corrected, of_sets = _corrected(pairs), _corrected(compare_sets(sets, seen, draws))
    beats: dict[tuple[str, str], tuple[str, ...]] = {}
    decided: list[Pair | SetPair] = [*corrected, *of_sets]
    for pair in decided:
        if pair.winner is not None:
            loser = pair.second if pair.winner == pair.first else pair.first
            place = (pair.winner, pair.measure)
            beats[place] = (*beats.get(place, ()), loser)
    notes = _notes(corrected, of_sets)
    return Comparison(methods, tuple(measures), tuple(corrected), notes, beats, tuple(sets), tuple(of_sets))


def _measured(scores: Sequence[Score]) -> Measured:
    first = scores[0]
    grouped: dict[str, dict[str, list[float]]] = {}
    for score in scores:
        grouped.setdefault(score.method, {}).setdefault(score.subject, []).append(score.value)
    values = {
        method: {subject: float(np.mean(found)) for subject, found in subjects.items()}
        for method, subjects in grouped.items()
    }
    summaries = {method: statistics.summarise(_finite(subjects)) for method, subjects in values.items()}
    for method, subjects in values.items():
        gone = len(subjects) - summaries[method].n
        if gone:
            said = f"{gone} of {len(subjects)} subjects left out: no finite value"
            summaries[method] = replace(summaries[method], note="; ".join(filter(None, [summaries[method].note, said])))
    ranked = tuple(sorted(values, key=lambda method: _rank(summaries[method].mean, first.better)))
    return Measured(first.measure, first.unit, first.better, values, summaries, ranked)


def _finite(subjects: Mapping[str, float]) -> list[float]:
    return [value for value in subjects.values() if np.isfinite(value)]


def _rank(mean: float, better: str) -> float:
    return distance_from_best(mean, better) if np.isfinite(mean) else float("inf")


def _pair(measured: Measured, first: str, second: str, margin: float | None) -> Pair:
    one, two = measured.values[first], measured.values[second]
    shared = [subject for subject in one if subject in two]
    usable = [s for s in shared if np.isfinite(one[s]) and np.isfinite(two[s])]
    target = measured.better.startswith("closer to ")
    scale = (lambda value: distance_from_best(value, measured.better)) if target else (lambda value: value)
    differences = [scale(one[s]) - scale(two[s]) for s in usable]
    mean = statistics.summarise(differences)
    enough = len(usable) >= statistics.FEWEST
    test = statistics.permutation_test(differences) if enough else None
    effect = statistics.effect_size(differences)
    upwards = measured.better == "higher"
    ahead = None if not differences or mean.mean == 0 else first if (mean.mean > 0) == upwards else second
    return Pair(
        measured.name,
        measured.unit,
        first,
        second,
        len(usable),
        mean,
        test.p if test else None,
        test.method if test else "not tested: fewer than six subjects",
        effect.standardised,
        effect.rank_biserial,
        statistics.power_note(differences, measured.unit),
        ahead,
        tuple(s for s in shared if s not in usable),
        statistics.equivalent(differences, margin) if margin is not None else None,
        statistics.wilcoxon_test(differences).p if enough else None,
        statistics.detectable_difference(differences),
    )


def _corrected(pairs: Sequence[Tested]) -> list[Tested]:
    """Holm's correction over all tests of one kind; a real difference is one that stands after it."""
    tested = [k for k, pair in enumerate(pairs) if pair.p is not None]
    adjusted = dict(zip(tested, statistics.holm([pairs[k].p or 0.0 for k in tested]), strict=True))
    done = []
    for k, pair in enumerate(pairs):
        corrected = adjusted.get(k)
        real = corrected is not None and corrected <= LEVEL
        done.append(replace(pair, corrected=corrected, winner=pair.ahead if real else None))
    return done


def _notes(pairs: Sequence[Pair], sets: Sequence[SetPair]) -> tuple[str, ...]:
    """What limits the comparison as a whole."""
    said = []
    if pairs and not any(pair.p is not None for pair in pairs):
        most = max(pair.n for pair in pairs)
        are = "is 1 subject" if most == 1 else f"are {most} subjects"
        said.append(f"There {are}, fewer than six: values are shown, and nothing is tested.")
    paired = [pair for pair in sets if "swap" in pair.test]
    for kind, tested in (("", pairs), (" of numbers of sets", paired)):
        numbers = [pair.n for pair in tested if pair.p is not None]
        possible = statistics.smallest_p(max(numbers)) * len(numbers) if numbers else 0
        if possible > LEVEL:
            said.append(
                f"With {max(numbers)} subjects and {len(numbers)} comparisons{kind} no difference could have been "
                f"marked: the smallest corrected p that can occur is {min(1, possible):.2g}. Bring more subjects or "
                "compare fewer things."
            )
    gone = sorted({f"{pair.measure}: {len(pair.left_out)}" for pair in pairs if pair.left_out})
    if gone:
        said.append(f"Subjects without a finite value were left out ({', '.join(gone)}).")
    return tuple(said)
