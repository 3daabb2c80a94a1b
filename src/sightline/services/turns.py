"""Whose turn it is among lanes of work that share one resource. Does not know what the work is.

Each lane is owed a share of the whole. The one that had least of its share goes next, so a lane's claim grows
for as long as it waits: the small lane is never starved, and an idle lane's share goes to the other.
"""

from collections.abc import Collection, Mapping

from sightline.services.jobs import Lane

SHARES: Mapping[Lane, float] = {"interactive": 4.0, "bulk": 1.0}


class Turns:
    """Stride scheduling. Not safe for several threads: the queue that owns it has a lock.

    Source: Waldspurger and Weihl, Stride Scheduling, MIT/LCS/TM-528, 1995.
    """

    def __init__(self, shares: Mapping[Lane, float] = SHARES) -> None:
        self._shares = shares
        self._had = dict.fromkeys(shares, 0.0)  # cost done, over the share

    def next(self, waiting: Collection[Lane]) -> Lane:
        """The lane to serve, of those that have something waiting; on a tie the one with the larger share."""
        return min(waiting, key=lambda lane: (self._had[lane], -self._shares[lane]))

    def arrive(self, lane: Lane, others: Collection[Lane]) -> None:
        """A lane that had nothing waiting has work again: it has no claim to what it did not use."""
        if others:
            self._had[lane] = max(self._had[lane], min(self._had[other] for other in others))

    def charge(self, lane: Lane, cost: float) -> None:
        """The lane was served."""
        self._had[lane] += cost / self._shares[lane]
