"""A database's errors in our words, by table. Shows no driver's text, knows no transaction."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy.exc import DBAPIError

from sightline.catalogue.full import FULL, full_in_our_words
from sightline.domain.errors import (
    InvalidRequestError,
    RecordBrokenError,
    RecordUnavailableError,
    SightlineError,
    StorageFullError,
)

NO_ROOM = StorageFullError, FULL
BUSY = RecordUnavailableError, "another process holds the record; try again"
AWAY = RecordUnavailableError, "the record's database does not answer; try again"
UNWRITABLE = RecordUnavailableError, "the record's folder cannot be opened or written; see who owns its files"
FAILING = RecordUnavailableError, "the disk of the record failed; see the system's log before you go on"
BROKEN = RecordBrokenError, "the record's file is damaged; stop, keep a copy of it, and restore a backup"

UNKEPT = (
    InvalidRequestError,
    "a text with the character NUL, or half of one, is none that can be kept or looked up",
)

Meaning = tuple[type[SightlineError], str]

# https://sqlite.org/rescode.html: an extended code before the primary one in its low byte
SQLITE_MEANINGS: dict[int, Meaning] = {
    (19 << 8) | 10: NO_ROOM,  # IOERR_SHMSIZE: no room for the index of the write-ahead log
    3: UNWRITABLE,  # PERM
    5: BUSY,
    6: BUSY,  # LOCKED
    8: UNWRITABLE,  # READONLY
    10: FAILING,  # IOERR
    11: BROKEN,  # CORRUPT
    13: NO_ROOM,
    14: UNWRITABLE,  # CANTOPEN
    26: BROKEN,  # NOTADB
}
# https://www.postgresql.org/docs/current/errcodes-appendix.html: a whole code before its class
POSTGRES_MEANINGS: dict[str, Meaning] = {
    "22": UNKEPT,
    "53100": NO_ROOM,
    "53": AWAY,  # out of memory, connections
    "08": AWAY,  # connection
    "57": AWAY,  # shutting down, starting up
    "40": BUSY,  # deadlock, serialisation
    "55": BUSY,  # lock not available
    "58": FAILING,
    "XX": BROKEN,
}


@contextmanager
def in_our_words() -> Iterator[None]:
    """Raises StorageFullError, RecordUnavailableError, RecordBrokenError for what the driver reports;
    InvalidRequestError: the database has no such text.

    What is not in the tables is a mistake of ours and passes as it is.
    """
    try:
        with full_in_our_words():
            yield
    except (DBAPIError, sqlite3.Error) as exc:  # the latter while a connection is set up
        meaning = _meaning(exc)
        if meaning is None:
            raise
        kind, message = meaning
        raise kind(message) from exc


def _meaning(exc: DBAPIError | sqlite3.Error) -> Meaning | None:
    cause = exc.orig if isinstance(exc, DBAPIError) else exc
    code = getattr(cause, "sqlite_errorcode", None)
    if code is not None:
        return SQLITE_MEANINGS.get(code, SQLITE_MEANINGS.get(code & 0xFF))
    state = getattr(cause, "sqlstate", None)
    if state is not None:
        return POSTGRES_MEANINGS.get(state, POSTGRES_MEANINGS.get(state[:2]))
    if isinstance(cause, sqlite3.Error):
        return None
    # psycopg gives no state when the connection itself is lost or never came to be, nor to what it never sent
    return {"OperationalError": AWAY, "DataError": UNKEPT}.get(type(cause).__name__)
