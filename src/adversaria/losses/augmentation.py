"""Differentiable augmentation of everything that a discriminator sees, for small data sets."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn

from adversaria.losses.objective import Score, tensors_of


class Augmentation(nn.Module):
    """Something done to real and generated images alike before the discriminator sees them.

    It is called with images (B, C, *S) and `draws` (B, self.draws), uniform in (0, 1), and must let
    gradients through. `watch` gives statistics of the discriminator's turn that cost nothing, and `adapt`
    sets state from what was seen of them and the state before the turn.
    """

    draws = 0

    def forward(self, image: Tensor, draws: Tensor) -> Tensor:
        """Change the images."""
        raise TypeError(f"{type(self).__name__} defines no augmentation")

    def watch(self, real_score: Score) -> dict[str, Tensor]:
        """Give what `adapt` needs to see, as losses without a gradient."""
        return {}

    def state(self) -> Tensor | None:
        """Give a copy of what may be set again by `adapt`."""
        return None

    def adapt(self, before: Tensor | None, seen: Mapping[str, Tensor]) -> None:
        """Set the state from that before the turn and the turn's losses."""


class NoAugmentation(Augmentation):
    """No augmentation."""

    def forward(self, image: Tensor, draws: Tensor) -> Tensor:
        """Give the images back."""
        return image


class DiffAugment(Augmentation):
    """Differentiable augmentation (Zhao et al. 2020): intensity, translation, cutout, each sample its own.

    `intensity` changes the brightness by up to +-0.5 of it and the contrast by a factor of 1 +- `intensity`
    about the sample's mean; `translation` shifts each axis by up to that fraction of its length, in whole
    voxels, zeros entering; `cutout` sets a box of that fraction of each side to zero. 0 switches one off.
    Each is done to a sample with `probability`. The paper's saturation is left out: it means nothing for
    grey images and mixes contrasts that are kept as channels.
    """

    key = "diffaugment"
    draws = 11

    def __init__(
        self, intensity: float = 0.5, translation: float = 0.125, cutout: float = 0.5, probability: float = 1.0
    ):
        super().__init__()
        self.intensity, self.translation, self.cutout = intensity, translation, cutout
        self.probability = probability

    def chance(self) -> Tensor | float:
        """Give the probability of each change."""
        return self.probability

    def forward(self, image: Tensor, draws: Tensor) -> Tensor:
        """Change each sample by its own draws: three of whether, eight of how."""
        whether, how = draws[:, :3] < self.chance(), draws[:, 3:]
        image = self.shade(image, how[:, :2], whether[:, 0])
        image = self.shift(image, how[:, 2:5], whether[:, 1])
        return self.cut(image, how[:, 5:8], whether[:, 2])

    def shade(self, image: Tensor, how: Tensor, whether: Tensor) -> Tensor:
        """Change brightness and contrast."""
        each = (-1, *[1] * (image.ndim - 1))
        offset, factor = ((2 * h - 1) * self.intensity * whether for h in how.to(image.dtype).unbind(1))
        brighter = image + offset.view(each)
        middle = brighter.flatten(1).mean(1).view(each)
        return brighter + (brighter - middle) * factor.view(each)

    def shift(self, image: Tensor, how: Tensor, whether: Tensor) -> Tensor:
        """Shift by whole voxels along every axis."""
        for axis, share in enumerate(how.unbind(1)[: image.ndim - 2], start=2):
            size = image.shape[axis]
            most = int(size * self.translation + 0.5)
            by = ((share * (2 * most + 1)).floor().long() - most) * whether
            place = torch.arange(size, device=image.device) - by[:, None]
            shape = [len(image), *(size if k == axis else 1 for k in range(1, image.ndim))]
            inside = ((place >= 0) & (place < size)).view(shape)
            index = place.clamp(0, size - 1).view(shape).expand_as(image)
            image = image.gather(axis, index) * inside
        return image

    def cut(self, image: Tensor, how: Tensor, whether: Tensor) -> Tensor:
        """Set a box to zero."""
        inside = whether.view(-1, *[1] * (image.ndim - 1))
        for axis, share in enumerate(how.unbind(1)[: image.ndim - 2], start=2):
            size = image.shape[axis]
            length = int(size * self.cutout + 0.5)
            # the box may hang over either border by half its side, as in the paper's code
            first = (share * (size + 1 - length % 2)).floor().long()[:, None] - length // 2
            place = torch.arange(size, device=image.device)
            covered = (place >= first) & (place < first + length)
            inside = inside & covered.view([len(image), *(size if k == axis else 1 for k in range(1, image.ndim))])
        return image * ~inside


class AdaptiveAugmentation(DiffAugment):
    """Adaptive probability of augmentation (Karras et al. 2020, section 3.1), on the changes of `DiffAugment`.

    r = E sign D(x) on augmented real images tells how far the discriminator overfits; after each of its
    steps p rises by 1/`rise` where r > `target` and falls where it is below, within [0, 1]. The paper lets
    p rise from 0 to 1 in 500,000 images, which are 7,812 plays at its batch of 64.
    """

    key = "ada"
    p: Tensor

    def __init__(
        self,
        intensity: float = 0.5,
        translation: float = 0.125,
        cutout: float = 0.5,
        target: float = 0.6,
        rise: int = 7812,
    ):
        super().__init__(intensity, translation, cutout)
        self.target, self.rise = target, rise
        self.register_buffer("p", torch.zeros(()))

    def chance(self) -> Tensor:
        """Give p."""
        return self.p

    def watch(self, real_score: Score) -> dict[str, Tensor]:
        """Give r; the sign has no gradient."""
        return {"overfitting": torch.stack([s.sign().mean() for s in tensors_of(real_score)]).mean()}

    def state(self) -> Tensor:
        """Give p before the turn."""
        return self.p.clone()

    @torch.no_grad()
    def adapt(self, before: Tensor | None, seen: Mapping[str, Tensor]) -> None:
        """Set p."""
        assert before is not None
        step = torch.sign(seen["overfitting"].to(before) - self.target) / self.rise
        self.p.copy_((before + step).clamp(0, 1))
