"""A trained game on whole images and volumes: blended windows, the same bytes every time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from adversaria.draws import Draws, seed_of
from adversaria.games.game import Game
from adversaria.vocabulary import UserError

Array = NDArray[np.float32]


@dataclass(frozen=True)
class Windows:
    """How an image is cut: the window's size, or None for the whole image at once; overlap as a fraction.

    Over what they share, windows pass into each other as cos^2 into sin^2, so no seam is left (docs/seams.md).
    """

    size: tuple[int, ...] | None = None
    overlap: float = 0.5
    batch: int = 4


@torch.no_grad()
def translate(
    game: Game,
    source: Array,
    windows: Windows,
    handle: str,
    seed: int = 0,
    raw: Mapping[str, NDArray[Any]] | None = None,
    word: str = "source",
) -> Array:
    """Translate `source` (N, C, *S), scaled, to the game's output (N, C', *S), scaled; the game gets it as `word`.

    N are the slices of a volume for a 2D game, or 1. Draws are keyed by the case's handle, so the same
    case gives the same bytes. The game must be in eval mode with the weights to be used. `raw` are words of
    the acquisition, (N, ...) or the same for all slices where they are numbers (N,): then no window may be cut.
    """
    device = next(game.parameters()).device
    counter = _Counter(game, seed_of("apply", seed, handle), word)
    made = []
    whole = windows.size is None or (raw and tuple(windows.size) == source.shape[2:])
    if raw and not whole:
        raise UserError(
            f"raw data belong to the whole image, and windows of {windows.size} were asked for.",
            "Leave out apply.window, or write window: whole.",
        )
    step = max(1, windows.batch) if whole else 1
    for start in range(0, len(source), step):
        piece = torch.from_numpy(np.array(source[start : start + step], np.float32)).to(device)
        words = {w: torch.from_numpy(np.array(a[start : start + step])).to(device) for w, a in (raw or {}).items()}
        made.append(counter(piece, words) if whole else _blend(counter, piece, windows))
    return torch.cat(made).float().cpu().numpy()


class _Counter:
    """Calls the game on windows, numbering them so that each has draws of its own."""

    def __init__(self, game: Game, seed: int, word: str = "source"):
        self.game, self.seed, self.word, self.count = game, seed, word, 0

    def __call__(self, windows: Tensor, words: Mapping[str, Tensor] = MappingProxyType({})) -> Tensor:
        slots = range(self.count, self.count + len(windows))
        self.count += len(windows)
        return self.game({self.word: windows, **words, "draws": Draws(self.seed, 0, slots)})["output"]


def weights(size: Sequence[int], overlap: float) -> Tensor:
    """The weights of a window: 1 inside, and falling as cos^2 towards each border over what windows share.

    Those of neighbours sum to 1. Along each axis they are a factor of their own, so that what is left of a window at
    its border is as small beside its neighbour everywhere. (MONAI's Gaussian weights end at a thousandth, which in
    the corners of 3D windows is not small.)
    """
    made = torch.ones(())
    for side in size:
        step = max(1, int(side * (1 - overlap)))  # as windows are placed
        shared = min(side - step, side // 2)
        place = torch.arange(side) + 0.5
        rise = torch.minimum(place, side - place) / max(shared, 0.5)
        made = made[..., None] * torch.sin(torch.pi / 2 * rise.clamp(max=1)).square()
    return made


def _blend(predict: _Counter, image: Tensor, windows: Windows) -> Tensor:
    from monai.inferers import sliding_window_inference

    assert windows.size is not None
    # an image thinner than the window is continued; it can be reflected only as far as it reaches
    reflects = all((w - s + 1) // 2 < s for w, s in zip(windows.size, image.shape[2:], strict=True))
    made = sliding_window_inference(
        image,
        windows.size,
        windows.batch,
        predict,
        overlap=windows.overlap,
        roi_weight_map=weights(windows.size, windows.overlap),
        padding_mode="reflect" if reflects else "replicate",
    )
    assert isinstance(made, Tensor)
    return made


@torch.no_grad()
def sample(game: Game, slots: Sequence[int], seed: int = 0, words: Mapping[str, Array] | None = None) -> Array:
    """Draw images (N, C, *S), scaled, from a synthesis game; a slot always gives the same image.

    `words`, each of one case, are what the images are to come from: a label (), a code (N,), an image (C, *S).
    """
    device = next(game.parameters()).device
    given = {word: torch.from_numpy(np.array(array)[None]).to(device) for word, array in (words or {}).items()}
    drawn = {"like": torch.empty(0, device=device), **given}
    made = [game({**drawn, "draws": Draws(seed_of("sample", seed), 0, [slot])})["output"] for slot in slots]
    return torch.cat(made).float().cpu().numpy()


@torch.no_grad()
def classify(game: Game, images: Sequence[Array]) -> Array | None:
    """Give the posterior (N, K) over the classes of images (C, *S), scaled; None if the game does not classify."""
    device = next(game.parameters()).device
    found = []
    for number, image in enumerate(images):
        batch = {"image": torch.from_numpy(np.array(image)[None]).to(device), "draws": Draws(0, 0, [number])}
        posterior = game(batch).get("posterior")
        if posterior is None:
            return None
        found.append(posterior)
    return torch.cat(found).float().cpu().numpy() if found else None


@torch.no_grad()
def answer(game: Game, words: Mapping[str, Array], handle: str, seed: int = 0) -> Array:
    """What a game gives for the words of one case, each (C, *S) or (N,) or (): its `output` (C, *S), scaled."""
    device = next(game.parameters()).device
    given = {word: torch.from_numpy(np.array(array)[None]).to(device) for word, array in words.items()}
    drawn = {"like": torch.empty(0, device=device), "draws": Draws(seed_of("apply", seed, handle), 0, [0])}
    return game({**drawn, **given})["output"][0].float().cpu().numpy()
