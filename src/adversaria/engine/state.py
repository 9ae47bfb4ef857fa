"""What a checkpoint holds of a game and its optimisers, and how it is put back."""

from collections.abc import Mapping

import torch
from torch import Tensor

from adversaria.engine.checkpoint import digest_of
from adversaria.games.game import Game
from adversaria.vocabulary import UserError


def freeze(game: Game) -> dict[str, str]:
    """Freeze every parameter that no player owns; name each frozen network with its hash."""
    owned: dict[int, str] = {}
    for player in game.players:
        for name, parameter in game.parameters_of(player).items():
            if owned.setdefault(id(parameter), player) != player:
                raise RuntimeError(f"{name} belongs to two players, {owned[id(parameter)]} and {player}")
    frozen: dict[str, dict[str, Tensor]] = {}
    for name, parameter in game.named_parameters():
        if id(parameter) not in owned:
            parameter.requires_grad_(False)
            frozen.setdefault(name.rpartition(".")[0].split(".")[0], {})[name] = parameter
    return {name: digest_of(tensors) for name, tensors in frozen.items()}


def replica_buffers(game: Game) -> dict[str, Tensor]:
    """List the buffers that differ by replica."""
    return {
        f"{prefix}.{name}": buffer
        for prefix, module in game.named_modules()
        if getattr(module, "per_replica", False)
        for name, buffer in module.named_buffers()
    }


def trained_state(game: Game) -> dict[str, Tensor]:
    """List the trained parameters and the buffers that all replicas share."""
    apart = replica_buffers(game)
    trained = {n: p for n, p in game.named_parameters() if p.requires_grad}
    kept = set(game.state_dict())
    shared = {n: b for n, b in game.named_buffers() if n not in apart and n in kept}
    return {**trained, **shared}


def load_state(game: Game, state: Mapping[str, Tensor]) -> None:
    """Write a saved state into a game; every name and shape must fit."""
    own = {**trained_state(game), **replica_buffers(game)}
    wrong = [n for n in own.keys() | state.keys() if n not in own or n not in state or own[n].shape != state[n].shape]
    if wrong:
        raise UserError(
            f"the checkpoint does not fit this game: {', '.join(sorted(wrong)[:3])} differ.",
            "Use the recipe that the run began with, or another --out folder.",
        )
    with torch.no_grad():
        for name, tensor in own.items():
            tensor.copy_(state[name])


def optimiser_state(game: Game, optimisers: Mapping[str, torch.optim.Optimizer]) -> dict[str, Tensor]:
    """List the optimisers' tensors as `player/parameter/name`."""
    return {
        f"{player}/{name}/{entry}": value
        for player, optimiser in optimisers.items()
        for name, parameter in game.parameters_of(player).items()
        for entry, value in optimiser.state.get(parameter, {}).items()
        if isinstance(value, Tensor)
    }


def load_optimisers(game: Game, optimisers: Mapping[str, torch.optim.Optimizer], state: Mapping[str, Tensor]) -> None:
    """Write saved tensors into the optimisers."""
    named = {player: game.parameters_of(player) for player in optimisers}
    for full, value in state.items():
        player, name, entry = full.split("/")
        parameter = named[player][name]
        if entry == "step":
            optimisers[player].state[parameter][entry] = value.to(parameter.device if parameter.is_cuda else "cpu")
        else:  # in the order in which the parameter lies: fused optimisers read both side by side
            laid = torch.empty_like(parameter.detach(), dtype=value.dtype)
            optimisers[player].state[parameter][entry] = laid.copy_(value)
