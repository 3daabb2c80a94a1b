"""What the end of a job brought, in the job's row. Does not know what it was, nor who brings it."""

from typing import Any

from sqlalchemy import Connection, Row, delete, update

from sightline.catalogue.tables import job_errors, jobs
from sightline.domain.errors import JobStateError


def conclude(connection: Connection, row: Row[Any], *, reason: str, message: str, settles: bool) -> None:
    """row: locked. settles: what failed is done with too. Raises JobStateError: the job is not done."""
    if row.state != "done":
        raise JobStateError(f"job {row.id} is {row.state}; only a job that is done can be concluded")
    values: dict[str, Any] = {"reason": reason, "message": message}
    if settles:
        connection.execute(delete(job_errors).where(job_errors.c.job_id == row.id))
        values |= {"failed": 0, "done": row.done + row.failed}
    connection.execute(update(jobs).where(jobs.c.id == row.id).values(values))
