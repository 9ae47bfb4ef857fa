"""What a recipe and data come to: cases, their split, a feed, and a game that fits them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np

from adversaria.commands.acquiring import Acquisition
from adversaria.commands.binding import find_word, meant, measured_from, measurements, refuse_mixed
from adversaria.commands.brought import views_are_own
from adversaria.commands.classes import is_class, names_of, refuse_missing, without_class
from adversaria.data.cases import Case, alone, from_phantom, paired
from adversaria.data.feed import PatchFeed, Stream
from adversaria.data.folders import recognise
from adversaria.data.image import shared
from adversaria.data.intensity import Following, Window
from adversaria.data.named import bases
from adversaria.data.prepare import Measure, Plan, Prepared, on_grid, prepare_all
from adversaria.data.split import LOOSE, PARTS, SAME_SUBJECT, by_part, by_slices, by_subject, in_all
from adversaria.games.game import Game
from adversaria.recipes import Recipe, build_game
from adversaria.run import Run
from adversaria.vocabulary import RAW, UserError

FIRST = {"train": 0, "validation": 50_000, "test": 100_000}


@dataclass
class Part:
    """One part of the split: prepared cases of each stream, and which slices of them belong to it."""

    streams: dict[str, list[Prepared]]
    cases: dict[str, list[Case]]
    slices: range | None = None


@dataclass
class Session:
    """Everything that training, applying and evaluating share."""

    recipe: Recipe
    run: Run
    dims: int
    seed: int
    plans: dict[str, Plan]
    cases: dict[str, list[Case]]
    parts: dict[str, list[int]] | None
    slices: dict[str, range]
    rule: str
    truth: str | None = None
    lesion: str | None = None
    recognised: str = ""
    loose: bool = False
    said: list[str] = field(default_factory=list)
    excluded: dict[Case, str] = field(default_factory=dict)
    classes: dict[str, list[str]] = field(default_factory=dict)
    stated: dict[str, str] = field(default_factory=dict)
    make_part: Callable[[str], Part] = lambda part: Part({}, {})

    @property
    def same_subject(self) -> bool:
        """Whether training and test come from one subject."""
        return bool(self.slices)


def measures_of(recipe: Recipe, stream: str) -> dict[str, tuple[str, Measure]]:
    """Turn the operators under `acquire` into measurements of this stream's images."""
    found: dict[str, tuple[str, Measure]] = {}
    for name, (of, operator) in recipe.acquisitions().items():
        place, _, word = name.rpartition(".")
        if place == stream:
            own = hasattr(operator, "angles") and views_are_own(recipe, name)
            found[word] = (of.rpartition(".")[2], Acquisition(operator, recipe.dims(), own))
    return found


def bound(recipe: Recipe, stream: str) -> dict[str, str]:
    """The words of the batch that come from this stream, and its words for them."""
    pairs = {word: name.rpartition(".")[::2] for word, name in recipe.bind.items()}
    return {word: name for word, (place, name) in pairs.items() if place == stream}


def open_session(
    recipe: Recipe,
    run: Run,
    data: Path | None = None,
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda done, total: None,
    assume_independent: bool = False,
    cache: Path | None = None,
) -> Session:
    """Find the cases of a recipe, from its phantom or from the user's folder, and split them.

    Prepared images are kept in `cache`, by default the run's own; runs of one recipe's data may share it.
    """
    dims = recipe.dims()
    streams = recipe.streams()
    wanted = recipe.evaluation()
    session = Session(recipe, run, dims, seed, {}, {}, None, {}, "", wanted.truth, wanted.lesion)
    if data is None:
        _open_phantom(session, streams)
    else:
        _open_folder(session, streams, data, assume_independent)
    kept = cache or run.folder / "private" / "cache"

    def make_part(part: str) -> Part:
        chosen, prepared = {}, {}
        for stream, plan in session.plans.items():
            chosen[stream] = _cases_of(session, stream, part)
            done, excluded = prepare_all(chosen[stream], plan, kept, progress)
            prepared[stream] = done
            _refuse_unlike(done, chosen[stream])
            _say_clipped(session, plan, done)
            for text in dict.fromkeys(note for case in done for note in case.notes):
                _say_of(session, text, sum(text in case.notes for case in done), len(done))
            session.excluded |= excluded
        return Part(prepared, chosen, session.slices.get(part))

    session.make_part = make_part
    return session


