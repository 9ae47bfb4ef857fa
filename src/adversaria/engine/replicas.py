"""Replicas without a wrapper: broadcast once, average each player's gradients after its backward pass."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn

from adversaria.vocabulary import UserError


class Replicas:
    """The processes that train one game together, launched by Lightning Fabric (also torchrun, SLURM)."""

    def __init__(self, devices: int | str = 1, accelerator: str = "auto", nodes: int = 1):
        from lightning_fabric import Fabric

        several = devices != 1 or nodes > 1
        self.fabric = Fabric(
            accelerator=accelerator,
            devices=devices,
            num_nodes=nodes,
            strategy="ddp" if several or torch.distributed.is_torchelastic_launched() else "auto",
        )

    def launch(self) -> None:
        """Start the other processes, or join them."""
        self.fabric.launch()

    @property
    def count(self) -> int:
        """How many processes train together."""
        return self.fabric.world_size

    @property
    def rank(self) -> int:
        """Which of them this is."""
        return self.fabric.global_rank

    @property
    def device(self) -> torch.device:
        """The device of this process."""
        return self.fabric.device

    def share(self, batch_size: int, accumulate: int) -> int:
        """Give the size of a micro-batch, or refuse a batch that cannot be cut evenly."""
        parts = self.count * accumulate
        if batch_size % parts:
            raise UserError(
                f"a batch of {batch_size} cannot be cut into {parts} equal parts "
                f"({self.count} processes x {accumulate} micro-batches).",
                f"Choose a batch that is a multiple of {parts}.",
            )
        return batch_size // parts

    @torch.no_grad()
    def broadcast(self, module: nn.Module) -> None:
        """Give every process the weights and buffers of the first."""
        if self.count > 1:
            for tensor in [*module.parameters(), *module.buffers()]:
                torch.distributed.broadcast(tensor.data, src=0)

    @torch.no_grad()
    def average(self, gradients: Sequence[Tensor]) -> None:
        """Average gradients over the processes, in place, as one flat vector."""
        if self.count == 1 or not gradients:
            return
        flat = torch.cat([g.reshape(-1) for g in gradients])
        torch.distributed.all_reduce(flat)
        flat /= self.count
        for gradient, piece in zip(gradients, flat.split([g.numel() for g in gradients]), strict=True):
            gradient.copy_(piece.view_as(gradient))

    def mean(self, values: Tensor) -> Tensor:
        """Average a small vector over the processes."""
        if self.count > 1:
            torch.distributed.all_reduce(values)
            values /= self.count
        return values

    def gather(self, tensors: dict[str, Tensor]) -> list[dict[str, Tensor]]:
        """Bring every process's tensors to the first (the others get an empty list)."""
        if self.count == 1:
            return [tensors]
        collected: list[Any] = [None] * self.count
        local = {name: t.cpu() for name, t in tensors.items()}
        torch.distributed.gather_object(local, collected if self.rank == 0 else None)
        return collected if self.rank == 0 else []

    @torch.no_grad()
    def agree(self, module: nn.Module) -> None:
        """Compare a checksum of the parameters over the processes; they must be equal to the last bit."""
        if self.count == 1:
            return
        total = torch.stack([p.detach().double().sum().cpu() for p in module.parameters()])
        first = total.clone().to(self.device)
        torch.distributed.broadcast(first, src=0)
        if not torch.equal(first.cpu(), total):
            raise RuntimeError(f"the weights of process {self.rank} have drifted from those of process 0")

    def barrier(self) -> None:
        """Wait for all processes."""
        self.fabric.barrier()
