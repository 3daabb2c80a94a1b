"""Many callers, one device: what waits while a forward runs is the next batch. Does not know HTTP or files.

Nothing sleeps to collect a batch. An idle device takes a job at once; a busy one is the window in which the
next batch gathers. One thread drives the device; the engine frees the interpreter's lock while it computes.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Sequence
from concurrent.futures import Future, InvalidStateError
from dataclasses import dataclass, field

import numpy as np

from sightline.domain.arrays import Float32, Int64, UInt8
from sightline.domain.errors import ForwardError, NotReadyError, SightlineError
from sightline.domain.records import Tower
from sightline.domain.vectors import mean_direction
from sightline.observe.metrics import Metrics
from sightline.services.admission import Admission
from sightline.services.model import Model

log = logging.getLogger(__name__)

Bucket = tuple[int, Tower, tuple[int, ...]]
NOTHING: UInt8 = np.zeros(0, dtype=np.uint8)  # the rows of a job that is still being prepared


@dataclass(frozen=True)
class BatchLimits:
    """The largest batch: rows, and tokens, of which a row of ViT-B/32 has 50 and one of So400M 729."""

    max_rows: int = 32
    max_cost: int = 4096


@dataclass(eq=False, slots=True)
class Job:
    """The prepared rows of one picture or text: they run together and become one vector, or fail together.

    The answer is cancelled by whoever no longer wants it; a cancelled job never reaches the model.
    """

    model: Model
    tower: Tower
    rows: UInt8 | Int64 = field(default_factory=lambda: NOTHING)  # (C, ...): crops of a picture, or one text
    tokens: int = 0  # what the caller is told was used: padding not counted
    queued_at: float = 0.0  # time.monotonic()
    queue_s: float = 0.0
    forward_s: float = 0.0
    answer: Future[Float32] = field(default_factory=Future)

    @property
    def bucket(self) -> Bucket:
        """Jobs of one bucket may share a forward: same weights, same tower, same shape of a row."""
        return id(self.model), self.tower, self.rows.shape[1:]

    @property
    def cost(self) -> int:
        return len(self.rows) * self.model.row_cost(self.tower, self.rows)

    def fail(self, error: Exception) -> None:
        """Answer with an error, unless an answer or a cancellation came first."""
        try:
            self.answer.set_exception(error)
        except InvalidStateError:
            return

    def finish(self, vectors: Float32) -> None:
        """Answer with the direction of the rows' vectors (C, dim)."""
        try:
            self.answer.set_result(vectors[0] if len(vectors) == 1 else mean_direction(vectors))
        except SightlineError as error:
            self.fail(error)


