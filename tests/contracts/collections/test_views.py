"""Views follow their record whatever is done to them meanwhile."""

import threading
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from sightline.catalogue.database import Database
from sightline.catalogue.record import SqlRecord
from sightline.domain.errors import StoreUnavailableError
from sightline.domain.items import Change, IndexState
from sightline.domain.ports import View
from sightline.services.collections.views import REPLAY_CHANGES, Views
from sightline.stores.duckdb import DuckDbStore
from sightline.stores.duckdb_view import DuckDbView
from sightline.stores.memory import MemoryStore
from tests.hanging import HangingStore
from tests.records import SPACE, upserts
from tests.waiting import wait_until

COUNT = 2 * REPLAY_CHANGES + 10
PATIENCE_S = 30


class HaltingView:
    """Takes its first page of changes, and the next ones when it may."""

    def __init__(self, view: DuckDbView, may_go_on: threading.Event) -> None:
        self._view = view
        self._may_go_on = may_go_on

    def apply(self, changes: Sequence[Change], cursor: int) -> None:
        if changes[0].seq > 1:
            self._may_go_on.wait(PATIENCE_S)
        self._view.apply(changes, cursor)

    def __getattr__(self, name: str) -> object:
        return getattr(self._view, name)


class BuildingView:
    """Builds an index until its store is closed."""

    def __init__(self, view: View, store: "BuildingStore") -> None:
        self._view = view
        self._store = store

    def optimise(self) -> IndexState:
        self._store.is_building.set()
        assert self._store.is_closed.wait(PATIENCE_S), "nobody closed the store"
        raise StoreUnavailableError("the store is closed")

    def __getattr__(self, name: str) -> object:
        return getattr(self._view, name)


class BuildingStore(MemoryStore):
    def __init__(self) -> None:
        super().__init__()
        self.is_building, self.is_closed = threading.Event(), threading.Event()

    def open(self, collection: str, dim: int) -> View:
        return BuildingView(super().open(collection, dim), self)  # type: ignore[return-value]

    def close(self) -> None:
        self.is_closed.set()


class SlowStore(MemoryStore):
    """Takes long to find out that it cannot open anything."""

    def open(self, collection: str, dim: int) -> View:
        time.sleep(1.0)
        raise StoreUnavailableError("the store does not answer")


class HaltingStore(DuckDbStore):
    may_go_on = threading.Event()

    def open(self, collection: str, dim: int) -> DuckDbView:
        return HaltingView(super().open(collection, dim), self.may_go_on)  # type: ignore[return-value]


def test_a_view_that_is_made_anew_while_it_follows_misses_nothing(tmp_path: Path) -> None:
    database = Database.in_folder(tmp_path)
    record = SqlRecord(database)
    record.create("shoes", SPACE)
    head = record.commit("shoes", upserts(range(COUNT)))
    store = HaltingStore(tmp_path / "views")
    views = Views(record, store)
    views.start()
    assert views.wait("shoes", REPLAY_CHANGES, timeout_s=PATIENCE_S)
    again = threading.Thread(target=views.rebuild, args=("shoes",))
    again.start()
    again.join(0.5)
    views.state("shoes")  # somebody looks, and opens it
    store.may_go_on.set()
    again.join()
    wait_until(lambda: not views._due and views.wait("shoes", head, timeout_s=PATIENCE_S), PATIENCE_S)
    assert views.view("shoes").count() == COUNT
    views.close()
    database.close()


def test_an_index_that_is_being_built_holds_no_end_up(tmp_path: Path) -> None:
    database = Database.in_folder(tmp_path)
    record, store = SqlRecord(database), BuildingStore()
    record.create("shoes", SPACE)
    views = Views(record, store)
    views.start()
    assert store.is_building.wait(PATIENCE_S)
    began = time.monotonic()
    views.close()
    assert time.monotonic() - began < PATIENCE_S / 2
    database.close()


@pytest.mark.parametrize("call", ["cursor", "close"])
def test_a_store_that_does_not_answer_holds_no_end_up(tmp_path: Path, call: str) -> None:
    """Neither while a view follows, nor when it is told to close."""
    database = Database.in_folder(tmp_path)
    record, store = SqlRecord(database), HangingStore("shoes", frozenset({call}))
    record.create("shoes", SPACE)
    views = Views(record, store, closing_s=0.2)
    views.start()
    if call != "close":
        assert store.is_asked.wait(PATIENCE_S)
    began = time.monotonic()
    views.close()
    assert time.monotonic() - began < 2
    store.may_go_on.set()
    wait_until(lambda: not any(thread.is_alive() for thread in views._threads), PATIENCE_S)
    database.close()


def test_of_many_searches_while_the_store_is_away_none_waits_for_the_others(tmp_path: Path) -> None:
    database = Database.in_folder(tmp_path)
    record = SqlRecord(database)
    record.create("shoes", SPACE)
    views = Views(record, SlowStore())

    def is_refused_after_s(_: int) -> float:
        began = time.monotonic()
        with pytest.raises(StoreUnavailableError):
            views.view("shoes")
        return time.monotonic() - began

    with ThreadPoolExecutor(10) as pool:
        assert max(pool.map(is_refused_after_s, range(10))) < 3.0
    database.close()
