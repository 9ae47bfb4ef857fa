"""Layers and the networks named after them, against worked numbers, torch.linalg and MONAI."""

import copy

import pytest
import torch
from torch import nn

from adversaria import games, networks
from adversaria.draws import Draws
from adversaria.games.biggan import orthogonality, truncated
from adversaria.losses import GradientPenalty
from adversaria.networks import layers
from adversaria.networks.layers.adain import restyled
from adversaria.networks.layers.spectral_norm import spectral
from adversaria.networks.resample import doubled, halved
from adversaria.networks.residual_gan import DiscriminatorBlock, GeneratorBlock, SumPool
from adversaria.vocabulary import UserError

BOTH = pytest.mark.parametrize("dims", [2, 3])


def close(found, expected, tolerance=1e-4):
    torch.testing.assert_close(found, torch.as_tensor(expected).to(found), rtol=0, atol=tolerance)


def test_every_layer_has_a_key_and_a_paper():
    for name in layers.__all__:
        kind = getattr(layers, name)
        assert kind.key and any(letter.isdigit() for letter in kind.__doc__), name


def test_batch_norm():
    values = torch.tensor([1.0, 2, 3, 4]).view(4, 1, 1, 1)
    norm = layers.BatchNorm(1)
    close(norm(values).flatten(), [-1.341635, -0.447212, 0.447212, 1.341635], 1e-5)
    close(norm.running_mean, [0.25])
    close(norm.running_var, [1.066667])
    torch.manual_seed(0)
    real, fake = torch.randn(4, 3, 5, 5, dtype=torch.float64), torch.randn(4, 3, 5, 5, dtype=torch.float64) * 2 + 1
    plain = layers.BatchNorm(3).double()
    close(plain(7 * real - 3), plain(real))
    apart, together = torch.cat([plain(real), plain(fake)]), plain(torch.cat([real, fake]))
    assert (apart - together).abs().max() > 0.1
    torch.testing.assert_close(plain(real), nn.BatchNorm2d(3).double()(real))
    assert games.GAN(
        networks.DCGANGenerator(size=8, width=2), networks.DCGANDiscriminator(size=8, width=2)
    ).couples_samples


def test_leaky_relu():
    given = torch.tensor([-1.0, 0, 2], requires_grad=True)
    out = layers.LeakyReLU()(given)
    close(out, [-0.2, 0, 2])
    (slope,) = torch.autograd.grad(out.sum(), given)
    close(slope[[0, 2]], [0.2, 1])
    assert torch.equal(layers.LeakyReLU(0)(given), torch.relu(given))


def matrix_layer(weight):
    layer = nn.Linear(*weight.shape[::-1], bias=False)
    layer.weight.data = weight.clone()
    return layer


def test_spectral_norm_follows_the_worked_iterations():
    norm = layers.SpectralNorm(matrix_layer(torch.diag(torch.tensor([3.0, 1.0]))))
    norm.u.copy_(torch.ones(2) / 2**0.5)
    for expected in (2.863564, 2.998173, 2.999977):
        norm.iterate()
        assert float(norm.sigma().detach()) == pytest.approx(expected, abs=1e-5)


@pytest.mark.parametrize(
    "layer",
    [
        nn.Linear(7, 5), nn.Conv2d(3, 6, 3), nn.Conv3d(2, 4, 3), nn.ConvTranspose2d(6, 4, 4),
        nn.ConvTranspose3d(4, 2, 4), nn.Embedding(5, 8),
    ],
    ids=lambda layer: type(layer).__name__,
)  # fmt: skip
def test_spectral_norm_is_the_largest_singular_value(layer):
    layer.reset_parameters()
    layer = layer.double()
    flat = layer.weight.transpose(0, 1).flatten(1) if "Transpose" in type(layer).__name__ else layer.weight.flatten(1)
    norm = layers.SpectralNorm(layer)
    norm.iterate(2000)
    truth = torch.linalg.matrix_norm(flat.detach(), 2)
    close(norm.sigma().detach(), truth)
    before = norm.layer.weight.detach() / norm.sigma().detach()
    layer.weight.data.mul_(11)
    close(layer.weight.detach() / norm.sigma().detach(), before, 1e-9)


