"""The HNSW index over a collection's table: there or not, built, dropped. Knows no search.

Once built, PostgreSQL keeps it in step with every row.
"""

import logging

from psycopg import errors
from psycopg.sql import SQL, Identifier

from sightline.stores.pgvector_table import Table
from sightline.stores.postgres import Connection, Postgres

MAX_DIM = 2000  # of an HNSW index over `vector`
MAX_BUILD_BYTES = 2**30  # of the server's memory; without enough the build takes several times as long
MIN_BUILD_BYTES = 2**26  # PostgreSQL's own default
GRAPH_SHARE = 1.3  # a graph with its vectors against the vectors alone, at 768 dims

FIND = """
    SELECT relname, indisvalid FROM pg_index JOIN pg_class ON pg_class.oid = indexrelid
    JOIN pg_am ON pg_am.oid = relam WHERE indrelid = to_regclass(%s) AND amname = 'hnsw'"""
BUILD = "CREATE INDEX CONCURRENTLY ON {table} USING hnsw (vector vector_cosine_ops)"

log = logging.getLogger(__name__)


def has_index(connection: Connection, table: Table) -> bool:
    """Whether searches can use an index now."""
    return any(is_valid for _, is_valid in connection.execute(FIND, [table.name]))


def build_index(postgres: Postgres, table: Table, rows: int) -> None:
    """Build the index if there is none, beside searches and changes. May take minutes.

    If another process is building it, that one goes on and this returns at once.
    """
    if table.dim > MAX_DIM:
        return
    with postgres.workbench() as connection:
        lock = connection.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [table.name])
        if lock.fetchone() != (True,) or has_index(connection, table):
            return
        _drop_remains(connection, table)
        bytes_needed = int(rows * table.dim * 4 * GRAPH_SHARE)
        kibibytes = min(max(bytes_needed, MIN_BUILD_BYTES), MAX_BUILD_BYTES) // 1024
        connection.execute("SELECT set_config('maintenance_work_mem', %s, false)", [f"{kibibytes}kB"])
        try:
            connection.execute(table.sql(BUILD))
        except (
            errors.DiskFull
        ):  # or /dev/shm is: containers have 64 MB of it, and parallel workers share there
            log.info("building an index without parallel workers")
            _drop_remains(connection, table)
            connection.execute("SET max_parallel_maintenance_workers = 0")
            connection.execute(table.sql(BUILD))


def _drop_remains(connection: Connection, table: Table) -> None:
    """A build that was killed leaves an index that is never used, and is written to all the same."""
    for name, _ in connection.execute(FIND, [table.name]).fetchall():
        connection.execute(SQL("DROP INDEX CONCURRENTLY {}").format(Identifier(table.schema, name)))
