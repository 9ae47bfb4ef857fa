"""Image-to-image translation whose discriminator looks where the source is wrong."""

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, avg_pool3d

from adversaria.games.game import Game, Play
from adversaria.games.optimisers import Adam
from adversaria.losses import NonSaturating, Objective, Pixel, Terms, Weighted
from adversaria.vocabulary import Batch


class FocusedGAN(Game):
    """Artefact reduction with a focus map (Liao et al. 2018, section 2): D sees images times the map m.

    m = M / max M,  M = local mean over `window` voxels of |source - target|: 1 where artefacts are worst
    discriminator: 1/2 [l_D of D(m target) and D(m G(source))]
    generator:     l_G(D(m G(source))) + terms, by default 100 ||target - G(source)||_1

    The map comes from the pair and carries no gradient. The paper's formula for it could not be confirmed; this one
    is ours. Reads `source` and `target`, and whatever the terms name.
    """

    key = "focus-map"
    players = {"generator": ("generator",), "discriminator": ("discriminator",)}
    optimisers = {"generator": Adam(2e-4, (0.5, 0.999)), "discriminator": Adam(2e-4, (0.5, 0.999))}

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        adversarial: Objective = NonSaturating(),
        terms: Terms = Terms({"pixel": Weighted(Pixel(), 100.0)}),
        window: int = 9,
    ):
        super().__init__()
        self.generator, self.discriminator = generator, discriminator
        self.adversarial, self.terms, self.window = adversarial, terms, window

    @classmethod
    def wiring(cls) -> dict[str, dict[str, str]]:
        """The generator turns `source` into `target`; the discriminator sees one of them, focused."""
        return {
            "generator": {"in_channels": "source", "out_channels": "target", "size": "source"},
            "discriminator": {"in_channels": "target", "size": "target"},
        }

    def play(self, batch: Batch) -> Play:
        """Discriminator, then generator."""
        source, target = batch["source"], batch["target"]
        focus = focus_map(source, target, self.window)
        output = self.generator(source)
        real, fake = self.discriminator(focus * target), self.discriminator(focus * output)
        yield "discriminator", {"adversarial": self.adversarial.discriminator(real, fake) / 2}
        yield (
            "generator",
            {
                "adversarial": self.adversarial.generator(self.discriminator(focus * output)),
                **self.terms(batch, output=output, discriminator=self.discriminator),
            },
        )

    def forward(self, batch: Batch) -> Batch:
        """Translate `source`."""
        return {"output": self.generator(batch["source"])}


def focus_map(source: Tensor, target: Tensor, window: int) -> Tensor:
    """Where images (B, C, *S) differ, by local means, 1 at most: (B, 1, *S); 1 everywhere if they are equal."""
    wrong = (source - target).abs().mean(1, keepdim=True)
    pool = avg_pool2d if wrong.ndim == 4 else avg_pool3d
    found = pool(wrong, window, 1, window // 2, count_include_pad=False)
    most = found.amax(tuple(range(1, found.ndim)), keepdim=True)
    return torch.where(most > 0, found / most.clamp_min(torch.finfo(found.dtype).tiny), 1.0)
