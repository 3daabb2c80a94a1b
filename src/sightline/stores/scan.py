"""Vectors held in memory and compared one by one. Does not know metadata, or where they are kept.

One writer and any number of readers: a reader works on the rows as they were when it came.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sightline.domain.arrays import Float32, Int64
from sightline.domain.items import Change, Scored

# Two float32 sums of the same products in another order differ by less, for unit vectors of a few thousand
# numbers; all rows this near to the last one wanted are compared again in float64.
ROUNDING = 1e-5
GROWTH = 1.5
FIRST_ROWS = 1_024


@dataclass(frozen=True, eq=False)
class _Rows:
    """In the order of their seq. A row that was replaced or removed stays, and is not live."""

    ids: NDArray[np.object_]  # (N,)
    seqs: Int64  # (N,), ascending
    vectors: Float32  # (N, dim)
    live: NDArray[np.bool_]  # (N,)


def newest(changes: Iterable[Change], cursor: int) -> list[Change]:
    """The last change of each item after the cursor, by seq: all that a view need apply."""
    by_item = {change.item_id: change for change in sorted(changes, key=_seq) if change.seq > cursor}
    return sorted(by_item.values(), key=_seq)


def _seq(change: Change) -> int:
    return change.seq


class HeldVectors:
    """The live vectors of one collection. `apply` must not be called by two threads at once."""

    def __init__(self, dim: int) -> None:
        self._dim = dim
        self._place: dict[str, int] = {}  # item id -> its live row
        self._rows = self._room(FIRST_ROWS)
        self._used = 0

    def __len__(self) -> int:
        """How many items there are."""
        return len(self._place)

    @property
    def bytes(self) -> int:
        """What the vectors take, without room for more."""
        return self._used * self._dim * 4

    def apply(self, changes: Sequence[Change]) -> None:
        """Take changes, at most one of an item, in the order of their seq and after all taken before."""
        kept = [change for change in changes if change.vector is not None]
        rows = self._with_room_for(len(kept))
        live = rows.live.copy()  # readers go on with theirs
        for change in changes:
            row = self._place.pop(change.item_id, None)
            if row is not None:
                live[row] = False
        start, end = self._used, self._used + len(kept)
        for row, change in enumerate(kept, start):
            rows.ids[row], rows.seqs[row], rows.vectors[row] = change.item_id, change.seq, change.vector
            self._place[change.item_id] = row
        live[start:end] = True
        self._used = end
        self._rows = _Rows(rows.ids, rows.seqs, rows.vectors, live)

    def extend(self, ids: NDArray[np.object_], seqs: Int64, vectors: Float32) -> None:
        """Append rows of items that are not held yet, in the order of their seq."""
        rows = self._with_room_for(len(ids))
        start, end = self._used, self._used + len(ids)
        rows.ids[start:end], rows.seqs[start:end], rows.vectors[start:end] = ids, seqs, vectors
        rows.live[start:end] = True
        self._place.update(zip(ids, range(start, end), strict=True))
        self._used = end
        self._rows = rows

    def nearest(self, query: Float32, k: int, *, offset: int = 0, among: Int64 | None = None) -> list[Scored]:
        """As View.nearest. among: seqs of the rows that may be found; all, unless given."""
        rows = self._rows
        places = np.flatnonzero(rows.live) if among is None else _places(rows, among)
        if k < 1 or offset >= len(places):
            return []
        ids, scores = _best(rows, places, query, offset + k)
        return [Scored(item_id, score) for item_id, score in zip(ids, scores, strict=True)][offset:]

    def _with_room_for(self, more: int) -> _Rows:
        """The rows, in arrays that have room; the dead are left behind when there are more of them."""
        if self._used + more <= len(self._rows.ids):
            return self._rows
        old, live = self._rows, np.flatnonzero(self._rows.live)
        new = self._room(int((len(live) + more) * GROWTH) + FIRST_ROWS)
        for name in ("ids", "seqs", "vectors", "live"):
            getattr(new, name)[: len(live)] = getattr(old, name)[live]
        self._place = {item_id: row for row, item_id in enumerate(new.ids[: len(live)])}
        self._used = len(live)
        return new

    def _room(self, rows: int) -> _Rows:
        return _Rows(
            ids=np.empty(rows, dtype=object),
            seqs=np.zeros(rows, dtype=np.int64),
            vectors=np.empty((rows, self._dim), dtype=np.float32),
            live=np.zeros(rows, dtype=bool),
        )


def _places(rows: _Rows, seqs: Int64) -> Int64:
    """The live rows with these seqs."""
    live = np.flatnonzero(rows.live)
    known = rows.seqs[live]  # ascending
    asked = np.sort(seqs)
    found = np.searchsorted(known, asked)
    there = found < len(known)
    found = found[there]
    return np.asarray(live[found[known[found] == asked[there]]], dtype=np.int64)


def _best(rows: _Rows, places: Int64, query: Float32, count: int) -> tuple[list[str], list[float]]:
    """Ids and cosines of the `count` rows nearest to the query, best first, ties by id."""
    scores = _scores(rows.vectors, places, query)  # (P,)
    if count < len(places):
        cut = np.partition(scores, len(scores) - count)[len(scores) - count]
        places = places[scores >= cut - ROUNDING]
    cosines = cosines_of(rows.vectors[places], query)
    ids = rows.ids[places]
    order = sorted(range(len(places)), key=lambda row: (-cosines[row], ids[row]))[:count]
    return [ids[row] for row in order], [float(cosines[row]) for row in order]


def _scores(vectors: Float32, places: Int64, query: Float32) -> Float32:
    """Dot products of the rows at `places`: of all rows where copying most of them would cost more."""
    if not len(places):
        return np.empty(0, dtype=np.float32)
    end = int(places[-1]) + 1
    if 2 * len(places) > end:
        return np.asarray((vectors[:end] @ query)[places])
    return np.asarray(vectors[places] @ query)


def cosines_of(vectors: Float32, query: Float32) -> NDArray[np.float64]:
    """Row by row and in float64: equal vectors get equal scores, wherever they stand."""
    products: NDArray[np.float64] = vectors.astype(np.float64) * query.astype(np.float64)  # (N, dim)
    return np.asarray(products.sum(axis=1))
