"""Jobs for a batcher over the fake model, told apart by one value. Does not know the batcher."""

import numpy as np

from sightline.domain.arrays import Float32
from sightline.services.jobs import Job
from sightline.services.model import Model
from tests.fakes import CONTEXT, SIZE_PX


def square(value: int, count: int = 1) -> np.ndarray:
    return np.full((count, SIZE_PX, SIZE_PX, 3), value, dtype=np.uint8)


def picture_job(model: Model, value: int, count: int = 1) -> Job:
    return Job(model, "vision", rows=square(value, count))


def text_job(model: Model, value: int, length: int = CONTEXT) -> Job:
    return Job(model, "text", rows=np.full((1, length), value, dtype=np.int64))


def vector_of(job: Job) -> Float32:
    return job.answer.result(timeout=10)
