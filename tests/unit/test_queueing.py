"""Whose turn it is: lanes by share, buckets in turn, the oldest first, and nobody twice."""

import time
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from sightline.services.jobs import Ending, Job, Lane
from sightline.services.queueing import Batch, BatchLimits, JobQueue, LimitOf
from tests.fakes import fake_model
from tests.jobs import picture_job, text_job

MODEL = fake_model()


def up_to(rows: int) -> LimitOf:
    return lambda lane, bucket: BatchLimits(rows, 10_000)


def queue_of(*jobs: Job) -> tuple[JobQueue, list[Ending]]:
    dropped: list[Ending] = []
    queue = JobQueue(dropped.append)
    for job in jobs:
        queue.put(job)
    return queue, dropped


def picture(value: int, lane: Lane = "interactive", count: int = 1) -> Job:
    job = picture_job(MODEL, value, count)
    job.lane = lane
    return job


def drained(queue: JobQueue, rows: int) -> list[Batch]:
    batches = []
    while (batch := queue.take(up_to(rows))) is not None:
        queue.charge(batch)
        batches.append(batch)
    return batches


def charged(queue: JobQueue, batches: int) -> None:
    for _ in range(batches):
        batch = queue.take(up_to(2))
        assert batch is not None
        queue.charge(batch)


def test_bulk_has_a_fifth_of_the_rows_while_both_lanes_wait() -> None:
    queue, _ = queue_of(*(picture(0, "bulk") for _ in range(100)), *(picture(1) for _ in range(100)))
    lanes = [batch.lane for batch in drained(queue, 2)]
    assert lanes[:50].count("bulk") == 10
    assert lanes[0] == "interactive"


def test_a_lane_alone_has_everything_and_owes_nothing_for_it() -> None:
    queue, _ = queue_of(*(picture(0, "bulk") for _ in range(40)))
    charged(queue, 10)
    for _ in range(8):
        queue.put(picture(1))
    lanes = [batch.lane for batch in drained(queue, 2)]
    assert lanes[:4].count("interactive") >= 3
    assert "bulk" in lanes[:6]


def test_a_lane_that_was_idle_has_no_claim_to_what_it_did_not_use() -> None:
    queue, _ = queue_of(*(picture(0) for _ in range(200)))
    charged(queue, 50)
    for _ in range(100):
        queue.put(picture(1, "bulk"))
    lanes = [batch.lane for batch in drained(queue, 2)]
    assert lanes[:25].count("bulk") <= 6


def test_what_nobody_waits_for_is_dropped_and_told_why() -> None:
    cancelled, expired, wanted = picture(1), picture(2), picture(3)
    expired.deadline = time.monotonic() - 1
    cancelled.answer.cancel()
    queue, dropped = queue_of(cancelled, expired, wanted)
    [batch] = drained(queue, 8)
    assert batch.jobs == [wanted]
    assert dropped == ["cancelled", "expired"]
    assert type(expired.answer.exception()).__name__ == "DeadlineError"


def test_a_queue_of_which_nobody_waits_for_anything_gives_no_batch() -> None:
    job = picture(1)
    job.answer.cancel()
    queue, _ = queue_of(job)
    assert queue.take(up_to(8)) is None
    assert not queue


def test_a_batch_put_back_is_taken_again_first_and_costs_its_lane_nothing() -> None:
    queue, _ = queue_of(*(picture(value, "bulk") for value in range(6)))
    batch = queue.take(up_to(3))
    assert batch is not None
    queue.put_back(batch)
    queue.put(picture(9))
    first, second, third = drained(queue, 3)
    assert first.lane == "interactive"
    assert [job.rows[0, 0, 0, 0] for job in second.jobs + third.jobs] == list(range(6))


def test_a_batch_is_full_when_its_line_is_and_not_before() -> None:
    queue, _ = queue_of(picture(1), picture(2), text_job(MODEL, 3))
    assert queue.is_full(up_to(2))
    assert not queue.is_full(up_to(3))
    assert not JobQueue(lambda _: None).is_full(up_to(1))


def test_a_batch_has_one_array_of_its_own() -> None:
    queue, _ = queue_of(picture(1), picture(2))
    [batch] = drained(queue, 8)
    assert batch.stack() is batch.stack()
    batch.keep(batch.jobs[:1])
    assert len(batch.stack()) == 1


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["interactive", "bulk"]), st.integers(0, 3), st.integers(1, 5), st.booleans()
        ),
        max_size=60,
    ),
    st.integers(1, 6),
)
def test_every_job_leaves_the_queue_once_in_the_order_of_its_line(
    asked: list[tuple[Lane, int, int, bool]], rows: int
) -> None:
    jobs = []
    for lane, kind, count, is_cancelled in asked:
        job = picture(0, lane, count) if kind else text_job(MODEL, 1)
        job.lane = lane
        if is_cancelled:
            job.answer.cancel()
        jobs.append(job)
    queue, dropped = queue_of(*jobs)
    batches = drained(queue, rows)
    taken = [job for batch in batches for job in batch.jobs]
    assert Counter(map(id, taken)) == Counter(id(job) for job in jobs if not job.answer.cancelled())
    assert len(taken) + len(dropped) == len(jobs)
    for batch in batches:
        assert {job.bucket for job in batch.jobs} == {batch.bucket}
        assert {job.lane for job in batch.jobs} == {batch.lane}
        assert len(batch.stack()) <= rows or len(batch.jobs) == 1
    for lane in ("interactive", "bulk"):
        assert (queue.items(lane), queue.cost(lane)) == (0, 0)
        for bucket in {job.bucket for job in jobs}:
            line = [job for job in jobs if job.lane == lane and job.bucket == bucket]
            assert [job for job in taken if job in line] == [job for job in line if job in taken]
