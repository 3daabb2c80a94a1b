"""The record's database: opened, brought forward, read and written in transactions. Knows no item, no job."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, closing, contextmanager, nullcontext
from pathlib import Path
from typing import Self

from sqlalchemy import URL, Connection, Engine, create_engine, make_url
from sqlalchemy.exc import ArgumentError

from sightline.catalogue import copies, loose
from sightline.catalogue.copies import FILE_NAME
from sightline.catalogue.dialects import POSTGRES, WRITES, dialect_of
from sightline.catalogue.enclosures import Enclosed
from sightline.catalogue.failures import in_our_words
from sightline.catalogue.reserve import Reserve
from sightline.catalogue.steps import bring_forward
from sightline.domain.errors import RecordUnavailableError, StorageFullError
from sightline.domain.ports import Uploads
from sightline.observe import failpoints

DRIVERS = {"postgresql": "postgresql+psycopg", "postgres": "postgresql+psycopg"}
INSTALL_POSTGRES = "the record in PostgreSQL needs a driver: pip install 'sightline[postgres]'"


class Database:
    """Safe to use from several threads. Every write has a name, and is whole or not at all."""

    def __init__(self, engine: Engine, reserve: Reserve | None = None, *, owner: str = "") -> None:
        """reserve: of the disk that the database is on, where that is ours. owner: see `at`."""
        self._reserve = reserve
        self.dialect = dialect_of(engine.dialect.name)
        self._engine = engine
        self._reader = engine.execution_options(**self.dialect.read_options, **{loose.OWNER: owner})
        self._writer = engine.execution_options(**{WRITES: True, loose.OWNER: owner})
        self._when_loose: Callable[[Sequence[str]], None] = _nobody_keeps
        # SQLite lets those who wait for a writer poll, and some starve; a lock serves them in our own process
        self.is_file = engine.dialect.name == "sqlite"
        self._turn: AbstractContextManager[object] = threading.Lock() if self.is_file else nullcontext()
        self._file = Path(engine.url.database or "") if self.is_file else None
        self.dialect.prepare(engine)
        with self.writing("shape") as connection:
            self.dialect.lock_schema(connection)
            bring_forward(connection)

    @classmethod
    def in_folder(cls, folder: Path) -> Self:
        """The SQLite file in a folder, made if it is not there."""
        with in_our_words():
            folder.mkdir(parents=True, exist_ok=True)
        database = cls(create_engine(URL.create("sqlite", database=str(folder / FILE_NAME))), Reserve(folder))
        database.has_room()
        return database

    @classmethod
    def at(cls, url: str, *, owner: str = "") -> Self:
        """A PostgreSQL database by its address. owner: of several that share it, who this is.

        Raises RecordUnavailableError: it is none, or does not answer, or no driver is installed.
        """
        try:
            address = make_url(url)
            driver = DRIVERS[address.drivername.partition("+")[0]]
            engine = create_engine(address.set(drivername=driver), **POSTGRES.engine_options)
        except (ArgumentError, KeyError) as exc:
            # not shown: it may hold a password
            raise RecordUnavailableError(
                "the record's address is no PostgreSQL address; write postgresql://user@host/database"
            ) from exc
        except ModuleNotFoundError as exc:
            raise RecordUnavailableError(INSTALL_POSTGRES) from exc
        return cls(engine, owner=owner)

    def when_loose(self, settle: Callable[[Sequence[str]], None]) -> None:
        """Called after each commit that let go of contents, with these, by the thread that committed."""
        self._when_loose = settle

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that reads, all its statements the same state of the database.

        Raises RecordUnavailableError, RecordBrokenError.
        """
        with in_our_words(), self._reader.connect() as connection:
            yield connection

    @contextmanager
    def writing(self, name: str) -> Iterator[Connection]:
        """A transaction that writes, committed at the end of the block unless it raises.

        Its failpoints are `name.before`, with everything written and nothing committed, and `name.after`.
        Raises StorageFullError, RecordUnavailableError, RecordBrokenError: nothing was kept. When the disk is
        full its reserve is spent: a little can be written after all, as that a job waits.
        """
        try:
            with in_our_words(), self._turn:
                with self._writer.begin() as connection:
                    let_go = loose.begin(connection)
                    yield connection
                    failpoints.reach(f"{name}.before")
                failpoints.reach(f"{name}.after")
        except StorageFullError:
            if self._reserve:
                self._reserve.spend()
            raise
        if let_go:
            self._when_loose(let_go)

    def has_room(self) -> bool:
        """Whether the disk has room, as far as that can be known: if so, the reserve is kept again."""
        return self._reserve is None or self._reserve.keep()

    def faults(self) -> list[str]:
        """What is wrong with the file, in words. A server looks after its own files."""
        if self._file is None:
            return []
        with in_our_words(), closing(copies.reading(self._file)) as connection:
            found = copies.faults(connection)
        return [f"the record's file is damaged in {found} places; restore a backup"] if found else []

    def back_up(self, target: Path, uploads: Uploads | None = None) -> Enclosed:
        """Copy the file as it is now, and uploads into the copy. Raises RecordError, OSError."""
        if self._file is None:
            raise RecordUnavailableError(
                "the record is in PostgreSQL; back it up by pg_dump, and copy each server's folder `pictures`"
            )
        return copies.copy(self._file, target, uploads)

    def close(self) -> None:
        self._engine.dispose()


def _nobody_keeps(_: Sequence[str]) -> None:
    """What is let go of stays written down for the next who keeps uploads."""
