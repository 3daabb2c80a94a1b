"""Copies of the record's file: made while it is used, examined, put back. Does not know what it holds.

All of it is SQLite's own doing: a copy is its online backup, which no writer waits for.
"""

import contextlib
import os
import sqlite3
import time
from contextlib import closing
from itertools import chain, count
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import delete, func, select

from sightline.catalogue import tables
from sightline.catalogue.enclosures import Enclosed, enclose, require_sound, take_out
from sightline.catalogue.failures import in_our_words
from sightline.catalogue.steps import STEPS
from sightline.disk import sync
from sightline.domain.errors import RecordBrokenError, RecordNewerError, RecordUnavailableError
from sightline.domain.ports import Uploads

FILE_NAME = "catalogue.db"
SQLITE = b"SQLite format 3\0"
SHOWN_FAULTS = 100  # SQLite stops looking after so many
ASIDE = "before-restore"


def faults(connection: sqlite3.Connection) -> int:
    """In how many places the file is not as it must be; reads all of it."""
    found = connection.execute(f"PRAGMA integrity_check({SHOWN_FAULTS})").fetchall()
    broken = 0 if found == [("ok",)] else len(found)
    return broken + len(connection.execute("PRAGMA foreign_key_check").fetchmany(SHOWN_FAULTS))


def copy(source: Path, target: Path, uploads: Uploads | None = None) -> Enclosed:
    """The file as it is now, whole or not at all; replaces one of the same name. uploads: to go with it.

    Raises StorageFullError, RecordUnavailableError, RecordBrokenError; OSError: the place cannot be written.
    """
    _require_replaceable(target)
    with TemporaryDirectory(prefix=".backup.", dir=target.parent) as folder:
        growing = Path(folder) / FILE_NAME
        with in_our_words():
            _fill(source, growing)
            enclosed = enclose(growing, uploads) if uploads else Enclosed()
            sync(growing)
        growing.replace(target)
    sync(target.parent)
    return enclosed


def _require_replaceable(target: Path) -> None:
    """Raises RecordUnavailableError: there is something else than an earlier copy."""
    if not target.exists() and not target.is_symlink():
        return
    is_file = target.is_file() and not target.is_symlink()
    if not is_file or _beginning(target) != SQLITE:
        raise RecordUnavailableError(f"{target} is there and is no backup; give another name")


def _beginning(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(len(SQLITE))


def restore(folder: Path, source: Path, uploads: Uploads) -> Path | None:
    """Make the copy the record of a folder that this process owns; returns where the one before lies now.

    The uploads in it come to those that are there: none of these goes, for the record before may come back.
    Its views are forgotten, and so made anew: those that are there may hold what this record does not.
    Raises RecordBrokenError, RecordNewerError, RecordUnavailableError: the copy cannot be used, all stays.
    """
    _require_whole(source)
    record = folder / FILE_NAME
    with TemporaryDirectory(prefix=".restore.", dir=folder) as place:
        made = Path(place) / FILE_NAME
        with in_our_words():
            _fill(source, made)
            with closing(sqlite3.connect(made)) as connection, connection:
                connection.execute(str(delete(tables.views)))
            take_out(made, uploads)
            sync(made)
        before = _kept_aside(record) if record.exists() else None
        made.replace(record)  # in one step: there is a record at any moment
    sync(folder)
    return before


def _fill(source: Path, target: Path) -> None:
    """By the online backup. The copy is one file: it needs no write-ahead log beside it."""
    target.touch(mode=0o600)  # what the library holds is its owner's
    with closing(reading(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)
        new.execute("PRAGMA journal_mode = DELETE")


def _require_whole(source: Path) -> None:
    if not source.is_file():
        raise RecordUnavailableError(
            f"there is no file {str(source)!r}; give one that `sightline backup` wrote"
        )
    with in_our_words(), closing(reading(source)) as connection:
        try:
            shape = connection.execute(str(select(func.max(tables.steps.c.number)))).fetchone()[0]
        except sqlite3.DatabaseError as error:
            raise RecordBrokenError(f"{str(source)!r} is no backup of a record; give another one") from error
        newest = max(step.number for step in STEPS)
        if shape is None or shape > newest:
            raise RecordNewerError(
                f"{str(source)!r} has shape {shape}, made by a later version of Sightline; this one knows "
                f"up to {newest}: install the later version"
            )
        if broken := faults(connection):
            raise RecordBrokenError(f"{str(source)!r} is damaged in {broken} places; give another backup")
        require_sound(connection)


def reading(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)


def _kept_aside(record: Path) -> Path:
    """A second name for the record, which keeps its own until another file takes it."""
    with contextlib.suppress(sqlite3.Error), closing(sqlite3.connect(record)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")  # then the file alone is all of it
    aside = _linked_aside(record)
    for ending in ("-wal", "-shm"):  # still there: the record is damaged, and these belong to it
        log = record.with_name(record.name + ending)
        if log.exists():
            log.rename(aside.with_name(aside.name + ending))
    return aside


def _linked_aside(record: Path) -> Path:
    """A name that is free; two records may be put aside within one second."""
    first = f"{record.name}.{ASIDE}-{time.strftime('%Y%m%d-%H%M%S')}"
    names = chain([first], (f"{first}-{number}" for number in count(2)))
    return next(aside for name in names if _is_linked(record, aside := record.with_name(name)))


def _is_linked(record: Path, aside: Path) -> bool:
    try:
        os.link(record, aside)
    except FileExistsError:
        return False
    return True
