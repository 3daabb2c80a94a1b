"""A plan that takes long ends soon where nobody wants it any more, and the next is made."""

import threading
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from sightline.catalogue.database import Database
from sightline.catalogue.jobs import SqlLedger
from sightline.catalogue.record import SqlRecord
from sightline.domain.collections import SourceNote
from sightline.domain.entries import Entry
from sightline.domain.ports import Look, Source, unwatched
from sightline.services.collections.ingest import CLOSING_S
from sightline.sources.folder import FolderSource
from sightline.sources.options import SourceOptions
from tests.ingestions import at_work
from tests.libraries import order_of
from tests.records import SPACE
from tests.waiting import wait_until

SOON_S = CLOSING_S / 2


class Endless:
    """A source that is read for ever, and has no picture."""

    name = "endless"

    def __init__(self) -> None:
        self.left_out: dict[str, int] = {}
        self.remarks: list[str] = []
        self.is_read = threading.Event()

    def scan(self, look: Look = unwatched) -> Iterator[Entry]:
        while True:
            self.is_read.set()
            time.sleep(0.001)
            look()
        yield  # what makes it a generator

    def read(self, entry: Entry) -> bytes:
        raise AssertionError("it has no picture")

    def fresh(self, entry: Entry) -> Entry:
        return entry

    def close(self) -> None:
        pass


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    with closing(Database.in_folder(tmp_path)) as database:
        SqlRecord(database).create("photos", SPACE)
        yield database


def test_a_plan_ends_soon_once_its_job_is_cancelled_and_the_next_is_made(
    database: Database, tmp_path: Path
) -> None:
    endless, ledger = Endless(), SqlLedger(database)
    (tmp_path / "empty").mkdir()

    def open_source(note: SourceNote) -> Source:
        return endless if note.name.endswith("endless") else FolderSource(note.address, SourceOptions())

    with at_work(SqlRecord(database), ledger, tmp_path, open_source) as ingestion:
        first = ingestion.submit("photos", order_of(tmp_path / "endless"))
        second = ingestion.submit("photos", order_of(tmp_path / "empty"))
        assert endless.is_read.wait(SOON_S)
        ingestion.cancel(first.id)
        wait_until(lambda: ledger.job(second.id).state == "done", SOON_S)


def test_an_end_does_not_wait_for_a_plan(database: Database, tmp_path: Path) -> None:
    endless, ledger = Endless(), SqlLedger(database)
    with at_work(SqlRecord(database), ledger, tmp_path, lambda note: endless) as ingestion:
        job = ingestion.submit("photos", order_of(tmp_path))
        assert endless.is_read.wait(SOON_S)
        began = time.monotonic()
        ingestion.close()
        assert time.monotonic() - began < SOON_S
        assert not ingestion.is_at_work
    assert ledger.job(job.id).state == "planning"  # the next start goes on with it
