"""Are synthetic images good for a task? Three folders, small standard networks, one table."""

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter

from adversaria.vocabulary import UserError


def downstream(
    *,
    real: Path,
    test: Path,
    synthetic: Path,
    range: Annotated[tuple[float, float] | None, Parameter(name="--range")] = None,  # noqa: A002
    sizes: Annotated[list[int] | None, Parameter(consume_multiple=True, negative="")] = None,
    auc: bool = False,
    repeats: int = 3,
    steps: int = 200,
    width: int = 8,
    seed: int = 0,
    out: Path | None = None,
    json: bool = False,
) -> dict[str, Any]:
    """Train small networks on real, on synthetic and on both, and test them on real images of other subjects.

    A folder with `images` and `masks` is segmented (mean Dice), one with a subfolder for each class is classified
    (accuracy). Images have one size. Intervals are over test images, one a subject.

    Parameters
    ----------
    real
        Real images to learn from.
    test
        Real images of subjects that are neither in `real` nor in what the synthetic images were learned from.
    synthetic
        Synthetic images with their classes or masks.
    range
        Declared data range, low and high, in the images' unit.
    sizes
        Also the gain by adding the synthetic images to that many real ones.
    auc
        Score two classes by the area under the ROC curve.
    repeats
        Networks in each arm, from other starts.
    steps
        Steps of every network, whatever the size of its set.
    width
        Width of the networks, a multiple of 4.
    seed
        Seed of starts and orders.
    out
        Also write downstream.md and downstream.json into this folder.
    json
        Print JSON instead of tables.
    """
    import dataclasses
    import json as encoding

    from adversaria.run import write_json
    from adversaria.tasks.downstream import downstream as validate
    from adversaria.tasks.downstream_networks import (
        Classifier,
        Labelled,
        Learner,
        Ranker,
        Segmenter,
        Training,
        classes_in,
        masks_in,
    )

    if range is None:
        raise UserError("networks need the data range.", "Give it: --range LOW HIGH, in the images' unit.")
    places = {"real": real, "test": test, "synthetic": synthetic}
    for name, place in places.items():
        if not place.is_dir():
            raise UserError(f"{place} is no folder.", f"Give --{name} DIR.")
    maps = {name: (place / "masks").is_dir() for name, place in places.items()}
    if len(set(maps.values())) > 1:
        odd = next(name for name, found in maps.items() if not found)
        raise UserError(f"{places[odd]} has no folder 'masks', and another has.", "Sort all three folders alike.")

    def read(place: Path) -> Labelled:
        return masks_in(place / "images", place / "masks") if maps["real"] else classes_in(place)

    training = Training(range, width=width, steps=steps)
    kinds: dict[bool, Learner] = {True: Segmenter(training), False: Ranker(training) if auc else Classifier(training)}
    learner = kinds[maps["real"]]
    found = validate(learner, read(real), read(test), read(synthetic), tuple(sizes or ()), repeats, seed)
    kept = dataclasses.asdict(found)
    print(encoding.dumps(kept, indent=1) if json else found.table())
    if out is not None:
        out.mkdir(parents=True, exist_ok=True)
        (out / "downstream.md").write_text(found.table(), encoding="utf-8")
        write_json(out / "downstream.json", kept)
    return kept
