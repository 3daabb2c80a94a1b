"""A store in memory, for tests and demonstrations. Knows no file: it ends with its process."""

import threading
from collections.abc import Sequence

import numpy as np

from sightline.domain.arrays import Float32, Int64
from sightline.domain.errors import CollectionExistsError
from sightline.domain.filters import Filter, matches
from sightline.domain.items import Change, IndexState, Metadata, Scored
from sightline.stores.scan import HeldVectors, newest


class MemoryView:
    """One collection in memory."""

    def __init__(self, dim: int) -> None:
        self.dim = dim
        self.cursor = 0
        self._held = HeldVectors(dim)
        self._metadata: dict[str, tuple[int, Metadata]] = {}  # item id -> the seq of its vector, metadata
        self._lock = threading.Lock()

    def apply(self, changes: Sequence[Change], cursor: int) -> None:
        with self._lock:
            fresh = newest(changes, self.cursor)
            self._held.apply(fresh)
            for change in fresh:
                if change.vector is None:
                    self._metadata.pop(change.item_id, None)
                else:
                    self._metadata[change.item_id] = change.seq, change.metadata
            self.cursor = max(self.cursor, cursor)

    def nearest(
        self, query: Float32, k: int, *, offset: int = 0, where: Filter | None = None, exact: bool = False
    ) -> list[Scored]:
        del exact  # it always is
        among = None if where is None else np.array(self._passing(where), dtype=np.int64)
        return self._held.nearest(query, k, offset=offset, among=among)

    def count(self, where: Filter | None = None) -> int:
        return len(self._held) if where is None else len(self._passing(where))

    def passing(self, where: Filter) -> Int64:
        return np.array(sorted(self._passing(where)), dtype=np.int64)

    def optimise(self) -> IndexState:
        return self.state()

    def state(self) -> IndexState:
        return IndexState("exact", len(self._held), None)

    def _passing(self, where: Filter) -> list[int]:
        with self._lock:
            return [seq for seq, metadata in self._metadata.values() if matches(where, metadata)]


class MemoryStore:
    """Collections in memory."""

    name = "memory"

    def __init__(self) -> None:
        self._views: dict[str, MemoryView] = {}
        self._lock = threading.Lock()

    def open(self, collection: str, dim: int) -> MemoryView:
        with self._lock:
            view = self._views.setdefault(collection, MemoryView(dim))
        if view.dim != dim:
            raise CollectionExistsError(
                f"collection {collection!r} holds vectors of {view.dim} numbers, not {dim}; take another"
            )
        return view

    def drop(self, collection: str) -> None:
        with self._lock:
            self._views.pop(collection, None)

    def collections(self) -> list[str]:
        return sorted(self._views)

    def close(self) -> None:
        """Nothing is open."""
