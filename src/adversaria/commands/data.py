"""Looking at data before training: what was recognised, what cannot be used, how it will be split."""

from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter


def check(folder: Path, *, volumes: bool = False, json: bool = False, quiet: bool = False) -> list[dict[str, str]]:
    """List all bad images of a folder, each with the reason and the remedy.

    Recognised layouts: manifest.csv (one column a word, and case, subject); nnU-Net raw; Decathlon
    dataset.json; trainA/ trainB/; BIDS; one folder a subject; one folder a word; one DICOM series; loose
    files. Raw data are read too: .cfl with .hdr, HDF5 as fastMRI or tomopy store it, and sinograms (.npy,
    NIfTI) with NAME.geometry.json. Exit code 2 if an image cannot be read.

    Parameters
    ----------
    folder
        The folder, a file, or a manifest.
    volumes
        Also refuse what a 3D game refuses: uneven steps, tilted gantries, single slices.
    json
        Print a JSON list.
    quiet
        No progress.
    """
    import json as encoding

    from adversaria.commands.progress import progress
    from adversaria.data.folders import recognise
    from adversaria.vocabulary import UserError

    found = recognise(folder)
    places = [source for names in found.words.values() for source in names.values()]
    rows: list[dict[str, str]] = []
    with progress("checking", quiet) as tick:
        for number, place in enumerate(places):
            rows += _looked(place, volumes)
            tick(number + 1, len(places))
    bad = [row for row in rows if row["state"] == "bad"]
    if json:
        print(encoding.dumps(rows, indent=1))
    else:
        print(f"recognised {found.describe()}")
        for row in rows:
            print(
                f"{row['state']}: {row['file']}: {row['reason']}\n  {row['remedy']}"
                if row["remedy"]
                else f"{row['state']}: {row['file']}: {row['reason']}"
            )
        print(f"{len(places)} images, {len(bad)} bad, {len(rows) - len(bad)} with a remark")
    if bad:
        raise UserError(f"{len(bad)} of {len(places)} images cannot be used.", "Mend or remove those listed above.")
    return rows


def _looked(source: Any, volumes: bool) -> list[dict[str, str]]:
    import numpy as np

    from adversaria.data.raw import described
    from adversaria.data.read import read_source
    from adversaria.vocabulary import UserError

    place = source.path
    try:
        image = read_source(source, require_volume=volumes)
    except UserError as error:
        return [{"file": str(place), "state": "bad", "reason": error.message, "remedy": error.remedy}]
    texts = [text for text in (described(image), *image.warnings) if text]
    rows = [{"file": str(place), "state": "remark", "reason": text, "remedy": ""} for text in texts]
    if float(np.ptp(image.array)) == 0:
        rows.append(
            {
                "file": str(place),
                "state": "remark",
                "reason": "it is constant",
                "remedy": "It will be excluded.",
            }
        )
    return rows


def show(folder: Path, *, output: Annotated[Path, Parameter(name=["--output", "-o"])] = Path("data.png")) -> Path:
    """Draw the middle slice of the first images of every word into one picture, and print their facts.

    Parameters
    ----------
    folder
        The folder, a file, or a manifest.
    output
        The PNG file to write.
    """
    import numpy as np

    from adversaria.data.folders import recognise
    from adversaria.data.read import read_source
    from adversaria.tasks.pictures import middle, strip

    found = recognise(folder)
    print(f"recognised {found.describe()}")
    rows = []
    for word, names in found.words.items():
        row = []
        for source in list(names.values())[:6]:
            image = read_source(source)
            low, high = np.percentile(image.array, [1, 99])
            size = "x".join(map(str, image.array.shape))
            print(f"{word}: {size}, {image.unit}, {image.dtype}, {image.spacing} mm, 1-99 % {low:g} to {high:g}")
            plane = middle(image.array, image.axes)
            row.append(_fitted(plane if plane.ndim == 2 else plane.mean(-1), float(low), float(high)))
        rows.append(row)
    width = max(len(row) for row in rows)
    blank = np.zeros_like(rows[0][0])
    strip([row + [blank] * (width - len(row)) for row in rows], 0.0, 1.0, output, "adversaria data show")
    print(output)
    return output


