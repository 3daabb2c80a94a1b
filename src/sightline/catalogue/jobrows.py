"""A job's row: found, locked, moved to another state, with an event for each step. Does not know shards.

All functions work within the caller's transaction.
"""

import time
from collections.abc import Mapping
from typing import Any

from sqlalchemy import Connection, Row, Select, insert, select, update

from sightline.catalogue.tables import collections, events, jobs
from sightline.domain.errors import JobStateError, UnknownJobError
from sightline.domain.items import Json
from sightline.domain.ledger import MOVES, UNFINISHED, Job, JobState


def with_collection() -> Select[Any]:
    """Jobs of retired collections are gone with them, for all who ask."""
    columns = select(jobs, collections.c.name.label("collection"))
    return columns.select_from(jobs.join(collections)).where(~collections.c.retired)


def unfinished(connection: Connection, collection_id: int, kind: str) -> Job | None:
    query = with_collection().where(jobs.c.collection_id == collection_id, jobs.c.kind == kind)
    row = connection.execute(query.where(jobs.c.state.in_(UNFINISHED)).limit(1)).one_or_none()
    return None if row is None else as_job(row)


def locked(connection: Connection, job_id: int) -> Row[Any]:
    """The job's row, which nobody else changes until the transaction ends: states and events are in order."""
    query = with_collection().where(jobs.c.id == job_id).with_for_update(of=jobs)
    row = connection.execute(query).one_or_none()
    if row is None:
        raise UnknownJobError(f"there is no job {job_id}")
    return row


def planning(connection: Connection, job_id: int) -> Row[Any]:
    row = locked(connection, job_id)
    if row.state != "planning":
        raise JobStateError(f"job {job_id} is {row.state}; nothing more is planned")
    return row


def move(
    connection: Connection, row: Row[Any], state: JobState, *, data: Mapping[str, Json] | None = None
) -> None:
    """To another state, if the table of moves allows it; tells it as an event of that name."""
    if state not in MOVES[row.state]:
        raise JobStateError(f"job {row.id} is {row.state}; it cannot become {state}")
    finished = None if state in UNFINISHED else time.time()
    values = {"state": state, "reason": None, "message": None, "finished_at": finished}
    connection.execute(update(jobs).where(jobs.c.id == row.id).values(values))
    tell(connection, row.id, state, dict(data or {}))


def tell(connection: Connection, job_id: int, kind: str, data: Mapping[str, Json]) -> None:
    """The next event. Its number is taken from the job's row: none is read before the one below it."""
    counted = update(jobs).where(jobs.c.id == job_id).values(events=jobs.c.events + 1)
    number = connection.execute(counted.returning(jobs.c.events)).scalar_one()
    values = {"job_id": job_id, "id": number, "kind": kind, "at": time.time(), "data": dict(data)}
    connection.execute(insert(events).values(values))


def job(connection: Connection, job_id: int) -> Job:
    row = connection.execute(with_collection().where(jobs.c.id == job_id)).one_or_none()
    if row is None:
        raise UnknownJobError(f"there is no job {job_id}")
    return as_job(row)


def as_job(row: Row[Any]) -> Job:
    values = row._mapping  # public in spite of its name
    facts = {name: values[name] for name in Job.__dataclass_fields__}
    return Job(**{**facts, "scan": facts["scan"] or {}})
