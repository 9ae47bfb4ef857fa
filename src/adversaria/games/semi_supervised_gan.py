"""The GAN whose discriminator is a classifier with one class more."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, softplus

from adversaria.games.game import Game, Play, latent_shape_of
from adversaria.games.optimisers import Adam
from adversaria.vocabulary import Batch


class SemiSupervisedGAN(Game):
    """Semi-supervised GAN with K + 1 classes (Salimans et al. 2016, section 5; Odena 2016).

    discriminator: -E log p(y|x, y <= K) - E log(1 - p(K+1|x_u)) - E log p(K+1|G(z))
    generator:     matching ||mean f(x_u) - mean f(G(z))||_2^2 - adversarial E log(1 - p(K+1|G(z)))

    K logits suffice: with that of the last class fixed at 0, 1 - p(K+1|x) = sigmoid(logsumexp_k l_k(x)). f is
    a hidden layer of the discriminator, `layer` counting from the end. By default the generator matches features,
    which the paper found better for classification. The discriminator gives K logits, or a dictionary
    with them under `label`. Reads `image` with its `label`, and `unlabelled`, a stream of its own.
    """

    key = "semi-supervised-gan"
    players = {"generator": ("generator",), "discriminator": ("discriminator",)}
    optimisers = {"generator": Adam(3e-4, (0.5, 0.999)), "discriminator": Adam(3e-4, (0.5, 0.999))}

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        matching: float = 1.0,
        adversarial: float = 0.0,
        layer: int = -1,
    ):
        super().__init__()
        self.latent_shape = latent_shape_of(generator)
        self.generator, self.discriminator = generator, discriminator
        self.matching, self.adversarial, self.layer = matching, adversarial, layer

    @property
    def couples_samples(self) -> bool:
        """Features are matched in their mean over a batch."""
        return bool(self.matching) or super().couples_samples

    @classmethod
    def wiring(cls) -> dict[str, dict[str, str]]:
        """Both networks work on `image`; the discriminator knows as many classes as `label` has."""
        return {
            "generator": {"out_channels": "image", "size": "image"},
            "discriminator": {"in_channels": "image", "size": "image", "classes": "label"},
        }

    def play(self, batch: Batch) -> Play:
        """Discriminator, then generator, on one generated batch."""
        fake = self.generator(self.normal(batch, "latent", self.latent_shape))
        yield (
            "discriminator",
            {
                "supervised": cross_entropy(self.logits(batch["image"]), batch["label"]),
                "unlabelled": softplus(-self.score(batch["unlabelled"])).mean(),
                "generated": softplus(self.score(fake)).mean(),
            },
        )
        losses = {}
        if self.matching:
            losses["matching"] = self.matching * self.distance(batch["unlabelled"], fake)
        if self.adversarial:
            losses["adversarial"] = self.adversarial * softplus(-self.score(fake)).mean()
        yield "generator", losses

    def logits(self, image: Tensor) -> Tensor:
        """Give the logits (B, K) of the real classes, in single precision at least."""
        found = self.discriminator(image)
        found = found["label"] if isinstance(found, dict) else found
        return found.to(torch.promote_types(found.dtype, torch.float32))

    def score(self, image: Tensor) -> Tensor:
        """Give the logit (B,) of being real: log(Z / 1), Z = sum_k exp l_k."""
        return self.logits(image).logsumexp(1)

    def distance(self, real: Tensor, fake: Tensor) -> Tensor:
        """Squared distance between the mean features of two batches."""
        with torch.no_grad():
            wanted = self.mean_features(real)
        return (self.mean_features(fake) - wanted).square().sum()

    def mean_features(self, image: Tensor) -> Tensor:
        """Mean of the chosen layer over a batch, in single precision at least."""
        features: Any = self.discriminator.features
        found = features(image)[self.layer].flatten(1)
        return found.to(torch.promote_types(found.dtype, torch.float32)).mean(0)

    def forward(self, batch: Batch) -> Batch:
        """Make one image for each sample; give the posterior over the real classes of `image` if there is one."""
        latent = batch.get("latent")
        if latent is None:
            latent = self.normal(batch, "latent", self.latent_shape)
        posterior = {"posterior": self.logits(batch["image"]).softmax(1)} if "image" in batch else {}
        return {"output": self.generator(latent), **posterior}
