"""One query against the parts of a collection: bounds first, then the undecided in full. Knows no file.

Threads that search at once work on the same parts and change nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from sightline.domain.arrays import Float32, Int64
from sightline.domain.items import Scored
from sightline.stores.codes import Codes, estimated
from sightline.stores.rounds import Rounds
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

    def passing(self, among: Int64) -> NDArray[np.bool_]:
        """The live rows of these seqs, ascending."""
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
    """Which rows may be found, part by part, as all were at one moment. Places count through all parts."""

    parts: tuple[Part, ...]
    codes: tuple[Codes, ...]  # of the parts, the same tuple for all that look at the same rows
    masks: tuple[NDArray[np.bool_], ...]

    @cached_property
    def places(self) -> Int64:
        """Those of the rows, ascending."""
        return np.flatnonzero(np.concatenate(self.masks)) if self.masks else np.empty(0, dtype=np.int64)

    @cached_property
    def barred(self) -> Int64:
        """The places of the other rows."""
        return np.flatnonzero(~np.concatenate(self.masks))

    @cached_property
    def starts(self) -> Int64:
        """The first place of each part, and where the last ends."""
        return np.cumsum([0, *map(len, self.codes)])


class Comparison:
    """A query and what it is compared with."""

    def __init__(self, passing: Passing, query: Float32, code: Codes) -> None:
        """code: of the query."""
        self._passing = passing
        self._query = query
        self._code = code

    def best(self, wanted: int, rounds: Rounds) -> list[Scored]:
        """The nearest, best first, ties by id. Raises DamagedError."""
        passing = self._passing
        if len(passing.places) <= max(FEW, wanted):
            return self._in_full(passing.places)[:wanted]
        estimates = rounds.estimates(passing.codes, self._code)
        estimates[passing.barred] = -np.inf
        likely = _largest(estimates, min(len(passing.places), max(LIKELY, 2 * wanted)))
        floor = self._in_full(likely)[wanted - 1].score  # the last one wanted is at least as near
        return self._in_full(self._undecided(estimates, floor))[:wanted]

    def _undecided(self, estimates: Float32, floor: float) -> Int64:
        """The places that may be as near as the floor."""
        widest = max(codes.widest(self._code) for codes in self._passing.codes)
        places = np.flatnonzero(estimates >= floor - widest)
        bounds = [part.segment.codes[rows].bounds(self._code) for part, rows in self._rows(places)]
        return places[estimates[places] + np.concatenate(bounds) >= floor]

    def _in_full(self, places: Int64) -> list[Scored]:
        """The rows at these places, ascending, best first."""
        hits: list[Scored] = []
        for part, rows in self._rows(places):
            cosines = cosines_of(part.segment.vectors[rows], self._query)
            codes = part.segment.codes[rows]
            if (np.abs(cosines - estimated(codes, self._code)[0]) > codes.bounds(self._code)).any():
                raise DamagedError
            hits += map(Scored, part.ids[rows].tolist(), cosines.tolist())
        return sorted(hits, key=lambda hit: (-hit.score, hit.item_id))

    def _rows(self, places: Int64) -> Iterator[tuple[Part, Int64]]:
        """The parts that these places, ascending, lie in, and where in them."""
        starts = self._passing.starts
        cuts = np.searchsorted(places, starts)
        for number in np.flatnonzero(np.diff(cuts)):
            yield self._passing.parts[number], places[cuts[number] : cuts[number + 1]] - starts[number]


def _largest(values: Float32, count: int) -> Int64:
    """The places of the largest, ascending; of more where the last are equal."""
    cut = np.partition(values, len(values) - count)[len(values) - count]
    return np.flatnonzero(values >= cut)
