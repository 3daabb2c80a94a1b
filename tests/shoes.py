"""A small library for tests of the use cases: a real record in SQLite, and views of it in real stores."""

import hashlib
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from sightline.catalogue.database import Database
from sightline.catalogue.record import SqlRecord
from sightline.domain.arrays import Float32
from sightline.domain.collections import Changeset, Item, Space
from sightline.domain.ports import Store, View


class Library:
    """One collection, shoes; its view follows the record when it is told to."""

    name = "shoes"

    def __init__(self, folder: Path, store: Store, dim: int) -> None:
        self._database = Database.in_folder(folder)
        self._store = store
        self.space = Space("a" * 64, "mini", dim)
        self.record = SqlRecord(self._database)
        self.record.create(self.name, self.space)

    def add(
        self, vectors: Mapping[str, Float32], metadata: Mapping[str, dict[str, object]] | None = None
    ) -> None:
        """Items by id; those of the same vector have the same content."""
        items, kept = [], {}
        for item_id, vector in vectors.items():
            sha256 = hashlib.sha256(vector.tobytes()).hexdigest()
            kept[sha256] = vector
            items.append(
                Item(item_id, f"pictures/{item_id}.jpg", sha256, 100, 0, (metadata or {}).get(item_id, {}))
            )
        self.commit(items, kept)

    def commit(self, items: Iterable[Item], vectors: Mapping[str, Float32]) -> None:
        """In the record and in the view."""
        changes = Changeset(self.space.fingerprint, list(items), vectors=vectors)
        self.record.commit(self.name, changes)
        self.follow()

    def remove(self, *ids: str) -> None:
        """From the record only."""
        self.record.commit(self.name, Changeset(self.space.fingerprint, removals=ids))

    def follow(self) -> None:
        """Bring the view up to the record."""
        view = self.view(self.name)
        changes = self.record.changes_since(self.name, view.cursor, 1_000_000)
        view.apply(changes, self.record.collection(self.name).head)

    def view(self, name: str) -> View:
        return self._store.open(name, self.record.space(name).dim)

    def lag(self, name: str) -> int:
        return self.record.collection(name).head - self.view(name).cursor

    def close(self) -> None:
        self._store.close()
        self._database.close()


def unit(*numbers: float) -> Float32:
    vector = np.array(numbers, dtype=np.float64)
    return np.asarray(vector / np.linalg.norm(vector), dtype=np.float32)
