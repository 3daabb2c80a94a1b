"""The bound on work under way: what is let in, what is refused, and when to come back."""

import pytest

from sightline.domain.errors import OverloadedError
from sightline.services.admission import Admission


def test_a_full_queue_refuses_with_the_time_to_come_back() -> None:
    admission = Admission(max_cost=100)
    admission.observe(cost=50, seconds=1.0)
    with (
        admission.hold(80),
        pytest.raises(OverloadedError, match="limit is 100") as caught,
        admission.hold(40),
    ):
        pass
    # 20 tokens too many at 50 per second
    assert caught.value.retry_after_s == pytest.approx(0.4)
    assert admission.held == 0


def test_a_request_is_admitted_whole_or_not_at_all() -> None:
    admission = Admission(max_cost=100)
    with admission.hold(80):
        with pytest.raises(OverloadedError), admission.hold(30):
            pass
        assert admission.held == 80


def test_a_request_larger_than_the_bound_is_admitted_alone() -> None:
    admission = Admission(max_cost=100)
    with admission.hold(500), pytest.raises(OverloadedError), admission.hold(1):
        pass
    with admission.hold(1), pytest.raises(OverloadedError), admission.hold(500):
        pass


def test_a_full_server_says_so_before_it_reads_a_body() -> None:
    admission = Admission(max_cost=100)
    admission.require_room()
    with admission.hold(100), pytest.raises(OverloadedError):
        admission.require_room()


def test_a_place_is_given_back_when_the_work_fails() -> None:
    admission = Admission(max_cost=100)
    with pytest.raises(ValueError, match="work"), admission.hold(60):
        raise ValueError("work")
    assert admission.held == 0