def test_spectral_norm_carries_gradient_through_sigma_alone():
    torch.manual_seed(0)
    norm = layers.SpectralNorm(nn.Linear(4, 3, bias=False).double())
    norm.iterate(300)
    value = torch.randn(2, 4, dtype=torch.float64)

    def output(weight):
        return value @ (weight / torch.linalg.matrix_norm(weight, 2)).T

    weight = norm.layer.weight.detach().clone().requires_grad_(True)
    (truth,) = torch.autograd.grad(output(weight).square().sum(), weight)
    (found,) = torch.autograd.grad(norm(value).square().sum(), norm.layer.weight)
    close(found, truth, 1e-6)
    assert set(dict(norm.named_buffers())) == {"u", "v"} and not norm.u.requires_grad


def test_spectral_norm_iterates_once_a_play_and_not_when_sampling():
    torch.manual_seed(0)
    network = networks.ResidualDiscriminator(size=8, width=2)
    generator = networks.ResidualGenerator(size=8, width=2, latent=3)
    game = games.GAN(generator, network)
    game.train()
    before = {n: b.clone() for n, b in network.named_buffers()}
    assert before
    for _ in range(3):
        network(torch.randn(2, 1, 8, 8))
    assert all(torch.equal(b, before[n]) for n, b in network.named_buffers())
    for parameter in network.parameters():
        parameter.data += torch.randn_like(parameter) / 10
    game.plays = 1
    once = [(m, copy.deepcopy(m)) for m in network.modules() if isinstance(m, layers.SpectralNorm)]
    for now, then in once:
        then.u.copy_(before[next(n for n, m in network.named_modules() if m is now) + ".u"])
        then.iterate()
        assert torch.equal(now.u, then.u) and torch.equal(now.v, then.v)
    moved = {n: b.clone() for n, b in network.named_buffers()}
    assert any(not torch.equal(b, before[n]) for n, b in moved.items())
    game.eval()
    game.plays = 2
    assert all(torch.equal(b, moved[n]) for n, b in network.named_buffers())


def test_a_spectral_network_is_spectral_everywhere():
    network = networks.BigGANDiscriminator(size=16, width=2, attention=8)
    weights = [n for n, p in network.named_parameters() if p.ndim > 1]
    assert weights and all(".layer.weight" in n for n in weights)
    generator = networks.BigGANGenerator(size=16, width=2, attention=8)
    plain = [n for n, p in generator.named_parameters() if p.ndim > 1 and ".layer.weight" not in n]
    assert plain == ["shared.weight"]
    spectral(network)
    assert not any(".layer.layer" in n for n, _ in network.named_parameters())


def test_pixel_norm_and_the_latent():
    close(layers.PixelNorm()(torch.tensor([[3.0, 4.0]])), [[0.848528, 1.131371]], 1e-6)
    latent = layers.PixelNorm()(torch.randn(3, 512))
    close(latent.norm(dim=1), [22.627417] * 3, 1e-3)


def test_minibatch_deviation():
    def map_of(values, group=4):
        images = torch.tensor(values).view(-1, 1, 1, 1).expand(-1, 3, 2, 2).double()
        return layers.MinibatchDeviation(group)(images)[:, -1]

    close(map_of([0.0, 2.0])[:, 0, 0], [1.0, 1.0])
    close(map_of([0.0, 1, 2, 3])[:, 0, 0], [1.118034] * 4, 1e-6)
    close(map_of([5.0, 5, 5, 5])[:, 0, 0], [1e-4] * 4, 1e-9)
    close(map_of([0.0, 2, 5, 5], group=2)[:, 0, 0], [1.0, 1.0, 1e-4, 1e-4])
    assert layers.MinibatchDeviation().couples_samples and not layers.MinibatchDeviation(1).couples_samples


