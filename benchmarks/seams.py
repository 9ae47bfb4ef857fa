"""Do windows and strided layers show? A volume larger than any patch, through networks, cut in three ways.

    python -m benchmarks.seams --out docs/pictures

Prints the tables of docs/seams.md and draws its pictures. Four CPU minutes on one thread.
"""

import argparse
import math
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import torch

from adversaria.data.image import axes_of
from adversaria.data.intensity import Percentile
from adversaria.data.phantoms import Brain
from adversaria.draws import Draws
from adversaria.games import Game, Pix2Pix
from adversaria.metrics import CHECKERBOARD, SEAMS
from adversaria.metrics.artefacts import PERIODS, periodic
from adversaria.networks import PatchGAN, PlainCNN, SegmentationUNet, UNet
from adversaria.tasks.inference import Windows, translate
from adversaria.tasks.pictures import strip, upright
from adversaria.vocabulary import Batch

SIDE, PATCH, STRIDE = 96, 32, 16
JNDS, ROSE = 612, 5.0  # just-noticeable differences of a film (DICOM PS3.14, D.2.4); signal to noise (Rose 1948)
HEAD = (
    "volume", "cut", "seams", "beyond whole", "visible", "step made at borders / between, %", "visible, %",
    "checkerboard", "pattern 2/4/8, %",
)  # fmt: skip
HEIGHTS = (1 / JNDS, 0.005, 0.01, 0.02, 0.05)
Array = np.ndarray


def scanned(word: str = "t1") -> Array:
    """A head (1, 1, 96, 96, 96) of a subject that no training has seen, scaled to [-1, 1]."""
    image = Brain(dims=3, size=SIDE).case(90_001)[word]
    return Percentile().fit(image).forward(image)[None]


class Quarrel(Game):
    """Windows that agree in nothing: each gives the image, raised by a number of its own between -1 and 1."""

    def __init__(self) -> None:
        super().__init__()
        self.most = torch.nn.Parameter(torch.ones(()))

    def forward(self, batch: Batch) -> Batch:
        """Give `source` raised by the window's number."""
        size = [1] * (batch["source"].ndim - 1)
        return {"output": batch["source"] + self.most * (2 * self.uniform(batch, "own", size) - 1)}


def untrained(network: Callable[[], torch.nn.Module]) -> Game:
    """A game around a translator as it is drawn."""
    torch.manual_seed(0)
    return Pix2Pix(network(), PatchGAN(1, 1, width=4, layers=1, dims=3)).eval()


def trained(name: str, plays: int) -> Game:
    """A shipped recipe, reduced, after some plays on its own phantoms."""
    from adversaria.commands.restored import restore
    from adversaria.commands.train import train_recipe
    from adversaria.recipes import read_recipe
    from adversaria.run import Run

    with TemporaryDirectory() as scratch:
        run = Run(Path(scratch) / "run")
        recipe = read_recipe(name, changes=[f"train.plays={plays}"], reduced=True)
        train_recipe(recipe, run, accelerator="cpu", quiet=True)
        return restore(run.folder).game


def blended(game: Game, source: Array) -> Array:
    """As the package does it: overlapping windows, blended."""
    return translate(game, source, Windows((PATCH,) * 3, 0.5), "a head")[0]


def gaussian(game: Game, source: Array) -> Array:
    """The same windows with MONAI's Gaussian weights, as many programs have them."""
    from monai.inferers import sliding_window_inference

    count = iter(range(10_000))

    def predict(windows: torch.Tensor) -> torch.Tensor:
        return game({"source": windows, "draws": Draws(0, 0, [next(count) for _ in windows])})["output"]

    with torch.no_grad():
        made = sliding_window_inference(
            torch.from_numpy(source), (PATCH,) * 3, 4, predict, overlap=0.5, mode="gaussian"
        )
    return np.asarray(made[0])


def whole(game: Game, source: Array, handle: str = "a head") -> Array:
    """All at once."""
    return translate(game, source, Windows(None), handle)[0]


