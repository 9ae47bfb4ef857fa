"""Published weights of feature networks: fetched only when asked for, into a file that the user names, and checked."""

from dataclasses import dataclass
from pathlib import Path

from adversaria.vocabulary import UserError


@dataclass(frozen=True)
class Published:
    """Where weights lie, the start of their SHA-256 (as their publishers put it into the file's name), and for what."""

    url: str
    sha256: str
    what: str

    @property
    def file(self) -> str:
        """The file's own name."""
        return self.url.rpartition("/")[2]


_TORCH = "https://download.pytorch.org/models/"
PUBLISHED = {
    "inception": Published(
        "https://github.com/mseitzer/pytorch-fid/releases/download/fid_weights/pt_inception-2015-12-05-6726825d.pth",
        "6726825d",
        "Inception-v3 of 2015, as published FIDs use it: --features inception=PATH",
    ),
    "alexnet": Published(
        _TORCH + "alexnet-owt-7be5be79.pth", "7be5be79", "AlexNet, for lpips and perceptual: --features alexnet=PATH"
    ),
    "vgg16": Published(
        _TORCH + "vgg16-397923af.pth", "397923af", "VGG-16, for lpips and perceptual: --features vgg16=PATH"
    ),
    "vgg19": Published(
        _TORCH + "vgg19-dcbb9e9d.pth", "dcbb9e9d", "VGG-19, for perceptual losses: --weights vgg19=PATH"
    ),
}


def download(url: str, sha256: str, path: Path) -> Path:
    """Fetch a file to `path` and check that its SHA-256 begins with `sha256`; one that is there and right is kept.

    UserError, and no file is left: it cannot be fetched, or what came is not what was published.
    """
    if len(sha256) < 8 or any(letter not in "0123456789abcdef" for letter in sha256.lower()):
        raise UserError(f"'{sha256}' is no SHA-256.", "Give at least its first eight hexadecimal digits.")
    if path.is_file() and _hash(path).startswith(sha256.lower()):
        return path
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    try:
        _fetch(url, part)
        found = _hash(part)
        if not found.startswith(sha256.lower()):
            raise UserError(
                f"what came from {url} is not what was published: its SHA-256 is {found[:8]}..., not {sha256[:8]}...",
                "Try again; if it stays so, get the file elsewhere and name it by path.",
            )
        part.replace(path)
    finally:
        part.unlink(missing_ok=True)
    return path


def _fetch(url: str, part: Path) -> None:
    import pooch
    import requests

    fetch = pooch.HTTPDownloader(timeout=30)
    try:
        fetch(url, str(part), None)
    except (requests.RequestException, ValueError) as error:
        said = type(error).__name__
        raise UserError(
            f"{url} could not be fetched ({said}).", "Check the network, or bring the file and name it by path."
        ) from None


def _hash(path: Path) -> str:
    import pooch

    return str(pooch.file_hash(str(path), alg="sha256"))
