"""Adversarial objectives and gradient penalties against closed forms."""

import math

import pytest
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits

from adversaria import losses
from adversaria.vocabulary import UserError

LOG2 = math.log(2)
MEMBERS = [name for name in losses.__all__ if isinstance(getattr(losses, name), type)]
OBJECTIVES = [
    n for n in MEMBERS if issubclass(getattr(losses, n), losses.Objective) and n not in ("Objective", "FDivergence")
]
PENALTIES = [n for n in MEMBERS if issubclass(getattr(losses, n), losses.Penalty) and n != "Penalty"]


def softplus(value: float) -> float:
    return math.log1p(math.exp(value))


def half(function, first: float, second: float) -> float:
    return (function(first) + function(second)) / 2


# losses of both sides at indifference, and for real scores (2, 0.5) against fake scores (-2, 0.5)
EXPECTED = {
    "Minimax": (
        (2 * LOG2, -LOG2),
        (
            (softplus(-2) + softplus(-0.5)) / 2 + (softplus(-2) + softplus(0.5)) / 2,
            -(softplus(-2) + softplus(0.5)) / 2,
        ),
    ),
    "NonSaturating": (
        (2 * LOG2, LOG2),
        (
            (softplus(-2) + softplus(-0.5)) / 2 + (softplus(-2) + softplus(0.5)) / 2,
            (softplus(2) + softplus(-0.5)) / 2,
        ),
    ),
    "LeastSquares": ((0.5, 0.5), ((1 + 0.25) / 4 + (4 + 0.25) / 4, (9 + 0.25) / 4)),
    "Hinge": ((2.0, 0.0), (1.0, 0.75)),
    "Wasserstein": ((0.0, 0.0), (-0.75 - 1.25, 0.75)),
    "KullbackLeibler": ((math.exp(-1), 0.0), (-1.25 + half(lambda v: math.exp(v - 1), -2, 0.5), 0.75)),
    "ReverseKullbackLeibler": (
        (0.0, 1.0),
        (half(math.exp, -2, -0.5) - 1.75, half(math.exp, 2, -0.5)),
    ),
    "PearsonChiSquared": ((0.0, 0.0), (-1.25 + half(lambda v: v * v / 4 + v, -2, 0.5), 0.75)),
    "SquaredHellinger": (
        (0.0, 0.0),
        (half(math.exp, -2, -0.5) - 1 + half(math.exp, -2, 0.5) - 1, half(math.exp, 2, -0.5) - 1),
    ),
    "JensenShannon": (
        (0.0, 0.0),
        (half(softplus, -2, -0.5) + half(softplus, -2, 0.5) - 2 * LOG2, half(softplus, 2, -0.5) - LOG2),
    ),
    "TotalVariationDistance": (
        (0.0, 0.0),
        (half(math.tanh, -2, 0.5) / 2 - half(math.tanh, 2, 0.5) / 2, -half(math.tanh, -2, 0.5) / 2),
    ),
}
EXPECTED["GANDivergence"] = EXPECTED["NonSaturating"]


def maps(first: float, second: float, dims: int) -> Tensor:
    """A batch of two patch maps, each constant."""
    return torch.tensor([first, second]).view(2, *[1] * (dims + 1)).expand(2, 1, *[3] * dims)


@pytest.mark.parametrize("dims", [0, 2, 3])
@pytest.mark.parametrize("name", OBJECTIVES)
def test_closed_forms(name, dims):
    objective = getattr(losses, name)()
    even, apart = EXPECTED[name]
    zero = maps(0, 0, dims)
    real, fake = maps(2, 0.5, dims), maps(-2, 0.5, dims)
    assert objective.discriminator(zero, zero).item() == pytest.approx(even[0], abs=1e-6)
    assert objective.generator(zero).item() == pytest.approx(even[1], abs=1e-6)
    assert objective.discriminator(real, fake).item() == pytest.approx(apart[0], abs=1e-6)
    assert objective.generator(fake).item() == pytest.approx(apart[1], abs=1e-6)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_scales_count_alike_and_heads_are_left_aside(name):
    objective = getattr(losses, name)()
    coarse, fine = torch.full((2, 1, 2, 2), 0.3), torch.linspace(-2, 2, 128).view(2, 1, 8, 8)
    scales = [fine, coarse]
    expected = sum(objective.discriminator(s, -s).item() for s in scales) / 2
    assert objective.discriminator(scales, [-s for s in scales]).item() == pytest.approx(expected, abs=1e-6)
    headed = {"score": scales, "label": torch.full((2, 3), torch.nan)}
    expected = sum(objective.generator(s).item() for s in scales) / 2
    assert objective.generator(headed).item() == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("name", OBJECTIVES)
