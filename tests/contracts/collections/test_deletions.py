"""A collection is deleted at the worst moments of the job that fills it."""

import logging
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from sightline.catalogue.database import Database
from sightline.catalogue.jobs import SqlLedger
from sightline.catalogue.record import SqlRecord
from sightline.domain.collections import Space
from sightline.services.collections.ingest import Ingestion
from sightline.services.collections.views import Views
from sightline.services.embedding import EmbeddingService
from sightline.services.workshop import Workshop
from sightline.sources.folder import FolderSource
from sightline.sources.options import SourceOptions
from sightline.stores.memory import MemoryStore
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


def no_model(space: Space) -> EmbeddingService:
    raise AssertionError(f"nothing of {space} is to be embedded")


@contextmanager
def at_work(record: SqlRecord, ledger: SqlLedger, moment: str) -> Iterator[Ingestion]:
    with closing(Workshop(threads=1)) as workshop:
        ingestion = Ingestion(
            Fleeting(record, moment),  # type: ignore[arg-type]  # it has every call of a record
            ledger,
            Views(record, MemoryStore()),
            models=no_model,
            workshop=workshop,
            open_source=lambda note: FolderSource(note.address, SourceOptions()),
            owner="me",
        )
        ingestion.start()
        with closing(ingestion):
            yield ingestion


@pytest.mark.parametrize("moment", ["note_source", "marks", "space", "sources"])
def test_a_job_whose_collection_is_deleted_ends_without_a_word_of_failure(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, moment: str
) -> None:
    caplog.set_level(logging.INFO)
    write_pictures(tmp_path / "photos", range(2))
    with closing(Database.in_folder(tmp_path / "home")) as database:
        record, ledger = SqlRecord(database), SqlLedger(database)
        record.create("photos", SPACE)
        with at_work(record, ledger, moment) as ingestion:
            ingestion.submit("photos", order_of(tmp_path / "photos"))
            wait_until(lambda: "deleted" in caplog.text or "failed" in caplog.text, 10)
    assert "a job's collection was deleted" in caplog.text
    assert "failed" not in caplog.text
