"""Sentences about images, with a discriminator of pairs."""

from typing import Any

from torch import Tensor, nn
from torch.nn.functional import cross_entropy, one_hot

from adversaria.games.game import Game, Play
from adversaria.games.optimisers import Adam
from adversaria.losses import NonSaturating, Objective
from adversaria.vocabulary import Batch


class CaptionGAN(Game):
    """Adversarial image captioning with the Gumbel approximation (Shetty et al. 2017, section 3).

    s a sentence of words, s^ = G(x, z) with every word drawn by a straight-through Gumbel softmax:
    discriminator: -log D(x, s) - 1/2 log(1 - D(x, s^)) - 1/2 log(1 - D(x, s of another image))
    generator:     -log D(x, s^) [+ likelihood: cross entropy of the next word of s]

    For the first `likelihood_plays` the generator learns the next word alone, as in the paper; `likelihood` keeps
    that term on afterwards (0 in the paper). Reads `image` and `text` (tokens; 0 fills up and ends a sentence).
    `forward` gives `text`, the likeliest word at each step, and `output`, the shares of all words (B, words, L).
    """

    key = "caption-gan"
    given = ("image",)
    couples_samples = True
    players = {"generator": ("generator",), "discriminator": ("discriminator",)}
    optimisers = dict.fromkeys(players, Adam(1e-4, (0.5, 0.999)))

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        temperature: float = 0.5,
        likelihood_plays: int = 10_000,
        likelihood: float = 0.0,
        adversarial: Objective = NonSaturating(),
    ):
        super().__init__()
        self.generator: Any = generator
        self.discriminator, self.adversarial, self.temperature = discriminator, adversarial, temperature
        self.likelihood_plays, self.likelihood = likelihood_plays, likelihood

    @classmethod
    def wiring(cls) -> dict[str, dict[str, str]]:
        """Both networks look at `image`."""
        return {"generator": {"in_channels": "image"}, "discriminator": {"in_channels": "image"}}

    def play(self, batch: Batch) -> Play:
        """The generator alone on likelihood at first; then discriminator and generator."""
        image, text = batch["image"], batch["text"]
        if self.plays < self.likelihood_plays:
            yield "generator", {"likelihood": cross_entropy(self.generator.following(image, text), text)}
            return
        real = one_hot(text, self.generator.vocabulary).movedim(-1, 1).to(image.dtype)
        made = self.generator(image, self.draws(batch, text.shape[1]), self.temperature)
        matched = self.discriminator(image, real)
        losses = {
            "adversarial": self.adversarial.discriminator(matched, self.discriminator(image, made)) / 2,
            "mismatched": self.adversarial.discriminator(matched, self.discriminator(image, real.roll(1, 0))) / 2,
        }
        yield "discriminator", losses
        losses = {"adversarial": self.adversarial.generator(self.discriminator(image, made))}
        if self.likelihood:
            told = cross_entropy(self.generator.following(image, text), text)
            losses["likelihood"] = self.likelihood * told
        yield "generator", losses

    def draws(self, batch: Batch, length: int) -> Tensor:
        """Uniform numbers for every word of every place (B, L, words)."""
        return self.uniform(batch, "words", (length, self.generator.vocabulary))

    def forward(self, batch: Batch) -> Batch:
        """Tell what `source` (or `image`) shows, the likeliest word at each step."""
        image = batch["image"] if "image" in batch else batch["source"]
        said = self.generator(image, None, self.temperature)
        return {"output": said, "text": said.argmax(1)}