def _refuse_unlike(done: Sequence[Prepared], cases: Sequence[Case]) -> None:
    """Refuse cases that differ in their number of channels, colour among grey images for one."""
    paths = {case.handle: case.paths for case in cases}
    for word, array in done[0].arrays.items():
        axis = 1 if done[0].sliced else 0
        for case in done[1:]:
            own = case.arrays[word]
            if array.ndim > 1 and word not in RAW and own.shape[axis] != array.shape[axis]:
                where = ", ".join(map(str, paths.get(case.handle, ()))) or case.handle
                raise UserError(
                    f"{where}: '{word}' has {own.shape[axis]} channels, other cases have {array.shape[axis]}.",
                    "Convert it (colour to grey, or grey to colour), or leave it out.",
                )


def _say_clipped(session: Session, plan: Plan, done: Sequence[Prepared]) -> None:
    """Say once a word how much of the images lies outside a window that is the same for all cases."""
    for word, intensity in plan.intensity.items():
        rule = intensity.rule if isinstance(intensity, Following) else intensity
        share = max(case.clipped[word] for case in done)
        said = f"of '{word}' lies outside its window of {getattr(rule, 'low', 0):g} to "
        if isinstance(rule, Window) and share > 0.05 and not any(said in text for text in session.said):
            session.said.append(f"up to {share:.0%} {said}{rule.high:g} and is clipped")


def _say_of(session: Session, text: str, count: int, total: int) -> None:
    said = text if total == 1 else f"{count} of {total} cases: {text}"
    if not any(known.endswith(text) for known in session.said):
        session.said.append(said)


def _cases_of(session: Session, stream: str, part: str) -> list[Case]:
    if session.parts is None and not session.slices:
        start = FIRST[part]
        size = session.recipe.subjects()[part]
        phantom = session.recipe.phantoms()[stream]
        plan = session.plans[stream]
        made = set(plan.acquire)
        bound_words = {base for name in plan.bind.values() for base in bases(name)}
        words = {of for of, _ in plan.acquire.values()} | bound_words | _evaluated(session.recipe, stream)
        words = {base for name in words for base in bases(name)}
        # unpaired streams show different people
        shift = 25_000 * list(session.plans).index(stream)
        return from_phantom(phantom, range(start + shift, start + shift + size), sorted(words - made))
    if session.slices:
        return session.cases[stream]
    assert session.parts is not None
    return [session.cases[stream][i] for i in session.parts[f"{stream}/{part}"]]


def _evaluated(recipe: Recipe, stream: str) -> set[str]:
    """Words of truth that only the evaluation reads."""
    wanted = recipe.evaluation()
    names = [name for name in (wanted.truth, wanted.lesion) if name]
    return {name.rpartition(".")[2] for name in names if name.rpartition(".")[0] == stream}


def _plan(session: Session, stream: str, bind: Mapping[str, str], acquire: Mapping[str, tuple[str, Measure]]) -> Plan:
    recipe = session.recipe
    describe = f"{recipe.describe(('intensity', 'acquire', 'bind', 'phantom', 'grid'))} {sorted(bind.items())}"
    intensity = {word: rule for word, rule in recipe.intensities().items() if word in bind}
    return Plan(bind, intensity, acquire, session.dims, session.seed, describe, recipe.grid(), stream)


def _open_phantom(session: Session, streams: Sequence[str]) -> None:
    for stream in streams:
        plan = _plan(session, stream, bound(session.recipe, stream), measures_of(session.recipe, stream))
        session.plans[stream] = plan
    counts = session.recipe.subjects()
    session.rule = "by subject: " + ", ".join(f"{n} {part}" for part, n in counts.items()) + " (phantoms)"


