"""Stain normalisation: structure from lightness, colour from a latent code."""

import torch
from torch import Tensor, nn

from adversaria.games.game import Game, Play
from adversaria.games.infogan import continuous_bound
from adversaria.games.optimisers import Adam
from adversaria.losses import NonSaturating, Objective
from adversaria.losses.pixel import distance
from adversaria.vocabulary import Batch

# share of red, green and blue in the lightness (ITU-R BT.601)
_LUMA = (0.299, 0.587, 0.114)


class Reference(nn.Module):
    """The colour code of the reference stain, learned as the mean of Q over the reference's images.

    The parameter is the code over `SCALE`: at the rates of a GAN Adam then takes hundreds of steps to a code of 1, not
    thousands.
    """

    SCALE = 30.0

    def __init__(self, codes: int):
        super().__init__()
        self.code = nn.Parameter(torch.zeros(codes))

    def forward(self, count: int) -> Tensor:
        """Give it (B, N) to `count` images."""
        return self.SCALE * self.code.expand(count, -1)


class StainCodeGAN(Game):
    """Stain colour by an InfoGAN (Zanjani et al. 2018): G takes the lightness l(x) and a colour code c ~ U(-1, 1).

    discriminator with Q: l_D of D(x) and D(G(l(x), c)) - lambda L_I(c; G(l(x), c))
    generator:            l_G(D(G(l(x), c))) - lambda L_I + 10 ||l(G(l(x), c)) - l(x)||_1 + ||r - Q(y)||^2

    L_I is InfoGAN's bound for a Gaussian posterior (Chen et al. 2016, eq. 6); Q, the head `code` of D with means and
    log variances, shares its trunk, which moves with it. x is `source`, tissue of any laboratory in three colours, y
    `target`, of the reference: its code r is learned as the mean of Q over y and moves nothing else. `forward` colours
    `source` with the code of `target`, if the batch has one (any picture may be the reference, without training), or
    with r. The paper's numbers of the GAN variant are not public: lambda 0.1, 10 and the number of codes are ours.
    """

    key = "stain-code"
    players = {"generator": ("generator", "reference"), "discriminator": ("discriminator",)}
    optimisers = dict.fromkeys(players, Adam(2e-4, (0.5, 0.999)))

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        codes: int = 6,
        adversarial: Objective = NonSaturating(),
        information: float = 0.1,
        lightness: float = 10.0,
    ):
        super().__init__()
        self.generator, self.discriminator, self.reference = generator, discriminator, Reference(codes)
        self.codes, self.adversarial = codes, adversarial
        self.information, self.lightness = information, lightness

    @classmethod
    def wiring(cls, codes: int = 6) -> dict[str, dict[str, str | int]]:
        """The generator sees one channel of lightness and a constant map for each code."""
        return {
            "generator": {"in_channels": 1 + codes, "out_channels": "target", "size": "source"},
            "discriminator": {"in_channels": "target", "size": "target", "codes": 2 * codes},
        }

    def play(self, batch: Batch) -> Play:
        """Discriminator with Q, then generator."""
        source = batch["source"]
        code = 2 * self.uniform(batch, "colour", (self.codes,)) - 1
        fake = self.colour(lightness(source), code)
        made = self.discriminator(fake)
        yield (
            "discriminator",
            {
                "adversarial": self.adversarial.discriminator(self.discriminator(source), made),
                "information": -self.information * self.bound(made, code),
            },
        )
        made = self.discriminator(fake)
        wanted = self.means(self.discriminator(batch["target"]))
        yield (
            "generator",
            {
                "adversarial": self.adversarial.generator(made),
                "information": -self.information * self.bound(made, code),
                "lightness": self.lightness * distance(lightness(fake), lightness(source), 1),
                "reference": distance(self.reference(len(wanted)), wanted, 2),
            },
        )

    def colour(self, light: Tensor, code: Tensor) -> Tensor:
        """Make a picture (B, 3, *S) of lightness (B, 1, *S) and codes (B, N)."""
        maps = code.view(*code.shape, *[1] * (light.ndim - 2)).expand(-1, -1, *light.shape[2:])
        return self.generator(light, maps.to(light.dtype))

    def means(self, found: Batch) -> Tensor:
        """The means (B, N) of Q's posterior."""
        mean: Tensor = found["code"][:, : self.codes]
        return mean

    def bound(self, found: Batch, code: Tensor) -> Tensor:
        """InfoGAN's bound L_I of the code, in nats."""
        described = found["code"].to(torch.promote_types(found["code"].dtype, torch.float32))
        return continuous_bound(described[:, : self.codes], described[:, self.codes :], code)

    def forward(self, batch: Batch) -> Batch:
        """Colour `source` like `target`, or like the reference."""
        source = batch["source"]
        if "target" in batch:
            code = self.means(self.discriminator(batch["target"]))
        else:
            code = self.reference(len(source))
        return {"output": self.colour(lightness(source), code)}


def lightness(image: Tensor) -> Tensor:
    """Lightness (B, 1, *S) of colours (B, 3, *S) in any linear scale; of other numbers of channels their mean."""
    if image.shape[1] != len(_LUMA):
        return image.mean(1, keepdim=True)
    return (image * image.new_tensor(_LUMA).view(1, -1, *[1] * (image.ndim - 2))).sum(1, keepdim=True)
