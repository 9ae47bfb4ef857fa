"""Images from sentences in two stages."""

from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import adaptive_avg_pool2d, adaptive_avg_pool3d

from adversaria.games.game import Game, Play
from adversaria.games.optimisers import Adam
from adversaria.losses import NonSaturating, Objective
from adversaria.losses.matching import matching, sentence_scores
from adversaria.vocabulary import Batch

STAGES = ("first", "second")


class StackGAN(Game):
    """StackGAN: text to image synthesis with stacked GANs (Zhang et al. 2017, eq. 3-6).

    t the sentence, c ~ N(mu(t), S(t)); stage 1: s = G1(z, c), stage 2: x^ = G2(s, c) with G1 fixed; in each stage
    discriminator: -log D(x, t) - 1/2 log(1 - D(x^, t)) - 1/2 log(1 - D(x, t of another image))
    generator:     -log D(x^, t) + KL(N(mu(t), S(t)) || N(0, I)), averaged over the code

    The paper's text encoder came trained. Ours learns at first, for `encoder_plays`, to match sentences and images
    of a batch (cosine, both directions), and is then frozen; stage 1 takes `first_plays`. Stage 1 sees images
    averaged to the size that G1 makes. Mismatched sentences are those of the next image of the batch. Reads `image`
    and `text` (tokens). `forward` draws an image for `text`.
    """

    key = "text-conditional"
    given = ("text",)
    couples_samples = True
    players = {
        "encoders": ("text_encoder", "image_encoder"),
        "first": ("first_augmentation", "first"),
        "first_discriminator": ("first_discriminator",),
        "second": ("second_augmentation", "second"),
        "second_discriminator": ("second_discriminator",),
    }
    optimisers = {**dict.fromkeys(players, Adam(2e-4, (0.5, 0.999))), "encoders": Adam(1e-3)}

    def __init__(
        self,
        text_encoder: nn.Module,
        image_encoder: nn.Module,
        first_augmentation: nn.Module,
        first: nn.Module,
        first_discriminator: nn.Module,
        second_augmentation: nn.Module,
        second: nn.Module,
        second_discriminator: nn.Module,
        encoder_plays: int = 5000,
        first_plays: int = 50_000,
        adversarial: Objective = NonSaturating(),
        divergence: float = 1.0,
    ):
        super().__init__()
        self.text_encoder, self.image_encoder = text_encoder, image_encoder
        self.first_augmentation, self.second_augmentation = first_augmentation, second_augmentation
        self.first: Any = first
        self.second, self.first_discriminator = second, first_discriminator
        self.second_discriminator, self.adversarial, self.divergence = second_discriminator, adversarial, divergence
        self.encoder_plays, self.first_plays = encoder_plays, first_plays

    @classmethod
    def wiring(cls) -> dict[str, dict[str, str]]:
        """All but the text's networks work on `image`."""
        made, seen = {"out_channels": "image", "size": "image"}, {"in_channels": "image", "size": "image"}
        return {
            "text_encoder": {}, "image_encoder": seen, "first_augmentation": {}, "second_augmentation": {},
            "first": made, "second": {**made, **seen}, "first_discriminator": seen, "second_discriminator": seen,
        }  # fmt: skip

    def play(self, batch: Batch) -> Play:
        """Encoders at first, then stage 1, then stage 2."""
        image = batch["image"]
        starting, late = self.plays < self.encoder_plays, self.plays >= self.encoder_plays + self.first_plays
        self.text_encoder.train(self.training and starting)
        self.first.train(self.training and not starting and not late)
        if starting:
            scores = sentence_scores(self.image_encoder(image), self.text_encoder(batch["text"]))
            yield "encoders", {"matching": matching(scores)}
            return
        with torch.no_grad():
            sentence = self.text_encoder(batch["text"])
        stage = STAGES[int(late)]
        with torch.set_grad_enabled(not late):
            output, mean, log_variance = self.small(batch, sentence)
        if late:
            code, mean, log_variance = self.code(batch, "second", sentence)
            output = self.second(output, code)
        real = shrunk(image, output)
        judge, other = getattr(self, f"{stage}_discriminator"), sentence.roll(1, 0)
        matched = judge(real, sentence)
        losses = {
            "adversarial": self.adversarial.discriminator(matched, judge(output, sentence)) / 2,
            "mismatched": self.adversarial.discriminator(matched, judge(real, other)) / 2,
        }
        yield f"{stage}_discriminator", losses
        yield (
            stage,
            {
                "adversarial": self.adversarial.generator(judge(output, sentence)),
                "divergence": self.divergence * divergence(mean, log_variance),
            },
        )

    def small(self, batch: Batch, sentence: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Make the small image of stage 1, with mean and log variance of its code."""
        code, mean, log_variance = self.code(batch, "first", sentence)
        return self.first(self.normal(batch, "latent", self.first.latent_shape), code), mean, log_variance

    def code(self, batch: Batch, stage: str, sentence: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Draw the code of a sentence; give its mean and log variance too."""
        mean, log_variance = getattr(self, f"{stage}_augmentation")(sentence)
        noise = self.normal(batch, f"{stage} code", mean.shape[1:]).to(mean)
        return mean + torch.exp(log_variance / 2) * noise, mean, log_variance

    def forward(self, batch: Batch) -> Batch:
        """Draw an image for `text`."""
        sentence = self.text_encoder(batch["text"])
        return {"output": self.second(self.small(batch, sentence)[0], self.code(batch, "second", sentence)[0])}


def shrunk(image: Tensor, like: Tensor) -> Tensor:
    """Average an image to the size of another."""
    pool: Any = adaptive_avg_pool2d if image.ndim == 4 else adaptive_avg_pool3d
    return pool(image, like.shape[2:])


def divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(mean, exp(log_variance)) || N(0, I)), mean over the code and the batch."""
    return 0.5 * (mean.square() + log_variance.exp() - log_variance - 1).mean()
