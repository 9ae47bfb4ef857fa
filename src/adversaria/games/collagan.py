"""One missing contrast from all the others, by one generator."""

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, one_hot

from adversaria.games.game import Game, Play
from adversaria.games.optimisers import Adam
from adversaria.losses import LeastSquares, Objective
from adversaria.metrics.ssim import ssim
from adversaria.vocabulary import Batch


class CollaGAN(Game):
    """Collaborative GAN for missing image data imputation (Lee et al. 2019, eq. 3-9).

    Contrasts are the N channels of `image`. For one contrast k of each sample, drawn at each play, with
    x_k^ = G({x_j, j != k}; k) and, for every k' != k, the cycle x~_k' = G({x_k^, x_j, j not k, k'}; k'):
    generator:     l_G(D(x_k^)) + mean over k' of l_G(D(x~_k')) + CE(class of x_k^, k)
                   + 10 sum over k' of ||x_k' - x~_k'||_1 + sum over k' of -log((1 + SSIM(x_k', x~_k')) / 2)
    discriminator: l_D(D(x_k), D(x_k^)) + CE(class of x_k, k)

    The class head learns on real images only. The paper states no weights; 10 is the authors' habit for cycles,
    1 for the rest is ours. The generator gets the stack with zeros in place of the wanted contrast, and
    `condition` N maps that say which is wanted. `present` (B, N), 0 where a contrast does not exist: such a
    contrast is never drawn, enters as zeros, and its cycles do not count. `forward` fills the contrasts
    that are not present; without that word it makes each contrast from all the others.
    """

    key = "collagan"
    given = ("image",)
    players = {"generator": ("generator",), "discriminator": ("discriminator",)}
    optimisers = dict.fromkeys(players, Adam(1e-4, (0.5, 0.999)))

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        adversarial: Objective = LeastSquares(),
        cycle: float = 10.0,
        similarity: float = 1.0,
        classification: float = 1.0,
        window: int = 11,
    ):
        super().__init__()
        self.generator, self.discriminator, self.adversarial = generator, discriminator, adversarial
        self.cycle, self.similarity, self.classification, self.window = cycle, similarity, classification, window

    @classmethod
    def wiring(cls) -> dict[str, dict[str, str]]:
        """Both networks count the contrasts."""
        return {"generator": {"contrasts": "image"}, "discriminator": {"contrasts": "image", "size": "image"}}

    def play(self, batch: Batch) -> Play:
        """Discriminator, then generator with one forward and N - 1 backward passes."""
        image, exists = batch["image"], existing(batch)
        count = image.shape[1]
        chosen = pick(exists, self.uniform(batch, "contrast"))
        fake, real = self.make(image, exists, chosen), taken(image, chosen)
        judged = self.discriminator(real)
        yield (
            "discriminator",
            {
                "adversarial": self.adversarial.discriminator(judged, self.discriminator(fake)),
                "classification": self.classification * cross_entropy(judged["label"], chosen),
            },
        )
        judged = self.discriminator(fake)
        replaced = torch.where(maps(chosen, image) > 0, fake, image)
        losses: dict[str, list[Tensor]] = {"adversarial": [], "cycle": [], "similarity": []}
        for step in range(1, count):
            other = (chosen + step) % count
            back, truth = self.make(replaced, exists, other), taken(image, other)
            counts = exists.gather(1, other[:, None])[:, 0]
            losses["adversarial"].append(self.adversarial.generator(self.discriminator(back)))
            losses["cycle"].append((counts * (back - truth).abs().flatten(1).mean(1)).mean())
            losses["similarity"].append((counts * dissimilarity(back, truth, self.window)).mean())
        yield (
            "generator",
            {
                "adversarial": self.adversarial.generator(judged),
                "adversarial_back": torch.stack(losses["adversarial"]).mean(),
                "classification": self.classification * cross_entropy(judged["label"], chosen),
                "cycle": self.cycle * torch.stack(losses["cycle"]).sum(),
                "similarity": self.similarity * torch.stack(losses["similarity"]).sum(),
            },
        )

    def make(self, image: Tensor, exists: Tensor, wanted: Tensor) -> Tensor:
        """Make contrast `wanted` (B,) of a stack (B, N, *S) from the others: (B, 1, *S)."""
        asked = maps(wanted, image)
        known = exists.view(*exists.shape, *[1] * (image.ndim - 2)) * (1 - asked)
        return self.generator(image * known, asked.expand_as(image))

    def forward(self, batch: Batch) -> Batch:
        """Fill the contrasts of `source` (or `image`) that are not present, or each from all the others."""
        image, exists = batch["source"] if "source" in batch else batch["image"], existing(batch)
        wanted = [torch.full_like(exists[:, 0], k, dtype=torch.int64) for k in range(image.shape[1])]
        made = torch.cat([self.make(image, exists, k) for k in wanted], 1)
        if "present" not in batch:
            return {"output": made}
        return {"output": torch.where(exists.view(*exists.shape, *[1] * (image.ndim - 2)) > 0, image, made)}


def existing(batch: Batch) -> Tensor:
    """Which contrasts exist: (B, N), all of them unless the batch has `present`."""
    image = batch["source"] if "source" in batch and "image" not in batch else batch["image"]
    if "present" in batch:
        return batch["present"].to(image.dtype)
    return torch.ones_like(image.flatten(2)[:, :, 0])


def pick(exists: Tensor, draws: Tensor) -> Tensor:
    """Draw one contrast (B,) of those that exist (B, N), each as likely, by uniform `draws` (B,)."""
    steps = exists.cumsum(1) / exists.sum(1, keepdim=True)
    return (steps < draws[:, None].to(steps.dtype)).sum(1).clamp_max(exists.shape[1] - 1)


def maps(wanted: Tensor, image: Tensor) -> Tensor:
    """Say which contrast is wanted as constant maps (B, N, 1, ...) of 0 and 1."""
    flags = one_hot(wanted, image.shape[1]).to(image.dtype)
    return flags.view(*flags.shape, *[1] * (image.ndim - 2))


def taken(image: Tensor, wanted: Tensor) -> Tensor:
    """Take one contrast of each sample: (B, 1, *S)."""
    return (image * maps(wanted, image)).sum(1, keepdim=True)


def dissimilarity(first: Tensor, second: Tensor, window: int = 11) -> Tensor:
    """Give -log((1 + SSIM) / 2) of each sample (B,), for images in [-1, 1], in nats."""
    return -torch.log((1 + ssim(first, second, 2.0, window=window)) / 2)
