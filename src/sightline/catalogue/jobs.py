"""The ledger of jobs: what was asked, how far it is, what failed. Does not know what a task means or does."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Select, delete, insert, select, update

from sightline.catalogue import changes, endings, jobrows, shards
from sightline.catalogue.database import Database
from sightline.catalogue.tables import collections, events, job_errors, jobs
from sightline.catalogue.tables import shards as shards_table
from sightline.domain.errors import JobStateError, LeaseLostError
from sightline.domain.items import Metadata
from sightline.domain.ledger import (
    UNFINISHED,
    Event,
    Failure,
    Job,
    JobState,
    Lease,
    Outcome,
    Task,
)

SHARD_TASKS = 2000
LEASE_S = 60.0  # a heartbeat every third of it; a worker that is gone holds its shard no longer
PAGE = 1000
BY_REQUEST = "by_request"


class SqlLedger:
    """Safe to use from several threads; each call is one transaction, but for `plan`.

    Besides what each method names, all raise RecordUnavailableError and RecordBrokenError, those that write
    StorageFullError, and those that take a job's id UnknownJobError.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def create(self, kind: str, collection: str, request: Metadata, *, is_sole: bool = False) -> Job:
        """A job in state planning. When this returns, no crash loses it. Raises UnknownCollectionError.

        is_sole: the unfinished one of the kind instead, if the collection has one.
        """
        with self._database.writing("job.create") as connection:
            row = changes.collection_row(connection, collection, locked=is_sole)
            if is_sole and (there := jobrows.unfinished(connection, row.id, kind)) is not None:
                return there
            values = {"collection_id": row.id, "kind": kind, "request": dict(request)}
            new = insert(jobs).values(state="planning", created_at=time.time(), **values)
            job_id = connection.execute(new.returning(jobs.c.id)).scalar_one()
            jobrows.tell(connection, job_id, "created", {})
            return jobrows.job(connection, job_id)

    def job(self, job_id: int) -> Job:
        with self._database.reading() as connection:
            return jobrows.job(connection, job_id)

    def jobs(self, collection: str | None = None, *, limit: int | None = None, offset: int = 0) -> list[Job]:
        """All jobs, or a collection's, the newest first; those after the first `offset`, all or `limit`."""
        query = jobrows.with_collection().order_by(jobs.c.id.desc()).offset(offset)
        if limit is not None:
            query = query.limit(limit)
        if collection is not None:
            query = query.where(collections.c.name == collection)
        return self._list(query)

    def unfinished(self) -> list[Job]:
        """Jobs in state planning, running or paused, the oldest first: what a restart goes on with."""
        return self._list(jobrows.with_collection().where(jobs.c.state.in_(UNFINISHED)).order_by(jobs.c.id))

    def plan(
        self,
        job_id: int,
        tasks: Iterable[Task],
        *,
        scan: Callable[[], Metadata] = dict,
        shard_tasks: int = SHARD_TASKS,
    ) -> Job:
        """Freeze the tasks into shards and let the job run; one without tasks is done at once.

        scan: asked once all tasks are there, what is to be kept of how they came about.

        A plan that was broken off is made again from its start: no task runs before the whole plan is kept.
        Raises JobStateError: the job is not planning, or was paused or ended meanwhile.
        """
        with self._database.writing("job.plan.begin") as connection:
            jobrows.planning(connection, job_id)
            connection.execute(delete(shards_table).where(shards_table.c.job_id == job_id))
        total = 0
        for part in _parts(tasks, shard_tasks):
            with self._database.writing("job.plan.shard") as connection:
                jobrows.planning(connection, job_id)
                shards.freeze(connection, job_id, part)
            total += len(part)
        with self._database.writing("job.plan.end") as connection:
            row = jobrows.planning(connection, job_id)
            known = {"planned": True, "total": total, "scan": dict(scan())}
            connection.execute(update(jobs).where(jobs.c.id == job_id).values(known))
            jobrows.move(connection, row, "running" if total else "done", data={"total": total})
            return jobrows.job(connection, job_id)

    def claim(
        self, owner: str, *, kinds: Sequence[str] | None = None, lasts_s: float = LEASE_S
    ) -> Lease | None:
        """Lease a shard of the oldest running job; None when none is free.

        owner: for people to read. kinds: of jobs; None for all.
        """
        with self._database.writing("job.claim") as connection:
            return shards.claim(connection, self._database.dialect, owner, kinds=kinds, lasts_s=lasts_s)

    def heartbeat(self, lease: Lease) -> JobState:
        """Hold the lease longer. Returns the job's state: one that is not running wants no more work.

        Raises LeaseLostError.
        """
        with self._database.writing("job.heartbeat") as connection:
            shards.prolong(connection, self._database.dialect, lease)
            return jobrows.job(connection, lease.job_id).state

    def settle(self, lease: Lease, outcome: Outcome) -> Lease | None:
        """Items, vectors, failures, counters, the shard's progress and an event, all at once or not at all.

        Returns the lease of what is left of the shard, None when that is nothing. With the last task of the
        last shard the job is done. A paused job still takes what its workers had in hand.
        Raises LeaseLostError: another has the shard, or the job was ended; SpaceMismatchError,
        MissingVectorError, NonFiniteVectorError: the outcome cannot be kept.
        """
        with self._database.writing("job.settle") as connection:
            self._settle(connection, lease, outcome)
        if outcome.settled == len(lease.tasks):
            return None
        reached = lease.reached + outcome.settled
        return replace(lease, reached=reached, tasks=lease.tasks[outcome.settled :])

    def release(self, lease: Lease) -> None:
        """Give back what is left of a shard, for the next to take at once."""
        with self._database.writing("job.release") as connection:
            shards.give_back(connection, lease)

    def release_all(self, owner: str | None = None) -> int:
        """Give every shard back that an owner held, whoever it is unless named: for when it starts again."""
        with self._database.writing("job.release") as connection:
            return shards.give_all_back(connection, owner)

    def pause(self, job_id: int, *, reason: str = BY_REQUEST, message: str | None = None) -> Job:
        """No shard is leased until it is resumed. Raises JobStateError."""
        return self._moved(job_id, "paused", reason=reason, message=message)

    def resume(self, job_id: int) -> Job:
        """Go on where a paused or failed job was. Raises JobStateError."""
        with self._database.writing("job.resume") as connection:
            row = jobrows.locked(connection, job_id)
            if row.state not in ("paused", "failed"):
                raise JobStateError(
                    f"job {job_id} is {row.state}; only a paused or failed job can be resumed"
                )
            jobrows.move(connection, row, "running" if row.planned else "planning")
            return jobrows.job(connection, job_id)

    def cancel(self, job_id: int) -> Job:
        """End it; what is settled stays. Raises JobStateError."""
        return self._moved(job_id, "cancelled")

    def fail(self, job_id: int, *, reason: str, message: str) -> Job:
        """It cannot go on as a whole, until somebody mends the cause and resumes it. Raises JobStateError."""
        return self._moved(job_id, "failed", reason=reason, message=message)

    def retry(self, job_id: int, *, shard_tasks: int = SHARD_TASKS) -> int:
        """Queue all tasks that failed to be tried again, also those of shards that are done.

        Returns how many. Raises JobStateError: the job is neither running, paused nor done.
        """
        with self._database.writing("job.retry") as connection:
            row = jobrows.locked(connection, job_id)
            if row.state not in ("running", "paused", "done"):
                raise JobStateError(f"job {job_id} is {row.state}; its failures cannot be retried")
            queued = shards.queue_failures(connection, job_id, shard_tasks)
            if queued:
                connection.execute(update(jobs).where(jobs.c.id == job_id).values(failed=0))
                jobrows.tell(connection, job_id, "retried", {"queued": queued})
                if row.state == "done":
                    jobrows.move(connection, row, "running")
            return queued

    def conclude(self, job_id: int, *, reason: str, message: str, settles: bool = False) -> None:
        """Note what a done job's end brought. settles: what failed is forgotten. Raises JobStateError."""
        with self._database.writing("job.conclude") as connection:
            row = jobrows.locked(connection, job_id)
            endings.conclude(connection, row, reason=reason, message=message, settles=settles)

    def has_room(self) -> bool:
        """Whether the disk, if it was full, has room again: then jobs that were paused for it can go on."""
        return self._database.has_room()

    def failures(self, job_id: int, *, after: str = "", limit: int = PAGE) -> list[Failure]:
        """A page of the tasks that failed at their last attempt, by task id."""
        with self._database.reading() as connection:
            jobrows.job(connection, job_id)
            query = select(job_errors).where(job_errors.c.job_id == job_id, job_errors.c.task_id > after)
            return shards.failures(connection.execute(query.order_by(job_errors.c.task_id).limit(limit)))

    def events(self, job_id: int, *, after: int = 0, limit: int = PAGE) -> list[Event]:
        """The events that follow one, in order and without gaps."""
        with self._database.reading() as connection:
            jobrows.job(connection, job_id)
            query = select(events).where(events.c.job_id == job_id, events.c.id > after)
            rows = connection.execute(query.order_by(events.c.id).limit(limit))
            return [Event(row.job_id, row.id, row.kind, row.at, row.data) for row in rows]

    def _settle(self, connection: Connection, lease: Lease, outcome: Outcome) -> None:
        row = jobrows.locked(connection, lease.job_id)  # first of all locks in every transaction
        if row.state not in ("running", "paused"):
            raise LeaseLostError(f"job {lease.job_id} is {row.state}; drop its work")
        dialect = self._database.dialect
        tried = lease.tasks[: outcome.settled]
        changes.take(connection, dialect, row.collection, outcome.changes)
        shards.advance(connection, dialect, lease, outcome.settled)
        failed = shards.note_failures(connection, dialect, lease.job_id, tried=tried, failed=outcome.failures)
        counters = {
            "done": row.done + len(tried) - failed,
            "failed": shards.count_failures(connection, lease.job_id),
            "computed": row.computed + len(outcome.changes.vectors),
        }
        connection.execute(update(jobs).where(jobs.c.id == lease.job_id).values(counters))
        jobrows.tell(connection, lease.job_id, "progress", {**counters, "total": row.total})
        if not shards.is_any_left(connection, lease.job_id):
            jobrows.move(connection, row, "done", data=counters)

    def _moved(
        self, job_id: int, state: JobState, *, reason: str | None = None, message: str | None = None
    ) -> Job:
        why = {"reason": reason, "message": message}
        with self._database.writing(f"job.{state}") as connection:
            jobrows.move(connection, jobrows.locked(connection, job_id), state, data=why)
            connection.execute(update(jobs).where(jobs.c.id == job_id).values(why))
            return jobrows.job(connection, job_id)

    def _list(self, query: Select[Any]) -> list[Job]:
        with self._database.reading() as connection:
            return [jobrows.as_job(row) for row in connection.execute(query)]


def _parts(tasks: Iterable[Task], size: int) -> Iterator[list[Task]]:
    rest = iter(tasks)
    while part := list(islice(rest, size)):
        yield part
