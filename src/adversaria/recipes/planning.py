"""From what data are like to a recipe that trains on them, with the reason for each choice beside it."""

import re
from dataclasses import dataclass, replace
from itertools import combinations

from adversaria.data.fingerprint import MOST_LABELS, Fingerprint, WordFacts
from adversaria.recipes import plan_sizes
from adversaria.recipes.drafts import DRAFTS
from adversaria.recipes.plan_sizes import Machine
from adversaria.vocabulary import UserError

TASKS = ("denoise", "translate", "translate-unpaired", "segment", "mask-to-image", "synthesise")
FEWEST = 8  # images: below that a discriminator knows each of them by heart
_FIRST = ("t1pre", "t1", "low", "quarter", "noisy", "std", "source", "input", "mr", "a", "us", "moving")
_LAST = ("t1post", "t2", "full", "clean", "bone", "target", "output", "ct", "b", "pet", "flair", "fixed")


@dataclass(frozen=True)
class Choice:
    """What was chosen, before it becomes text: the words, sizes, and why; `whole` if whole images are made small."""

    task: str
    why: str
    source: WordFacts | None
    target: WordFacts
    dims: int
    patch: tuple[int, ...]
    batch: int
    width: int
    plays: int = 10_000
    column: str = ""
    classes: int = 0
    whole: bool = False

    @property
    def remarks(self) -> list[str]:
        """What the user must know of the choice beside its reasons."""
        mask = self.target if self.task == "segment" else self.source if self.task == "mask-to-image" else None
        if mask is None or mask.threshold is None:
            return []
        return [
            f"'{mask.name}' has values between its two labels, as resizing or compression leaves them: the recipe cuts "
            f"it at {mask.threshold:g} (intensity: !Labels {{threshold: ...}}); the files stay as they are"
        ]


def choose(
    data: Fingerprint, machine: Machine, task: str | None = None, source: str | None = None, target: str | None = None
) -> Choice:
    """Choose task, words, dimension, patch, batch and width; what the user names is kept.

    Raises
    ------
    UserError
        Where nothing can be trained on these data, with the reason.
    """
    if task is not None and task not in TASKS:
        raise UserError(f"there is no task '{task}'.", f"Tasks: {', '.join(TASKS)}.")
    task, why, first, last = _task(data, task, source, target)
    _refuse_few(data, task, first, last)
    _refuse_labels(task, first, last)
    words = [word for word in (first, last) if word is not None]
    dims = (
        2 if task in ("denoise", "synthesise", "mask-to-image") or any(w.dims == 2 or w.stacked for w in words) else 3
    )
    if task == "synthesise" and last.dims == 3 and not last.stacked:
        dims = 3
    patch = plan_sizes.patch(words, dims, machine, square=task == "synthesise")
    small = plan_sizes.whole(task, first, last, patch, machine)
    batch = (16 if task == "synthesise" else 2 if task == "segment" and small else 4) if dims == 2 else 2
    column = next(iter(data.found.classes), "") if task == "synthesise" else ""
    classes = len(data.found.class_names(column)) if column else 0
    width, patch, whole = plan_sizes.width(task, machine, dims), small or patch, small is not None
    return Choice(task, why, first, last, dims, patch, batch, width, column=column, classes=classes, whole=whole)


