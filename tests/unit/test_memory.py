"""A device whose memory runs out: batches become smaller for good, and the server stays."""

import pytest

from sightline.domain.errors import ForwardError, OutOfMemoryError
from sightline.engines.failures import forward_error
from sightline.observe.metrics import Metrics
from sightline.services.batching import Batcher
from sightline.services.queueing import BatchLimits
from tests.fakes import Batch, fake_model
from tests.jobs import picture_job, vector_of


class SmallMemory:
    """Has room for so many rows; as a runtime says it, or as Python does."""

    def __init__(self, room: int, error: type[Exception] = OutOfMemoryError) -> None:
        self.room = room
        self.sizes: list[int] = []
        self._error = error

    def __call__(self, batch: Batch) -> None:
        self.sizes.append(len(batch))
        if len(batch) > self.room:
            raise self._error("the device has no memory for so many rows")


@pytest.mark.parametrize("error", [OutOfMemoryError, MemoryError])
def test_batches_are_halved_until_they_fit_and_stay_so(error: type[Exception]) -> None:
    memory, metrics = SmallMemory(8, error), Metrics()
    model, batcher = fake_model(hook=memory), Batcher(BatchLimits(max_rows=32), metrics=metrics)
    jobs = [picture_job(model, value) for value in range(32)]
    batcher.start()
    batcher.put(jobs)
    for job in jobs:
        vector_of(job)
    memory.sizes.clear()
    more = [picture_job(model, value) for value in range(64)]
    batcher.put(more)
    for job in more:
        vector_of(job)
    batcher.close()
    assert max(memory.sizes) <= 8
    assert b"sightline_out_of_memory_total 0.0" not in metrics.text()


def test_the_crops_of_one_picture_that_do_not_fit_together_run_in_parts() -> None:
    memory = SmallMemory(3)
    model, batcher = fake_model(hook=memory), Batcher()
    batcher.start()
    job = picture_job(model, 7, count=10)
    batcher.put([job])
    vector_of(job)
    batcher.close()
    assert memory.sizes[-5:] == [2, 2, 2, 2, 2]


def test_where_not_even_one_row_fits_the_job_is_refused_and_the_next_is_tried() -> None:
    memory = SmallMemory(0)
    model, batcher = fake_model(hook=memory), Batcher()
    batcher.start()
    job = picture_job(model, 1)
    batcher.put([job])
    with pytest.raises(OutOfMemoryError):
        vector_of(job)
    memory.room = 1
    after = picture_job(model, 2)
    batcher.put([after])
    vector_of(after)
    batcher.close()


@pytest.mark.parametrize(
    "said",
    [
        "std::bad_alloc",
        "CUDA failure 2: out of memory ; GPU=0 ; hostname=x",
        "BFCArena: Failed to allocate memory for requested buffer of size 4294967296",
    ],
)
def test_a_runtime_that_tells_of_memory_is_understood(said: str) -> None:
    error = forward_error("images", 32, RuntimeError(said))
    assert isinstance(error, OutOfMemoryError)
    assert said not in str(error)


def test_other_failures_of_a_runtime_are_not_taken_for_it() -> None:
    assert isinstance(forward_error("images", 32, RuntimeError("shape mismatch")), ForwardError)
