"""The neighbour graph: for each vector those most like it. Knows no layout, and no picture.

Candidates come from cells of points along the main axes, and are compared by their whole vectors.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sightline.domain.arrays import Float32, Int64
from sightline.projections.cells import Cells, Tell, sorted_into_cells
from sightline.projections.pca import Axes
from sightline.projections.pieces import each, slices

Int32 = NDArray[np.int32]
NONE = -1  # where there are fewer neighbours
SPARE = 16  # candidates, beside twice as many as neighbours are wanted
AT_ONCE = 32  # whose candidates' vectors are 5 MB


@dataclass(frozen=True, eq=False)
class Graph:
    """neighbours: (N, k). scores: (N, k), cosines, best first; NONE and -inf where there are fewer."""

    neighbours: Int32
    scores: Float32


@dataclass(frozen=True, eq=False)
class Vectors:
    """N unit vectors as a search needs them: whole, and by their places along the main axes.

    whole: (M, dim), perhaps in a file. rows: (N,), which of those they are. points: (N, R). halves: (N,),
    half the square of the distance from the mean, of which the points have only the part along the axes.
    """

    whole: Float32
    rows: Int64
    points: Float32
    halves: Float32

    def __len__(self) -> int:
        return len(self.rows)

    def of(self, numbers: Int64) -> Float32:
        """(...) -> (..., dim)."""
        return self.whole[self.rows[numbers]]

    def only(self, numbers: Int64) -> "Vectors":
        return Vectors(self.whole, self.rows[numbers], self.points[numbers], self.halves[numbers])

    def cells(self, seed: int) -> Cells:
        return sorted_into_cells(self.points, self.halves, seed=seed)


def prepared(whole: Float32, rows: Int64, axes: Axes) -> Vectors:
    """The vectors of these rows, for searches."""
    points = np.empty((len(rows), axes.count), dtype=np.float32)
    halves = np.empty(len(rows), dtype=np.float32)

    def measure(part: slice) -> None:
        vectors = whole[rows[part]] - axes.mean
        np.matmul(vectors, axes.directions, out=points[part])
        halves[part] = (vectors**2).sum(axis=1) / 2

    each(measure, slices(len(rows)))
    return Vectors(whole, rows, points, halves)


def graph_of(vectors: Vectors, count: int, seed: int, tell: Tell | None = None) -> Graph:
    """Each one's `count` nearest others by cosine."""
    neighbours = np.full((len(vectors), count), NONE, dtype=np.int32)
    scores = np.full((len(vectors), count), -np.inf, dtype=np.float32)
    kept = min(count, len(vectors) - 1)

    def compare(asking: Int64, candidates: Int64) -> None:
        for part in slices(len(asking), AT_ONCE):
            these, found = asking[part], candidates[part]
            cosines = compared(vectors, vectors.of(these), found)
            cosines[found == these[:, np.newaxis]] = -np.inf  # itself
            best = np.lexsort((found, -cosines), axis=1)[:, :kept]  # of equals the first
            neighbours[these, :kept] = np.take_along_axis(found, best, axis=1)
            scores[these, :kept] = np.take_along_axis(cosines, best, axis=1)

    if kept > 0:
        vectors.cells(seed).near(vectors.points, 2 * count + SPARE, compare, tell)
    return Graph(neighbours, scores)


def compared(vectors: Vectors, asked: Float32, candidates: Int64) -> Float32:
    """The cosines of each of (Q, dim) with its candidates (Q, C): (Q, C)."""
    products = np.matmul(vectors.of(candidates), asked[:, :, np.newaxis])  # (Q, C, 1)
    return np.asarray(products[:, :, 0])
