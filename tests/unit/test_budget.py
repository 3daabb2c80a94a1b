"""The error budget: what is left of it, how fast it goes, and how it is forgotten."""

import threading
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.observe.budget import DAY_S, SLOT_S, ErrorBudgets, Events, Objective, RollingCount

AVAILABLE = Objective("embed", "availability", 0.99)
FAST = Objective("embed", "latency", 0.95, within_ms=500)


class Clock:
    """Seconds, moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def budgets(clock: Clock) -> ErrorBudgets:
    return ErrorBudgets([AVAILABLE, FAST], window_days=30, clock=clock)


def record(budgets: ErrorBudgets, *, good: int = 0, bad: int = 0, seconds: float = 0.1) -> None:
    for is_answered in [True] * good + [False] * bad:
        budgets.record("embed", is_answered=is_answered, seconds=seconds)


def test_where_nothing_happened_the_whole_budget_is_left(budgets: ErrorBudgets) -> None:
    for budget in budgets:
        assert budget.left() == 1
        assert set(budget.burn_rates().values()) == {0}
        assert budget.events() == Events(0, 0)


def test_a_budget_is_spent_by_the_share_that_may_fail(budgets: ErrorBudgets) -> None:
    availability, _ = budgets
    record(budgets, good=995, bad=5)
    assert availability.left() == pytest.approx(0.5)
    record(budgets, bad=15)
    assert availability.left() == pytest.approx(1 - 20 / 1015 / 0.01)
    assert availability.left() < 0


def test_each_burn_rate_looks_as_far_back_as_its_window(budgets: ErrorBudgets, clock: Clock) -> None:
    availability, _ = budgets
    for age_s, bad in ((2 * DAY_S, 40), (5 * 3600, 30), (1800, 20), (0, 10)):
        clock.now = 1000.0 + 2 * DAY_S - age_s
        record(budgets, good=100 - bad, bad=bad)
    rates = availability.burn_rates()
    assert rates == pytest.approx({"5m": 10.0, "1h": 15.0, "6h": 20.0, "3d": 25.0})


def test_what_is_older_than_the_window_is_forgotten(budgets: ErrorBudgets, clock: Clock) -> None:
    availability, _ = budgets
    record(budgets, bad=3)
    clock.now += 30 * DAY_S
    assert availability.events() == Events(0, 3)
    clock.now += SLOT_S
    assert availability.events() == Events(0, 0)
    assert availability.left() == 1
    assert availability.total() == Events(0, 3)


def test_only_answers_can_be_slow(budgets: ErrorBudgets) -> None:
    _, latency = budgets
    record(budgets, good=1, seconds=0.5)
    record(budgets, good=1, seconds=0.501)
    record(budgets, bad=1, seconds=9.0)
    assert latency.events() == Events(good=1, bad=1)


def test_a_process_knows_how_much_of_the_window_it_has_seen(budgets: ErrorBudgets, clock: Clock) -> None:
    clock.now += 90
    assert budgets.counted_s == 90
    clock.now += 90 * DAY_S
    assert budgets.counted_s == 30 * DAY_S


@given(
    events=st.lists(st.tuples(st.integers(0, 40 * SLOT_S), st.booleans()), max_size=60),
    seconds=st.sampled_from([SLOT_S, 5 * SLOT_S, 10 * SLOT_S]),
)
def test_any_window_equals_counting_its_events_one_by_one(
    events: list[tuple[int, bool]], seconds: int
) -> None:
    """Gaps longer than the ring, events at the edges of slots: against a plain list of times."""
    clock = Clock()
    count = RollingCount(10 * SLOT_S, clock)
    seen: list[tuple[float, bool]] = []
    for gap_s, is_good in events:
        clock.now += gap_s
        count.add(is_good=is_good)
        seen.append((clock.now - 1000, is_good))
    begins = ((clock.now - 1000) // SLOT_S) * SLOT_S - seconds
    good = sum(is_good for at, is_good in seen if at >= begins)
    bad = sum(not is_good for at, is_good in seen if at >= begins)
    assert count.last(seconds) == Events(good, bad)
    assert count.total() == Events(sum(is_good for _, is_good in seen), sum(not good for _, good in seen))


class SlowClock:
    """Takes a while to be read, so that threads meet there, and tells how many did."""

    def __init__(self) -> None:
        self.inside = self.most_inside = 0

    def __call__(self) -> float:
        self.inside += 1
        self.most_inside = max(self.most_inside, self.inside)
        time.sleep(0.001)
        self.inside -= 1
        return 0.0


def test_threads_count_one_after_the_other() -> None:
    """Two that begin a minute together would take the slot back to the earlier one."""
    clock = SlowClock()
    count = RollingCount(10 * SLOT_S, clock)

    def add_ten() -> None:
        for _ in range(10):
            count.add(is_good=True)

    threads = [threading.Thread(target=add_ten) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert count.total() == Events(40, 0)
    assert clock.most_inside == 1


def test_what_is_collected_is_what_is_told(budgets: ErrorBudgets) -> None:
    record(budgets, good=98, bad=2)
    found = {
        (sample.name, *sorted(sample.labels.items())): sample.value
        for family in budgets.collect()
        for sample in family.samples
    }
    its = (("group", "embed"), ("sli", "availability"))
    assert found["sightline_slo_objective", *its] == 0.99
    assert found["sightline_slo_budget_left", *its] == pytest.approx(-1)
    assert found["sightline_slo_burn_rate", *its, ("window", "3d")] == pytest.approx(2)
    bad = (("group", "embed"), ("outcome", "bad"), ("sli", "availability"))
    assert found["sightline_slo_events_total", *bad] == 2
