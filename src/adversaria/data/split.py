"""Who is trained on and who is tested: by subject, or by blocks of slices when there is but one."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from adversaria.draws import order
from adversaria.vocabulary import UserError

PARTS = ("train", "validation", "test")
LOOSE = "files may share subjects, not evidence of generalisation"
SAME_SUBJECT = "same subject, not evidence of generalisation"


@dataclass
class Split:
    """Which cases belong to which part; `slices` restricts a single subject to blocks of its slices."""

    cases: dict[str, list[int]]
    rule: str
    slices: dict[str, range] = field(default_factory=dict)

    @property
    def same_subject(self) -> bool:
        """Whether all parts come from one subject."""
        return bool(self.slices)


def by_subject(subjects: Sequence[str], seed: int, fractions: tuple[float, float] = (0.15, 0.2)) -> Split:
    """Split cases by subject; `fractions` are the shares of validation and test subjects, each at least one."""
    unique = sorted(set(subjects))
    if len(unique) < 3:
        raise UserError(
            f"{len(unique)} subjects cannot be split into training, validation and test.",
            "Bring at least three subjects, or one subject with several slices.",
        )
    shuffled = [unique[i] for i in order(len(unique), "split", seed)]
    validation = max(1, round(fractions[0] * len(unique)))
    test = max(1, round(fractions[1] * len(unique)))
    part_of = dict.fromkeys(shuffled, "train")
    part_of.update(dict.fromkeys(shuffled[:test], "test"))
    part_of.update(dict.fromkeys(shuffled[test : test + validation], "validation"))
    cases: dict[str, list[int]] = {part: [] for part in PARTS}
    for index, subject in enumerate(subjects):
        cases[part_of[subject]].append(index)
    counts = {part: sum(1 for p in part_of.values() if p == part) for part in PARTS}
    return Split(cases, f"by subject: {', '.join(f'{n} {p}' for p, n in counts.items())}")


def in_all(groups: Sequence[Sequence[str]], seed: int, fractions: tuple[float, float] = (0.15, 0.2)) -> dict[str, str]:
    """Give every subject of several streams one part, so that each stream has all three.

    Subjects that several streams share come first; the shares are those of `by_subject`, of each stream's own subjects.
    """
    streams = [sorted(set(group)) for group in groups]
    everyone = sorted({subject for stream in streams for subject in stream})
    of = {subject: [k for k, stream in enumerate(streams) if subject in stream] for subject in everyone}
    shuffled = [everyone[i] for i in order(len(everyone), "split", seed)]
    found: dict[str, str] = {}
    for part, fraction in (("test", fractions[1]), ("validation", fractions[0])):
        lacks = [max(1, round(fraction * len(stream))) for stream in streams]
        for subject in sorted(shuffled, key=lambda name: -len(of[name])):
            if subject not in found and all(lacks[k] > 0 for k in of[subject]):
                found[subject] = part
                for k in of[subject]:
                    lacks[k] -= 1
    return {subject: found.get(subject, "train") for subject in everyone}


def by_part(subjects: Sequence[str], part_of: Mapping[str, str]) -> Split:
    """Split cases by a part that is already known of each subject; every part needs one."""
    cases: dict[str, list[int]] = {part: [] for part in PARTS}
    for index, subject in enumerate(subjects):
        cases[part_of[subject]].append(index)
    empty = [part for part in PARTS if not cases[part]]
    if empty:
        raise UserError(
            f"no subject that is needed belongs to the {empty[0]} part, and the split is one for all streams.",
            "Bring more subjects, mend the column `split` if a manifest states it, or take another --seed.",
        )
    counts = {part: len({subjects[i] for i in indices}) for part, indices in cases.items()}
    return Split(cases, f"by subject: {', '.join(f'{n} {p}' for p, n in counts.items())}")


def by_slices(slices: range, name: str = "slices") -> Split:
    """Split one subject's slices into three blocks with a gap between them, where there is room for it."""
    count, first = len(slices), slices.start
    if count < 3:
        raise UserError(
            f"one subject with {count} {name} cannot be split into training, validation and test.",
            "Bring more subjects or more slices.",
        )
    gap = 1 if count >= 8 else 0
    test = max(1, round(0.2 * count))
    validation = max(1, round(0.1 * count))
    last = first + count - test - validation - 2 * gap
    blocks = {
        "train": range(first, last),
        "validation": range(last + gap, last + gap + validation),
        "test": range(slices.stop - test, slices.stop),
    }
    said = ", ".join(f"{part} {block.start + 1}-{block.stop}" for part, block in blocks.items())
    between = f"gap of {gap}" if gap else "no room for a gap"
    return Split({part: [0] for part in PARTS}, f"{SAME_SUBJECT}; {name} {said} ({between})", blocks)
