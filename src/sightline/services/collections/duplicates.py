"""Finds items of which one would be enough. Does not know models or stores, and removes nothing.

A near group is a star: its keeper, and what reaches the threshold with the keeper itself. Groups made of
everything that is connected would chain: each picture of a film is near the next, and the first and the last
have nothing in common. In a star whatever could be removed has something kept that is as near as was asked.

The items are gone through in the order of the keep rule. One that no star has yet becomes a keeper, and takes
all that are near it and that no star has yet. So the report depends on the collection and the order alone, a
copy is never asked for its own neighbours, and memory holds the order and the copies: some 300 MB for a
million items. Where a map has been drawn, its neighbour graph tells who may be near whom, and only those are
asked for of whom it cannot tell.
"""

import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from itertools import groupby, islice

import numpy as np

from sightline.domain.arrays import Float32, UInt8
from sightline.domain.catalogue import Record
from sightline.domain.collections import Item
from sightline.domain.contents import BYTES
from sightline.domain.duplicates import MAX_LIMIT, Copy, DuplicatesOrder, Group, Report, Star
from sightline.domain.errors import InvalidRequestError
from sightline.domain.ports import View
from sightline.services.atlas.folders import NeighbourGraph
from sightline.services.collections.nearby import Nearby
from sightline.services.collections.search import OpenViews

AT_ONCE = 1_000  # vectors read from the record
FEW = 8  # neighbours that are asked for first; most items have no duplicate
GROWTH = 8
INDEX_ROUNDING = 0.01  # an index may keep bf16: its scores are good to some 0.004
ROUNDING = 1e-6  # of the cosine of a vector with itself
KEPT_REPORTS = 4

Progress = Callable[[int, int], None]  # items done, items in all
GraphOf = Callable[[str], NeighbourGraph | None]


def _no_graph(_: str) -> None:
    """There is none: every item is asked for its neighbours."""


class Duplicates:
    """Reports on all collections. Safe to use from several threads."""

    def __init__(self, record: Record, views: OpenViews, graph_of: GraphOf = _no_graph) -> None:
        """graph_of: the neighbour graph of a collection, where there is one: then few are asked for."""
        self._record = record
        self._views = views
        self._graph_of = graph_of
        self._lock = threading.Lock()
        self._reports: dict[DuplicatesOrder, Report] = {}

    def find(self, order: DuplicatesOrder, progress: Progress | None = None) -> Report:
        """The report; the last one, if the collection has not changed since.

        progress: told after every thousand items; what it raises ends the search.
        Raises UnknownCollectionError, StoreError, RecordError.
        """
        head = self._record.collection(order.collection).head
        with self._lock:
            known = self._reports.get(order)
        if known is not None and known.head == head:
            return known
        stars = self._exact(order) if order.threshold is None else self._near(order, progress or _ignore)
        report = Report(order, head, sorted(stars, key=lambda star: (-len(star.copies), star.keeper)))
        with self._lock:
            self._reports.pop(order, None)
            self._reports[order] = report  # the newest is last
            while len(self._reports) > KEPT_REPORTS:
                del self._reports[next(iter(self._reports))]
        return report

    def page(self, report: Report, *, offset: int = 0, limit: int = 100) -> list[Group]:
        """Some groups with their items. An item that was removed since is left out, and so may a group be.

        Raises InvalidRequestError, UnknownCollectionError, RecordError.
        """
        if not 1 <= limit <= MAX_LIMIT or offset < 0:
            raise InvalidRequestError(
                f"offset {offset}, limit {limit}: offset must be 0 or more, limit 1 to {MAX_LIMIT}"
            )
        stars = report.stars[offset : offset + limit]
        ids = [item_id for star in stars for item_id in (star.keeper, *(name for name, _ in star.copies))]
        items = self._record.items(report.order.collection, ids)
        groups = (_group(star, items) for star in stars if star.keeper in items)
        return [group for group in groups if group.copies]

    def _exact(self, order: DuplicatesOrder) -> Iterator[Star]:
        copies = self._record.copies(order.collection)
        for _, items in groupby(copies, key=lambda item: item.sha256):
            keeper, *others = sorted(items, key=lambda item: (order.place(item), item.id))
            yield Star(keeper.id, tuple(sorted((item.id, 1.0) for item in others)))

    def _near(self, order: DuplicatesOrder, progress: Progress) -> Iterator[Star]:
        view = self._views.view(order.collection)
        neighbours = _Neighbours(self._record, view, order)
        ids, contents = self._in_order(order)
        nearby = self._nearby(order, neighbours, (ids, contents), progress)
        given_away = set[str]()
        for start in range(0, len(ids), AT_ONCE):
            told = {
                ids[row]: None if nearby is None else nearby.of(row)
                for row in range(start, min(start + AT_ONCE, len(ids)))
                if ids[row] not in given_away
            }
            asked = [item_id for item_id, near in told.items() if near is None or near]
            vectors = self._record.vectors_of(order.collection, asked)
            for keeper in asked:
                if keeper in given_away or keeper not in vectors:
                    continue
                given_away.add(keeper)
                near = told[keeper]
                about = neighbours.about(vectors[keeper]) if near is None else near
                if copies := neighbours.of(vectors[keeper], about, left_out=given_away):
                    given_away.update(item_id for item_id, _ in copies)
                    yield Star(keeper, copies)
            progress(min(start + AT_ONCE, len(ids)), len(ids))

    def _nearby(
        self,
        order: DuplicatesOrder,
        neighbours: "_Neighbours",
        items: tuple[Sequence[str], UInt8],
        progress: Progress,
    ) -> Nearby | None:
        """Who may be near whom by the neighbour graph; who came after it is asked for now."""
        graph = self._graph_of(order.collection)
        if graph is None:
            return None
        ids, contents = items
        nearby = Nearby(graph, ids, contents, least=neighbours.least)
        newcomers = nearby.newcomers()
        while part := list(islice(newcomers, AT_ONCE)):
            for one, vector in self._record.vectors_of(order.collection, part).items():
                nearby.note(one, neighbours.about(vector))
            progress(0, len(ids))
        return nearby

    def _in_order(self, order: DuplicatesOrder) -> tuple[list[str], UInt8]:
        """All ids, keepers before those they are kept for; and their contents, (N, 32)."""
        ids, places, contents = [], [], bytearray()
        after = ""
        while page := self._record.page(order.collection, after=after):
            ids += [item.id for item in page]
            places += [order.place(item) for item in page]
            contents += bytes.fromhex("".join(item.sha256 for item in page))
            after = page[-1].id
        rows = sorted(range(len(ids)), key=places.__getitem__)  # ties stay by id
        return [ids[row] for row in rows], np.frombuffer(contents, dtype=np.uint8).reshape(-1, BYTES)[rows]


