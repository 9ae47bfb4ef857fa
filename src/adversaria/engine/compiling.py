"""Compiling the networks of a game."""

from torch import nn

from adversaria.games.game import Game
from adversaria.vocabulary import UserError


def compile_networks(game: Game) -> None:
    """Compile each player's networks, never the play; refuse one that is differentiated twice."""
    penalty = getattr(game, "penalty", None)
    for player in game.players:
        twice = isinstance(penalty, nn.Module) and getattr(penalty, "differentiates", False)
        if twice and ("discriminator" in player or "critic" in player):
            raise UserError(
                f"'{player}' cannot be compiled: its penalty differentiates it twice.",
                "Train without --compile, or without the penalty.",
            )
        for network in game.modules_of(player):
            network.compile()
