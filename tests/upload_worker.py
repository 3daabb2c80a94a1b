"""Puts items in that are kept, and takes them out. `python -m tests.upload_worker FOLDER MOVE`.

Dies where SIGHTLINE_FAILPOINT says. The record is real, vectors are made up; knows no model.
"""

import hashlib
import sys
from pathlib import Path

from sightline.catalogue.database import Database
from sightline.catalogue.record import SqlRecord
from sightline.catalogue.uploads import UploadFolder
from sightline.domain.collections import PICTURE, Changeset, Item
from sightline.services.collections.uploads import KeptUploads
from tests.records import SPACE, vector

NAME = "shoes"


class Shelf:
    """A record with kept uploads, as a library has them."""

    def __init__(self, home: Path, *, keeps: bool = True) -> None:
        self.database = Database.in_folder(home)
        self.record = SqlRecord(self.database)
        self.folder = UploadFolder(home)
        self.forgotten: list[str] = []
        self.uploads = KeptUploads(self.record, self.folder, keeps=keeps, forget=self.forgotten.append)
        self.database.when_loose(self.uploads.let_go)
        self.uploads.recover()
        for name in self.record.retired():  # as the views do
            self.record.delete(name)
        self.record.bind(NAME, SPACE)

    def put(self, data: bytes, item_id: str = "a", *, name: str = NAME) -> str:
        sha256 = hashlib.sha256(data).hexdigest()
        item = Item(item_id, "", sha256, len(data), None, {}, key=PICTURE)
        changes = Changeset(SPACE.fingerprint, [item], vectors={sha256: vector(sha256)})
        with self.uploads.deciding(coming={sha256: data}):
            self.record.commit(name, changes)
        return sha256

    def remove(self, item_id: str = "a", *, name: str = NAME) -> None:
        self.record.commit(name, Changeset(SPACE.fingerprint, removals=[item_id]))

    def delete(self, name: str = NAME) -> None:
        self.record.retire(name)
        self.record.delete(name)

    def files(self) -> set[str]:
        """The contents whose bytes are there, all of them closed."""
        if self.folder.undecided():
            raise AssertionError("contents are still open")
        return set(self.folder.contents())


def main(home: Path, move: str) -> None:
    shelf = Shelf(home)
    match move:
        case "put" | "replace":
            shelf.put(b"new")
        case "remove":
            shelf.remove()
        case "delete":
            shelf.delete()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2])
