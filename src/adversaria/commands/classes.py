"""The classes of the user's cases: which column they stand in, what they are called, whether each can be learned."""

from collections.abc import Mapping, Sequence

from adversaria.data.cases import Case
from adversaria.data.found import Found
from adversaria.vocabulary import WORDS, UserError


def is_class(word: str) -> bool:
    """Whether a word of a batch is the class of a case."""
    return WORDS[word].unit == "class index"


def names_of(found: Found, bind: Mapping[str, str]) -> dict[str, list[str]]:
    """The names of the classes of each word that is one, in the order of their numbers."""
    return {word: found.class_names(name) for word, name in bind.items() if is_class(word)}


def without_class(found: Found, bind: Mapping[str, str]) -> list[str]:
    """Say how many cases have no class."""
    total = max(len(names) for names in found.words.values())
    counts = {name: total - len(found.classes[name]) for word, name in bind.items() if is_class(word)}
    return [f"{count} of {total} cases have no {name}" for name, count in counts.items() if count]


def refuse_missing(found: Found, column: str, training: Sequence[Case]) -> None:
    """Refuse a class that no training case has."""
    seen = {case.numbers[column] for case in training}
    names = found.class_names(column)
    lacking = [name for number, name in enumerate(names) if number not in seen]
    if lacking:
        count = list(found.classes[column].values()).count(lacking[0])
        raise UserError(
            f"no training case has the {column} '{lacking[0]}' ({count} of all cases have it).",
            "Bring more cases of this class, leave it out, or take another --seed for the split.",
        )


def column_of(found: Found, word: str, name: str, recipe: str) -> str:
    """The column of classes of this name, or the only one."""
    if name in found.classes:
        return name
    if len(found.classes) == 1:
        return next(iter(found.classes))
    raise UserError(
        f"{recipe} reads the class of each case as '{word}', and the data have no column '{name}': {found.describe()}.",
        f"Write a manifest.csv with the columns image,{name}, or name another column: --set bind.{word}=COLUMN.",
    )
