"""Fills the disk under kept uploads and frees it again. `python -m tests.upload_full_disk FOLDER`.

Says `held` at the end, if every promise held. Runs as a process of its own, on a small disk.
"""

import sys
from pathlib import Path

from sightline.domain.errors import StorageFullError
from tests.full_disk import fill
from tests.upload_worker import NAME, Shelf

LARGE = bytes(1 << 20)  # more than `fill` leaves


def main(folder: Path) -> None:
    shelf = Shelf(folder)
    kept = shelf.put(b"before", "a")
    fill(folder / "ballast")
    try:
        shelf.put(LARGE, "b")
    except StorageFullError as error:
        print(error)
    else:
        raise SystemExit("the disk was never full")
    if shelf.files() != {kept} or {item.id for item in shelf.record.uploads(NAME)} != {"a"}:
        raise SystemExit("something of it was kept")
    if list((folder / "pictures" / "growing").iterdir()):
        raise SystemExit("half a file takes the room that is needed")
    (folder / "ballast").unlink()
    if {kept, shelf.put(LARGE, "b")} != shelf.files():
        raise SystemExit("there is room again, and it was not kept")
    print("held")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
