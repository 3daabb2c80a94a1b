"""Uploads inside a backup: put into the copy of a record, and taken out of it. Knows nothing else of it."""

import hashlib
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from functools import partial
from itertools import islice
from pathlib import Path

from sightline.catalogue.uploads import is_content
from sightline.domain.errors import EntryError, RecordBrokenError
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


def require_sound(connection: sqlite3.Connection) -> None:
    """Read all that a copy holds. Raises RecordBrokenError: it names what is no content; sqlite3.Error."""
    for _ in _held(connection):
        pass


def take_out(copy: Path, uploads: Uploads) -> None:
    """Open what a copy holds, to be settled by the record it becomes. Raises RecordError, sqlite3.Error."""
    with closing(sqlite3.connect(copy, isolation_level=None)) as connection:
        rows = _held(connection)  # looked at once more: the file may have been changed since
        while part := dict(islice(rows, TOGETHER)):
            uploads.bring(part)
        connection.execute(f"DROP TABLE IF EXISTS {TABLE}")
        connection.execute("VACUUM")


def _held(connection: sqlite3.Connection) -> Iterator[tuple[str, bytes]]:
    """Each content with its bytes, which are of it. A backup may come from anybody."""
    if not connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (TABLE,)).fetchone():
        return
    connection.text_factory = partial(str, errors="replace")  # in it text need not be text
    for name, data in connection.execute(f"SELECT sha256, data FROM {TABLE}"):  # noqa: S608
        if not (is_content(name) and isinstance(data, bytes) and hashlib.sha256(data).hexdigest() == name):
            raise RecordBrokenError(
                f"the backup's upload {str(name)[:100]!r} is damaged, or is none; give another backup"
            )
        yield name, data


def _named(connection: sqlite3.Connection) -> list[str]:
    return [bytes(row[0]).hex() for row in connection.execute(NAMED)]
