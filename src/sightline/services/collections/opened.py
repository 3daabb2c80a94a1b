"""The views of one store, each opened once, and told from others' of the same name. Does not know changes."""

import threading

from sightline.domain.catalogue import Record
from sightline.domain.collections import ViewNote
from sightline.domain.errors import CollectionExistsError, StoreUnavailableError
from sightline.domain.ports import Store, View

OPENING_S = 0.5  # a search waits for a view that another opens


class OpenedViews:
    """Safe to use from several threads. address: where the store is, for people to read."""

    def __init__(self, record: Record, store: Store, address: str) -> None:
        self._record = record
        self.store = store
        self.address = address
        self._views: dict[str, View] = {}
        self._opening = threading.Lock()

    def view(self, name: str) -> View:
        """The view of a collection, made if there is none.

        Raises UnknownCollectionError, StoreUnavailableError, StoreBrokenError, RecordError.
        """
        view = self._views.get(name)
        if view is not None:
            return view
        # were each to wait for the one before, nobody would be told
        if not self._opening.acquire(timeout=OPENING_S):
            raise StoreUnavailableError("the store is still being opened; try again in a few seconds")
        try:
            if name not in self._views:
                self._views[name] = self._open(name)
            return self._views[name]
        finally:
            self._opening.release()

    def forget(self, name: str) -> None:
        """Open it anew when it is next asked for."""
        self._views.pop(name, None)

    def drop(self, name: str) -> None:
        """Remove it from the store. Raises StoreUnavailableError."""
        with self._opening:
            self._views.pop(name, None)
            self.store.drop(name)

    def note(self, name: str, cursor: int) -> None:
        """Remember in the record how far the view is."""
        self._record.note_view(name, ViewNote(self.store.name, self.address, cursor))

    def _open(self, name: str) -> View:
        """The view as the store has it, or an empty one where that is of something else."""
        dim = self._record.space(name).dim
        try:
            view = self.store.open(name, dim)
            is_ours = self._is_noted(name) and view.cursor <= self._record.head(name)
        except CollectionExistsError:  # with vectors of another length: of another space
            is_ours = False
        if not is_ours:
            self.store.drop(name)
            view = self.store.open(name, dim)
            self.note(name, 0)
        return view

    def _is_noted(self, name: str) -> bool:
        """Else it was made for another collection of this name, deleted since, or for another record."""
        notes = ((note.store, note.address) for note in self._record.views(name))
        return (self.store.name, self.address) in notes
