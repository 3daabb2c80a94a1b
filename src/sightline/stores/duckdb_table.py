"""The SQL of one collection in DuckDB. Does not know how its file is kept, or how a search is planned.

An item that changes gets a new row, and its old one is deleted in the same transaction: no vector is updated
in place. The table has no key, since DuckDB's key indexes are what upserts damage; `seq` is unique by the
record's promise, and new rows have larger ones, so that a range of them is found without reading the rest.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import duckdb
import numpy as np
from numpy.typing import NDArray

from sightline.domain.arrays import Float32, Int64
from sightline.domain.errors import StoreBrokenError
from sightline.domain.filters import Filter
from sightline.domain.items import Change, Scored, checked_collection
from sightline.stores.duckdb_conditions import Condition, condition
from sightline.stores.duckdb_failures import MEANING
from sightline.stores.duckdb_file import DuckDbFile

CATALOG = "embeddings"  # as DuckDB calls a file of this name
FILE = f"{CATALOG}.duckdb"
PIECE_ROWS = 8_192
EVERYTHING = Condition("TRUE")
StampKind = Literal["index_stamp", "segment_stamps"]

VIEWS = """
    CREATE TABLE IF NOT EXISTS main.views (
        collection VARCHAR NOT NULL, dim INTEGER NOT NULL, cursor BIGINT NOT NULL, index_stamp JSON,
        segment_stamps JSON, plotted JSON
    );
    ALTER TABLE main.views ADD COLUMN IF NOT EXISTS plotted JSON"""


@dataclass(frozen=True, eq=False)
class Piece:
    """Rows in the order of their seq."""

    ids: NDArray[np.object_]  # (N,)
    seqs: Int64  # (N,)
    vectors: Float32  # (N, dim)


class DuckDbTable:
    """The rows of one collection, and its line in main.views."""

    def __init__(self, file: DuckDbFile, collection: str, dim: int) -> None:
        self._file = file
        self._collection = checked_collection(collection)  # only so may it become SQL
        self._name = f'{CATALOG}."{self._collection}".embeddings'
        self.dim = int(dim)

    def generation(self) -> int:
        """Another number whenever the file was opened anew."""
        return self._file.opened()

    def create(self) -> None:
        """Raises StoreError."""
        with self._file.transaction() as cursor:
            cursor.execute(f'CREATE SCHEMA IF NOT EXISTS {CATALOG}."{self._collection}"')
            cursor.execute(
                f"CREATE TABLE {self._name} (item_id VARCHAR NOT NULL, vector FLOAT[{self.dim}] NOT NULL, "
                "x FLOAT, y FLOAT, metadata JSON NOT NULL, seq BIGINT NOT NULL)"
            )
            cursor.execute(
                "INSERT INTO main.views (collection, dim, cursor) VALUES (?, ?, 0)",
                [self._collection, self.dim],
            )

    def drop(self) -> None:
        with self._file.transaction() as cursor:
            cursor.execute(f"DROP TABLE {self._name}")
            cursor.execute("DELETE FROM main.views WHERE collection = ?", [self._collection])

    def cursor(self) -> int:
        """The seq up to which the rows follow the record."""
        return int(self._line("cursor"))

    def stamp(self, kind: StampKind) -> str | None:
        """What was last kept by `keep_stamp`."""
        stamp = self._line(kind)
        return None if stamp is None else str(stamp)

    def keep_stamp(self, kind: StampKind, stamp: str | None) -> None:
        """Keep a JSON text with the rows, or no longer."""
        with self._file.transaction() as cursor:
            cursor.execute(
                f"UPDATE main.views SET {kind} = ? WHERE collection = ?", [stamp, self._collection]
            )

    def apply(self, changes: Sequence[Change], cursor: int) -> Int64:
        """Take changes, at most one of an item, and move the cursor; the seqs of the rows that are gone."""
        kept = [change for change in changes if change.vector is not None]
        gone: list[tuple[int]] = []
        with self._file.transaction() as writer:
            if changes:
                gone = writer.execute(
                    f"DELETE FROM {self._name} WHERE item_id IN (SELECT unnest(?::VARCHAR[])) RETURNING seq",
                    [[change.item_id for change in changes]],
                ).fetchall()
            if kept:
                self._insert(writer, kept)
            writer.execute(
                "UPDATE main.views SET cursor = ? WHERE collection = ?", [cursor, self._collection]
            )
        return np.array([seq for (seq,) in gone], dtype=np.int64)

    def plotted(self) -> str | None:
        """What was last kept by `plot`."""
        mark = self._line("plotted")
        return None if mark is None else str(mark)

    def plot(self, seqs: Int64, places: Float32, mark: str) -> None:
        """Take the places (N, 2) of rows, and keep a JSON text with them."""
        with self._file.transaction() as writer:
            if len(seqs):
                columns = {"seq": seqs, "x": places[:, 0].copy(), "y": places[:, 1].copy()}
                writer.register("plotted", columns)
                writer.execute(
                    f"UPDATE {self._name} AS e SET x = p.x, y = p.y FROM plotted AS p WHERE e.seq = p.seq"
                )
                writer.unregister("plotted")
            self._mark(writer, mark)

    def forget_plot(self) -> None:
        with self._file.transaction() as writer:
            writer.execute(f"UPDATE {self._name} SET x = NULL, y = NULL WHERE x IS NOT NULL")
            self._mark(writer, None)

    def _mark(self, writer: duckdb.DuckDBPyConnection, mark: str | None) -> None:
        writer.execute("UPDATE main.views SET plotted = ? WHERE collection = ?", [mark, self._collection])

    def _insert(self, writer: duckdb.DuckDBPyConnection, changes: Sequence[Change]) -> None:
        columns = {
            "item_id": _objects([change.item_id for change in changes]),
            "vector": _objects([change.vector for change in changes]),
            "metadata": _objects(
                [json.dumps(dict(change.metadata), ensure_ascii=False) for change in changes]
            ),
            "seq": np.array([change.seq for change in changes], dtype=np.int64),
        }
        writer.register("added", columns)
        writer.execute(
            f"INSERT INTO {self._name} SELECT item_id, vector::FLOAT[{self.dim}], NULL, NULL, metadata, seq "
            "FROM added ORDER BY seq"
        )
        writer.unregister("added")

    def items(self) -> tuple[NDArray[np.object_], Int64]:
        """Item ids and seqs of all rows, in the order of their seq."""
        found = self._columns(f"SELECT item_id, seq FROM {self._name} ORDER BY seq", [])
        return np.asarray(found["item_id"], dtype=object), np.asarray(found["seq"], dtype=np.int64)

    def pieces(self, after: int = 0) -> Iterator[Piece]:
        """All rows with a larger seq, a piece at a time: by ranges, so that none is read twice."""
        seqs = self._columns(f"SELECT seq FROM {self._name} WHERE seq > ? ORDER BY seq", [after])["seq"]
        for last in (*seqs[PIECE_ROWS - 1 : -1 : PIECE_ROWS].tolist(), *seqs[-1:].tolist()):
            yield self._piece("WHERE seq > ? AND seq <= ? ORDER BY seq", [after, last])
            after = last

    def sample(self, rows: int) -> Piece:
        """Some rows, drawn anew each time."""
        return self._piece(f"USING SAMPLE reservoir({int(rows)} ROWS)", [])

    def count(self, where: Filter | None = None, after: int = 0) -> int:
        """How many rows with a larger seq pass."""
        passing = _condition(where)
        ((rows,),) = self._rows(
            f"SELECT count(*) FROM {self._name} WHERE seq > ? AND {passing.sql}", [after, *passing.values]
        )
        return int(rows)

    def passing(self, where: Filter) -> Int64:
        """The seqs of the rows that pass, ascending."""
        passing = _condition(where)
        sql = f"SELECT seq FROM {self._name} WHERE {passing.sql} ORDER BY seq"
        found = self._columns(sql, passing.values)
        return np.asarray(found["seq"], dtype=np.int64)

    def ids(self, seqs: Int64, where: Filter | None) -> dict[int, str]:
        """Item ids by seq, of those rows among these that still are there and pass."""
        passing = _condition(where)
        listed = ", ".join(str(int(seq)) for seq in seqs)  # as constants, so that only their blocks are read
        return dict(
            self._rows(
                f"SELECT seq, item_id FROM {self._name} WHERE seq IN ({listed}) AND {passing.sql}",
                passing.values,
            )
        )

    def nearest(
        self, query: Float32, k: int, *, offset: int = 0, where: Filter | None = None, after: int = 0
    ) -> list[Scored]:
        """As View.nearest, among the rows with a larger seq than `after`: each is compared."""
        passing = _condition(where)
        rows = self._rows(
            f"SELECT item_id, array_inner_product(vector, ?::FLOAT[{self.dim}]) AS score FROM {self._name} "
            f"WHERE seq > ? AND {passing.sql} ORDER BY score DESC, item_id LIMIT ? OFFSET ?",
            [query.tolist(), after, *passing.values, k, offset],
        )
        return [Scored(item_id, score) for item_id, score in rows]

    def _line(self, column: str) -> Any:
        """A value of the collection's line in main.views."""
        lines = self._rows(f"SELECT {column} FROM main.views WHERE collection = ?", [self._collection])
        if not lines:
            raise StoreBrokenError(MEANING["gone"])
        return lines[0][0]

    def _rows(self, sql: str, values: Sequence[object]) -> list[tuple[Any, ...]]:
        with self._file.cursor() as cursor:
            rows: list[tuple[Any, ...]] = cursor.execute(sql, list(values)).fetchall()
        return rows

    def _columns(self, sql: str, values: Sequence[object]) -> dict[str, NDArray[Any]]:
        with self._file.cursor() as cursor:
            columns: dict[str, NDArray[Any]] = cursor.execute(sql, list(values)).fetchnumpy()
        return columns

    def _piece(self, clause: str, values: Sequence[object]) -> Piece:
        found = self._columns(f"SELECT item_id, seq, vector FROM {self._name} {clause}", values)
        vectors = np.empty((len(found["seq"]), self.dim), dtype=np.float32)
        for row, vector in enumerate(found["vector"]):
            vectors[row] = vector
        return Piece(np.asarray(found["item_id"], dtype=object), np.asarray(found["seq"]), vectors)


def _condition(where: Filter | None) -> Condition:
    return EVERYTHING if where is None else condition(where)


def _objects(values: Sequence[object]) -> NDArray[np.object_]:
    """One object for each value: numpy would make a matrix of vectors."""
    column = np.empty(len(values), dtype=object)
    for row, value in enumerate(values):
        column[row] = value
    return column
