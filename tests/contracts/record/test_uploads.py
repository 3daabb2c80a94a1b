"""Kept uploads are there for as long as an item names them, whatever transaction a process dies in."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from sightline.catalogue import copies
from sightline.catalogue.jobs import SqlLedger
from sightline.catalogue.uploads import UploadFolder
from sightline.domain.errors import EntryGoneError, MissingUploadsError, RecordBrokenError, SpaceMismatchError
from tests.records import OTHER_SPACE, SPACE, item, outcome, tasks
from tests.upload_worker import NAME, Shelf


def test_the_last_item_that_names_a_content_takes_it_along(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    shelf.record.bind("boots", SPACE)
    first = shelf.put(b"a picture", "a")
    assert shelf.put(b"a picture", "b", name="boots") == first
    shelf.remove("a")
    assert shelf.files() == {first}
    assert shelf.forgotten == []
    shelf.remove("b", name="boots")
    assert shelf.files() == set()
    assert shelf.forgotten == [first]


def test_an_item_that_gets_another_picture_lets_go_of_the_one_before(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    shelf.put(b"old")
    new = shelf.put(b"new")
    assert shelf.files() == {new}


def test_a_deleted_collection_leaves_no_picture(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    shelf.put(b"one", "a")
    shelf.put(b"two", "b")
    shelf.delete()
    assert shelf.files() == set()


def test_of_many_pictures_that_come_under_one_id_at_once_one_is_left(tmp_path: Path) -> None:
    """Each takes the place of one that was not there yet when it was sent."""
    shelf = Shelf(tmp_path)
    at_once = threading.Barrier(8)

    def put(number: int) -> None:
        at_once.wait()
        for turn in range(4):
            shelf.put(f"{number} {turn}".encode())

    clients = [threading.Thread(target=put, args=(number,)) for number in range(8)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    assert shelf.files() == {item.sha256 for item in shelf.record.uploads(NAME)}
    assert len(shelf.forgotten) >= 31
    shelf.remove()
    assert shelf.files() == set()


def test_a_picture_put_in_goes_when_a_job_takes_a_file_in_under_its_id(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    shelf.put(b"a picture", item(0).id)
    ledger = SqlLedger(shelf.database)
    ledger.plan(ledger.create("ingest", NAME, {}).id, tasks(1))
    lease = ledger.claim("me")
    assert lease is not None
    of_request = outcome(lease)
    of_file = [replace(one, source="photos") for one in of_request.changes.upserts]
    ledger.settle(lease, replace(of_request, changes=replace(of_request.changes, upserts=of_file)))
    assert shelf.files() == set()


def test_what_cannot_be_settled_now_is_settled_at_the_next_start(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    sha256 = shelf.put(b"a picture")
    shelf.database.when_loose(lambda _: None)  # as by a command that knows no uploads
    shelf.remove()
    assert shelf.record.loose() == [sha256]
    later = Shelf(tmp_path)
    assert (later.files(), later.record.loose()) == (set(), [])


def test_a_transaction_that_fails_keeps_nothing(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    with pytest.raises(SpaceMismatchError), shelf.uploads.deciding(coming={"ab" * 32: b"x"}):
        raise SpaceMismatchError("of another space")
    assert shelf.files() == set()


def test_a_picture_that_comes_while_its_last_item_goes_stays(tmp_path: Path) -> None:
    """The one who removes sees no item that names it, and another is about to name it."""
    shelf = Shelf(tmp_path)
    sha256 = shelf.put(b"a picture", "a")
    with shelf.uploads.deciding(coming={sha256: b"a picture"}):
        remover = threading.Thread(target=shelf.remove)
        remover.start()
        remover.join()
        assert shelf.uploads.read(sha256) == b"a picture"
    with pytest.raises(EntryGoneError):  # nobody named it after all
        shelf.uploads.read(sha256)


def test_what_is_not_kept_is_counted_unless_its_vector_is_there(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    shelf.record.prepare_space(OTHER_SPACE)
    sha256 = shelf.put(b"a picture")
    shelf.uploads.require_readable(NAME, OTHER_SPACE.fingerprint)
    (tmp_path / "pictures" / sha256[:2] / sha256).unlink()
    with pytest.raises(MissingUploadsError, match="1 item "):
        shelf.uploads.require_readable(NAME, OTHER_SPACE.fingerprint)
    shelf.uploads.require_readable(NAME, SPACE.fingerprint)


def test_an_inspection_names_what_is_missing_changed_and_unnamed(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path)
    places = [tmp_path / "pictures" / s[:2] / s for s in (shelf.put(b"one", "a"), shelf.put(b"two", "b"))]
    places[0].unlink()
    places[1].write_bytes(b"tww")
    odd = tmp_path / "pictures" / "ab" / ("ab" * 32)
    odd.parent.mkdir(exist_ok=True)
    odd.write_bytes(b"of another record")
    seen = shelf.uploads.inspect(at_all=True)
    assert (seen.kept, seen.missing, seen.changed, seen.unnamed) == (2, {NAME: ["a"]}, {NAME: ["b"]}, 1)
    assert shelf.uploads.remove_unnamed() == 1
    assert not odd.exists()
    assert places[1].exists()


def test_a_backup_holds_what_items_name_and_gives_it_back(tmp_path: Path) -> None:
    shelf = Shelf(tmp_path / "home")
    held, lost = shelf.put(b"one", "a"), shelf.put(b"two", "b")
    (tmp_path / "home" / "pictures" / lost[:2] / lost).unlink()
    made = shelf.database.back_up(tmp_path / "backup.db", shelf.folder)
    assert (made.held, made.lacking) == (1, 1)
    shelf.put(b"later", "c")
    shelf.remove("a")
    shelf.database.close()
    copies.restore(tmp_path / "home", tmp_path / "backup.db", UploadFolder(tmp_path / "home"))
    restored = Shelf(tmp_path / "home")
    assert restored.uploads.read(held) == b"one"
    later = restored.uploads.inspect()
    assert (later.kept, later.missing, later.unnamed) == (2, {NAME: ["b"]}, 1)  # c may come back
    assert restored.database.faults() == []
    with closing(copies.reading(tmp_path / "home" / "catalogue.db")) as connection:
        assert connection.execute(
            "SELECT count(*) FROM sqlite_master WHERE name LIKE '%uploads'"
        ).fetchone() == (0,)


@pytest.mark.parametrize(
    ("name", "data"),
    [
        ("'../../../evil'", b"a program"),
        ("'" + "ab" * 32 + "'", b"of another name"),
        ("'" + "ab" * 32 + "'", "text"),
        ("CAST(x'ff' AS TEXT)", b"of no name"),
        ("x'ff'", b"of no name"),
        ("NULL", b"of no name"),
    ],
)
def test_a_backup_with_an_upload_that_is_none_is_refused_before_anything_is_written(
    tmp_path: Path, name: str, data: bytes | str
) -> None:
    shelf = Shelf(tmp_path / "a")
    shelf.put(b"a picture")
    shelf.database.back_up(tmp_path / "backup.db", shelf.folder)
    with closing(sqlite3.connect(tmp_path / "backup.db")) as connection, connection:
        connection.execute(f"INSERT INTO enclosed_uploads VALUES ({name}, ?)", (data,))  # noqa: S608
    home = tmp_path / "b"
    home.mkdir()
    before = sorted(tmp_path.rglob("*"))
    with pytest.raises(RecordBrokenError, match="upload"):
        copies.restore(home, tmp_path / "backup.db", UploadFolder(home))
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("move", "place", "kept"),
    [
        ("put", "uploads.brought", []),
        ("put", "commit.before", []),
        ("put", "commit.after", [b"new"]),
        ("replace", "uploads.brought", [b"old"]),
        ("replace", "commit.before", [b"old"]),
        ("replace", "commit.after", [b"new"]),
        ("remove", "commit.before", [b"old"]),
        ("remove", "commit.after", []),
        ("remove", "loose.before", []),
        ("remove", "loose.after", []),
        ("replace", "loose.after", [b"new"]),
        ("delete", "retire.before", [b"old"]),
        ("delete", "retire.after", []),
        ("delete", "delete.before", []),
        ("delete", "delete.after", []),
    ],
)
def test_after_a_kill_there_is_what_items_name_and_nothing_else(
    tmp_path: Path, move: str, place: str, kept: list[bytes]
) -> None:
    if move != "put":
        Shelf(tmp_path).put(b"old")
    work = [sys.executable, "-m", "tests.upload_worker", str(tmp_path), move]
    died = subprocess.run(work, env={**os.environ, "SIGHTLINE_FAILPOINT": f"{place}:1:kill"}, check=False)
    assert died.returncode == -signal.SIGKILL
    shelf = Shelf(tmp_path)
    assert [shelf.uploads.read(content) for content in shelf.files()] == kept
    assert {item.sha256 for item in shelf.record.uploads(NAME)} == shelf.files()
