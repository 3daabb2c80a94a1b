"""How much of the truth an index finds. Knows no index and no store."""

from collections.abc import Iterable

from sightline.domain.arrays import Float32
from sightline.domain.ports import View

NEIGHBOURS = 10
TIE = 1e-6  # cosines nearer than this are one: float32 sums differ by that with their order


def recall_at_10(view: View, queries: Iterable[Float32]) -> float | None:
    """The share of the ten nearest that a search by index finds, over the queries; None without any.

    What is as near as the tenth counts as found, whichever of several equal items it is.
    """
    found = wanted = 0
    for query in queries:
        truth = view.nearest(query, NEIGHBOURS, exact=True)
        floor = truth[-1].score - TIE if truth else 0.0
        hits = view.nearest(query, NEIGHBOURS)
        found += min(len(truth), sum(hit.score >= floor for hit in hits))
        wanted += len(truth)
    return found / wanted if wanted else None
