"""The kinds of jobs there are: what each has to do, and what its end brings. Does not know who works them."""

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, closing, contextmanager
from typing import Protocol

from sightline.domain.catalogue import Ledger, Record
from sightline.domain.collections import Space
from sightline.domain.ledger import Job
from sightline.services.collections.planning import OpenSource, Order, Plan
from sightline.services.collections.purposes import Intake, Purpose

log = logging.getLogger(__name__)

INGEST = "ingest"


class Kind(Protocol):
    """All raise UnknownCollectionError, RecordError."""

    def plan(self, job: Job) -> None:
        """Freeze what is to be done. Raises SourceError; JobStateError: it was paused or ended meanwhile."""
        ...

    def opened(self, job: Job) -> AbstractContextManager[tuple[Purpose, Space]]:
        """What its tasks are for, and the space they are embedded in. Raises SourceError."""
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

    def plan(self, job: Job) -> None:
        order = Order.of(job.request)
        self._record.note_source(job.collection, order.source)
        plan = Plan(self._record, job.collection, order.source, removes_missing=order.removes_missing)
        with closing(self._open_source(order.source)) as source:
            planned = self._ledger.plan(job.id, plan.tasks(source), scan=lambda: plan.scan(source))
            log.info("job planned", extra={"fields": {"job": job.id, "tasks": planned.total, **planned.scan}})

    @contextmanager
    def opened(self, job: Job) -> Iterator[tuple[Purpose, Space]]:
        space = self._record.space(job.collection)
        note = Order.of(job.request).source
        if all(one.name != note.name for one in self._record.sources(job.collection)):
            self._record.note_source(job.collection, note)  # taken out since, and something of it is retried
        with closing(self._open_source(note)) as source:
            yield Intake(source, note.name, space.fingerprint), space

    def require_current(self, job: Job) -> None:
        """A picture taken in once more does no harm."""

    def end(self, job: Job) -> None:
        """What was settled is all there is to do."""
