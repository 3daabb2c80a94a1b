"""The nearest among items that were chosen beforehand, as on a map. Does not know how they were chosen.

Few are compared with what is looked for one by one, by the record's vectors. Many are picked out of what is
nearest in the whole collection.
"""

from collections.abc import Sequence
from itertools import islice
from typing import Protocol

import numpy as np

from sightline.domain.arrays import Bools, Float32, Int64
from sightline.domain.catalogue import Record
from sightline.domain.collections import Item
from sightline.domain.filters import Filter, matches
from sightline.domain.items import Scored
from sightline.domain.ports import View
from sightline.services.collections.found import GROWTH, Nearest

FEW = 20_000  # read and compared in a second
AT_ONCE = 2_000  # vectors: 6 MB of 768 numbers
FURTHEST = 200_000  # of the collection's nearest that are looked through
SHARE = 8  # more are looked through than are wanted, at first


class Chosen(Nearest, Protocol):
    """For one search: its direction stays."""

    def notes(self, missing: int) -> list[str]:
        """Sentences for people. missing: how many hits there are less than were wanted."""
        ...


def chosen(
    record: Record, view: View, name: str, seqs: Int64, *, few: int = FEW, furthest: int = FURTHEST
) -> Chosen:
    """seqs: (N,), ascending, of the items' last changes."""
    if len(seqs) > few:
        return _Many(record, view, name, seqs, furthest=furthest)
    return _Few(record, name, seqs)


class _Few:
    def __init__(self, record: Record, name: str, seqs: Int64) -> None:
        self._record = record
        self._name = name
        self._seqs = seqs
        self._ranked: list[tuple[Item, float]] | None = None

    def nearest(
        self,
        query: Float32,
        k: int,
        *,
        offset: int = 0,
        where: Filter | None = None,
        exact: bool = False,  # noqa: ARG002  # always
    ) -> list[Scored]:
        """As a view's; always exact."""
        if self._ranked is None:
            self._ranked = self._rank(query)
        passing = (
            Scored(item.id, score)
            for item, score in self._ranked
            if where is None or matches(where, item.metadata)
        )
        return list(islice(passing, offset, offset + k))

    def notes(self, missing: int) -> list[str]:  # noqa: ARG002  # what is missing is not there
        return [] if len(self._seqs) else ["nothing that can be found lies within the part of the map"]

    def _rank(self, query: Float32) -> list[tuple[Item, float]]:
        scored: list[tuple[Item, float]] = []
        for start in range(0, len(self._seqs), AT_ONCE):
            items = self._record.items_at(self._name, self._seqs[start : start + AT_ONCE].tolist())
            by_id = {item.id: item for item in items.values()}
            vectors = self._record.vectors_of(self._name, list(by_id))
            # row by row, so that equal vectors have equal scores wherever they stand
            scored += [(by_id[id_], float(np.dot(vector, query))) for id_, vector in vectors.items()]
        return sorted(scored, key=lambda one: (-one[1], one[0].id))


class _Many:
    def __init__(self, record: Record, view: View, name: str, seqs: Int64, *, furthest: int) -> None:
        self._record = record
        self._view = view
        self._name = name
        self._seqs = seqs
        self._furthest = furthest
        self._is_cut = False

    def nearest(
        self,
        query: Float32,
        k: int,
        *,
        offset: int = 0,
        where: Filter | None = None,
        exact: bool = False,  # noqa: ARG002  # always
    ) -> list[Scored]:
        """As a view's; always exact, as far as it looks."""
        found: list[Scored] = []
        start, count = 0, SHARE * (offset + k)
        while start < self._furthest:
            count = min(count, self._furthest - start)
            near = self._view.nearest(query, count, offset=start, where=where, exact=True)
            is_in = self._has([scored.item_id for scored in near]).tolist()
            found += [scored for scored, is_chosen in zip(near, is_in, strict=True) if is_chosen]
            if len(found) >= offset + k or len(near) < count:
                return found[offset : offset + k]
            start, count = start + count, GROWTH * count
        self._is_cut = True
        return found[offset : offset + k]

    def notes(self, missing: int) -> list[str]:
        if not (self._is_cut and missing):
            return []
        return [
            f"the {self._furthest} nearest of the collection were looked through, and {missing} fewer than "
            "asked for lie within the part of the map: choose a smaller part to see more of it"
        ]

    def _has(self, ids: Sequence[str]) -> Bools:
        """(N,), whether each is chosen."""
        known = self._record.seqs_of(self._name, ids)
        return np.isin(np.array([known.get(one, -1) for one in ids], dtype=np.int64), self._seqs)
