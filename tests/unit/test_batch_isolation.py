"""One bad job among good ones, a loop that dies, an end: everybody gets an answer, and the right one."""

import threading

import numpy as np
import pytest

from sightline.domain.arrays import Float32
from sightline.domain.errors import ForwardError, NonFiniteVectorError, NotReadyError
from sightline.domain.records import Graph
from sightline.engines.fake import FakeEngine, FakeProgram
from sightline.services.batching import Batcher
from sightline.services.queueing import BatchLimits
from tests.fakes import Batch, Turnstile, fake_model
from tests.jobs import picture_job, text_job, vector_of
from tests.waiting import wait_until

POISON = 255


def poisoned(batch: Batch) -> None:
    if (batch == POISON).any():
        raise RuntimeError("driver: 0xdeadbeef at /usr/lib")


def test_only_the_job_that_breaks_a_batch_fails(batcher: Batcher) -> None:
    gate = Turnstile()
    gate.shut()

    def hook(batch: Batch) -> None:
        gate(batch)
        poisoned(batch)

    model = fake_model(hook=hook)
    jobs = [picture_job(model, POISON if value == 5 else value) for value in range(8)]
    batcher.put(jobs)
    gate.open()
    alone = fake_model()
    for value, job in enumerate(jobs):
        if value == 5:
            with pytest.raises(ForwardError) as caught:
                vector_of(job)
            assert "0x" not in str(caught.value)
        else:
            np.testing.assert_array_equal(vector_of(job), alone.run_images(job.rows)[0])


class NanProgram(FakeProgram):
    def run(self, batch: Batch) -> Float32:
        vectors = super().run(batch)
        vectors[(batch == POISON).reshape(len(batch), -1).any(axis=1)] = np.nan
        return vectors


class NanEngine(FakeEngine):
    """As a runtime that overflows on one input."""

    def compile(self, graph: Graph) -> FakeProgram:
        return NanProgram(graph.dim)


def test_a_vector_that_is_not_a_number_fails_its_own_job_only(batcher: Batcher) -> None:
    model = fake_model(engine=NanEngine())
    jobs = [picture_job(model, value) for value in (1, POISON, 3)]
    batcher.put(jobs)
    vector_of(jobs[0])
    vector_of(jobs[2])
    with pytest.raises(NonFiniteVectorError):
        vector_of(jobs[1])


def test_crops_that_cancel_out_fail_their_own_job() -> None:
    model = fake_model()
    job = picture_job(model, 1, count=2)
    job.finish(np.array([[1.0, 0.0], [-1.0, 0.0]], dtype=np.float32))
    with pytest.raises(NonFiniteVectorError):
        vector_of(job)


def test_a_loop_that_dies_answers_its_jobs_and_runs_again(batcher: Batcher) -> None:
    gate = Turnstile()
    gate.shut()

    def hook(batch: Batch) -> None:
        gate(batch)
        if (batch == POISON).any():
            raise SystemExit  # passes every `except Exception`

    model = fake_model(hook=hook)
    deadly, queued = picture_job(model, POISON), text_job(model, 4)
    batcher.put([deadly])
    assert gate.entered.wait(10)
    batcher.put([queued])
    gate.open()
    with pytest.raises(NotReadyError):
        vector_of(deadly)
    vector_of(queued)
    wait_until(lambda: batcher.restarts == 1)
    assert batcher.is_alive
    after = picture_job(model, 1)
    batcher.put([after])
    vector_of(after)


def test_closing_finishes_what_is_queued_and_refuses_what_comes_later() -> None:
    gate = Turnstile()
    gate.shut()
    model = fake_model(hook=gate)
    batcher = Batcher(BatchLimits())
    batcher.start()
    running, queued, late = (picture_job(model, value) for value in range(3))
    batcher.put([running])
    assert gate.entered.wait(10)
    batcher.put([queued])
    closing = threading.Thread(target=batcher.close)
    closing.start()
    gate.open()
    closing.join(10)
    vector_of(running)
    vector_of(queued)
    assert not batcher.is_alive
    batcher.put([late])
    with pytest.raises(NotReadyError):
        vector_of(late)
