"""One query against the parts of a collection: bounds first, then the undecided in full. Knows no file.

Threads that search at once work on the same parts and change nothing.
"""

from collections.abc import Iterator
from concurrent.futures import Executor
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sightline.domain.arrays import Float32, Int64
from sightline.domain.items import Scored
from sightline.stores.codes import Codes
from sightline.stores.scan import cosines_of
from sightline.stores.segment import Segment, SegmentStamp

FEW = 500  # so many vectors are compared in full at once: three milliseconds
LIKELY = 64  # so many are compared in full to learn how near the nearest are


class DamagedError(Exception):
    """A vector does not belong to its code: a file changed under us."""


@dataclass(frozen=True, eq=False)
class Part:
    """A segment, whose rows they are, and which of them still count."""

    segment: Segment
    ids: NDArray[np.object_]  # (N,)
    live: NDArray[np.bool_]  # (N,)
    stamp: SegmentStamp | None = None  # none: it is in memory only

    @property
    def count(self) -> int:
        """How many rows are live."""
        return int(np.count_nonzero(self.live))

    def without(self, removed: Int64) -> "Part":
        """removed: seqs, ascending."""
        rows = rows_of(self.segment.seqs, removed)
        if not len(rows):
            return self
        live = self.live.copy()  # readers go on with theirs
        live[rows] = False
        return replace(self, live=live)

    def passing(self, among: Int64 | None) -> NDArray[np.bool_]:
        """The live rows, of these seqs if any are given, ascending."""
        if among is None:
            return self.live
        passing = np.zeros(len(self.live), dtype=np.bool_)
        passing[rows_of(self.segment.seqs, among)] = True
        return np.asarray(passing & self.live)


def rows_of(seqs: Int64, asked: Int64) -> Int64:
    """Where in `seqs` those are that were asked for and are there; both ascending."""
    if not len(seqs):
        return np.empty(0, dtype=np.int64)
    start, end = np.searchsorted(asked, [seqs[0], seqs[-1] + 1])
    near = asked[start:end]
    rows = np.searchsorted(seqs, near)
    return np.asarray(rows[seqs[rows] == near], dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Passing:
    """Which rows may be found, part by part, as all were at one moment."""

    parts: tuple[Part, ...]
    masks: tuple[NDArray[np.bool_], ...]

    @cached_property
    def count(self) -> int:
        return sum(int(np.count_nonzero(mask)) for mask in self.masks)


class Comparison:
    """A query and what it is compared with. A row's place is counted through all parts."""

    def __init__(self, passing: Passing, query: Float32, code: Codes) -> None:
        """code: of the query."""
        self._parts = passing.parts
        self._passing = passing
        self._query = query
        self._code = code
        self._starts = np.cumsum([0, *(len(part.live) for part in self._parts)])

    def best(self, wanted: int, comparing: Executor) -> list[Scored]:
        """The nearest, best first, ties by id. Raises DamagedError."""
        if self._passing.count <= max(FEW, wanted):
            every = [
                np.flatnonzero(mask) + start
                for mask, start in zip(self._passing.masks, self._starts, strict=False)
            ]
            return self._in_full(np.concatenate(every))[:wanted]
        estimates = np.concatenate(list(comparing.map(self._estimates, self._parts, self._passing.masks)))
        likely = _largest(estimates, min(self._passing.count, max(LIKELY, 2 * wanted)))
        floor = self._in_full(likely)[wanted - 1].score  # the last one wanted is at least as near
        return self._in_full(self._undecided(estimates, floor))[:wanted]

    def _estimates(self, part: Part, mask: NDArray[np.bool_]) -> Float32:
        estimates = part.segment.codes.cosines(self._code)
        if not mask.all():
            estimates[~mask] = -np.inf
        return estimates

    def _undecided(self, estimates: Float32, floor: float) -> Int64:
        """The places that may be as near as the floor."""
        widest = max(part.segment.codes.widest(self._code) for part in self._parts)
        places = np.flatnonzero(estimates >= floor - widest)
        bounds = [part.segment.codes[rows].bounds(self._code) for part, rows in self._rows(places)]
        return places[estimates[places] + np.concatenate(bounds) >= floor]

    def _in_full(self, places: Int64) -> list[Scored]:
        """The rows at these places, ascending, best first."""
        hits: list[Scored] = []
        for part, rows in self._rows(places):
            cosines = cosines_of(part.segment.vectors[rows], self._query)
            codes = part.segment.codes[rows]
            if (np.abs(cosines - codes.cosines(self._code)) > codes.bounds(self._code)).any():
                raise DamagedError
            hits += map(Scored, part.ids[rows].tolist(), cosines.tolist())
        return sorted(hits, key=lambda hit: (-hit.score, hit.item_id))

    def _rows(self, places: Int64) -> Iterator[tuple[Part, Int64]]:
        """The parts that these places, ascending, lie in, and where in them."""
        cuts = np.searchsorted(places, self._starts)
        for number, part in enumerate(self._parts):
            if cuts[number] < cuts[number + 1]:
                yield part, places[cuts[number] : cuts[number + 1]] - self._starts[number]


def _largest(values: Float32, count: int) -> Int64:
    """The places of the largest, ascending; of more where the last are equal."""
    cut = np.partition(values, len(values) - count)[len(values) - count]
    return np.flatnonzero(values >= cut)
