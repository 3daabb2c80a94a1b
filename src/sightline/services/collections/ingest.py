"""Jobs that fill collections: planned, worked, paused, resumed after any crash. Does not know sources' kinds.

A job is a row of the ledger before anybody hears of it. Two workers lease its shards; what they have settled
stays, whatever happens to them.
"""

import logging
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from functools import partial

from sightline.domain.catalogue import Ledger, Record
from sightline.domain.collections import Space
from sightline.domain.errors import (
    JobStateError,
    NotReadyError,
    SightlineError,
    UnknownJobError,
)
from sightline.domain.ledger import REEMBED, Job, Lease, Outcome
from sightline.services.collections.kinds import INGEST, Ingesting, Kind
from sightline.services.collections.leases import Leases
from sightline.services.collections.mishaps import Mishaps
from sightline.services.collections.planning import OpenSource, Order, require_picture, to_plan
from sightline.services.collections.reembedding import Reembeddings, reembed_request
from sightline.services.collections.rounds import Rounds
from sightline.services.collections.seldom import Seldom
from sightline.services.collections.shardwork import ShardWork
from sightline.services.collections.speeds import Speeds
from sightline.services.collections.uploads import KeptUploads
from sightline.services.collections.views import Views
from sightline.services.embedding import EmbeddingService
from sightline.services.workshop import Workshop

log = logging.getLogger(__name__)

WORKERS = 2  # shards at once: while one ends, the next keeps the device busy
READERS = 4  # files; a disk gives them in the order it likes best
PLAN_LOOK_S = 0.5  # between two looks whether a job that is planned is still wanted
LOOK_S = 1.0  # between two looks for work that came from elsewhere
HEARTBEAT_S = 20.0  # a third of a lease
ROOM_S = 2.0  # between two looks whether a full disk has room again
CLOSING_S = 10.0  # for what is in hand; what is not kept by then is done again

Models = Callable[[Space], EmbeddingService]  # raises SpaceMismatchError, NotReadyError


