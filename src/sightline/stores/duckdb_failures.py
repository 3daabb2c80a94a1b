"""What DuckDB's errors mean for its file. Does not know stores, and repeats nothing the driver said."""

import re
from typing import Literal

import duckdb

Verdict = Literal["busy", "denied", "full", "memory", "gone", "broken", "failed"]

# Of one class, told apart by their text only. First match counts.
TEXTS: list[tuple[str, Verdict]] = [
    (r"[Cc]ould not set lock|[Cc]onflicting lock|being used by another process", "busy"),
    (r"Permission denied|Read-only file system|Operation not permitted", "denied"),
    (r"No space left|[Dd]isk quota|ENOSPC|File too large", "full"),
    (
        r"[Cc]hecksum|[Cc]orrupt|not a valid DuckDB|deserializ|[Cc]ould not read (all|enough)|version number",
        "broken",
    ),
]
CLASSES: list[tuple[type[duckdb.Error], Verdict]] = [
    (duckdb.OutOfMemoryException, "memory"),
    (duckdb.SerializationException, "broken"),
    (duckdb.CatalogException, "gone"),
]
NOT_ITS_FAULT: tuple[Verdict, ...] = ("busy", "denied", "full", "memory")
MEANING: dict[Verdict, str] = {
    "busy": "another process has the store's file open; close it there",
    "denied": "the store's file may not be written; mend its permissions",
    "full": "the disk with the store's file is full; make room",
    "memory": "the store needs more memory than it may take; ask for less at once",
    "gone": "the store no longer has this collection; open it again",
    "broken": "the store's file is damaged and is set aside; it is filled again from the record",
    "failed": "the store failed and is opened again; the server's log has the details",
}


def verdict(exc: duckdb.Error) -> Verdict:
    """gone: a table, not the file. failed: the file must be looked at. broken: it is of no use."""
    text = str(exc)
    for pattern, found in TEXTS:
        if re.search(pattern, text):
            return found
    for kind, found in CLASSES:
        if isinstance(exc, kind):
            return found
    return "failed"
