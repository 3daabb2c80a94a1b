"""The kinds of jobs there are: what each has to do, and what its end brings. Does not know who works them."""

import logging
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import asdict
from typing import Protocol

from sightline.domain.catalogue import Ledger, Record
from sightline.domain.collections import Changeset, Space
from sightline.domain.errors import MissingVectorError
from sightline.domain.items import Json
from sightline.domain.ledger import Job
from sightline.services.collections.planning import OpenSource, Order, Plan, tasks_without_vector
from sightline.services.collections.purposes import Intake, Purpose, Reembedding
from sightline.services.collections.uploads import KeptUploads
from sightline.services.collections.views import Views

log = logging.getLogger(__name__)

INGEST = "ingest"
REEMBED = "re-embed"


class Kind(Protocol):
    """All raise UnknownCollectionError, RecordError."""

    def plan(self, job: Job) -> None:
        """Freeze what is to be done. Raises SourceError; JobStateError: it was paused or ended meanwhile."""
        ...

    def opened(self, job: Job) -> AbstractContextManager[tuple[Purpose, Space]]:
        """What its tasks are for, and the space they are embedded in. Raises SourceError."""
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

    def end(self, job: Job) -> None:
        """What was settled is all there is to do."""


class Reembeddings:
    """Embeds a collection in another space, beside the one it has, and binds it to that in one step.

    Until then it is searched as it was. What cannot be read again keeps it from being bound, unless the
    request says that such items go.
    """

    def __init__(
        self,
        record: Record,
        ledger: Ledger,
        views: Views,
        *,
        uploads: KeptUploads,
        open_source: OpenSource,
    ) -> None:
        self._record = record
        self._ledger = ledger
        self._views = views
        self._uploads = uploads
        self._open_source = open_source

    def plan(self, job: Job) -> None:
        space = space_asked(job)
        self._record.prepare_space(space)
        self._ledger.plan(job.id, tasks_without_vector(self._record, job.collection, space.fingerprint))

    @contextmanager
    def opened(self, job: Job) -> Iterator[tuple[Purpose, Space]]:
        space = space_asked(job)
        with ExitStack() as stack:
            sources = {
                note.name: stack.enter_context(closing(self._open_source(note)))
                for note in self._record.sources(job.collection)
            }
            yield Reembedding(sources, self._uploads, space.fingerprint), space

    def end(self, job: Job) -> None:
        now, wanted = self._record.space(job.collection), space_asked(job)
        if now.fingerprint == wanted.fingerprint:
            return
        if job.failed and job.request.get("drops_unreadable") is True:
            self._drop_failed(job, now)
        try:
            self._record.switch(job.collection, wanted.fingerprint)
        except MissingVectorError as error:
            facts = {"job": job.id, "collection": job.collection, "reason": error}
            log.warning("the collection keeps its space", extra={"fields": facts})
            if not job.failed:  # items came meanwhile
                self._ledger.create(REEMBED, job.collection, job.request)
            return
        self._views.rebuild(job.collection)

    def _drop_failed(self, job: Job, space: Space) -> None:
        after = ""
        while page := self._ledger.failures(job.id, after=after):
            ids = [failure.task_id for failure in page]
            self._record.commit(job.collection, Changeset(space.fingerprint, removals=ids))
            after = page[-1].task_id


def reembed_request(space: Space, *, drops_unreadable: bool) -> dict[str, Json]:
    """What a job of this kind keeps of what was asked."""
    return {"space": dict(asdict(space)), "drops_unreadable": drops_unreadable}


def space_asked(job: Job) -> Space:
    """Raises TypeError: the request says none."""
    space = job.request.get("space")
    if not isinstance(space, Mapping):
        raise TypeError("the request names no space")
    fingerprint, model, origin = (str(space.get(name, "")) for name in ("fingerprint", "model", "origin"))
    return Space(fingerprint, model, int(str(space["dim"])), origin)
