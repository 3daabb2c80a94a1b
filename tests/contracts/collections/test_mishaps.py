"""What goes wrong with one job stops no other, however it goes wrong."""

import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from sightline.catalogue.database import Database
from sightline.catalogue.jobs import SqlLedger
from sightline.catalogue.record import SqlRecord
from sightline.domain.collections import SourceNote
from sightline.domain.errors import RecordUnavailableError, SourceError, StorageFullError
from sightline.services.collections.mishaps import STORAGE_FULL, Mishaps
from sightline.services.collections.planning import Order
from tests.libraries import ended, ingested, opened, write_pictures
from tests.records import SPACE

UNKEEPABLE = "half of a pair \ud800"  # no database takes it as text


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[SqlLedger]:
    with closing(Database.in_folder(tmp_path)) as database:
        SqlRecord(database).create("photos", SPACE)
        yield SqlLedger(database)


def test_a_plan_that_fails_as_nobody_foresaw_fails_its_job_and_the_next_is_done(tmp_path: Path) -> None:
    write_pictures(tmp_path / "photos", range(2))
    with opened(tmp_path / "home") as library:
        library.ensure("photos")
        note = SourceNote(UNKEEPABLE, str(tmp_path / "photos"), {})
        bad = ended(library, library.ingestion.submit("photos", Order(note)).id)
        assert (bad.state, bad.reason) == ("failed", "internal")
        assert str(bad.message).endswith("mend its cause, resume the job")
        assert ingested(library, tmp_path / "photos").done == 2


def test_a_job_whose_request_is_broken_fails_and_the_next_is_done(tmp_path: Path) -> None:
    write_pictures(tmp_path / "photos", range(2))
    with opened(tmp_path / "home") as library:
        library.ensure("photos")
        bad = library.ingestion.ledger.create("ingest", "photos", {"source": {}})
        assert ended(library, bad.id).reason == "internal"
        assert ingested(library, tmp_path / "photos").done == 2


def test_what_nobody_foresaw_is_logged_once_with_its_trace(
    ledger: SqlLedger, caplog: pytest.LogCaptureFixture
) -> None:
    job = ledger.create("ingest", "photos", {})
    with Mishaps(ledger, threading.Event()).alone(job.id):
        raise ZeroDivisionError
    assert ledger.job(job.id).state == "failed"
    assert [bool(one.exc_info) for one in caplog.records] == [True]


def test_a_reason_that_no_database_can_hold_fails_the_job_all_the_same(ledger: SqlLedger) -> None:
    job = ledger.create("ingest", "photos", {})
    with Mishaps(ledger, threading.Event()).alone(job.id):
        raise SourceError(f"there is nothing at {UNKEEPABLE}")
    failed = ledger.job(job.id)
    assert (failed.state, failed.reason) == ("failed", "invalid_source")
    assert str(failed.message).endswith("half of a pair \N{REPLACEMENT CHARACTER}")


def test_a_record_that_does_not_answer_and_an_end_in_between_fail_no_job(ledger: SqlLedger) -> None:
    job = ledger.create("ingest", "photos", {})
    stopping = threading.Event()
    with pytest.raises(RecordUnavailableError), Mishaps(ledger, stopping).alone(job.id):
        raise RecordUnavailableError("away")
    stopping.set()
    with pytest.raises(RuntimeError), Mishaps(ledger, stopping).alone(job.id):
        raise RuntimeError("cannot schedule new futures after shutdown")
    assert ledger.job(job.id).state == "planning"


def test_a_full_disk_makes_its_job_wait(ledger: SqlLedger) -> None:
    job, mishaps = ledger.create("ingest", "photos", {}), Mishaps(ledger, threading.Event())
    with mishaps.alone(job.id):
        raise StorageFullError("full")
    assert (ledger.job(job.id).reason, mishaps.waiting_for_room()) == (STORAGE_FULL, [job.id])
