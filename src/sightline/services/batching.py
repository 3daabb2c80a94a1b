"""Many callers, one device: what waits while a forward runs is the next batch. Does not know HTTP or files.

Nothing sleeps to collect a batch. An idle device takes a job at once; a busy one is the window in which the
next batch gathers. Two hands serve the device in turn: while one is in a forward, the other has the next
batch ready if it is full already, and when the forward ends the first hands out its answers beside the next
one. The engine frees the interpreter's lock while it computes.
"""

import logging
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from sightline.domain.errors import NotReadyError
from sightline.observe.metrics import Metrics
from sightline.services.forwards import Forwards
from sightline.services.jobs import LANES, Bucket, Job, Lane
from sightline.services.pace import Paces
from sightline.services.queueing import Batch, BatchLimits, JobQueue

log = logging.getLogger(__name__)

HANDS = 2
BULK_FORWARD_S = 0.05  # nobody notices a twentieth of a second; a batch cannot be interrupted
FORWARD_S = 0.35  # a longer one gains nothing that was ever measured, and holds everybody up
ABOUT_S = 10.0  # after an interactive job, bulk batches stay short for so long
STALLED_S = 5.0  # shorter than a probe's patience


@dataclass(eq=False)
class _Running:
    """The forward that the device is in. since: time.monotonic()."""

    since: float
    expected_s: float


