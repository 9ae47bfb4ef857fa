"""What a run folder says of a training: its recipe, data, seeds and machine, and what it took."""

from pathlib import Path
from typing import Any

from adversaria.run import Run, read_json, write_json


def record(
    session: Any,
    part: Any,
    run: Run,
    seed: int,
    precision: str,
    weights: dict[str, Path],
    devices: int,
    accumulate: int,
    data: str,
) -> None:
    """Write what later commands need and what a reader of the run must know."""
    import dataclasses
    import hashlib

    from adversaria.commands.facts import versions
    from adversaria.commands.session import warnings_of
    from adversaria.run import write_atomically

    text = session.recipe.resolved()
    write_atomically(run.recipe, text)
    _keep_trusted(session.recipe, run)
    first = next(iter(part.streams.values()))[0]
    units = {word: unit for stream in part.streams.values() for word, unit in stream[0].units.items()}
    scales = {w: [c.scales[w] for s in part.streams.values() for c in s if w in c.scales] for w in units}
    from adversaria.data.intensity import typical

    medians = {word: typical(found) for word, found in scales.items() if found}
    write_json(
        run.data,
        {
            "source": "the user's folder" if data else "built-in phantom",
            "words": {word: session.recipe.bind.get(word, word) for word in units},
            "units": units,
            "spacing_mm": list(first.spacing),
            "axes": first.axes,
            "split": {
                "rule": session.rule,
                "slices": {p: [r.start, r.stop] for p, r in session.slices.items()},
            },
            "normalisation": {word: dataclasses.asdict(scale) for word, scale in medians.items()},
            "classes": session.classes,
            "labels": labels.values_named() if (labels := session.recipe.labels()) else {},
            "display": {"target": list(session.recipe.evaluation().display or _display(medians))},
            "reduced": session.recipe.reductions(),
            "warnings": warnings_of(session),
        },
    )
    cases = {
        f"{stream}.{case.handle}" if stream else case.handle: [str(path) for path in case.paths]
        for stream, cases in session.cases.items()
        for case in cases
    }
    write_json(run.cases, cases)
    run.cases.chmod(0o600)
    write_json(
        run.environment,
        {
            "recipe": session.recipe.name,
            "recipe_hash": hashlib.sha256(text.encode()).hexdigest(),
            "seed": seed,
            **({"stages": len(session.recipe.earlier) + 1} if session.recipe.earlier else {}),
            "precision": precision,
            "devices": devices,
            "accumulate": accumulate,
            "plays": session.recipe.training().plays,
            "weights": {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in weights.items()},
            "data": bool(data),
            **versions(),
        },
    )


def _keep_trusted(recipe: Any, run: Run) -> None:
    """Keep the user's own files that a recipe names beside the run's recipe, where later commands look for them."""
    import inspect
    import shutil

    for tag, kind in recipe.extra.items():
        place = run.folder / tag.partition(":")[0]
        if ".." in place.parts:
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        source = Path(inspect.getfile(kind))
        if source.resolve() != place.resolve():
            shutil.copyfile(source, place)


def _display(medians: dict[str, Any]) -> tuple[float, float]:
    scale = medians.get("target") or medians.get("image") or next(iter(medians.values()))
    return scale.low, scale.high


def finish(run: Run, wall: float) -> None:
    """Note how long it took and how much memory, add the report."""
    from adversaria.commands.facts import peak_mib
    from adversaria.reports import write_report

    facts = read_json(run.environment)
    facts |= {"wall_s": round(facts.get("wall_s", 0) + wall, 1), "peak_mib": peak_mib(), "finished": True}
    write_json(run.environment, facts)
    write_report(run)
