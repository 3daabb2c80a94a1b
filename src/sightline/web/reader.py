"""Whether a client takes its answer fast enough to be worth a place. Does not know HTTP, or what is sent.

It may be slow, not forever: while more waits for it than its line holds, its time runs out by the clock, and
what it takes wins time back.
"""

import array
import asyncio
import contextlib
from collections.abc import Callable

try:
    import fcntl
    import termios
except ImportError:  # not on Windows
    fcntl = termios = None  # type: ignore[assignment]


def waiting_bytes(transport: asyncio.WriteTransport) -> int:
    """What a client has not taken yet: with us, and in the kernel, as far as that tells.

    The kernel holds up to 4 MB of a slow line, and asks for more only when a third of it is gone.
    """
    held = array.array("i", [0])
    line = transport.get_extra_info("socket")
    if line is not None and fcntl is not None:
        with contextlib.suppress(OSError, ValueError):  # the line is closed, or the system cannot say
            fcntl.ioctl(line.fileno(), termios.TIOCOUTQ, held)
    return transport.get_write_buffer_size() + held[0]


class Reader:
    """Of one connection. give_up: called once when it is too slow.

    waiting: how many bytes it has not taken yet.
    """

    def __init__(
        self,
        waiting: Callable[[], int],
        give_up: Callable[[], None],
        *,
        patience_s: float,
        min_bytes_per_s: float,
    ) -> None:
        self._waiting = waiting
        self._give_up = give_up
        self._most_s = self._left_s = patience_s
        self._min_bytes_per_s = min_bytes_per_s
        self._loop = asyncio.get_running_loop()
        self._alarm: asyncio.TimerHandle | None = None  # set while the line is full
        self._looked_at = 0.0  # of the loop's clock
        self._waiting_bytes = 0  # then

    def line_is_full(self) -> None:
        self._look()
        self._wait()

    def line_has_room(self) -> None:
        if self._alarm is not None:
            self._take_account()
            self.forget()

    def hurry(self, patience_s: float) -> None:
        """From now on it has less."""
        self._most_s, self._left_s = patience_s, min(self._left_s, patience_s)
        if self._alarm is not None:
            self._take_account()
            self._wait()

    def forget(self) -> None:
        """The line is closed, or has room."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    def _look(self) -> None:
        self._looked_at = self._loop.time()
        self._waiting_bytes = self._waiting()

    def _take_account(self) -> None:
        before, began = self._waiting_bytes, self._looked_at
        self._look()
        won_s = (before - self._waiting_bytes) / self._min_bytes_per_s
        self._left_s = min(self._most_s, self._left_s - (self._looked_at - began) + won_s)

    def _wait(self) -> None:
        self.forget()
        self._alarm = self._loop.call_later(max(0.0, self._left_s), self._check)

    def _check(self) -> None:
        self._take_account()
        if self._left_s > 0:
            self._wait()
        else:
            self.forget()
            self._give_up()
