"""RESULTS.md and the evidence about members, from what the sections found."""

from typing import Any

from benchmarks.result import markdown

ABOUT = """# Benchmark results

Written by `python -m benchmarks` (or `make bench`); never by hand. What is kept in `results.json` is not run again
unless it is named: `python -m benchmarks NAME...`. Peers are installed by
`pip install --no-deps -r benchmarks/requirements.txt`.

Speed is CPU time of one thread, ours and the peer's in turn (A B, B A, ...), the first call of each thrown away. A
ratio is the median of the ratios of rounds, with the smallest and the largest; where they differ by more than a fifth,
more rounds are made. Between 0.95 and 1.05 there is no difference. The machine is shared, so wall times say little. A
goal that is not reached says MISSED.
"""


def page(kept: dict[str, Any]) -> str:
    """Write the page."""
    parts = [ABOUT, environment(kept), "## Goals\n\n" + goals(kept)]
    parts += [section(name, found) for name, found in kept.items()]
    return "\n\n".join(part.strip() for part in parts) + "\n"


def environment(kept: dict[str, Any]) -> str:
    """Name machines and versions, each once."""
    machines = dict.fromkeys(f"{found['machine']}; Python {found['python']}" for found in kept.values())
    versions = dict.fromkeys(
        ", ".join(f"{name} {number}" for name, number in found["versions"].items()) for found in kept.values()
    )
    return "\n".join([f"Machine: {text}." for text in machines] + [f"Versions: {text}." for text in versions])


def goals(kept: dict[str, Any]) -> str:
    """Put all goals into one table; the missed ones are counted first."""
    found = [(name, goal) for name, section in kept.items() for goal in section.get("goals", [])]
    missed = [goal for _, goal in found if not goal["met"]]
    failed = [name for name, section in kept.items() if "failed" in section]
    said = f"{len(found) - len(missed)} of {len(found)} goals are met"
    said += f", {len(missed)} MISSED." if missed else "."
    said += f" Failed sections: {', '.join(failed)}." if failed else ""
    rows = [
        [goal["name"], goal["wanted"], goal["found"], ("met" if goal["met"] else "MISSED"), goal["why"], name]
        for name, goal in found
    ]
    return said + "\n\n" + markdown(("what", "goal", "found", "", "remark", "section"), rows)


def section(name: str, found: dict[str, Any]) -> str:
    """Write one section."""
    if "failed" in found:
        return f"## {name}\n\nFAILED: {found['failed']}"
    command = f"`python -m benchmarks {name}`"
    run = f"{command}, {found['date']}, {found['wall_s']} s, load average {found['load']} at its end."
    notes = "\n".join(f"- {note}" for note in found["notes"])
    parts = [f"## {name}: {found['title']}", found["how"], run, markdown(found["head"], found["rows"]), notes]
    return "\n\n".join(part for part in parts if part)