def _open_folder(session: Session, streams: Sequence[str], data: Path, assume_independent: bool) -> None:
    found = recognise(data)
    session.recognised = found.describe()
    volume = session.dims == 3
    words: dict[str, dict[str, str]] = {}
    for stream in streams:
        words[stream] = {}
        acquired = measures_of(session.recipe, stream)
        for word, name in bound(session.recipe, stream).items():
            words[stream][word] = find_word(found, word, name, acquired, session.recipe)
    for stream, bind in words.items():
        acquired = measures_of(session.recipe, stream)
        present = [name for name in dict.fromkeys(b for n in bind.values() for b in bases(n)) if name in found.words]
        columns = [name for word, name in bind.items() if is_class(word)]
        session.classes |= names_of(found, bind)
        session.said += without_class(found, bind)
        wanted = {base for name in bind.values() for base in bases(name)}
        brought = {n: bind[w] for w, n in bound(session.recipe, stream).items() if bind[w] in found.words}
        needed = measurements(found, wanted, acquired, brought)
        if not present:
            present = [measured_from(found, needed, session.recipe)]
        if not present:
            raise UserError(
                f"the data have none of the words {sorted(bind.values())}: {found.describe()}.",
                "Bind them: --set bind.source=WORD --set bind.target=WORD.",
            )
        stand_in = present[0]
        judged = [w for w in _judging(session, found, stream) if w not in present and w not in wanted]
        acquire = {w: (of if of in needed else meant(found, of) or stand_in, m) for w, (of, m) in needed.items()}
        origins = dict.fromkeys(of for of, _ in acquire.values() if of not in acquire)
        for of in origins:
            refuse_mixed(found, of)
        session.said += [
            f"'{w}' is measured from '{of}', beside '{present[0]}': --set acquire.{w}.of={present[0]} measures that"
            for w, (of, _) in acquire.items()
            if of in origins and of not in present and of in found.words
        ]
        present = list(dict.fromkeys([*present, *origins]))
        session.plans[stream] = _plan(session, stream, bind, acquire)
        session.cases[stream] = (
            alone(found, stand_in, volume, columns)
            if not judged and len(present) == 1
            else paired(found, [*present, *judged], volume, columns)
        )
    session.loose = found.loose and not assume_independent
    session.stated = found.parts
    _split_folder(session)
    for stream, bind in words.items():
        for column in (name for word, name in bind.items() if is_class(word)):
            refuse_missing(found, column, _cases_of(session, stream, "train"))


def _judging(session: Session, found: Any, stream: str) -> list[str]:
    """Words of the folder that only the evaluation reads; their own names may be parts of a folder's names."""
    session.truth, session.lesion = (_judge(found, name, stream) for name in (session.truth, session.lesion))
    known = [word for word in (session.truth, session.lesion) if word is not None and word in found.words]
    return list(dict.fromkeys(known))


def _judge(found: Any, wanted: str | None, stream: str) -> str | None:
    """The word of the folder that is meant, or the name as it is where the folder has none."""
    place, _, name = (wanted or "").rpartition(".")
    if not name or place != stream:
        return wanted
    return meant(found, name) or wanted


def _split_folder(session: Session) -> None:
    subjects = {s: list(dict.fromkeys(case.subject for case in cases)) for s, cases in session.cases.items()}
    if all(len(names) == 1 for names in subjects.values()) and not session.stated:
        # unpaired series of one subject are split at the same places
        ranges = [_filled(cases[0], session, session.plans[stream]) for stream, cases in session.cases.items()]
        split = by_slices(range(max(r.start for r in ranges), min(r.stop for r in ranges)))
        session.slices, session.rule = split.slices, split.rule
        return
    if session.loose:
        session.said.append(
            f"Every score here: {LOOSE}. Name the subjects in a manifest.csv, or give --assume-independent if each "
            "file comes from a subject of its own."
        )
    session.parts = {}
    rules = []
    alike = session.stated or _part_of(session)
    for stream, cases in session.cases.items():
        names = [case.subject for case in cases]
        split = by_subject(names, session.seed) if not alike else by_part(names, alike)
        session.parts |= {f"{stream}/{part}": indices for part, indices in split.cases.items()}
        rules.append(split.rule if not session.loose else split.rule.replace("by subject", "by file"))
    session.rule = "; ".join(dict.fromkeys(rules)) + (" (as the manifest states)" if session.stated else "")


