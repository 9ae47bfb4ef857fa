"""The objectives of f-GAN: a lower bound on an f-divergence between real and generated images."""

import math

import torch
from torch import Tensor
from torch.nn.functional import softplus

from adversaria.losses.objective import Objective

_STEEPEST = 20.0


class FDivergence(Objective):
    """Variational bound on D_f(P || Q) (Nowozin et al. 2016, eq. 6-7), P real and Q generated.

    D: max E_x g_f(V(x)) - E_z f*(g_f(V(G(z)))),   G: min -E_z f*(g_f(V(G(z)))), or the surrogate
    max E_z g_f(V(G(z))) that section 3.2 advises and that is on by default.

    A member states the output activation g_f and the composed f*(g_f(v)). At the best V, g_f(V) = f'(p/q),
    and minus the discriminator's loss is the divergence. Exponentials go on as straight lines above
    exp(20), which no ratio of densities worth certifying reaches, so that gradients stay finite.
    """

    def __init__(self, surrogate: bool = True):
        super().__init__()
        self.surrogate = surrogate

    def activation(self, score: Tensor) -> Tensor:
        """Give g_f(v), elementwise."""
        raise TypeError(f"{type(self).__name__} states no activation")

    def conjugate(self, score: Tensor) -> Tensor:
        """Give f*(g_f(v)), elementwise."""
        raise TypeError(f"{type(self).__name__} states no conjugate")

    def real(self, score: Tensor) -> Tensor:
        """-g_f(v)."""
        return -self.activation(score)

    def fake(self, score: Tensor) -> Tensor:
        """f*(g_f(v))."""
        return self.conjugate(score)

    def fooled(self, score: Tensor) -> Tensor:
        """-g_f(v), or -f*(g_f(v)) without the surrogate."""
        return -(self.activation(score) if self.surrogate else self.conjugate(score))


class KullbackLeibler(FDivergence):
    """KL(p || q) (Nowozin et al. 2016, table 6): f(u) = u log u. At p = q the best critic is 1, not 0."""

    key = "f-gan-kl"

    def activation(self, score: Tensor) -> Tensor:
        """Give v."""
        return score

    def conjugate(self, score: Tensor) -> Tensor:
        """exp(v - 1)."""
        return exponential(score - 1)


class ReverseKullbackLeibler(FDivergence):
    """KL(q || p) (Nowozin et al. 2016, table 6): f(u) = -log u."""

    key = "f-gan-reverse-kl"

    def activation(self, score: Tensor) -> Tensor:
        """-exp(-v)."""
        return -exponential(-score)

    def conjugate(self, score: Tensor) -> Tensor:
        """Give v - 1."""
        return score - 1


class PearsonChiSquared(FDivergence):
    """Pearson chi-squared, sum (p - q)^2 / q (Nowozin et al. 2016, table 6): f(u) = (u - 1)^2.

    t^2/4 + t is the conjugate for t >= -2; below it stays a lower bound and is used as it is.
    """

    key = "f-gan-pearson"

    def activation(self, score: Tensor) -> Tensor:
        """Give v."""
        return score

    def conjugate(self, score: Tensor) -> Tensor:
        """v^2 / 4 + v."""
        return score.square() / 4 + score


class SquaredHellinger(FDivergence):
    """Squared Hellinger, sum (sqrt p - sqrt q)^2 (Nowozin et al. 2016, table 6): f(u) = (sqrt u - 1)^2."""

    key = "f-gan-hellinger"

    def activation(self, score: Tensor) -> Tensor:
        """1 - exp(-v)."""
        return 1 - exponential(-score)

    def conjugate(self, score: Tensor) -> Tensor:
        """exp(v) - 1."""
        return exponential(score) - 1


class JensenShannon(FDivergence):
    """Twice the Jensen-Shannon divergence: f(u) = u log u - (u + 1) log((1 + u) / 2).

    The table of Nowozin et al. 2016 writes the half, but its f does not have it: halve the bound before
    calling it JS.
    """

    key = "f-gan-js"

    def activation(self, score: Tensor) -> Tensor:
        """log 2 - log(1 + exp(-v))."""
        return math.log(2) - softplus(-score)

    def conjugate(self, score: Tensor) -> Tensor:
        """log(1 + exp(v)) - log 2."""
        return softplus(score) - math.log(2)


class GANDivergence(FDivergence):
    """The divergence of the first GAN, 2 JS - log 4 (Nowozin et al. 2016, table 6).

    With the surrogate this is `NonSaturating`, without it `Minimax`.
    """

    key = "f-gan-gan"

    def activation(self, score: Tensor) -> Tensor:
        """-log(1 + exp(-v))."""
        return -softplus(-score)

    def conjugate(self, score: Tensor) -> Tensor:
        """log(1 + exp(v))."""
        return softplus(score)


class TotalVariationDistance(FDivergence):
    """Total variation, 1/2 sum |p - q|, approached as |v| grows: f(u) = |u - 1| / 2."""

    key = "f-gan-total-variation"

    def activation(self, score: Tensor) -> Tensor:
        """tanh(v) / 2."""
        return torch.tanh(score) / 2

    def conjugate(self, score: Tensor) -> Tensor:
        """tanh(v) / 2."""
        return torch.tanh(score) / 2


def exponential(value: Tensor) -> Tensor:
    """exp(x) up to 20, and its tangent there beyond."""
    straight = math.exp(_STEEPEST) * (1 + value - _STEEPEST)
    return torch.where(value > _STEEPEST, straight, value.clamp(max=_STEEPEST).exp())
