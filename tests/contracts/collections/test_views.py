"""Views follow their record whatever is done to them meanwhile."""

import threading
from collections.abc import Sequence
from pathlib import Path

from sightline.catalogue.database import Database
from sightline.catalogue.record import SqlRecord
from sightline.domain.items import Change
from sightline.services.collections.views import REPLAY_CHANGES, Views
from sightline.stores.duckdb import DuckDbStore
from sightline.stores.duckdb_view import DuckDbView
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
