"""What was shown about each member: the sections of RESULTS.md joined with the benchmarks that have pages of their own.

Keys are `kind/key` of an entry of the index. `learns` is shown where one benchmark shows it; the words are those of
`adversaria list --json`.
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
Facts = dict[str, str]

MODES = {
    "gan": ("games/vanilla-gan", "objectives/non-saturating"),
    "r1": ("objectives/r1",),
    "wgan-gp": ("games/wgan-gp", "objectives/wgan-gp"),
    "wgan-gp-0.1": ("games/wgan-gp", "objectives/wgan-gp"),
    "hinge+sn": ("objectives/hinge-gan", "recipes/spectral-norm"),
    "lsgan+sn": ("objectives/lsgan",),
    "wgan": ("games/wgan", "objectives/wgan"),
    "minimax": ("objectives/vanilla-gan",),
    "adversarial-autoencoder": ("games/adversarial-autoencoder",),
    **{name: (f"games/{name}",) for name in ("ebgan", "began", "ali", "bigan", "infogan", "catgan")},
    "f-gan-pearson": ("games/f-gan", "objectives/f-gan-pearson"),
    **{
        f"f-gan-{name}": (f"objectives/f-gan-{name.removesuffix('+r1')}",)
        for name in (
            "js",
            "gan",
            "kl",
            "kl+r1",
            "reverse-kl",
            "reverse-kl+r1",
            "hellinger",
            "hellinger+r1",
            "total-variation",
            "total-variation+r1",
        )
    },
}
IMAGES = {
    "residual-gan": ("recipes/residual-gan",),
    "sgan": ("games/sgan", "recipes/stacked"),
    "spade": ("recipes/spade",),
    "pix2pixhd": ("recipes/pix2pixhd",),
    **{
        name: (f"games/{name}", f"recipes/{name}")
        for name in ("lapgan", "pggan", "stylegan", "biggan", "vaegan", "unit", "discogan", "context-encoder")
    },
}
# what the entry of a game of `translation.json` is called, where it is not its own name
PURPOSES = {
    "adversarial-segmentation": "sem-seg-adversarial",
    "attngan": "attngan",
    "caption": "caption-gan",
    "cascade": "cascade-cgan",
    "collagan": "collagan",
    "coupled": "coupled-gan",
    "domain-adversarial": "domain-adversarial",
    "location": "location-conditional",
    "registration": "registration-gan",
    "segan": "segan",
    "simgan": "simgan-refiner",
    "srgan": "srgan",
    "stackgan": "text-conditional",
    "x2ct": "x2ct",
}


def gathered(kept: Mapping[str, Any]) -> dict[str, Facts]:
    """Join all; a member that one benchmark shows to learn is not unshown by another."""
    joined: dict[str, Facts] = {}
    sections = ((member, dict(facts)) for found in kept.values() for member, facts in found.get("evidence", {}).items())
    for source in (sections, of_modes(), of_images(), of_purposes(), of_consistency(), of_works()):
        for member, facts in source:
            known = joined.setdefault(member, {})
            if known.get("learns") == "shown" and facts.get("learns") == "not shown":
                facts = {word: said for word, said in facts.items() if word == "plays"}
            known |= facts
    return dict(sorted(joined.items()))


def read(name: str) -> Any:
    """The rows of a benchmark, if it has been run."""
    path = HERE / name
    return json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []


def facts(learned: bool, said: str) -> Facts:
    """What is written of a member that has been played."""
    return {"plays": "ok", "learns": "shown" if learned else "not shown", "evidence": said}


def of_modes() -> Iterator[tuple[str, Facts]]:
    """The ring: seven of eight modes in four of five seeds, with six tenths of good samples."""
    rows = (read("modes.json") or {"rows": []})["rows"]
    for name, members in MODES.items():
        mine = [row for row in rows if (row["name"], row["problem"]) == (name, "ring")]
        good = sum(row["modes"] >= 7 and row["good"] >= 0.6 for row in mine)
        if len(mine) < 5:
            continue
        modes = ", ".join(str(row["modes"]) for row in sorted(mine, key=lambda row: int(row["seed"])))
        shares = sorted(row["good"] for row in mine)
        said = f"benchmarks/MODES.md, ring, {name}: {modes} of 8 modes, {shares[0]:.0%} to {shares[-1]:.0%} good"
        yield from ((member, facts(good >= 4, said)) for member in members)


def of_images() -> Iterator[tuple[str, Facts]]:
    """Image level: below the mean image with noise and below blurred images, with enough recall."""
    for row in read("images.json"):
        bars = f"blurred {row['blurred']:.3g}, mean and noise {row['mean and noise']:.3g}, recall {row['recall']:.2f}"
        said = f"benchmarks/IMAGES.md: distance {row['distance']:.3g} ({bars})"
        yield from ((member, facts(row.get("learned", False), said)) for member in IMAGES.get(row["key"], ()))


def of_purposes() -> Iterator[tuple[str, Facts]]:
    """Games at their own purpose, half a minute and one run: better than every baseline."""
    rows = read("translation.json") or {}
    for name, key in PURPOSES.items():
        if name in rows:
            row = rows[name]
            sign = 1 if row["better"] == "higher" else -1
            learned = all(sign * row["value"] > sign * other for other in row["baselines"].values())
            beside = ", ".join(f"{what} {value:.3g}" for what, value in row["baselines"].items())
            said = f"benchmarks/PURPOSES.md, one run: {row['measure']} {row['value']:.3g} ({beside})"
            yield f"games/{key}", facts(learned, said)


def of_consistency() -> Iterator[tuple[str, Facts]]:
    """Data consistency: better than the zero-filled image, or than the same network without it, by the interval."""
    from adversaria.metrics.statistics import paired

    rows = read("consistency.json") or {}
    found = {row: {method: scores["psnr"] for method, scores in facts["scores"].items()} for row, facts in rows.items()}
    for row, against, other in (("mr", "mr", "zero-filled"), ("ct", "ct-image-only", "image only")):
        if row in found and against in found:
            ours, theirs = found[row]["consistency"], found[against][other]
            gain = paired([ours[case] for case in theirs], [theirs[case] for case in theirs])
            said = f"benchmarks/CONSISTENCY.md: PSNR, consistency - {other}: {gain} dB on {gain.n} unseen phantoms"
            yield f"recipes/{row}-consistency", facts(gain.low is not None and gain.low > 0, said)


def of_works() -> Iterator[tuple[str, Facts]]:
    """Works at their own purpose, as WORKS.md says."""
    for key, row in (read("works.json") or {}).items():
        beside = ", ".join(f"{what} {value:.3g}" for what, value in row["baselines"].items())
        said = f"benchmarks/WORKS.md: {row['measure']} {row['value']:.3g} ({beside})"
        yield f"works/{key}", facts(row["beats_baselines"], said)
