"""One call from a route to a service, for as long as somebody waits for it. Does not know what is called."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from fastapi import Request
from starlette.requests import ClientDisconnect

T = TypeVar("T")


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
