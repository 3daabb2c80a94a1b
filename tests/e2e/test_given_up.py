"""Who hangs up takes the work along, however long it would have taken."""

import time
from pathlib import Path

import httpx
import pytest

from sightline.catalogue.database import Database
from sightline.catalogue.record import SqlRecord
from sightline.domain.arrays import Float32
from sightline.domain.items import Scored
from sightline.domain.ports import View
from sightline.services.collections.duplicates import AT_ONCE
from sightline.stores.memory import MemoryStore
from tests.e2e.serving import running
from tests.records import SPACE, upserts
from tests.waiting import wait_until


class CountingStore(MemoryStore):
    """Takes its time to find nothing, and counts how often."""

    searches = 0

    def open(self, collection: str, dim: int) -> View:
        return _CountingView(super().open(collection, dim), self)  # type: ignore[return-value]


class _CountingView:
    def __init__(self, view: View, store: CountingStore) -> None:
        self._view = view
        self._store = store

    def nearest(self, query: Float32, k: int, **how: object) -> list[Scored]:
        self._store.searches += 1
        time.sleep(0.001)
        return []

    def __getattr__(self, name: str) -> object:
        return getattr(self._view, name)


def test_a_search_for_duplicates_ends_when_nobody_waits_for_it(tmp_path: Path) -> None:
    database = Database.in_folder(tmp_path)
    record = SqlRecord(database)
    record.create("shoes", SPACE)
    record.commit("shoes", upserts(range(3 * AT_ONCE)))
    database.close()
    store = CountingStore()
    with running(home=str(tmp_path), stores=lambda *_: store) as server:
        with pytest.raises(httpx.ReadTimeout):
            server.client.get("/v1/collections/shoes/duplicates", timeout=0.5)
        wait_until(lambda: store.searches >= AT_ONCE)
        time.sleep(0.5)
        assert store.searches == AT_ONCE  # it is asked whether to go on after so many
