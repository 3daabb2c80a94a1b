"""Rows that hold the same vector, told by a hash and then compared. Does not know why there are such.

A layout has one point for all of them: as many at distance 0 as a point has neighbours would cut them off.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from sightline.domain.arrays import Float32, Int64
from sightline.domain.errors import MapFailedError
from sightline.projections.cells import Tell
from sightline.projections.neighbours import NONE, Graph
from sightline.projections.pieces import each, slices

SEED = 5
UNIT_WITHIN = 1e-3  # of a vector's length; float16 is good to that


@dataclass(frozen=True, eq=False)
class Copies:
    """firsts: (U,), ascending, the first row of each vector. groups: (N,), which of those each row has."""

    firsts: Int64
    groups: Int64

    @property
    def is_any(self) -> bool:
        return len(self.firsts) < len(self.groups)


def copies_of(vectors: Float32, tell: Tell | None = None) -> Copies:
    """Which rows of (N, dim) are the same. Reads all of them once.

    Raises MapFailedError: a row is not a unit vector.
    """
    marks = np.random.default_rng(SEED).integers(2**63, size=vectors.shape[1], dtype=np.uint64) | np.uint64(1)
    hashes = np.empty(len(vectors), dtype=np.uint64)

    def read(rows: slice) -> None:
        block = np.ascontiguousarray(vectors[rows])
        lengths = np.linalg.norm(block, axis=1)
        wrong = np.flatnonzero(~(np.abs(lengths - 1) <= UNIT_WITHIN))  # NaN is wrong
        if len(wrong):
            raise MapFailedError(
                f"row {rows.start + int(wrong[0])} is no vector of length 1; bring vectors to unit length"
            )
        hashes[rows] = block.view(np.uint32).astype(np.uint64) @ marks  # modulo 2^64

    each(read, slices(len(vectors)), tell)
    _, first, inverse = np.unique(hashes, return_index=True, return_inverse=True)
    origin = first[inverse]  # (N,), the first row with this hash
    later = np.flatnonzero(origin != np.arange(len(vectors)))
    for rows in slices(len(later)):
        differ = (vectors[later[rows]] != vectors[origin[later[rows]]]).any(axis=1)
        origin[later[rows][differ]] = later[rows][differ]  # one in 10^7 times, in a million rows
    firsts, groups = np.unique(origin, return_inverse=True)
    return Copies(firsts.astype(np.int64), groups.astype(np.int64))


def with_copies(graph: Graph, copies: Copies) -> Graph:
    """The graph of all rows from that of the firsts: copies are each other's nearest neighbours."""
    if not copies.is_any:
        return graph
    near = graph.neighbours[copies.groups]
    neighbours = np.where(near == NONE, NONE, copies.firsts[near]).astype(np.int32)
    scores = graph.scores[copies.groups]
    sizes = np.bincount(copies.groups)
    has_copies = np.where(near == NONE, False, sizes[near] > 1).any(axis=1) | (sizes[copies.groups] > 1)
    members = np.split(np.argsort(copies.groups, kind="stable"), np.cumsum(sizes)[:-1])  # of each group
    for row in np.flatnonzero(has_copies).tolist():
        groups = [copies.groups[row], *near[row][near[row] != NONE]]
        likeness = [1.0, *graph.scores[copies.groups[row]]]
        found, cosines = _with_members(row, zip(groups, likeness, strict=False), members, near.shape[1])
        neighbours[row], scores[row] = NONE, -np.inf
        neighbours[row, : len(found)], scores[row, : len(found)] = found, cosines
    return Graph(neighbours, scores)


def _with_members(
    row: int, groups: Iterable[tuple[int, float]], members: Sequence[Int64], count: int
) -> tuple[list[int], list[float]]:
    """The first `count` rows of these groups without the row itself, and the cosine of each."""
    found: list[int] = []
    cosines: list[float] = []
    for group, cosine in groups:
        rows = members[group][: count + 1]
        others = rows[rows != row][: count - len(found)].tolist()
        found += others
        cosines += [cosine] * len(others)
    return found, cosines
