"""Compare deepinv's own operators, adapted, with ours. A process of its own, since deepinv imports torchvision.

torchvision has no build for every PyTorch; what deepinv takes from it (readers of data sets, pictures) is not used
here, so empty stand-ins take its place. Run by tests/test_raw_physics.py.
"""

import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any


class StandIn(ModuleType):
    """A module of which every name is an empty class."""

    __path__: list[str] = []

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {})


class Finder:
    """Finds torchvision and all that lies in it."""

    def find_spec(self, name: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        """Give a stand-in's place."""
        return ModuleSpec(name, self, is_package=True) if name.partition(".")[0] == "torchvision" else None

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        """Make the stand-in."""
        return StandIn(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """There is nothing in it."""


def main() -> None:
    """Their masked Fourier transform on pairs of channels is ours on complex images; their beam has its adjoint."""
    sys.meta_path.append(Finder())
    import deepinv
    import torch

    from adversaria.physics import DeepinvPhysics, Fourier, channels, complex_of

    def drawn(seed: int) -> torch.Generator:
        return torch.Generator().manual_seed(seed)

    mask = (torch.rand(1, 1, 12, 10, generator=drawn(3)) > 0.5).float()
    theirs = DeepinvPhysics(deepinv.physics.MRI(img_size=(12, 10)), {"sampling": "mask"}).of({"sampling": mask})
    ours = Fourier().of({"sampling": mask})
    x = torch.randn(1, 1, 12, 10, dtype=torch.complex64, generator=drawn(4))
    torch.testing.assert_close(complex_of(theirs.A(channels(x))), ours.A(x), atol=1e-5, rtol=1e-4)
    torch.testing.assert_close(complex_of(theirs.adjoint(channels(x))), ours.adjoint(x), atol=1e-5, rtol=1e-4)
    beam = DeepinvPhysics(deepinv.physics.Tomography(angles=20, img_width=16, normalize=False))
    image = torch.rand(1, 1, 16, 16, generator=drawn(5))
    y = beam.A(image)
    z = torch.randn(y.shape, generator=drawn(6))
    gap = abs((y * z).sum() - (image * beam.adjoint(z)).sum())
    assert gap < 1e-4 * y.norm() * z.norm(), gap
    print(f"agrees with deepinv {deepinv.__version__}")


if __name__ == "__main__":
    main()
