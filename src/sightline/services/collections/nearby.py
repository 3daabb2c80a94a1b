"""Who may be near whom in a collection, told by its neighbour graph. Does not know how near is near enough.

The graph is of contents, as they were when the last map was drawn. It cannot tell of an item that came later,
nor where all of a content's neighbours are near: there may be more of them. Those are to be asked for.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from sightline.domain.arrays import Bools, Float32, Int64, UInt8
from sightline.domain.contents import rows_in
from sightline.services.atlas.folders import NeighbourGraph

ROWS = 65_536  # of the graph, looked at together


@dataclass(frozen=True, eq=False)
class _Lists:
    """A list of numbers for each row, one after the other: row r has values[starts[r]:starts[r + 1]]."""

    starts: Int64
    values: Int64

    @classmethod
    def of(cls, rows: Int64, values: Int64, count: int) -> "_Lists":
        order = np.argsort(rows, kind="stable")
        return cls(np.searchsorted(rows[order], np.arange(count + 1)), values[order])

    def __getitem__(self, row: int) -> Int64:
        return self.values[self.starts[row] : self.starts[row + 1]]


class Nearby:
    """ids, contents: of all items. least: the least score of who may be near, as the graph has it."""

    def __init__(self, graph: NeighbourGraph, ids: Sequence[str], contents: UInt8, *, least: float) -> None:
        self._ids = ids
        self._rows = rows_in(graph.contents, contents)
        ones, others, full = _pairs(graph, least)
        count = len(graph.contents)
        self._near = _Lists.of(np.concatenate([ones, others]), np.concatenate([others, ones]), count)
        there = np.flatnonzero(self._rows >= 0)
        self._items = _Lists.of(self._rows[there], there, count)
        self._is_told = self._rows >= 0
        self._is_told[there] = ~full[self._rows[there]]
        self._asked: dict[str, list[str]] = {}
        self._later: dict[str, set[str]] = {}

    def newcomers(self) -> Iterator[str]:
        """The ids of those that came after the graph."""
        return (self._ids[item] for item in np.flatnonzero(self._rows < 0).tolist())

    def note(self, newcomer: str, near: Sequence[str]) -> None:
        """Who may be near one that came later, and so the other way about."""
        self._asked[newcomer] = [one for one in near if one != newcomer]
        for one in self._asked[newcomer]:
            self._later.setdefault(one, set()).add(newcomer)

    def of(self, item: int) -> list[str] | None:
        """The ids of all that may be near an item, by its number; None where they must be asked for."""
        if (asked := self._asked.get(self._ids[item])) is not None:
            return asked
        if not self._is_told[item]:
            return None
        row = int(self._rows[item])
        items = {one for near in {row, *self._near[row].tolist()} for one in self._items[near].tolist()}
        items.discard(item)
        return [*(self._ids[one] for one in items), *self._later.get(self._ids[item], ())]


def _pairs(graph: NeighbourGraph, least: float) -> tuple[Int64, Int64, Bools]:
    """Rows that may be near each other, as two lists; and of which rows there may be more."""
    ones, others = [np.empty(0, dtype=np.int64)], [np.empty(0, dtype=np.int64)]
    full = np.zeros(len(graph.contents), dtype=bool)
    for start in range(0, len(graph.contents), ROWS):
        scores: Float32 = graph.scores[start : start + ROWS]
        neighbours = graph.neighbours[start : start + ROWS]
        rows, places = np.nonzero((scores >= least) & (neighbours >= 0))
        ones.append(rows + start)
        others.append(neighbours[rows, places].astype(np.int64))
        full[start : start + ROWS] = (scores[:, -1] >= least) & (neighbours[:, -1] >= 0)
    return np.concatenate(ones), np.concatenate(others), full
