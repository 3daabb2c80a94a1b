"""Jobs that give a collection the vectors of another model. Does not know who works them.

A collection is embedded in another space beside the one it has, and bound to that in one step at the job's
end. Until then it is searched as it was. What cannot be read again keeps it from being bound, unless the
request says that such items go. Either way the job says what came of it.
"""

import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager, suppress
from dataclasses import asdict

from sightline.domain.catalogue import Ledger, Record
from sightline.domain.collections import Changeset, Space
from sightline.domain.errors import JobStateError, MissingVectorError
from sightline.domain.items import Json
from sightline.domain.ledger import REEMBED, Failure, Job, Task
from sightline.domain.ports import Look
from sightline.domain.wording import counted
from sightline.services.collections.planning import OpenSource, tasks_without_vector
from sightline.services.collections.purposes import Purpose, Reembedding
from sightline.services.collections.uploads import KeptUploads
from sightline.services.collections.views import Views

log = logging.getLogger(__name__)

SWITCHED = "space_switched"
KEPT = "space_kept"
NAMED = 20  # of the items that are taken out; the log has them all


class Reembeddings:
    """The kind of job that does it."""

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

    def plan(self, job: Job, look: Look) -> None:
        space = space_asked(job)
        self._record.prepare_space(space)
        tasks = tasks_without_vector(self._record, job.collection, space.fingerprint, look)
        self._ledger.plan(job.id, tasks)

    @contextmanager
    def opened(self, job: Job) -> Iterator[tuple[Purpose, Space]]:
        space = space_asked(job)

        def is_wanted(task: Task) -> bool:
            item = self._record.items(job.collection, [task.id]).get(task.id)
            return item is not None and item.sha256 == task.payload["sha256"]

        with ExitStack() as stack:
            sources = {
                note.name: stack.enter_context(closing(self._open_source(note)))
                for note in self._record.sources(job.collection)
            }
            yield Reembedding(sources, self._uploads, space.fingerprint, is_wanted), space

    def require_current(self, job: Job) -> None:
        """Raises JobStateError: the collection was to be embedded anew since, and that is what counts."""
        newest = self._newest(job.collection)
        if newest is not None and newest.id > job.id:
            raise JobStateError(
                f"job {job.id} is out of date: job {newest.id} embedded {job.collection} anew since; ask for "
                "a re-embed again"
            )

    def unended(self) -> list[Job]:
        """The newest of each collection that did not say what came of it: a crash may have come before."""
        newest = {job.collection: job for job in reversed(self._ledger.jobs()) if _counts(job)}
        return [job for job in newest.values() if job.state == "done" and job.reason is None]

    def end(self, job: Job) -> None:
        try:
            self.require_current(job)
        except JobStateError as error:
            self._conclude(job, KEPT, str(error))
            return
        now, wanted = self._record.space(job.collection), space_asked(job)
        is_bound = now.fingerprint == wanted.fingerprint
        dropped: list[str] = []
        if job.failed and job.request.get("drops_unreadable") is True:
            dropped = self._drop_failed(job, None if is_bound else now)
        if not is_bound:
            try:
                self._record.switch(job.collection, wanted.fingerprint)
            except MissingVectorError as error:
                facts = {"job": job.id, "collection": job.collection, "reason": error}
                log.warning("the collection keeps its space", extra={"fields": facts})
                self._conclude(job, KEPT, self._why_kept(job, now, wanted))
                return
        told = _taken_out(dropped) + f"{job.collection} is searched with {wanted.model} from now on"
        try:
            if not is_bound:
                self._views.rebuild(job.collection)
        finally:  # whatever becomes of the view, the record has changed over
            self._conclude(job, SWITCHED, told, settles=bool(dropped))

    def _why_kept(self, job: Job, now: Space, wanted: Space) -> str:
        """And what to do; items that came meanwhile are seen to here and now."""
        if not job.failed:
            further = self._ledger.create(REEMBED, job.collection, job.request)
            return f"items came meanwhile: job {further.id} embeds them, then {job.collection} changes over"
        verb, them = ("has", "it") if job.failed == 1 else ("have", "them")
        return (
            f"{job.collection} is still searched with {now.model}: {counted(job.failed, 'item')} {verb} no "
            f"vector of {wanted.model}; put {them} back or take {them} out, then `sightline retry {job.id}`, "
            f"or `sightline collection re-embed {job.collection} --model {wanted.model} --drop-unreadable`"
        )

    def _conclude(self, job: Job, reason: str, message: str, *, settles: bool = False) -> None:
        with suppress(JobStateError):  # its failures are being tried again: it ends once more
            self._ledger.conclude(job.id, reason=reason, message=message, settles=settles)

    def _newest(self, collection: str) -> Job | None:
        return next((job for job in self._ledger.jobs(collection) if _counts(job)), None)

    def _drop_failed(self, job: Job, space: Space | None) -> list[str]:
        """Take out what failed, and name it. space: the one it is taken out of; None: it is gone."""
        after = ""
        names: list[str] = []
        while page := self._ledger.failures(job.id, after=after):
            ids = [failure.task_id for failure in page]
            if space is not None:
                self._record.commit(job.collection, Changeset(space.fingerprint, removals=ids))
            names += map(_name, page)
            after = page[-1].task_id
        log.warning("items are taken out", extra={"fields": {"job": job.id, "items": names}})
        return names


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


def _counts(job: Job) -> bool:
    """One that was called off changes nothing."""
    return job.kind == REEMBED and job.state != "cancelled"


def _taken_out(names: Sequence[str]) -> str:
    """What comes before the rest of the message; nothing where nothing is."""
    if not names:
        return ""
    verb = "is" if len(names) == 1 else "are"
    rest = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{counted(len(names), 'item')} {verb} taken out: {', '.join(names[:NAMED])}{rest}; "


def _name(failure: Failure) -> str:
    """What came with a request has no address. A file's name need not be text; a message must be."""
    uri = str(failure.payload.get("uri") or failure.task_id)
    return uri.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
