"""Searches beside ingestion, on one device and in one pool of threads."""

import asyncio
import os
import threading
import time
from collections.abc import Iterator
from functools import partial

import pytest

from sightline.domain.errors import DeadlineError, NotReadyError
from sightline.services.batching import Batcher
from sightline.services.embedding import EmbeddingService
from sightline.services.jobs import Job, Lane, Picture
from sightline.services.model import Model
from sightline.services.pace import Pace, Sample
from sightline.services.pool import LanePool
from sightline.services.queueing import BatchLimits
from sightline.services.workshop import Workshop
from tests.fakes import Turnstile, fake_model
from tests.jobs import picture_job, text_job, vector_of
from tests.waiting import wait_until

TEN_MS_A_PICTURE = [Sample(4 * rows, 0.01 * rows + 0.04) for rows in (1, 8, 32)]


class SteadyPace(Pace):
    """A fake model takes no time; this learns nothing from it."""

    def observe(self, tokens: int, seconds: float) -> None:
        pass


@pytest.fixture
def gate() -> Turnstile:
    return Turnstile()


@pytest.fixture
def batcher(gate: Turnstile) -> Iterator[Batcher]:
    made = Batcher(BatchLimits(max_rows=32, max_cost=1000))
    made.start()
    yield made
    gate.open()
    made.close()


def bulk(model: Model, value: int) -> Job:
    job = picture_job(model, value)
    job.lane = "bulk"
    return job


def held_up(batcher: Batcher, gate: Turnstile, model: Model, lane: Lane = "bulk") -> Job:
    """A job of one row that the device is in until the gate opens."""
    gate.shut()
    first = picture_job(model, 0)
    first.lane = lane
    batcher.put([first])
    assert gate.entered.wait(10)
    return first


def test_a_search_waits_for_one_forward_of_the_ingestion_and_no_more(
    batcher: Batcher, gate: Turnstile
) -> None:
    model = fake_model(hook=gate)
    ingested = [bulk(model, value) for value in range(100)]
    held_up(batcher, gate, model)
    batcher.put(ingested)  # fills a batch, which is put together meanwhile
    time.sleep(0.05)
    search = text_job(model, 5)
    batcher.put([search])
    gate.open()
    for job in (*ingested, search):
        vector_of(job)
    assert [batch.ndim for batch in gate.batches][:2] == [4, 2]


def test_bulk_batches_are_short_while_somebody_searches(batcher: Batcher, gate: Turnstile) -> None:
    model = fake_model(hook=gate)
    batcher.paces.set(model, "vision", SteadyPace(TEN_MS_A_PICTURE))
    search = held_up(batcher, gate, model, "interactive")
    ingested = [bulk(model, value) for value in range(9)]
    batcher.put(ingested)
    gate.open()
    for job in (search, *ingested):
        vector_of(job)
    assert gate.sizes == [1] + [1] * 9  # 50 ms each: there is no room for a second row


def test_bulk_batches_are_large_where_nobody_searches(batcher: Batcher, gate: Turnstile) -> None:
    model = fake_model(hook=gate)
    batcher.paces.set(model, "vision", SteadyPace(TEN_MS_A_PICTURE))
    first = held_up(batcher, gate, model)
    ingested = [bulk(model, value) for value in range(60)]
    batcher.put(ingested)
    gate.open()
    for job in (first, *ingested):
        vector_of(job)
    assert gate.sizes == [1, 31, 29]  # 350 ms each at most


def test_a_job_whose_time_is_over_never_reaches_the_model(batcher: Batcher, gate: Turnstile) -> None:
    model = fake_model(hook=gate)
    held_up(batcher, gate, model)
    late, kept = picture_job(model, 1), picture_job(model, 2)
    late.deadline = time.monotonic() + 0.01
    batcher.put([late, kept])
    time.sleep(0.02)
    gate.open()
    vector_of(kept)
    assert gate.sizes == [1, 1]
    with pytest.raises(DeadlineError):
        vector_of(late)