def test_equalised_rate():
    torch.manual_seed(0)
    layer = layers.Equalised(nn.Conv2d(512, 512, 3))
    assert layer.factor == pytest.approx(0.0208333, abs=1e-6)
    weight = layer.layer.weight.detach()
    assert float(weight.std()) == pytest.approx(1, abs=0.01)
    assert layers.Equalised(nn.Linear(512, 3), gain=1.0).factor == pytest.approx(512**-0.5)
    slow = layers.Equalised(nn.Linear(50, 4000), rate=0.01)
    value = torch.randn(2, 50)
    assert float(slow.layer.weight.detach().std()) == pytest.approx(100, rel=0.02)
    assert float(slow(value).detach().std() / value.norm(dim=1).mean()) == pytest.approx((2 / 50) ** 0.5, rel=0.1)


def test_adain():
    image = torch.tensor([1.0, 2, 3, 4]).view(1, 1, 2, 2)
    made = restyled(image, torch.tensor([[2.0]]), torch.tensor([[1.0]]))
    close(made.flatten(), [-1.683282, 0.105573, 1.894427, 3.683282], 1e-5)
    layer = layers.AdaIN(3, 5)
    layer.affine.layer.weight.data.zero_()
    out = layer(torch.randn(2, 3, 6, 6), torch.randn(2, 5))
    close(out.mean((2, 3)), torch.zeros(2, 3))
    close(out.std((2, 3), unbiased=False), torch.ones(2, 3))


@BOTH
def test_residual_blocks_with_zero_branches_are_their_skips(dims):
    torch.manual_seed(0)
    value = torch.randn(2, 4, *(8,) * dims)
    down, same = DiscriminatorBlock(4, 6, dims), DiscriminatorBlock(4, 4, dims, down=False)
    up = GeneratorBlock(4, 6, "batch", 0, dims)
    for block in (down, same, up):
        for part in (block.second.weight, block.second.bias):
            part.data.zero_()
    torch.testing.assert_close(same(value), value)
    torch.testing.assert_close(down(value), halved(down.skip(value)))
    torch.testing.assert_close(up(value, None), up.skip(doubled(value)))
    assert down(value).shape[2:] == (4,) * dims and up(value, None).shape[2:] == (16,) * dims


def test_the_penalty_of_wgan_gp_holds_with_a_residual_critic():
    """A zero head makes the critic constant (penalty 10); copies of a batch change nothing."""
    torch.manual_seed(0)
    critic = networks.ResidualDiscriminator(size=8, width=2, norm="none").double()
    real, fake = torch.randn(2, 3, 1, 8, 8, dtype=torch.float64)
    mix = torch.tensor([0.2, 0.5, 0.9])
    penalty = GradientPenalty()
    once = penalty(critic, real, fake, mix)["penalty"]
    twice = penalty(critic, torch.cat([real, real]), torch.cat([fake, fake]), torch.cat([mix, mix]))["penalty"]
    close(once.detach(), twice.detach(), 1e-9)
    critic.head[1].weight.data.zero_()
    close(penalty(critic, real, fake, mix)["penalty"].detach(), 10.0)


def test_conditional_batch_norm_is_batch_norm_by_class():
    layer = layers.ConditionalBatchNorm(3, 2)
    value = torch.randn(4, 3, 5, 5)
    torch.testing.assert_close(layer(value, torch.tensor([0, 1, 0, 1])), nn.BatchNorm2d(3)(value))
    layer.gamma.weight.data[1], layer.beta.weight.data[1] = 2.0, 5.0
    out = layer(value, torch.tensor([0, 1, 0, 1]))
    torch.testing.assert_close(out[1::2], 2 * nn.BatchNorm2d(3)(value)[1::2] + 5)
    torch.testing.assert_close(out[::2], nn.BatchNorm2d(3)(value)[::2])


