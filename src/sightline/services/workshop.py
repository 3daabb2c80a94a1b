"""What all services of one process share, and an item's way through it. Does not know who asks or what for.

A picture's way: a place is taken, a thread decodes and cuts it, the device's queue, back. Each item has one
future for the whole way: cancelling it takes the item out wherever it is.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from sightline.domain.records import Tower
from sightline.imaging.decode import ImageSource
from sightline.observe.metrics import Metrics
from sightline.services.admission import Admission, Place, Work
from sightline.services.batching import Batcher
from sightline.services.jobs import LANES, NEVER, Job, Lane
from sightline.services.model import Model
from sightline.services.pace import Paces, Throughput
from sightline.services.pool import LanePool
from sightline.services.queueing import BatchLimits

LIST_S = 0.25  # a list that keeps the device for longer gives way to requests that do not
TEXT_BYTES = 100  # what cutting a text into tokens takes, in bytes of a picture


@dataclass(frozen=True)
class Picture:
    source: ImageSource


@dataclass(frozen=True)
class Text:
    text: str


Asked = Picture | Text


@dataclass(frozen=True)
class Terms:
    """What a caller wants beside vectors. timeout_s: None for no limit. lane: None: as its size demands."""

    timeout_s: float | None = None
    lane: Lane | None = None


class Workshop:
    """Safe to use from several threads and event loops. All arguments have defaults that suit one CPU.

    threads: how many pictures are decoded at once. max_cost: tokens under way, waiting ones included.
    max_queue_s: how long an interactive request may have to wait for its turn. max_wait_s: as in Batcher.
    """

    def __init__(
        self,
        *,
        threads: int | None = None,
        limits: BatchLimits | None = None,
        max_cost: int | None = None,
        max_queue_s: float | None = None,
        max_wait_s: float = 0.0,
    ) -> None:
        self.metrics = Metrics()
        self.paces = Paces()
        self.batcher = Batcher(limits, paces=self.paces, metrics=self.metrics, max_wait_s=max_wait_s)
        self._pool = LanePool(threads)
        self.admission = Admission(max_cost, max_wait_s=max_queue_s, threads=self._pool.threads)
        self.metrics.watch_held(lambda: self.admission.held)
        for lane in LANES:
            self.metrics.watch_wait(lane, partial(self.admission.wait_s, lane))
        self._reading = Throughput(units=1e6, seconds=0.02)  # of encoded bytes; JPEG, before any was seen

    def start(self, model: Model, asked: Sequence[Asked], terms: Terms) -> list[Job]:
        """Set every item on its way; its answer comes through its job.

        Raises OverloadedError: its turn would come too late; NotReadyError: the workshop is closed.
        """
        works = [self._expected(model, item) for item in asked]
        lane = terms.lane or ("bulk" if _is_long(works) else "interactive")
        places = self.admission.enter(lane, works, terms.timeout_s)
        deadline = NEVER if terms.timeout_s is None else time.monotonic() + terms.timeout_s
        jobs = [Job(model, _tower(item), lane, deadline) for item in asked]
        for job, place in zip(jobs, places, strict=True):
            job.answer.add_done_callback(self._leaving(place))
        try:
            self._submit(lane, asked, list(zip(jobs, places, strict=True)))
        except BaseException:
            for job in jobs:
                job.answer.cancel()
            raise
        return jobs

    def close(self) -> None:
        """Let what is under way finish, then end every thread."""
        self._pool.close()
        self.batcher.close()

    def _expected(self, model: Model, asked: Asked) -> Work:
        """As far as can be told before a picture is decoded or a text cut into words."""
        if isinstance(asked, Text):
            tokens = model.card.text.context_length if model.card.text else 1
            return Work(tokens, self.paces.of(model, "text").seconds(tokens, is_alone=False))
        tokens = model.image_rows * model.image_tokens
        device_s = self.paces.of(model, "vision").seconds(tokens, is_alone=False)
        return Work(tokens, device_s, self._reading.seconds(_size(asked.source)))

    def _leaving(self, place: Place) -> Callable[[object], None]:
        return lambda _: self.admission.leave(place)

    def _submit(self, lane: Lane, asked: Sequence[Asked], jobs: Sequence[tuple[Job, Place]]) -> None:
        texts: list[tuple[Job, str]] = []
        for (job, place), item in zip(jobs, asked, strict=True):
            if isinstance(item, Text):
                texts.append((job, item.text))
            else:
                self._pool.submit(lane, _size(item.source), self._picture_task(job, place, item.source))
        if texts:
            self._pool.submit(lane, TEXT_BYTES * len(texts), lambda: self._prepare_texts(texts))

    def _picture_task(self, job: Job, place: Place, source: ImageSource) -> Callable[[], None]:
        def task() -> None:
            try:
                if self._is_wanted(job):
                    self._prepare_picture(job, source)
            except Exception as error:  # noqa: BLE001  # a worker's outer loop; the caller gets it as the answer
                job.fail(error)
            finally:
                self.admission.prepared(place)

        return task

    def _prepare_picture(self, job: Job, source: ImageSource) -> None:
        started = time.monotonic()
        picture = job.model.read(source)
        decoded = time.monotonic()
        job.rows = job.model.cut(picture)
        ended = time.monotonic()
        self._reading.observe(_size(source), ended - started)
        self.metrics.stage("decode", job.labels, decoded - started)
        self.metrics.stage("preprocess", job.labels, ended - decoded)
        self.metrics.picture(encoded_bytes=_size(source), pixels=picture.width * picture.height)
        job.tokens = job.cost
        self.batcher.put([job])

    def _prepare_texts(self, asked: Sequence[tuple[Job, str]]) -> None:
        wanted = [(job, text) for job, text in asked if self._is_wanted(job)]
        if not wanted:
            return
        jobs = [job for job, _ in wanted]
        started = time.monotonic()
        try:
            ids = jobs[0].model.prepare_texts([text for _, text in wanted])  # (N, L)
        except Exception as error:  # noqa: BLE001  # as above
            for job in jobs:
                job.fail(error)
            return
        self.metrics.stage("tokenize", jobs[0].labels, time.monotonic() - started)
        for job, row in zip(jobs, ids, strict=True):
            job.rows = row[np.newaxis]
            job.tokens = job.model.count_tokens(row)
        self.batcher.put(jobs)

    def _is_wanted(self, job: Job) -> bool:
        ending = job.ending()
        if ending is not None:
            self.metrics.dropped(ending)
        return ending is None


def _tower(asked: Asked) -> Tower:
    return "text" if isinstance(asked, Text) else "vision"


def _is_long(works: Sequence[Work]) -> bool:
    return len(works) > 1 and sum(work.device_s for work in works) > LIST_S


def _size(source: ImageSource) -> int:
    """Encoded bytes; of a file and of what is decoded already next to nothing is known, or to do."""
    return len(source) if isinstance(source, bytes) else 1
