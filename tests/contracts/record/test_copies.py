"""Backups of a record in a file, made while it changes, and put back."""

import sqlite3
import threading
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from sightline.catalogue import copies
from sightline.catalogue.database import Database
from sightline.catalogue.record import SqlRecord
from sightline.catalogue.uploads import UploadFolder
from sightline.domain.collections import Changeset, Item, Space, ViewNote
from sightline.domain.contents import distinct
from sightline.domain.errors import RecordBrokenError, RecordNewerError, RecordUnavailableError
from sightline.domain.maps import Drawn, MapOrder, Points

SPACE = Space("f" * 64, "mini", 4)


def filled(folder: Path, count: int) -> SqlRecord:
    record = SqlRecord(Database.in_folder(folder))
    record.bind("photos", SPACE)
    for number in range(count):
        put(record, number)
    return record


def restore(home: Path, source: Path) -> Path | None:
    return copies.restore(home, source, UploadFolder(home))


def put(record: SqlRecord, number: int) -> None:
    content = f"{number:064x}"
    vector = np.eye(4, dtype=np.float32)[number % 4]
    item = Item(str(number), f"file:///{number}", content, 1, None, {})
    record.commit("photos", Changeset(SPACE.fingerprint, upserts=[item], vectors={content: vector}))


def test_copy_made_while_others_write_is_whole(tmp_path: Path) -> None:
    database = Database.in_folder(tmp_path / "home")
    record = filled(tmp_path / "home", 50)
    is_over = threading.Event()

    def write() -> None:
        number = 50
        while not is_over.is_set():
            put(record, number)
            number += 1

    writer = threading.Thread(target=write)
    writer.start()
    try:
        for number in range(5):
            database.back_up(tmp_path / f"{number}.db")
    finally:
        is_over.set()
        writer.join()
    assert database.faults() == []
    for number in range(5):
        copy = tmp_path / f"{number}.db"
        assert copy.stat().st_mode & 0o077 == 0
        (tmp_path / f"home{number}").mkdir()
        restore(tmp_path / f"home{number}", copy)
        restored = SqlRecord(Database.in_folder(tmp_path / f"home{number}"))
        items = restored.collection("photos").items
        assert items >= 50
        assert len(list(restored.walk("photos"))) == items
    assert not list(tmp_path.glob(".*"))


def test_restored_record_forgets_its_views_and_keeps_the_one_before_aside(tmp_path: Path) -> None:
    database = Database.in_folder(tmp_path / "home")
    record = filled(tmp_path / "home", 3)
    record.note_view("photos", ViewNote("duckdb", "duckdb", 3))
    database.back_up(tmp_path / "copy.db")
    put(record, 3)
    before = restore(tmp_path / "home", tmp_path / "copy.db")
    restored = SqlRecord(Database.in_folder(tmp_path / "home"))
    assert restored.collection("photos").items == 3
    assert restored.views("photos") == []
    assert before is not None
    (tmp_path / "old").mkdir()
    before.rename(tmp_path / "old" / copies.FILE_NAME)
    assert SqlRecord(Database.in_folder(tmp_path / "old")).collection("photos").items == 4


def test_records_put_aside_within_a_second_are_all_kept(tmp_path: Path) -> None:
    filled(tmp_path / "home", 1)
    Database.in_folder(tmp_path / "home").back_up(tmp_path / "copy.db")
    aside = {restore(tmp_path / "home", tmp_path / "copy.db") for _ in range(5)}
    assert len(aside) == 5
    assert all(path is not None and path.is_file() for path in aside)


@pytest.mark.parametrize("kind", ["missing", "text", "cut", "flipped", "other", "newer"])
def test_what_is_no_whole_backup_is_refused_and_changes_nothing(tmp_path: Path, kind: str) -> None:
    database = Database.in_folder(tmp_path / "home")
    filled(tmp_path / "home", 200)
    source = tmp_path / "copy.db"
    database.back_up(source)
    error: type[Exception] = RecordBrokenError
    match kind:
        case "missing":
            source.unlink()
            error = RecordUnavailableError
        case "text":
            source.write_text("not a database" * 100)
        case "cut":
            source.write_bytes(source.read_bytes()[:-20_000])
        case "flipped":
            content = bytearray(source.read_bytes())
            content[-40_000:-20_000] = bytes(20_000)
            source.write_bytes(content)
        case "other":
            source.unlink()
            with closing(sqlite3.connect(source)) as connection:
                connection.execute("CREATE TABLE recipes (name)")
        case "newer":
            with closing(sqlite3.connect(source)) as connection, connection:
                connection.execute("INSERT INTO schema_steps VALUES (99, 'of the future', 0)")
            error = RecordNewerError
    with pytest.raises(error):
        restore(tmp_path / "home", source)
    assert SqlRecord(Database.in_folder(tmp_path / "home")).collection("photos").items == 200
    assert not list((tmp_path / "home").glob("*before-restore*"))


def test_a_copy_replaces_nothing_but_an_earlier_copy(tmp_path: Path) -> None:
    """As root even a device could be replaced."""
    source = Path(tmp_path / "catalogue.db")
    with closing(sqlite3.connect(source)) as connection:
        connection.execute("CREATE TABLE t (a)")
    other, link, target = tmp_path / "other.txt", tmp_path / "link", tmp_path / "copy.db"
    other.write_text("mine")
    link.symlink_to(source)
    for place in (other, link, Path("/dev/null")):
        with pytest.raises(RecordUnavailableError, match="is no backup"):
            copies.copy(source, place)
    assert other.read_text() == "mine"
    assert copies.copy(source, target) == copies.copy(source, target)


def test_maps_are_in_a_copy(tmp_path: Path) -> None:
    record = filled(tmp_path / "home", 5)
    contents = distinct(record.roll("photos").contents)
    points = Points(contents, np.ones((5, 2), np.float32), np.zeros(5, np.uint8), np.ones(5, bool))
    known = {"space": SPACE.fingerprint, "order": MapOrder(), "drawn": Drawn("pca"), "clusters": []}
    kept = record.maps.keep("photos", points, **known)
    Database.in_folder(tmp_path / "home").back_up(tmp_path / "copy.db")
    record.maps.drop("photos")
    restore(tmp_path / "home", tmp_path / "copy.db")
    restored = SqlRecord(Database.in_folder(tmp_path / "home"))
    assert restored.maps.of("photos") == kept
    np.testing.assert_array_equal(restored.maps.points("photos", kept.id).contents, contents)
