"""BART's pairs of files: dimensions in words in `.hdr`, complex numbers in `.cfl`, first axis fastest."""

from pathlib import Path

from adversaria.data.decoders.result import Decoded, Part, Refused, bounded

_HEADER = 64 * 1024
_AXES = 16
_NAMED = {3: "coils", 4: "maps"}


def decode(path: Path, pixels: bool = True) -> Decoded:
    """Find the values of a .cfl file as the part `values`: (x, y, z, coils, maps), whatever has one element too."""
    shape = dimensions(path.with_suffix(".hdr"))
    several = [axis for axis, size in enumerate(shape) if size > 1 and axis > 4]
    if several:
        raise Refused(
            f"it has {shape[several[0]]} elements along BART's dimension {several[0]}",
            "Split it, for example with `bart slice`: space, coils and maps are read.",
        )
    size = bounded(shape, 8)
    length = path.stat().st_size
    if length != size:
        cut = "truncated" if length < size else "longer than its header says"
        raise Refused(f"it is {cut}: {length} of {size} bytes are there", "Copy both of its files again.")
    facts = {"kind": "cfl", "shape": shape[:5]}
    return Decoded(None, facts, parts={"values": Part("<c8", shape[:5], 0, "F")} if pixels else {})


def dimensions(header: Path) -> tuple[int, ...]:
    """Read the sizes along BART's dimensions, at least five."""
    if not header.is_file():
        raise Refused(f"its header {header.name} is missing", f"Copy {header.name} beside it: the two belong together.")
    with open(header, "rb") as file:
        lines = file.read(_HEADER).decode("ascii", "replace").splitlines()
    for title, line in zip(lines, lines[1:], strict=False):
        if title.strip() == "# Dimensions":
            words = line.split()
            if not words or len(words) > _AXES or not all(word.isdigit() and len(word) < 10 for word in words):
                break
            found = tuple(int(word) for word in words)
            return found + (1,) * (5 - len(found))
    raise Refused(f"its header {header.name} states no dimensions", "Write it again with BART.")
