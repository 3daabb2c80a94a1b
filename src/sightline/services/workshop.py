"""The threads that prepare pictures and texts, and the queue they feed. Does not know who asks or what for.

A picture's way: a thread decodes and cuts it, the device's queue, back. Each item has one future for the
whole way: cancelling it takes the item out wherever it is.
"""

import os
import sys
import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from sightline.domain.errors import NotReadyError
from sightline.imaging.decode import ImageSource
from sightline.observe.metrics import Metrics
from sightline.services.admission import Admission
from sightline.services.batching import Batcher, BatchLimits, Job
from sightline.services.model import Model

NICENESS = 10  # 5 and 19 were slower: starved, a decoder holds up the next batch
MAX_QUEUE_COST = 65_536  # tokens; some thirteen seconds of ViT-B/32 pictures on two CPU cores


@dataclass(frozen=True)
class Picture:
    source: ImageSource


@dataclass(frozen=True)
class Text:
    text: str


Asked = Picture | Text


class Workshop:
    """What all services of one process share. Safe to use from several threads and event loops.

    threads: how many pictures are decoded at once. max_queue_cost: tokens under way, waiting ones included.
    """

    def __init__(
        self,
        *,
        threads: int | None = None,
        limits: BatchLimits | None = None,
        max_queue_cost: int = MAX_QUEUE_COST,
    ) -> None:
        self.admission = Admission(max_queue_cost)
        self.metrics = Metrics()
        self.metrics.watch_held(lambda: self.admission.held)
        self.batcher = Batcher(limits or BatchLimits(), self.admission, self.metrics)
        self._pool = preparation_pool(threads)

    def start(self, model: Model, asked: Sequence[Asked]) -> list[Job]:
        """Set every item on its way; its answer comes through its job.

        Raises NotReadyError: the workshop is closed.
        """
        jobs = [Job(model, "vision" if isinstance(item, Picture) else "text") for item in asked]
        texts: list[tuple[Job, str]] = []
        try:
            for job, item in zip(jobs, asked, strict=True):
                if isinstance(item, Picture):
                    self._pool.submit(self._prepare_picture, job, item.source)
                else:
                    texts.append((job, item.text))
            if texts:
                self._pool.submit(self._prepare_texts, model, texts)
        except RuntimeError as error:  # the pool was shut down
            raise NotReadyError("the server is shutting down; send the request to another one") from error
        return jobs

    def close(self) -> None:
        """Let what is under way finish, then end every thread."""
        self._pool.shutdown()
        self.batcher.close()

    def _prepare_picture(self, job: Job, source: ImageSource) -> None:
        if job.answer.cancelled():
            return
        started = time.monotonic()
        try:
            job.rows = job.model.prepare_image(source)
        except Exception as error:  # noqa: BLE001  # a worker's outer loop; the caller gets the error as the answer
            job.fail(error)
            return
        self.metrics.stage("prepare", job.model.card.name, job.tower, time.monotonic() - started)
        job.tokens = job.cost
        self.batcher.put([job])

    def _prepare_texts(self, model: Model, texts: Sequence[tuple[Job, str]]) -> None:
        wanted = [(job, text) for job, text in texts if not job.answer.cancelled()]
        if not wanted:
            return
        jobs = [job for job, _ in wanted]
        started = time.monotonic()
        try:
            ids = model.prepare_texts([text for _, text in wanted])  # (N, L)
        except Exception as error:  # noqa: BLE001  # as above
            for job in jobs:
                job.fail(error)
            return
        self.metrics.stage("prepare", model.card.name, "text", time.monotonic() - started)
        for job, row in zip(jobs, ids, strict=True):
            job.rows = row[np.newaxis]
            job.tokens = model.count_tokens(row)
        self.batcher.put(jobs)


def preparation_pool(threads: int | None = None) -> ThreadPoolExecutor:
    """Threads for decoding and cutting, as many as cores unless told, that let forwards go first."""
    return ThreadPoolExecutor(
        threads or os.cpu_count() or 1, thread_name_prefix="prepare", initializer=_step_back
    )


def _step_back() -> None:
    """Let the forwards' threads go first where both share the cores.

    A forward splits its work over all cores and waits for the slowest: a decoder that takes half of one core
    away doubles the time of all. Two cores, 32 clients: 44 pictures/s without this, 86 with it (ADR 19).
    """
    if sys.platform == "linux":  # only there a thread has a priority of its own
        own = threading.get_native_id()
        lowest = 19
        os.setpriority(os.PRIO_PROCESS, own, min(os.getpriority(os.PRIO_PROCESS, own) + NICENESS, lowest))
