"""How much work may be under way at once, and when to come back. Does not know what the work is.

Work is counted in tokens (patches of a picture, ids of a text): a device takes time per token, not per
request. A place is held from before a picture is decoded until its vector is handed back, so that the bound
covers the memory of everything in between.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from sightline.domain.errors import OverloadedError

SMOOTHING = 0.2  # of one forward in the measured rate: some five forwards are remembered
UNMEASURED_RETRY_S = 1.0


class Admission:
    """A bound on tokens held, shared by every service of one device. Safe to use from several threads."""

    def __init__(self, max_cost: int) -> None:
        self._max_cost = max_cost
        self._held = 0
        self._rate = 0.0  # tokens per second, as last measured
        self._lock = threading.Lock()

    @property
    def held(self) -> int:
        return self._held

    @contextmanager
    def hold(self, cost: int) -> Iterator[None]:
        """Hold a place for the whole of a request, or none of it.

        A request larger than the bound is let in when nothing else is: refused, it could never be answered.
        Raises OverloadedError: the bound would be passed.
        """
        with self._lock:
            if self._held and self._held + cost > self._max_cost:
                raise self._refusal(self._held + cost - self._max_cost)
            self._held += cost
        try:
            yield
        finally:
            with self._lock:
                self._held -= cost

    def require_room(self) -> None:
        """Raises OverloadedError: nothing more fits, so a body need not even be read."""
        with self._lock:
            if self._held >= self._max_cost:
                raise self._refusal(self._held - self._max_cost + 1)

    def observe(self, cost: int, seconds: float) -> None:
        """Learn from one forward how fast the device works."""
        rate = cost / max(seconds, 1e-6)
        with self._lock:
            self._rate = rate if not self._rate else (1 - SMOOTHING) * self._rate + SMOOTHING * rate

    def _refusal(self, excess: int) -> OverloadedError:
        retry_after_s = excess / self._rate if self._rate else UNMEASURED_RETRY_S
        return OverloadedError(
            f"the server is busy: {self._held} tokens of work are under way and the limit is "
            f"{self._max_cost}; try again after the time in Retry-After",
            retry_after_s=retry_after_s,
        )
