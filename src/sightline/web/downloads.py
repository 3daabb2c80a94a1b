"""Pictures that a request names by their address, read before they stand in any queue. Does not know URLs."""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Coroutine, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

import anyio.to_thread
from fastapi import Request

from sightline.domain.errors import InputError, OverloadedError, UnreachableUrlError, UrlFetchOffError
from sightline.domain.ports import Fetcher
from sightline.observe import traces
from sightline.observe.metrics import OUTSIDE, Metrics
from sightline.observe.timings import timings
from sightline.services.jobs import Picture, Text
from sightline.settings import Settings
from sightline.web.calls import Allowance
from sightline.web.errors import RefusedError

# Of all requests under way, beside their bodies: what is read is held until its answer.
HELD_BYTES = 512_000_000
# Readers wait for their host's turn in a thread each; those of one slow host must not keep all others out.
THREADS_PER_READ = 4
# An address that may not be asked fails at once, a name that is not there as fast as the DNS server answers.
# Told on the next full step, neither shows which it was.
STEP_S = 0.25


@dataclass(frozen=True)
class Link:
    """A picture named by its URL."""

    url: str


Sent = Picture | Text | Link | InputError  # an item as it came, or why it cannot be read
Read = Picture | Text | InputError


class Downloads:
    """One per application. fetcher: None where no URL is read."""

    def __init__(self, fetcher: Fetcher | None, settings: Settings, metrics: Metrics) -> None:
        self._fetcher = fetcher
        self._max_request_bytes = settings.max_request_bytes
        self._metrics = metrics
        self._threads = anyio.CapacityLimiter(THREADS_PER_READ * settings.fetch_at_once)
        self._held_bytes = 0

    @asynccontextmanager
    async def of(self, sent: Sequence[Sent], allowance: Allowance) -> AsyncIterator[Sequence[Read]]:
        """The items with every link's picture in its place, or why there is none; counted for the block.

        Raises OverloadedError: no turn came in time; RefusedError: together they are too large for a request.
        """
        basket = _Basket()
        started = time.monotonic()
        try:
            read: Sequence[Read] = [item for item in sent if not isinstance(item, Link)]
            links = len(sent) - len(read)
            if links:  # most requests name no URL, and need no tasks
                read = await _all([self._picture(item, allowance, basket) for item in sent])
                self._tell(started, links)
            yield read
        finally:
            self._held_bytes -= basket.size_bytes

    async def _picture(self, item: Sent, allowance: Allowance, basket: "_Basket") -> Read:
        if not isinstance(item, Link):
            return item
        try:
            data = await self._read(item.url, allowance)
        except InputError as error:
            return error
        self._hold(len(data), basket)
        return Picture(data)

    async def _read(self, url: str, allowance: Allowance) -> bytes:
        if self._fetcher is None:
            raise UrlFetchOffError(
                "this server does not read pictures by URL; send a data URI or base64, or have its operator "
                "set fetch_mode"
            )
        started = time.monotonic()
        read = partial(self._fetcher.read, url, within_s=allowance.left_s())
        try:
            return await anyio.to_thread.run_sync(read, limiter=self._threads)
        except UnreachableUrlError:
            spent_s = time.monotonic() - started
            await asyncio.sleep(math.ceil(spent_s / STEP_S) * STEP_S - spent_s)
            raise

    def _hold(self, size_bytes: int, basket: "_Basket") -> None:
        basket.size_bytes += size_bytes
        self._held_bytes += size_bytes
        if basket.size_bytes > self._max_request_bytes:
            raise RefusedError(
                "request_too_large",
                f"the pictures behind the request's URLs have more than {self._max_request_bytes} bytes, the "
                "limit; send fewer at once",
            )
        if self._held_bytes > HELD_BYTES:
            raise OverloadedError(
                f"the server is busy: it holds {HELD_BYTES} bytes of pictures read by URL, the limit; try "
                "again after the time in Retry-After",
                retry_after_s=1.0,
            )

    def _tell(self, started: float, count: int) -> None:
        """Time in which others were waited for, as for a body: no part of what this server promises."""
        ended = time.monotonic()
        self._metrics.stage("fetch", OUTSIDE, ended - started)
        traces.current().stage("fetch", started, ended, {"sightline.fetch.count": count})
        if (taken := timings.get()) is not None:
            taken.read_s += ended - started


def downloads_of(request: Request) -> Downloads:
    downloads: Downloads = request.app.state.downloads
    return downloads


@dataclass(slots=True)
class _Basket:
    """What one request has had read."""

    size_bytes: int = 0


async def _all(reads: Sequence[Coroutine[None, None, Read]]) -> Sequence[Read]:
    """Every result, in order. The first failure ends the others."""
    tasks = [asyncio.create_task(read) for read in reads]
    try:
        return await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
