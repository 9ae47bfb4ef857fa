"""Classical methods against closed forms, dense solves and other libraries."""

import numpy as np
import pytest
import torch

from adversaria import classical
from adversaria.classical import (
    MLEM,
    SART,
    BeamTotalVariation,
    Bicubic,
    CGSense,
    FilteredBackProjection,
    NonLocalMeans,
    TotalVariation,
    ZeroFilled,
)
from adversaria.classical.sart import golden_order
from adversaria.classical.total_variation import denoised, divergence, gradient, squared_norm
from adversaria.draws import stream
from adversaria.physics import Fourier, MultiCoil, ParallelBeam, VariableDensity, mlem
from adversaria.physics.tempered import Tempered


def noise(*shape, seed=0, dtype=torch.float64):
    return torch.randn(shape, dtype=dtype, generator=torch.Generator().manual_seed(seed))


def pieces(side):
    """Discs of constant value: what total variation is made for."""
    at = torch.linspace(-1, 1, side, dtype=torch.float64)
    near = [((at[:, None] - r) ** 2 + (at - c) ** 2).sqrt() for r, c in ((0, 0), (0.3, -0.2), (-0.3, 0.3))]
    return ((near[0] < 0.8) + 0.5 * (near[1] < 0.2) - 0.4 * (near[2] < 0.15))[None, None]


def relative(found, truth):
    return float((found - truth).norm() / truth.norm())


def test_every_method_says_what_it_is():
    members = [getattr(classical, name) for name in classical.__all__]
    assert len({m.key for m in members}) == len(members) and all(m.__doc__ for m in members)


@pytest.mark.parametrize("shape", [(1, 1, 9, 4), (1, 2, 9, 3, 2)])
def test_a_step_shrinks_by_what_its_sides_weigh(shape):
    """Total variation of a step of 4 and 5 lines: each side moves by the weight over its number of lines."""
    x = torch.zeros(shape, dtype=torch.float64)
    x[:, :, 4:] = 3.0
    found, _ = denoised(x, 0.8, 400)
    wanted = torch.zeros_like(x) + 0.8 / 4
    wanted[:, :, 4:] = 3 - 0.8 / 5
    torch.testing.assert_close(found, wanted, atol=1e-4, rtol=0)


def test_differences_have_their_transpose():
    x, field = noise(2, 1, 5, 4, 3), noise(3, 2, 1, 5, 4, 3, seed=1)
    torch.testing.assert_close((gradient(x) * field).sum(), (x * divergence(field)).sum())


def test_denoising_reaches_no_higher_an_objective_than_scikit_images():
    from skimage.restoration import denoise_tv_chambolle

    x = pieces(32) + 0.2 * noise(1, 1, 32, 32)

    def objective(image):
        return float((image - x).square().sum() / 2 + 0.15 * gradient(image).square().sum(0).sqrt().sum())

    theirs = torch.from_numpy(denoise_tv_chambolle(x[0, 0].numpy(), weight=0.15, eps=1e-9, max_num_iter=2000))
    ours, _ = denoised(x, 0.15, 400)
    assert objective(ours) <= objective(theirs[None, None]) + 1e-3
    assert relative(ours, theirs[None, None]) < 0.01


def test_the_norm_is_the_largest_singular_value():
    beam = ParallelBeam(9, 7, spacing=10.0)
    one = torch.eye(81, dtype=torch.float64).view(-1, 1, 9, 9)
    matrix = torch.cat([beam.A(x[None]).flatten(1) for x in one])
    found = squared_norm(beam, noise(1, 1, 9, 9).abs(), 50)
    assert float(found) == pytest.approx(1.05 * float(torch.linalg.matrix_norm(matrix, 2)) ** 2, rel=1e-3)


def test_total_variation_fills_k_space_of_a_piecewise_constant_image():
    x = pieces(48)
    words = Fourier(VariableDensity(3.0)).acquire(x, 1.0, stream("tv"))
    physics = Fourier().of({"sampling": words["sampling"].double()})
    zero = ZeroFilled()(words["measurement"], physics)
    error = [relative(TotalVariation(1e-3, n)(words["measurement"], physics), x) for n in (10, 100)]
    assert error[1] < 0.05 * relative(zero, x) and error[1] < error[0] < relative(zero, x)
    scaled = TotalVariation(1e-3, 10)(7 * words["measurement"], physics)
    torch.testing.assert_close(
        scaled, 7 * TotalVariation(1e-3, 10)(words["measurement"], physics), rtol=1e-4, atol=1e-5
    )


def test_total_variation_removes_the_streaks_of_few_views():
    x = 0.2 * pieces(40)
    beam = ParallelBeam(40, 16)
    y = beam.A(x)
    back = relative(FilteredBackProjection()(y, beam), x)
    assert relative(TotalVariation(1e-4, 100)(y, beam), x) < 0.3 * back