def test_projection():
    layer = layers.Projection(2, 3)
    layer.embedding.weight.data = torch.tensor([[1.0, 0], [0, 1], [1, 1]])
    layer.score.weight.data.zero_()
    layer.score.bias.data.fill_(0.5)
    phi = torch.tensor([[1.0, 2.0]]).expand(3, 2)
    close(layer(phi, torch.arange(3)).flatten(), [1.5, 2.5, 3.5])
    layer.embedding.weight.data = torch.tensor([[1.0, 4.0]]).expand(3, 2).clone()
    found = layer(phi, torch.arange(3)).detach()
    assert torch.equal(found, found[:1].expand(3, 1))
    features = torch.rand(1, 4, 3, 3)
    torch.testing.assert_close(SumPool()(torch.cat([features, features], 2)), 2 * SumPool()(features))


@pytest.mark.parametrize("kind", ["ProjectionDiscriminator", "BigGANDiscriminator"])
def test_projection_logit_is_the_inner_product_form(kind):
    torch.manual_seed(0)
    network = getattr(networks, kind)(size=16, width=2, classes=3)
    image, label = torch.randn(3, 1, 16, 16), torch.tensor([2, 0, 1])
    phi = torch.relu(network.features(image)[-1]).sum((2, 3))
    rows, score = network.project.embedding, network.project.score
    unit = rows.layer.weight / rows.sigma()
    psi = phi @ (score.layer.weight / score.sigma()).T + score.layer.bias
    one_hot = nn.functional.one_hot(label, 3).float()
    torch.testing.assert_close(network(image, label), psi + (one_hot @ unit * phi).sum(1, keepdim=True))


@BOTH
def test_spade_is_batch_norm_with_maps(dims):
    torch.manual_seed(0)
    layer = layers.SPADE(4, 3, 8, dims)
    value = 3 * torch.randn(3, 4, *(8,) * dims) + 2
    mask = nn.functional.one_hot(torch.randint(0, 3, (3, *(8,) * dims)), 3).movedim(-1, 1).float()
    kept = copy.deepcopy(layer.state_dict())
    for parameter in layer.maps.parameters():
        parameter.data.zero_()
    plain = layer(value, mask).transpose(0, 1).flatten(1)
    close(plain.mean(1), torch.zeros(4), 1e-3)
    close(plain.std(1, unbiased=False), torch.ones(4), 1e-3)
    layer.load_state_dict(kept)
    whole = torch.zeros_like(mask)
    whole[:, 1] = 1
    inner = (slice(None), slice(None), *[slice(2, -2)] * dims)
    slope = (layer(value + 1, whole)[inner] - layer(value, whole)[inner]).abs().max()
    normal = nn.functional.batch_norm(value, None, None, training=True)[inner]
    out = layer(value, whole)[inner]
    for channel in range(4):
        x, y = normal[:, channel].flatten(), out[:, channel].flatten()
        fit = torch.stack([x, torch.ones_like(x)], 1)
        close(fit @ torch.linalg.lstsq(fit, y[:, None]).solution, y[:, None], 1e-4)
    assert slope < 1e-4


def test_spade_changes_only_where_the_mask_does():
    torch.manual_seed(0)
    layer = layers.SPADE(2, 2, 4)
    value, mask = torch.randn(1, 2, 16, 16), torch.zeros(1, 2, 16, 16)
    mask[:, 0] = 1
    other = mask.clone()
    other[:, 0, 7:9, 7:9], other[:, 1, 7:9, 7:9] = 0, 1
    changed = (layer(value, mask) - layer(value, other)).abs().sum((0, 1)) > 0
    assert changed[7:9, 7:9].all() and not changed[:5].any() and not changed[11:].any()
    assert not changed[:, :5].any() and not changed[:, 11:].any()


