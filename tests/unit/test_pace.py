"""How long a forward takes, learnt from forwards."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sightline.services.pace import Pace, Sample, Throughput
from sightline.services.sweep import sweep
from tests.fakes import Turnstile, fake_model

LINEAR = [Sample(50 * rows, 0.003 + 0.01 * rows) for rows in (1, 2, 4, 8, 16)]


def test_a_line_through_the_samples_tells_other_sizes() -> None:
    pace = Pace(LINEAR)
    assert pace.seconds(50 * 12) == pytest.approx(0.123)
    assert pace.seconds(50 * 12, is_alone=False) == pytest.approx(0.12)
    assert pace.tokens_within(0.123) == pytest.approx(600, abs=1)


def test_the_estimate_follows_a_machine_that_becomes_slower() -> None:
    pace = Pace(LINEAR)
    for _ in range(30):
        pace.observe(50, 0.026)
    assert pace.seconds(50) == pytest.approx(0.026, rel=0.01)


def test_one_forward_that_stood_still_does_not_upset_the_estimate() -> None:
    pace = Pace(LINEAR)
    pace.observe(50, 60.0)
    assert pace.seconds(50) < 0.013 * 2


def test_without_a_warm_up_the_first_forward_tells() -> None:
    pace = Pace()
    pace.observe(100, 2.0)
    assert pace.seconds(200) == pytest.approx(4.0)


@given(st.lists(st.tuples(st.integers(1, 64), st.floats(1e-6, 100)), max_size=8), st.integers(1, 10_000))
def test_no_measurement_makes_an_estimate_that_cannot_be(
    measured: list[tuple[int, float]], tokens: int
) -> None:
    pace = Pace([Sample(7 * rows, seconds) for rows, seconds in measured])
    assert 0 < pace.seconds(tokens) < float("inf")
    assert pace.tokens_within(0.0) == 0


def test_units_of_work_count_by_their_size() -> None:
    reading = Throughput(units=1000, seconds=1)
    reading.observe(1, 1.0)  # a tiny one that took long says little
    assert reading.seconds(1000) == pytest.approx(2, rel=0.05)
    for _ in range(500):
        reading.observe(1000, 3)
    assert reading.seconds(1000) == pytest.approx(3, rel=0.01)


def test_a_sweep_tells_the_pace_of_every_tower_from_batches_that_double() -> None:
    gate = Turnstile()
    paces = sweep(fake_model(hook=gate))
    assert set(paces) == {"vision", "text"}
    assert sorted(set(gate.sizes)) == [1, 2, 4, 8, 16, 32]


def test_a_model_without_text_has_one_pace() -> None:
    assert set(sweep(fake_model(with_text=False))) == {"vision"}