class Batcher:
    """One device's queue and the thread that empties it. Safe to use from several threads and event loops."""

    def __init__(self, limits: BatchLimits, admission: Admission, metrics: Metrics | None = None) -> None:
        self.admission = admission
        self._metrics = metrics or Metrics()
        self._limits = limits
        self._buckets: dict[Bucket, deque[Job]] = {}  # in the order in which their oldest jobs came
        self._wake = threading.Condition()
        self._closing = False
        self._thread: threading.Thread | None = None
        self.restarts = 0

    @property
    def is_alive(self) -> bool:
        """Whether queued work will be answered."""
        return self._thread is not None and self._thread.is_alive() and not self._closing

    def start(self) -> None:
        """Start the device's thread; a second call does nothing."""
        with self._wake:
            if self._thread is None:
                # a daemon: a process that is told to end must not hang on a forward nobody waits for
                self._thread = threading.Thread(target=self._supervise, name="device", daemon=True)
                self._thread.start()

    def close(self) -> None:
        """Finish what is queued, take nothing new, and end the thread."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        if self._thread is not None:
            self._thread.join()

    def put(self, jobs: Sequence[Job]) -> None:
        """Queue prepared jobs. Their answers come from the device's thread."""
        with self._wake:
            if self._closing or self._thread is None:
                for job in jobs:
                    job.fail(NotReadyError("the server is shutting down; send the request to another one"))
                return
            for job in jobs:
                job.queued_at = time.monotonic()
                self._buckets.setdefault(job.bucket, deque()).append(job)
            self._wake.notify()

    def _supervise(self) -> None:
        """Keep the loop running: if it dies, its jobs are answered and it starts again."""
        while True:
            running: list[Job] = []
            try:
                self._serve(running)
                return
            except BaseException:  # a dead thread would leave every caller waiting
                log.exception("the batching loop died and was restarted")
                self.restarts += 1
                self._metrics.worker_restarted()
                self._abandon(running)

    def _abandon(self, running: list[Job]) -> None:
        with self._wake:
            queued = [job for bucket in self._buckets.values() for job in bucket]
            self._buckets.clear()
        for job in running + queued:
            job.fail(NotReadyError("the model's worker stopped and was restarted; try again"))

    def _serve(self, running: list[Job]) -> None:
        """Run batches until closed and empty. `running` shows the supervisor what is in hand."""
        while True:
            with self._wake:
                while not self._buckets and not self._closing:
                    self._wake.wait()
                if not self._buckets:
                    return
                running[:] = self._take()
            if running:
                self._run(running)

    def _take(self) -> list[Job]:
        """The next batch: from the bucket that waits longest, up to the budget. The cancelled are dropped."""
        bucket, queue = next(iter(self._buckets.items()))
        batch: list[Job] = []
        rows = cost = 0
        while queue:
            job = queue[0]
            fits = rows + len(job.rows) <= self._limits.max_rows and cost + job.cost <= self._limits.max_cost
            if batch and not fits:  # a job above the budget runs alone
                break
            queue.popleft()
            if job.answer.set_running_or_notify_cancel():
                batch.append(job)
                rows, cost = rows + len(job.rows), cost + job.cost
            else:
                self._metrics.dropped("cancelled")
        del self._buckets[bucket]
        if queue:  # behind the others, or one busy bucket would starve them
            self._buckets[bucket] = queue
        return batch

    def _run(self, jobs: list[Job]) -> None:
        """Run jobs as one forward; a batch that fails is halved until only the culprit fails."""
        try:
            vectors = self._forward(jobs)
        except Exception as error:  # noqa: BLE001  # whatever it is, it stays with the job that caused it
            if len(jobs) > 1:
                half = len(jobs) // 2
                self._run(jobs[:half])
                self._run(jobs[half:])
            else:
                jobs[0].fail(_as_ours(error))
            return
        start = 0
        for job in jobs:
            job.finish(vectors[start : start + len(job.rows)])
            start += len(job.rows)

    def _forward(self, jobs: list[Job]) -> Float32:
        """One forward over the jobs' rows, in order: (sum of C, dim)."""
        started = time.monotonic()
        model, tower = jobs[0].model, jobs[0].tower
        name, cost = model.card.name, sum(job.cost for job in jobs)
        for job in jobs:
            job.queue_s = started - job.queued_at
            self._metrics.stage("queue", name, tower, job.queue_s)
        self._metrics.batch(name, tower, rows=sum(len(job.rows) for job in jobs), tokens=cost)
        # one job is copied too: Pillow's pixels are read-only, and a runtime may insist on writable memory
        vectors = model.run(tower, np.concatenate([job.rows for job in jobs]))
        seconds = time.monotonic() - started
        for job in jobs:
            job.forward_s = seconds
        self._metrics.stage("forward", name, tower, seconds)
        self.admission.observe(cost, seconds)
        return vectors


def _as_ours(error: Exception) -> SightlineError:
    if isinstance(error, SightlineError):
        return error
    log.error("a forward failed", exc_info=error)
    ours = ForwardError("the model failed on this input; the server's log has the details")
    ours.__cause__ = error
    return ours
