"""Uploads inside a backup: put into the copy of a record, and taken out of it. Knows nothing else of it."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from sightline.domain.errors import EntryError
from sightline.domain.ports import Uploads

TABLE = "enclosed_uploads"
NAMED = "SELECT DISTINCT sha256 FROM items WHERE source = '' AND key <> x'' AND sha256 IS NOT NULL"
TOGETHER = 64  # brought at once: their folder is waited for once


@dataclass(frozen=True)
class Enclosed:
    """How many uploads a copy holds; lacking: those that the record names, and that could not be read."""

    held: int = 0
    lacking: int = 0


def enclose(copy: Path, uploads: Uploads) -> Enclosed:
    """Put what the items of a copy name into it; what went meanwhile is lacking. Raises sqlite3.Error."""
    held = lacking = 0
    with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = OFF")  # a copy that is not whole is thrown away
        connection.execute(f"CREATE TABLE {TABLE} (sha256 TEXT PRIMARY KEY, data BLOB NOT NULL)")
        connection.execute("BEGIN")
        for sha256 in _named(connection):
            try:
                data = uploads.read(sha256)
            except EntryError:
                lacking += 1
                continue
            connection.execute(f"INSERT INTO {TABLE} VALUES (?, ?)", (sha256, data))  # noqa: S608
            held += 1
        connection.execute("COMMIT")
        connection.execute("PRAGMA journal_mode = DELETE")
    return Enclosed(held, lacking)


def take_out(copy: Path, uploads: Uploads) -> None:
    """Open what a copy holds, to be settled by the record it becomes. Raises RecordError, sqlite3.Error."""
    with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
        if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (TABLE,)).fetchone():
            return
        rows = connection.execute(f"SELECT sha256, data FROM {TABLE}")  # noqa: S608
        while part := rows.fetchmany(TOGETHER):
            uploads.bring(dict(part))
        connection.execute(f"DROP TABLE {TABLE}")
        connection.execute("VACUUM")


def _named(connection: sqlite3.Connection) -> list[str]:
    return [bytes(row[0]).hex() for row in connection.execute(NAMED)]