def test_half_precision_scores_are_judged_in_single(name):
    objective = getattr(losses, name)()
    score = torch.linspace(-3, 3, 999).bfloat16()
    found = objective.generator(score)
    assert found.dtype == torch.float32
    assert found.item() == objective.generator(score.float()).item()


@pytest.mark.parametrize("name", OBJECTIVES)
def test_extreme_scores_leave_finite_gradients(name):
    objective = getattr(losses, name)()
    score = torch.tensor([-300.0, 300.0], requires_grad=True)
    total = objective.discriminator(score, score) + objective.generator(score)
    (gradient,) = torch.autograd.grad(total, score)
    assert torch.isfinite(total) and torch.isfinite(gradient).all()


def test_minimax_is_binary_cross_entropy():
    real, fake = torch.linspace(-4, 4, 7), torch.linspace(3, -5, 7)
    bce = binary_cross_entropy_with_logits
    expected = bce(real, torch.ones(7)) + bce(fake, torch.zeros(7))
    torch.testing.assert_close(losses.Minimax().discriminator(real, fake), expected)
    torch.testing.assert_close(losses.NonSaturating().generator(fake), bce(fake, torch.ones(7)))


@pytest.mark.parametrize(("name", "slope"), [("Minimax", -4.53979e-5), ("NonSaturating", -0.9999546)])
def test_only_the_minimax_generator_saturates(name, slope):
    score = torch.tensor([-10.0], dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(getattr(losses, name)().generator(score), score)
    assert gradient.item() == pytest.approx(slope, rel=1e-5)


def test_hinge_leaves_settled_scores_alone():
    hinge = losses.Hinge()
    real, fake = (torch.tensor(v, requires_grad=True) for v in ([3.0, 0.0], [-3.0, 0.0]))
    slopes = torch.autograd.grad(hinge.discriminator(real, fake), (real, fake))
    assert [s.tolist() for s in slopes] == [[0.0, -0.5], [0.0, 0.5]]
    assert hinge.generator(torch.full((5,), 3.0)).item() == -3.0


# p = (.5, .3, .2) and q = (.2, .3, .5) on three points, as ten samples of each
P = torch.tensor([0] * 5 + [1] * 3 + [2] * 2)
Q = torch.tensor([0] * 2 + [1] * 3 + [2] * 5)
SHARES = torch.tensor([[0.5, 0.3, 0.2], [0.2, 0.3, 0.5]], dtype=torch.float64)


def test_optimal_discriminator_reaches_the_jensen_shannon_divergence():
    best = (SHARES[0] / SHARES[1]).log()
    value = -losses.Minimax().discriminator(best[P], best[Q]).item()
    assert value == pytest.approx(-1.253466, abs=1e-6)
    assert (value + math.log(4)) / 2 == pytest.approx(0.066414, abs=1e-6)


def test_optimal_least_squares():
    share = SHARES[0] / SHARES.sum(0)
    usual = losses.LeastSquares()
    assert usual.discriminator(share[P], share[Q]).item() == pytest.approx(0.217857, abs=1e-6)
    assert usual.generator(share[Q]).item() == pytest.approx(0.173214, abs=1e-6)
    pearson = losses.LeastSquares(fake_label=-1.0, real_label=1.0, fooled_label=0.0)
    best = 2 * share - 1
    both = 2 * (pearson.generator(best[P]) + pearson.generator(best[Q]))
    assert both.item() == pytest.approx(0.257143, abs=1e-6)
    assert pearson.discriminator(torch.zeros(4), torch.zeros(4)).item() == 1.0


# divergence of P and Q, and the critic that certifies it, by the generator f itself (not by the code)
CERTIFIED = {
    "KullbackLeibler": (0.274887, (1.9163, 1.0, 0.0837)),
    "ReverseKullbackLeibler": (0.274887, (0.9163, 0.0, -0.9163)),
    "PearsonChiSquared": (0.63, (3.0, 0.0, -1.2)),
    "SquaredHellinger": (0.135089, (0.45815, 0.0, -0.45815)),
    "JensenShannon": (0.132829, (0.9163, 0.0, -0.9163)),
    "GANDivergence": (-1.253466, (0.9163, 0.0, -0.9163)),
    "TotalVariationDistance": (0.3, (40.0, 0.0, -40.0)),
}
GENERATORS = {
    "KullbackLeibler": lambda u: u * math.log(u),
    "ReverseKullbackLeibler": lambda u: -math.log(u),
    "PearsonChiSquared": lambda u: (u - 1) ** 2,
    "SquaredHellinger": lambda u: (math.sqrt(u) - 1) ** 2,
    "JensenShannon": lambda u: u * math.log(u) - (u + 1) * math.log((1 + u) / 2),
    "GANDivergence": lambda u: u * math.log(u) - (u + 1) * math.log(u + 1),
    "TotalVariationDistance": lambda u: abs(u - 1) / 2,
}


def test_every_divergence_is_certified():
    members = {n for n in OBJECTIVES if issubclass(getattr(losses, n), losses.FDivergence)}
    assert members == set(CERTIFIED) == set(GENERATORS) and len(members) == 7


@pytest.mark.parametrize("name", CERTIFIED)
def test_the_best_critic_reaches_the_divergence_and_no_other_does(name):
    value, best = CERTIFIED[name]
    p, q = SHARES
    exact = sum(float(b) * GENERATORS[name](float(a / b)) for a, b in zip(p, q, strict=True))
    assert exact == pytest.approx(value, abs=1e-6)
    objective, critic = getattr(losses, name)(), torch.tensor(best, dtype=torch.float64)

    def bound(v: Tensor) -> float:
        return -objective.discriminator(v[P], v[Q]).item()

    assert bound(critic) == pytest.approx(exact, abs=1e-4)
    for move in torch.linspace(-1, 1, 30, dtype=torch.float64).view(10, 3):
        assert bound(critic + move) < exact + 1e-9


@pytest.mark.parametrize("name", CERTIFIED)
def test_a_conjugate_is_the_supremum_that_defines_it(name):
    """f*(t) = sup_u u t - f(u), on a grid of u, at t = g_f(v); the generator takes it without the surrogate."""
    objective = getattr(losses, name)(surrogate=False)
    u = torch.logspace(-12, 5, 400_001, dtype=torch.float64)
    u = torch.cat([u, torch.ones(1, dtype=torch.float64)])
    f = {
        "KullbackLeibler": u * u.log(), "ReverseKullbackLeibler": -u.log(), "PearsonChiSquared": (u - 1) ** 2,
        "SquaredHellinger": (u.sqrt() - 1) ** 2, "JensenShannon": u * u.log() - (u + 1) * ((1 + u) / 2).log(),
        "GANDivergence": u * u.log() - (u + 1) * (u + 1).log(), "TotalVariationDistance": (u - 1).abs() / 2,
    }[name]  # fmt: skip
    for v in torch.linspace(-2 if name == "PearsonChiSquared" else -3, 3, 7, dtype=torch.float64):
        t = objective.activation(v)
        assert objective.conjugate(v).item() == pytest.approx(float((u * t - f).max()), abs=1e-4)
        assert objective.generator(v.view(1)).item() == -objective.conjugate(v).item()


def test_f_gan_without_its_surrogate_is_the_minimax_game():
    score = torch.linspace(-4, 4, 9)
    plain, surrogate = losses.GANDivergence(surrogate=False), losses.GANDivergence()
    torch.testing.assert_close(plain.generator(score), losses.Minimax().generator(score))
    torch.testing.assert_close(surrogate.generator(score), losses.NonSaturating().generator(score))


def test_wasserstein_finds_the_distance_and_ignores_a_constant():
    critic = -torch.arange(3.0)
    loss = losses.Wasserstein().discriminator
    assert -loss(critic[P], critic[Q]).item() == pytest.approx(0.6, abs=1e-6)
    assert -loss(critic[P] + 7, critic[Q] + 7).item() == pytest.approx(0.6, abs=1e-5)


class Linear(nn.Module):
    """A critic w.x of a given slope."""

    def __init__(self, slope: float, dims: int, size: int = 3):
        super().__init__()
        weight = torch.linspace(1, 2, size**dims, dtype=torch.float64).view(1, *[size] * dims)
        self.weight = nn.Parameter(weight * slope / weight.norm())

    def forward(self, image: Tensor) -> Tensor:
        return (self.weight * image).flatten(1).sum(1)


def images(dims: int, count: int = 4, start: float = -1.0) -> Tensor:
    return torch.linspace(start, 1, count * 3**dims, dtype=torch.float64).view(count, 1, *[3] * dims)


MIX = torch.tensor([0.1, 0.4, 0.6, 0.9], dtype=torch.float64)


@pytest.mark.parametrize("dims", [2, 3])
@pytest.mark.parametrize(("slope", "expected"), [(1.0, 0.0), (0.0, 10.0), (0.5, 2.5), (5.0, 160.0)])
def test_gradient_penalty_of_a_linear_critic(slope, expected, dims):
    critic = Linear(slope, dims)
    found = losses.GradientPenalty()(critic, images(dims), images(dims, start=-2), MIX)
    assert list(found) == ["penalty"]
    assert found["penalty"].item() == pytest.approx(expected, abs=1e-4)
    (gradient,) = torch.autograd.grad(found["penalty"], critic.weight)
    assert torch.isfinite(gradient).all()
    if slope:
        direction = critic.weight.detach() / slope
        torch.testing.assert_close(gradient, 20 * (slope - 1) * direction, atol=1e-8, rtol=1e-6)


def test_gradient_penalty_looks_between_the_images():
    """The slope of ||x||^2 / 2 is x, so the norm tells the point: mix real + (1 - mix) fake."""
    real = torch.zeros(2, 1, 2, 2, dtype=torch.float64)
    real[0, 0, 0, 0], real[1, 0, 1, 1] = 4.0, 8.0
    mix = torch.tensor([0.25, 0.5], dtype=torch.float64)
    penalty = losses.GradientPenalty(weight=1.0)
    found = penalty(lambda x: x.flatten(1).square().sum(1) / 2, real, 0 * real, mix)
    assert found["penalty"].item() == pytest.approx((0**2 + 3**2) / 2, abs=1e-9)


def test_gradient_penalty_does_not_know_the_size_of_the_batch():
    critic, penalty = Linear(3.0, 2), losses.GradientPenalty()
    once = penalty(critic, images(2), images(2), MIX)["penalty"]
    many = images(2).repeat(3, 1, 1, 1)
    torch.testing.assert_close(penalty(critic, many, many, MIX.repeat(3))["penalty"], once)


@pytest.mark.parametrize("name", PENALTIES)
def test_penalties_reach_the_critic_and_not_the_generator(name):
    critic = Linear(2.0, 2)
    fake = images(2).requires_grad_(True)
    found = getattr(losses, name)()(critic, images(2), fake, MIX)
    for value in found.values():
        given = torch.autograd.grad(value, (fake, critic.weight), allow_unused=True)
        assert given[0] is None and given[1].abs().sum() > 0
    assert bool(found) == getattr(losses, name).differentiates


def test_no_penalty_is_no_loss():
    assert losses.NoPenalty()(Linear(1.0, 2), images(2), images(2), MIX) == {}


@pytest.mark.parametrize("dims", [2, 3])
def test_r1_of_a_linear_critic(dims):
    found = losses.R1()(Linear(5.0, dims), images(dims), images(dims), MIX)
    assert found["penalty"].item() == pytest.approx(125.0, abs=1e-9)


def test_r1_looks_at_real_images_only():
    real = torch.tensor([[3.0, 4.0], [0.0, 1.0]]).view(2, 1, 1, 2)
    found = losses.R1(weight=10.0)(lambda x: x.flatten(1).square().sum(1) / 2, real, 1e3 * real, MIX[:2])
    assert found["penalty"].item() == pytest.approx(65.0, abs=1e-4)


@pytest.mark.parametrize("name", ["GradientPenalty", "R1"])
def test_a_lazy_penalty_is_due_at_every_nth_play_and_as_much_stronger(name):
    penalty = getattr(losses, name)
    lazy = penalty(every=4)
    assert [lazy.at(plays) is lazy for plays in range(9)] == [True, False, False, False] * 2 + [True]
    given = (Linear(3.0, 2), images(2), images(2), MIX)
    assert lazy.at(1)(*given) == {}
    assert lazy.at(4)(*given)["penalty"].item() == pytest.approx(4 * penalty()(*given)["penalty"].item())
    with pytest.raises(UserError, match="every 0"):
        penalty(every=0)


@pytest.mark.parametrize("name", [n for n in PENALTIES if n != "NoPenalty"])
def test_maps_are_averaged_and_scales_add_up(name):
    penalty = getattr(losses, name)()
    critic, double = Linear(1.5, 2), Linear(3.0, 2)

    def spread(image: Tensor) -> Tensor:
        return critic(image).view(-1, 1, 1, 1) + torch.tensor([-1.0, 1.0])

    expected = penalty(critic, images(2), images(2), MIX)["penalty"]
    torch.testing.assert_close(penalty(spread, images(2), images(2), MIX)["penalty"], expected)
    doubled = penalty(lambda x: [critic(x), spread(x)], images(2), images(2), MIX)["penalty"]
    torch.testing.assert_close(doubled, penalty(double, images(2), images(2), MIX)["penalty"])


@pytest.mark.parametrize("name", [n for n in PENALTIES if n != "NoPenalty"])
def test_norms_are_taken_in_single_precision_under_autocast(name):
    torch.manual_seed(0)
    critic = nn.Sequential(nn.Conv2d(1, 4, 3), nn.Flatten(), nn.Linear(4, 1))
    one, two = images(2).float(), images(2, start=-2).float()
    exact = getattr(losses, name)()(critic, one, two, MIX.float())["penalty"]
    with torch.autocast("cpu", torch.bfloat16):
        found = getattr(losses, name)()(critic, one, two, MIX.float())["penalty"]
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, exact, rtol=0.05, atol=0)