def _part_of(session: Session) -> dict[str, str] | None:
    """The part of each subject where streams share subjects: nobody may be trained on in one and tested in another."""
    sets = [{case.subject for case in cases} for cases in session.cases.values()]
    if not any(one & other for one, other in combinations(sets, 2)):
        return None
    everyone = sorted(set.union(*sets))
    split = by_subject(everyone, session.seed)
    found = {everyone[index]: part for part, indices in split.cases.items() for index in indices}
    whole = all({found[subject] for subject in one} == set(PARTS) for one in sets)
    return found if whole else in_all([sorted(one) for one in sets], session.seed)


def _filled(case: Case, session: Session, plan: Plan) -> range:
    """The slices of a subject from the first to the last in which every image shows something."""
    # a map of lesions is empty in most slices
    images = [i for w, i in on_grid(case.load(), plan).items() if w != session.lesion and i.array.ndim > 1]
    if images[0].array.ndim == 3:
        raise UserError(
            "there is one subject with one 2D image, which cannot be split.",
            "Bring more images, or a volume.",
        )
    shown = np.all([np.ptp(image.array, axis=(0, 1, 2)) > 0 for image in images], axis=0)
    where = np.flatnonzero(shown)
    if not where.size:
        raise UserError(f"{case.paths[0]} is constant: every voxel has the same value.", "Bring another image.")
    return range(int(where[0]), int(where[-1]) + 1)


def feed_of(session: Session, part: Part) -> PatchFeed:
    """Make the training feed of a part."""
    train = session.recipe.training()
    streams = []
    for name, prepared in part.streams.items():
        items = [item for case in prepared for item in case.items(part.slices if case.sliced else None)]
        if session.slices and not all(case.sliced for case in prepared):
            items = [block_of(item, part.slices) for item in items]
        sampling = train.sampling_for(name)
        streams.append(Stream(name or "data", items, train.patch, sampling, train.batches.get(name)))
    return PatchFeed(streams, train.batch, session.seed)


def block_of(item: Any, slices: range | None) -> Any:
    """Restrict a volume to its block of slices."""
    if slices is None:
        return item
    raw = next((word for word in item.words if word in RAW), None)
    if raw:
        raise UserError(
            f"a block of slices has no '{raw}' of its own, and there is one subject to split by slices.",
            "Bring more subjects, or train in two dimensions.",
        )
    own = shared(slices, {word: array.shape[-1] for word, array in item.words.items() if array.ndim > 1})
    cut = {w: a[..., own[w].start : own[w].stop] if w in own else a for w, a in item.words.items()}
    return type(item)(cut, item.handle)


def shapes_of(part: Part, patch: tuple[int, ...] | None) -> dict[str, tuple[int, ...]]:
    """Channels and size of every word of the batch, as the game will see them; of a label, how many classes."""
    shapes = {}
    for prepared in part.streams.values():
        first = prepared[0]
        for word, array in first.arrays.items():
            if word in RAW:
                shapes[word] = tuple(array.shape[1:] if first.sliced and array.ndim > 1 else array.shape)
                continue
            if array.ndim < 2:
                shapes[word] = tuple(array.shape) or (1 + max(int(case.arrays[word]) for case in prepared),)
                continue
            size = array.shape[1:] if first.sliced else array.shape
            shapes[word] = (int(size[0]), *(patch or tuple(int(s) for s in size[1:])))
    return shapes


def game_of(
    session: Session,
    shapes: Mapping[str, tuple[int, ...]],
    weights: Mapping[str, Path] | None = None,
    run: Path | None = None,
) -> Game:
    """Build the game that fits these shapes, with initial weights drawn by the seed or left by stages of `run`."""
    given = dict(weights or {})
    return build_game(session.recipe, dict(shapes), session.dims, seed=session.seed, weights=given, run=run)


def warnings_of(session: Session) -> list[str]:
    """What the user must know beside every score."""
    notes = list(session.said)
    if session.same_subject:
        notes.append(f"Every score here: {SAME_SUBJECT}.")
    if session.excluded:
        named = "; ".join(f"{case.handle}: {why}" for case, why in list(session.excluded.items())[:5])
        notes.append(f"{len(session.excluded)} cases were excluded: {named}")
    return notes
