"""Room for work of different weight, given out first come, first served. Does not know what the work is.

For threads: who does not fit waits. A bound on how many work at once would either leave small work waiting or
let large work through together.
"""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager


class Room:
    """At most `limit` in all, but for one that is heavier alone. Safe to use from several threads."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._held = 0
        self._queue: deque[object] = deque()  # who waits, the first in front
        self._changed = threading.Condition()

    @property
    def held(self) -> int:
        return self._held

    @property
    def waiting(self) -> int:
        """How many wait for room."""
        return len(self._queue)

    @contextmanager
    def hold(self, weight: int) -> Iterator[None]:
        """Wait for room and for all who came before, then hold it for the length of the block.

        What is heavier than the limit enters when nothing is held: refused, it could never be done. Nobody
        overtakes, or light work would keep heavy work out for ever. To be held once at a time by each
        thread: one that waits for more while it holds some may wait for itself.
        """
        self._enter(weight)
        try:
            yield
        finally:
            with self._changed:
                self._held -= weight
                self._changed.notify_all()

    def _enter(self, weight: int) -> None:
        turn = object()
        with self._changed:
            self._queue.append(turn)
            try:
                self._changed.wait_for(lambda: self._queue[0] is turn and self._fits(weight))
                self._held += weight
            finally:  # also when the wait is interrupted: those behind must not wait for who is gone
                self._queue.remove(turn)
                self._changed.notify_all()

    def _fits(self, weight: int) -> bool:
        return not self._held or self._held + weight <= self._limit