def test_who_gives_up_after_the_batch_was_put_together_is_left_out_of_it(gate: Turnstile) -> None:
    batcher = Batcher(BatchLimits(max_rows=3))
    batcher.start()
    model = fake_model(hook=gate)
    first = held_up(batcher, gate, model)
    staged = [picture_job(model, value) for value in (1, 2, 3)]
    batcher.put(staged)
    wait_until(lambda: batcher.waiting("interactive") == 0)
    staged[1].answer.cancel()
    gate.open()
    for job in (first, staged[0], staged[2]):
        vector_of(job)
    batcher.close()
    assert [[int(row[0, 0, 0]) for row in batch] for batch in gate.batches] == [[0], [1, 3]]


def test_a_device_that_gains_from_full_batches_may_wait_for_one(gate: Turnstile) -> None:
    batcher = Batcher(BatchLimits(max_rows=2), max_wait_s=30)
    batcher.start()
    model = fake_model(hook=gate)
    jobs = [picture_job(model, value) for value in (1, 2)]
    batcher.put(jobs[:1])
    time.sleep(0.03)
    assert gate.sizes == []
    batcher.put(jobs[1:])
    for job in jobs:
        vector_of(job)
    assert gate.sizes == [2]
    last = picture_job(model, 3)
    batcher.put([last])
    batcher.close()  # ends the waiting
    vector_of(last)


def test_a_forward_that_does_not_end_is_noticed(gate: Turnstile) -> None:
    batcher = Batcher(stalled_s=0.05)
    batcher.start()
    model = fake_model(hook=gate)
    batcher.paces.set(model, "vision", Pace([Sample(4, 1e-4)]))
    first = held_up(batcher, gate, model)
    assert not batcher.is_stalled
    wait_until(lambda: batcher.is_stalled)
    gate.open()
    vector_of(first)
    wait_until(lambda: not batcher.is_stalled)
    batcher.close()


def test_threads_prepare_for_both_lanes_in_turn() -> None:
    pool = LanePool(1)
    block, order = threading.Event(), []
    pool.submit("bulk", 1, block.wait)
    for _ in range(50):
        pool.submit("bulk", 1, lambda: order.append("bulk"))
    for _ in range(50):
        pool.submit("interactive", 1, lambda: order.append("interactive"))
    block.set()
    pool.close()
    assert len(order) == 100
    assert order[:30].count("interactive") >= 22
    assert "bulk" in order[:10]


def test_a_text_does_not_wait_for_the_pictures_before_it() -> None:
    reading = threading.Event()

    class Endless(os.PathLike[str]):
        def __fspath__(self) -> str:
            reading.wait(20)
            return "/nowhere"

    service = EmbeddingService(fake_model(), workshop=Workshop(threads=1))
    service.load_model()

    async def search() -> None:
        pictures = asyncio.create_task(service.embed_each([Picture(Endless())] * 5))
        await asyncio.sleep(0.05)
        await service.embed_texts(["a red shoe"], timeout_s=5)
        reading.set()
        await pictures

    asyncio.run(search())
    service.close()


def test_a_closed_pool_refuses() -> None:
    pool = LanePool(1)
    pool.close()
    with pytest.raises(NotReadyError):
        pool.submit("bulk", 1, lambda: None)


def test_a_task_that_comes_too_late_takes_no_other_tasks_turn() -> None:
    pool = LanePool(1)
    gate = threading.Event()
    done: list[int] = []
    pool.submit("interactive", 1, gate.wait)
    for number in range(3):
        pool.submit("bulk", 1, partial(done.append, number))
    closing = threading.Thread(target=pool.close)
    closing.start()
    wait_until(lambda: not _takes_tasks(pool))
    gate.set()
    closing.join()
    assert done == [0, 1, 2]


def _takes_tasks(pool: LanePool) -> bool:
    """Asks by submitting to the lane that goes first."""
    try:
        pool.submit("interactive", 0, lambda: None)
    except NotReadyError:
        return False
    return True
