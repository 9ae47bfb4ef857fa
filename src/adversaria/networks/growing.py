"""What growing networks share: how far they have grown."""

import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate

from adversaria.networks.resample import doubled, halved


class Growing(nn.Module):
    """A network of `levels` + 1 resolutions, from `smallest` pixels a side on, of which the first ones are in use.

    `growth` is a buffer: 2 means that two doublings are in full use, 2.25 that the third has faded in by a quarter. It
    is full at first; a game sets it by `grow` at the beginning of each play.
    """

    growth: Tensor

    def start_at(self, levels: int, smallest: int = 4) -> None:
        """Begin fully grown; the first images have `smallest` pixels along their shortest side."""
        self.levels, self.smallest = levels, smallest
        self.register_buffer("growth", torch.tensor(float(levels)))

    @torch.no_grad()
    def grow(self, growth: float) -> None:
        """Set how far the network has grown, in doublings."""
        if float(self.growth) != growth:
            self.growth.fill_(growth)

    def stage(self) -> tuple[int, float]:
        """Give the highest level in use and the share alpha to which it has faded in."""
        growth = float(self.growth)
        level = -int(-growth // 1)
        return level, growth - level + 1

    def side(self) -> int:
        """Pixels along the shortest side of the images at this stage."""
        return int(self.smallest * 2 ** self.stage()[0])

    def faded(self, image: Tensor) -> Tensor:
        """Bring real images (B, C, *S) of full size to this stage, faded as the networks are.

        They are averaged down; while a level fades in, (1 - alpha) of what the level below could show is mixed in.
        """
        level, alpha = self.stage()
        seen = halved(image, self.levels - level)
        return seen if alpha == 1 else torch.lerp(doubled(halved(seen)), seen, alpha)

    def enlarged(self, image: Tensor) -> Tensor:
        """Bring images of this stage to full size (nearest neighbour)."""
        return interpolate(image, scale_factor=float(2 ** (self.levels - self.stage()[0])), mode="nearest")


def widths_of(width: int, levels: int, smallest: int = 4) -> list[int]:
    """Channels at each resolution (Karras et al. 2018, table 2): `width`, halving after 32 pixels a side."""
    return [max(1, min(width, 32 * width // (smallest * 2**k))) for k in range(levels + 1)]
