"""Points sorted into cells of such as lie together, so that a search need look at few. Knows no vectors.

What it finds are candidates, by their distance along the main axes; somebody else compares their vectors. No
index is built: products of whole cells find the neighbours of 100,000 points sooner than a graph of them is
made, find the same every time, and leave no point without a way to it, however many lie together.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from sightline.domain.arrays import Float32, Int64
from sightline.projections.pieces import each, slices
from sightline.projections.selecting import largest

A_CELL = 64  # points, about: with 1,000 as many as are seen hold a fifth fewer of the true neighbours
MAX_CELLS = 4_096  # to find each point's own takes as long as to compare it with so many points
SEEN = 16_000  # points that each is compared with
LEARNT_FROM = 32  # points for every cell
ROUNDS = 6  # of moving the centres; more change little
AT_ONCE = 128  # points whose products with all they see stay near the processor: 8 MB

Work = Callable[[Int64, Int64], None]  # rows (Q,) of those asked for, and candidates (Q, count) for each
Tell = Callable[[float], None]


@dataclass(frozen=True, eq=False)
class Cells:
    """points: (N, R), cell by cell. halves: (N,), half the square of each one's length, in all directions.

    rows: (N,), the number that each had. starts: (C + 1,). centres: (C, R). seen: with how many points each
    one that is asked for is compared, or with a few more.
    """

    points: Float32
    halves: Float32
    rows: Int64
    starts: Int64
    centres: Float32
    seen: int

    def near(self, asked: Float32, count: int, work: Work, tell: Tell | None = None) -> None:
        """For each of (Q, R) the rows of the `count` nearest points, or of all, in no order.

        work: is called with pieces of them, by several threads at once.
        """
        homes = _nearest_centres(asked, self.centres)
        order = np.argsort(homes, kind="stable")
        bounds = np.searchsorted(homes[order], np.arange(len(self.centres) + 1))
        pieces = [
            (cell, order[start : min(start + AT_ONCE * 8, end)])
            for cell, (start, end) in enumerate(pairwise(bounds.tolist()))
            for start in range(start, end, AT_ONCE * 8)
        ]

        def find(piece: tuple[int, Int64]) -> None:
            cell, asking = piece
            points, halves, rows = self._seen(cell)
            for start in range(0, len(asking), AT_ONCE):
                these = asking[start : start + AT_ONCE]
                scores = asked[these] @ points.T - halves  # larger is nearer: (Q, SEEN)
                work(these, rows[largest(scores, min(count, len(rows)))])

        each(find, pieces, tell)

    def _seen(self, cell: int) -> tuple[Float32, Float32, Int64]:
        """What is compared with the points of a cell: those in it and in the cells around it."""
        distances = ((self.centres - self.centres[cell]) ** 2).sum(axis=1)
        by_distance = np.argsort(distances, kind="stable")
        sizes = np.diff(self.starts)[by_distance]
        enough = int(np.searchsorted(np.cumsum(sizes), self.seen)) + 1
        spans = [slice(self.starts[near], self.starts[near + 1]) for near in by_distance[:enough]]
        return (
            np.concatenate([self.points[span] for span in spans]),
            np.concatenate([self.halves[span] for span in spans]),
            np.concatenate([self.rows[span] for span in spans]),
        )


def sorted_into_cells(points: Float32, halves: Float32, *, seed: int, seen: int = SEEN) -> Cells:
    """Cells of (N, R) points, N > 0, by k-means; the same for the same seed."""
    count = min(len(points) // A_CELL, MAX_CELLS) if len(points) > seen else 1
    centres = _centres(points, count, seed)
    homes = _nearest_centres(points, centres)
    order = np.argsort(homes, kind="stable")
    starts = np.searchsorted(homes[order], np.arange(count + 1))
    return Cells(points[order], halves[order], order, starts, centres, seen)


def _centres(points: Float32, count: int, seed: int) -> Float32:
    if count == 1:
        return np.asarray(points.mean(axis=0, keepdims=True))
    rng = np.random.default_rng(seed)
    sample = points[rng.permutation(len(points))[: count * LEARNT_FROM]]
    centres = sample[:count].copy()
    for _ in range(ROUNDS):
        homes = _nearest_centres(sample, centres)
        order = np.argsort(homes, kind="stable")
        present, starts, sizes = np.unique(homes[order], return_index=True, return_counts=True)
        sums = np.add.reduceat(sample[order], starts, axis=0)
        centres[present] = sums / sizes[:, np.newaxis]
    return centres


def _nearest_centres(points: Float32, centres: Float32) -> Int64:
    homes = np.empty(len(points), dtype=np.int64)
    halves = (centres**2).sum(axis=1) / 2

    def find(rows: slice) -> None:
        homes[rows] = (points[rows] @ centres.T - halves).argmax(axis=1)

    each(find, slices(len(points)))
    return homes
