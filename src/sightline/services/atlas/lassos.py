"""Which points lie in a lasso. Does not know maps or items.

A point is inside a polygon if a ray from it to the left crosses an odd number of edges. An edge can only be
crossed by points between the heights of its ends, and with the points in order of height these are
neighbours: the 300 edges of a ring round a million points look at each point some two times, not 300.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sightline.domain.arrays import Bools, Float32
from sightline.domain.selections import Corner, Outline

Float64 = NDArray[np.float64]
Int32 = NDArray[np.int32]

AT_ONCE = 1 << 15  # points: what is computed of them stays in a core's cache
SIMPLIFIED_FROM = 500  # corners
FINENESS = 1 / 4_000  # of a polygon's larger side: less than a pixel of any screen that shows all of it


@dataclass(frozen=True, eq=False)
class Heights:
    """Points from the lowest to the highest. rows: where each stands among all."""

    rows: Int32
    xs: Float32
    ys: Float32

    @classmethod
    def of(cls, xs: Float32, ys: Float32) -> "Heights":
        rows = np.argsort(ys, kind="stable").astype(np.int32)
        return cls(rows, xs[rows], ys[rows])


def caught(heights: Heights, lasso: Sequence[Outline]) -> Bools:
    """(N,), whether each point is in the lasso, in the points' own order."""
    begins_with_all = bool(lasso) and lasso[0].op == "subtract"
    within = np.full(len(heights.rows), begins_with_all, dtype=np.bool_)  # by height
    for outline in lasso:
        inside = _inside(heights, simplified(outline.polygon))
        if outline.op == "add":
            within |= inside
        else:
            within &= ~inside
    mask = np.empty_like(within)
    mask[heights.rows] = within
    return mask


def simplified(polygon: Sequence[Corner]) -> Float64:
    """(K, 2): of many corners those that matter, else all."""
    corners = np.asarray(polygon, dtype=np.float64).reshape(-1, 2)
    if len(corners) <= SIMPLIFIED_FROM:
        return corners
    finest = float(np.ptp(corners, axis=0).max()) * FINENESS
    kept = np.zeros(len(corners), dtype=np.bool_)
    kept[[0, -1]] = True
    waiting = [(0, len(corners) - 1)]
    while waiting:  # Douglas and Peucker: the corner that is farthest from the line, if it is far
        first, last = waiting.pop()
        between = corners[first + 1 : last]
        if not len(between):
            continue
        away = _distances(between, corners[first], corners[last])
        farthest = int(away.argmax())
        if away[farthest] > finest:
            middle = first + 1 + farthest
            kept[middle] = True
            waiting += [(first, middle), (middle, last)]
    return np.asarray(corners[kept])


def _distances(points: Float64, start: Float64, end: Float64) -> Float64:
    """(K,), from the piece of a line between two points."""
    along = end - start
    square = float(along @ along)
    shares = np.clip((points - start) @ along / square, 0, 1) if square else np.zeros(len(points))
    return np.asarray(np.linalg.norm(points - start - shares[:, np.newaxis] * along, axis=1))


def _inside(heights: Heights, corners: Float64) -> Bools:
    """(N,), by height."""
    inside = np.zeros(len(heights.rows), dtype=np.bool_)
    edges = _edges(corners)
    if not len(edges):
        return inside
    first, last = np.searchsorted(heights.ys.astype(np.float64), [edges[:, 1].min(), edges[:, 3].max()])
    for start in range(int(first), int(last), AT_ONCE):
        part = slice(start, min(start + AT_ONCE, int(last)))
        _toggle(heights.xs[part], heights.ys[part], edges, inside[part])
    return inside


def _edges(corners: Float64) -> Float64:
    """(E, 4): x and y of the lower end, then of the higher; level ones are never crossed."""
    ends = np.hstack([corners, np.roll(corners, -1, axis=0)])
    ends = ends[ends[:, 1] != ends[:, 3]]
    falling = ends[:, 1] > ends[:, 3]
    ends[falling] = ends[falling][:, [2, 3, 0, 1]]
    return np.asarray(ends, dtype=np.float64)


def _toggle(xs: Float32, ys: Float32, edges: Float64, inside: Bools) -> None:
    """Each point that has an edge to its left, at its height, changes sides."""
    wide, high = xs.astype(np.float64), ys.astype(np.float64)
    starts = np.searchsorted(high, edges[:, 1])  # the lower end belongs to an edge, the higher does not
    ends = np.searchsorted(high, edges[:, 3])
    for row in np.flatnonzero(starts < ends):
        near = slice(starts[row], ends[row])
        left, low, right, top = edges[row]
        # the sign of a cross product: exact where a division would round
        crossed = (wide[near] - left) * (top - low) > (high[near] - low) * (right - left)
        inside[near] ^= crossed
