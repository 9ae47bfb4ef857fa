"""A stack of generators that inverts the layers of a classifier."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy, mse_loss

from adversaria.games.game import Game, Play
from adversaria.games.optimisers import Adam
from adversaria.losses import NonSaturating, Objective
from adversaria.vocabulary import Batch


class StackedGAN(Game):
    """Stacked generative adversarial networks (Huang et al. 2017, eq. 1-6), of two levels.

    h = E_1(x), y = E_2(h); h^ = G_2(y, z_2), x^ = G_1(h, z_1); for each level i
    generators:     -log D_i(G_i) + cond d(E_i(G_i(.)), .) + 10 ||Q_i(G_i(., z_i)) - z_i||^2
    discriminators: -log D_i(real) - log(1 - D_i(G_i)) + 10 ||Q_i(G_i(., z_i)) - z_i||^2

    d is the mean squared error inside and the cross entropy at the top. Q_i shares the trunk of D_i and moves with it.
    The encoder is trained on labels for `encoder_plays` plays, then frozen; for `alone_plays` each level learns from
    real features; then G_1 gets those of G_2, which receives `share` of the gradient of the level below.
    Reads `image` and `label`. `forward` draws from top to bottom for `label`.
    """

    key = "sgan"
    given = ("label",)
    players = {
        "encoder": ("encoder",),
        "generators": ("top_generator", "generator"),
        "discriminators": ("top_discriminator", "discriminator"),
    }
    optimisers = dict.fromkeys(players, Adam(1e-4, (0.5, 0.999)))

    def __init__(
        self,
        encoder: nn.Module,
        top_generator: nn.Module,
        generator: nn.Module,
        top_discriminator: nn.Module,
        discriminator: nn.Module,
        adversarial: Objective = NonSaturating(),
        condition: float = 1.0,
        entropy: float = 10.0,
        share: float = 0.01,
        encoder_plays: int = 5000,
        alone_plays: int = 20_000,
    ):
        super().__init__()
        self.encoder: Any = encoder
        self.top_generator, self.generator = top_generator, generator
        self.top_discriminator, self.discriminator, self.adversarial = top_discriminator, discriminator, adversarial
        self.condition, self.entropy, self.share = condition, entropy, share
        self.encoder_plays, self.alone_plays = encoder_plays, alone_plays

    @classmethod
    def wiring(cls) -> dict[str, dict[str, str]]:
        """The networks of the lower level know the image, those of the top the features."""
        return {
            "encoder": {"in_channels": "image", "size": "image"},
            "top_generator": {"size": "image"},
            "generator": {"out_channels": "image", "size": "image"},
            "top_discriminator": {"size": "image"},
            "discriminator": {"in_channels": "image", "size": "image"},
        }

    def play(self, batch: Batch) -> Play:
        """The encoder at first; then discriminators and generators of both levels."""
        image, label = batch["image"], batch["label"]
        self.encoder.train(self.training and self.plays < self.encoder_plays)
        if self.plays < self.encoder_plays:
            logits = self.encoder.top(self.encoder.features(image))
            yield "encoder", {"classification": cross_entropy(logits, label)}
            return
        with torch.no_grad():
            known = self.encoder.features(image)
        draws = {"top": self.noise(batch, "top"), "image": self.noise(batch, "image")}
        made = self.top_generator(draws["top"], label)
        given = known
        if self.plays >= self.encoder_plays + self.alone_plays:
            with torch.no_grad():
                still = self.top_generator(draws["top"], label)
            given = still + self.share * (made - still)
        fakes = {"top": made, "image": self.generator(draws["image"], given)}
        reals = {"top": known, "image": image}
        losses: dict[str, Tensor] = {}
        for level, fake in fakes.items():
            real, judged = self.judged(level, reals[level]), self.judged(level, fake)
            losses[f"{level}_adversarial"] = self.adversarial.discriminator(real, judged)
            losses[f"{level}_entropy"] = self.entropy * mse_loss(judged["latent"], draws[level])
        yield "discriminators", losses
        losses = {
            "top_condition": self.condition * cross_entropy(self.encoder.top(made), label),
            "image_condition": self.condition * mse_loss(self.encoder.features(fakes["image"]), given),
        }
        for level, fake in fakes.items():
            judged = self.judged(level, fake)
            losses[f"{level}_adversarial"] = self.adversarial.generator(judged)
            losses[f"{level}_entropy"] = self.entropy * mse_loss(judged["latent"], draws[level])
        yield "generators", losses

    def judged(self, level: str, value: Tensor) -> Any:
        """Score features or images, and guess their noise."""
        return (self.top_discriminator if level == "top" else self.discriminator)(value)

    def noise(self, batch: Batch, level: str) -> Tensor:
        """Draw the noise of a level, uniform in (0, 1)."""
        network: Any = self.top_generator if level == "top" else self.generator
        return self.uniform(batch, level, network.latent_shape)

    def forward(self, batch: Batch) -> Batch:
        """Make one image of each `label`."""
        features = self.top_generator(self.noise(batch, "top"), batch["label"])
        return {"output": self.generator(self.noise(batch, "image"), features)}
