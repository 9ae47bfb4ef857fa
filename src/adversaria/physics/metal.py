"""Metal in computed tomography: beam hardening and photon starvation."""

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import max_pool2d, pad

from adversaria.physics.dose import LowDoseCT
from adversaria.physics.operator import Operator

ENERGIES = np.array([40.0, 55.0, 70.0, 90.0, 115.0])  # keV, a 120 kV spectrum in five lines ...
SPECTRUM = np.array([0.15, 0.28, 0.28, 0.19, 0.10])  # ... and the share of photons in each
REFERENCE = 65.0  # keV at which CT numbers are meant
KNOWN = np.array([50.0, 80.0, 140.0])  # keV of the attenuation, in 1/cm, of each material
ATTENUATION = {
    "water": np.array([0.21, 0.18, 0.15]),
    "bone": np.array([0.96, 0.42, 0.27]),
    "titanium": np.array([5.1, 1.65, 0.73]),
    "platinum": np.array([136.0, 186.0, 43.7]),
}


EDGE, FALL = 78.4, -2.7  # platinum's K edge in keV, and the exponent with which its attenuation falls below it


def attenuation(material: str, energy: float) -> float:
    """Linear attenuation in 1/cm, log-log between the tabulated energies, and beyond them along the end segments."""
    if material == "platinum" and energy < EDGE:
        return float(ATTENUATION[material][0] * (energy / KNOWN[0]) ** FALL)
    x, y = np.log(KNOWN), np.log(ATTENUATION[material])
    k = 0 if energy < KNOWN[1] and material != "platinum" else 1
    return float(np.exp(y[k] + (y[k + 1] - y[k]) / (x[k + 1] - x[k]) * (np.log(energy) - x[k])))


class MetalCT(Operator):
    """A CT image with titanium rods in the body, as a scanner would show it.

    `pieces` discs with a diameter drawn between the two values of `diameter`, in mm, are put at drawn places at least
    20 mm under the skin. Water, bone and metal are projected apart, a spectrum of five energies is attenuated, the
    readings are drawn at full dose as by `LowDoseCT` and corrected for water's beam hardening, and the difference
    to the ideal readings of one energy is reconstructed and added to the image with the metal in it. HU
    (B, 1, H, W[, D]) with pixels of `spacing` mm; in volumes the rods run along the last axis. Spectrum and
    attenuation are module
    constants.
    """

    key = "metal"
    by_slice = True
    metal = "titanium"

    def __init__(
        self,
        pieces: int = 2,
        diameter: tuple[float, float] = (4.0, 6.0),
        photons: float = 1e9,
        electronic: float = 10.0,
        views: int | None = None,
    ):
        super().__init__()
        self.pieces, self.diameter = pieces, diameter
        self.scanner = LowDoseCT(1.0, photons, electronic, views)

    def placed(self, hu: Tensor, spacing: float, random: np.random.Generator) -> Tensor:
        """Draw where metal is: the covered share of each pixel (B, 1, H, W)."""
        around = max(1, round(20 / spacing))
        deep = -max_pool2d(-(hu > -300).to(hu.dtype), 2 * around + 1, 1, around) > 0.5
        cover = torch.zeros_like(hu)
        fine = 4
        row, column = (
            ((torch.arange(n * fine, dtype=torch.float64) + 0.5) / fine - 0.5) * spacing for n in hu.shape[2:]
        )
        for case in range(len(hu)):
            places = deep[case, 0].nonzero()
            for _ in range(self.pieces if len(places) else 0):
                middle = places[int(random.integers(len(places)))].double() * spacing
                radius = random.uniform(*self.diameter) / 2
                inside = (row[:, None] - middle[0]) ** 2 + (column - middle[1]) ** 2 <= radius**2
                share = torch.nn.functional.avg_pool2d(inside.double()[None, None], fine)[0, 0].to(hu.dtype)
                cover[case, 0] = torch.maximum(cover[case, 0], share)
        return cover

    def measure(self, hu: Tensor, spacing: float, random: np.random.Generator) -> Tensor:
        """Insert metal and simulate the scan."""
        if hu.ndim == 5:
            cover = self.placed(hu[..., hu.shape[-1] // 2], spacing, random)
            return torch.stack([self.scanned(hu[..., k], cover, spacing, random) for k in range(hu.shape[-1])], -1)
        return self.scanned(hu, self.placed(hu, spacing, random), spacing, random)

    def inserted(self, hu: Tensor, cover: Tensor) -> Tensor:
        """Give the ideal image: metal at its own CT number, about 13000 HU, mixed by the covered share."""
        metal = 1000 * (attenuation(self.metal, REFERENCE) / attenuation("water", REFERENCE) - 1)
        return hu + cover * (metal - hu)

    def scanned(self, hu: Tensor, cover: Tensor, spacing: float, random: np.random.Generator) -> Tensor:
        """Simulate the scan of an image (B, 1, H, W) with metal covering these shares of its pixels."""
        height, width = hu.shape[2:]
        side = max(height, width)
        border = (0, side - width, 0, side - height)
        scanner = self.scanner.beam(side, spacing)
        body = pad(hu, border, value=-1000.0).clamp(-1000.0, 3000.0)
        metal = pad(cover, border)
        bone = ((body - 100) / 1900).clamp_min(0)
        at = {name: attenuation(name, REFERENCE) for name in ATTENUATION}
        water = (at["water"] * (1 + body / 1000) - at["bone"] * bone) / at["water"]
        parts = {"water": water * (1 - metal), "bone": bone * (1 - metal), self.metal: metal}
        lines = {name: scanner.A(share).double() for name, share in parts.items()}
        ideal = torch.stack([at[name] * line for name, line in lines.items()]).sum(0)
        noisy = self.scanner.noisy(hardened(lines), scanner.spacing * scanner.pitch, random)
        change = scanner.inverse((corrected(noisy) - ideal).to(hu.dtype), self.scanner.resolution)
        return self.inserted(hu, cover) + change[..., :height, :width] * (1000 / at["water"])


def hardened(lines: dict[str, Tensor]) -> Tensor:
    """Give the logarithm of what a spectrum leaves behind these thicknesses, in cm, of each material."""
    through = [
        share * torch.exp(-torch.stack([attenuation(name, e) * line for name, line in lines.items()]).sum(0))
        for e, share in zip(ENERGIES.tolist(), SPECTRUM.tolist(), strict=True)
    ]
    return -torch.stack(through).sum(0).log()


def corrected(reading: Tensor) -> Tensor:
    """Turn readings into what one energy would have given behind as much water as explains them."""
    depth = torch.linspace(-5, 400, 8101, dtype=torch.float64)
    table = hardened({"water": depth}).numpy()
    found = np.interp(reading.numpy(), table, depth.numpy())
    return torch.from_numpy(found * attenuation("water", REFERENCE))