def smaller(choice: Choice) -> Choice | None:
    """The same with half the batch, else half the patch, else half the width; nothing if it is small already."""
    if choice.batch > 1:
        return replace(choice, batch=choice.batch // 2)
    if min(choice.patch) > 32:
        return replace(choice, patch=tuple(side // 2 for side in choice.patch))
    return replace(choice, width=choice.width // 2) if choice.width > 8 else None


def lighter(choice: Choice) -> Choice | None:
    """The same with half the width, else half the patch, for plays that take less time; nothing if it is light."""
    if choice.width > 12:
        return replace(choice, width=choice.width // 2)
    small = 32 if choice.dims == 2 else 16
    return replace(choice, patch=tuple(side // 2 for side in choice.patch)) if min(choice.patch) > small else None


def draft(choice: Choice, data: Fingerprint, measured: str = "") -> str:
    """Write the recipe as YAML, a reason beside each choice; `measured` says what a trial found."""
    lines = [
        "# Written by `adversaria plan`; edit it as you like, then: adversaria train THIS --data DIR --out runs/mine",
        f"# Recognised: {data.found.describe()}",
        *(f"#   {word.said()}" for word in data.words),
        f"# Task: {choice.task}: {choice.why}",
        *([f"# {measured}"] if measured else []),
        *DRAFTS[choice.task](choice),
    ]
    return "\n".join(lines) + "\n"


def _task(
    data: Fingerprint, task: str | None, source: str | None, target: str | None
) -> tuple[str, str, WordFacts | None, WordFacts]:
    for name in (source, target):
        if name is not None and name not in data.found.words:
            raise UserError(f"the data have no word '{name}'.", f"Words: {', '.join(data.found.words)}.")
    labels = [w for w in data.words if w.kind == "labels" or w.between]
    images = [w for w in data.words if w not in labels]
    if not images:
        raise UserError(
            f"there are only label maps in {data.found.layout}: {', '.join(w.name for w in labels)}.",
            "Bring the images that they belong to.",
        )
    if task in ("segment", "mask-to-image") or (task is None and source is None and target is None and labels):
        return _with_labels(data, task, source, target, images, labels)
    if task in (None, "translate", "translate-unpaired") and (len(images) > 1 or task):
        return _translation(data, task, source, target, images)
    return _alone(data, task, target, images)


def _with_labels(
    data: Fingerprint,
    task: str | None,
    source: str | None,
    target: str | None,
    images: list[WordFacts],
    labels: list[WordFacts],
) -> tuple[str, str, WordFacts, WordFacts]:
    back = task == "mask-to-image"
    wanted_image, wanted_map = (target, source) if back else (source, target)
    if not labels and not wanted_map:
        raise UserError("no label map was found.", "Give label maps as images of whole numbers, or another --task.")
    labels = [data.word(wanted_map)] if wanted_map else labels
    images = [word for word in images if word not in labels]
    if not images:
        raise UserError(f"there is no image beside '{labels[0].name}'.", "Bring the images that it belongs to.")
    image = data.word(wanted_image) if wanted_image else _best_labelled(data, images, labels)
    mask = _fullest(data, image, labels)
    if not data.shared(image.name, mask.name):
        raise UserError(
            f"no case has both '{image.name}' and '{mask.name}'.", "Give an image and its map the same file name."
        )
    said = f"'{mask.name}' holds labels of '{image.name}'"
    if len(images) > 1 and not wanted_image:
        said += f"; of {', '.join(w.name for w in images)} '{image.name}' was taken (--source names another)"
    if back:
        return "mask-to-image", said, mask, image
    return "segment", said + "; --task mask-to-image goes the other way", image, mask


def _best_labelled(data: Fingerprint, images: list[WordFacts], labels: list[WordFacts]) -> WordFacts:
    """The image that shares most cases with a label map; the first of several."""
    return max(images, key=lambda image: max(data.shared(image.name, mask.name) for mask in labels))


def _fullest(data: Fingerprint, image: WordFacts, labels: list[WordFacts]) -> WordFacts:
    """The map that most cases share with the image, then one that is no field of view, then that of most labels."""
    return max(
        labels, key=lambda mask: (data.shared(image.name, mask.name), "fov" not in mask.name.lower(), len(mask.values))
    )


def _translation(
    data: Fingerprint, task: str | None, source: str | None, target: str | None, images: list[WordFacts]
) -> tuple[str, str, WordFacts, WordFacts]:
    if len(images) < 2:
        raise UserError("a translation needs two kinds of images.", "Give two words, for example two folders.")
    first, last = _pair(images, source, target)
    shared = data.shared(first.name, last.name)
    together = shared == first.cases == last.cases and data.alike(first.name, last.name)
    named = "" if source and target else " (--source and --target name others)" if len(images) > 2 else ""
    if task != "translate-unpaired" and together:
        return "translate", f"'{first.name}' and '{last.name}' pair up on one grid{named}", first, last
    why = "sizes differ" if shared else "no case has both"
    if task == "translate":
        raise UserError(
            f"'{first.name}' and '{last.name}' are no pairs: {why}.", "Resample them, or use --task translate-unpaired."
        )
    if first.dims != last.dims:
        raise UserError(f"'{first.name}' is {first.dims}D and '{last.name}' {last.dims}D.", "Bring the same kind.")
    said = f"'{first.name}' and '{last.name}' do not pair up ({why}){named}" if not together else "as asked for"
    return "translate-unpaired", said, first, last


def _pair(images: list[WordFacts], source: str | None, target: str | None) -> tuple[WordFacts, WordFacts]:
    named = {word.name: word for word in images}
    for name in (source, target):
        if name is not None and name not in named:
            raise UserError(f"'{name}' is a label map.", "Use --task segment or mask-to-image.")
    if source and target:
        return named[source], named[target]
    if source or target:
        given = named[source or target or ""]
        other = next(word for word in images if word is not given)
        return (given, other) if source else (other, given)
    best = max(
        ((a, b) for pair in combinations(images, 2) for a, b in (pair, pair[::-1])),
        key=lambda pair: _rank(pair[0].name, _FIRST) + _rank(pair[1].name, _LAST),
    )
    return best


def _rank(name: str, known: tuple[str, ...]) -> float:
    parts = re.split(r"[^a-z0-9]+", name.lower())
    ranks = [len(known) - k for k, word in enumerate(known) for part in parts if part.startswith(word)]
    return max(ranks, default=0.0)


def _alone(
    data: Fingerprint, task: str | None, target: str | None, images: list[WordFacts]
) -> tuple[str, str, None, WordFacts]:
    word = data.word(target) if target else max(images, key=lambda w: w.cases)
    if task == "denoise" and word.kind != "ct":
        raise UserError(f"'{word.name}' is not in HU: no lower dose can be simulated.", "Give pairs to translate.")
    if task == "denoise" or (task is None and word.kind == "ct" and (word.dims == 3 or word.cases >= FEWEST)):
        said = "CT alone: a quarter of its dose is simulated in the sinogram; --task synthesise draws new images"
        return "denoise", said, None, word
    if word.dims == 3 and data.subjects == 1 and word.cases == 1:
        return "synthesise", "one volume: its slices are learned, so it can only repeat that subject", None, word
    return "synthesise", "images of one kind: new ones are drawn", None, word


def _refuse_few(data: Fingerprint, task: str, first: WordFacts | None, last: WordFacts) -> None:
    paired = first is not None and task != "translate-unpaired"
    shared = data.shared(first.name, last.name) if first and paired else last.cases
    counts = {last.name: shared} | ({first.name: first.cases} if first and not paired else {})
    name, usable = min(counts.items(), key=lambda count: count[1])
    if last.dims == 2 and usable < FEWEST:
        raise UserError(
            f"there are {usable} images of '{name}' to train on; that is too few.",
            f"Bring at least {FEWEST}, or volumes, which hold many slices.",
        )


def _refuse_labels(task: str, first: WordFacts | None, last: WordFacts) -> None:
    mask = last if task == "segment" else first if task == "mask-to-image" else None
    if mask is None:
        return
    if not mask.maps and (mask.between or mask.lossy):
        why = "compression" if mask.lossy else "resizing with interpolation"
        raise UserError(
            f"'{mask.name}' are masks with values between their labels ({mask.least:g} to {mask.most:g}), as {why} "
            "leaves them, and of more than two levels: no threshold tells which is which.",
            "Make them anew without compression or interpolation, as PNG or NIfTI, a whole number for each class.",
        )
    if not mask.maps:
        raise UserError(f"'{mask.name}' is no label map.", "A label map holds a few whole numbers.")
    if len(mask.values) > MOST_LABELS:
        raise UserError(
            f"'{mask.name}' holds {len(mask.values)} labels: more than {MOST_LABELS} classes are not planned for.",
            "Keep those that matter.",
        )
