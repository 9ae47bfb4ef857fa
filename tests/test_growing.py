"""Growing networks and styles: PGGAN and StyleGAN against their papers, and runs that go on."""

import shutil

import pytest
import torch

from adversaria import games, networks
from adversaria.draws import Draws
from adversaria.engine import Settings, Training
from adversaria.engine import checkpoint as saving
from adversaria.games.pggan import growth_at
from adversaria.losses import Hinge
from adversaria.networks.resample import doubled
from adversaria.networks.stylegan import blurred
from adversaria.run import Run
from adversaria.vocabulary import UserError
from playground import NoiseFeed, build

BOTH = pytest.mark.parametrize("dims", [2, 3])


def close(found, expected, tolerance=1e-4):
    torch.testing.assert_close(found, torch.as_tensor(expected).to(found), rtol=0, atol=tolerance)


def grown(levels=3, **kwargs):
    torch.manual_seed(0)
    size = 4 * 2**levels
    return networks.PGGANGenerator(size=size, width=8, latent=6, **kwargs), networks.PGGANDiscriminator(
        size=size, width=8, group=1, **kwargs
    )


def test_growth_is_a_function_of_the_plays():
    """Batch 16: 50,000 plays show 800,000 images."""
    at = [growth_at(images // 16, 50_000, 3) for images in (0, 800_000, 1_200_000, 1_600_000, 2_400_000, 2_800_000)]
    assert at == [0, 0, 0.5, 1, 1, 1.5]
    assert growth_at(10**9, 50_000, 3) == 3 and growth_at(0, 5, 3, start=1) == 1
    every = [growth_at(play, 5, 3) for play in range(60)]
    assert max(b - a for a, b in zip(every[:-1], every[1:], strict=True)) == pytest.approx(0.2)
    assert every == sorted(every)
    network, _ = grown()
    network.grow(growth_at(75_000, 50_000, 3))
    assert network.stage() == (1, 0.5) and network.side() == 8
    old, new = torch.full((1, 1, 4, 4), 2.0), torch.full((1, 1, 8, 8), 4.0)
    close(torch.lerp(doubled(old), new, network.stage()[1]), torch.full((1, 1, 8, 8), 3.0))


@BOTH
@pytest.mark.parametrize("family", ["PGGAN", "StyleGAN"])
def test_the_fade_is_continuous(family, dims):
    """A level that has not faded in yet changes nothing, in G, in D and in the real images."""
    torch.manual_seed(0)
    more = {"style": 5, "mapping": 2} if family == "StyleGAN" else {}
    generator = getattr(networks, f"{family}Generator")(size=16, width=8, latent=6, dims=dims, **more).eval()
    judge = getattr(networks, f"{family}Discriminator")(size=16, width=8, group=1, dims=dims)
    latent, real = torch.randn(2, 6), torch.randn(2, 1, *(16,) * dims)
    for level in (0, 1):
        made = {}
        for growth in (level, level + 1e-6, level + 1 - 1e-6, level + 1):
            generator.grow(growth), judge.grow(growth)
            image, shown = generator(latent), judge.faded(real)
            made[growth] = image, shown, judge(image), judge(shown)
            assert image.shape == shown.shape == (2, 1, *(generator.side(),) * dims)
        first, second, third, fourth = made.values()
        for a, b in zip(first[:2], second[:2], strict=True):
            close(doubled(a), b, 1e-4)
        for a, b in zip(first[2:], second[2:], strict=True):
            close(a, b, 1e-4)
        for a, b in zip(third, fourth, strict=True):
            close(a, b, 1e-4)
    assert generator.enlarged(image).shape == real.shape and torch.equal(judge.faded(real), real)


def spectral_game():
    torch.manual_seed(0)
    generator = networks.ResidualGenerator(size=8, width=2, latent=3, norm="instance")
    return games.GAN(generator, networks.ResidualDiscriminator(size=8, width=2), Hinge())


@pytest.mark.parametrize("name", ["PGGAN", "StyleGAN", "BigGAN", "spectral"])
def test_a_run_goes_on_from_its_checkpoint_bit_for_bit(tmp_path, name):
    """Growth, the average style and power iterations too."""

    def training(folder):
        game = spectral_game() if name == "spectral" else build(name)
        return Training(game, NoiseFeed(), Run(folder), Settings(plays=6, save_every=3))

    whole = training(tmp_path / "whole")
    whole.train()
    shutil.copytree(tmp_path / "whole", tmp_path / "cut")
    shutil.rmtree(saving.listed(tmp_path / "cut" / "checkpoints")[-1])
    cut = training(tmp_path / "cut")
    assert cut.done == 3
    cut.train()
    for (label, a), b in zip(whole.game.state_dict().items(), cut.game.state_dict().values(), strict=True):
        assert torch.equal(a, b), label


def test_growth_is_a_buffer():
    generator, _ = grown()
    generator.grow(1.25)
    again, _ = grown()
    again.load_state_dict(generator.state_dict())
    latent = torch.randn(2, 6)
    assert torch.equal(again(latent), generator(latent)) and again.stage() == (2, 0.25)


@pytest.mark.parametrize("kind", [games.PGGAN, games.StyleGAN])
def test_a_run_too_short_to_grow_is_refused(kind):
    generator, judge = (styled(), grown(2)[1]) if kind is games.StyleGAN else grown(2)
    game = kind(generator, judge, phase=10)
    needed = 41 if kind is games.PGGAN else 21
    start = 0 if kind is games.PGGAN else 1
    assert growth_at(needed - 1, 10, 2, start) == 2 > growth_at(needed - 2, 10, 2, start)
    game.planned(needed)
    with pytest.raises(UserError, match="not 16") as caught:
        game.planned(needed - 1)
    assert f"{needed} plays" in caught.value.remedy and "game.phase=9" in caught.value.remedy


def test_drift_of_pggan():
    """Scores 10 and -10 on real images cost 0.1."""

    class Ten(networks.PGGANDiscriminator):
        def forward(self, image, condition=None):
            return super().forward(image) * 0 + torch.tensor([[10.0], [-10.0]])

    generator, _ = grown(1)
    game = games.PGGAN(generator, Ten(size=8, width=8, group=1), phase=1)
    batch = {"image": torch.randn(2, 1, 8, 8), "draws": Draws(0, 0, range(2))}
    player, losses = next(game.play(batch))
    assert player == "critic" and float(losses["drift"].detach()) == pytest.approx(0.1)
    assert set(losses) == {"adversarial", "penalty", "drift"}


def styled(**kwargs):
    torch.manual_seed(0)
    return networks.StyleGANGenerator(size=16, width=8, latent=6, style=5, mapping=2, **kwargs)


def test_stylegan_noise_enters_by_its_learned_strength():
    network = styled().eval()
    latent = torch.randn(2, 6)
    one, two = torch.randn(2, 2, network.noise_size())
    assert torch.equal(network(latent, noise=one), network(latent, noise=two))
    for layer in network.styled:
        layer.strength.data.fill_(0.3)
    assert not torch.equal(network(latent, noise=one), network(latent, noise=two))
    assert network.noise_size() == 2 * (16 + 64 + 256) and network.layers() == 6


def test_style_mixing_takes_the_second_style_from_the_crossing_on():
    network = styled().eval()
    one, two = torch.randn(2, 2, 6)
    first, second = network.mapping(one), network.mapping(two)
    found = network.styles(one, two, torch.tensor([2.0, 6.0]), 1.0)
    for layer, style in enumerate(found):
        torch.testing.assert_close(style[0], (first if layer < 2 else second)[0])
        torch.testing.assert_close(style[1], first[1])
    whole = network(one, second=two, crossing=torch.tensor([6.0, 6.0]))
    torch.testing.assert_close(whole, network(one))


def test_truncation_pulls_styles_to_their_average():
    network = networks.StyleGANGenerator(size=128, width=4, latent=6, style=5, mapping=2).eval()
    network.mapping.average.zero_()
    network.mapping.forward = lambda latent: torch.full((len(latent), 5), 2.0)
    styles = network.styles(torch.randn(1, 6), None, None, 0.7)
    values = [float(style[0, 0]) for style in styles]
    assert values == pytest.approx([1.4] * 8 + [2.0] * 4)


def test_the_average_style_follows_training_only():
    network = styled()
    latent = torch.randn(4, 6)
    with torch.no_grad():
        style = network.mapping.layers(latent)
    network(latent)
    close(network.mapping.average, 0.005 * style.mean(0), 1e-6)
    kept = network.mapping.average.clone()
    network.eval()(latent)
    assert torch.equal(network.mapping.average, kept)


def test_the_blur_is_the_binomial_filter():
    image = torch.zeros(1, 2, 5, 5)
    image[0, 0, 2, 2] = 16.0
    close(blurred(image)[0, 0, 1:4, 1:4], [[1, 2, 1], [2, 4, 2], [1, 2, 1]], 1e-6)
    assert not blurred(image)[0, 1].any()


def test_style_mixing_share_and_crossing():
    game = games.StyleGAN(styled(), grown()[1])
    where = game.crossing({"draws": Draws(0, 0, range(4000)), "image": torch.zeros(1)})
    assert float((where < 6).float().mean()) == pytest.approx(0.9, abs=0.02)
    assert sorted(set(where.tolist())) == [1, 2, 3, 4, 5, 6]
