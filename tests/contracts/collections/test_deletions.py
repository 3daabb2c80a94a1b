"""A collection is deleted at the worst moments of the job that fills it."""

import logging
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from sightline.catalogue.database import Database
from sightline.catalogue.jobs import SqlLedger
from sightline.catalogue.record import SqlRecord
from sightline.domain.collections import SourceNote
from sightline.domain.ports import Source
from sightline.sources.folder import FolderSource
from sightline.sources.options import SourceOptions
from tests.ingestions import at_work
from tests.libraries import order_of, write_pictures
from tests.records import SPACE
from tests.waiting import wait_until


class Fleeting:
    """A record whose collection is deleted just before a call of this name."""

    def __init__(self, record: SqlRecord, moment: str) -> None:
        self._record = record
        self._moment = moment

    def __getattr__(self, name: str) -> object:
        if name == self._moment and self._record.collections():
            self._record.retire("photos")
        return getattr(self._record, name)


def open_folder(note: SourceNote) -> Source:
    return FolderSource(note.address, SourceOptions())


@pytest.mark.parametrize("moment", ["note_source", "marks", "space", "sources"])
def test_a_job_whose_collection_is_deleted_ends_without_a_word_of_failure(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, moment: str
) -> None:
    caplog.set_level(logging.INFO)
    write_pictures(tmp_path / "photos", range(2))
    with closing(Database.in_folder(tmp_path / "home")) as database:
        record, ledger = SqlRecord(database), SqlLedger(database)
        record.create("photos", SPACE)
        fleeting: Any = Fleeting(record, moment)  # it has every call of a record
        with at_work(fleeting, ledger, tmp_path / "home", open_folder) as ingestion:
            ingestion.submit("photos", order_of(tmp_path / "photos"))
            wait_until(lambda: "deleted" in caplog.text or "failed" in caplog.text, 10)
    assert "a job's collection was deleted" in caplog.text
    assert "failed" not in caplog.text
