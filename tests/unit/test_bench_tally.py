import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.cli.bench.serve.report import figures, ratios
from sightline.cli.bench.serve.tally import Outcome, Tally, percentile, together

TIMES = st.lists(st.floats(0, 1000), min_size=1, max_size=200)


@given(TIMES, st.floats(0, 100))
def test_percentile_is_the_least_value_that_so_many_do_not_exceed(values, percent):
    ordered = sorted(values)
    found = percentile(ordered, percent)
    assert found in values
    assert sum(value <= found for value in values) >= len(values) * percent / 100
    assert sum(value < found for value in values) < max(1, len(values) * percent / 100)


def test_percentiles_of_a_hundred_values_are_those_values():
    ordered = [float(number) for number in range(1, 101)]
    assert [percentile(ordered, percent) for percent in (0, 50, 90, 95, 99, 100)] == [1, 50, 90, 95, 99, 100]
    assert percentile([], 50) is None


def tally_of(*outcomes, deadline_s=1.0):
    """Of a window from 10 s to 20 s."""
    tally = Tally(10.0, 20.0, deadline_s)
    for outcome in outcomes:
        tally.add(outcome)
    return tally


def test_latency_counts_from_when_a_request_was_due_and_of_all_that_were_due_in_the_window():
    early, within = Outcome(9.9, 10.1, 200), Outcome(10.5, 10.75, 200)
    after_its_end = Outcome(19.5, 24.5, 200)
    found = figures(tally_of(early, within, after_its_end, Outcome(20.0, 20.1, 200)))
    assert found["requests"] == 2
    assert (found["p50_ms"], found["max_ms"]) == (250, 5000)


def test_rates_are_of_answers_that_came_in_the_window():
    """What is worked off after the end would make a queue look like speed."""
    before, after = Outcome(9.5, 10.0, 200), Outcome(19.9, 20.0, 200)
    found = figures(tally_of(before, after, *[Outcome(15, 15.5, 200)] * 9))
    assert found["answers_per_s"] == found["goodput_per_s"] == 1.0


@pytest.mark.parametrize(
    ("outcome", "good"),
    [
        (Outcome(11, 12, 200, items=8), 1),
        (Outcome(11, 12.01, 200, items=8), 0),
        (Outcome(11, 11.1, 429, items=8), 0),
        (Outcome(11, 11.1, 504, items=8), 0),
        (Outcome(11, 11.1, failure="connection reset", items=8), 0),
    ],
)
def test_goodput_is_what_was_answered_with_200_within_the_deadline(outcome, good):
    found = figures(tally_of(outcome))
    assert found["goodput_per_s"] == good / 10
    assert found["items_per_s"] == good * 8 / 10


def test_refusals_have_percentiles_of_their_own():
    refusals = [Outcome(11, 11.002, 429, retry_after_s=float(after)) for after in (1, 3)]
    found = figures(tally_of(Outcome(11, 11.5, 200), *refusals))
    assert (found["ok"], found["refused"]) == (1, 2)
    assert (found["p99_ms"], found["refused_p99_ms"]) == (500, 2)
    assert (found["retry_after_min_s"], found["retry_after_max_s"]) == (1, 3)


def test_what_got_no_answer_is_counted_by_its_reason_and_has_no_latency():
    tally = tally_of(Outcome(11, 12, failure="gave up"), Outcome(11, 12, failure="gave up"))
    assert tally.failures == {"gave up": 2}
    found = figures(tally)
    assert (found["failed"], found["ok"], found["p50_ms"]) == (2, 0, None)


@given(st.lists(st.lists(st.sampled_from([200, 429, 503]), max_size=20), min_size=1, max_size=4))
def test_rounds_together_are_all_their_requests_over_all_their_time(rounds):
    tallies = [tally_of(*(Outcome(11, 11.5, status) for status in statuses)) for statuses in rounds]
    whole = together(tallies)
    assert whole.seconds == pytest.approx(10 * len(rounds))
    assert whole.good == sum(statuses.count(200) for statuses in rounds)
    assert len(whole.ok_s) == whole.statuses[200] == whole.good
    assert whole.answers == sum(map(len, rounds))


def test_ratios_are_of_what_both_have():
    found = ratios(
        {"p50_ms": 10.0, "queue_p50_ms": 1.0, "ok": 3}, {"p50_ms": 40.0, "queue_p50_ms": None, "ok": 0}
    )
    assert found == {"p50_ms": 0.25}
