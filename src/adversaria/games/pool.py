"""A history of generated images, kept as buffers so that it survives a restart."""

import torch
from torch import Tensor, nn


class ImagePool(nn.Module):
    """History of generated images (Shrivastava et al. 2017, section 2.3), `size` images of `shape` (C, *S).

    Until the pool is full every new image is stored and returned. Then, with probability one half, a
    new image is exchanged for a stored one. Each replica keeps a pool of its own.
    """

    per_replica = True
    images: Tensor
    count: Tensor

    def __init__(self, size: int, shape: tuple[int, ...]):
        super().__init__()
        self.size = size
        self.register_buffer("images", torch.zeros(size, *shape))
        self.register_buffer("count", torch.zeros((), dtype=torch.int64))

    @property
    def couples_samples(self) -> bool:
        """Later samples may get back earlier ones."""
        return self.size > 0

    @torch.no_grad()
    def query(self, fresh: Tensor, draws: Tensor) -> Tensor:
        """Exchange images (B, C, *S) using `draws` (B, 2), uniform: whether, and for which."""
        if self.size == 0:
            return fresh.detach()
        given = []
        for image, (whether, which) in zip(fresh.detach(), draws.tolist(), strict=True):
            filled = int(self.count)
            if filled < self.size:
                self.images[filled] = image
                self.count += 1
                given.append(image)
            elif whether < 0.5:
                place = int(which * self.size)
                given.append(self.images[place].to(image.dtype, copy=True))
                self.images[place] = image
            else:
                given.append(image)
        return torch.stack(given)


class HistoryBuffer(ImagePool):
    """History of refined images (Shrivastava et al. 2017, section 2.3): half of each batch comes from the past.

    Until `size` images of `shape` (C, *S) are stored, new ones are stored and given as they are. Then the second half
    of each batch is given from the buffer, and as many of the new images, those left out, take random places in it.
    """

    @torch.no_grad()
    def mix(self, fresh: Tensor, draws: Tensor) -> Tensor:
        """Mix images (B, C, *S) with the past by `draws` (B, 2), uniform: which to take, and where to store."""
        given = fresh.detach().clone()
        room = min(self.size - int(self.count), len(given))
        if self.size and room > 0:
            first = int(self.count)
            self.images[first : first + room] = given[:room]
            self.count += room
        elif self.size:
            half = len(given) // 2
            new = given[len(given) - half :].clone()
            places = (draws[len(given) - half :] * self.size).long()
            given[len(given) - half :] = self.images[places[:, 0]].to(given.dtype)
            self.images[places[:, 1]] = new.to(self.images.dtype)
        return given
