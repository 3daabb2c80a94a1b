"""One DuckDB file, opened with care and opened again after it failed. Does not know what is in it.

The file is a view of the record, so none of it is worth a crash: what cannot be opened is set aside under
another name, the log alone if that is enough, and an empty file takes its place.
"""

import logging
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

import duckdb

from sightline.domain.errors import StoreBrokenError, StoreError, StoreUnavailableError
from sightline.stores.duckdb_failures import MEANING, verdict
from sightline.stores.duckdb_probe import probe

log = logging.getLogger(__name__)

CONFIG = {
    "memory_limit": "1GB",  # set before the log is replayed
    "checkpoint_threshold": "4MB",  # of log: little to replay, and little to lose
    "storage_compatibility_version": "v1.5.0",  # so that a person with either major version can open it
    "autoinstall_known_extensions": False,  # nothing is ever fetched
}
# once it is open: what is searched lies elsewhere, and DuckDB would keep every page that it ever wrote
CALM = "SET memory_limit = '128MB'"


class DuckDbFile:
    """A connection that heals."""

    def __init__(self, path: Path, prepare: str) -> None:
        """prepare: SQL that is run whenever the file was opened."""
        self._path = path
        self._prepare = prepare
        self._lock = threading.Lock()
        self._writing = threading.Lock()  # DuckDB fails one of two transactions that meet
        self._connection: duckdb.DuckDBPyConnection | None = None
        self._suspect = False
        self._closed = False
        self._generation = 0

    def opened(self) -> int:
        """Open the file if it is not; how often that was done."""
        self._connected()
        return self._generation

    @contextmanager
    def cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor for one thread. The driver's errors leave it as StoreErrors."""
        connection = self._connected()
        try:
            with closing(connection.cursor()) as cursor:
                yield cursor
        except duckdb.Error as exc:
            raise self._told(exc, connection) from exc

    @contextmanager
    def transaction(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """All that is done with the cursor, or nothing; one at a time."""
        with self._writing, self.cursor() as cursor:
            cursor.begin()
            try:
                yield cursor
            except BaseException:
                with suppress(duckdb.Error):  # the database may have been given up already
                    cursor.rollback()
                raise
            cursor.commit()

    def close(self) -> None:
        """The log is worked into the file first."""
        with self._lock:
            self._closed = True
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _connected(self) -> duckdb.DuckDBPyConnection:
        with self._lock:
            if self._closed:
                raise StoreUnavailableError("the store is closed")
            if self._connection is None:
                set_aside_if_broken(self._path, deep=self._suspect)
                self._connection = _connect(self._path, self._prepare)
                self._suspect = False
                self._generation += 1
            return self._connection

    def _told(self, exc: duckdb.Error, connection: duckdb.DuckDBPyConnection) -> StoreError:
        """The error in our words. After one that may be the file's, it is looked at before it is used."""
        found = verdict(exc)
        log.warning("the store failed: %s", found, exc_info=exc)
        if found in ("broken", "failed", "full"):  # when the disk is full, DuckDB may give the database up
            with self._lock:
                if self._connection is connection:
                    self._connection = None
                    self._suspect = found != "full"
            connection.close()
        return (StoreBrokenError if found in ("broken", "gone") else StoreUnavailableError)(MEANING[found])


def _connect(path: Path, prepare: str) -> duckdb.DuckDBPyConnection:
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        connection = duckdb.connect(path, config=CONFIG)
        connection.execute(CALM)
        connection.execute(prepare)
        return connection
    except duckdb.Error as exc:
        raise StoreUnavailableError(MEANING[verdict(exc)]) from exc


def set_aside_if_broken(path: Path, *, deep: bool) -> None:
    """Afterwards the file can be opened, or is not there.

    Raises StoreUnavailableError: it cannot be opened now, through no fault of its own.
    """
    for suspects in (_logs(path), [path]):
        if not path.exists():
            suspects = _logs(path)  # of a file that is gone
        elif (found := probe(path, deep=deep)) is None:
            return
        elif found != "broken":
            raise StoreUnavailableError(MEANING[found])
        for suspect in suspects:
            _set_aside(suspect)


def _logs(path: Path) -> list[Path]:
    return [log for log in path.parent.glob(f"{path.name}.wal*") if ".corrupt-" not in log.name]


def _set_aside(path: Path) -> None:
    """Only the newest of its kind is kept: a disk must not fill up with what nobody needs."""
    for older in path.parent.glob(f"{path.name}.corrupt-*"):
        older.unlink()
    aside = path.with_name(f"{path.name}.corrupt-{datetime.now(UTC):%Y%m%dT%H%M%S}")
    path.rename(aside)
    log.error(
        "%s is damaged and now lies at %s; the view is filled again from the record", path.name, aside.name
    )
