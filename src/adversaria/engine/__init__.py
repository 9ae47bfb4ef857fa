"""The engine: plays a game on a feed, in a run folder, exactly resumable."""

from adversaria.engine.averages import Averages
from adversaria.engine.errors import Diverged, Stopped
from adversaria.engine.loading import Feed, batches
from adversaria.engine.log import Log, Row
from adversaria.engine.optimising import Constant, LinearDecay, Schedule
from adversaria.engine.replicas import Replicas
from adversaria.engine.training import Settings, Training
from adversaria.engine.turns import Table, Taken
from adversaria.engine.watch import Watch

__all__ = [
    "Averages",
    "Constant",
    "Diverged",
    "Feed",
    "LinearDecay",
    "Log",
    "Replicas",
    "Row",
    "Schedule",
    "Settings",
    "Stopped",
    "Table",
    "Taken",
    "Training",
    "Watch",
    "batches",
]