class Ingestion:
    """Safe to use from several threads.

    models: gives the service whose vectors are of a space. owner: under what name shards are leased.
    """

    def __init__(
        self,
        record: Record,
        ledger: Ledger,
        views: Views,
        *,
        models: Models,
        workshop: Workshop,
        uploads: KeptUploads,
        open_source: OpenSource,
        owner: str,
    ) -> None:
        self.record = record
        self.ledger = ledger
        self.views = views
        self._models = models
        self._workshop = workshop
        self._uploads = uploads
        self._open_source = open_source
        self._reembeddings = Reembeddings(record, ledger, views, uploads=uploads, open_source=open_source)
        self._kinds: dict[str, Kind] = {
            INGEST: Ingesting(record, ledger, open_source),
            REEMBED: self._reembeddings,
        }
        self._leases = Leases(ledger, owner, tuple(self._kinds))
        self._rounds = Rounds()
        self._mishaps = Mishaps(ledger, self._rounds.stopping)
        self.speeds = Speeds()
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="read")
        self._rounds.add("plan", self._plan_next, pause_s=LOOK_S)
        for number in range(WORKERS):
            self._rounds.add(f"ingest-{number}", self._work_next, pause_s=LOOK_S)
        self._rounds.add("heartbeat", self._beat, pause_s=HEARTBEAT_S)
        self._rounds.add("room", self._look_for_room, pause_s=ROOM_S)

    @property
    def is_at_work(self) -> bool:
        """Whether jobs go on here; else they wait for the next who opens the library."""
        return self._rounds.is_at_work

    def start(self) -> None:
        """Go on with every job that is unfinished, unasked; a crash may also have come just before an end."""
        for job in self._reembeddings.unended():
            with suppress(SightlineError), self._mishaps.alone(job.id):
                self._end_if_done(job.id)
        self._rounds.start()

    def close(self) -> None:
        """Keep what is in hand, give the shards back, and end."""
        self._rounds.close(CLOSING_S)
        self._readers.shutdown(wait=False, cancel_futures=True)

    def submit(self, collection: str, order: Order) -> Job:
        """A job, kept before this returns. Raises UnknownCollectionError, SourceError, RecordError."""
        with closing(self._open_source(order.source)):
            job = self.ledger.create(INGEST, collection, order.request())
        self._rounds.tell()
        return job

    def require_picture(self, order: Order) -> None:
        """Raises SourceError: the source has none, or cannot be read."""
        with closing(self._open_source(order.source)) as source:
            require_picture(order.source.address, source)

    def reembed(self, collection: str, space: Space, *, drops_unreadable: bool = False) -> Job:
        """A job that gives the collection vectors of another model.

        Raises UnknownCollectionError; MissingUploadsError: it would end without a vector for every item.
        """
        self.record.prepare_space(space)
        if not drops_unreadable:
            self._uploads.require_readable(collection, space.fingerprint)
        request = reembed_request(space, drops_unreadable=drops_unreadable)
        job = self.ledger.create(REEMBED, collection, request)
        self._rounds.tell()
        return job

    def pause(self, job_id: int) -> Job:
        """Raises UnknownJobError, JobStateError."""
        return self.ledger.pause(job_id)

    def resume(self, job_id: int) -> Job:
        """Raises UnknownJobError; JobStateError: also where it is out of date."""
        self._require_current(job_id)
        job = self.ledger.resume(job_id)
        self._rounds.tell()
        return job

    def cancel(self, job_id: int) -> Job:
        """Raises UnknownJobError, JobStateError."""
        return self.ledger.cancel(job_id)

    def retry(self, job_id: int) -> int:
        """Try all that failed again; returns how many. Raises UnknownJobError, JobStateError as resume."""
        self._require_current(job_id)
        queued = self.ledger.retry(job_id)
        self._rounds.tell()
        return queued

    def _require_current(self, job_id: int) -> None:
        job = self.ledger.job(job_id)
        if job.kind in self._kinds:
            self._kinds[job.kind].require_current(job)

    def _plan_next(self) -> bool:
        job = to_plan([job for job in self.ledger.unfinished() if job.kind in self._kinds])
        if job is None:
            return False
        with self._mishaps.alone(job.id):
            look = Seldom(PLAN_LOOK_S, partial(self._require_planning, job.id))
            self._kinds[job.kind].plan(job, look)
            self._end_if_done(job.id)
        self._rounds.tell()
        return True

    def _work_next(self) -> bool:
        lease = self._leases.claim()
        if lease is None:
            return False
        try:
            with self._mishaps.alone(lease.job_id):
                self._work(lease)
        finally:
            self._leases.give_back(lease.shard_id)
        return True

    def _work(self, lease: Lease) -> None:
        job = self.ledger.job(lease.job_id)
        with self._kinds[job.kind].opened(job) as (purpose, space):
            work = ShardWork(
                record=self.record,
                purpose=purpose,
                model=self._models(space).model,
                workshop=self._workshop,
                readers=self._readers,
                is_wanted=lambda: self._is_wanted(job.id),
            )
            work.run(lease, lambda held, outcome: self._settle(job, held, outcome))

    def _settle(self, job: Job, lease: Lease, outcome: Outcome) -> Lease | None:
        rest = self._leases.settle(lease, outcome)
        failed = len(outcome.failures)
        self._workshop.metrics.settled(
            done=outcome.settled - failed, failed=failed, computed=len(outcome.changes.vectors)
        )
        self.views.nudge(job.collection)
        self.speeds.note(self.ledger.job(job.id))
        self._end_if_done(job.id)
        return rest

    def _end_if_done(self, job_id: int) -> None:
        job = self.ledger.job(job_id)
        if job.state == "done":
            self._kinds[job.kind].end(job)
            self.speeds.forget(job.id)
            facts = {"job": job.id, "done": job.done, "failed": job.failed, "computed": job.computed}
            log.info("job done", extra={"fields": facts})

    def _is_wanted(self, job_id: int) -> bool:
        return not self._rounds.stopping.is_set() and self.ledger.job(job_id).state == "running"

    def _require_planning(self, job_id: int) -> None:
        """Raises NotReadyError: the workers are being ended; JobStateError: the job was, or is paused."""
        if self._rounds.stopping.is_set():
            raise NotReadyError("the server is shutting down")
        if (state := self.ledger.job(job_id).state) != "planning":
            raise JobStateError(f"job {job_id} is {state}; nothing more is planned")

    def _beat(self) -> bool:
        self._leases.beat()
        return False

    def _look_for_room(self) -> bool:
        waiting = self._mishaps.waiting_for_room()
        if waiting and self.ledger.has_room():
            for job_id in waiting:
                with suppress(JobStateError, UnknownJobError):
                    self.resume(job_id)
        return False
