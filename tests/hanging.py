"""A store some of whose calls do not answer until they may. Does not know who asks."""

import threading

from sightline.domain.ports import View
from sightline.stores.memory import MemoryStore

PATIENCE_S = 60  # a test that forgot to let it go on ends too


class HangingStore(MemoryStore):
    """Searches, or whichever calls are named, of one collection hang."""

    def __init__(self, collection: str, calls: frozenset[str] = frozenset({"nearest"})) -> None:
        super().__init__()
        self._collection = collection
        self._calls = calls
        self.may_go_on = threading.Event()
        self.is_asked = threading.Event()

    def open(self, collection: str, dim: int) -> View:
        view = super().open(collection, dim)
        return _HangingView(view, self) if collection == self._collection else view  # type: ignore[return-value]

    def close(self) -> None:
        self.hang("close")
        super().close()

    def hang(self, call: str) -> None:
        if call in self._calls:
            self.is_asked.set()
            self.may_go_on.wait(PATIENCE_S)


class _HangingView:
    def __init__(self, view: View, store: HangingStore) -> None:
        self._view = view
        self._store = store

    def __getattr__(self, name: str) -> object:
        self._store.hang(name)
        return getattr(self._view, name)
