"""What there is: lists, descriptions, citations. Imports nothing heavy."""

import json as encoding
from difflib import get_close_matches
from importlib.resources import files
from typing import Any

from adversaria.vocabulary import UserError

KINDS = (
    "works",
    "recipes",
    "games",
    "objectives",
    "losses",
    "metrics",
    "datasets",
    "phantoms",
    "operators",
    "networks",
    "layers",
    "classical",
)
SYNONYMS = {"measures": "metrics", "frameworks": "games", "terms": "losses"}


def index() -> list[dict[str, Any]]:
    """Read the index, and beside it what was shown to play and to learn."""
    # by way of the top package: importing the room itself would import torch
    room = files("adversaria").joinpath("recipes")
    found = encoding.loads(room.joinpath("index.json").read_text(encoding="utf-8"))
    evidence = encoding.loads(room.joinpath("evidence.json").read_text(encoding="utf-8"))
    for entry in found:
        known = evidence.get(f"{entry['kind']}/{entry['key']}", {})
        entry["plays"] = known.get("plays", "not shown")
        entry["learns"] = known.get("learns", "not shown")
        entry["evidence"] = known.get("evidence", "")
    return found


def list_members(
    kind: str,
    *,
    task: str | None = None,
    modality: str | None = None,
    table: int | None = None,
    loss: str | None = None,
    json: bool = False,
) -> list[dict[str, Any]]:
    """List members of one kind: works, recipes, games, objectives, losses, metrics (or measures), datasets,
    phantoms, operators, networks, layers, classical.

    Parameters
    ----------
    kind
        Which kind.
    task
        Only works of this task, for example reconstruction.
    modality
        Only works of this modality, for example CT.
    table
        Only works of this table of the review.
    loss
        Only works that use this loss, for example L8.
    json
        Print a JSON list.
    """
    kind = SYNONYMS.get(kind, kind)
    if kind not in KINDS:
        close = get_close_matches(kind, KINDS, 1)
        hint = f"Did you mean {close[0]}?" if close else f"Kinds: {', '.join(KINDS)}."
        raise UserError(f"there is no kind '{kind}'.", hint)
    chosen = [entry for entry in index() if entry["kind"] == kind]
    for name, value in (("task", task), ("modality", modality), ("table", table)):
        if value is not None:
            chosen = [e for e in chosen if str(e.get(name, "")).lower() == str(value).lower()]
    if loss is not None:
        chosen = [e for e in chosen if loss in (e.get("losses") or [])]
    if json:
        print(encoding.dumps(chosen, indent=1, ensure_ascii=False))
        return chosen
    width = max((len(str(entry["key"])) for entry in chosen), default=0)
    for entry in chosen:
        print(f"{entry['key']:<{width}}  {entry['summary']}")
    if not chosen:
        print("there is nothing of that kind yet")
    return chosen


def find(name: str) -> list[dict[str, Any]]:
    """Find the members of a name or key, or suggest near ones."""
    known = index()
    found = [e for e in known if name.lower() in (str(e["key"]).lower(), e["name"].lower())]
    if not found:
        names = sorted({str(e["key"]) for e in known} | {e["name"] for e in known})
        close = get_close_matches(name, names, 3, 0.5)
        hint = f"Did you mean {' or '.join(close)}?" if close else "See `adversaria list works` and the like."
        raise UserError(f"there is nothing called '{name}'.", hint)
    return found


def show(name: str, *, json: bool = False) -> list[dict[str, Any]]:
    """Show what a member is: its paper, its arguments or recipe, and how to run it.

    Parameters
    ----------
    name
        A key or a name, as `adversaria list` prints them.
    json
        Print a JSON list.
    """
    found = find(name)
    if json:
        print(encoding.dumps(found, indent=1, ensure_ascii=False))
        return found
    for entry in found:
        print(f"{entry['name']} ({entry['kind']}, key {entry['key']})\n")
        print(entry.get("about") or entry["summary"])
        for fact in ("cite", "doi", "unit", "better", "range", "needs", "file"):
            if entry.get(fact):
                value = ", ".join(entry[fact]) if isinstance(entry[fact], list) else entry[fact]
                print(f"{fact}: {value}")
        for argument, default in entry.get("arguments", {}).items():
            print(f"  {argument} = {default}")
        if "recipe" in entry:
            text = files("adversaria").joinpath(entry["recipe"]).read_text(encoding="utf-8")
            print(f"\n{text}\nrun it: adversaria train {entry['key']}   (add --data DIR for your own images)")
        print(f"plays: {entry['plays']}; learns: {entry['learns']} {entry['evidence']}\n")
    return found


def cite(name: str) -> str:
    """Print BibTeX for a published work.

    Parameters
    ----------
    name
        Key of a work.
    """
    works = [entry for entry in find(name) if entry.get("title")]
    if not works:
        raise UserError(f"'{name}' is not a published work.", "See `adversaria list works`.")
    entry = works[0]
    text = (
        f"@article{{{entry['key']},\n  title = {{{entry['title']}}},\n  author = {{{entry['cite']}}},\n"
        f"  doi = {{{entry['doi']}}}\n}}"
    )
    print(text)
    return text
