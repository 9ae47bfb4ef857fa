"""Which word of a user's folder stands for which word of a recipe."""

from collections.abc import Mapping
from typing import Any

from adversaria.commands.classes import column_of, is_class
from adversaria.data.cases import pick_word
from adversaria.data.named import GREY
from adversaria.data.raw import brings_measurement
from adversaria.vocabulary import UserError


def find_word(found: Any, word: str, name: str, acquired: Mapping[str, Any], recipe: Any) -> str:
    """Which word of the folder stands for a word of the recipe; for a class, which column."""
    if is_class(word):
        return column_of(found, word, name, recipe.name)
    names = list(found.words)
    if name in found.words:
        return name
    if "+" in name or "/" in name:
        return "+".join(_part_of(found, part, acquired) for part in name.split("+"))
    # the one image there is stands for what is wanted of a network, and for what is learned from alone
    if len(names) == 1 and (word == "target" or (word == "image" and name not in acquired)):
        return names[0]
    if name in acquired and len(names) == 1:
        return name
    if {"A", "B"} <= set(names) and word in ("source", "target"):
        return "A" if word == "source" else "B"
    try:
        return pick_word(found, name)
    except UserError:
        if name not in acquired:
            raise
    origin(found, name, acquired)
    return name


def origin(found: Any, name: str, acquired: Mapping[str, Any]) -> str:
    """The word of a folder that an acquired word is measured from, perhaps by way of others."""
    of = last = name
    while of in acquired:
        last, of = of, acquired[of][0]
    word = meant(found, of)
    if word is None:
        raise UserError(
            f"'{last}' is measured from '{of}', and the data have no such word: {found.describe()}.",
            f"Name one of these, for example --set acquire.{last}.of={next(iter(found.words))}",
        )
    return word


def meant(found: Any, name: str) -> str | None:
    """The word of a folder that a name stands for, or None."""
    try:
        return pick_word(found, name)
    except UserError:
        return None


def measurements(
    found: Any, wanted: set[str], acquired: Mapping[str, Any], brought: Mapping[str, str]
) -> dict[str, Any]:
    """Those measurements that make what is wanted and not in the folder, and what that is measured from.

    `brought` are images of the folder that stand for what a recipe would have measured: a scan is the full dose.
    """
    acquired = {name: (brought.get(of, of), measure) for name, (of, measure) in acquired.items()}
    needed = set()
    for name in wanted:
        while name in acquired and name not in found.words:
            needed.add(name)
            name = acquired[name][0]
    return {name: pair for name, pair in acquired.items() if name in needed}


def _part_of(found: Any, name: str, acquired: Mapping[str, Any]) -> str:
    """What stands for one of joined images, or for a part of an acquisition: that is made from images of a folder."""
    base, _, part = name.partition("/")
    if part == GREY:
        return f"{base if base in acquired or base in found.words else pick_word(found, base)}/{part}"
    if part and base in found.words:
        raise UserError(
            f"the data bring '{base}' itself, but not its '{part}'.",
            f"Bring raw data, or leave '{base}' out, which is then measured.",
        )
    return name if base in acquired or name in found.words else pick_word(found, name)


def measured_from(found: Any, needed: Mapping[str, Any], recipe: Any) -> str:
    """The word of a folder that everything bound is measured from."""
    if not needed:
        raise UserError(
            f"the data have none of the words that {recipe.name} binds: {found.describe()}.",
            "Bind them: --set bind.source=WORD --set bind.target=WORD.",
        )
    return next(iter(found.words)) if len(found.words) == 1 else origin(found, next(iter(needed)), needed)


def refuse_mixed(found: Any, word: str) -> None:
    """Refuse images to be measured of which some bring raw data and others do not: they would be of two kinds."""
    places = [source.path for source in found.words[word].values()] if word in found.words else []
    alone = [path for path in places if not brings_measurement(path)]
    if alone and len(alone) < len(places):
        scan = next(path for path in places if path not in alone)
        raise UserError(
            f"{alone[0]} brings no raw data, and {scan} does: a part of a measured scan and a simulated one would be "
            "mixed.",
            "Bring raw data of all cases, or images alone.",
        )
