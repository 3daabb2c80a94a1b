"""Error budgets: how much of what may go wrong has gone wrong. Does not know HTTP, routes or settings.

An objective promises a share of good events over a rolling window; the rest of them is the budget. At a burn
rate of 1 it lasts just that long; of 30 days, a rate of 14.4 spends a fiftieth in an hour.
Counts live in the process and start anew with it; whoever wants a longer memory lets Prometheus keep them.
Source: Google, The Site Reliability Workbook, chapter 5, "Alerting on SLOs".
"""

import threading
import time
from array import array
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

SLOT_S = 60  # a window begins on the minute before it; 30 days are 43,200 slots, 0.7 MB per budget
DAY_S = 86_400
BURN_WINDOWS_S = {"5m": 300, "1h": 3600, "6h": 21_600, "3d": 3 * DAY_S}

Sli = Literal["availability", "latency"]


@dataclass(frozen=True)
class Events:
    """Good and bad ones of some time."""

    good: int
    bad: int

    @property
    def bad_share(self) -> float:
        """From 0 to 1; 0 where nothing happened."""
        return self.bad / ((self.good + self.bad) or 1)


@dataclass(frozen=True)
class Objective:
    """What is promised to a group of routes: the share of events that are good, between 0 and 1.

    within_ms: how fast an answer must be to be a good one; None where time does not matter.
    """

    group: str
    sli: Sli
    share: float
    within_ms: float | None = None


class RollingCount:
    """Good and bad events, counted in slots of a minute. Safe to use from several threads.

    Each slot keeps the totals as they were when it began, so that any window is one subtraction.
    """

    def __init__(self, window_s: int, clock: Callable[[], float]) -> None:
        self._clock = clock
        self._slots = window_s // SLOT_S + 1  # the one under way, and a whole window before it
        self._good_before = array("Q", bytes(8 * self._slots))
        self._bad_before = array("Q", bytes(8 * self._slots))
        self._good = self._bad = 0
        self._began_at = clock()
        self._slot = 0
        self._lock = threading.Lock()

    def add(self, *, is_good: bool) -> None:
        with self._lock:
            self._advance()
            if is_good:
                self._good += 1
            else:
                self._bad += 1

    def total(self) -> Events:
        """Since the process began: what a counter of Prometheus is."""
        with self._lock:
            return Events(self._good, self._bad)

    def last(self, seconds: int) -> Events:
        """Of the last so many seconds, and up to a minute before them; at most the whole window."""
        with self._lock:
            self._advance()
            first = max(self._slot - min(seconds // SLOT_S, self._slots - 1), 0) % self._slots
            return Events(self._good - self._good_before[first], self._bad - self._bad_before[first])

    def _advance(self) -> None:
        """Begin the slots that are due: one a minute, and never more than there are."""
        now = int(self._clock() - self._began_at) // SLOT_S
        for slot in range(max(self._slot, now - self._slots) + 1, now + 1):
            self._good_before[slot % self._slots] = self._good
            self._bad_before[slot % self._slots] = self._bad
        self._slot = now


class ErrorBudget:
    """One objective, and how it fares over a rolling window."""

    def __init__(self, objective: Objective, window_s: int, clock: Callable[[], float]) -> None:
        self.objective = objective
        self._window_s = window_s
        self._count = RollingCount(window_s, clock)

    def record(self, *, is_good: bool) -> None:
        self._count.add(is_good=is_good)

    def total(self) -> Events:
        """Since the process began."""
        return self._count.total()

    def events(self) -> Events:
        """Of the whole window."""
        return self._count.last(self._window_s)

    def left(self) -> float:
        """What is left of the budget: 1 is all, 0 is none, less where more went wrong than may."""
        return 1 - self._burn(self.events())

    def burn_rates(self) -> dict[str, float]:
        """By window: how many times faster than planned the budget is being spent."""
        return {name: self._burn(self._count.last(seconds)) for name, seconds in BURN_WINDOWS_S.items()}

    def _burn(self, events: Events) -> float:
        return events.bad_share / (1 - self.objective.share)


class ErrorBudgets(Collector):
    """The budgets of one process, which Prometheus may collect. Safe to use from several threads."""

    def __init__(
        self,
        objectives: Iterable[Objective],
        *,
        window_days: int = 30,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.window_days = window_days
        self._clock = clock
        self._began_at = clock()
        self._budgets = {
            (wish.group, wish.sli): ErrorBudget(wish, window_days * DAY_S, clock) for wish in objectives
        }

    def __iter__(self) -> Iterator[ErrorBudget]:
        return iter(self._budgets.values())

    @property
    def counted_s(self) -> float:
        """How much of the window has been seen: a process that began an hour ago knows of an hour."""
        return min(self._clock() - self._began_at, self.window_days * DAY_S)

    def record(self, group: str, *, is_answered: bool, seconds: float) -> None:
        """One request has ended. Only answers can be fast or slow: a failure spends availability alone."""
        self._budgets[group, "availability"].record(is_good=is_answered)
        latency = self._budgets[group, "latency"]
        within_ms = latency.objective.within_ms
        if is_answered and within_ms is not None:
            latency.record(is_good=seconds * 1000 <= within_ms)

    def collect(self) -> Iterator[Metric]:
        labels = ("group", "sli")
        objective = GaugeMetricFamily(
            "sightline_slo_objective", "Share of events that shall be good.", labels=labels
        )
        events = CounterMetricFamily(
            "sightline_slo_events",
            "Requests that met the objective, or did not.",
            labels=(*labels, "outcome"),
        )
        left = GaugeMetricFamily(
            "sightline_slo_budget_left", "Error budget left in the window: 1 is all, 0 none.", labels=labels
        )
        burn = GaugeMetricFamily(
            "sightline_slo_burn_rate",
            "Budget spent, in multiples of what may be.",
            labels=(*labels, "window"),
        )
        for budget in self:
            its = (budget.objective.group, budget.objective.sli)
            total = budget.total()
            objective.add_metric(its, budget.objective.share)
            events.add_metric((*its, "good"), total.good)
            events.add_metric((*its, "bad"), total.bad)
            left.add_metric(its, budget.left())
            for window, rate in budget.burn_rates().items():
                burn.add_metric((*its, window), rate)
        yield from (objective, events, left, burn)
