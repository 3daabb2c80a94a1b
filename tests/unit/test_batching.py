"""The queue in front of the device: who shares a forward, who fails with whom, and how it ends."""

import threading
from concurrent.futures import Future

import numpy as np
import pytest

from sightline.domain.arrays import Float32
from sightline.domain.errors import NotReadyError
from sightline.domain.vectors import mean_direction
from sightline.services.batching import Batcher
from sightline.services.jobs import Job
from sightline.services.queueing import BatchLimits
from tests.fakes import CONTEXT, Turnstile, fake_model
from tests.jobs import picture_job, square, text_job, vector_of


def test_a_job_gets_the_vector_that_the_model_alone_gives(batcher: Batcher) -> None:
    model = fake_model()
    job = picture_job(model, 3)
    batcher.put([job])
    np.testing.assert_array_equal(vector_of(job), model.run_images(square(3))[0])


def test_a_runtime_gets_memory_that_it_may_write(batcher: Batcher) -> None:
    """As OpenVINO demands of the arrays it takes without a copy; Pillow's are read-only."""
    gate = Turnstile()
    job = picture_job(fake_model(hook=gate), 3)
    job.rows.flags.writeable = False
    batcher.put([job])
    vector_of(job)
    assert gate.batches[0].flags.writeable


def test_the_rows_of_one_job_become_the_direction_of_their_mean(batcher: Batcher) -> None:
    model = fake_model()
    rows = np.concatenate([square(1), square(2)])
    job = Job(model, "vision", rows=rows)
    batcher.put([job])
    np.testing.assert_allclose(vector_of(job), mean_direction(model.run_images(rows)))


def test_what_queues_during_a_forward_is_the_next_batch(batcher: Batcher) -> None:
    gate = Turnstile()
    gate.shut()
    model = fake_model(hook=gate)
    first = picture_job(model, 0)
    batcher.put([first])
    assert gate.entered.wait(10)
    later = [picture_job(model, value) for value in range(1, 6)]
    for job in later:
        batcher.put([job])
    gate.open()
    for job in [first, *later]:
        vector_of(job)
    assert gate.sizes == [1, 5]


def test_answers_go_to_their_own_jobs_however_they_were_batched(batcher: Batcher) -> None:
    gate = Turnstile()
    gate.shut()
    model = fake_model(hook=gate)
    jobs = [picture_job(model, value % 200, count=1 + value % 3) for value in range(40)]
    for job in jobs:
        batcher.put([job])
    gate.open()
    alone = fake_model()
    for job in jobs:
        expected = mean_direction(alone.run_images(job.rows))
        np.testing.assert_allclose(vector_of(job), expected, atol=1e-6)


def test_a_batch_stays_within_rows_and_cost() -> None:
    gate = Turnstile()
    gate.shut()
    model = fake_model(hook=gate)
    tokens = model.image_tokens
    batcher = Batcher(BatchLimits(max_rows=4, max_cost=3 * tokens))
    batcher.start()
    jobs = [picture_job(model, value) for value in range(8)]
    batcher.put(jobs[:1])
    assert gate.entered.wait(10)
    batcher.put(jobs[1:])
    gate.open()
    for job in jobs:
        vector_of(job)
    batcher.close()
    assert gate.sizes == [1, 3, 3, 1]


def test_a_job_above_the_budget_runs_alone(batcher: Batcher) -> None:
    gate = Turnstile()
    model = fake_model(hook=gate)
    job = picture_job(model, 1, count=20)
    batcher.put([job])
    vector_of(job)
    assert gate.sizes == [20]


def test_two_towers_two_models_and_two_lengths_never_share_a_forward(batcher: Batcher) -> None:
    gate = Turnstile()
    gate.shut()
    one, other = fake_model("one", hook=gate), fake_model("other", hook=gate)
    first = picture_job(one, 0)
    batcher.put([first])
    assert gate.entered.wait(10)
    jobs = [picture_job(one, 1), text_job(one, 5), text_job(one, 5, length=4), picture_job(other, 1)]
    batcher.put([*jobs, picture_job(one, 2), text_job(one, 6)])
    gate.open()
    for job in [first, *jobs]:
        vector_of(job)
    assert sorted(batch.shape for batch in gate.batches) == sorted(
        [(1, 32, 32, 3), (2, 32, 32, 3), (1, 32, 32, 3), (2, CONTEXT), (1, 4)]
    )


def test_a_busy_bucket_does_not_starve_another() -> None:
    gate = Turnstile()
    gate.shut()
    model = fake_model(hook=gate)
    batcher = Batcher(BatchLimits(max_rows=1))
    batcher.start()
    pictures = [picture_job(model, value) for value in range(6)]
    text = text_job(model, 7)
    batcher.put([*pictures, text])
    gate.open()
    for job in [*pictures, text]:
        vector_of(job)
    batcher.close()
    towers = [batch.ndim for batch in gate.batches]
    assert towers.index(2) <= 2


def test_a_cancelled_job_never_reaches_the_model(batcher: Batcher) -> None:
    gate = Turnstile()
    gate.shut()
    model = fake_model(hook=gate)
    first, dropped, kept = (picture_job(model, value) for value in (0, 1, 2))
    batcher.put([first])
    assert gate.entered.wait(10)
    batcher.put([dropped, kept])
    assert dropped.answer.cancel()
    gate.open()
    vector_of(kept)
    assert [int(batch[0, 0, 0, 0]) for batch in gate.batches] == [0, 2]
    assert gate.sizes == [1, 1]


def test_cancelling_during_the_forward_harms_nobody(batcher: Batcher) -> None:
    gate = Turnstile()
    gate.shut()
    model = fake_model(hook=gate)
    running = picture_job(model, 0)
    batcher.put([running])
    assert gate.entered.wait(10)
    running.answer.cancel()
    gate.open()
    after = picture_job(model, 1)
    batcher.put([after])
    vector_of(after)
    assert batcher.restarts == 0


def test_an_answer_is_given_once(batcher: Batcher) -> None:
    job = picture_job(fake_model(), 1)
    job.fail(NotReadyError("first"))
    job.fail(NotReadyError("second"))
    with pytest.raises(NotReadyError, match="first"):
        vector_of(job)


def test_many_threads_get_every_answer_exactly_once(batcher: Batcher) -> None:
    model = fake_model()
    answers: dict[int, Future[Float32]] = {}

    def send(start: int) -> None:
        for value in range(start, start + 25):
            job = picture_job(model, value)
            answers[value] = job.answer
            batcher.put([job])

    threads = [threading.Thread(target=send, args=(start,)) for start in range(0, 200, 25)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for value, answer in answers.items():
        np.testing.assert_array_equal(answer.result(10), model.run_images(square(value))[0])
    assert len(answers) == 200
