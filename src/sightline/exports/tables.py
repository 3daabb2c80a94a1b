"""DuckDB and Parquet files. Do not know whose the rows are.

SELECT item_id, metadata ->> 'colour' FROM embeddings
ORDER BY array_cosine_similarity(vector, (SELECT vector FROM embeddings WHERE item_id = 'x')) DESC
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
from numpy.typing import NDArray

from sightline.domain.arrays import Float32
from sightline.domain.exports import Batch, Column
from sightline.exports.formats import FileFormat

CONFIG = {
    "memory_limit": "512MB",
    "autoinstall_known_extensions": False,  # nothing is ever fetched
}
TABLE = "embeddings"


class DuckDbFile:
    """A DuckDB file with one table, embeddings: vectors are FLOAT[dim], objects JSON."""

    def __init__(self, path: Path, columns: Sequence[Column]) -> None:
        self._columns = columns
        self._connection = duckdb.connect(path, config=CONFIG)
        declared = ", ".join(f"{_quoted(column)} {_type(column)} NOT NULL" for column in columns)
        self._connection.execute(f"CREATE TABLE {TABLE} ({declared})")

    def add(self, batch: Batch) -> None:
        values = {column.name: _objects(column, batch[column.name]) for column in self._columns}
        self._connection.register("added", values)
        cast = ", ".join(f"{_quoted(column)}::{_type(column)}" for column in self._columns)
        self._connection.execute(f"INSERT INTO {TABLE} SELECT {cast} FROM added")
        self._connection.unregister("added")

    def finish(self) -> None:
        self._connection.execute("CHECKPOINT")  # so that no log is left beside the file

    def copy(self, path: Path) -> None:
        """All rows into a Parquet file."""
        self._connection.execute(
            f"COPY {TABLE} TO $target (FORMAT parquet, ROW_GROUP_SIZE 8192)", {"target": str(path)}
        )

    def close(self) -> None:
        self._connection.close()


class ParquetFile:
    """Rows wait in a DuckDB file: Parquet is written in one go."""

    def __init__(self, path: Path, columns: Sequence[Column]) -> None:
        self._path = path
        self._waiting = path.with_name("waiting.duckdb")
        self._rows = DuckDbFile(self._waiting, columns)

    def add(self, batch: Batch) -> None:
        self._rows.add(batch)

    def finish(self) -> None:
        self._rows.copy(self._path)
        self._rows.close()
        self._waiting.unlink()
        self._waiting.with_name(f"{self._waiting.name}.wal").unlink(missing_ok=True)

    def close(self) -> None:
        self._rows.close()


DUCKDB = FileFormat(".duckdb", "application/vnd.duckdb", DuckDbFile)
PARQUET = FileFormat(".parquet", "application/vnd.apache.parquet", ParquetFile)


def _type(column: Column) -> str:
    match column.kind:
        case "text":
            return "VARCHAR"
        case "integer":
            return "BIGINT"
        case "json":
            return "JSON"
        case "vector":
            return f"FLOAT[{column.dim}]"


def _quoted(column: Column) -> str:
    return '"' + column.name.replace('"', '""') + '"'


def _objects(column: Column, values: Sequence[Any] | Float32) -> NDArray[np.object_]:
    """(N,) objects, whatever they are: numpy would make (N, dim) of vectors, which DuckDB does not read."""
    objects = np.empty(len(values), dtype=object)
    objects[:] = [json.dumps(value) for value in values] if column.kind == "json" else list(values)
    return objects
