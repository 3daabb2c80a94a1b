"""The record's database on SQLite: how it is opened, brought forward, and what its failures are called."""

import sqlite3
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.exc import DBAPIError

from sightline.catalogue.database import FILE_NAME, Database
from sightline.catalogue.failures import in_our_words
from sightline.catalogue.jobs import SqlLedger
from sightline.catalogue.record import SqlRecord
from sightline.catalogue.steps import STEPS, Step, bring_forward
from sightline.domain.errors import (
    RecordBrokenError,
    RecordNewerError,
    RecordUnavailableError,
    SightlineError,
    StorageFullError,
)
from tests.records import SPACE, upserts


def test_a_commit_outlives_a_power_cut_and_readers_do_not_wait(tmp_path: Path) -> None:
    database = Database.in_folder(tmp_path / "new" / "folder")
    with database.reading() as connection:
        pragmas = {
            name: connection.scalar(text(f"PRAGMA {name}"))
            for name in ("journal_mode", "synchronous", "foreign_keys", "page_size", "busy_timeout")
        }
    database.close()
    assert pragmas == {
        "journal_mode": "wal",
        "synchronous": 2,  # FULL
        "foreign_keys": 1,
        "page_size": 16384,
        "busy_timeout": 10_000,
    }


def test_a_record_is_opened_again_with_what_it_had(tmp_path: Path) -> None:
    for _ in range(2):
        database = Database.in_folder(tmp_path)
        SqlRecord(database).bind("shoes", SPACE)
        database.close()
    assert [one.name for one in SqlRecord(Database.in_folder(tmp_path)).collections()] == ["shoes"]


def test_a_transaction_that_fails_keeps_nothing(tmp_path: Path) -> None:
    database = Database.in_folder(tmp_path)
    insert = text("INSERT INTO spaces (fingerprint, model, dim) VALUES ('f', 'm', 1)")
    with pytest.raises(ZeroDivisionError), database.writing("test") as connection:
        _ = connection.execute(insert).rowcount / 0
    with database.reading() as connection:
        assert connection.scalar(text("SELECT count(*) FROM spaces")) == 0


def test_an_older_record_takes_the_steps_it_lacks_once(tmp_path: Path) -> None:
    database = Database.in_folder(tmp_path)
    record = SqlRecord(database)
    record.bind("shoes", SPACE)
    record.commit("shoes", upserts([0]))

    def add_a_title(connection) -> None:
        connection.execute(text("ALTER TABLE items ADD COLUMN title TEXT NOT NULL DEFAULT 'none'"))

    newer = (*STEPS, Step(STEPS[-1].number + 1, "a title for items", add_a_title))
    for expected in ([newer[-1]], []):
        with database.writing("test") as connection:
            assert bring_forward(connection, newer) == expected
    with database.reading() as connection:
        assert connection.scalar(text("SELECT title FROM items")) == "none"
    database.close()
    with pytest.raises(RecordNewerError, match="made by a later version"):
        Database.in_folder(tmp_path)


def test_a_record_of_the_first_shape_is_brought_forward(tmp_path: Path) -> None:
    database = Database.in_folder(tmp_path)
    SqlRecord(database).bind("shoes", SPACE)
    before = SqlLedger(database).create("ingest", "shoes", {})
    with database.writing("test") as connection:
        connection.execute(text("DROP INDEX items_by_source"))
        connection.execute(text("ALTER TABLE jobs DROP COLUMN scan"))
        connection.execute(text("ALTER TABLE spaces DROP COLUMN origin"))
        for table in ("loose", "point_pages", "maps"):
            connection.execute(text(f"DROP TABLE {table}"))
        connection.execute(text("DELETE FROM schema_steps WHERE number > 1"))
    database.close()
    ledger = SqlLedger(Database.in_folder(tmp_path))
    assert ledger.job(before.id) == before
    assert ledger.plan(before.id, [], scan=lambda: {"found": 0}).scan == {"found": 0}


def test_steps_are_numbered_from_one_without_gaps() -> None:
    assert [step.number for step in STEPS] == list(range(1, len(STEPS) + 1))


def test_a_file_that_is_no_database_is_called_broken(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).write_bytes(b"not a database" * 1000)
    with pytest.raises(RecordBrokenError, match="restore a backup"):
        Database.in_folder(tmp_path)


def test_a_folder_that_cannot_be_opened_is_said_so(tmp_path: Path) -> None:
    (tmp_path / FILE_NAME).mkdir()
    with pytest.raises(RecordUnavailableError, match="cannot be opened"):
        Database.in_folder(tmp_path)


@pytest.mark.parametrize("url", ["nonsense", "mysql://localhost/x", "postgresql://u:geheim@127.0.0.1:1/x"])
def test_an_address_that_does_not_answer_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(RecordUnavailableError) as refusal:
        Database.at(url)
    assert "geheim" not in str(refusal.value)


@pytest.mark.parametrize(
    ("code", "meaning"),
    [
        ("SQLITE_FULL", StorageFullError),
        ("SQLITE_IOERR_SHMSIZE", StorageFullError),
        ("SQLITE_IOERR_FSYNC", RecordUnavailableError),
        ("SQLITE_BUSY", RecordUnavailableError),
        ("SQLITE_BUSY_SNAPSHOT", RecordUnavailableError),
        ("SQLITE_CORRUPT", RecordBrokenError),
        ("SQLITE_NOTADB", RecordBrokenError),
    ],
)
def test_sqlite_failures_have_our_names(code: str, meaning: type[SightlineError]) -> None:
    failure = sqlite3.OperationalError("disk I/O error at /home/somebody")
    failure.sqlite_errorcode = getattr(sqlite3, code)
    with pytest.raises(meaning) as raised, in_our_words():
        raise DBAPIError("SELECT secret", {}, failure)
    assert "secret" not in str(raised.value)
    assert "somebody" not in str(raised.value)


@pytest.mark.parametrize(
    ("state", "meaning"),
    [("53100", StorageFullError), ("53300", RecordUnavailableError), ("57P01", RecordUnavailableError),
     ("08006", RecordUnavailableError), ("40P01", RecordUnavailableError), ("XX001", RecordBrokenError)],
)  # fmt: skip
def test_postgres_failures_have_our_names(state: str, meaning: type[SightlineError]) -> None:
    class DriverError(Exception):
        sqlstate = state

    with pytest.raises(meaning), in_our_words():
        raise DBAPIError("SELECT 1", {}, DriverError())


def test_a_mistake_of_ours_is_not_dressed_up(tmp_path: Path) -> None:
    engine = create_engine("sqlite://")
    with pytest.raises(DBAPIError), in_our_words(), engine.connect() as connection:
        connection.execute(text("SELECT nothing FROM nowhere"))
