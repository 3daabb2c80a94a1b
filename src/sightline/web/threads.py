"""Threads for calls that block, so many at once for each purpose. Does not know what is called.

A store or a database may not answer for long, or never. Whoever waits for it is told in time, and the thread
stays behind with its place: so what hangs takes the places of its own purpose, and no others. The threads are
daemons, since one that hangs must not keep the process from ending.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable, Hashable, Sequence
from contextvars import copy_context
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from sightline.domain.errors import DeadlineError, NotReadyError, OverloadedError

T = TypeVar("T")

OF_ONE = 8  # for one purpose: two cores are busy with fewer
AT_ONCE = 128  # in all: sixteen purposes may hang before another waits
RETRY_S = 1.0
ENDING_S = 2.0  # for what is under way when the server ends

Places = Sequence[asyncio.Semaphore]


class Threads:
    """One per application; used in its event loop."""

    def __init__(self, *, of_one: int = OF_ONE, at_once: int = AT_ONCE) -> None:
        self._of_one = of_one
        self._all = asyncio.Semaphore(at_once)
        self._of: WeakValueDictionary[Hashable, asyncio.Semaphore] = WeakValueDictionary()
        self._waiting: set[asyncio.Timeout] = set()
        self._is_ending = False

    async def call(self, purpose: Hashable, work: Callable[[], T], *, within_s: float | None = None) -> T:
        """What the work returns or raises, in a thread. Who gives up leaves the work to itself.

        within_s: None for what bounds itself.
        Raises OverloadedError: no place was free in time; DeadlineError: the work takes longer;
        NotReadyError: the server ends.
        """
        has_begun = False
        time_limit = asyncio.timeout(ENDING_S if self._is_ending else within_s)
        self._waiting.add(time_limit)
        try:
            async with time_limit:
                places = await self._taken(purpose)
                has_begun = True
                return await _begun(work, places)
        except TimeoutError as error:
            if not time_limit.expired():  # the work's own
                raise
            raise self._too_late(has_begun=has_begun) from error
        finally:
            self._waiting.discard(time_limit)

    def begin(self, work: Callable[[], object]) -> None:
        """Have something done that nobody waits for, and that takes no place."""
        threading.Thread(target=work, name="left alone", daemon=True).start()

    def end(self) -> None:
        """The server ends: whoever waits does so for a little while yet."""
        self._is_ending = True
        soon = asyncio.get_running_loop().time() + ENDING_S
        for time_limit in self._waiting:
            when = time_limit.when()
            time_limit.reschedule(soon if when is None else min(when, soon))

    async def _taken(self, purpose: Hashable) -> Places:
        """A place of this purpose and one of all. They are given back by the thread that has them."""
        own = self._of.get(purpose) or asyncio.Semaphore(self._of_one)
        self._of[purpose] = own
        await own.acquire()
        try:
            await self._all.acquire()
        except BaseException:
            own.release()
            raise
        return own, self._all

    def _too_late(self, *, has_begun: bool) -> Exception:
        if self._is_ending:
            return NotReadyError("the server is shutting down; send the request to another one")
        if has_begun:
            return DeadlineError(
                "the library did not answer in time; what was asked may still be done: look, then try again"
            )
        return OverloadedError(
            f"{self._of_one} requests like this one are under way, the limit, and none ended in time; try "
            "again after the time in Retry-After",
            retry_after_s=RETRY_S,
        )


def _begun(work: Callable[[], T], places: Places) -> asyncio.Future[T]:
    """The answer that a thread of its own will give."""
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()
    context = copy_context()

    def settle(result: Any, error: BaseException | None) -> None:
        for place in places:
            place.release()
        if answer.done():  # given up
            return
        if error is None:
            answer.set_result(result)
        else:
            answer.set_exception(error)

    def run() -> None:
        result, error = None, None
        try:
            result = context.run(work)
        except BaseException as raised:  # noqa: BLE001  # whatever it is, it is the caller's
            error = raised
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody is left
            loop.call_soon_threadsafe(settle, result, error)

    threading.Thread(target=run, name="library", daemon=True).start()
    return answer
