"""The record stays where it began, whatever store its views are in."""

from pathlib import Path

import pytest

from sightline.bootstrap.places import is_in_folder
from sightline.domain.errors import RecordError
from sightline.services.collections.choice import ChosenStore
from sightline.settings import Settings
from tests.libraries import found_by_themselves, ingested, opened, write_pictures
from tests.postgres import PostgresServer

COUNT = 5


@pytest.fixture
def home(tmp_path: Path, postgres: PostgresServer) -> Path:
    """Of a library whose record began in PostgreSQL."""
    write_pictures(tmp_path / "photos", range(COUNT))
    with opened(tmp_path / "home", store=postgres.new_database()) as library:
        assert ingested(library, tmp_path / "photos").done == COUNT
    return tmp_path / "home"


def test_record_in_postgresql_is_found_without_the_setting(home: Path) -> None:
    with opened(home) as library:
        assert len(found_by_themselves(library)) == COUNT


def test_record_in_postgresql_outlives_a_switch_of_the_store(home: Path) -> None:
    with opened(home) as library:
        library.switch_store("duckdb")
    with opened(home) as library:
        assert library.views.store.name == "duckdb"
        assert len(found_by_themselves(library)) == COUNT


def test_another_postgresql_as_store_does_not_begin_another_record(
    home: Path, postgres: PostgresServer
) -> None:
    with opened(home, store=postgres.new_database()) as library:
        assert len(found_by_themselves(library)) == COUNT


def test_store_that_a_setting_names_once_is_used_once(home: Path) -> None:
    with opened(home, store="memory") as library:
        assert library.views.store.name == "memory"
    with opened(home) as library:
        assert library.views.store.name == "pgvector"


def test_setting_of_another_user_of_the_same_database_is_followed(home: Path) -> None:
    address = ChosenStore(home, None, default="").address
    nobody = address.replace("postgres:@", "nobody:@")
    assert nobody != address
    with pytest.raises(RecordError), opened(home, store=nobody):
        pass
    with opened(home) as library:  # an address that did not work is not kept
        assert len(found_by_themselves(library)) == COUNT


def test_address_of_a_record_is_for_its_owner_to_read(home: Path) -> None:
    assert (home / "record").stat().st_mode & 0o777 == 0o600


def test_new_folder_has_its_record_in_itself_unless_the_store_is_postgresql(tmp_path: Path) -> None:
    home = str(tmp_path)
    assert is_in_folder(Settings.model_validate({"home": home}))
    assert is_in_folder(Settings.model_validate({"home": home, "store": "qdrant://localhost:6333"}))
    assert not is_in_folder(Settings.model_validate({"home": home, "store": "postgresql://localhost/x"}))
