"""Images from sentences, refined word by word."""

from typing import Any

import torch
from torch import Tensor, nn

from adversaria.games.game import Game, Play
from adversaria.games.optimisers import Adam
from adversaria.games.stackgan import divergence, shrunk
from adversaria.losses import NonSaturating, Objective
from adversaria.losses.matching import matching, sentence_scores, word_scores
from adversaria.vocabulary import Batch


class AttnGAN(Game):
    """AttnGAN: fine-grained text to image generation with attention (Xu et al. 2018, eq. 3-13).

    Images x_0, x_1, ... of growing size from one generator, e the words, t the sentence; for every size i
    discriminators: -log D_i(x) - log(1 - D_i(x_i)) - log D_i(x, t) - log(1 - D_i(x_i, t))
    generator:      sum over i of -log D_i(x_i) - log D_i(x_i, t), + KL of the code, + lambda L_DAMSM(last image, e, t)

    L_DAMSM is the cross entropy, in both directions, of finding the own sentence in the batch, by words and regions
    and by sentence and image. Its two encoders learn it first, for `encoder_plays`, and are then frozen. The paper's
    halves before D's and G's logarithms are dropped. lambda is 5 (birds; 50 for COCO). Reads `image`, `text`.
    """

    key = "attngan"
    given = ("text",)
    couples_samples = True
    players = {
        "encoders": ("text_encoder", "image_encoder"),
        "generator": ("augmentation", "generator"),
        "discriminators": ("discriminators",),
    }
    optimisers = dict.fromkeys(players, Adam(2e-4, (0.5, 0.999)))

    def __init__(
        self,
        text_encoder: nn.Module,
        image_encoder: nn.Module,
        augmentation: nn.Module,
        generator: nn.Module,
        discriminators: nn.Module,
        encoder_plays: int = 5000,
        adversarial: Objective = NonSaturating(),
        matching_weight: float = 5.0,
        divergence: float = 1.0,
    ):
        super().__init__()
        self.text_encoder: Any = text_encoder
        self.image_encoder: Any = image_encoder
        self.generator: Any = generator
        self.discriminators: Any = discriminators
        self.augmentation, self.adversarial, self.encoder_plays = augmentation, adversarial, encoder_plays
        self.matching_weight, self.divergence = matching_weight, divergence

    @classmethod
    def wiring(cls) -> dict[str, dict[str, str]]:
        """All but the text's networks work on `image`."""
        return {
            "text_encoder": {},
            "image_encoder": {"in_channels": "image"},
            "augmentation": {},
            "generator": {"out_channels": "image", "size": "image"},
            "discriminators": {"in_channels": "image", "size": "image"},
        }

    def play(self, batch: Batch) -> Play:
        """Encoders at first; then all discriminators and the generator."""
        image, starting = batch["image"], self.plays < self.encoder_plays
        self.text_encoder.train(self.training and starting)
        self.image_encoder.train(self.training and starting)
        if starting:
            yield "encoders", {"matching": self.matching(batch, image)}
            return
        images, mean, log_variance = self.images(batch)
        with torch.no_grad():
            sentence = self.text_encoder(batch["text"])
        yield (
            "discriminators",
            {
                f"{kind}_{k}": self.adversarial.discriminator(
                    self.discriminators.judge(k, shrunk(image, made), given), self.discriminators.judge(k, made, given)
                )
                for k, made in enumerate(images)
                for kind, given in (("alone", None), ("matched", sentence))
            },
        )
        losses = {
            f"{kind}_{k}": self.adversarial.generator(self.discriminators.judge(k, made, given))
            for k, made in enumerate(images)
            for kind, given in (("alone", None), ("matched", sentence))
        }
        losses["divergence"] = self.divergence * divergence(mean, log_variance)
        losses["matching"] = self.matching_weight * self.matching(batch, images[-1])
        yield "generator", losses

    def images(self, batch: Batch) -> tuple[list[Tensor], Tensor, Tensor]:
        """Make the images of all sizes, with mean and log variance of the code."""
        with torch.no_grad():
            words, sentence = self.text_encoder.words(batch["text"]), self.text_encoder(batch["text"])
        mean, log_variance = self.augmentation(sentence)
        code = mean + torch.exp(log_variance / 2) * self.normal(batch, "code", mean.shape[1:]).to(mean)
        latent = self.normal(batch, "latent", self.generator.latent_shape)
        return self.generator(latent, code, words, batch["text"] > 0), mean, log_variance

    def matching(self, batch: Batch, image: Tensor) -> Tensor:
        """L_DAMSM of images and the batch's sentences."""
        words, known = self.text_encoder.words(batch["text"]), batch["text"] > 0
        by_word = matching(word_scores(words, self.image_encoder.regions(image), known))
        return by_word + matching(sentence_scores(self.image_encoder(image), self.text_encoder(batch["text"])))

    def forward(self, batch: Batch) -> Batch:
        """Draw an image for `text`."""
        return {"output": self.images(batch)[0][-1]}
