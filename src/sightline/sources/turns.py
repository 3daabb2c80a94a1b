"""How many downloads run at once, in all and from one host, and how long one may take. Downloads nothing."""

import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager

from sightline.domain.errors import OverloadedError

FOREVER = float("inf")
# Of all turns, for those that nobody waits for: an ingestion leaves the rest to requests.
PATIENT_SHARE = 0.75


class Clock:
    """The time that one read may take, and that its caller waits. Only the second runs in a queue."""

    def __init__(self, spend_s: float, wait_s: float | None) -> None:
        now = time.monotonic()
        self._ends = now + spend_s
        self._gives_up = FOREVER if wait_s is None else now + wait_s

    def left_s(self) -> float:
        """More than 0. Raises TimeoutError: nothing is left."""
        left = min(self._ends, self._gives_up) - time.monotonic()
        if left <= 0:
            raise TimeoutError("its time is over")
        return left

    @property
    def patience_s(self) -> float:
        return max(0.0, self._gives_up - time.monotonic())

    def stood_still(self, seconds: float) -> None:
        self._ends += seconds


class Turns:
    """Safe to use from several threads."""

    def __init__(self, at_once: int, per_host: int) -> None:
        self._at_once = at_once
        self._per_host = per_host
        self._all = 0
        self._of = Counter[str]()
        self._changed = threading.Condition()

    @contextmanager
    def hold(self, host: str, clock: Clock) -> Iterator[None]:
        """Wait for a turn with a host and hold it for the length of the block.

        Raises OverloadedError: none came while the caller waited.
        """
        self._enter(host, clock)
        try:
            yield
        finally:
            with self._changed:
                self._all -= 1
                self._of[host] -= 1
                if not self._of[host]:
                    del self._of[host]  # hosts are named by strangers: what is over is forgotten
                self._changed.notify_all()

    def _enter(self, host: str, clock: Clock) -> None:
        started, patience_s = time.monotonic(), clock.patience_s
        at_once, timeout_s = self._at_once, None if patience_s == FOREVER else patience_s
        if timeout_s is None:
            at_once = max(1, int(at_once * PATIENT_SHARE))
        with self._changed:
            is_free = self._changed.wait_for(
                lambda: self._all < at_once and self._of[host] < self._per_host, timeout_s
            )
            if not is_free:
                raise OverloadedError(
                    f"{self._at_once} downloads are under way, or {self._per_host} from this host; try again "
                    "after the time in Retry-After",
                    retry_after_s=1.0,
                )
            self._all += 1
            self._of[host] += 1
        clock.stood_still(time.monotonic() - started)
