"""Who is let in, what is refused, and when to come back."""

import pytest

from sightline.domain.errors import OverloadedError
from sightline.services.admission import Admission, Place, Work

SECOND = Work(10, device_s=1.0)


def enter(
    admission: Admission, count: int, lane: str = "interactive", timeout_s: float | None = None
) -> list[Place]:
    return admission.enter(lane, [SECOND] * count, timeout_s)  # type: ignore[arg-type]


def refusal(admission: Admission, count: int, **terms: object) -> OverloadedError:
    with pytest.raises(OverloadedError) as caught:
        enter(admission, count, **terms)  # type: ignore[arg-type]
    return caught.value


def test_a_request_whose_turn_comes_too_late_is_refused_with_the_time_to_come_back() -> None:
    admission = Admission(few=0, max_wait_s=3)
    enter(admission, 5)
    assert refusal(admission, 1).retry_after_s == pytest.approx(2)


def test_a_single_item_and_a_list_are_let_in_alike() -> None:
    """What counts is the work that comes before, not how much a request brings."""
    for count in (1, 8):
        admission = Admission(few=0, max_wait_s=3)
        enter(admission, 3)
        enter(admission, count)
        refusal(admission, 1)
        refusal(admission, 8)


def test_a_request_that_would_miss_its_own_deadline_is_refused_though_others_would_be_let_in() -> None:
    admission = Admission(few=0, max_wait_s=10)
    enter(admission, 4)
    assert refusal(admission, 1, timeout_s=8).retry_after_s == pytest.approx(0.5)
    enter(admission, 1, timeout_s=9)


def test_what_comes_before_may_take_half_of_a_requests_time() -> None:
    """A queue as long as its deadlines works only on what is about to expire."""
    admission = Admission(few=0, max_wait_s=100)
    let_in = 0
    while admission.wait_s() <= 50:
        try:
            enter(admission, 1, timeout_s=41)
        except OverloadedError:
            break
        let_in += 1
    assert let_in == 21


def test_more_threads_do_not_read_one_picture_faster() -> None:
    admission = Admission(threads=8, few=0)
    admission.enter("interactive", [Work(1, prepare_s=0.1)])
    admission.enter("interactive", [Work(1, prepare_s=0.2)] * 10, 1.9)
    with pytest.raises(OverloadedError):
        admission.enter("interactive", [Work(1, prepare_s=2.0)], 1.9)


def test_nobody_is_told_to_come_back_later_than_when_all_is_done() -> None:
    admission = Admission(few=0, max_wait_s=10)
    enter(admission, 2)
    assert refusal(admission, 50, timeout_s=30).retry_after_s == pytest.approx(2)


def test_an_idle_server_takes_whatever_comes() -> None:
    admission = Admission(max_cost=20, few=0, max_wait_s=1)
    places = enter(admission, 100, timeout_s=1)
    refusal(admission, 1)
    for place in places:
        admission.leave(place)
    enter(admission, 1)


def test_the_bound_on_tokens_holds_for_the_whole_of_a_request() -> None:
    admission = Admission(max_cost=100, few=0, max_wait_s=1000)
    enter(admission, 8)
    error = refusal(admission, 4)
    assert "limit is 100" in str(error)
    assert error.retry_after_s == pytest.approx(2)  # 20 tokens too many at 10 per second
    assert admission.held == 80
    enter(admission, 2)


def test_a_place_is_given_back_once_and_part_by_part() -> None:
    admission = Admission(threads=2)
    [place] = admission.enter("interactive", [Work(10, device_s=1.0, prepare_s=8.0)])
    assert admission.wait_s() == pytest.approx(4)  # two threads prepare
    for _ in range(2):
        admission.prepared(place)
    assert admission.wait_s() == pytest.approx(1)
    for _ in range(2):
        admission.leave(place)
    assert (admission.wait_s(), admission.held) == (0, 0)


def test_an_item_that_fails_before_it_is_prepared_gives_back_both_parts() -> None:
    admission = Admission()
    [place] = admission.enter("bulk", [Work(10, device_s=1.0, prepare_s=8.0)])
    admission.leave(place)
    assert admission.wait_s("bulk") == 0


def test_a_short_queue_of_a_slow_model_is_no_rush() -> None:
    admission = Admission(max_wait_s=3)
    enter(admission, 31)
    enter(admission, 1)
    refusal(admission, 1)


def test_bulk_work_hardly_counts_for_those_who_go_first() -> None:
    admission = Admission(few=0, max_wait_s=3)
    enter(admission, 100, lane="bulk")
    assert admission.wait_s("interactive") == 0
    enter(admission, 2)
    assert admission.wait_s("interactive") == pytest.approx(2.5)  # four parts of five are theirs
    assert admission.wait_s("bulk") == pytest.approx(102)


def test_bulk_work_may_wait_for_as_long_as_its_deadline_allows() -> None:
    admission = Admission(few=0, max_wait_s=3)
    enter(admission, 10, lane="bulk")
    enter(admission, 10, lane="bulk", timeout_s=30)
    refusal(admission, 10, lane="bulk", timeout_s=25)


def test_a_full_server_says_so_before_it_reads_a_body() -> None:
    admission = Admission(few=0, max_wait_s=3)
    admission.require_room()
    places = enter(admission, 4)
    with pytest.raises(OverloadedError):
        admission.require_room()
    admission.leave(places[0])
    admission.require_room()


def test_a_body_is_not_read_for_a_request_that_would_be_refused_anyway() -> None:
    """The bound is a little lower than later: at the same one, all would be read and then refused."""
    admission = Admission(few=0, max_wait_s=100)
    enter(admission, 4)
    admission.require_room(10)
    with pytest.raises(OverloadedError):
        admission.require_room(8.5)
    admission.enter("interactive", [Work(1)], 8.5)


def test_a_text_is_let_in_while_pictures_wait_to_be_decoded() -> None:
    admission = Admission(few=0, max_wait_s=3)
    admission.enter("interactive", [Work(1, device_s=0.1, prepare_s=9.0)])
    with pytest.raises(OverloadedError):
        admission.require_room(30)
    with pytest.raises(OverloadedError):
        admission.enter("interactive", [Work(1, device_s=0.1, prepare_s=0.1)], 30)
    admission.require_room(1, for_texts=True)
    admission.enter("interactive", [Work(1, device_s=0.1)], 1)
