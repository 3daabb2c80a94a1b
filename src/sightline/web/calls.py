"""One call from a route to a service, for as long as somebody waits for it. Does not know what is called."""

import asyncio
import re
import time
from collections.abc import Coroutine
from dataclasses import dataclass
from typing import Any, Self, TypeVar

from fastapi import Request
from starlette.requests import ClientDisconnect

from sightline.domain.errors import DeadlineError
from sightline.services.jobs import LANES, Lane
from sightline.web.errors import RefusedError
from sightline.web.state import state_of

T = TypeVar("T")

TIMEOUT_HEADER = "x-timeout-ms"
LANE_HEADER = "x-lane"
_MILLISECONDS = re.compile(r"[0-9]{1,9}", re.ASCII)


@dataclass(frozen=True)
class Allowance:
    """The time that one request may take, from when its body is there."""

    ends_at: float  # time.monotonic()

    @classmethod
    def of(cls, request: Request) -> Self:
        """The server's limit, or less where the client asks for less. Raises as timeout_within."""
        limit_ms = state_of(request).settings.timeout_ms
        return cls(time.monotonic() + timeout_within(limit_ms, request.headers.get(TIMEOUT_HEADER)))

    def left_s(self) -> float:
        """Raises DeadlineError: nothing is left."""
        left_s = self.ends_at - time.monotonic()
        if left_s <= 0:
            raise DeadlineError("the time for this request is over; allow more time, or send less at once")
        return left_s


def timeout_within(limit_ms: int, asked: str | None) -> float:
    """Seconds that a request may take, of what its header says.

    Raises RefusedError: that is no number of milliseconds above 0.
    """
    if asked is None:
        return limit_ms / 1000
    if not _MILLISECONDS.fullmatch(asked) or int(asked) == 0:
        message = f"{TIMEOUT_HEADER} is {asked[:20]!r}; give whole milliseconds above 0, at most {limit_ms}"
        raise RefusedError("invalid_request", message, param=TIMEOUT_HEADER)
    return min(int(asked), limit_ms) / 1000


def lane_of(request: Request) -> Lane | None:
    """The lane the client asks for; None where it leaves that to the server.

    Raises RefusedError: there is no such lane.
    """
    asked = request.headers.get(LANE_HEADER)
    for lane in LANES:
        if asked == lane:
            return lane
    if asked is None:
        return None
    message = f"{LANE_HEADER} is {asked[:20]!r}; give {' or '.join(LANES)}, or leave it out"
    raise RefusedError("invalid_request", message, param=LANE_HEADER)


async def while_connected(request: Request, work: Coroutine[Any, Any, T]) -> T:
    """Await the work; if the client hangs up first, cancel it, so that what is queued never runs.

    The body must have been read: from then on the connection has nothing to tell but its end.
    Raises ClientDisconnect: the client hung up.
    """
    task = asyncio.create_task(work)
    watcher = asyncio.create_task(_cancel_on_hang_up(request, task))
    try:
        return await task
    except asyncio.CancelledError:
        if watcher.done() and not watcher.cancelled():
            raise ClientDisconnect from None
        raise
    finally:
        watcher.cancel()


async def _cancel_on_hang_up(request: Request, task: asyncio.Task[Any]) -> None:
    while (await request.receive())["type"] != "http.disconnect":
        pass
    task.cancel()
