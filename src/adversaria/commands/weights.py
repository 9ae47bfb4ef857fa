"""Fetch published weights of feature networks, which nothing does by itself."""

from pathlib import Path

from adversaria.vocabulary import UserError


def weights(
    name: str | None = None,
    *,
    output: Path | None = None,
    url: str | None = None,
    sha256: str | None = None,
    json: bool = False,
) -> list[dict[str, str]]:
    """Fetch published weights of a feature network, checked by their hash, or list them.

    Nothing is fetched unless you ask for it here; other commands take weights by path.

    Parameters
    ----------
    name
        inception, alexnet, vgg16 or vgg19; without it all are listed.
    output
        File or folder to write to; by default the file's own name in this folder.
    url
        Fetch it from here instead, for example a mirror of yours.
    sha256
        What its SHA-256 must be, or begin with (eight digits at least), if another file is meant.
    json
        Print a JSON list.
    """
    import json as encoding

    from adversaria.metrics.download import PUBLISHED, download
    from adversaria.recipes.names import near

    rows = [{"key": key, "file": found.file, "what": found.what, "url": found.url} for key, found in PUBLISHED.items()]
    if name is not None:
        if name not in PUBLISHED:
            hint = near(name, PUBLISHED) or f"There are {', '.join(PUBLISHED)}."
            raise UserError(f"there are no published weights '{name}'.", hint)
        known = PUBLISHED[name]
        place = output or Path(known.file)
        place = place / known.file if place.is_dir() else place
        rows = [{**row, "path": str(download(url or known.url, sha256 or known.sha256, place))}
                for row in rows if row["key"] == name]  # fmt: skip
    if json:
        print(encoding.dumps(rows, indent=1))
        return rows
    for row in rows:
        print(f"{row['key']:<10} {row['what']}\n{'':<10} {row.get('path') or row['url']}")
    return rows