class Batcher:
    """One device's queue and the threads that empty it. Safe to use from several threads and event loops.

    max_wait_s: how long an idle device waits for a batch to fill: 0, unless the device gains more from a
    fuller batch than its callers lose. stalled_s: when a forward counts as hung, or ten times what it should
    take.
    """

    def __init__(
        self,
        limits: BatchLimits | None = None,
        *,
        paces: Paces | None = None,
        metrics: Metrics | None = None,
        max_wait_s: float = 0.0,
        stalled_s: float = STALLED_S,
    ) -> None:
        self.paces = paces or Paces()
        self.restarts = 0
        self._metrics = metrics or Metrics()
        self._limits = limits or BatchLimits()
        self._max_wait_s = max_wait_s
        self._stalled_s = stalled_s
        self._queue = JobQueue(self._metrics.dropped)
        self._forwards = Forwards(self.paces, self._metrics)
        self._interactive_at = float("-inf")
        self._wake = threading.Condition()
        self._turn = threading.Lock()  # held by the hand that takes the next batch
        self._running: _Running | None = None
        self._closing = False
        self._threads: list[threading.Thread] = []
        for lane in LANES:
            self._metrics.watch_queue(lane, partial(self.waiting, lane), partial(self._queue.cost, lane))

    @property
    def is_alive(self) -> bool:
        """Whether queued work will be answered."""
        return (
            bool(self._threads) and all(map(threading.Thread.is_alive, self._threads)) and not self._closing
        )

    @property
    def is_stalled(self) -> bool:
        """Whether the forward that runs takes so much longer than it should that it may never end."""
        return self.stalled_for_s > 0

    @property
    def stalled_for_s(self) -> float:
        """Since when it is, in seconds; 0: it is not."""
        running = self._running
        if running is None:
            return 0.0
        patience_s = max(self._stalled_s, 10 * running.expected_s)
        return max(0.0, time.monotonic() - running.since - patience_s)

    def waiting(self, lane: Lane) -> int:
        """Jobs in the queue; what is put together for the next forward is not among them."""
        return self._queue.items(lane)

    def start(self) -> None:
        """Start the device's threads; a second call does nothing."""
        with self._wake:
            if not self._threads:
                # daemons: a process that is told to end must not hang on a forward nobody waits for
                self._threads = [
                    threading.Thread(target=self._supervise, name=f"device-{hand}", daemon=True)
                    for hand in range(HANDS)
                ]
                for thread in self._threads:
                    thread.start()

    def close(self) -> None:
        """Finish what is queued, take nothing new, and end the threads."""
        with self._wake:
            self._closing = True
            self._wake.notify_all()
        for thread in self._threads:
            thread.join()

    def put(self, jobs: Sequence[Job]) -> None:
        """Queue prepared jobs. Their answers come from the device's threads."""
        with self._wake:
            if self._closing or not self._threads:
                for job in jobs:
                    job.fail(NotReadyError("the server is shutting down; send the request to another one"))
                return
            now = time.monotonic()
            for job in jobs:
                job.queued_at = now
                self._queue.put(job)
                if job.lane == "interactive":
                    self._interactive_at = now
            self._wake.notify_all()

    def _supervise(self) -> None:
        """Keep a hand at work: if it dies, its jobs are answered and it starts again."""
        while True:
            held: list[Job] = []
            try:
                self._serve(held)
                return
            except BaseException:  # a dead thread would leave every caller waiting
                log.exception("the batching loop died and was restarted")
                self.restarts += 1
                self._metrics.worker_restarted()
                self._abandon(held)

    def _abandon(self, held: list[Job]) -> None:
        """Answer what the hand held; if it held nothing, the queue itself is what it stumbled over."""
        lost = list(held)
        if not lost:
            with self._wake:
                lost = self._queue.empty()
        for job in lost:
            job.fail(NotReadyError("the model's worker stopped and was restarted; try again"))

    def _serve(self, held: list[Job]) -> None:
        """Run batches until closed and empty. `held` shows the supervisor what is in hand."""
        while True:
            with self._turn:
                batch = self._next(held)
            if batch is None:
                return
            try:
                outcomes = self._forwards.run(batch.jobs, batch.stack())
            finally:
                with self._wake:
                    self._running = None
                    self._wake.notify_all()
            for job, outcome in outcomes:  # beside the other hand's forward
                if isinstance(outcome, Exception):
                    job.fail(outcome)
                else:
                    job.finish(outcome)
            held.clear()

    def _next(self, held: list[Job]) -> Batch | None:
        """The batch to run now, once the device is free; None: closed, and nothing is left."""
        staged: Batch | None = None
        while True:
            with self._wake:
                if self._running is None:
                    batch, staged = self._choose(staged), None
                    if batch is not None and self._begin(batch):
                        held[:] = batch.jobs
                        return batch
                    if batch is None and self._closing and not self._queue:
                        return None
                elif staged is None and self._queue.is_full(self._limit):
                    staged = self._queue.take(self._limit)
                    held[:] = staged.jobs if staged else []
                else:
                    self._wake.wait()
            if staged is not None:
                staged.stack()  # while the device is busy, and without the lock

    def _choose(self, staged: Batch | None) -> Batch | None:
        """What the free device should run; None after a wait, or where there is nothing."""
        if staged is not None:
            if staged.lane == "interactive" or not self._queue.items("interactive"):
                return staged
            self._queue.put_back(staged)  # it came before; the interactive one need not wait for two forwards
        oldest = self._queue.oldest()
        if oldest is None:
            if not self._closing:
                self._wake.wait()
            return None
        wait_s = oldest.queued_at + self._max_wait_s - time.monotonic()
        if wait_s > 0 and not self._closing and not self._queue.is_full(self._limit):
            self._wake.wait(wait_s)
            return None
        return self._queue.take(self._limit)

    def _begin(self, batch: Batch) -> bool:
        """Drop whom nobody waits for; whether somebody is left, for whom the device is now taken."""
        wanted: list[Job] = []
        for job in batch.jobs:
            ending = job.begin()
            if ending is None:
                wanted.append(job)
            else:
                self._metrics.dropped(ending)
        batch.keep(wanted)
        if not wanted:
            return False
        self._queue.charge(batch)
        now = time.monotonic()
        model, tower, _ = batch.bucket
        self._running = _Running(now, self.paces.of(model, tower).seconds(batch.cost))
        for job in wanted:
            job.queue_s = now - job.queued_at
            self._metrics.stage("queue", job.labels, job.queue_s)
        self._metrics.dispatched("full" if batch.is_full else "waited" if self._max_wait_s else "idle")
        return True

    def _limit(self, lane: Lane, bucket: Bucket) -> BatchLimits:
        """The largest batch now: what is worth having, what fits in memory, and for bulk what is short."""
        model, tower, _ = bucket
        pace = self.paces.of(model, tower)
        rows, cost = self._limits.max_rows, self._limits.max_cost
        cost = min(cost, pace.tokens_within(FORWARD_S))
        rows = min(rows, self._forwards.rows_that_fit(model, tower) or rows)
        if lane == "bulk" and time.monotonic() - self._interactive_at < ABOUT_S:
            cost = min(cost, pace.tokens_within(BULK_FORWARD_S))
        return BatchLimits(rows, cost)
