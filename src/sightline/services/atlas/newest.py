"""The newest of what takes long to make, while what it is made of goes on changing. Does not know what it is.

One thread makes it; others have the one before meanwhile, or wait where there is none. While a job changes
the collection many times a second, only a share of the time is spent on it.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

LEAST_S, MOST_S = 1.0, 15.0
RESTS = 4  # times as long as the making took

Rest = Callable[[float], float]  # after it took so many seconds, for how many it is not made again


def usual_rest(took_s: float) -> float:
    return min(MOST_S, max(LEAST_S, RESTS * took_s))


@dataclass(frozen=True)
class _Made(Generic[T]):
    value: T
    stamp: Hashable
    group: Hashable
    due: float  # time.monotonic() from when a newer one may be made


class Newest(Generic[T]):
    """Of each key one, of the keys asked for last. Safe to use from several threads."""

    def __init__(self, make: Callable[[str], T], *, kept: int, rest: Rest = usual_rest) -> None:
        """kept: how many keys."""
        self._make = make
        self._max_kept = kept
        self._rest = rest
        self._made: OrderedDict[str, _Made[T]] = OrderedDict()
        self._turns: dict[str, threading.Lock] = {}
        self._changing = threading.Lock()

    def of(self, key: str, stamp: Hashable, *, group: Hashable = None) -> T:
        """What was made when the stamp was this, or a while ago; never of another group."""
        with self._changing:
            made, turn = self._made.get(key), self._turns.setdefault(key, threading.Lock())
        if made is not None and _serves(made, stamp, group):
            return made.value
        before = made.value if made is not None and made.group == group else None
        if not turn.acquire(blocking=before is None) and before is not None:
            return before
        try:
            with self._changing:
                made = self._made.get(key)
            if made is not None and _serves(made, stamp, group):  # by who had the turn before
                return made.value
            return self._renewed(key, stamp, group)
        finally:
            turn.release()

    def _renewed(self, key: str, stamp: Hashable, group: Hashable) -> T:
        began = time.monotonic()
        value = self._make(key)
        ended = time.monotonic()
        with self._changing:
            self._made[key] = _Made(value, stamp, group, ended + self._rest(ended - began))
            self._made.move_to_end(key)
            while len(self._made) > self._max_kept:
                gone, _ = self._made.popitem(last=False)
                self._turns.pop(gone, None)
        return value


def _serves(made: _Made[T], stamp: Hashable, group: Hashable) -> bool:
    return made.group == group and (made.stamp == stamp or time.monotonic() < made.due)
