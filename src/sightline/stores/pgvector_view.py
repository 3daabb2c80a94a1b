"""One collection in a table of PostgreSQL with pgvector. Does not know how the table came to be."""

from collections.abc import Callable, Sequence
from typing import LiteralString

import numpy as np
from psycopg.types.json import Jsonb

from sightline.domain.arrays import Float32, Int64
from sightline.domain.errors import StoreBrokenError
from sightline.domain.filters import And, Filter
from sightline.domain.items import Change, IndexState, Scored
from sightline.stores.changes import outcome
from sightline.stores.jsonb import JsonbFilter
from sightline.stores.pgvector_index import build_index, has_index
from sightline.stores.pgvector_table import Table, read_vector
from sightline.stores.postgres import BROKEN, Connection, Postgres
from sightline.stores.ranking import Candidate, ranked
from sightline.stores.recall import recall_at_10

EVERYTHING = And(())
SEARCH_WIDTH = 100  # candidates that HNSW keeps; pgvector's own 40 is hardly more than a page of hits
MAX_SEARCH_WIDTH = 1000  # pgvector takes no more
SAMPLE_ROWS = 50

EXACT = """
    SELECT item_id, -(vector <#> %(query)b::vector) AS score, vector_send(vector) FROM {table} WHERE {where}
    ORDER BY score DESC LIMIT %(limit)s"""
BY_INDEX = """
    SELECT item_id, -(vector <#> %(query)b::vector) AS score, vector_send(vector) FROM {table} WHERE {where}
    ORDER BY vector <=> %(query)b::vector LIMIT %(limit)s"""
# without iterative scans a filter would see the first candidates only
SEARCH_BY = """
    SELECT set_config('hnsw.ef_search', %s, true), set_config('hnsw.iterative_scan', 'strict_order', true)"""
CURSOR = "SELECT cursor FROM {views} WHERE collection = %s"
UPSERT = """
    INSERT INTO {table} (item_id, vector, metadata, seq) VALUES (%s, %b::vector, %s, %s)
    ON CONFLICT (item_id) DO UPDATE
    SET vector = excluded.vector, metadata = excluded.metadata, seq = excluded.seq"""
SAMPLE = "SELECT vector_send(vector) FROM {table} ORDER BY md5(item_id) LIMIT %s"


class PgvectorView:
    """Implements domain.ports.View."""

    def __init__(self, postgres: Postgres, table: Table, index_from_rows: int) -> None:
        self._index_from_rows = index_from_rows
        self._postgres = postgres
        self._table = table
        with postgres.transaction() as connection:
            self._is_indexed = has_index(connection, table)

    @property
    def cursor(self) -> int:
        with self._postgres.transaction() as connection:
            return self._cursor(connection, CURSOR)

    def apply(self, changes: Sequence[Change], cursor: int) -> None:
        with self._postgres.transaction() as connection, connection.cursor() as rows:
            held = self._cursor(connection, CURSOR + " FOR UPDATE")  # one writer at a time
            written, removed = outcome(changes, held)
            rows.executemany(
                self._table.sql(UPSERT),
                [
                    (change.item_id, change.vector, Jsonb(dict(change.metadata)), change.seq)
                    for change in written
                ],
            )
            rows.execute(self._table.sql("DELETE FROM {table} WHERE item_id = ANY(%s)"), [removed])
            rows.execute(
                self._table.sql("UPDATE {views} SET cursor = %s WHERE collection = %s"),
                [max(held, cursor), self._table.collection],
            )

    def nearest(
        self, query: Float32, k: int, *, offset: int = 0, where: Filter | None = None, exact: bool = False
    ) -> list[Scored]:
        """By the index as far as it yields enough that pass `where`, else over every row."""
        wanted = offset + k
        if k < 1:
            return []
        with self._postgres.transaction() as connection:
            if self._is_indexed and not exact:
                width = min(max(SEARCH_WIDTH, wanted), MAX_SEARCH_WIDTH)
                connection.execute(SEARCH_BY, [str(width)])
                hits = ranked(self._asking(connection, BY_INDEX, query, where), query, wanted)
                if len(hits) == wanted:
                    return hits[offset:]
            return ranked(self._asking(connection, EXACT, query, where), query, wanted)[offset:]

    def count(self, where: Filter | None = None) -> int:
        condition = JsonbFilter("metadata")
        passes = condition.condition(where or EVERYTHING)
        text = self._table.sql("SELECT count(*) FROM {table} WHERE {where}", where=passes)
        with self._postgres.transaction() as connection:
            row = connection.execute(text, condition.parameters).fetchone()
        return int(row[0]) if row else 0

    def passing(self, where: Filter) -> Int64:
        condition = JsonbFilter("metadata")
        text = self._table.sql(
            "SELECT seq FROM {table} WHERE {where} ORDER BY seq", where=condition.condition(where)
        )
        with self._postgres.transaction() as connection:
            rows = connection.execute(text, condition.parameters)
            return np.fromiter((seq for (seq,) in rows), dtype=np.int64)

    def optimise(self) -> IndexState:
        rows = self.count()
        if rows >= self._index_from_rows:
            build_index(self._postgres, self._table, rows)
        with self._postgres.transaction() as connection:
            self._is_indexed = has_index(connection, self._table)
            sample = connection.execute(self._table.sql(SAMPLE), [SAMPLE_ROWS]).fetchall()
        if self._is_indexed:
            recall = recall_at_10(self, (read_vector(sent) for (sent,) in sample))
            with self._postgres.transaction() as connection:
                connection.execute(
                    self._table.sql("UPDATE {views} SET recall = %s WHERE collection = %s"),
                    [recall, self._table.collection],
                )
        return self.state()

    def state(self) -> IndexState:
        with self._postgres.transaction() as connection:
            self._is_indexed = has_index(connection, self._table)
            text = self._table.sql("SELECT recall FROM {views} WHERE collection = %s")
            row = connection.execute(text, [self._table.collection]).fetchone()
        if not self._is_indexed:
            return IndexState("exact", covered=self.count(), recall=None)
        return IndexState("hnsw", covered=self.count(), recall=row[0] if row else None)

    def _asking(
        self, connection: Connection, statement: LiteralString, query: Float32, where: Filter | None
    ) -> Callable[[int], list[Candidate]]:
        """How to get the best so many rows by a statement."""
        condition = JsonbFilter("metadata")
        text = self._table.sql(statement, where=condition.condition(where or EVERYTHING))

        def fetch(limit: int) -> list[Candidate]:
            rows = connection.execute(
                text, condition.parameters | {"query": query, "limit": limit}
            ).fetchall()
            return [Candidate(item_id, score, read_vector(sent)) for item_id, score, sent in rows]

        return fetch

    def _cursor(self, connection: Connection, question: LiteralString) -> int:
        """Raises StoreBrokenError: the view is not listed any more."""
        row = connection.execute(self._table.sql(question), [self._table.collection]).fetchone()
        if row is None:
            raise StoreBrokenError(BROKEN)
        return int(row[0])
