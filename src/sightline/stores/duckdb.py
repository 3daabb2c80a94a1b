"""The embedded store: one DuckDB file, a schema for each collection. Does not know the record.

SELECT item_id, metadata FROM photos.embeddings      -- in DuckDB, while no server has the file
"""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sightline.domain.errors import CollectionExistsError
from sightline.stores.duckdb_file import DuckDbFile
from sightline.stores.duckdb_table import FILE, VIEWS, DuckDbTable
from sightline.stores.duckdb_view import HELD_MAX_BYTES, DuckDbView, Searching
from sightline.stores.segment import ROWS


class DuckDbStore:
    """Collections in one folder: the file, and the indexes beside it. Safe to use from several threads."""

    name = "duckdb"

    def __init__(self, folder: Path, held_max_bytes: int = HELD_MAX_BYTES, segment_rows: int = ROWS) -> None:
        """held_max_bytes: a collection whose codes take more is not held in memory, but indexed.

        segment_rows: so many new vectors are put into a file together.
        """
        self._folder = folder
        self._segment_rows = segment_rows
        self._held_max_bytes = held_max_bytes
        self._file = DuckDbFile(folder / FILE, prepare=VIEWS)
        self._views: dict[str, DuckDbView] = {}
        self._comparing = ThreadPoolExecutor(os.cpu_count(), thread_name_prefix="comparing")
        self._lock = threading.Lock()

    def open(self, collection: str, dim: int) -> DuckDbView:
        with self._lock:
            there = self._dims().get(collection)
            if there is None:
                DuckDbTable(self._file, collection, dim).create()
                self._views.pop(collection, None)
            elif there != dim:
                raise CollectionExistsError(
                    f"collection {collection!r} holds vectors of {there} numbers, not {dim}; take another"
                )
            if collection not in self._views:
                table = DuckDbTable(self._file, collection, dim)
                self._views[collection] = DuckDbView(table, self._searching(collection))
            return self._views[collection]

    def drop(self, collection: str) -> None:
        with self._lock:
            view = self._views.pop(collection, None)
            if view is not None:
                view.retire()
            dim = self._dims().get(collection)
            if dim is not None:
                DuckDbTable(self._file, collection, dim).drop()
                self._searching(collection).forget()

    def collections(self) -> list[str]:
        with self._lock:
            return sorted(self._dims())

    def close(self) -> None:
        with self._lock:
            self._views.clear()
            self._comparing.shutdown()
            self._file.close()

    def _dims(self) -> dict[str, int]:
        with self._file.cursor() as cursor:
            return dict(cursor.execute("SELECT collection, dim FROM main.views").fetchall())

    def _searching(self, collection: str) -> Searching:
        return Searching(
            index=self._folder / f"{collection}.usearch",
            segments=self._folder / f"{collection}.segments",
            comparing=self._comparing,
            held_max_bytes=self._held_max_bytes,
            segment_rows=self._segment_rows,
        )
