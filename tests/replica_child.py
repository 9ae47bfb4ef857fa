"""Play every game with one or two processes and keep its first gradients and its weights after SGD plays."""

import sys
from pathlib import Path

import torch

from adversaria.draws import Draws
from adversaria.engine import Replicas, Table
from playground import BATCH, NAMES, NoiseFeed, build


def play(name: str, replicas: Replicas, dtype: torch.dtype, plays: int) -> dict[str, torch.Tensor]:
    game = build(name).to(dtype)
    replicas.broadcast(game)
    optimisers = {p: torch.optim.SGD(game.parameters_of(p).values(), lr=1e-2) for p in game.players}
    first: dict[str, torch.Tensor] = {}

    def step(player: str) -> None:
        if dtype == torch.float32:
            # layers that a network has not grown into have no gradient
            named = game.parameters_of(player).items()
            first.update({f"{player}.{n}": p.grad.clone() for n, p in named if p.grad is not None})
        else:
            optimisers[player].step()

    table = Table(game, step, average=replicas.average, mean=replicas.mean, replica=replicas.rank)
    # a batch of coupled samples is another one when it is cut: then one process plays the two parts in lockstep
    parts = 2 if game.couples_samples else replicas.count
    mine = range(replicas.rank, parts, replicas.count)
    share = BATCH // parts
    for index in range(plays):
        game.plays = index
        micros = [NoiseFeed(dtype=dtype).batch(index, part, parts) for part in mine]
        for part, micro in zip(mine, micros, strict=True):
            micro["draws"] = Draws(0, index, range(part * share, (part + 1) * share))
        table.play(micros)
    replicas.agree(game)
    return first or {n: p.detach() for n, p in game.named_parameters()}


def main() -> None:
    folder, devices = Path(sys.argv[1]), int(sys.argv[2])
    torch.set_num_threads(1)
    replicas = Replicas(devices, "cpu")
    replicas.launch()
    found = {}
    for name in NAMES:
        found[f"{name} float32"] = play(name, replicas, torch.float32, 2)
        found[f"{name} float64"] = play(name, replicas, torch.float64, 3)
    if replicas.rank == 0:
        torch.save(found, folder / f"{devices}.pt")
    replicas.barrier()


if __name__ == "__main__":
    main()
