"""A job followed to its end: as events, or by asking where there are none. Does not know what it does."""

import time
from collections.abc import Iterator

from sightline.cli.library.connection import Connection
from sightline.cli.progress import Progress
from sightline.client.answers import BY_REQUEST
from sightline.client.events import EventLines, JobEvent
from sightline.client.steps import Facts
from sightline.domain.errors import ServerAwayError, ServerRefusedError
from sightline.domain.ledger import REEMBED, STATES, UNFINISHED

POLL_S = 0.5
LOOK_S = 0.05  # between two looks for what usually comes at once
CONCLUDED_S = 60.0  # its collection's view is dropped first, and a store may be slow


def followed(library: Connection, number: int, bar: Progress) -> Facts:
    """The job as it is when nothing more will come of it: ended, or paused by somebody.

    A server that ends meanwhile is replaced: the job goes on where it was.
    """
    last: str | None = None  # of the events that were told
    while True:
        job: Facts = library.get(f"/v1/jobs/{number}")
        bar.reach(job["done"] + job["failed"], job["total"])
        if _is_over(job):
            return job
        try:
            for event in _events(library, number, last):
                last = last if event.id is None else str(event.id)
                facts = event.data
                if "done" in facts:
                    bar.reach(facts["done"] + facts["failed"], facts.get("total", job["total"]))
        except (ServerRefusedError, ServerAwayError):  # as many streams are open as can be, or it broke off
            time.sleep(POLL_S)


def concluded(library: Connection, job: Facts) -> Facts:
    """The job with what its end brought, where that is told: a re-embed changes over once it is done."""
    ends_at = time.monotonic() + CONCLUDED_S
    while job["kind"] == REEMBED and job["state"] == "done" and job["reason"] is None:
        if time.monotonic() > ends_at:
            break
        time.sleep(LOOK_S)
        job = library.get(f"/v1/jobs/{job['id']}")
    return job


def _is_over(job: Facts) -> bool:
    return job["state"] not in UNFINISHED or (job["state"] == "paused" and job["reason"] == BY_REQUEST)


def _events(library: Connection, number: int, after: str | None) -> Iterator[JobEvent]:
    """The events, until the job has changed its state."""
    headers = {"last-event-id": after} if after is not None else {}
    lines = EventLines()
    with library.stream(f"/v1/jobs/{number}/events", headers=headers) as answer:
        for line in answer.iter_lines():
            event = lines.take(line)
            if event is not None:
                yield event
                if event.kind in STATES:
                    return
