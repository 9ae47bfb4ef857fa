"""The energy-based GAN."""

import torch
from torch import Tensor, nn
from torch.nn.functional import normalize, relu

from adversaria.games.game import Game, Play, latent_shape_of
from adversaria.games.optimisers import Adam
from adversaria.vocabulary import Batch


class EBGAN(Game):
    """Energy-based GAN (Zhao et al. 2017, eq. 1-2, and 4 for the pulling-away term).

    D(x) = ||Dec(Enc(x)) - x||_2, S = Enc(G(z)):
    discriminator: E D(x) + E max(0, m - D(G(z)))
    generator:     E D(G(z)) + lambda_PT 1/(N(N-1)) sum_{i != j} (S_i . S_j / (|S_i| |S_j|))^2

    The discriminator is an autoencoder that gives `restored` and `code`. The energy is the Euclidean norm
    over a sample, and `margin` belongs to it: a few times the energy of real images is a start. With
    `pulling_away` 0 it is the plain EBGAN. The rate is that of DCGAN: the paper searches it. Reads `image`.
    """

    key = "ebgan"
    players = {"generator": ("generator",), "discriminator": ("discriminator",)}
    optimisers = {"generator": Adam(2e-4, (0.5, 0.999)), "discriminator": Adam(2e-4, (0.5, 0.999))}

    def __init__(self, generator: nn.Module, discriminator: nn.Module, margin: float, pulling_away: float = 0.1):
        super().__init__()
        self.latent_shape = latent_shape_of(generator)
        self.generator, self.discriminator = generator, discriminator
        self.margin, self.pulling_away = margin, pulling_away

    @property
    def couples_samples(self) -> bool:
        """The pulling-away term compares the samples of a batch."""
        return bool(self.pulling_away) or super().couples_samples

    @classmethod
    def wiring(cls) -> dict[str, dict[str, str]]:
        """Both networks work on `image`."""
        return {
            "generator": {"out_channels": "image", "size": "image"},
            "discriminator": {"in_channels": "image", "size": "image"},
        }

    def play(self, batch: Batch) -> Play:
        """Discriminator, then generator, on one generated batch."""
        fake = self.generator(self.normal(batch, "latent", self.latent_shape))
        (real_energy, _), (fake_energy, _) = self.energy(batch["image"]), self.energy(fake)
        yield "discriminator", {"real": real_energy.mean(), "margin": relu(self.margin - fake_energy).mean()}
        energy, code = self.energy(fake)
        apart = {"pulling_away": self.pulling_away * pulling_away(code)} if self.pulling_away else {}
        yield "generator", {"energy": energy.mean(), **apart}

    def energy(self, image: Tensor) -> tuple[Tensor, Tensor]:
        """Give the energy (B,) of images and their codes."""
        found = self.discriminator(image)
        error = (found["restored"] - image).flatten(1)
        return error.to(torch.promote_types(error.dtype, torch.float32)).norm(dim=1), found["code"]

    def forward(self, batch: Batch) -> Batch:
        """Make one image for each sample: from `latent` if given, else from keyed draws."""
        latent = batch.get("latent")
        if latent is None:
            latent = self.normal(batch, "latent", self.latent_shape)
        return {"output": self.generator(latent)}


def pulling_away(code: Tensor) -> Tensor:
    """Mean squared cosine between the codes (B, ...) of different samples; 0 for one sample alone."""
    unit = normalize(code.flatten(1).to(torch.promote_types(code.dtype, torch.float32)))
    count = len(unit)
    return ((unit @ unit.T).square().sum() - unit.square().sum(1).square().sum()) / max(1, count * (count - 1))
