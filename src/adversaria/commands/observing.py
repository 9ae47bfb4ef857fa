"""What is looked at while a game trains: pictures of fixed cases, and a validation value."""

from pathlib import Path
from typing import Any

import numpy as np
import torch

from adversaria.commands.segmenting import look
from adversaria.commands.session import Part, Session, block_of
from adversaria.data.intensity import Scale
from adversaria.run import Run
from adversaria.tasks.inference import answer, sample, translate
from adversaria.tasks.inversion import REMEDY, agreement, told
from adversaria.tasks.pictures import middle, strip
from adversaria.vocabulary import RAW

_CASES = 3
_SAMPLES = 8
# before so many plays a translation is no more than its random start
_SETTLED = 50


class Observer:
    """Called after every checkpoint with the averaged weights in place.

    Translation: a strip of input, output, target of fixed validation cases, and the PSNR over their
    range (dB). Segmentation: their outlines, and the mean Dice coefficient. Synthesis: a strip of samples from
    fixed draws, which are watched for collapse.
    """

    better = "higher"

    def __init__(self, session: Session, validation: Part, train: Part, run: Run, recipe: Any, tensorboard: bool):
        self.run, self.name, self.session = run, recipe.name, session
        self.windows = recipe.windows()
        self.translates = "source" in recipe.bind
        self.real = [item for stream in train.streams.values() for case in stream[:8] for item in case.items()[:1]]
        self.into = {w: s.into for stream in train.streams.values() for case in stream for w, s in case.scales.items()}
        self.axes = next((case.axes for stream in train.streams.values() for case in stream), "")
        self.pairs = self._pairs(validation)
        self.patch = recipe.training().patch
        self.writer = _writer(run.folder) if tensorboard else None

    def _pairs(self, validation: Part) -> list[tuple[str, dict[str, np.ndarray], dict[str, Scale], str]]:
        """Fixed items of the validation part: handle, words, scales, axes; unpaired streams are put side by side."""
        columns = []
        for stream in validation.streams.values():
            items = [
                (item if case.sliced else block_of(item, validation.slices), case.scales, case.axes)
                for case in stream
                for item in case.items(validation.slices if case.sliced else None)
            ]
            picked: Any = np.unique(np.linspace(0, len(items) - 1, _CASES).round().astype(int)) if items else []
            columns.append([items[i] for i in picked])
        rows = []
        for row in zip(*columns, strict=False):
            words = {w: np.asarray(a) for item, *_ in row for w, a in item.words.items()}
            scales = {w: s for _, found, _ in row for w, s in found.items()}
            rows.append((row[0][0].handle, words, scales, row[0][2]))
        return rows

    def __call__(self, training: Any, plays: int) -> float | None:
        """Look, write what was seen, and give the validation value."""
        from adversaria.reports import write_report

        given = training.game.given
        value = None
        if self.session.recipe.labels() is not None and self.translates:
            value = look(self, training, plays)
        elif given:
            self._answered(training, plays, given)
        elif given is None and self.translates:
            value = self._translated(training, plays)
        else:
            value = self._sampled(training, plays)
        if self.writer:
            for row in training.log.rows()[-20:]:
                self.writer.add_scalar(f"{row.player}/{row.term}", row.value, row.play)
        if self.run.environment.exists():
            write_report(self.run)
        return value

    def path_of(self, plays: int) -> Path:
        """Where the strip of these plays lies."""
        return self.run.samples / f"strip-{plays:09d}.png"

    def _translated(self, training: Any, plays: int) -> float | None:
        rows, errors, agreed = [], [], []
        for handle, words, scales, axes in self.pairs:
            raw = {word: array[None] for word, array in words.items() if word in RAW}
            source = words["source"][None]
            output = translate(training.game, source, self.windows, handle, self.session.seed, raw)[0]
            target = words.get("target")
            into = scales["target"].into if "target" in scales else scales["source"].into
            shown = [_between(words["source"], scales["source"].into), _between(output, into)]
            shown += [_between(target, into)] if target is not None else []
            rows.append([middle(x, axes) for x in _alike(shown)])
            partner = target if len(self.session.plans) == 1 else None
            agreed.append(agreement(output, words["source"], partner))
            if target is not None and len(self.session.plans) == 1:
                low, high = scales["target"].into
                errors.append(
                    20 * np.log10(high - low) - 10 * np.log10(max(float(np.mean((output - target) ** 2)), 1e-12))
                )
        if rows:
            strip(rows, 0.0, 1.0, self.path_of(plays), f"{self.name} after {plays} plays")
        text = told(agreed) if plays >= _SETTLED else ""
        if text:
            training.watch.warn("inverted", f"{text} (play {plays})", REMEDY)
        if not errors:
            return None
        self.note(plays, "psnr", float(np.mean(errors)))
        return float(np.mean(errors))

    def _answered(self, training: Any, plays: int, given: tuple[str, ...]) -> None:
        """Show what a game gives for words of fixed cases: the images it was given, its own, and the case's."""
        rows = []
        for handle, words, _, axes in self.pairs:
            cut = {w: cropped(a, self.patch) if a.ndim > 1 and self.patch else a for w, a in words.items()}
            made = answer(training.game, {w: cut[w] for w in given}, handle, self.session.seed)
            seen = dict.fromkeys(
                [*(w for w in given if cut[w].ndim > 1), *(w for w in ("image", "target") if w in cut)]
            )
            shown = [*(cut[w] for w in seen), *([made] if made.ndim == self.session.dims + 1 else [])]
            rows.append([middle(x, axes) for x in shown])
        if rows and rows[0]:
            low, high = next(iter(self.pairs[0][2].values())).into
            strip(rows, low, high, self.path_of(plays), f"{self.name} after {plays} plays")

    def _sampled(self, training: Any, plays: int) -> float | None:
        images = sample(training.game, range(_SAMPLES), self.session.seed)
        word = "image" if "image" in self.real[0].words else "target"
        pool = [item for item in self.real if word in item.words]
        real = np.stack([cropped(item.words[word], images.shape[2:]) for item in pool[:_SAMPLES]])
        training.watch.samples(torch.from_numpy(images), torch.from_numpy(real), plays)
        shown = [[middle(x, self.axes) for x in images], [middle(x, self.axes) for x in real]]
        strip(
            [row[: min(map(len, shown))] for row in shown],
            *self.into.get(word, (-1.0, 1.0)),
            self.path_of(plays),
            f"{self.name} after {plays} plays",
        )
        return None

    def note(self, plays: int, measure: str, value: float) -> None:
        """Add a row to the validation table; rows of plays that are being repeated are replaced."""
        kept = []
        if self.run.validation.exists():
            lines = self.run.validation.read_text(encoding="utf-8").splitlines()[1:]
            kept = [line for line in lines if int(line.split(",")[0]) < plays]
        self.run.validation.write_text(
            "\n".join(["play,measure,value", *kept, f"{plays},{measure},{value:.6g}"]) + "\n"
        )


def _between(image: np.ndarray, into: tuple[float, float]) -> np.ndarray:
    """Bring an image from the range that its word is scaled into to 0 to 1: a mask and an image are seen alike."""
    return (image - into[0]) / (into[1] - into[0])


def _alike(images: list[np.ndarray]) -> list[np.ndarray]:
    """Repeat the voxels of smaller images (C, *S), so that all have the size of the largest."""
    size = max((image.shape[1:] for image in images), key=np.prod)
    made = []
    for image in images:
        for axis, side in enumerate(size):
            image = np.repeat(image, max(1, side // image.shape[axis + 1]), axis + 1)
        made.append(image)
    return made


def cropped(image: np.ndarray, size: tuple[int, ...]) -> np.ndarray:
    """Cut the middle of an image (C, *S)."""
    starts = [(s - n) // 2 for s, n in zip(image.shape[1:], size, strict=True)]
    return image[(slice(None), *(slice(a, a + n) for a, n in zip(starts, size, strict=True)))]


def _writer(folder: Path) -> Any:
    from adversaria.vocabulary import UserError

    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError:
        raise UserError("TensorBoard is not installed.", "Install it: pip install 'adversaria[tensorboard]'.") from None
    return SummaryWriter(folder / "tensorboard")