@dataclass(frozen=True)
class _Neighbours:
    """What is near, by the view; how near, by the record."""

    record: Record
    view: View
    order: DuplicatesOrder

    @property
    def threshold(self) -> float:
        return self.order.threshold or 0.0

    @property
    def least(self) -> float:
        """The least score, roughly computed, of what may reach the threshold."""
        return self.threshold - INDEX_ROUNDING

    def of(
        self, vector: Float32, about: Sequence[str], *, left_out: AbstractSet[str]
    ) -> tuple[tuple[str, float], ...]:
        """Ids and cosines of all of these that reach the threshold, the nearest first, then by id."""
        ids = [item_id for item_id in about if item_id not in left_out]
        if not ids:
            return ()
        vectors = self.record.vectors_of(self.order.collection, ids)
        cosines = ((item_id, _cosine(vector, other)) for item_id, other in vectors.items())
        near = [(item_id, cosine) for item_id, cosine in cosines if cosine >= self.threshold - ROUNDING]
        return tuple(sorted(near, key=lambda one: (-one[1], one[0])))

    def about(self, vector: Float32) -> list[str]:
        """Those that may reach the threshold, asked for until one surely does not."""
        count = FEW
        while True:
            found = self.view.nearest(vector, count)
            if len(found) < count or found[-1].score < self.least:
                return [scored.item_id for scored in found if scored.score >= self.least]
            count *= GROWTH


def _cosine(one: Float32, other: Float32) -> float:
    return float(np.dot(one.astype(np.float64), other.astype(np.float64)))


def _group(star: Star, items: Mapping[str, Item]) -> Group:
    keeper = items[star.keeper]
    copies = [
        Copy(items[item_id], score, is_exact=items[item_id].sha256 == keeper.sha256)
        for item_id, score in star.copies
        if item_id in items
    ]
    return Group(keeper, copies)


def _ignore(done: int, total: int) -> None:
    """Nobody wants to know."""
