"""Drawing what a sentence says at the place that is asked for."""

from typing import Any

import torch
from torch import Tensor, nn

from adversaria.games.game import Game, Play
from adversaria.games.optimisers import Adam
from adversaria.losses import NonSaturating, Objective
from adversaria.losses.matching import matching, sentence_scores
from adversaria.networks.place import box_maps, boxes_of
from adversaria.vocabulary import Batch


class LocationGAN(Game):
    """Learning what and where to draw, with boxes (Reed et al. 2016, section 4.1).

    t the sentence, l the box:
    discriminator: -log D(x, t, l) - 1/2 log(1 - D(G(z, t, l), t, l)) - 1/2 log(1 - D(x, t of another image, l))
    generator:     -log D(G(z, t, l), t, l)

    The box is the smallest around `mask`. Both players see it as a map; the generator has a global path and one inside
    the box, as the discriminator may. The paper's text encoder came trained; ours learns at first, for `encoder_plays`,
    to match sentences and images of a batch, and is then frozen. Reads `image`, `text` (tokens) and `mask`.
    """

    key = "location-conditional"
    given = ("text", "mask")
    couples_samples = True
    players = {
        "encoders": ("text_encoder", "image_encoder"),
        "generator": ("generator",),
        "discriminator": ("discriminator",),
    }
    optimisers = {**dict.fromkeys(players, Adam(2e-4, (0.5, 0.999))), "encoders": Adam(1e-3)}

    def __init__(
        self,
        text_encoder: nn.Module,
        image_encoder: nn.Module,
        generator: nn.Module,
        discriminator: nn.Module,
        encoder_plays: int = 5000,
        adversarial: Objective = NonSaturating(),
    ):
        super().__init__()
        self.text_encoder, self.image_encoder = text_encoder, image_encoder
        self.generator: Any = generator
        self.discriminator, self.encoder_plays, self.adversarial = discriminator, encoder_plays, adversarial

    @classmethod
    def wiring(cls) -> dict[str, dict[str, str | int]]:
        """The discriminator sees the image and one map of the box."""
        return {
            "text_encoder": {},
            "image_encoder": {"in_channels": "image"},
            "generator": {"out_channels": "image", "size": "image"},
            "discriminator": {"in_channels": "image", "condition_channels": 1, "size": "image"},
        }

    def play(self, batch: Batch) -> Play:
        """Encoders at first; then discriminator and generator."""
        image, starting = batch["image"], self.plays < self.encoder_plays
        self.text_encoder.train(self.training and starting)
        if starting:
            scores = sentence_scores(self.image_encoder(image), self.text_encoder(batch["text"]))
            yield "encoders", {"matching": matching(scores)}
            return
        with torch.no_grad():
            sentence = self.text_encoder(batch["text"])
        boxes, place = self.place(batch)
        output = self.generator(self.normal(batch, "latent", self.generator.latent_shape), sentence, boxes)
        matched = self.discriminator(image, sentence, place)
        fake, other = self.discriminator(output, sentence, place), self.discriminator(image, sentence.roll(1, 0), place)
        losses = {
            "adversarial": self.adversarial.discriminator(matched, fake) / 2,
            "mismatched": self.adversarial.discriminator(matched, other) / 2,
        }
        yield "discriminator", losses
        yield "generator", {"adversarial": self.adversarial.generator(self.discriminator(output, sentence, place))}

    @staticmethod
    def place(batch: Batch) -> tuple[Tensor, Tensor]:
        """The boxes (B, dims, 2) around `mask`, and their maps (B, 1, *S)."""
        boxes = boxes_of(batch["mask"])
        return boxes, box_maps(boxes, tuple(batch["mask"].shape[2:])).to(batch["mask"])

    def forward(self, batch: Batch) -> Batch:
        """Draw an image for `text` with the box of `mask`."""
        latent = self.normal(batch, "latent", self.generator.latent_shape)
        return {"output": self.generator(latent, self.text_encoder(batch["text"]), self.place(batch)[0])}
