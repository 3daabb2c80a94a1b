"""The stores that a killed library may use, as those of bootstrap but for two things. Knows no test.

Indexes are built from few items on, and `qdrant-local://PATH` is Qdrant as a library over a folder.
"""

from pathlib import Path
from typing import cast

from qdrant_client import QdrantClient

from sightline.bootstrap.library import VIEWS, open_store
from sightline.domain.ports import Store
from sightline.settings import Settings
from sightline.stores.duckdb import DuckDbStore
from sightline.stores.pgvector import PgvectorStore
from sightline.stores.qdrant import QdrantStore
from tests.qdrant import LocalQdrant

INDEX_FROM_ROWS = 200
HELD_MAX_BYTES = INDEX_FROM_ROWS * 128  # of codes of the bundled model


def open_small_store(settings: Settings, home: Path, address: str) -> Store:
    scheme, _, rest = address.partition("://")
    match scheme:
        case "duckdb":
            return DuckDbStore(home / VIEWS, held_max_bytes=HELD_MAX_BYTES)
        case "postgresql":
            return PgvectorStore(address, index_from_rows=INDEX_FROM_ROWS)
        case "qdrant-local":
            return QdrantStore(cast(QdrantClient, LocalQdrant(rest)))
        case _:
            return open_store(settings, home, address)
