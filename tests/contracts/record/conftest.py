"""The databases that keep a record, each empty: SQLite in a folder and a real PostgreSQL."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from sightline.catalogue.database import Database
from sightline.catalogue.jobs import SqlLedger
from sightline.catalogue.record import SqlRecord
from tests.postgres import running_server
from tests.records import SPACE


@pytest.fixture(params=["sqlite", "postgres"])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    is_file = request.param == "sqlite"
    made = Database.in_folder(tmp_path) if is_file else Database.at(running_server().new_database())
    yield made
    made.close()


@pytest.fixture
def record(database: Database) -> SqlRecord:
    """With an empty collection named shoes."""
    made = SqlRecord(database)
    made.create("shoes", SPACE)
    return made


@pytest.fixture
def ledger(database: Database, record: SqlRecord) -> SqlLedger:
    return SqlLedger(database)
