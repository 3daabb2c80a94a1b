"""An event loop that ends in order on Ctrl-C and on SIGTERM. Does not know what runs in it."""

import asyncio
import contextlib
import signal
from collections.abc import Callable, Coroutine, Iterator
from typing import Any, TypeVar

T = TypeVar("T")


def run(work: Coroutine[Any, Any, T]) -> T:
    """The work's result. Raises KeyboardInterrupt: it was interrupted, and has been cancelled.

    A KeyboardInterrupt that a signal raises inside a loop written in C may be lost on its way out.
    """
    with _restored(signal.SIGTERM), asyncio.Runner(loop_factory=_loop_factory()) as runner:
        loop = runner.get_loop()

        async def cancellable() -> T:
            task = asyncio.ensure_future(work)
            with contextlib.suppress(NotImplementedError):  # Windows
                loop.add_signal_handler(signal.SIGTERM, task.cancel)
            return await task

        try:
            return runner.run(cancellable())
        except asyncio.CancelledError as stop:
            raise KeyboardInterrupt from stop


@contextlib.contextmanager
def _restored(number: signal.Signals) -> Iterator[None]:
    """A loop that closes leaves the default behind: the next signal would end us before our children."""
    before = signal.getsignal(number)
    try:
        yield
    finally:
        signal.signal(number, before)


def _loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """uvloop's where it is installed: the server's own, and lean."""
    try:
        import uvloop
    except ImportError:
        return None
    return uvloop.new_event_loop
