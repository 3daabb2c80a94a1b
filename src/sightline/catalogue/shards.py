"""Shards: leased, settled from the front, given back. Does not know how a job's state changes.

All functions work within the caller's transaction.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, delete, func, insert, or_, select, update

from sightline.catalogue.dialects import Dialect
from sightline.catalogue.parts import in_parts
from sightline.catalogue.tables import collections, job_errors, jobs, shards
from sightline.domain.errors import LeaseLostError
from sightline.domain.ledger import Failure, Lease, Task

MAX_LEASE_S = 3600.0  # one that ends later was given before the clock began anew


def freeze(connection: Connection, job_id: int, tasks: Sequence[Task]) -> None:
    """Make a shard of the tasks."""
    rows = [[task.id, dict(task.payload)] for task in tasks]
    connection.execute(insert(shards).values(job_id=job_id, tasks=rows, size=len(rows)))


def claim(
    connection: Connection, dialect: Dialect, owner: str, *, kinds: Sequence[str] | None, lasts_s: float
) -> Lease | None:
    """Lease the first shard of the oldest running job that nobody holds; None when there is none.

    kinds: of jobs; None for all. lasts_s: at most MAX_LEASE_S.
    """
    now = dialect.lease_clock(connection)
    free = (
        select(shards)
        .select_from(shards.join(jobs).join(collections))
        .where(jobs.c.state == "running", ~collections.c.retired)
        .where(~shards.c.is_done, _is_free(now))
        .order_by(shards.c.job_id, shards.c.id)
        .limit(1)
        .with_for_update(of=shards, skip_locked=True)  # whom another is about to lease, that one has
    )
    if kinds is not None:
        free = free.where(jobs.c.kind.in_(kinds))
    row = connection.execute(free).one_or_none()
    if row is None:
        return None
    held = {"owner": owner, "leased_until": now + lasts_s, "attempts": row.attempts + 1}
    connection.execute(update(shards).where(shards.c.id == row.id).values(held))
    tasks = tuple(Task(task_id, payload) for task_id, payload in row.tasks[row.reached :])
    return Lease(
        job_id=row.job_id,
        shard_id=row.id,
        attempt=row.attempts + 1,
        reached=row.reached,
        tasks=tasks,
        lasts_s=lasts_s,
    )


def prolong(connection: Connection, dialect: Dialect, lease: Lease) -> None:
    """Raises LeaseLostError."""
    until = dialect.lease_clock(connection) + lease.lasts_s
    done = connection.execute(update(shards).where(_is_held(lease)).values(leased_until=until))
    if done.rowcount != 1:
        raise _lost(lease)


def give_back(connection: Connection, lease: Lease) -> None:
    """Let the next have it at once; nothing happens to a lease that is lost."""
    connection.execute(update(shards).where(_is_held(lease)).values(owner=None, leased_until=None))


def give_all_back(connection: Connection, owner: str | None) -> int:
    """Every lease that an owner has, or that anybody has; returns how many there were."""
    is_held = shards.c.owner.is_not(None) if owner is None else shards.c.owner == owner
    held = update(shards).where(is_held, ~shards.c.is_done)
    return connection.execute(held.values(owner=None, leased_until=None)).rowcount


def advance(connection: Connection, dialect: Dialect, lease: Lease, settled: int) -> None:
    """Count `settled` tasks from the front as done with. Raises LeaseLostError."""
    reached = lease.reached + settled
    if settled == len(lease.tasks):
        # what failed has its own row: the list is not needed any more, and would outgrow the items
        values: dict[str, Any] = {"is_done": True, "owner": None, "leased_until": None, "tasks": []}
    else:
        values = {"leased_until": dialect.lease_clock(connection) + lease.lasts_s}
    done = connection.execute(update(shards).where(_is_held(lease)).values(reached=reached, **values))
    if done.rowcount != 1:
        raise _lost(lease)


def note_failures(
    connection: Connection, dialect: Dialect, job_id: int, *, tried: Sequence[Task], failed: Sequence[Failure]
) -> int:
    """Of the tasks that were tried, those that failed have a row with their attempts summed, the others none.

    Returns how many failed.
    """
    codes = {failure.task_id: failure for failure in failed}
    mine = job_errors.c.job_id == job_id
    for part in in_parts([task.id for task in tried if task.id not in codes]):
        connection.execute(delete(job_errors).where(mine, job_errors.c.task_id.in_(part)))
    rows = [
        {
            "job_id": job_id,
            "task_id": task.id,
            "payload": dict(task.payload),
            "code": codes[task.id].code,
            "message": codes[task.id].message,
            "attempts": codes[task.id].attempts,
            "is_queued": False,
        }
        for task in tried
        if task.id in codes
    ]
    if rows:
        note = dialect.insert(job_errors)
        new = {
            **{name: note.excluded[name] for name in ("payload", "code", "message", "is_queued")},
            "attempts": job_errors.c.attempts + note.excluded.attempts,
        }
        key = [job_errors.c.job_id, job_errors.c.task_id]
        connection.execute(note.on_conflict_do_update(index_elements=key, set_=new), rows)
    return len(rows)


def queue_failures(connection: Connection, job_id: int, shard_tasks: int) -> int:
    """Freeze the failed tasks that wait in no shard into new ones; returns how many tasks that were."""
    failed = and_(job_errors.c.job_id == job_id, ~job_errors.c.is_queued)
    rows = connection.execute(
        select(job_errors.c.task_id, job_errors.c.payload).where(failed).order_by(job_errors.c.task_id)
    ).all()
    for start in range(0, len(rows), shard_tasks):
        part = rows[start : start + shard_tasks]
        freeze(connection, job_id, [Task(row.task_id, row.payload) for row in part])
    connection.execute(update(job_errors).where(failed).values(is_queued=True))
    return len(rows)


def count_failures(connection: Connection, job_id: int) -> int:
    """How many tasks failed and wait in no shard."""
    failed = select(func.count()).where(job_errors.c.job_id == job_id, ~job_errors.c.is_queued)
    return connection.execute(failed).scalar_one()


def is_any_left(connection: Connection, job_id: int) -> bool:
    left = select(shards.c.id).where(shards.c.job_id == job_id, ~shards.c.is_done).limit(1)
    return connection.execute(left).first() is not None


def failures(rows: Iterable[Row[Any]]) -> list[Failure]:
    """Failures from rows of their table."""
    return [Failure(row.task_id, row.code, row.message, row.attempts, row.payload) for row in rows]


def _is_free(now: float) -> ColumnElement[bool]:
    """Nobody's, expired, or held until a time that no lease reaches: the machine's clock began anew."""
    until = shards.c.leased_until
    return or_(shards.c.owner.is_(None), until <= now, until > now + MAX_LEASE_S)


def _is_held(lease: Lease) -> ColumnElement[bool]:
    """By this very lease. One that expired is still good until another takes the shard."""
    return and_(
        shards.c.id == lease.shard_id,
        shards.c.attempts == lease.attempt,
        shards.c.reached == lease.reached,
        shards.c.owner.is_not(None),
        ~shards.c.is_done,
    )


def _lost(lease: Lease) -> LeaseLostError:
    return LeaseLostError(
        f"shard {lease.shard_id} of job {lease.job_id} is not held by lease {lease.attempt} any more; drop "
        "this work and claim another shard"
    )
