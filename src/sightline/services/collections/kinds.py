"""The kinds of jobs there are: what each has to do, and what its end brings. Does not know who works them."""

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from typing import Protocol

from sightline.domain.catalogue import Ledger, Record
from sightline.domain.collections import Space
from sightline.domain.errors import JobStateError, UnknownSourceError
from sightline.domain.ledger import Job
from sightline.domain.ports import Look
from sightline.services.collections.planning import OpenSource, Order, Plan
from sightline.services.collections.purposes import Intake, Purpose

log = logging.getLogger(__name__)

INGEST = "ingest"


class Kind(Protocol):
    """All raise UnknownCollectionError, RecordError."""

    def plan(self, job: Job, look: Look) -> None:
        """Freeze what is to be done; what a look on the way raises ends it.

        Raises SourceError; JobStateError: it was paused or ended meanwhile.
        """
        ...

    def opened(self, job: Job) -> AbstractContextManager[tuple[Purpose, Space]]:
        """What its tasks are for, and in which space. Raises SourceError, UnknownSourceError."""
        ...

    def require_current(self, job: Job) -> None:
        """Raises JobStateError: what it would bring is out of date, and it must not go on."""
        ...

    def end(self, job: Job) -> None:
        """All that could be done is done; called again after a crash in between."""
        ...


class Ingesting:
    """Takes a source in."""

    def __init__(self, record: Record, ledger: Ledger, open_source: OpenSource) -> None:
        self._record = record
        self._ledger = ledger
        self._open_source = open_source

    def plan(self, job: Job, look: Look) -> None:
        order = Order.of(job.request)
        self._record.note_source(job.collection, order.source)
        plan = Plan(self._record, job.collection, order.source, removes_missing=order.removes_missing)
        with closing(self._open_source(order.source)) as source:
            tasks = plan.tasks(source, look)
            planned = self._ledger.plan(job.id, tasks, scan=lambda: plan.scan(source))
            log.info("job planned", extra={"fields": {"job": job.id, "tasks": planned.total, **planned.scan}})

    @contextmanager
    def opened(self, job: Job) -> Iterator[tuple[Purpose, Space]]:
        space = self._record.space(job.collection)
        note = Order.of(job.request).source
        if not self._is_noted(job):
            raise UnknownSourceError(_taken_out(note.name))
        with closing(self._open_source(note)) as source:
            yield Intake(source, note.name, space.fingerprint), space

    def require_current(self, job: Job) -> None:
        """Raises JobStateError: what it took in was taken out, and must not come back unasked."""
        if job.scan and not self._is_noted(job):  # before its plan is kept it notes the source itself
            raise JobStateError(_taken_out(Order.of(job.request).source.name))

    def end(self, job: Job) -> None:
        """What was settled is all there is to do."""

    def _is_noted(self, job: Job) -> bool:
        name = Order.of(job.request).source.name
        return any(one.name == name for one in self._record.sources(job.collection))


def _taken_out(name: str) -> str:
    return f"the source {name[:200]!r} was taken out since; to have it back, ingest it again"