def test_total_variation_of_a_beam_settles_in_fewer_steps():
    """The filter is its own transpose, and makes what a few steps leave smaller."""
    x = 0.2 * pieces(40)
    beam = ParallelBeam(40, 16, 61, shift=2.0)
    y = beam.A(x)
    ours, plain = (relative(m(y, beam), x) for m in (BeamTotalVariation(1e-3, 25), TotalVariation(1e-3, 25)))
    assert ours < 0.6 * plain and ours < 0.4 * relative(FilteredBackProjection()(y, beam), x)
    physics, z = Tempered(beam), noise(1, 1, 16, 61, seed=3)
    torch.testing.assert_close((physics.A(x.double()) * z).sum(), (x * physics.adjoint(z)).sum())
    with pytest.raises(TypeError, match="no views"):
        BeamTotalVariation()(y, Fourier())


def test_sense_is_the_least_squares_solution():
    coils = noise(1, 4, 6, 5, dtype=torch.complex128)
    mask = torch.from_numpy(VariableDensity(2.0)((6, 5), stream("s")))[None, None].double()
    physics = MultiCoil().of({"sampling": mask, "coils": coils})
    x = noise(1, 1, 6, 5, seed=1, dtype=torch.complex128)
    y = physics.A(x)
    assert relative(CGSense(60)(y, physics), x) < 1e-4
    one = torch.eye(30, dtype=torch.complex128).view(-1, 1, 6, 5)
    matrix = torch.cat([physics.A(image[None]).flatten(1) for image in one]).mT
    noisy = y + physics.masked(noise(*y.shape, seed=2, dtype=torch.complex128))
    wanted = torch.linalg.solve(matrix.mH @ matrix + 0.3 * torch.eye(30), matrix.mH @ noisy.flatten())
    torch.testing.assert_close(CGSense(80, 0.3)(noisy, physics).flatten(), wanted, atol=1e-5, rtol=1e-5)


def test_sart_goes_where_scikit_images_goes():
    """The same sinogram, twenty sweeps each: both come to the same image, to a percent or so of their pixels."""
    from skimage.transform import iradon_sart

    x = pieces(33)
    beam = ParallelBeam(33, 24, 33, spacing=10.0)
    y = beam.A(x)
    theirs = None
    degrees = np.rad2deg(beam.angles.numpy())
    for _ in range(20):
        theirs = iradon_sart(y[0, 0].numpy().T.copy(), -degrees, theirs, relaxation=0.25)
    ours = SART(20)(y, beam)
    assert relative(ours, x) < 1.15 * relative(torch.from_numpy(theirs)[None, None], x)
    assert relative(ours, x) < relative(FilteredBackProjection()(y, beam), x)
    assert relative(beam.A(ours), y) < 0.01


def test_sart_sees_an_axis_beside_the_middle_and_every_view_once():
    x = pieces(24)
    beam = ParallelBeam(24, 24, 41, shift=3.0)
    error = relative(SART(8)(beam.A(x), beam), x)
    assert error < 0.5 * relative(SART(8)(beam.A(x), ParallelBeam(24, 24, 41)), x)
    for count in (1, 2, 7, 45):
        assert sorted(golden_order(count)) == list(range(count))
    order = golden_order(45)
    assert min(abs(a - b) for a, b in zip(order, order[1:], strict=False)) > 5


def test_expectation_maximisation_is_the_rooms_own():
    beam = ParallelBeam(16, 12)
    y = beam.A(pieces(16))
    assert torch.equal(MLEM(5)(y, beam), mlem(beam, y, 5))


@pytest.mark.parametrize("factor", [2, 3])
def test_bicubic_is_pillows(factor):
    from PIL import Image

    x = noise(1, 1, 12, 9, dtype=torch.float32)
    wide = (9 * factor, 12 * factor)
    theirs = np.asarray(Image.fromarray(x[0, 0].numpy()).resize(wide, Image.Resampling.BICUBIC))
    inside = (slice(2 * factor, -2 * factor),) * 2  # beyond the border Pillow normalises and we repeat
    np.testing.assert_allclose(Bicubic(factor)(x)[0, 0].numpy()[inside], theirs[inside], atol=1e-5)


def test_tricubic_keeps_constants_and_slopes():
    x = torch.arange(10.0).view(1, 1, 10, 1, 1).expand(1, 1, 10, 6, 5)
    found = Bicubic(2)(x)
    assert found.shape == (1, 1, 20, 12, 10)
    wanted = ((torch.arange(20.0) + 0.5) / 2 - 0.5)[4:-4]
    torch.testing.assert_close(found[0, 0, 4:-4, 3, 3], wanted)


def test_non_local_means_is_scikit_images_in_the_images_unit():
    from skimage.restoration import denoise_nl_means

    x = 100 * (pieces(24) + 0.1 * noise(1, 1, 24, 24))
    theirs = denoise_nl_means(x[0, 0].numpy(), patch_size=5, patch_distance=6, h=12.0, fast_mode=True)
    np.testing.assert_allclose(NonLocalMeans(12.0)(x)[0, 0].numpy(), theirs)
    assert relative(NonLocalMeans(12.0)(x), 100 * pieces(24)) < 0.7 * relative(x, 100 * pieces(24))
    assert NonLocalMeans(12.0, 3, 2)(x.view(1, 1, 24, 8, 3)).shape == (1, 1, 24, 8, 3)
    with pytest.raises(ValueError, match="strength"):
        NonLocalMeans(0.0)
