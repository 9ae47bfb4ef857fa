"""The categorical GAN: a game about the entropies of class posteriors."""

import math

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from adversaria.games.game import Game, Play, latent_shape_of
from adversaria.games.optimisers import Adam
from adversaria.vocabulary import Batch


class CatGAN(Game):
    """Categorical GAN, unsupervised or semi-supervised clustering (Springenberg 2016, eq. 7 and 9).

    With H the entropy in nats, p(c|x) the posterior of K classes and bars for the mean over the batch:
    discriminator: max H[p(c|x) bar] - mean H[p(c|x)] + mean H[p(c|G(z))] [- supervised CE(y, p(c|x_l))]
    generator:     max H[p(c|G(z)) bar] - mean H[p(c|G(z))]

    The discriminator gives K logits, or a dictionary that has them under `label`. The marginal entropy is
    that of one batch, so batches should hold about 100 samples. With `supervised` > 0 labelled images come
    as `image` with `label`, and the others as `unlabelled`; without, every `image` is unlabelled.
    """

    key = "catgan"
    players = {"generator": ("generator",), "discriminator": ("discriminator",)}
    optimisers = {"generator": Adam(2e-4, (0.5, 0.999)), "discriminator": Adam(2e-4, (0.5, 0.999))}

    def __init__(self, generator: nn.Module, discriminator: nn.Module, supervised: float = 0.0):
        super().__init__()
        self.latent_shape = latent_shape_of(generator)
        self.generator, self.discriminator, self.supervised = generator, discriminator, supervised

    @property
    def couples_samples(self) -> bool:
        """The marginal entropy is that of a batch."""
        return True

    @classmethod
    def wiring(cls, supervised: float = 0.0) -> dict[str, dict[str, str]]:
        """Both networks work on `image`; with labels the discriminator knows as many classes as they have."""
        classes = {"classes": "label"} if supervised else {}
        return {
            "generator": {"out_channels": "image", "size": "image"},
            "discriminator": {"in_channels": "image", "size": "image", **classes},
        }

    def play(self, batch: Batch) -> Play:
        """Discriminator, then generator, on one generated batch."""
        fake = self.generator(self.normal(batch, "latent", self.latent_shape))
        real = self.logits(batch["unlabelled" if self.supervised else "image"])
        yield (
            "discriminator",
            {
                "balance": -marginal_entropy(real),
                "certainty": entropy(real),
                "confusion": -entropy(self.logits(fake)),
                **self.labelled(batch),
            },
        )
        made = self.logits(fake)
        yield "generator", {"balance": -marginal_entropy(made), "certainty": entropy(made)}

    def labelled(self, batch: Batch) -> dict[str, Tensor]:
        """Cross entropy on labelled images, if there are any."""
        if not self.supervised:
            return {}
        return {"supervised": self.supervised * cross_entropy(self.logits(batch["image"]), batch["label"])}

    def logits(self, image: Tensor) -> Tensor:
        """Give the class logits (B, K), in single precision at least."""
        found = self.discriminator(image)
        found = found["label"] if isinstance(found, dict) else found
        return found.to(torch.promote_types(found.dtype, torch.float32))

    def forward(self, batch: Batch) -> Batch:
        """Make one image for each sample; give the posterior of `image` if there is one."""
        latent = batch.get("latent")
        if latent is None:
            latent = self.normal(batch, "latent", self.latent_shape)
        posterior = {"posterior": self.logits(batch["image"]).softmax(1)} if "image" in batch else {}
        return {"output": self.generator(latent), **posterior}


def entropy(logits: Tensor) -> Tensor:
    """Mean entropy of the posteriors of logits (B, K), in nats."""
    return -(logits.softmax(1) * logits.log_softmax(1)).sum(1).mean()


def marginal_entropy(logits: Tensor) -> Tensor:
    """Entropy of the mean posterior of logits (B, K), in nats, by logarithms: a class may be unseen."""
    share = logits.log_softmax(1).logsumexp(0) - math.log(len(logits))
    return -(share.exp() * share).sum()
