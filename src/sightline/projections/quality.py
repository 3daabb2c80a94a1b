"""How far a map and its graph can be trusted, from a sample of rows. Does not know how they were made."""

from dataclasses import dataclass

import numpy as np

from sightline.domain.arrays import Float32, Int64
from sightline.projections.neighbours import NONE, Graph
from sightline.projections.pieces import each, slices

SAMPLE = 512
PRODUCTS = 100_000_000  # of the sample and all rows: of a million rows 100 are asked
AT_ONCE = 16_000_000  # of those, 64 MB
ROUNDING = 1e-5  # of cosines in float32: an equally near neighbour is as good
OUTLIERS = 20


@dataclass(frozen=True)
class Quality:
    """Both 0 to 1; see Drawn."""

    trustworthiness: float
    graph_recall: float


def quality_of(vectors: Float32, places: Float32, graph: Graph, seed: int) -> Quality | None:
    """Of (N, dim), (N, 2) and their graph; none where there are too few rows to ask.

    Source of trustworthiness: Venna and Kaski 2001, "Neighborhood preservation in nonlinear projection
    methods", equation 1: k neighbours on the map cost as much as they are farther than k-th in the space.
    """
    rows = len(vectors)
    near = min(graph.neighbours.shape[1], (rows - 1) // 2)  # the formula holds below half of the rows
    if near < 1:
        return None
    size = min(rows, SAMPLE, max(PRODUCTS // rows, 1))
    sample = np.sort(np.random.default_rng(seed).choice(rows, size, replace=False))
    costs, found = np.zeros(size), np.zeros(size)

    def measure(part: slice) -> None:
        asked = sample[part]
        cosines = _cosines(vectors, asked)
        costs[part] = _costs(cosines, _near_on_map(places, asked, near), near)
        found[part] = _recalled(cosines, graph.scores[asked])

    each(measure, slices(size, max(AT_ONCE // rows, 1)))
    worst = near * (2 * rows - 3 * near - 1) / 2
    return Quality(float(1 - costs.mean() / worst), float(found.mean()))


def outliers_of(graph: Graph) -> list[int]:
    """The rows whose neighbours are least like them, the farthest first."""
    present = graph.neighbours != NONE
    likeness = np.where(present, graph.scores, 0).sum(axis=1) / np.maximum(present.sum(axis=1), 1)
    alone = ~present.any(axis=1)
    order = np.argsort(np.where(alone, np.inf, likeness), kind="stable")[:OUTLIERS]
    return [int(row) for row in order if not alone[row]]


def _cosines(vectors: Float32, asked: Int64) -> Float32:
    """With all rows, (Q, N); with itself: -inf."""
    cosines = np.empty((len(asked), len(vectors)), dtype=np.float32)
    queries = np.asarray(vectors[asked])
    for rows in slices(len(vectors)):
        cosines[:, rows] = queries @ vectors[rows].T
    cosines[np.arange(len(asked)), asked] = -np.inf
    return cosines


def _near_on_map(places: Float32, asked: Int64, count: int) -> Int64:
    across, down = (places[asked, axis, np.newaxis] - places[:, axis] for axis in (0, 1))  # (Q, N)
    squares = across**2 + down**2
    squares[np.arange(len(asked)), asked] = np.inf
    return np.argpartition(squares, count - 1, axis=1)[:, :count]


def _costs(cosines: Float32, near: Int64, count: int) -> Float32:
    """How many ranks too far the neighbours on the map are in the space, in all: (Q,)."""
    costs = np.zeros(len(cosines), dtype=np.float32)
    for column in range(near.shape[1]):
        own = np.take_along_axis(cosines, near[:, column : column + 1], axis=1)
        ranks = (cosines > own).sum(axis=1) + 1
        costs += np.maximum(ranks - count, 0)
    return costs


def _recalled(cosines: Float32, scores: Float32) -> Float32:
    """The share of the graph's neighbours that are as near as the true ones: (Q,)."""
    count = min(scores.shape[1], cosines.shape[1] - 1)
    at = cosines.shape[1] - count
    last = np.partition(cosines, at, axis=1)[:, at]
    return np.asarray((scores[:, :count] >= last[:, np.newaxis] - ROUNDING).mean(axis=1), dtype=np.float32)
