"""Who is let in, and when to come back. Does not know what the work is, or who does it.

A request is let in if its turn will come in time: what is under way before it, in seconds of preparing and
of computing, is less than it may wait. What is under way is also bounded in tokens, because memory goes with
them. A place is held from before a picture is decoded until its vector is there.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from sightline.domain.errors import OverloadedError
from sightline.services.jobs import LANES, NEVER, Lane
from sightline.services.turns import SHARES

MAX_COST = 65_536  # tokens; as pixels of ViT-B/32 some 200 MB
MAX_WAIT_S = 4.0  # a person has given up by then, and a queue of this length is gone soon after a rush
# What comes before a request may take half of what its own work leaves of its time. A queue as long as the
# deadline works on what is about to expire: at three times the peak's load, a sixth of all ended in 504.
AHEAD_SHARE = 0.5
UNREAD_SHARE = 0.1  # of its time, for the own work of a request that is not read yet
FEW = 32  # items; with a slow model even a short queue takes long, and its callers know


@dataclass(frozen=True)
class Work:
    """What one item is expected to take: tokens, seconds of the device, seconds of one preparing thread."""

    tokens: int
    device_s: float = 0.0
    prepare_s: float = 0.0


@dataclass(eq=False, slots=True)
class Place:
    """What one item holds of the server while it is under way."""

    lane: Lane
    work: Work
    is_prepared: bool = False
    is_free: bool = False


class Admission:
    """A bound on the work under way, shared by every service of one device. Safe to use from several threads.

    max_wait_s: of the interactive lane, where more than a few items are under way; bulk waits for as long as
    its deadline allows. threads: that prepare.
    """

    def __init__(
        self,
        max_cost: int | None = None,
        *,
        max_wait_s: float | None = None,
        threads: int = 1,
        few: int = FEW,
    ) -> None:
        self._lock = threading.Lock()
        self._prepare_s = dict.fromkeys(LANES, 0.0)
        self._device_s = dict.fromkeys(LANES, 0.0)
        self._max_cost = MAX_COST if max_cost is None else max_cost
        self._max_wait_s = MAX_WAIT_S if max_wait_s is None else max_wait_s
        self._threads = threads
        self._few = few
        self._held = 0
        self._items = 0

    @property
    def held(self) -> int:
        """Tokens under way."""
        return self._held

    def wait_s(self, lane: Lane = "interactive") -> float:
        """How long a picture that came now would wait until its turn."""
        return max(self._device_wait_s(lane), _ahead(self._prepare_s, lane) / self._threads)

    def _device_wait_s(self, lane: Lane) -> float:
        """How long a text would: preparing one takes next to nothing, and it passes the pictures."""
        return _ahead(self._device_s, lane)

    def enter(self, lane: Lane, works: Sequence[Work], timeout_s: float | None = None) -> list[Place]:
        """Places for the whole of a request, or none of it; single items and lists are treated alike.

        Where nothing else is under way everything is let in: refused, it could never be answered.
        Raises OverloadedError: its turn would come too late, or the bound on tokens would be passed.
        """
        tokens = sum(work.tokens for work in works)
        device_s = sum(work.device_s for work in works)
        prepare_s = sum(work.prepare_s for work in works)
        with self._lock:
            if self._items:
                longest_s = max((work.prepare_s for work in works), default=0.0)  # by one thread
                own_s = max(device_s, prepare_s / self._threads, longest_s)
                wait_s = self.wait_s(lane) if prepare_s else self._device_wait_s(lane)
                self._require(lane, tokens, (wait_s, own_s), NEVER if timeout_s is None else timeout_s)
            self._held += tokens
            self._items += len(works)
            self._device_s[lane] += device_s
            self._prepare_s[lane] += prepare_s
        return [Place(lane, work) for work in works]

    def require_room(self, timeout_s: float | None = None, *, for_texts: bool = False) -> None:
        """Before a body is read; for_texts: it may hold only texts.

        Raises OverloadedError: nothing with so much time would be let in.
        """
        with self._lock:
            if self._items:
                own_s = 0.0 if timeout_s is None else UNREAD_SHARE * timeout_s
                lane: Lane = "interactive"
                wait_s = self._device_wait_s(lane) if for_texts else self.wait_s(lane)
                self._require(lane, 1, (wait_s, own_s), NEVER if timeout_s is None else timeout_s)

    def prepared(self, place: Place) -> None:
        """Nothing of this item waits to be prepared any more. A second call does nothing."""
        with self._lock:
            self._end_preparing(place)

    def leave(self, place: Place) -> None:
        """The item's answer is there, or nobody wants it any more. A second call does nothing."""
        with self._lock:
            self._end_preparing(place)
            if place.is_free:
                return
            place.is_free = True
            self._held -= place.work.tokens
            self._items -= 1
            self._device_s[place.lane] -= place.work.device_s
            if not self._items:  # sums of many floats do not come back to nothing by themselves
                self._device_s, self._prepare_s = dict.fromkeys(LANES, 0.0), dict.fromkeys(LANES, 0.0)

    def _end_preparing(self, place: Place) -> None:
        if not place.is_prepared:
            place.is_prepared = True
            self._prepare_s[place.lane] -= place.work.prepare_s

    def _require(self, lane: Lane, tokens: int, expected_s: tuple[float, float], timeout_s: float) -> None:
        """expected_s: the wait, and the work itself."""
        wait_s, own_s = expected_s
        tokens_beyond = self._held + tokens - self._max_cost
        if tokens_beyond > 0:
            s_per_token = sum(self._device_s.values()) / max(self._held, 1)
            raise OverloadedError(
                f"the server is busy: {self._held} tokens of work are under way and the limit is "
                f"{self._max_cost}; try again after the time in Retry-After, or with fewer items",
                retry_after_s=tokens_beyond * s_per_token,
            )
        if lane == "interactive" and self._items >= self._few and wait_s > self._max_wait_s:
            raise OverloadedError(
                f"the server is busy: the work before this request takes {wait_s:.1f} s and the limit is "
                f"{self._max_wait_s:g} s; try again after the time in Retry-After",
                retry_after_s=wait_s - self._max_wait_s,
            )
        may_wait_s = max(0.0, AHEAD_SHARE * (timeout_s - own_s))
        if wait_s > may_wait_s or own_s > timeout_s:
            raise OverloadedError(
                f"the server is busy: a turn would come in {wait_s:.1f} s, and of {timeout_s:g} s with "
                f"{own_s:.1f} s of work at most {may_wait_s:.1f} s may pass before it; try again after the "
                "time in Retry-After, send fewer items or allow more time",
                retry_after_s=wait_s - may_wait_s,
            )


def _ahead(seconds: dict[Lane, float], lane: Lane) -> float:
    """Seconds of work that come before a newcomer of this lane, as lanes share the time."""
    other: Lane = "bulk" if lane == "interactive" else "interactive"
    own_s, other_s = max(seconds[lane], 0.0), max(seconds[other], 0.0)
    return own_s + min(other_s, own_s * SHARES[other] / SHARES[lane])
