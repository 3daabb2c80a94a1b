"""What became of requests, counted, and the percentiles of it. Does not know how they were sent."""

import math
from array import array
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

OK = 200
REFUSED = 429


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one request. Times are seconds of one clock.

    due_s: when it was meant to go out, which is before it did where the sender was late. failure: in two
    words, where no answer came; status is 0 then.
    """

    due_s: float
    ended_s: float
    status: int = 0
    failure: str | None = None
    items: int = 1
    sent_bytes: int = 0
    received_bytes: int = 0
    retry_after_s: float | None = None
    queue_ms: float | None = None
    inference_ms: float | None = None


def _floats() -> "array[float]":
    return array("d")  # eight bytes a value: a day at 100/s is 70 MB


@dataclass
class Tally:
    """The requests of one window of time.

    Latencies are of requests that were due in the window, however long they took, from the moment they were
    due: a stalled server cannot hide the requests it kept from being sent. Rates are of answers that came in
    the window, whenever they were asked for: a queue that is worked off after the end earns nothing.
    """

    starts_s: float
    ends_s: float
    deadline_s: float
    statuses: Counter[int] = field(default_factory=Counter)
    failures: Counter[str] = field(default_factory=Counter)
    ok_s: "array[float]" = field(default_factory=_floats)
    refused_s: "array[float]" = field(default_factory=_floats)
    retry_after_s: "array[float]" = field(default_factory=_floats)
    queue_ms: "array[float]" = field(default_factory=_floats)
    inference_ms: "array[float]" = field(default_factory=_floats)
    lateness_s: "array[float]" = field(default_factory=_floats)
    answers: int = 0
    good: int = 0
    good_items: int = 0
    sent_bytes: int = 0
    received_bytes: int = 0
    cpu_s: float = 0.0  # of this process, in the wall_s that the loop ran
    wall_s: float = 0.0
    earlier_s: float = 0.0  # the length of other windows that were added

    @property
    def seconds(self) -> float:
        return self.ends_s - self.starts_s + self.earlier_s

    def add(self, outcome: Outcome) -> None:
        took_s = outcome.ended_s - outcome.due_s
        if self.starts_s <= outcome.ended_s < self.ends_s and outcome.status:
            self.answers += 1
            if outcome.status == OK and took_s <= self.deadline_s:
                self.good += 1
                self.good_items += outcome.items
        if self.starts_s <= outcome.due_s < self.ends_s:
            self._count(outcome, took_s)

    def went_out(self, due_s: float, now_s: float) -> None:
        """A request was sent, perhaps later than it was due: what the load itself costs or cannot do."""
        if self.starts_s <= due_s < self.ends_s:
            self.lateness_s.append(now_s - due_s)

    def _count(self, outcome: Outcome, took_s: float) -> None:
        self.sent_bytes += outcome.sent_bytes
        self.received_bytes += outcome.received_bytes
        if outcome.failure is not None:
            self.failures[outcome.failure] += 1
            return
        self.statuses[outcome.status] += 1
        if outcome.status == OK:
            self.ok_s.append(took_s)
        elif outcome.status == REFUSED:
            self.refused_s.append(took_s)
        for value, kept in (
            (outcome.retry_after_s, self.retry_after_s),
            (outcome.queue_ms, self.queue_ms),
            (outcome.inference_ms, self.inference_ms),
        ):
            if value is not None:
                kept.append(value)

    def include(self, other: "Tally") -> None:
        """Another window of the same server's, added to this one."""
        self.statuses += other.statuses
        self.failures += other.failures
        for name in ("ok_s", "refused_s", "retry_after_s", "queue_ms", "inference_ms", "lateness_s"):
            getattr(self, name).extend(getattr(other, name))
        for name in ("answers", "good", "good_items", "sent_bytes", "received_bytes", "cpu_s", "wall_s"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.earlier_s += other.seconds


def percentile(ordered: Sequence[float], percent: float) -> float | None:
    """The smallest of ascending values that at least so many percent do not exceed; None of nothing.

    One of the values themselves, by nearest rank: a mean of two never happened to anybody.
    """
    if not ordered:
        return None
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def together(tallies: Sequence[Tally]) -> Tally:
    """All windows of one server as one."""
    first = tallies[0]
    whole = Tally(first.starts_s, first.starts_s, first.deadline_s)
    for tally in tallies:
        whole.include(tally)
    return whole
