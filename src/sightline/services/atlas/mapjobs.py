"""Jobs that draw maps: worked one after the other by a thread of their own. Does not know how maps are drawn.

A map's job counts per cent. What a crash or a stop leaves unfinished is begun anew: a map is kept whole, at
the job's end, or not at all.
"""

import logging

from sightline.domain.catalogue import Ledger, Record
from sightline.domain.ledger import Lease, Task
from sightline.domain.maps import MAP, PER_CENT, MapOrder
from sightline.services.atlas.drawing import Drawings
from sightline.services.atlas.following import Follower
from sightline.services.atlas.progress import Progress
from sightline.services.collections.leases import Leases
from sightline.services.collections.mishaps import Mishaps
from sightline.services.collections.rounds import Rounds
from sightline.services.collections.speeds import Speeds

log = logging.getLogger(__name__)

NEWS_S = 1.0  # between two looks for jobs that came from elsewhere
CLOSING_S = 5.0  # until the drawing that is under way is given up


class MapJobs:
    """owner: under what name shards are leased. speeds: where it is told how fast and at what a job is."""

    def __init__(
        self,
        record: Record,
        ledger: Ledger,
        drawings: Drawings,
        *,
        follower: Follower,
        speeds: Speeds,
        owner: str,
    ) -> None:
        self._record = record
        self._ledger = ledger
        self._drawings = drawings
        self._follower = follower
        self._speeds = speeds
        self._leases = Leases(ledger, owner, [MAP])
        self._rounds = Rounds()
        self._mishaps = Mishaps(ledger, self._rounds.stopping)
        self._rounds.add("map", self._next, pause_s=NEWS_S)

    def start(self) -> None:
        self._rounds.start()

    def close(self) -> None:
        self._rounds.close(CLOSING_S)

    def tell(self) -> None:
        """There is a new job."""
        self._rounds.tell()

    def _next(self) -> bool:
        for job in self._ledger.unfinished():
            if job.kind == MAP and job.state == "planning":
                with self._mishaps.alone(job.id):
                    tasks = (Task(str(number), {}) for number in range(1, PER_CENT + 1))
                    self._ledger.plan(job.id, tasks, shard_tasks=PER_CENT)
        lease = self._leases.claim()
        if lease is None:
            return False
        try:
            with self._mishaps.alone(lease.job_id):
                self._draw(lease)
        finally:
            self._leases.give_back(lease.shard_id)
            self._speeds.forget(lease.job_id)
        return True

    def _draw(self, lease: Lease) -> None:
        job = self._ledger.job(lease.job_id)
        space = self._record.space(job.collection)
        progress = Progress(
            self._ledger,
            self._leases,
            lease,
            speeds=self._speeds,
            space=space.fingerprint,
            stopping=self._rounds.stopping,
        )
        kept = self._drawings.draw(job.collection, MapOrder.of(job.request), progress.tell)
        with progress.held():
            self._follower.follow(job.collection)  # so that with the job all of it is done
        progress.end()
        facts = {
            "job": job.id,
            "collection": job.collection,
            "points": kept.points,
            "algorithm": kept.drawn.algorithm,
        }
        log.info("map drawn", extra={"fields": facts})
