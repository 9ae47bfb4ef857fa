"""One self-contained page from a run folder. It opens from disk and while the training still runs."""

import csv
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np

from adversaria import __version__
from adversaria.reports import figures
from adversaria.reports.pages import template
from adversaria.reports.scores import Cell, Score, read_scores, table
from adversaria.run import Run, write_atomically

_MOST_STRIPS = 8
_MOST_CASES = 3


def write_report(run: Run) -> Path:
    """Write `report.html` from what the run folder holds now, and give its path."""
    facts, data = _json(run.environment), _json(run.data)
    scores = read_scores(run.scores)
    page = template("page.html.j2").render(
        version=__version__,
        name=facts.get("recipe", run.folder.name),
        summary=_json(run.folder / "summary.json"),
        facts=_flat(facts),
        progress=_progress(run, facts),
        data=data,
        data_facts=_flat({k: v for k, v in data.items() if k not in ("warnings", "reduced", "display")}),
        warnings=data.get("warnings", []),
        reduced=data.get("reduced", []),
        curves=_curves(run.log, ("play", "player", "term", "value")),
        validation=_validation(run.validation),
        strips=_strips(run),
        cases=_cases(run, data),
        overlays=_overlays(run),
        table=_rows(scores),
        sets=[score for score in scores if score.case == "set"],
        unmeasured=sorted(_json(run.unmeasured).items()),
        note=next((score.note for score in scores if score.case != "set"), ""),
        intervals=_intervals(scores),
        recipe=run.recipe.read_text(encoding="utf-8") if run.recipe.exists() else "",
    )
    write_atomically(run.report, page)
    return run.report


def _json(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _flat(facts: dict[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    rows: list[tuple[str, str]] = []
    for name, value in facts.items():
        if isinstance(value, dict):
            rows += _flat(value, f"{prefix}{name}.")
        else:
            shown = ", ".join(map(str, value)) if isinstance(value, list) else str(value)
            rows.append((prefix + name, shown))
    return rows


def table_of(path: Path) -> list[dict[str, str]]:
    """The whole rows of a table that may still be growing; an absent file has none."""
    if not path.exists():
        return []
    with open(path, newline="", encoding="utf-8") as file:
        return [row for row in csv.DictReader(file) if None not in row.values()]


def _progress(run: Run, facts: dict[str, Any]) -> str:
    rows = table_of(run.log)
    total, last = facts.get("plays"), int(rows[-1]["play"]) + 1 if rows else 0
    done = facts.get("finished")
    return "" if done or not total else f"Training is under way or was stopped: about play {last} of {total}."


def _curves(path: Path, names: tuple[str, str, str, str]) -> list[tuple[str, str]]:
    play, player, term, value = names
    grouped: dict[str, dict[str, tuple[list[float], list[float]]]] = defaultdict(dict)
    for row in table_of(path):
        group = "gradient norms" if row[term] == "gradient_norm" else row[player]
        name = row[player] if row[term] == "gradient_norm" else row[term]
        x, y = grouped[group].setdefault(name, ([], []))
        x.append(float(row[play]))
        y.append(float(row[value]))
    drawn = []
    for group, series in grouped.items():
        drawn.append((f"{group}: {', '.join(series)}", figures.curves(series, group)))
    return drawn


def _validation(path: Path) -> list[tuple[str, str]]:
    grouped: dict[str, tuple[list[float], list[float]]] = {}
    for row in table_of(path):
        x, y = grouped.setdefault(row["measure"], ([], []))
        x.append(float(row["play"]))
        y.append(float(row["value"]))
    return [(name, figures.curves({name: curve}, f"validation: {name}")) for name, curve in grouped.items()]


def _strips(run: Run) -> list[tuple[str, str]]:
    paths = sorted(run.samples.glob("strip-*.png")) if run.samples.is_dir() else []
    if len(paths) > _MOST_STRIPS:
        chosen = np.unique(np.linspace(0, len(paths) - 1, _MOST_STRIPS).round().astype(int))
        paths = [paths[i] for i in chosen]
    return [(path.stem.removeprefix("strip-").lstrip("0") or "0", _png(path)) for path in paths]


def _overlays(run: Run) -> list[tuple[str, str]]:
    """Slices of test cases with the outlines of what was found and of the truth, and what the colours mean."""
    from PIL import Image

    drawn = []
    for path in sorted(run.samples.glob("overlay-*.png")) if run.samples.is_dir() else []:
        with Image.open(path) as picture:
            said = json.loads(picture.info.get("adversaria", "{}")).get("by", "")
        drawn.append((f"{path.stem.removeprefix('overlay-')}: {said}", _png(path)))
    return drawn


def _png(path: Path) -> str:
    return figures.address(path.read_bytes(), "image/png")


def _cases(run: Run, data: dict[str, Any]) -> list[tuple[str, str]]:
    """Input, each method, target and error maps of the fixed cases, at the stated window."""
    place = run.samples / "fixed.npz"
    if not place.exists():
        return []
    with np.load(place, allow_pickle=False) as stored:
        words = {word: stored[word] for word in stored.files}
    low, high = data.get("display", {}).get("target", (None, None))
    unit = data.get("units", {}).get("target", "")
    target = words.get("target")
    drawn = []
    for index in range(min(_MOST_CASES, len(next(iter(words.values()))))):
        shown = words if target is None else {**words, "target": target}
        window = (low, high) if low is not None else _window(next(iter(shown.values()))[index])
        panels = [(_title(word), images[index], *window, "gray") for word, images in shown.items()]
        drawn.append((f"Case {index + 1}: {', '.join(p[0] for p in panels)}", figures.maps(panels, unit)))
        if target is not None:
            reach = (window[1] - window[0]) / 4
            seen = {word: np.clip(images[index], *window) for word, images in shown.items()}
            errors = [
                (f"{_title(word)} - target", image - seen["target"], -reach, reach, "RdBu_r")
                for word, image in seen.items()
                if word != "target"
            ]
            title = f"Case {index + 1}, error maps: differences of the images clipped to the window above"
            drawn.append((title, figures.maps(errors, unit)))
    return drawn


def _title(word: str) -> str:
    return word.removeprefix("method_").replace("_", " ")


def _window(image: Any) -> tuple[float, float]:
    low, high = np.percentile(image, [1, 99])
    return float(low), float(max(high, low + 1e-6))


def _rows(scores: list[Score]) -> dict[str, Any]:
    cells = table(scores)
    measures = list(dict.fromkeys(cell.measure for cell in cells))
    found: dict[tuple[str, str], Cell] = {(cell.method, cell.measure): cell for cell in cells}
    methods = list(dict.fromkeys(cell.method for cell in cells))
    heads = [next(cell for cell in cells if cell.measure == measure) for measure in measures]
    return {"methods": methods, "rows": [(head, [found.get((m, head.measure)) for m in methods]) for head in heads]}


def _intervals(scores: list[Score]) -> list[tuple[str, str]]:
    cells = table(scores)
    drawn = []
    for measure in dict.fromkeys(cell.measure for cell in cells):
        mine = [c for c in cells if c.measure == measure]
        rows = [(c.method, c.summary.mean, c.summary.low, c.summary.high) for c in mine if np.isfinite(c.summary.mean)]
        if rows:
            unit = f" ({mine[0].unit})" if mine[0].unit else ""
            title = f"{measure}{unit}, {mine[0].better} is better"
            drawn.append((title, figures.intervals(rows, title)))
    return drawn
