"""The header of ISMRMRD data (Inati et al. 2017): a little XML, read without entities."""

from typing import Any
from xml.parsers import expat

from adversaria.data.decoders.result import Refused

_LARGEST = 2**20
_SIDES = ("x", "y", "z")


def header_facts(text: Any) -> dict[str, Any]:
    """Give `matrix` and `fov_mm` of the encoded space, and `trajectory`, as far as they are stated.

    A document type, which is what entities need, is refused.
    """
    data = text if isinstance(text, bytes) else str(text).encode()
    if len(data) > _LARGEST:
        raise Refused(f"its ISMRMRD header is {len(data)} bytes long")
    found: dict[str, str] = {}
    path: list[str] = []

    def start(name: str, attributes: dict[str, str]) -> None:
        path.append(name.rpartition(":")[2])
        if len(path) > 64:
            raise Refused("its ISMRMRD header is nested too deeply")

    def end(name: str) -> None:
        path.pop()

    def inside(words: str) -> None:
        key = "/".join(path[-4:])
        if key.startswith("encoding/") and len(found.get(key, "")) < 64:
            found[key] = found.get(key, "") + words.strip()

    def declared(*anything: Any) -> None:
        raise Refused("its ISMRMRD header declares a document type", "Remove the DOCTYPE from the header.")

    parser = expat.ParserCreate()
    parser.StartElementHandler, parser.EndElementHandler = start, end
    parser.CharacterDataHandler, parser.StartDoctypeDeclHandler = inside, declared
    try:
        parser.Parse(data.rstrip(b"\0"), True)
    except expat.ExpatError as error:
        raise Refused(f"its ISMRMRD header is not XML: {error}") from None
    return _facts(found)


def _facts(found: dict[str, str]) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    for name, place in (("matrix", "matrixSize"), ("fov_mm", "fieldOfView_mm")):
        try:
            facts[name] = [float(found[f"encoding/encodedSpace/{place}/{side}"]) for side in _SIDES]
        except (KeyError, ValueError):
            continue
    return facts
