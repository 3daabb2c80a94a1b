"""Something done now and then by who could do it all the time. Does not know what it is."""

import time
from collections.abc import Callable


class Seldom:
    """Calls `look` when called, unless it did so within the last `every_s` seconds. For one thread."""

    def __init__(self, every_s: float, look: Callable[[], None]) -> None:
        self._every_s = every_s
        self._look = look
        self._due = time.monotonic()

    def __call__(self) -> None:
        now = time.monotonic()
        if now >= self._due:
            self._due = now + self._every_s
            self._look()
