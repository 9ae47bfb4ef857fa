"""What `list` and `show` know without importing anything heavy: an index, tested for truth.

`python -m adversaria.recipes.index` writes it again. What was shown by running things comes from
`evidence.json`, which the benchmarks write and nobody else:

    {"games/wgan-gp": {"plays": "ok", "learns": "shown", "evidence": "benchmarks/RESULTS.md, ring, WGAN-GP: ..."}}

A key is `kind/key` of an entry. `plays` is ok or fails, `learns` shown or not shown, `evidence` the section
and row of the benchmarks' results with its number. What no benchmark has looked at is left out.
"""

import inspect
import json
from pathlib import Path
from typing import Any

INDEX = Path(__file__).parent / "index.json"
EVIDENCE = Path(__file__).parent / "evidence.json"


def entries() -> list[dict[str, Any]]:
    """Describe every member and every work from the code as it is."""
    from adversaria import classical, games, losses, metrics, networks, physics
    from adversaria.data import phantoms
    from adversaria.metrics import sets
    from adversaria.networks import layers

    found = []
    rooms: list[tuple[str, Any, tuple[str, ...]]] = [
        ("games", games, ("Game", "Adam", "RMSprop", "SGD")),
        ("networks", networks, ()),
        ("layers", layers, ()),
        ("operators", physics, ("Operator", "Sampling", "Trajectory")),
        ("classical", classical, ()),
        ("phantoms", phantoms, ("Phantom",)),
        (
            "losses",
            losses,
            (
                "Objective",
                "Penalty",
                "Augmentation",
                "FDivergence",
                "Score",
                "Terms",
                "Weighted",
                "NoPenalty",
                "NoAugmentation",
            ),
        ),
    ]
    for kind, room, apart in rooms:
        for name in room.__all__:
            member = getattr(room, name)
            if name not in apart and isinstance(member, type):
                found.append(_member(_kind(kind, member, losses), name, member))
    found += [_metric(getattr(metrics, name)) for name in metrics.__all__]
    found += [_metric(getattr(sets, name)) for name in sets.__all__]
    found += [_work(name, path) for name, path in _works().items()]
    return sorted(found, key=lambda entry: (entry["kind"], str(entry["key"]).lower(), entry["name"]))


def _kind(kind: str, member: type, losses: Any) -> str:
    if kind == "losses" and issubclass(member, losses.Objective | losses.Penalty | losses.Augmentation):
        return "objectives"
    return kind


def _member(kind: str, name: str, member: type) -> dict[str, Any]:
    lines = inspect.cleandoc(member.__doc__ or "").split("\n\n")
    return {
        "kind": kind,
        "key": getattr(member, "key", "") or name,
        "name": name,
        "summary": " ".join(lines[0].split()),
        "about": "\n\n".join(lines),
        "file": member.__module__.replace(".", "/") + ".py",
        "arguments": _arguments(member),
    }


def _arguments(member: type) -> dict[str, str]:
    found = {}
    for name, parameter in inspect.signature(member).parameters.items():
        if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
            continue
        empty = parameter.default is inspect.Parameter.empty
        default = parameter.default
        plain = default is None or isinstance(default, int | float | str | tuple)
        found[name] = "required" if empty else repr(default) if plain else f"{type(default).__name__}"
    return found


def _metric(metric: Any) -> dict[str, Any]:
    return {
        "kind": "metrics",
        "key": metric.key,
        "name": metric.name,
        "summary": " ".join((metric.function.__doc__ or "").split("\n")[0].split()),
        "about": inspect.cleandoc(metric.function.__doc__ or ""),
        "better": metric.better,
        "unit": metric.unit,
        "range": metric.range,
        "needs": list(metric.needs),
        "paper": metric.paper,
        "dims": list(metric.dims),
        "per": "case" if metric.level == "case" else "set",
        "file": metric.function.__module__.replace(".", "/") + ".py",
    }


def _works() -> dict[str, Path]:
    from adversaria.recipes.recipe import shipped

    return shipped()


def _work(name: str, path: Path) -> dict[str, Any]:
    from adversaria.recipes.yaml import read

    tree = read(path.read_text(encoding="utf-8"), path.name)
    work, seed = tree.get("work", {}), tree.get("seed", {})
    return {
        "kind": "works" if path.parent.name == "works" else "recipes",
        "key": name,
        "name": name,
        "summary": work.get("title") or f"reference recipe: {work.get('cite')}",
        "cite": work.get("cite"),
        "title": work.get("title"),
        "doi": work.get("doi"),
        "arxiv": work.get("arxiv"),
        "venue": work.get("venue"),
        "table": work.get("table"),
        "task": work.get("task"),
        "modality": work.get("modality"),
        **{fact: seed.get(fact) for fact in ("losses", "datasets", "measures", "paired")},
        "assumed": tree.get("assumed", []),
        "departs": tree.get("departs", []),
        "recipe": f"recipes/{path.parent.name}/{path.name}",
        "game": (tree["stages"][-1] if "stages" in tree else tree)["game"].tag,
    }


def main() -> None:
    """Write `index.json`."""
    INDEX.write_text(json.dumps(entries(), indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
