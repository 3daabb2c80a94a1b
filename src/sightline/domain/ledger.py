"""Jobs that outlive the process: their tasks, shards, states, events. Does not know who keeps or works them.

A job is planned once into shards, frozen lists of tasks. A worker holds a shard by a lease, settles its tasks
from the front, and may die at any point: what was settled stays settled, the rest is leased to the next.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, get_args

from sightline.domain.collections import Changeset
from sightline.domain.items import Json, Metadata

JobState = Literal["planning", "running", "paused", "done", "failed", "cancelled"]
STATES: tuple[JobState, ...] = get_args(JobState)

# from a state to those it may become. Paused and failed jobs go back to where they were; a done one runs
# again when its failures are retried; a paused one is done when the last lease that was out is settled.
MOVES: Mapping[JobState, frozenset[JobState]] = {
    "planning": frozenset({"running", "done", "paused", "failed", "cancelled"}),
    "running": frozenset({"done", "paused", "failed", "cancelled"}),
    "paused": frozenset({"planning", "running", "done", "cancelled"}),
    "failed": frozenset({"planning", "running", "cancelled"}),
    "done": frozenset({"running"}),
    "cancelled": frozenset(),
}
UNFINISHED: tuple[JobState, ...] = ("planning", "running", "paused")

REEMBED = "re-embed"  # the kind of job whose end changes a collection over


@dataclass(frozen=True)
class Task:
    """One thing to do, as it was when the job was planned. id: unique in its job."""

    id: str
    payload: Metadata


@dataclass(frozen=True)
class Failure:
    """A task that could not be done: why, by code, and how often it was tried. payload: the task's own."""

    task_id: str
    code: str
    message: str
    attempts: int = 1
    payload: Metadata = field(default_factory=dict)


@dataclass(frozen=True)
class Job:
    """total = done + failed when nothing waits. computed: vectors that cost a forward pass.

    events: how many there are, which is the newest one's id.
    scan: what its planning found, as its kind tells it; empty until it is planned.
    reason, message: why it is paused or failed, or what its end brought, by code and in words.
    Times are seconds since 1970, for display only.
    """

    id: int
    kind: str
    collection: str
    request: Metadata
    scan: Metadata
    state: JobState
    reason: str | None
    message: str | None
    total: int
    done: int
    failed: int
    computed: int
    events: int
    created_at: float
    finished_at: float | None


@dataclass(frozen=True)
class Lease:
    """The right to settle a shard's open tasks, until it expires and another takes it.

    attempt: how many leases the shard has had; settling under an older one is refused.
    """

    job_id: int
    shard_id: int
    attempt: int
    reached: int
    tasks: tuple[Task, ...]
    lasts_s: float


@dataclass(frozen=True)
class Outcome:
    """What came of the first `settled` tasks of a lease: what changes, and which of them failed."""

    settled: int
    changes: Changeset
    failures: Sequence[Failure] = ()


@dataclass(frozen=True)
class Event:
    """Something that happened to a job. id: counts up from 1 in its job, without gaps."""

    job_id: int
    id: int
    kind: str
    at: float  # seconds since 1970, for display only
    data: Mapping[str, Json]
