"""Registration by a network that learns from a discriminator what aligned images look like."""

from torch import Tensor, nn

from adversaria.games.game import Game, Play
from adversaria.games.optimisers import Adam
from adversaria.losses import NonSaturating, Objective, Terms
from adversaria.losses.pixel import distance
from adversaria.networks.warp import roughness, warp
from adversaria.vocabulary import Batch


class RegistrationGAN(Game):
    """Adversarial similarity network for deformable registration (Fan et al. 2018, eq. 1-4).

    phi = G(moving, fixed), warped(x) = moving(x + phi(x)):
    discriminator: -log D(r, fixed) - log(1 - D(warped, fixed)),  r = 0.2 moving + 0.8 fixed
    generator:     -log D(warped, fixed) + smoothness ||grad phi||^2 [+ field ||phi - flow||^2] [+ terms]

    r stands for a well aligned pair; `blend` is its share of the moving image, which keeps the discriminator from
    asking for identical images. `field` weighs the squared error to a known field (the word `flow`, as Yan et al.
    2018 train with). `terms` compare the warped image, `output`, with the fixed one, `target`. Reads `moving`,
    `fixed`, and `spacing` if the batch has it (else a voxel counts as 1 mm); fields are in mm.
    """

    key = "registration-gan"
    given = ("moving", "fixed")
    players = {"generator": ("generator",), "discriminator": ("discriminator",)}
    optimisers = dict.fromkeys(players, Adam(1e-4, (0.5, 0.999)))

    def __init__(
        self,
        generator: nn.Module,
        discriminator: nn.Module,
        adversarial: Objective = NonSaturating(),
        adversarial_weight: float = 1.0,
        smoothness: float = 1.0,
        field: float = 0.0,
        blend: float = 0.2,
        terms: Terms = Terms({}),
    ):
        super().__init__()
        self.generator, self.discriminator = generator, discriminator
        self.adversarial, self.terms = adversarial, terms
        self.adversarial_weight, self.smoothness = adversarial_weight, smoothness
        self.field, self.blend = field, blend

    @classmethod
    def wiring(cls) -> dict[str, dict[str, str]]:
        """Both networks see both images."""
        return {
            "generator": {"in_channels": "moving+fixed", "size": "fixed"},
            "discriminator": {"in_channels": "moving", "condition_channels": "fixed", "size": "fixed"},
        }

    def play(self, batch: Batch) -> Play:
        """Discriminator, then generator."""
        moving, fixed, spacing = batch["moving"], batch["fixed"], batch.get("spacing")
        flow = self.generator(moving, fixed)
        warped = warp(moving, flow, spacing)
        aligned = self.blend * moving + (1 - self.blend) * fixed
        yield (
            "discriminator",
            {
                "adversarial": self.adversarial.discriminator(
                    self.discriminator(aligned, fixed), self.discriminator(warped, fixed)
                )
            },
        )
        losses: dict[str, Tensor] = {"smoothness": self.smoothness * roughness(flow, spacing)}
        if self.adversarial_weight:
            score = self.adversarial.generator(self.discriminator(warped, fixed))
            losses["adversarial"] = self.adversarial_weight * score
        if self.field:
            losses["field"] = self.field * distance(flow, batch["flow"], 2)
        yield "generator", {**losses, **self.terms(batch, output=warped, target=fixed)}

    def forward(self, batch: Batch) -> Batch:
        """Warp `moving` onto `fixed`; give the field too."""
        flow = self.generator(batch["moving"], batch["fixed"])
        return {"output": warp(batch["moving"], flow, batch.get("spacing")), "flow": flow}
