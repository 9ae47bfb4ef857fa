"""Strict reading of one YAML document: data, never code.

Plain values, mappings, lists, and local tags `!Name` before a mapping. No aliases, anchors, merges,
duplicate keys or other tags; YAML 1.2 scalars (`2e-4` is a number, `off` a word, `012` twelve); bounded
size and depth.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import yaml

from adversaria.vocabulary import UserError

LARGEST = 64 * 1024
DEEPEST = 20
LONGEST = 4096
_INT, _FLOAT = re.compile(r"[-+]?[0-9]+"), re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_UNPRINTABLE = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")
_WORDS = {"true": True, "True": True, "false": False, "False": False, "null": None, "~": None, "": None}
_TAG = re.compile(r"!(?:\./[A-Za-z0-9_]+\.py:)?[A-Za-z][A-Za-z0-9_]*")


@dataclass
class Node:
    """A tagged mapping: the name of a member, its arguments, and where it stands."""

    tag: str
    arguments: dict[str, Any] = field(default_factory=dict)
    line: int = field(default=0, compare=False)


def nodes(value: Any) -> list[Node]:
    """List the nodes of a tree, each before those among its arguments."""
    if isinstance(value, Node):
        return [value, *nodes(value.arguments)]
    if isinstance(value, dict):
        return [node for part in value.values() for node in nodes(part)]
    if isinstance(value, list):
        return [node for part in value for node in nodes(part)]
    return []


def _line(event: Any) -> int:
    return int(event.start_mark.line) + 1


class Reader:
    """Turns the events of one document into plain values and nodes."""

    def __init__(self, text: str, name: str):
        self.name = name
        if len(text.encode("utf-8", "replace")) > LARGEST:
            raise UserError(f"{name} is larger than {LARGEST // 1024} KiB.", "A recipe is small; take data out of it.")
        self.events: Iterator[Any] = yaml.parse(text, Loader=yaml.SafeLoader)

    def read(self) -> Any:
        """Read the document."""
        try:
            return self._document()
        except yaml.YAMLError as error:
            mark = getattr(error, "problem_mark", None)
            place = f"{self.name}:{mark.line + 1}" if mark else self.name
            problem = getattr(error, "problem", None) or "it cannot be read"
            raise UserError(f"{place}: this is not YAML: {problem}.", "Check the indentation and quotes.") from None
        except (RecursionError, ValueError, UnicodeError) as error:
            raise UserError(f"{self.name} cannot be read: {error}.", "Write it anew, as plain YAML.") from None

    def _document(self) -> Any:
        self._expect(yaml.StreamStartEvent)
        start = next(self.events)
        if isinstance(start, yaml.StreamEndEvent):
            raise UserError(f"{self.name} is empty.", "See `adversaria show yang-2017b` for a recipe.")
        value = self._value(next(self.events), 1)
        self._expect(yaml.DocumentEndEvent)
        if not isinstance(next(self.events), yaml.StreamEndEvent):
            raise UserError(f"{self.name} holds more than one document.", "Keep one recipe a file.")
        return value

    def _expect(self, kind: type) -> None:
        event = next(self.events)
        if not isinstance(event, kind):
            raise self.wrong(event, "something unexpected stands here")

    def wrong(self, event: Any, what: str, remedy: str = "Recipes are plain data.") -> UserError:
        """Make the error for an event."""
        return UserError(f"{self.name}:{_line(event)}: {what}.", remedy)

    def _value(self, event: Any, depth: int) -> Any:
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None):
            raise self.wrong(event, "aliases and anchors are not allowed", "Write the value out.")
        if depth > DEEPEST:
            raise self.wrong(event, f"the recipe is nested deeper than {DEEPEST}")
        tag = self._tag(event)
        if isinstance(event, yaml.ScalarEvent):
            value = self._scalar(event)
            if tag is None:
                return value
            if value is not None:
                raise self.wrong(event, f"{tag} takes named arguments", f"Write {tag} {{name: value}}.")
            return Node(tag[1:], {}, _line(event))
        if isinstance(event, yaml.SequenceStartEvent):
            if tag is not None:
                raise self.wrong(event, f"{tag} takes named arguments, not a list", f"Write {tag} {{name: value}}.")
            return self._list(depth)
        mapping = self._mapping(depth)
        return mapping if tag is None else Node(tag[1:], mapping, _line(event))

    def _tag(self, event: Any) -> str | None:
        tag = event.tag
        if tag in (None, "!") and not isinstance(event, yaml.ScalarEvent):
            return None
        if tag is None or (tag == "!" and not event.implicit[0]):
            return None
        if not _TAG.fullmatch(tag):
            raise self.wrong(event, f"the tag {tag[:60]!r} is not allowed", "A tag is the name of a member, as !UNet.")
        return str(tag)

    def _list(self, depth: int) -> list[Any]:
        values = []
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            values.append(self._value(event, depth + 1))
        return values

    def _mapping(self, depth: int) -> dict[str, Any]:
        found: dict[str, Any] = {}
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            if not isinstance(event, yaml.ScalarEvent) or event.tag or event.anchor:
                raise self.wrong(event, "a key must be a plain word")
            name = event.value
            if name == "<<" or not name or len(name) > 200 or not name.isprintable():
                raise self.wrong(event, f"{name[:40]!r} cannot be a key")
            if name in found:
                raise self.wrong(event, f"the key '{name}' stands twice", "Keep one of them.")
            found[name] = self._value(next(self.events), depth + 1)
        return found

    def _scalar(self, event: Any) -> Any:
        text = event.value
        if len(text) > LONGEST or any(ord(c) < 32 and c not in "\n\t" or 0xD800 <= ord(c) < 0xE000 for c in text):
            raise self.wrong(event, "a text is too long or holds control characters")
        if event.style is not None:
            return text
        try:
            return plain(text)
        except UserError as error:
            raise self.wrong(event, error.message.rstrip("."), error.remedy) from None


def plain(text: str) -> Any:
    """Give the YAML 1.2 value of an unquoted scalar."""
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text) and len(text) < 20:
        return int(text)
    if _FLOAT.fullmatch(text) and len(text) < 40:
        number = float(text)
        if math.isinf(number):
            raise UserError(f"the number {text} is too large.", "Write a smaller one.")
        return number
    return text


def read(text: str, name: str) -> Any:
    """Read one YAML document strictly; `name` stands in errors."""
    return Reader(text, name).read()


def write(value: Any, indent: int = 0) -> str:
    """Write plain values and nodes as YAML that `read` reads back equal."""
    if isinstance(value, Node):
        body = value.arguments
        return f"!{value.tag} {{}}\n" if not body else f"!{value.tag}\n{_block(body, indent)}"
    if isinstance(value, dict):
        return "{}\n" if not value else f"\n{_block(value, indent)}"
    if isinstance(value, list | tuple):
        if any(isinstance(v, Node | dict | list | tuple) for v in value):
            return "\n" + "".join(f"{' ' * indent}- {write(v, indent + 2).lstrip()}" for v in value)
        return "[" + ", ".join(_scalar(v) for v in value) + "]\n"
    return _scalar(value) + "\n"


def _block(mapping: dict[str, Any], indent: int) -> str:
    lines = []
    for name, value in mapping.items():
        written = write(value, indent + 2)
        lines.append(f"{' ' * indent}{name}:{written if written.startswith(chr(10)) else ' ' + written}")
    return "".join(lines)


def _scalar(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return repr(value)
    text = str(value)
    simple = re.fullmatch(r"[A-Za-z_][A-Za-z0-9_.\-]*", text) and plain(text) == text
    if simple:
        return text
    import json

    quoted = json.dumps(text, ensure_ascii=False)
    return re.sub(_UNPRINTABLE, lambda found: f"\\u{ord(found[0]):04x}", quoted)
