"""What a request tells of its stages, for traces. Knows neither HTTP nor OpenTelemetry.

A stage is told once it is over, by two readings of time.monotonic(), from whichever thread did the work. The
request's trace reaches that thread as a value: take `current()` where the request is, and hand it on. Where
nothing is traced it is an object that does nothing, so nobody needs to ask.
"""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Literal, Protocol

Stage = Literal[
    "read", "fetch", "decode", "preprocess", "tokenize", "queue", "forward", "search", "serialise"
]
Attributes = Mapping[str, str | int | float]
ERROR_TYPE = "error.type"  # an attribute by which a stage or a batch tells that it failed


class RequestTrace(Protocol):
    """The trace of one request. Safe to use from several threads, also after the request has ended."""

    @property
    def is_recorded(self) -> bool:
        """Whether anybody will see it: false too for what is left out by sampling."""

    @property
    def trace_id(self) -> str | None:
        """32 hexadecimal digits; None where nothing is traced."""

    def stage(self, name: Stage, started: float, ended: float, attributes: Attributes | None = None) -> None:
        """One stage is over. attributes: numbers and our own words, never what a client sent."""

    def forward(self, batch: "Batch", queued_at: float) -> None:
        """Rows of this request waited from then until the batch's forward, and ran in it."""

    def end(self, name: str, attributes: Attributes, *, failed: bool) -> None:
        """The request is over. failed: by our fault."""


class Traces(Protocol):
    """Where requests are told to."""

    def begin(self, name: str, attributes: Attributes, caller: Mapping[str, list[str]]) -> RequestTrace:
        """A request has come. caller: its headers `traceparent` and `tracestate`, each as often as sent."""

    def close(self) -> None:
        """Send what is left, for a bounded time."""


@dataclass(frozen=True)
class Untraced:
    """The trace of a request that nobody will see. trace_id: of the caller's, for the log."""

    trace_id: str | None = None
    is_recorded: bool = False

    def stage(self, name: Stage, started: float, ended: float, attributes: Attributes | None = None) -> None:
        pass

    def forward(self, batch: "Batch", queued_at: float) -> None:
        pass

    def end(self, name: str, attributes: Attributes, *, failed: bool) -> None:
        pass


@dataclass(eq=False)
class Batch:
    """One forward. requests: whose rows ran in it, and since when the first of each had waited."""

    started: float
    ended: float
    attributes: Attributes
    requests: Mapping[RequestTrace, float]


_NOTHING = Untraced()
_current: ContextVar[RequestTrace] = ContextVar("trace", default=_NOTHING)


def current() -> RequestTrace:
    """The trace of the request at hand."""
    return _current.get()


@contextmanager
def tracing(trace: RequestTrace) -> Iterator[None]:
    """Make it the current one."""
    token = _current.set(trace)
    try:
        yield
    finally:
        _current.reset(token)


def forwarded(
    waited: Iterable[tuple[RequestTrace, float]],
    started: float,
    ended: float,
    attributes: Attributes | None = None,
) -> None:
    """One forward is over. waited: for each job in it its request's trace, and since when it was queued.

    Each request gets one stage `queue` and one stage `forward`, however many of its jobs ran in the batch.
    """
    requests: dict[RequestTrace, float] = {}
    for trace, queued_at in waited:
        if trace.is_recorded:
            requests[trace] = min(queued_at, requests.get(trace, queued_at))
    batch = Batch(started, ended, attributes or {}, requests)
    for trace, queued_at in requests.items():
        trace.forward(batch, queued_at)
