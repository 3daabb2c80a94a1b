"""How far a map's job is, settled per cent by per cent. Does not know what is done."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sightline.domain.catalogue import Ledger
from sightline.domain.collections import Changeset
from sightline.domain.errors import JobStateError, NotReadyError, RecordError
from sightline.domain.ledger import Lease, Outcome
from sightline.domain.maps import PER_CENT
from sightline.services.collections.leases import Leases
from sightline.services.collections.seldom import Seldom
from sightline.services.collections.speeds import Speeds

LOOK_S = 0.25  # between two looks whether the job is still wanted, each with what is told of its progress
HEARTBEAT_S = 20.0  # a third of a lease


class Progress:
    """Of one lease, for one thread. space: of the collection. stopping: set while the server is ended."""

    def __init__(
        self,
        ledger: Ledger,
        leases: Leases,
        lease: Lease,
        *,
        speeds: Speeds,
        space: str,
        stopping: threading.Event,
    ) -> None:
        self._ledger = ledger
        self._leases = leases
        self._lease = lease
        self._speeds = speeds
        self._nothing = Changeset(space)
        self._stopping = stopping
        self._share = 0.0
        self._stage = ""
        self._look = Seldom(LOOK_S, self._look_now)
        self._beat = Seldom(HEARTBEAT_S, leases.beat)

    def tell(self, stage: str, share: float) -> None:
        """Raises NotReadyError: the server is shutting down; JobStateError: the job was paused or ended."""
        if self._stopping.is_set():
            raise NotReadyError("the server is shutting down")
        self._share = share
        if stage != self._stage:
            self._look_now()  # what follows may not be undone, as when the map is kept
            self._stage = stage
        self._speeds.enter(self._lease.job_id, stage)
        self._look()
        self._beat()

    @contextmanager
    def held(self) -> Iterator[None]:
        """The lease is held until the block ends, which tells nothing."""
        over = threading.Event()

        def hold() -> None:
            while not over.wait(HEARTBEAT_S):
                with suppress(RecordError):  # it may be back before the lease ends
                    self._leases.beat()

        holding = threading.Thread(target=hold, name="map-lease", daemon=True)
        holding.start()
        try:
            yield
        finally:
            over.set()
            holding.join()

    def end(self) -> None:
        """All of it is done."""
        self._reach(PER_CENT)

    def _look_now(self) -> None:
        job = self._ledger.job(self._lease.job_id)
        if job.state != "running":
            raise JobStateError(f"job {job.id} is {job.state}; its drawing is given up")
        # the last per cent is settled once the map is kept; one that is begun anew has settled some before
        self._reach(min(int(self._share * PER_CENT), PER_CENT - 1))

    def _reach(self, per_cent: int) -> None:
        if per_cent > self._lease.reached:
            outcome = Outcome(per_cent - self._lease.reached, self._nothing)
            self._lease = self._leases.settle(self._lease, outcome) or self._lease
            self._speeds.note(self._ledger.job(self._lease.job_id))
