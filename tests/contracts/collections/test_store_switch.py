"""A store is switched by one at a time, and remembered."""

import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from sightline.catalogue.copies import FILE_NAME
from sightline.domain.ports import Store
from sightline.services.collections.choice import ChosenStore
from sightline.settings import Settings
from sightline.stores.memory import MemoryStore
from tests.libraries import opened
from tests.postgres import PostgresServer
from tests.records import SPACE

FILLING_S = 0.2


class Stores:
    """Opens stores slowly, and knows how many it ever opened at once."""

    def __init__(self) -> None:
        self.opened: list[str] = []
        self.at_once = 0
        self._opening = 0
        self._lock = threading.Lock()

    def __call__(self, settings: Settings, home: Path, address: str) -> Store:
        with self._lock:
            self.opened.append(address)
            self._opening += 1
            self.at_once = max(self.at_once, self._opening)
        time.sleep(FILLING_S)
        with self._lock:
            self._opening -= 1
        return MemoryStore()


def test_of_several_switches_at_once_each_waits_for_the_one_before(tmp_path: Path) -> None:
    stores = Stores()
    with opened(tmp_path, stores=stores) as library, ThreadPoolExecutor(4) as pool:
        list(pool.map(library.switch_store, ["one", "two", "one", "two"]))
        assert stores.at_once == 1
        assert library.store()["address"] == ChosenStore(tmp_path, None, default="").address


def test_whoever_switches_to_the_store_that_another_just_chose_has_nothing_to_do(tmp_path: Path) -> None:
    """Else the store in use would be opened a second time, which an embedded one cannot be."""
    stores = Stores()
    with opened(tmp_path, stores=stores) as library, ThreadPoolExecutor(2) as pool:
        list(pool.map(library.switch_store, ["one", "one"]))
    assert stores.opened == ["duckdb", "one"]


def test_a_folder_remembers_that_its_record_is_in_postgres(tmp_path: Path, postgres: PostgresServer) -> None:
    """Else a command without the setting would begin another record beside it."""
    with opened(tmp_path, store=postgres.new_database()) as library:
        library.record.create("shoes", SPACE)
    with opened(tmp_path) as library:
        assert [one.name for one in library.record.collections()] == ["shoes"]
    assert not (tmp_path / FILE_NAME).exists()
