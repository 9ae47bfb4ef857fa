"""The sharpness network: its maps, its blur, and networks of terms that come from files."""

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from scipy.ndimage import gaussian_filter, map_coordinates

from adversaria import games, networks, physics
from adversaria.physics.sharpness_map import patterns
from adversaria.physics.uneven_blur import blurred
from adversaria.recipes import build_game, read_recipe
from adversaria.vocabulary import UserError
from term_parts import DIMS, SIDE, image

# the sharpness network's own training, and trained networks in recipes


def test_sharpness_patterns_are_their_definition():
    one = image(seed=3)[:1]
    wide = np.pad(one[0, 0].numpy(), 1, mode="reflect")
    wanted = torch.zeros(SIDE, SIDE, dtype=torch.int64)
    for row in range(SIDE):
        for column in range(SIDE):
            angles = np.pi * np.arange(8) / 4
            ring = map_coordinates(wide, [row + 1 - np.sin(angles), column + 1 + np.cos(angles)], order=1)
            bits = np.abs(ring - wide[row + 1, column + 1]) > 0.2
            wanted[row, column] = 9 if (bits != np.roll(bits, 1)).sum() > 2 else bits.sum()
    assert torch.equal(patterns(one, 0.2)[0, 0].long(), wanted) and len(wanted.unique()) == 10
    found = physics.SharpnessMap(0.2, 3).measure(one, 1.0, None)
    assert found[0, 0, 5, 5].item() == pytest.approx((wanted[4:7, 4:7] >= 6).double().mean().item())


def test_a_sharpness_map_is_blind_to_offset_and_falls_with_blur():
    one, random = image(seed=3).repeat(1, 1, 3, 3), np.random.default_rng(0)
    map_of = physics.SharpnessMap(0.2, 5)
    torch.testing.assert_close(map_of.measure(one + 5, 1.0, None), map_of.measure(one, 1.0, None))
    clipped = physics.SharpnessMap(0.2, 5, value_range=(0.3, 0.6)).measure(one, 1.0, None)
    torch.testing.assert_close(clipped, map_of.measure(one.clamp(0.3, 0.6), 1.0, None))
    assert (clipped != map_of.measure(one, 1.0, None)).any()
    volume = torch.stack([one, one.flip(2)], -1)
    torch.testing.assert_close(map_of.measure(volume, 1.0, None)[..., 1], map_of.measure(one.flip(2), 1.0, None))
    levels = [map_of.measure(blurred(one, sigma), 1.0, None).mean() for sigma in (0.0, 0.5, 1.0)]
    assert levels[0] > levels[1] > levels[2]
    flat = torch.full_like(one, 3.0)
    assert map_of.measure(flat, 1.0, random).max() == 0
    torch.testing.assert_close(physics.UnevenBlur().measure(flat, 1.0, random), flat)
    with pytest.raises(ValueError, match="odd"):
        physics.SharpnessMap(window=4)


@DIMS
def test_blur_is_scipys_and_uneven_blur_has_two_sides(dims):
    one, random = image(dims)[:1], np.random.default_rng(1)
    wanted = gaussian_filter(one[0, 0].numpy(), 1.3, mode="nearest", truncate=4 * 1.5)
    torch.testing.assert_close(blurred(one, 1.3)[0, 0], torch.from_numpy(wanted), atol=1e-4, rtol=0)
    made = physics.UnevenBlur(most=2.0, edge=1e-7).measure(one, 1.0, random)
    draws = np.random.default_rng(1).uniform(0, 2.0, 2)
    both = [torch.isclose(made, blurred(one, float(sigma)), atol=1e-9) for sigma in draws]
    assert (both[0] | both[1]).all() and both[0].any() and both[1].any()


RECIPE = """
phantom: !Brain {size: 32}
bind: {source: t1, target: t2}
intensity: {source: !Percentile {}, target: !Percentile {}}
game: !Supervised
  generator: !UNet {depth: 3, width: 4}
  terms: {sharp: !Sharpness {weight: 2.0, network: !UNet {depth: 2, width: 4, dropout: 0.0}}}
train: {plays: 2, patch: [32, 32]}
"""


def built(place, **weights):
    recipe = read_recipe(str(place))
    return build_game(recipe, {"source": (1, 32, 32), "target": (1, 32, 32)}, recipe.dims(), weights=weights)


def test_a_network_in_a_term_comes_from_a_file_or_not_at_all(tmp_path):
    place = tmp_path / "mine.yaml"
    place.write_text(RECIPE)
    with pytest.raises(UserError, match="'sharp' is useless untrained.*\n.*--weights sharp="):
        built(place)
    network = networks.UNet(depth=2, width=4, dropout=0.0)
    own = {name: torch.randn_like(t) if t.is_floating_point() else t for name, t in network.state_dict().items()}
    other = networks.UNet(depth=3, width=4).state_dict()
    files = {"own": own, "game": {f"generator.{n}": t for n, t in own.items()}}
    files["game"] |= {f"discriminator.{n}": t for n, t in other.items()}
    files["two"] = {f"{k}.{n}": t.clone() for k in ("a", "b") for n, t in own.items()}
    files["none"] = other
    for name, tensors in files.items():
        save_file({n: t.contiguous() for n, t in tensors.items()}, tmp_path / f"{name}.safetensors")
    for name in ("own", "game"):
        term = built(place, sharp=tmp_path / f"{name}.safetensors").terms.parts["sharp"]
        assert all(torch.equal(t, own[n]) for n, t in term.network.state_dict().items())
        assert not term.network.training and not any(p.requires_grad for p in term.parameters())
    for name, count in (("two", 2), ("none", 0)):
        with pytest.raises(UserError, match=f"holds {count} networks that fit"):
            built(place, sharp=tmp_path / f"{name}.safetensors")
    place.write_text(RECIPE.replace("network:", "netwrk:"))
    with pytest.raises(UserError, match="no argument 'netwrk'"):
        built(place, sharp=tmp_path / "own.safetensors")


def test_a_game_that_starts_from_another_word_says_so():
    network = torch.nn.Conv2d(1, 1, 1)
    assert games.Supervised(network).given is None
    assert games.Supervised(network, source="image", target="sharpness").given == ("image",)
