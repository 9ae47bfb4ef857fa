"""What images are to be drawn from: a class, a mask in a file, or what a case brings."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from adversaria.run import read_json
from adversaria.vocabulary import UserError

Words = Mapping[str, NDArray[Any]]


def words_of(restored: Any, label: str | None, mask: Path | None, like: str | None, data: Path | None) -> Words:
    """The words of the batch, scaled, that the images come from; none for a draw from nothing."""
    if sum(value is not None for value in (label, mask, like)) > 1:
        raise UserError("only one of --label, --mask and --like can be given.", "Leave the others out.")
    if label is not None:
        return {"label": _number(restored, label)}
    if mask is not None:
        return {"source": _source(restored, mask)}
    if like is not None:
        return _like(restored, like, data)
    if "source" in restored.recipe.bind and restored.game.given is None:
        raise UserError(
            f"{restored.recipe.name} translates images.",
            "Use `adversaria apply`, or give --mask FILE or --like CASE.",
        )
    if restored.game.given:
        words = ", ".join(restored.game.given)
        raise UserError(f"{restored.recipe.name} makes images from {words}, not from nothing.", "Give --like CASE.")
    return {}


def _needed(restored: Any) -> tuple[str, ...]:
    """The words that the game makes an image from."""
    if restored.game.given is not None:
        return tuple(restored.game.given)
    if "source" in restored.recipe.bind:
        return ("source",)
    return ("label",) if "label" in restored.recipe.bind and hasattr(restored.game, "classes") else ()


def _number(restored: Any, label: str) -> NDArray[np.int64]:
    """The number of a class, given by its name or as a number."""
    if _needed(restored) != ("label",):
        raise UserError(f"{restored.recipe.name} makes no image of a class.", "Leave out --label.")
    count = restored.shapes["label"][0]
    names = read_json(restored.run.data).get("classes", {}).get("label", [])
    if label in names:
        return np.asarray(names.index(label), np.int64)
    if label.isdigit() and int(label) < count and not names:
        return np.asarray(int(label), np.int64)
    known = ", ".join(names) or f"0 to {count - 1}"
    raise UserError(f"there is no class '{label}'.", f"The run knows {known}.")


def _source(restored: Any, path: Path) -> NDArray[np.float32]:
    """The image of a file, put on the run's grid and scaled as the run's source."""
    from adversaria.commands.placing import placed
    from adversaria.data.named import read_as
    from adversaria.data.read import read_image

    if _needed(restored) != ("source",):
        raise UserError(f"{restored.recipe.name} does not start from an image.", "Leave out --mask.")
    image = read_as(read_image(path, require_volume=restored.recipe.dims() == 3), restored.recipe.bind["source"])
    image = placed(restored.recipe, image)
    expected = restored.shapes["source"][0]
    if len(image.array) != expected:
        raise UserError(f"{path} has {len(image.array)} channels; the run knows {expected}.", "Convert it.")
    scaled: NDArray[np.float32] = restored.recipe.intensities()["source"].fit(image.array).forward(image.array)
    return scaled


def _like(restored: Any, handle: str, data: Path | None) -> Words:
    """The words of a case of the run's data; of a volume in a 2D run those of its middle slice."""
    from adversaria.data.prepare import prepare

    needed = _needed(restored)
    if not needed:
        raise UserError(f"{restored.recipe.name} makes images from nothing.", "Leave out --like.")
    found: dict[str, NDArray[Any]] = {}
    for case, plan in _cases(restored, handle, data):
        done = prepare(case, plan, restored.run.folder / "private" / "cache")
        items = done.items()
        words = items[len(items) // 2].words if items else {}
        found |= {word: np.asarray(words[word]) for word in needed if word in words}
    missing = [word for word in needed if word not in found]
    if missing:
        raise UserError(f"case {handle} brings no '{missing[0]}'.", "Name a case that shows it.")
    return found


def _cases(restored: Any, handle: str, data: Path | None) -> list[Any]:
    """The case of this handle in each stream, with its plan."""
    from adversaria.commands.session import open_session

    if read_json(restored.run.environment).get("data") and data is None:
        raise UserError("this run was trained on a folder of yours.", "Give it with --data.")
    session = open_session(restored.recipe, restored.run, data, restored.seed)
    found = [(c, session.plans[s]) for s, cases in _all(session).items() for c in cases if c.handle == handle]
    if not found:
        some = ", ".join(c.handle for c in next(iter(_all(session).values()))[:3])
        raise UserError(f"there is no case '{handle}'.", f"Cases are called {some} and so on.")
    return found


def _all(session: Any) -> dict[str, list[Any]]:
    if session.cases:
        return dict(session.cases)
    parts = [session.make_part(part).cases for part in ("train", "validation", "test")]
    return {stream: [case for part in parts for case in part[stream]] for stream in session.plans}
