"""Reading volumes against MONAI's LoadImage, with the guard on (B12), and cached pairs against plain PIL (B13)."""

import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import torch
from PIL import Image as Picture

from adversaria.data import guard
from adversaria.data.cases import paired
from adversaria.data.feed import PatchFeed, Stream
from adversaria.data.folders import recognise
from adversaria.data.intensity import Window
from adversaria.data.phantoms import Brain, TorsoCT
from adversaria.data.prepare import Plan, prepare_all
from adversaria.data.read import read_image
from benchmarks.result import Found
from benchmarks.timing import Ratio, compare, repeated, time_with

GOALS = {"DICOM": 5.0, ".nii.gz": 1.5, ".nii": 5.0}
SIDE, SLICES = 512, 64
PAIRS, LARGE, SMALL = 64, 286, 256


def section() -> Found:
    """B12."""
    with TemporaryDirectory() as scratch:
        begun = time.perf_counter()
        files = written(Path(scratch))
        read_image(files[0][1])
        started = time_to_start(files[-1][1])
        ratios, notes = [], []
        for name, path in files:
            ratios.append(of(name, path))
            notes.append(agreement(name, path))
        notes.append(f"The guard's child process starts once: {started:.2f} s of CPU time before the first file.")
        notes.append(f"Writing the files took {time.perf_counter() - begun:.0f} s; they lie in the page cache.")
    return Found(
        "Reading volumes",
        "`read_image`, guard process on and its CPU time counted, into float32 in physical units with the check for "
        "values that are not numbers, against `monai.transforms.LoadImage(image_only=True)`, which is given the same "
        "file and chooses its own reader. Volumes made of phantoms, 16 bits a voxel.",
        (*Ratio.HEAD,),
        [ratio.row() for ratio in ratios],
        [goal for ratio in ratios if (goal := ratio.judged())],
        notes,
    )


def written(folder: Path) -> list[tuple[str, Path]]:
    """Write one volume in each format."""
    plane = TorsoCT(size=SIDE).case(0)["ct"][0]
    noise = np.random.default_rng(0)
    slices = [np.round(plane + 10 * noise.standard_normal(plane.shape)) for _ in range(SLICES)]
    whole, narrow = folder / "ct16", folder / "ct12"
    series(whole, slices, bits=16)
    series(narrow, slices, bits=12)
    import nibabel

    brain = Brain(size=128, dims=3).case(0)["t1"][0]
    volume = np.round(brain / brain.max() * 4000).astype(np.int16)
    volume = np.tile(volume, (2, 2, 1))
    for name in ("t1.nii.gz", "t1.nii"):
        nibabel.save(nibabel.Nifti1Image(volume, np.diag([1.0, 1, 1, 1])), folder / name)
    return [
        (f"B12 DICOM series, {SLICES} slices {SIDE}x{SIDE}, 16 of 16 bits", whole),
        (f"B12 DICOM series, {SLICES} slices {SIDE}x{SIDE}, 12 of 16 bits", narrow),
        ("B12 .nii.gz, 256x256x128, int16", folder / "t1.nii.gz"),
        ("B12 .nii, 256x256x128, int16", folder / "t1.nii"),
    ]


def series(folder: Path, slices: list[Any], bits: int) -> None:
    """Write an uncompressed CT series: signed words that are filled (16), or unsigned ones that are not (12)."""
    from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
    from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian, generate_uid

    folder.mkdir()
    one, frame, inter = generate_uid(), generate_uid(), 0 if bits == 16 else -1024
    for number, plane in enumerate(slices):
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID, meta.TransferSyntaxUID = CTImageStorage, ExplicitVRLittleEndian
        meta.MediaStorageSOPInstanceUID = generate_uid()
        data: Dataset = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
        data.SOPClassUID, data.SOPInstanceUID = CTImageStorage, meta.MediaStorageSOPInstanceUID
        data.Modality, data.PatientID, data.SeriesInstanceUID, data.FrameOfReferenceUID = "CT", "phantom", one, frame
        data.InstanceNumber, data.ImagePositionPatient = number + 1, [0, 0, 2 * number]
        data.ImageOrientationPatient, data.PixelSpacing, data.SliceThickness = [1, 0, 0, 0, 1, 0], [0.7, 0.7], 2
        data.Rows, data.Columns, data.SamplesPerPixel = *plane.shape, 1
        data.PhotometricInterpretation, data.PixelRepresentation = "MONOCHROME2", int(bits == 16)
        data.BitsAllocated, data.BitsStored, data.HighBit = 16, bits, bits - 1
        data.RescaleSlope, data.RescaleIntercept, data.RescaleType = 1, inter, "HU"
        stored = (plane - inter).clip(-32768 if bits == 16 else 0, 32767 if bits == 16 else 4095)
        data.PixelData = stored.astype("<i2" if bits == 16 else "<u2").tobytes()
        data.save_as(folder / f"{number:03d}.dcm", enforce_file_format=True)


def child() -> int:
    """The number of the guard's child process."""
    assert guard._GUARD.process is not None
    return guard._GUARD.process.pid


