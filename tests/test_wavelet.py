"""Networks in the wavelet domain."""

import pytest
import torch
from torch import nn

from adversaria.networks import HaarDomain, OfHaar
from adversaria.networks.wavelet import haar, inverse_haar
from adversaria.vocabulary import UserError


@pytest.mark.parametrize("dims", [2, 3])
def test_haar_is_orthonormal_and_comes_back(dims):
    image = torch.randn(2, 3, *(8, 6, 4)[:dims], dtype=torch.float64)
    bands = haar(image)
    assert bands.shape == (2, 3 * 2**dims, *(4, 3, 2)[:dims])
    torch.testing.assert_close(bands.square().sum(), image.square().sum())
    torch.testing.assert_close(inverse_haar(bands), image)


def test_haar_of_one_square_by_hand():
    """[[a, b], [c, d]]: mean, then differences along columns, rows and both, each halved."""
    bands = haar(torch.tensor([[[[1.0, 2.0], [3.0, 6.0]]]]))[0, :, 0, 0]
    assert sorted(bands.tolist()) == sorted([6.0, -2.0, -3.0, 1.0])
    assert bands[0] == 6.0


def test_an_identity_in_the_wavelet_domain_is_an_identity():
    image = torch.randn(2, 1, 8, 8)
    torch.testing.assert_close(HaarDomain(nn.Identity())(image), image)
    assert OfHaar(nn.Flatten())(image).shape == (2, 64)


def test_odd_sides_are_refused():
    with pytest.raises(UserError, match="even sides"):
        haar(torch.zeros(1, 1, 7, 8))
