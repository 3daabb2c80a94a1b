"""The shards that one process holds: claimed, settled from the front, given back. Knows nothing of tasks.

What cannot be given back, because the record is away or full, is given back before the next claim: else
nobody could have it until its lease ends.
"""

from collections import deque
from collections.abc import Sequence

from sightline.domain.catalogue import Ledger
from sightline.domain.errors import LeaseLostError, UnknownJobError
from sightline.domain.ledger import Lease, Outcome


class Leases:
    """Safe to use from several threads, each with its own shards.

    owner: the name they are leased under. kinds: of the jobs that are worked on.
    """

    def __init__(self, ledger: Ledger, owner: str, kinds: Sequence[str]) -> None:
        self._ledger = ledger
        self._owner = owner
        self._kinds = tuple(kinds)
        self._held: dict[int, Lease] = {}  # by shard
        self._owed: deque[Lease] = deque()

    def claim(self) -> Lease | None:
        """A shard of the oldest running job; None when none is free."""
        while self._owed:
            self._return(self._owed.popleft())
        lease = self._ledger.claim(self._owner, kinds=self._kinds)
        if lease is not None:
            self._held[lease.shard_id] = lease
        return lease

    def settle(self, lease: Lease, outcome: Outcome) -> Lease | None:
        """As Ledger.settle."""
        rest = self._ledger.settle(lease, outcome)
        if rest is None:
            del self._held[lease.shard_id]
        else:
            self._held[lease.shard_id] = rest
        return rest

    def give_back(self, shard_id: int) -> None:
        """What is left of a shard, if anything is."""
        held = self._held.pop(shard_id, None)
        if held is not None:
            self._return(held)

    def beat(self) -> None:
        """Hold them all longer."""
        for lease in list(self._held.values()):
            try:
                self._ledger.heartbeat(lease)
            except (LeaseLostError, UnknownJobError):
                continue  # its worker meets that when it settles

    def _return(self, lease: Lease) -> None:
        try:
            self._ledger.release(lease)
        except BaseException:
            self._owed.append(lease)
            raise
