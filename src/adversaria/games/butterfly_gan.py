"""Labelling of a volume from two projections, with an energy of what sequences of labels look like."""

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn.functional import avg_pool2d, cross_entropy, relu

from adversaria.games.game import Game, Play
from adversaria.games.optimisers import Adam
from adversaria.vocabulary import Batch


class ButterflyGAN(Game):
    """Vertebrae labelling with an energy-based adversary (Sekuboyina et al. 2018, eq. 1 to 4; after Zhao et al. 2017).

    labeller:  sum_v ||Y_v - S_v(x)||^2 + H^w(Y_v, S_v(x)) + E_v(S_v(x))     for the views v
    energies:  sum_v E_v(Y_v) + max(0, m - E_v(S_v(x))),    E(z) = sum (D(z) - z)^2

    All are sums over classes and pixels, and means over the batch.

    Views are the maxima of the volume along its last axis and along that before (of a spine whose rows run down,
    columns back and slices across: from the side and from the front). Y are Gaussian maps (deviation `spread`,
    voxels) around the middle of each label of `mask`, the background's being 1 minus their maximum; H is the cross
    entropy of the softmax of both, its classes weighted by `balance` (equal if none); E sees the maps without
    background at half the resolution. The product of both views' probabilities is the label of a voxel. Reads `source`
    and `mask` (labels, B 1 S).
    """

    key = "btrfly-gan"
    segments = True
    players = {"labeller": ("labeller",), "energies": ("first_energy", "second_energy")}
    optimisers = {"labeller": Adam(1e-3), "energies": Adam(1e-3)}

    def __init__(
        self,
        labeller: nn.Module,
        first_energy: nn.Module,
        second_energy: nn.Module,
        classes: int = 25,
        margin: float = 32.0,
        spread: float = 3.0,
        energy_weight: float = 1.0,
        balance: tuple[float, ...] = (),
    ):
        super().__init__()
        self.labeller, self.first_energy, self.second_energy = labeller, first_energy, second_energy
        self.classes, self.margin, self.spread = classes, margin, spread
        self.energy_weight, self.balance = energy_weight, tuple(balance)

    @classmethod
    def wiring(cls, classes: int = 25) -> dict[str, dict[str, str | int]]:
        """The labeller gives a map for each class and view."""
        return {
            "labeller": {"in_channels": "source", "out_channels": classes},
            "first_energy": {},
            "second_energy": {},
        }

    def play(self, batch: Batch) -> Play:
        """Energies, then labeller."""
        found = self.labeller(*views(batch["source"]))
        wanted = [self.heat(batch["mask"], axis).to(found[0].dtype) for axis in (-1, -2)]
        losses = {}
        for name, maps, truth in zip(("first", "second"), found, wanted, strict=True):
            losses[f"{name}_real"] = self.energy(name, truth).mean()
            losses[f"{name}_margin"] = relu(self.margin - self.energy(name, maps)).mean()
        yield "energies", losses
        losses = self.labelled(found, wanted)
        for name, maps in zip(("first", "second"), found, strict=True):
            losses[f"{name}_energy"] = self.energy_weight * self.energy(name, maps).mean()
        yield "labeller", losses

    def labelled(self, found: Sequence[Tensor], wanted: Sequence[Tensor]) -> dict[str, Tensor]:
        """What the maps of both views lose against the true ones."""
        losses = {}
        for name, maps, truth in zip(("first", "second"), found, wanted, strict=True):
            weights = maps.new_tensor(self.balance) if self.balance else None
            losses[f"{name}_heat"] = (maps - truth).square().flatten(1).sum(1).mean()
            told = cross_entropy(maps, truth.softmax(1), weights, reduction="sum")
            losses[f"{name}_cross_entropy"] = told / len(maps)
        return losses

    def energy(self, view: str, maps: Tensor) -> Tensor:
        """The energy (B,) of maps (B, K, *V), halved and without the background's."""
        seen = avg_pool2d(maps[:, 1:], 2, ceil_mode=True)
        error = getattr(self, f"{view}_energy")(seen) - seen
        return error.to(torch.promote_types(error.dtype, torch.float32)).square().flatten(1).sum(1)

    def heat(self, mask: Tensor, axis: int) -> Tensor:
        """Gaussian maps (B, K, *V) around the middles of the labels of (B, 1, *S), seen along an axis."""
        axis %= mask.ndim
        kept = [a for a in range(2, mask.ndim) if a != axis]
        middle, there = middles(mask, self.classes)
        far = torch.zeros((), dtype=mask.dtype, device=mask.device)
        for place, a in enumerate(kept):
            along = torch.arange(mask.shape[a], dtype=mask.dtype, device=mask.device)
            away = (along - middle[..., a - 2, None]).square()
            far = far + away.view(*away.shape[:2], *[-1 if q == place else 1 for q in range(len(kept))])
        maps = torch.exp(-far / (2 * self.spread**2)) * there.view(*there.shape, *[1] * len(kept))
        return torch.cat([1 - maps.amax(1, keepdim=True), maps], 1)

    def forward(self, batch: Batch) -> Batch:
        """Label `source`: probabilities (B, classes, *S), of both views together, and the likeliest label."""
        first, second = self.labeller(*views(batch["source"]))
        both = torch.softmax(first, 1).unsqueeze(-1) * torch.softmax(second, 1).unsqueeze(-2)
        found = both / both.sum(1, keepdim=True)
        return {"output": found, "mask": found.argmax(1, keepdim=True)}


def views(volume: Tensor) -> tuple[Tensor, Tensor]:
    """The largest values of a volume (B, C, *S) along its last axis, and along that before."""
    return volume.amax(-1), volume.amax(-2)


def middles(mask: Tensor, classes: int) -> tuple[Tensor, Tensor]:
    """The mean place (B, K, axes) of each label above 0 of (B, 1, *S), and whether it is there (B, K)."""
    lines = [torch.arange(side, dtype=mask.dtype, device=mask.device) for side in mask.shape[2:]]
    ones = torch.ones(mask.shape[2:], dtype=mask.dtype, device=mask.device)
    places = torch.stack([ones, *torch.meshgrid(*lines, indexing="ij")]).flatten(1).T
    labels = mask.flatten(1).round()
    with torch.autocast(mask.device.type, enabled=False):  # sums of places need all their digits
        # one label after the other: maps of all at once would be read many times over
        sums = torch.stack([(labels == k).to(mask.dtype) @ places for k in range(1, classes)], 1)
    return sums[..., 1:] / sums[..., :1].clamp_min(1), sums[..., 0] > 0
