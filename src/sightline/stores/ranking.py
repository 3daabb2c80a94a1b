"""Puts what a product found into the one order all stores keep. Knows no product.

Servers add up float32 in an order of their own and leave ties as they fall. So more are asked for than are
wanted, until no other could belong among them, and their cosines are computed here, in float64.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from sightline.domain.arrays import Float32
from sightline.domain.items import Scored

ROUNDING = 1e-5  # float32 sums of some thousand products of unit vectors differ by less
SPARE = 6
GROWTH = 4


@dataclass(frozen=True, eq=False)
class Candidate:
    """What a product found, with its own score. passes: it fits what the product did not check itself."""

    item_id: str
    score: float
    vector: Float32  # (dim,)
    passes: bool = True


def ranked(fetch: Callable[[int], Sequence[Candidate]], query: Float32, wanted: int) -> list[Scored]:
    """The best `wanted`, best first, ties by item id; fewer if there are no more.

    fetch: gives so many candidates, best first by the product's score, or all there are.
    """
    limit = wanted + SPARE
    while True:
        found = fetch(limit)
        passing = [candidate for candidate in found if candidate.passes]
        is_all = len(found) < limit
        if is_all or (len(passing) >= wanted and found[-1].score < passing[wanted - 1].score - ROUNDING):
            break
        limit *= GROWTH
    return sorted(_scored(passing, query), key=lambda hit: (-hit.score, hit.item_id))[:wanted]


def _scored(candidates: Sequence[Candidate], query: Float32) -> list[Scored]:
    """Row by row: equal vectors get equal scores, wherever they stand."""
    if not candidates:
        return []
    vectors = np.stack([candidate.vector for candidate in candidates]).astype(np.float64)  # (N, dim)
    cosines = np.sum(vectors * query.astype(np.float64), axis=1)
    return [Scored(one.item_id, float(cosine)) for one, cosine in zip(candidates, cosines, strict=True)]
