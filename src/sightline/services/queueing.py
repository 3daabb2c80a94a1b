"""Prepared jobs in the order of their turns, and batches cut from them. Does not know threads or devices."""

from collections import deque
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

import numpy as np

from sightline.domain.arrays import Int64, UInt8
from sightline.services.jobs import LANES, Bucket, Ending, Job, Lane
from sightline.services.turns import Turns


@dataclass(frozen=True)
class BatchLimits:
    """The largest batch: rows, and tokens, of which a row of ViT-B/32 has 50 and one of So400M 729."""

    max_rows: int = 32
    max_cost: int = 4096


LimitOf = Callable[[Lane, Bucket], BatchLimits]


@dataclass(eq=False)
class Batch:
    """Jobs of one lane and one bucket. is_full: the limits ended it, not the end of what was waiting."""

    lane: Lane
    bucket: Bucket
    jobs: list[Job] = field(default_factory=list)
    cost: int = 0
    is_full: bool = False
    _stacked: UInt8 | Int64 | None = None

    def stack(self) -> UInt8 | Int64:
        """All rows in one array, made once.

        One job is copied too: Pillow's pixels are read-only, and a runtime may insist on writable memory.
        """
        if self._stacked is None:
            self._stacked = np.concatenate([job.rows for job in self.jobs])
        return self._stacked

    def keep(self, jobs: list[Job]) -> None:
        """Go on with these only."""
        if len(jobs) < len(self.jobs):
            self.jobs, self.cost, self._stacked = jobs, sum(job.cost for job in jobs), None


@dataclass(eq=False)
class _Line:
    """What waits in one bucket, oldest first."""

    jobs: deque[Job] = field(default_factory=deque)
    rows: int = 0
    cost: int = 0


class JobQueue:
    """Lanes take turns by share; in a lane, buckets take turns; in a bucket, the oldest goes first.

    dropped: told of every job that nobody waited for when its turn came, and why. Not safe for several
    threads: the batcher that owns it has a lock.
    """

    def __init__(self, dropped: Callable[[Ending], None]) -> None:
        self._dropped = dropped
        self._turns = Turns()
        self._lanes: dict[Lane, dict[Bucket, _Line]] = {lane: {} for lane in LANES}
        self._items = dict.fromkeys(LANES, 0)
        self._cost = dict.fromkeys(LANES, 0)

    def __bool__(self) -> bool:
        return any(self._lanes.values())

    def items(self, lane: Lane) -> int:
        return self._items[lane]

    def cost(self, lane: Lane) -> int:
        return self._cost[lane]

    def put(self, job: Job) -> None:
        """At the end of its line."""
        self._open(job).jobs.append(job)

    def put_back(self, batch: Batch) -> None:
        """As if it had not been taken."""
        for job in reversed(batch.jobs):
            self._open(job).jobs.appendleft(job)
        lines = self._lanes[batch.lane]
        self._lanes[batch.lane] = {batch.bucket: lines.pop(batch.bucket), **lines}

    def oldest(self) -> Job | None:
        """The job whose turn it is."""
        lane = self._next()
        return None if lane is None else next(iter(self._lanes[lane].values())).jobs[0]

    def is_full(self, limits: LimitOf) -> bool:
        """Whether what is next in turn fills a batch already."""
        lane = self._next()
        if lane is None:
            return False
        bucket, line = next(iter(self._lanes[lane].items()))
        limit = limits(lane, bucket)
        return line.rows >= limit.max_rows or line.cost >= limit.max_cost

    def take(self, limits: LimitOf) -> Batch | None:
        """The next batch, without those that nobody waits for. None: nobody waits for anything."""
        while (lane := self._next()) is not None:
            bucket, line = next(iter(self._lanes[lane].items()))
            batch = self._cut(Batch(lane, bucket), line, limits(lane, bucket))
            del self._lanes[lane][bucket]
            if line.jobs:  # behind the others, or one busy bucket would starve them
                self._lanes[lane][bucket] = line
            if batch.jobs:
                return batch
        return None

    def charge(self, batch: Batch) -> None:
        """The batch is run: its lane has had so much of its share."""
        self._turns.charge(batch.lane, batch.cost)

    def empty(self) -> list[Job]:
        """Everything that waited, taken out."""
        jobs = [job for lines in self._lanes.values() for line in lines.values() for job in line.jobs]
        for lane in LANES:
            self._lanes[lane].clear()
            self._items[lane] = self._cost[lane] = 0
        return jobs

    def _next(self) -> Lane | None:
        waiting = self._waiting()
        return self._turns.next(waiting) if waiting else None

    def _waiting(self) -> Collection[Lane]:
        return [lane for lane, lines in self._lanes.items() if lines]

    def _open(self, job: Job) -> _Line:
        """The job's line, with the job counted in it."""
        lines = self._lanes[job.lane]
        if not lines:
            self._turns.arrive(job.lane, self._waiting())
        line = lines.setdefault(job.bucket, _Line())
        self._count(job, line, 1)
        return line

    def _count(self, job: Job, line: _Line, sign: int) -> None:
        line.rows += sign * len(job.rows)
        line.cost += sign * job.cost
        self._items[job.lane] += sign
        self._cost[job.lane] += sign * job.cost

    def _cut(self, batch: Batch, line: _Line, limit: BatchLimits) -> Batch:
        """Fill the batch from the line, up to the limit; a job above the limit runs alone."""
        rows = 0
        while line.jobs and not batch.is_full:
            job = line.jobs[0]
            is_beyond = rows + len(job.rows) > limit.max_rows or batch.cost + job.cost > limit.max_cost
            if batch.jobs and is_beyond:
                batch.is_full = True
                break
            line.jobs.popleft()
            self._count(job, line, -1)
            ending = job.ending()
            if ending is not None:
                self._dropped(ending)
                continue
            batch.jobs.append(job)
            rows, batch.cost = rows + len(job.rows), batch.cost + job.cost
            batch.is_full = rows >= limit.max_rows or batch.cost >= limit.max_cost
        return batch
