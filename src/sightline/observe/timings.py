"""How long the request at hand waited and was computed, told back in its answer. Knows no route, no queue."""

from contextvars import ContextVar
from dataclasses import dataclass


@dataclass
class Timings:
    """Of several items of one request the longest: they wait beside each other."""

    read_s: float = 0.0  # of the body, which comes at the client's pace
    queue_s: float = 0.0
    forward_s: float = 0.0

    def add(self, queue_s: float, forward_s: float) -> None:
        self.queue_s = max(self.queue_s, queue_s)
        self.forward_s = max(self.forward_s, forward_s)


timings: ContextVar[Timings | None] = ContextVar("timings", default=None)
