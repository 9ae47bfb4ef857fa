"""Score a run case by case, with intervals over subjects."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

Method = Callable[[Mapping[str, Any], str], Any]


def evaluate(
    run: Path,
    *,
    data: Path | None = None,
    checkpoint: str = "newest",
    assume_independent: bool = False,
    trust: bool = False,
    json: bool = False,
    quiet: bool = False,
) -> list[Any]:
    """Score a run on its test part: one value a case and measure, means with t intervals over subjects.

    Parameters
    ----------
    run
        Run folder that `adversaria train` wrote.
    data
        The folder that it was trained on, if not a phantom; split as in training.
    checkpoint
        newest, best, or a number of plays.
    assume_independent
        Loose files really come from one subject each.
    trust
        Allow the run's recipe to name Python files.
    json
        Print a JSON list instead of a table.
    quiet
        Print nothing but the result.
    """
    from adversaria.commands.progress import console, progress
    from adversaria.commands.restored import restore
    from adversaria.commands.session import open_session, warnings_of
    from adversaria.reports import write_report, write_scores
    from adversaria.run import read_json

    restored = restore(run, checkpoint, trust=trust)
    trained_on = read_json(restored.run.environment)
    if trained_on.get("data") and data is None:
        from adversaria.vocabulary import UserError

        raise UserError("this run was trained on a folder of yours.", "Give it with --data.")
    session = open_session(restored.recipe, restored.run, data, restored.seed, assume_independent=assume_independent)
    with progress("evaluating", quiet) as tick:
        part = session.make_part("test")
        methods = {"input": identity, "output": output_of(restored)}
        scores, fixed = score_part(session, part, methods, restored.run.folder.name, tick)
    write_scores(restored.run.scores, scores)
    keep_fixed(restored.run, fixed)
    if not quiet:
        console.print(restored.said, markup=False)
        for text in warnings_of(session):
            console.print(f"warning: {text}", markup=False)
    show(scores, json)
    write_report(restored.run)
    return scores


def identity(words: Mapping[str, Any], handle: str) -> Any:
    """The input as it is."""
    return words["source"]


def output_of(restored: Any) -> Method:
    """Translate with a restored run: image in, image out, in physical units."""
    from adversaria.commands.apply import apply_image

    return lambda words, handle: apply_image(restored, words["source"], handle)


def score_part(
    session: Any,
    part: Any,
    methods: Mapping[str, Method],
    run: str,
    tick: Callable[[int, int], None] = lambda done, total: None,
) -> tuple[list[Any], dict[str, list[Any]]]:
    """Score methods on every case of a part with the recipe's measures; keep the first cases' slices.

    Images are compared in physical units. `target` is the recipe's target, or the truth that its
    `evaluate` names where there is one.
    """
    from adversaria import metrics
    from adversaria.data.prepare import measured
    from adversaria.metrics.facts import NotApplicable
    from adversaria.reports import Score
    from adversaria.tasks.pictures import middle

    wanted = session.recipe.evaluation()
    chosen = [
        next(m for m in (getattr(metrics, n) for n in metrics.__all__) if m.name == name) for name in wanted.measures
    ]
    scores: list[Any] = []
    fixed: dict[str, list[Any]] = {}
    (stream,) = session.plans if len(session.plans) == 1 else (next(iter(session.plans)),)
    plan = session.plans[stream]
    cases: Sequence[Any] = part.cases[stream]
    for number, case in enumerate(cases):
        images = {**measured(case, plan)}
        batch = {word: images[name] for word, name in plan.bind.items() if name in images}
        if part.slices is not None:
            batch = {word: image.block(part.slices) for word, image in batch.items()}
        words = words_of(session, case, images, batch, wanted)
        for name, method in methods.items():
            made = method(batch, case.handle)
            if number < 3:
                fixed.setdefault(name, []).append(middle(made.array))
            for metric in chosen:
                try:
                    value = metric(output=clipped(made.array, wanted), **words)
                except NotApplicable:
                    continue
                unit = words["unit"] if metric.unit == "image" else metric.unit
                row = Score(
                    run,
                    case.handle,
                    f"s{number + 1:03d}",
                    "whole",
                    name,
                    metric.name,
                    value,
                    unit,
                    metric.better,
                )
                scores.append(row)
        if number < 3 and words.get("target") is not None:
            fixed.setdefault("target", []).append(middle(words["target"]))
        tick(number + 1, len(cases))
    return scores, fixed


def clipped(array: Any, wanted: Any) -> Any:
    """Clip to the declared range, where the recipe asks for it."""
    return array.clip(*wanted.range) if wanted.clip and array is not None else array


def words_of(
    session: Any, case: Any, images: Mapping[str, Any], batch: Mapping[str, Any], wanted: Any
) -> dict[str, Any]:
    """The words that measures may need: target, truth, lesion, flat region, range."""
    words: dict[str, Any] = {"data_range": wanted.range, "unit": batch["source"].unit}
    truth = images.get(wanted.truth.rpartition(".")[2]) if wanted.truth else None
    target = batch.get("target")
    noisy = clipped(target.array if target is not None else None, wanted)
    true = clipped(truth.array if truth is not None else None, wanted)
    words["target"] = noisy if true is None else true
    if true is not None:
        words |= {"truth": true, "flat": flat_region(true), "noise_target": noisy}
    if wanted.lesion and wanted.lesion in images:
        words["lesion"] = images[wanted.lesion].array
    if len(session.plans) > 1 and truth is None:
        words["target"] = None
    return words


def flat_region(truth: Any, texture: float = 12.0) -> Any:
    """The largest piece of tissue in which the noise-free image is nearly even.

    There its spread over 5 pixels stays below `texture`, so what is measured in it is noise.
    """
    import numpy as np
    from scipy.ndimage import binary_opening, label, uniform_filter

    image = np.asarray(truth[0], np.float64)
    mean = uniform_filter(image, 5)
    spread = np.sqrt(np.maximum(uniform_filter(image**2, 5) - mean**2, 0))
    even = binary_opening((spread < texture) & (mean > 0) & (mean < 250), iterations=2)
    pieces, count = label(even)
    if not count:
        return even[None]
    return (pieces == 1 + int(np.argmax(np.bincount(pieces[pieces > 0])[1:])))[None]


def keep_fixed(run: Any, fixed: Mapping[str, Sequence[Any]]) -> None:
    """Keep slices of the first test cases for the report."""
    import numpy as np

    run.samples.mkdir(parents=True, exist_ok=True)
    stacked = {}
    for name, planes in fixed.items():
        sizes = {plane.shape for plane in planes}
        if len(sizes) == 1 and planes[0].ndim == 2:
            stacked[name.replace(" ", "_")] = np.stack(planes).astype(np.float32)
    if stacked:
        np.savez(run.samples / "fixed.npz", allow_pickle=False, **stacked)


def show(scores: Sequence[Any], as_json: bool) -> None:
    """Print the table of means and intervals, or all of it as JSON."""
    import dataclasses
    import json

    from rich.console import Console
    from rich.table import Table

    from adversaria.reports import table

    cells = table(scores)
    if as_json:
        print(json.dumps([{**dataclasses.asdict(cell)} for cell in cells], indent=1))
        return
    measures = list(dict.fromkeys(cell.measure for cell in cells))
    drawn = Table(title="mean over test subjects [95 % t interval]")
    drawn.add_column("method")
    for measure in measures:
        unit = next(cell.unit for cell in cells if cell.measure == measure)
        drawn.add_column(f"{measure}{f' ({unit})' if unit else ''}", justify="right")
    for method in dict.fromkeys(cell.method for cell in cells):
        found = {cell.measure: cell for cell in cells if cell.method == method}
        drawn.add_row(method, *[str(found[m].summary) if m in found else "-" for m in measures])
    Console().print(drawn)
