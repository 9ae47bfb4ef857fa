"""Why a training stops before its end."""

from adversaria.vocabulary import UserError


class Diverged(UserError):
    """A loss became infinite or not a number."""

    def __init__(self, player: str, term: str, play: int):
        super().__init__(
            f"training diverged at play {play}: the loss '{term}' of '{player}' is not finite.",
            "The last good weights are in the newest checkpoint. Lower the learning rate of this player or the "
            "weight of this term, or train in fp32.",
        )
        self.player, self.term, self.play = player, term, play


class Stopped(Exception):
    """A signal asked for a stop; everything was saved and the same command continues."""

    exit_code = 3