def time_to_start(path: Path) -> float:
    """CPU seconds of a fresh guard from nothing to its first small answer."""
    fresh = guard.Guard()
    fresh.ask(path, pixels=False)
    assert fresh.process is not None
    seconds = time.clock_gettime((~fresh.process.pid << 3) | 2)
    fresh.stop()
    return seconds


def of(name: str, path: Path) -> Ratio:
    """Compare on one file or series."""
    goal = next(value for key, value in GOALS.items() if key in name)
    load = theirs()
    return compare(name, "MONAI LoadImage", lambda: read_image(path), lambda: load(path), 7, goal, time_with(child))


def theirs() -> Callable[[Path], Any]:
    """MONAI's loader with its own choice of reader."""
    from monai.transforms import LoadImage

    return LoadImage(image_only=True)


def agreement(name: str, path: Path) -> str:
    """Compare the values that both give; MONAI's DICOM volumes run columns first."""
    ours, other = read_image(path).array[0], np.asarray(theirs()(path))
    if path.is_dir():
        other = other.transpose(1, 0, 2)
    distance = float(np.abs(ours - other).max()) if ours.shape == other.shape else float("inf")
    return f"{name}: {ours.nbytes / 2**20:.0f} MiB as float32; largest difference from MONAI's values {distance:g}."


def pairs() -> Found:
    """B13."""
    with TemporaryDirectory() as scratch:
        folder = Path(scratch)
        joined = pictures(folder)
        begun = time.process_time()
        feed = cached(folder)
        made = (time.process_time() - begun) / PAIRS * 1e3
        draw = np.random.default_rng(0)
        ratio = compare(
            f"B13 {PAIRS} pairs of {LARGE}x{LARGE} RGB, cut to {SMALL}x{SMALL}, in [-1, 1]",
            "PIL, one joined PNG a pair",
            repeated(counted(feed), PAIRS),
            repeated(lambda: plain(joined, draw), PAIRS),
            7,
            4,
        )
    goal = ratio.judged()
    return Found(
        "Loading pairs",
        "Aligned pairs in two folders of PNGs, decoded once into the cache that every training uses, then drawn by its "
        "feed with keyed random patches; against opening, cutting and scaling one PNG that holds both halves. Neither "
        "side resizes or mirrors.",
        Ratio.HEAD,
        [ratio.row()],
        [goal] if goal else [],
        [
            f"That is {PAIRS / ratio.ours_ms * 1e3:.0f} against {PAIRS / ratio.peer_ms * 1e3:.0f} pairs a second on "
            "one core.",
            f"Filling the cache costs {made:.0f} ms a pair, once, in the parent process alone.",
        ],
    )


def pictures(folder: Path) -> list[Path]:
    """Write pairs of RGB pictures of phantoms, and each pair joined in one file."""
    noise, joined = np.random.default_rng(1), []
    brain = Brain(size=LARGE)
    subjects = [brain.case(k) for k in range(4)]
    for place in ("A", "B", "joined"):
        (folder / place).mkdir()
    for number in range(PAIRS):
        halves = []
        for place, word in (("A", "t1"), ("B", "t2")):
            grey = subjects[number % 4][word][0]
            colour = grey[..., None] / grey.max() * 230 + 5 * noise.standard_normal((*grey.shape, 3))
            halves.append(colour.clip(0, 255).astype(np.uint8))
            Picture.fromarray(halves[-1]).save(folder / place / f"{number:03d}.png")
        Picture.fromarray(np.concatenate(halves, 1)).save(folder / "joined" / f"{number:03d}.png")
        joined.append(folder / "joined" / f"{number:03d}.png")
    return joined


def cached(folder: Path) -> PatchFeed:
    """The feed that `train` makes of such a folder."""
    scale = Window(0, 255)
    found = recognise(folder)
    found.words.pop("joined", None)
    plan = Plan({"source": "A", "target": "B"}, {"source": scale, "target": scale}, describe="pairs")
    prepared, _ = prepare_all(paired(found, ["A", "B"], volume=False), plan, folder / "cache")
    items = [item for case in prepared for item in case.items()]
    return PatchFeed([Stream("data", items, (SMALL, SMALL))], 1, seed=0)


def counted(feed: PatchFeed) -> Callable[[], Any]:
    """Draw the next batch at each call."""
    plays = iter(range(10**9))
    return lambda: feed.batch(next(plays), 0, 1)


def plain(joined: list[Path], draw: np.random.Generator) -> dict[str, torch.Tensor]:
    """A plain pipeline: open, part, cut both at the same place, scale, stack."""
    row, column = (int(v) for v in draw.integers(0, LARGE - SMALL + 1, 2))
    with Picture.open(joined[int(draw.integers(len(joined)))]) as picture:
        both = picture.convert("RGB")
        made = {}
        for word, start in (("source", 0), ("target", LARGE)):
            cut = both.crop((start + column, row, start + column + SMALL, row + SMALL))
            values = torch.from_numpy(np.array(cut)).permute(2, 0, 1).to(torch.float32)
            made[word] = values.div_(127.5).sub_(1).unsqueeze(0)
    return made
