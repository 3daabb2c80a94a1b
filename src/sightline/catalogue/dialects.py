"""Where SQLite and PostgreSQL differ, and nothing else. Does not know what the tables mean."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, Table, event, text
from sqlalchemy.dialects import postgresql, sqlite

Insert = sqlite.Insert | postgresql.Insert

WRITES = "sightline_writes"  # an execution option: this connection's transactions write
# A writer of another process, a backup or a repair, holds the file for one commit: well below a second
BUSY_TIMEOUT_MS = 10_000
# Vectors of 2 to 6 kB would leave up to half of SQLite's usual 4 kB pages empty
PAGE_BYTES = 16_384
WAL_LIMIT_BYTES = 64 << 20  # a large WAL is cut back to this when it has been written into the file
DEAD_AFTER_MS = 10_000  # bytes that a server does not acknowledge: its machine vanished without a word
POSTGRES_SCHEMA = "sightline"  # tables named items and jobs may be somebody else's


@dataclass(frozen=True)
class Dialect:
    """What the record asks of a database beyond SQL that both understand.

    engine_options, read_options: SQLAlchemy's, of an engine, and of a transaction whose statements all see
    the same state of the database.
    prepare: set up each connection of an engine. insert: one that may give way to a row that is there.
    lease_clock: seconds by a clock that all who lease shards from this database share.
    lock_alone: keep other writers off a table until the transaction ends; lock_schema: off its shape.
    """

    engine_options: Mapping[str, Any]
    prepare: Callable[[Engine], None]
    read_options: Mapping[str, Any]
    insert: Callable[[Table], Insert]
    lease_clock: Callable[[Connection], float]
    lock_alone: Callable[[Connection, Table], None]
    lock_schema: Callable[[Connection], None]

    def put(
        self, connection: Connection, table: Table, key: Mapping[str, Any], values: Mapping[str, Any]
    ) -> None:
        """A row under its key, as it is from now on."""
        insert = self.insert(table).values(**key, **values)
        connection.execute(insert.on_conflict_do_update(index_elements=list(key), set_=dict(values)))


def dialect_of(name: str) -> Dialect:
    """The dialect by SQLAlchemy's name for it: sqlite or postgresql."""
    return {"sqlite": SQLITE, "postgresql": POSTGRES}[name]


def _prepare_sqlite(engine: Engine) -> None:
    @event.listens_for(engine, "connect")
    def _open(connection: Any, _record: object) -> None:
        connection.isolation_level = None  # Python's sqlite3 would begin transactions by rules of its own
        for pragma in (
            f"page_size = {PAGE_BYTES}",  # heeded by an empty file only
            "journal_mode = WAL",
            "synchronous = FULL",  # a commit outlives a power cut
            "foreign_keys = ON",
            f"busy_timeout = {BUSY_TIMEOUT_MS}",
            f"journal_size_limit = {WAL_LIMIT_BYTES}",
        ):
            connection.execute(f"PRAGMA {pragma}")

    @event.listens_for(engine, "begin")
    def _begin(connection: Connection) -> None:
        # a transaction that reads first and writes later would fail if another wrote in between
        writes = connection.get_execution_options().get(WRITES, False)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _monotonic(_connection: Connection) -> float:
    """The kernel's: no change of the wall clock ends a lease. Shared by all processes of this machine."""
    return time.monotonic()


def _servers_clock(connection: Connection) -> float:
    """The server's, as machines differ. Not the transaction's time: that may have waited for a lock."""
    return float(connection.scalar(text("SELECT extract(epoch FROM clock_timestamp())")))


def _nothing_more(*_: object) -> None:
    """BEGIN IMMEDIATE keeps other writers off an SQLite file; PostgreSQL's connections are set up already."""


def _lock_table(connection: Connection, table: Table) -> None:
    connection.execute(text(f"LOCK TABLE {table.name} IN EXCLUSIVE MODE"))  # readers may go on


def _lock_postgres_schema(connection: Connection) -> None:
    # hashtext: any number that nobody else picks by accident
    connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('sightline schema'))"))
    connection.execute(text(f"CREATE SCHEMA IF NOT EXISTS {POSTGRES_SCHEMA}"))


SQLITE = Dialect(
    engine_options={},
    prepare=_prepare_sqlite,
    read_options={},  # each of its transactions is a snapshot
    insert=sqlite.insert,
    lease_clock=_monotonic,
    lock_alone=_nothing_more,
    lock_schema=_nothing_more,
)
POSTGRES = Dialect(
    engine_options={
        "pool_pre_ping": True,  # the server may have been restarted
        "connect_args": {
            "connect_timeout": 5,
            "tcp_user_timeout": DEAD_AFTER_MS,
            "options": f"-c search_path={POSTGRES_SCHEMA} -c lock_timeout={BUSY_TIMEOUT_MS} "
            "-c synchronous_commit=on",  # whatever the server's default is
        },
    },
    prepare=_nothing_more,
    read_options={"isolation_level": "REPEATABLE READ", "postgresql_readonly": True},
    insert=postgresql.insert,
    lease_clock=_servers_clock,
    lock_alone=_lock_table,
    lock_schema=_lock_postgres_schema,
)
