"""Segmentation from few labels: the discriminator is the segmenter, with one class more for generated voxels."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, softplus

from adversaria.games.game import Game, Play, latent_shape_of
from adversaria.games.optimisers import Adam
from adversaria.vocabulary import Batch


class SemiSupervisedSegmentation(Game):
    """Few-shot segmentation by generative adversarial learning (Mondal et al. 2018): K + 1 classes in every voxel.

    segmenter: - E log p(y|x, y <= K) - w E log(1 - p(K+1|x_u)) - w E log p(K+1|G(z)),   w = `unsupervised`
    generator:   matching ||mean f(x_u) - mean f(G(z))||_1 - adversarial E log(1 - p(K+1|G(z)))

    K logits suffice, that of the class K + 1 being 0. f is a hidden layer of the segmenter, `layer` counting from the
    end; means are over a batch, the norm's over the entries. `balance` weighs the labels (one number each, equal if
    none); the paper's cross entropy is weighted. Reads `image` with `mask` (labels, B 1 S), and `unlabelled`, a
    stream of its own.
    """

    key = "few-shot-segmentation-gan"
    given = ("image",)
    players = {"generator": ("generator",), "segmenter": ("segmenter",)}
    optimisers = {"generator": Adam(1e-4, (0.5, 0.999)), "segmenter": Adam(1e-4, (0.5, 0.999))}

    def __init__(
        self,
        generator: nn.Module,
        segmenter: nn.Module,
        classes: int = 2,
        unsupervised: float = 0.5,
        matching: float = 1.0,
        adversarial: float = 0.0,
        layer: int = -1,
        balance: tuple[float, ...] = (),
    ):
        super().__init__()
        self.latent_shape = latent_shape_of(generator)
        self.generator, self.segmenter, self.classes = generator, segmenter, classes
        self.unsupervised, self.matching, self.adversarial = unsupervised, matching, adversarial
        self.layer, self.balance = layer, tuple(balance)

    @property
    def couples_samples(self) -> bool:
        """Features are matched in their mean over a batch, and weights of labels count the batch's voxels."""
        return bool(self.matching or self.balance) or super().couples_samples

    @classmethod
    def wiring(cls, classes: int = 2) -> dict[str, dict[str, str | int]]:
        """Both networks work on `image`; the segmenter gives a map for each class."""
        return {
            "generator": {"out_channels": "image", "size": "image"},
            "segmenter": {"in_channels": "image", "out_channels": classes, "size": "image"},
        }

    def play(self, batch: Batch) -> Play:
        """Segmenter, then generator, on one generated batch."""
        fake = self.generator(self.normal(batch, "latent", self.latent_shape))
        truth, logits = batch["mask"].squeeze(1).long(), self.logits(batch["image"])
        weights = logits.new_tensor(self.balance) if self.balance else None
        yield (
            "segmenter",
            {
                "supervised": cross_entropy(logits, truth, weights),
                "unlabelled": self.unsupervised * softplus(-self.score(batch["unlabelled"])).mean(),
                "generated": self.unsupervised * softplus(self.score(fake)).mean(),
            },
        )
        losses = {}
        if self.matching:
            losses["matching"] = self.matching * self.distance(batch["unlabelled"], fake)
        if self.adversarial:
            losses["adversarial"] = self.adversarial * softplus(-self.score(fake)).mean()
        yield "generator", losses

    def logits(self, image: Tensor) -> Tensor:
        """Give the logits (B, K, *S) of the real classes, in single precision at least."""
        found = self.segmenter(image)
        return found.to(torch.promote_types(found.dtype, torch.float32))

    def score(self, image: Tensor) -> Tensor:
        """Give each voxel's logit (B, *S) of being real: log sum_k exp l_k."""
        return self.logits(image).logsumexp(1)

    def distance(self, real: Tensor, fake: Tensor) -> Tensor:
        """Mean absolute difference between the mean features of two batches."""
        with torch.no_grad():
            wanted = self.mean_features(real)
        return (self.mean_features(fake) - wanted).abs().mean()

    def mean_features(self, image: Tensor) -> Tensor:
        """Mean of the chosen layer over a batch, in single precision at least."""
        features: Any = self.segmenter.features
        found = features(image)[self.layer]
        return found.to(torch.promote_types(found.dtype, torch.float32)).mean(0)

    def forward(self, batch: Batch) -> Batch:
        """Segment `image`: probabilities (B, K, *S) and the likeliest label; without one, make images."""
        if "image" not in batch:
            latent = batch.get("latent")
            return {
                "output": self.generator(self.normal(batch, "latent", self.latent_shape) if latent is None else latent)
            }
        found = self.logits(batch["image"]).softmax(1)
        return {"output": found, "mask": found.argmax(1, keepdim=True)}
