"""PostgreSQL with pgvector as a store: one table a collection, in a schema of its own. Knows no model.

Each table is open to any SQL: item_id, vector, metadata, seq. Beside them `_views` says how far each holds
the record; rows and cursor change in one transaction.
"""

import numpy as np
from psycopg import errors
from psycopg.sql import SQL, Identifier

from sightline.domain.errors import CollectionExistsError, SettingsError, StoreUnavailableError
from sightline.domain.items import COLLECTION_NAME, RESERVED_NAME, checked_collection
from sightline.stores.pgvector_table import VIEWS, Table, VectorDumper
from sightline.stores.pgvector_view import PgvectorView
from sightline.stores.postgres import Connection, Postgres

OLDEST_VERSION = (0, 8)  # of pgvector: the first with iterative scans, without which a filter loses hits
# measured at 20,000 rows of 768 on two cores: 11 ms over every row, 7 ms by an index that took 5 s to build
INDEX_FROM_ROWS = 20_000
CREATION = 20_263  # key of the lock under which tables are made, so that two servers may start at once

CREATE_VIEWS = """
    CREATE TABLE IF NOT EXISTS {views} (
        collection text COLLATE "C" PRIMARY KEY, dim integer NOT NULL,
        cursor bigint NOT NULL, recall double precision)"""
# "C" is code point order. A vector of 768 has 3 KB and would be moved out of its row, which makes scans slow;
# 8160 bytes are all that fits into one
CREATE_TABLE = """
    CREATE TABLE {table} (
        item_id text COLLATE "C" PRIMARY KEY, vector vector({dim}) NOT NULL, metadata jsonb NOT NULL,
        seq bigint NOT NULL
    ) WITH (toast_tuple_target = 8160)"""
LIST = """
    INSERT INTO {views} (collection, dim, cursor) VALUES (%s, %s, 0)
    ON CONFLICT (collection) DO UPDATE SET cursor = 0, recall = NULL"""


class PgvectorStore:
    """Implements domain.ports.Store."""

    name = "pgvector"

    def __init__(
        self,
        url: str,
        *,
        schema: str = "sightline",
        timeout_s: float = 30.0,
        index_from_rows: int = INDEX_FROM_ROWS,
    ) -> None:
        """Connects in the background. timeout_s: the longest that one statement may take.

        Raises SettingsError: the url or the schema's name cannot be used.
        """
        if not COLLECTION_NAME.fullmatch(schema) or RESERVED_NAME.fullmatch(schema):
            raise SettingsError(
                f"postgres_schema={schema!r} cannot name a schema; take 1 to 63 of a-z, 0-9 and _, a letter "
                "first, and no pg_ before it"
            )
        self._schema = schema
        self._index_from_rows = index_from_rows
        self._postgres = Postgres(url, timeout_s, dumpers=[(np.ndarray, VectorDumper)])

    def open(self, collection: str, dim: int) -> PgvectorView:
        """Raises CollectionExistsError: there is one of another dim, or a table that is none of ours;
        StoreUnavailableError: no answer, or no pgvector there.
        """
        table = Table(self._schema, checked_collection(collection), dim)
        with self._postgres.transaction() as connection:
            connection.execute("SELECT pg_advisory_xact_lock(%s)", [CREATION])
            self._prepare(connection, table)
            text = table.sql("SELECT dim FROM {views} WHERE collection = %s")
            listed = connection.execute(text, [collection]).fetchone()
            is_there = _exists(connection, table.name)
            if is_there and listed is not None and not _has_seqs(connection, table):
                connection.execute(table.sql("DROP TABLE {table}"))  # of an older version: filled anew
                is_there = False
            if is_there and listed is None:
                raise CollectionExistsError(
                    f"schema {self._schema} has a table {collection} that this store did not make; give the "
                    "collection another name, or set another postgres_schema"
                )
            if is_there and listed != (dim,):
                raise CollectionExistsError(
                    f"collection {collection} holds vectors of {listed[0] if listed else 0}, not of {dim}; "
                    "drop it, or give the new one another name"
                )
            if not is_there:
                connection.execute(table.sql(CREATE_TABLE))
                connection.execute(table.sql(LIST), [collection, dim])
        return PgvectorView(self._postgres, table, self._index_from_rows)

    def drop(self, collection: str) -> None:
        table = Table(self._schema, checked_collection(collection), dim=0)
        if collection not in self.collections():
            return
        with self._postgres.transaction() as connection:
            connection.execute(table.sql("DELETE FROM {views} WHERE collection = %s"), [collection])
            connection.execute(table.sql("DROP TABLE IF EXISTS {table}"))

    def collections(self) -> list[str]:
        views = Table(self._schema, VIEWS, dim=0)
        with self._postgres.transaction() as connection:
            if not _exists(connection, views.name):
                return []
            rows = connection.execute(views.sql("SELECT collection FROM {views} ORDER BY 1")).fetchall()
        return [name for (name,) in rows]

    def close(self) -> None:
        self._postgres.close()

    def _prepare(self, connection: Connection, table: Table) -> None:
        """Extension, schema, list of views: each only if missing, as making them takes rights."""
        version = connection.execute(
            "SELECT extversion FROM pg_extension WHERE extname = 'vector'"
        ).fetchone()
        if version is None:
            _create_extension(connection)
        elif tuple(int(part) for part in version[0].split(".")[:2]) < OLDEST_VERSION:
            raise StoreUnavailableError(
                f"this database has pgvector {version[0]}, and 0.8 is needed; update it and run "
                "ALTER EXTENSION vector UPDATE"
            )
        if connection.execute("SELECT to_regnamespace(%s)", [self._schema]).fetchone() == (None,):
            connection.execute(SQL("CREATE SCHEMA {}").format(Identifier(self._schema)))
        if not _exists(connection, Table(self._schema, VIEWS, dim=0).name):
            connection.execute(table.sql(CREATE_VIEWS))


def _create_extension(connection: Connection) -> None:
    try:
        connection.execute("CREATE EXTENSION vector")
    except (errors.FeatureNotSupported, errors.UndefinedFile, errors.InsufficientPrivilege) as exc:
        raise StoreUnavailableError(
            "this database has no pgvector; install it on the server and, as a superuser, run "
            "CREATE EXTENSION vector"
        ) from exc


def _has_seqs(connection: Connection, table: Table) -> bool:
    """Whether its rows know of which change of the record they are."""
    asked = "SELECT 1 FROM pg_attribute WHERE attrelid = to_regclass(%s) AND attname = 'seq'"
    return connection.execute(asked, [table.name]).fetchone() is not None


def _exists(connection: Connection, name: str) -> bool:
    return connection.execute("SELECT to_regclass(%s)", [name]).fetchone() != (None,)
