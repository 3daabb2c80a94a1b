"""One collection in Qdrant. Does not know how it came to be."""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from qdrant_client import QdrantClient, models

from sightline.domain.arrays import Float32, Int64
from sightline.domain.errors import StoreBrokenError
from sightline.domain.filters import And, Filter, matches
from sightline.domain.items import Change, IndexState, Scored
from sightline.stores.changes import outcome
from sightline.stores.qdrant_failures import GONE, in_our_words
from sightline.stores.qdrant_filters import push_down
from sightline.stores.qdrant_points import (
    MARKER_ID,
    OURS,
    candidate,
    indexable,
    items_only,
    marker,
    point,
    point_id,
)
from sightline.stores.ranking import Candidate, ranked
from sightline.stores.recall import recall_at_10

EVERYTHING = And(())
METADATA = "metadata"
BATCH_POINTS = 256  # of 1152 numbers: 6 MB of JSON, and Qdrant takes 32
PAGE_POINTS = 1_000
SAMPLE_POINTS = 50
POLL_S = 0.5
PATIENCE_S = 3_600.0  # for Qdrant to build its index


class QdrantView:
    """Implements domain.ports.View."""

    def __init__(self, client: QdrantClient, collection: str) -> None:
        self._client = client
        self._collection = collection

    @property
    def cursor(self) -> int:
        return int(self._marked()["cursor"])

    def apply(self, changes: Sequence[Change], cursor: int) -> None:
        """Points first, then the cursor; each call waits until Qdrant has taken it into its log."""
        held = self._marked()
        written, removed = outcome(changes, int(held["cursor"]))
        with in_our_words():
            for start in range(0, len(written), BATCH_POINTS):
                batch = [point(change) for change in written[start : start + BATCH_POINTS]]
                self._client.upsert(self._collection, batch, wait=True)
            if removed:
                ids = models.PointIdsList(points=[point_id(item_id) for item_id in removed])
                self._client.delete(self._collection, ids, wait=True)
            moved = marker(max(int(held["cursor"]), cursor), held["recall"])
            self._client.upsert(self._collection, [moved], wait=True)

    def nearest(
        self, query: Float32, k: int, *, offset: int = 0, where: Filter | None = None, exact: bool = False
    ) -> list[Scored]:
        wanted = offset + k
        if k < 1:
            return []
        hits = ranked(self._asking(query, where, exact=exact), query, wanted)
        if len(hits) < wanted and not exact:  # a graph that is torn gives fewer than there are
            hits = ranked(self._asking(query, where, exact=True), query, wanted)
        return hits[offset:]

    def count(self, where: Filter | None = None) -> int:
        """By Qdrant, unless the filter has what it cannot check: then every point that may pass is read."""
        pushed = push_down(where or EVERYTHING, METADATA)
        condition = items_only(pushed.condition)
        if pushed.is_exact:
            with in_our_words():
                return self._client.count(self._collection, condition, exact=True).count
        return sum(
            matches(where or EVERYTHING, (found.payload or {})[METADATA])
            for found in self._scroll(condition, [METADATA])
        )

    def passing(self, where: Filter) -> Int64:
        """Every point that may pass is read: a hundred thousand take seconds."""
        pushed = push_down(where, METADATA)
        payload = ["seq"] if pushed.is_exact else ["seq", METADATA]
        found = (point.payload or {} for point in self._scroll(items_only(pushed.condition), payload))
        return np.array(
            sorted(one["seq"] for one in found if pushed.is_exact or matches(where, one[METADATA])),
            dtype=np.int64,
        )

    def optimise(self) -> IndexState:
        """Qdrant builds HNSW by itself: this asks for indexes on the payload, waits and measures."""
        with in_our_words():
            sample, _ = self._client.scroll(self._collection, items_only(None), limit=PAGE_POINTS)
            fields = indexable((point.payload or {})[METADATA] for point in sample)
            for field, kind in fields.items():
                self._client.create_payload_index(self._collection, field, kind, wait=True)
            self._await_index()
            if self._indexed():
                self._measure()
        return self.state()

    def state(self) -> IndexState:
        rows, indexed = self.count(), self._indexed()
        if not indexed:
            return IndexState("exact", covered=rows, recall=None)
        return IndexState("hnsw", covered=min(indexed, rows), recall=self._marked()["recall"])

    def _marked(self) -> dict[str, Any]:
        """The marker's payload. Raises StoreBrokenError: this is not the collection that it was."""
        with in_our_words():
            found = self._client.retrieve(self._collection, [MARKER_ID])
        payload = found[0].payload if found else None
        if not payload or OURS not in payload:
            raise StoreBrokenError(GONE)
        return payload

    def _asking(
        self, query: Float32, where: Filter | None, *, exact: bool
    ) -> Callable[[int], list[Candidate]]:
        """How to get the best so many points."""
        pushed = push_down(where or EVERYTHING, METADATA)
        payload = ["item_id"] if pushed.is_exact else ["item_id", METADATA]

        def passes(found: models.ScoredPoint) -> bool:
            return matches(where or EVERYTHING, (found.payload or {})[METADATA])

        def fetch(limit: int) -> list[Candidate]:
            with in_our_words():
                found = self._client.query_points(
                    self._collection,
                    query=query.tolist(),
                    query_filter=pushed.condition,
                    limit=limit,
                    search_params=models.SearchParams(exact=exact),
                    with_payload=payload,
                    with_vectors=True,
                )
            return [candidate(one, passes=pushed.is_exact or passes(one)) for one in found.points]

        return fetch

    def _measure(self) -> None:
        sample, _ = self._client.scroll(
            self._collection, items_only(None), limit=SAMPLE_POINTS, with_vectors=True
        )
        recall = recall_at_10(self, [np.asarray(point.vector, dtype=np.float32) for point in sample])
        self._client.upsert(self._collection, [marker(self.cursor, recall)], wait=True)

    def _indexed(self) -> int:
        with in_our_words():
            return self._client.get_collection(self._collection).indexed_vectors_count or 0

    def _await_index(self) -> None:
        deadline = time.monotonic() + PATIENCE_S
        while time.monotonic() < deadline:
            status = self._client.get_collection(self._collection).status
            if status != models.CollectionStatus.YELLOW:  # which means that something is being built
                return
            time.sleep(POLL_S)

    def _scroll(self, condition: models.Filter, payload: list[str]) -> Iterator[models.Record]:
        page: models.ExtendedPointId | None = None
        while True:
            with in_our_words():
                points, page = self._client.scroll(
                    self._collection, condition, limit=PAGE_POINTS, offset=page, with_payload=payload
                )
            yield from points
            if page is None:
                return