def test_spade_agrees_with_monai():
    monai = pytest.importorskip("monai.networks.blocks.spade_norm")
    torch.manual_seed(0)
    ours = layers.SPADE(4, 3, 8)
    theirs = monai.SPADE(3, 4, hidden_channels=8, norm="INSTANCE", spatial_dims=2)
    theirs.mlp_shared.conv.load_state_dict(ours.shared[0].state_dict())
    theirs.mlp_gamma.conv.weight.data, theirs.mlp_beta.conv.weight.data = ours.maps.weight.data.chunk(2)
    theirs.mlp_gamma.conv.bias.data, theirs.mlp_beta.conv.bias.data = ours.maps.bias.data.chunk(2)
    # theirs also normalises gamma and beta, and has a leaky ReLU of 0.01; the paper has neither
    theirs.mlp_gamma.adn, theirs.mlp_beta.adn, theirs.mlp_shared.adn = nn.Identity(), nn.Identity(), nn.ReLU()
    # one sample: instance norm and batch norm are one
    value, mask = torch.randn(1, 4, 8, 8), torch.rand(1, 3, 4, 4)
    torch.testing.assert_close(ours(value, mask), theirs(value, mask), rtol=1e-4, atol=1e-5)


def test_a_spade_generator_reads_its_labels_everywhere():
    torch.manual_seed(0)
    network = networks.SPADEGenerator(classes=3, size=16, depth=2, width=4, hidden=4, latent=5)
    latent = torch.randn(1, 5)
    one = torch.zeros(1, 1, 16, 16)
    two = one.clone()
    two[..., 4:8, 4:8] = 2
    assert not torch.allclose(network(one, latent), network(two, latent))
    with pytest.raises(TypeError, match="latent"):
        network(one)
    with pytest.raises(UserError, match="divisible by 4"):
        network(torch.zeros(1, 1, 18, 18), latent)
    with pytest.raises(UserError, match="one label map"):
        networks.SPADEGenerator(in_channels=2)


def test_orthogonal_regularisation_of_biggan():
    weight = torch.tensor([[1.0, 1.0], [0.0, 1.0]], dtype=torch.float64, requires_grad=True)
    penalty = 1e-4 * orthogonality([weight, torch.ones(3, dtype=torch.float64)])
    assert float(penalty.detach()) == pytest.approx(2e-4)
    (slope,) = torch.autograd.grad(penalty, weight)
    close(slope, [[0, 4e-4], [4e-4, 4e-4]], 1e-9)
    assert float(orthogonality([torch.tensor([[3.0, 0, 0], [0, 0.5, 0]])])) == 0


def test_truncation_of_biggan_is_resampling():
    from scipy import stats

    uniform = torch.from_numpy(Draws(0, 0, range(1)).uniform("x", (20_000,)))
    found = truncated(uniform, 0.5)
    assert found.abs().max() <= 0.5 and (found.abs() == 0.5).sum() == 0
    assert stats.kstest(found[0].numpy(), stats.truncnorm(-0.5, 0.5).cdf).pvalue > 1e-3
    close(truncated(uniform, float("inf")), torch.special.ndtri(uniform), 1e-9)


def test_attention_starts_as_the_identity_and_then_mixes_pixels():
    torch.manual_seed(0)
    layer = layers.SelfAttention(16)
    value = torch.randn(1, 16, 8, 8)
    assert torch.equal(layer(value), value)
    layer.gamma.data.fill_(1.0)
    with torch.no_grad():
        layer.query.weight.zero_()
    pooled = nn.functional.max_pool2d(layer.values(value), 2).mean((2, 3), keepdim=True)
    expected = value + layer.output(pooled.expand(-1, -1, 8, 8))
    torch.testing.assert_close(layer(value), expected, rtol=1e-4, atol=1e-5)


def test_biggan_cuts_its_latent_and_shares_its_embedding():
    torch.manual_seed(0)
    network = networks.BigGANGenerator(size=32, width=2, attention=16, classes=3, chunk=4, embedding=5).eval()
    assert network.latent_shape == (16,)
    latent = torch.randn(1, 16)
    label = torch.tensor([1])
    base = network(latent, label)
    for start in range(0, 16, 4):
        other = latent.clone()
        other[:, start : start + 4] += 1
        assert not torch.allclose(network(other, label), base)
    assert not torch.allclose(network(latent, torch.tensor([2])), base)
    with pytest.raises(TypeError, match="class"):
        network(latent)
