"""A sketch first, then its refinement where it matters."""

from torch import Tensor, nn

from adversaria.games.cascade import CascadeCGAN
from adversaria.losses import NonSaturating, Objective, Pixel, Terms, Weighted
from adversaria.vocabulary import Batch


class SketcherRefiner(CascadeCGAN):
    """Sketcher and refiner (Wei et al. 2018): two conditional GANs in series, the second with a weight on lesions.

    y1 = G1(x), y2 = G2(x, y1), each against a discriminator of its own that sees x beside the image
    sketcher: -log D1(y1, x) + 100 ||y - y1||_1
    refiner:  -log D2(y2, x) + 100 (sum of w |y - y2|) / (sum of w),    w from the word `weight`

    The sketcher is trained alone for `first_plays` plays, then the refiner on it. The paper's weights are not known to
    us: 100 is pix2pix's. Reads `source`, `target` and `weight` (B, 1, *S), high in lesions.
    """

    key = "sketcher-refiner"

    def __init__(
        self,
        first: nn.Module,
        second: nn.Module,
        first_discriminator: nn.Module,
        second_discriminator: nn.Module,
        first_plays: int = 10_000,
        adversarial: Objective = NonSaturating(),
        terms: Terms = Terms({"pixel": Weighted(Pixel(), 100.0)}),
        refining: Terms = Terms({"pixel": Weighted(Pixel(), 100.0)}),
    ):
        networks = first, second, first_discriminator, second_discriminator
        super().__init__(*networks, first_plays=first_plays, adversarial=adversarial, terms=terms)
        self.refining = refining

    def fidelity(self, stage: str, batch: Batch, output: Tensor, target: Tensor) -> dict[str, Tensor]:
        """The sketcher's terms know no weight."""
        if stage == "second":
            return self.refining(batch, "second_", output=output, target=target)
        plain = {word: value for word, value in batch.items() if word != "weight"}
        return self.terms(plain, "first_", output=output, target=target)
