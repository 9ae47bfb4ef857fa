"""How measures answer to known degradations, and whether they agree with a task.

    python -m adversaria.claims.sensitivity --out DIR [--images FOLDER --range LOW HIGH]

The review says of its measures that their validity remains to be explored (section 4.1). Here every
measure that applies scores images that are worse in a known way (blur, noise, shift, an erased lesion,
inverted contrast; for sets also dropped modes), on three phantoms or on a folder of the user's. What a
measure says of a degraded image is counted in units of its own spread over cases, and compared with
what a simple reader can still do with the images.
"""

import argparse
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.claims.answers import UNSPOILED, Answer, Condition, area, of_cases, of_sets
from adversaria.claims.degradations import DEGRADATIONS, MODE_DROP, Degradation, dropped, rescanned
from adversaria.claims.measures import Kind, case_measures, set_values
from adversaria.claims.readers import Reader, RingClassifier, TemplateReader
from adversaria.claims.scenes import PLACES, Scene, cases, folder_scene, phantom_scene
from adversaria.draws import stream

Array = NDArray[Any]
HALVES = 10


@dataclass
class Study:
    """What was found on one scene: an answer a measure, the reader's success a condition, what was left out."""

    scene: str
    subjects: int
    measured: int
    seed: int
    task: str
    reading: dict[Condition, float] = field(default_factory=dict)
    answers: list[Answer] = field(default_factory=list)
    left_out: dict[str, str] = field(default_factory=dict)


def sensitivity(scene: Scene, reader: Reader | None = None, measured: int = 32, seed: int = 0) -> Study:
    """Degrade every subject of a scene and measure; `measured` subjects for measures of single cases, all for sets.

    The target of a case is its undegraded image, and even undegraded outputs are a repeated scan of it, so
    that a measure has a spread over cases. Everything random is keyed by `seed` and the subject's number.
    """
    kept = min(measured, len(scene.subjects))
    study = Study(scene.name, len(scene.subjects), kept, seed, reader.name if reader else "")
    read: dict[Condition, tuple[Array, Array]] = {}
    single: dict[Condition, dict[Kind, Array]] = {}
    sets: dict[Condition, dict[Kind, float]] = {}
    for name, way in conditions(scene).items():
        images = spoiled(scene, way, name[1], seed)
        sets[name] = set_values(scene, images, study.left_out)
        if way is MODE_DROP:
            continue
        single[name] = case_measures(scene, images[:kept], study.left_out)
        if reader is not None:
            twins = spoiled(scene, way, name[1], seed, twins=True)
            read[name] = reader.read(images, twins, scene.subjects)
    spread = _standard_errors(scene, spoiled(scene, None, 0.0, seed), seed)
    study.reading = {name: area(*found) for name, found in read.items()}
    study.answers = [of_cases(kind, single, read, seed) for kind in single[UNSPOILED]]
    study.answers += [of_sets(kind, sets, read, spread[kind]) for kind in sets[UNSPOILED] if kind in spread]
    known = {found.measure for found in study.answers}
    study.left_out = {name: why for name, why in study.left_out.items() if name not in known}
    return study


def conditions(scene: Scene) -> dict[Condition, Degradation | None]:
    """Every degradation at every level, after none at all; lesions can be erased only where twins are known."""
    twins = all(subject.twin is not None for subject in scene.subjects)
    ways = [way for way in (*DEGRADATIONS, MODE_DROP) if twins or not way.needs_twin]
    return {UNSPOILED: None, **{(way.name, float(level)): way for way in ways for level in way.levels}}


def spoiled(scene: Scene, way: Degradation | None, level: float, seed: int, twins: bool = False) -> list[Any]:
    """The subjects' images (or their twins', or None) degraded, then scanned again."""
    found: list[Any] = []
    for number, subject in enumerate(scene.subjects):
        image = subject.twin if twins else subject.image
        if image is None:
            found.append(None)
            continue
        parts = ("sensitivity", seed, scene.name, number, "twin" if twins else "subject")
        if way is not None and way is not MODE_DROP:
            image = way.apply(image, subject.twin, level, scene.range, stream(*parts, way.name))
        found.append(rescanned(image, scene.range, stream(*parts, "scan")))
    return dropped(found, int(level)) if way is MODE_DROP else found


def _standard_errors(scene: Scene, images: list[Any], seed: int) -> dict[Kind, float]:
    """Standard error of each measure of sets, by random halves of the set (delete-half jackknife)."""
    values: dict[Kind, list[float]] = {}
    for number in range(HALVES):
        chosen = stream("sensitivity", seed, scene.name, "half", number).permutation(len(images))
        half = [images[k] for k in chosen[: len(images) // 2]]
        for kind, value in set_values(scene, half, {}).items():
            values.setdefault(kind, []).append(value)
    return {kind: float(np.std(found, ddof=1)) for kind, found in values.items() if len(found) == HALVES}


def study_phantom(name: str, subjects: int = 96, measured: int = 32, seed: int = 0, size: int = 128) -> Study:
    """The study on one phantom (torso, brain, nodule): lesions found by a template, nodules told by a classifier."""
    scene = phantom_scene(name, subjects, seed, size)
    if name != "nodule":
        return sensitivity(scene, TemplateReader(), measured, seed)
    learned = list(cases(name, range(20_000, 20_000 + 3 * subjects), seed, size))
    reader = RingClassifier([subject.image for subject in learned], [subject.label for subject in learned])
    return sensitivity(scene, reader, measured, seed)


def main(words: list[str] | None = None) -> None:
    """Study three phantoms and, where given, a folder; write sensitivity.json, .csv, .md and .png."""
    from adversaria.claims.sensitivity_page import write

    parser = argparse.ArgumentParser("python -m adversaria.claims.sensitivity", description=main.__doc__)
    parser.add_argument("--out", type=Path, default=Path("sensitivity"), help="folder for what is found")
    parser.add_argument("--phantoms", default=",".join(PLACES), help="which phantoms, separated by commas, or none")
    parser.add_argument("--images", type=Path, help="a folder of images of your own")
    parser.add_argument("--range", type=float, nargs=2, metavar=("LOW", "HIGH"), help="their declared data range")
    parser.add_argument("--subjects", type=int, default=96, help="subjects a phantom")
    parser.add_argument("--measured", type=int, default=32, help="subjects for measures of single cases")
    parser.add_argument("--seed", type=int, default=0, help="seed of everything random")
    given = parser.parse_args(words)
    if given.images is not None and given.range is None:
        parser.error("--images needs --range LOW HIGH, in the images' unit")
    names = [name for name in given.phantoms.split(",") if name not in ("", "none")]
    if unknown := [name for name in names if name not in PLACES]:
        parser.error(f"there is no phantom '{unknown[0]}'; there are {', '.join(PLACES)}")
    studies = [study_phantom(name, given.subjects, given.measured, given.seed) for name in names]
    if given.images is not None:
        studies.append(sensitivity(folder_scene(given.images, given.range), None, given.measured, given.seed))
    write(studies, given.out)
    print(f"wrote sensitivity.json, sensitivity.csv, sensitivity.md and sensitivity.png in {given.out}")


if __name__ == "__main__":
    main()
