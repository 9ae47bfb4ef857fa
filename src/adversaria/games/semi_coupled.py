"""Two generators and one discriminator that also tells which of them an image belongs to."""

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy

from adversaria.games.game import Game, Play, latent_shape_of
from adversaria.games.optimisers import Adam
from adversaria.losses import NonSaturating, Objective
from adversaria.vocabulary import Batch


class SemiCoupledGAN(Game):
    """Semi-coupled GANs (Zhang et al. 2017, SASHIMI): a generator for each of two kinds, one discriminator for both.

    discriminator: sum over i of -log D(x_i) - log(1 - D(G_i(z))) - log P(i|x_i) - log P(i|G_i(z))
    generators:    sum over i of -log D(G_i(z)) - log P(i|G_i(z))

    The generators share no layers; one z makes both images. The class terms weigh `class_weight`. The
    discriminator gives `score` and `label` (two logits), and its features serve a classifier afterwards. The first
    kind is `source`, the second `target`, unpaired. `forward` gives both images, and the posterior of `image`.
    """

    key = "semi-coupled-gan"
    given = ()
    players = {"generators": ("source_generator", "target_generator"), "discriminator": ("discriminator",)}
    optimisers = dict.fromkeys(players, Adam(2e-4, (0.5, 0.999)))

    def __init__(
        self,
        source_generator: nn.Module,
        target_generator: nn.Module,
        discriminator: nn.Module,
        adversarial: Objective = NonSaturating(),
        class_weight: float = 1.0,
    ):
        super().__init__()
        self.latent_shape = latent_shape_of(source_generator)
        self.source_generator, self.target_generator = source_generator, target_generator
        self.discriminator, self.adversarial, self.class_weight = discriminator, adversarial, class_weight

    @classmethod
    def wiring(cls) -> dict[str, dict[str, str | int]]:
        """Each generator makes its own kind; the discriminator knows two classes."""
        return {
            "source_generator": {"out_channels": "source", "size": "source"},
            "target_generator": {"out_channels": "target", "size": "source"},
            "discriminator": {"in_channels": "source", "size": "source", "classes": 2},
        }

    def play(self, batch: Batch) -> Play:
        """Discriminator, then both generators, on images of one latent."""
        fakes = self.images(self.normal(batch, "latent", self.latent_shape))
        losses = {}
        for kind, (word, fake) in enumerate(fakes.items()):
            real_found, fake_found = self.discriminator(batch[word]), self.discriminator(fake)
            losses[word] = self.adversarial.discriminator(real_found, fake_found)
            losses[f"class_{word}"] = self.classified(real_found["label"], kind)
            losses[f"class_made_{word}"] = self.classified(fake_found["label"], kind)
        yield "discriminator", losses
        losses = {}
        for kind, (word, fake) in enumerate(fakes.items()):
            found = self.discriminator(fake)
            losses[word] = self.adversarial.generator(found)
            losses[f"class_{word}"] = self.classified(found["label"], kind)
        yield "generators", losses

    def images(self, latent: Tensor) -> dict[str, Tensor]:
        """Make an image of each kind from a latent."""
        return {"source": self.source_generator(latent), "target": self.target_generator(latent)}

    def classified(self, logits: Tensor, kind: int) -> Tensor:
        """-log P(kind|x), weighted, in single precision at least."""
        logits = logits.to(torch.promote_types(logits.dtype, torch.float32))
        wanted = torch.full((len(logits),), kind, dtype=torch.long, device=logits.device)
        return self.class_weight * cross_entropy(logits, wanted)

    def forward(self, batch: Batch) -> Batch:
        """Make an image of each kind for each sample: from `latent` if given, else from keyed draws."""
        latent = batch.get("latent")
        made = self.images(self.normal(batch, "latent", self.latent_shape) if latent is None else latent)
        found = {"posterior": self.discriminator(batch["image"])["label"].softmax(1)} if "image" in batch else {}
        return {"output": made["target"], "source": made["source"], **found}
