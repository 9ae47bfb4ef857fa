"""A polite end: SIGTERM, SIGINT and SIGUSR1 save and stop after the current play."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGUSR1)


class StopRequest:
    """Whether a signal has asked for a stop; a second SIGINT stops at once, without saving."""

    def __init__(self) -> None:
        self.name = ""

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Note the signal."""
        if self.name and number == signal.SIGINT:
            raise KeyboardInterrupt
        self.name = signal.Signals(number).name


@contextmanager
def listening() -> Iterator[StopRequest]:
    """Listen for the signals while the context is open; in a thread other than the main one, do nothing."""
    request = StopRequest()
    try:
        before = {number: signal.signal(number, request) for number in _SIGNALS}
    except ValueError:
        yield request
        return
    try:
        yield request
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
