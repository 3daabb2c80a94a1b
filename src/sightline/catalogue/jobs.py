"""The ledger of jobs: what was asked, how far it is, what failed. Does not know what a task means or does."""

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

from sqlalchemy import Connection, Row, Select, delete, insert, select, update

from sightline.catalogue import changes, endings, shards
from sightline.catalogue.database import Database
from sightline.catalogue.tables import collections, events, job_errors, jobs
from sightline.catalogue.tables import shards as shards_table
from sightline.domain.errors import JobStateError, LeaseLostError, UnknownJobError
from sightline.domain.items import Json, Metadata
from sightline.domain.ledger import (
    MOVES,
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

    def create(self, kind: str, collection: str, request: Metadata) -> Job:
        """A job in state planning. When this returns, no crash loses it. Raises UnknownCollectionError."""
        with self._database.writing("job.create") as connection:
            row = changes.collection_row(connection, collection)
            values = {"collection_id": row.id, "kind": kind, "request": dict(request)}
            new = insert(jobs).values(state="planning", created_at=time.time(), **values)
            job_id = connection.execute(new.returning(jobs.c.id)).scalar_one()
            _tell(connection, job_id, "created", {})
            return _job(connection, job_id)

    def job(self, job_id: int) -> Job:
        with self._database.reading() as connection:
            return _job(connection, job_id)

    def jobs(self, collection: str | None = None, *, limit: int | None = None, offset: int = 0) -> list[Job]:
        """All jobs, or a collection's, the newest first; those after the first `offset`, all or `limit`."""
        query = _with_collection().order_by(jobs.c.id.desc()).offset(offset)
        if limit is not None:
            query = query.limit(limit)
        if collection is not None:
            query = query.where(collections.c.name == collection)
        return self._list(query)

    def unfinished(self) -> list[Job]:
        """Jobs in state planning, running or paused, the oldest first: what a restart goes on with."""
        return self._list(_with_collection().where(jobs.c.state.in_(UNFINISHED)).order_by(jobs.c.id))

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
            _planning(connection, job_id)
            connection.execute(delete(shards_table).where(shards_table.c.job_id == job_id))
        total = 0
        for part in _parts(tasks, shard_tasks):
            with self._database.writing("job.plan.shard") as connection:
                _planning(connection, job_id)
                shards.freeze(connection, job_id, part)
            total += len(part)
        with self._database.writing("job.plan.end") as connection:
            row = _planning(connection, job_id)
            known = {"planned": True, "total": total, "scan": dict(scan())}
            connection.execute(update(jobs).where(jobs.c.id == job_id).values(known))
            _move(connection, row, "running" if total else "done", data={"total": total})
            return _job(connection, job_id)

    def claim(self, owner: str, *, lasts_s: float = LEASE_S) -> Lease | None:
        """Lease a shard of the oldest running job; None when none is free. owner: for people to read."""
        with self._database.writing("job.claim") as connection:
            return shards.claim(connection, self._database.dialect, owner, lasts_s=lasts_s)

    def heartbeat(self, lease: Lease) -> JobState:
        """Hold the lease longer. Returns the job's state: one that is not running wants no more work.

        Raises LeaseLostError.
        """
        with self._database.writing("job.heartbeat") as connection:
            shards.prolong(connection, self._database.dialect, lease)
            return _job(connection, lease.job_id).state

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
            row = _locked(connection, job_id)
            if row.state not in ("paused", "failed"):
                raise JobStateError(
                    f"job {job_id} is {row.state}; only a paused or failed job can be resumed"
                )
            _move(connection, row, "running" if row.planned else "planning")
            return _job(connection, job_id)

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
            row = _locked(connection, job_id)
            if row.state not in ("running", "paused", "done"):
                raise JobStateError(f"job {job_id} is {row.state}; its failures cannot be retried")
            queued = shards.queue_failures(connection, job_id, shard_tasks)
            if queued:
                connection.execute(update(jobs).where(jobs.c.id == job_id).values(failed=0))
                _tell(connection, job_id, "retried", {"queued": queued})
                if row.state == "done":
                    _move(connection, row, "running")
            return queued

    def conclude(self, job_id: int, *, reason: str, message: str, settles: bool = False) -> None:
        """Note what a done job's end brought. settles: what failed is forgotten. Raises JobStateError."""
        with self._database.writing("job.conclude") as connection:
            row = _locked(connection, job_id)
            endings.conclude(connection, row, reason=reason, message=message, settles=settles)

    def has_room(self) -> bool:
        """Whether the disk, if it was full, has room again: then jobs that were paused for it can go on."""
        return self._database.has_room()

    def failures(self, job_id: int, *, after: str = "", limit: int = PAGE) -> list[Failure]:
        """A page of the tasks that failed at their last attempt, by task id."""
        with self._database.reading() as connection:
            _job(connection, job_id)
            query = select(job_errors).where(job_errors.c.job_id == job_id, job_errors.c.task_id > after)
            return shards.failures(connection.execute(query.order_by(job_errors.c.task_id).limit(limit)))

    def events(self, job_id: int, *, after: int = 0, limit: int = PAGE) -> list[Event]:
        """The events that follow one, in order and without gaps."""
        with self._database.reading() as connection:
            _job(connection, job_id)
            query = select(events).where(events.c.job_id == job_id, events.c.id > after)
            rows = connection.execute(query.order_by(events.c.id).limit(limit))
            return [Event(row.job_id, row.id, row.kind, row.at, row.data) for row in rows]

    def _settle(self, connection: Connection, lease: Lease, outcome: Outcome) -> None:
        row = _locked(connection, lease.job_id)  # first of all locks, in every transaction that takes several
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
        _tell(connection, lease.job_id, "progress", {**counters, "total": row.total})
        if not shards.is_any_left(connection, lease.job_id):
            _move(connection, row, "done", data=counters)

    def _moved(
        self, job_id: int, state: JobState, *, reason: str | None = None, message: str | None = None
    ) -> Job:
        why = {"reason": reason, "message": message}
        with self._database.writing(f"job.{state}") as connection:
            _move(connection, _locked(connection, job_id), state, data=why)
            connection.execute(update(jobs).where(jobs.c.id == job_id).values(why))
            return _job(connection, job_id)

    def _list(self, query: Select[Any]) -> list[Job]:
        with self._database.reading() as connection:
            return [_as_job(row) for row in connection.execute(query)]


def _parts(tasks: Iterable[Task], size: int) -> Iterator[list[Task]]:
    rest = iter(tasks)
    while part := list(islice(rest, size)):
        yield part


def _with_collection() -> Select[Any]:
    """Jobs of retired collections are gone with them, for all who ask."""
    columns = select(jobs, collections.c.name.label("collection"))
    return columns.select_from(jobs.join(collections)).where(~collections.c.retired)


def _locked(connection: Connection, job_id: int) -> Row[Any]:
    """The job's row, which nobody else changes until the transaction ends: states and events are in order."""
    query = _with_collection().where(jobs.c.id == job_id).with_for_update(of=jobs)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise UnknownJobError(f"there is no job {job_id}")
    return row


def _planning(connection: Connection, job_id: int) -> Row[Any]:
    row = _locked(connection, job_id)
    if row.state != "planning":
        raise JobStateError(f"job {job_id} is {row.state}; nothing more is planned")
    return row


def _move(
    connection: Connection, row: Row[Any], state: JobState, *, data: Mapping[str, Json] | None = None
) -> None:
    """To another state, if the table of moves allows it; tells it as an event of that name."""
    if state not in MOVES[row.state]:
        raise JobStateError(f"job {row.id} is {row.state}; it cannot become {state}")
    finished = None if state in UNFINISHED else time.time()
    values = {"state": state, "reason": None, "message": None, "finished_at": finished}
    connection.execute(update(jobs).where(jobs.c.id == row.id).values(values))
    _tell(connection, row.id, state, dict(data or {}))


def _tell(connection: Connection, job_id: int, kind: str, data: Mapping[str, Json]) -> None:
    """The next event. Its number is taken from the job's row: none is read before the one below it."""
    counted = update(jobs).where(jobs.c.id == job_id).values(events=jobs.c.events + 1)
    number = connection.execute(counted.returning(jobs.c.events)).scalar_one()
    values = {"job_id": job_id, "id": number, "kind": kind, "at": time.time(), "data": dict(data)}
    connection.execute(insert(events).values(values))


def _job(connection: Connection, job_id: int) -> Job:
    row = connection.execute(_with_collection().where(jobs.c.id == job_id)).one_or_none()
    if row is None:
        raise UnknownJobError(f"there is no job {job_id}")
    return _as_job(row)


def _as_job(row: Row[Any]) -> Job:
    values = row._mapping  # public in spite of its name
    facts = {name: values[name] for name in Job.__dataclass_fields__}
    return Job(**{**facts, "scan": facts["scan"] or {}})