def _fitted(plane: Any, low: float, high: float, side: int = 192) -> Any:
    """Scale a slice into a square tile."""
    import numpy as np
    from skimage.transform import resize

    scaled = np.clip((np.asarray(plane, np.float64) - low) / max(high - low, 1e-9), 0, 1)
    ratio = side / max(scaled.shape)
    small = resize(scaled, [max(1, round(s * ratio)) for s in scaled.shape], anti_aliasing=True)
    tile = np.zeros((side, side), np.float32)
    tile[: small.shape[0], : small.shape[1]] = small
    return tile


def split(folder: Path, *, seed: int = 0) -> dict[str, int]:
    """Say how the subjects of a folder would be split into training, validation and test.

    Parameters
    ----------
    folder
        The folder, a file, or a manifest.
    seed
        Seed of the split.
    """
    from adversaria.data.folders import recognise
    from adversaria.data.split import by_part, by_slices, by_subject

    found = recognise(folder)
    print(f"recognised {found.describe()}")
    counts: dict[str, int] = {}
    for word, names in found.words.items():
        subjects = [source.subject for source in names.values()]
        if found.parts:
            made = by_part(subjects, found.parts)
        elif len(set(subjects)) == 1:
            from adversaria.data.read import read_image

            image = read_image(next(iter(names.values())).path)
            made = by_slices(range(image.array.shape[-1] if image.array.ndim == 4 else 1))
        else:
            made = by_subject(subjects, seed)
        counts |= {f"{word}/{part}": len(indices) for part, indices in made.cases.items()}
        rule = made.rule.replace("by subject", "by file") if found.loose else made.rule
        print(f"{word}: {rule}")
    return counts


def phantom(
    name: str,
    *,
    count: Annotated[int, Parameter(name=["--count", "-n"])] = 20,
    output: Annotated[Path, Parameter(name=["--output", "-o"])],
    size: int | None = None,
    dims: int = 2,
    seed: int = 0,
    quiet: bool = False,
) -> list[Path]:
    """Write a phantom data set: one folder a subject with images, label maps and the truth as JSON.

    Parameters
    ----------
    name
        Name of a phantom (`adversaria list phantoms`).
    count
        How many subjects.
    output
        Folder to write into.
    size
        Voxels a side.
    dims
        2 (PNG would lose values, so TIFF is written) or 3 (NIfTI).
    seed
        Seed of the population.
    quiet
        No progress.
    """
    import numpy as np

    from adversaria.commands.progress import progress
    from adversaria.data import phantoms
    from adversaria.data.image import Image
    from adversaria.data.write import Mark, write_image
    from adversaria.recipes.names import near
    from adversaria.run import write_json
    from adversaria.vocabulary import UserError

    names = [n for n in phantoms.__all__ if n != "Phantom"]
    if name not in names:
        raise UserError(f"there is no phantom '{name}'.", near(name, names) or f"There are {', '.join(names)}.")
    possible = getattr(phantoms, name).dimensions()
    if dims not in possible:
        said = " or ".join(map(str, possible))
        raise UserError(f"{name} has {said} dimensions, not {dims}.", f"Give --dims {possible[0]}.")
    maker = getattr(phantoms, name)(dims=dims, seed=seed, **({"size": size} if size else {}))
    mark = Mark(model=f"phantom {name}", run=f"seed {seed}", kind="synthetic")
    written = []
    with progress("making phantoms", quiet) as tick:
        for subject in range(count):
            case, truth = maker.case(subject), {}
            for word, value in case.items():
                if isinstance(value, np.ndarray) and value.ndim == dims + 1:
                    ending = ".tif" if dims == 2 else ".nii.gz"
                    image = Image(
                        np.asarray(value, np.float32),
                        maker.affine(),
                        maker.spacings(),
                        maker.units.get(word, ""),
                    )
                    written.append(write_image(image, output / f"subject-{subject:04d}" / f"{word}{ending}", mark))
                else:
                    truth[word] = value.tolist() if isinstance(value, np.ndarray) else value
            write_json(output / f"subject-{subject:04d}" / "truth.json", truth)
            tick(subject + 1, count)
    print(f"{count} subjects in {output}")
    return written