def abutted(game: Game, source: Array) -> Array:
    """Windows side by side, without overlap."""
    made = np.zeros(source.shape[1:], np.float32)
    for corner in np.ndindex(*(side // PATCH for side in source.shape[2:])):
        at = (slice(None), *(slice(PATCH * k, PATCH * (k + 1)) for k in corner))
        made[at] = whole(game, source[(slice(None), *at)], str(corner))
    return made


def width_of(image: Array) -> float:
    """The window that it is looked at through: from the 1st to the 99th percentile."""
    low, high = np.percentile(image, [1, 99])
    return float(high - low)


def step_of(image: Array, window: float, shift: int = 0) -> float:
    """The mean step across a face of 16 x 16 voxels between windows: its root mean square, in parts of a window.

    Windows end at every 16th voxel; `shift` looks beside that. Structures step too: take it of a difference.
    """
    found = []
    for axis in range(3):
        steps = np.diff(np.moveaxis(np.asarray(image[0], np.float64), axis, 0), axis=0)[STRIDE + shift - 1 :: STRIDE]
        faces = steps.reshape(len(steps), SIDE // STRIDE, STRIDE, SIDE // STRIDE, STRIDE)
        found.append(np.square(faces.mean((2, 4))).mean())
    return math.sqrt(np.mean(found)) / window


def patterns(image: Array) -> list[float]:
    """The patterns that repeat every 2, 4 and 8 voxels: twice their root mean square, in parts of the window."""
    spread = np.asarray(image, np.float64) - image.mean()
    return [2 * math.sqrt(periodic(spread, period) / spread.size) / width_of(image) for period in PERIODS]


def usual(image: Array) -> tuple[float, float]:
    """Steps from voxel to voxel away from borders: root mean square, and what noise alone gives (by their median)."""
    steps = [np.diff(image, axis=axis) for axis in (1, 2, 3)]
    squares = [np.square(s).mean() for s in steps]
    noise = np.median(np.abs(np.concatenate([s.ravel() for s in steps]))) / 0.6745 / math.sqrt(2)
    return math.sqrt(np.mean(squares)), float(noise)


def visible(image: Array) -> tuple[float, float]:
    """The smallest step across a face that can be seen, in parts of the window, and as a value of the measure `seams`.

    One just-noticeable difference, or five times the noise of the difference of the means of 16 x 8 pixels on either
    side, whichever is larger; it adds its square to the mean squared step.
    """
    spread, noise = usual(image)
    step = max(width_of(image) / JNDS, ROSE * noise * math.sqrt(2 / (STRIDE * STRIDE / 2)))
    return step / width_of(image), 1 + (step / spread) ** 2


def stepped(image: Array, height: float) -> Array:
    """The same with every second block of 16 voxels a side raised by a part of the window."""
    parity = sum(np.meshgrid(*[np.arange(side) // STRIDE for side in image.shape[1:]], indexing="ij")) % 2
    return image + (height * width_of(image) * parity).astype(np.float32)


def chequered(image: Array, height: float, period: int = 2) -> Array:
    """The same with a pattern of every second voxel along each axis, from trough to crest a part of the window."""
    parity = sum(np.meshgrid(*[np.arange(side) // (period // 2) for side in image.shape[1:]], indexing="ij")) % 2
    return image + (height * width_of(image) * (parity - 0.5)).astype(np.float32)


def numbers(image: Array, like: Array) -> str:
    """What is printed of one volume, beside the same made without windows."""
    step, seam = visible(like)
    own, other = (SEAMS(output=one, seams=(STRIDE,) * 3) for one in (image, like))
    pattern = " / ".join(f"{100 * value:.2f}" for value in patterns(image))
    made = " / ".join(f"{100 * step_of(image - like, width_of(like), shift):.3f}" for shift in (0, 8))
    return (
        f"{own:.3f} | {own - other:+.4f} | {seam - 1:.4f} | {made} | "
        f"{100 * step:.2f} | {CHECKERBOARD(output=image):.1e} | {pattern} |"
    )


def networks(plays: int) -> dict[str, Callable[[], Game]]:
    """What windows go through, by name."""
    unet = partial(SegmentationUNet, 1, 1, width=8, norm="instance", dims=3)
    strided = partial(UNet, depth=4, width=8, norm="instance", dropout=0.0, dims=3)
    plain = partial(PlainCNN, residual=True, final="identity", layers=5, width=8, dims=3)
    found: dict[str, Callable[[], Game]] = {
        "windows that agree in nothing": Quarrel,
        "U-Net that interpolates, as drawn": partial(untrained, unet),
        "U-Net of transposed convolutions, as drawn": partial(untrained, strided),
        "residual CNN, as drawn": partial(untrained, plain),
    }
    return found | ({f"`yu-2018` after {plays} plays": partial(trained, "yu-2018", plays)} if plays else {})


def through(makers: dict[str, Callable[[], Game]], place: Path) -> None:
    """Print the table of volumes, and draw a slice of each."""
    head = scanned()
    print(f"| {' | '.join(HEAD)} |")
    print(f"|{'---|' * len(HEAD)}")
    for word in ("t1", "flair", "ct"):
        print(f"| the phantom's {word} | | {numbers(scanned(word)[0], scanned(word)[0])}")
    rows = []
    for name, make in makers.items():
        game = make()
        made = {cut.__name__: cut(game, head) for cut in (whole, blended, gaussian, abutted)}
        for cut, image in made.items():
            print(f"| {name} | {cut} | {numbers(image, made['whole'])}", flush=True)
        rows.append([shown(head[0]), *(shown(image, made["whole"]) for image in made.values())])
    strip(rows, 0.0, 1.0, place, "head phantom; the input, whole, blended, with Gaussian weights, abutted")


def known(place: Path) -> None:
    """Print what the measures say of steps and patterns of known size, and draw a slice of each."""
    head = scanned("flair")[0]
    spread, before = usual(head)[0], SEAMS(output=head, seams=(STRIDE,) * 3)
    print("\n| step or pattern, of the window | seams beyond | foretold | step made | checkerboard | pattern 2 |")
    print("|---|---|---|---|---|---|")
    for height in HEIGHTS:
        image, board = stepped(head, height), chequered(head, height)
        beyond, told = SEAMS(output=image, seams=(STRIDE,) * 3) - before, (height * width_of(head) / spread) ** 2
        step = 100 * step_of(image - head, width_of(head))
        checked, pattern = CHECKERBOARD(output=board), 100 * patterns(board)[0]
        print(f"| {100 * height:.2f} % | {beyond:.4f} | {told:.4f} | {step:.2f} % | {checked:.1e} | {pattern:.2f} % |")
    rows = [[shown(change(head, height), head) for height in HEIGHTS] for change in (stepped, chequered)]
    strip(rows, 0.0, 1.0, place, "head phantom; steps between blocks, and patterns, of known size")


def main() -> None:
    """Measure, print and draw."""
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("--plays", type=int, default=300, help="plays of yu-2018; with 0 it is left out")
    words.add_argument("--out", type=Path, default=Path("docs/pictures"))
    asked = words.parse_args()
    torch.set_num_threads(1)
    through(networks(asked.plays), asked.out / "seams.png")
    known(asked.out / "seams-known.png")


def shown(image: Array, like: Array | None = None) -> Array:
    """A slice away from borders of windows, upright and twice as large, within the window of it or of another."""
    low, high = np.percentile(image if like is None else like, [1, 99])
    plane = upright(image[..., SIDE // 2 + 3], axes_of(Brain(dims=3, size=SIDE).affine()))[0]
    return np.kron(np.clip((plane - low) / (high - low), 0, 1), np.ones((2, 2), np.float32))


if __name__ == "__main__":
    main()
