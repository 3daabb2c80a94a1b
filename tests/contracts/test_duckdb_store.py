"""A DuckDB file that was damaged, is held by another, or fails while it is used."""

import subprocess
import sys

import duckdb
import numpy as np
import pytest

from sightline.domain.errors import StoreBrokenError, StoreUnavailableError
from sightline.domain.filter_syntax import parse
from sightline.domain.items import Change
from sightline.domain.vectors import l2_normalise
from sightline.stores.duckdb import DuckDbStore
from sightline.stores.duckdb_failures import MEANING, verdict
from sightline.stores.duckdb_table import FILE
from tests.contracts.test_stores import UNITS

KILLED_WHILE_WRITING = """
import os, pathlib, signal, sys
from sightline.stores.duckdb import DuckDbStore
from sightline.domain.items import Change
from tests.contracts.test_stores import UNITS
view = DuckDbStore(pathlib.Path(sys.argv[1])).open("photos", 4)
for seq in (view.cursor + 1, view.cursor + 2):
    view.apply([Change(seq, f"i{seq}", UNITS[seq], {})], seq)
os.kill(os.getpid(), signal.SIGKILL)
"""
HOLDS_THE_FILE = """
import sys, duckdb
connection = duckdb.connect(sys.argv[1])
print("held", flush=True)
sys.stdin.read()
"""


def changes(rows):
    return [Change(seq, f"i{seq}", UNITS[seq % 24], {"n": seq}) for seq in range(1, rows + 1)]


def filled(folder, rows=2):
    store = DuckDbStore(folder)
    store.open("photos", 4).apply(changes(rows), rows)
    store.close()
    return folder / FILE


def filled_with_files(folder, rows=1_200):
    """Three segment files of 400 rows, more than are compared in full at once."""
    store = DuckDbStore(folder, segment_rows=400)
    vectors = l2_normalise(np.random.default_rng(1).standard_normal((rows, 8), dtype=np.float32))
    changes = [Change(seq, f"i{seq}", row, {}) for seq, row in enumerate(vectors, 1)]
    store.open("photos", 8).apply(changes, rows)
    store.close()
    return vectors


def own_ids(view, vectors):
    return [view.nearest(vector, 1)[0].item_id for vector in vectors[::100]]


def aside(folder):
    return sorted(path.name.split(".corrupt-")[0] for path in folder.glob("*.corrupt-*"))


@pytest.mark.parametrize("damage", [b"", b"no database at all" * 1000], ids=["empty", "of something else"])
def test_file_that_is_no_database_is_set_aside_and_the_view_starts_empty(tmp_path, damage):
    path = filled(tmp_path)
    path.write_bytes(damage)
    store = DuckDbStore(tmp_path)
    view = store.open("photos", 4)
    assert (view.cursor, view.count()) == (0, 0)
    view.apply([Change(1, "a", UNITS[0], {})], 1)
    assert view.nearest(UNITS[0], 1)[0].item_id == "a"
    store.close()
    assert aside(tmp_path) == [FILE]


@pytest.mark.parametrize("where", [0.0, 0.2, 0.5, 0.8])
def test_damaged_file_never_stops_the_store(tmp_path, where):
    """Wherever the damage lies, the store opens, and what it then holds is whole or nothing."""
    path = filled(tmp_path, rows=5_000)
    data = bytearray(path.read_bytes())
    start = int(len(data) * where)
    data[start : start + 4096] = bytes(4096)
    path.write_bytes(data)
    store = DuckDbStore(tmp_path)
    for _ in range(3):
        try:
            view = store.open("photos", 4)
            if view.cursor == 5_000:
                assert len(view.nearest(UNITS[0], 5_000)) == view.count() == 5_000
                assert view.count() == 5_000
            else:
                assert (view.cursor, view.count()) == (0, 0)
            break
        except (StoreBrokenError, StoreUnavailableError):
            continue
    else:
        pytest.fail("the store stays broken")
    store.close()


def test_truncated_file_is_set_aside(tmp_path):
    path = filled(tmp_path, rows=5_000)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    store = DuckDbStore(tmp_path)
    assert view_is_whole_or_empty(store, 5_000)
    store.close()


def view_is_whole_or_empty(store, rows):
    for _ in range(3):
        try:
            view = store.open("photos", 4)
            return (view.cursor, len(view.nearest(UNITS[0], rows))) in [(0, 0), (rows, rows)]
        except (StoreBrokenError, StoreUnavailableError):
            continue
    return False


def test_log_of_a_killed_process_is_replayed(tmp_path):
    child = [sys.executable, "-c", KILLED_WHILE_WRITING, str(tmp_path)]
    assert subprocess.run(child, check=False).returncode == -9
    store = DuckDbStore(tmp_path)
    view = store.open("photos", 4)
    assert (view.cursor, view.count()) == (2, 2)
    store.close()


def test_damaged_log_is_set_aside_and_the_file_kept(tmp_path):
    filled(tmp_path)
    child = [sys.executable, "-c", KILLED_WHILE_WRITING, str(tmp_path)]
    assert subprocess.run(child, check=False).returncode == -9
    log = tmp_path / f"{FILE}.wal"
    data = bytearray(log.read_bytes())
    data[100] ^= 0x55  # inside the first entry: a bad length is taken for an unfinished end
    log.write_bytes(data)
    store = DuckDbStore(tmp_path)
    view = store.open("photos", 4)
    assert (view.cursor, view.count()) == (2, 2)
    store.close()
    assert aside(tmp_path) == [f"{FILE}.wal"]


def test_file_held_by_another_process_is_waited_for_and_not_set_aside(tmp_path):
    path = filled(tmp_path)
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDS_THE_FILE, str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert holder.stdout.readline() == "held\n"
    store = DuckDbStore(tmp_path)
    with pytest.raises(StoreUnavailableError, match="another process"):
        store.open("photos", 4)
    holder.communicate("")
    assert store.open("photos", 4).cursor == 2
    store.close()
    assert aside(tmp_path) == []


def test_a_person_can_read_the_file_when_no_server_has_it(tmp_path):
    path = filled(tmp_path)
    with duckdb.connect(path, read_only=True) as connection:
        rows = connection.execute(
            "SELECT item_id, vector, x, y, metadata->>'n' FROM photos.embeddings ORDER BY item_id"
        ).fetchall()
    assert [(row[0], row[4]) for row in rows] == [("i1", "1"), ("i2", "2")]
    assert rows[0][1] == tuple(UNITS[1].tolist())


def test_only_the_newest_damaged_file_is_kept(tmp_path):
    for _ in range(3):
        filled(tmp_path).write_bytes(b"damage" * 5000)
    DuckDbStore(tmp_path).open("photos", 4)
    assert aside(tmp_path) == [FILE]


def test_closed_store_says_so(tmp_path):
    store = DuckDbStore(tmp_path)
    view = store.open("photos", 4)
    store.close()
    with pytest.raises(StoreUnavailableError, match="closed"):
        view.count()


def test_what_is_under_way_in_a_dropped_collection_never_meets_another_of_its_name(tmp_path):
    store = DuckDbStore(tmp_path, held_max_bytes=0)
    old = store.open("shirts", 4)
    old.apply(changes(20), 20)
    store.drop("shirts")
    new = store.open("shirts", 4)
    new.apply(changes(3), 3)
    with pytest.raises(StoreBrokenError):
        old.optimise()
    with pytest.raises(StoreBrokenError):
        old.apply(changes(30)[20:], 30)
    assert (new.count(), new.cursor, new.state().kind) == (3, 3, "exact")
    store.close()


def test_view_of_a_dropped_collection_asks_to_be_opened_again(tmp_path):
    store = DuckDbStore(tmp_path)
    view = store.open("photos", 4)
    store.drop("photos")
    with pytest.raises(StoreBrokenError, match="open it again"):
        view.count()
    assert store.open("photos", 4).count() == 0
    store.close()


@pytest.mark.parametrize(
    ("error", "found"),
    [
        (duckdb.IOException("Could not set lock on file: Conflicting lock is held"), "busy"),
        (duckdb.IOException("Could not write file: No space left on device"), "full"),
        (duckdb.IOException("Cannot open file: Permission denied"), "denied"),
        (duckdb.OutOfMemoryException("could not allocate"), "memory"),
        (duckdb.IOException("Corrupt database file: computed checksum 1 does not match"), "broken"),
        (duckdb.SerializationException("unexpected field"), "broken"),
        (duckdb.CatalogException("Table does not exist"), "gone"),
        (duckdb.FatalException("database has been invalidated"), "failed"),
    ],
)
def test_each_error_has_a_meaning_and_none_of_its_words(error, found):
    assert verdict(error) == found
    assert str(error) not in MEANING[found]


def test_vectors_that_are_in_files_are_not_read_from_the_database(tmp_path):
    vectors = filled_with_files(tmp_path)
    with duckdb.connect(tmp_path / FILE) as connection:
        connection.execute("UPDATE photos.embeddings SET vector = [1, 0, 0, 0, 0, 0, 0, 0]")
    store = DuckDbStore(tmp_path, segment_rows=400)
    assert own_ids(store.open("photos", 8), vectors) == [f"i{n}" for n in range(1, 1_201, 100)]
    store.close()


@pytest.mark.parametrize("damage", ["missing", "of another", "changed while it is read"])
def test_damaged_segment_file_is_made_again(tmp_path, damage):
    vectors = filled_with_files(tmp_path)
    files = sorted((tmp_path / "photos.segments").iterdir())
    store = DuckDbStore(tmp_path, segment_rows=400)
    if damage == "missing":
        files[1].unlink()
    elif damage == "of another":
        files[1].write_bytes(files[0].read_bytes())
    view = store.open("photos", 8)
    view.count()
    if damage == "changed while it is read":
        assert own_ids(view, vectors[:1]) == ["i1"]
        for file in files:
            with file.open("rb+") as opened:
                opened.write(bytes(400 * 8 * 4))
    assert own_ids(view, vectors) == [f"i{n}" for n in range(1, 1_201, 100)]
    store.close()
    assert len(list((tmp_path / "photos.segments").iterdir())) == 3


def test_segment_files_go_with_their_collection(tmp_path):
    filled_with_files(tmp_path)
    store = DuckDbStore(tmp_path, segment_rows=400)
    store.drop("photos")
    assert not (tmp_path / "photos.segments").exists()
    assert store.open("photos", 8).nearest(np.eye(8, dtype=np.float32)[0], 1) == []
    store.close()


def test_files_of_a_database_that_was_lost_are_not_taken_for_the_new_ones(tmp_path):
    filled_with_files(tmp_path)
    (tmp_path / FILE).unlink()
    store = DuckDbStore(tmp_path, segment_rows=400)
    view = store.open("photos", 8)
    assert (view.count(), view.nearest(np.eye(8, dtype=np.float32)[0], 1)) == (0, [])
    store.close()
    assert not list((tmp_path / "photos.segments").iterdir())


def test_scan_is_measured_against_the_databases_own_rows(tmp_path):
    filled_with_files(tmp_path)
    store = DuckDbStore(tmp_path, segment_rows=400)
    view = store.open("photos", 8)
    assert view.state().recall is None
    assert view.optimise().recall == view.state().recall == 1.0
    store.close()


def test_collection_that_outgrows_its_memory_is_searched_without(tmp_path):
    vectors = filled_with_files(tmp_path)
    store = DuckDbStore(tmp_path, held_max_bytes=1_000)
    view = store.open("photos", 8)
    assert own_ids(view, vectors) == [f"i{n}" for n in range(1, 1_201, 100)]
    assert not (tmp_path / "photos.segments").exists()
    assert view.optimise().kind == "hnsw bf16"
    more = l2_normalise(np.random.default_rng(2).standard_normal((100, 8), dtype=np.float32))
    view.apply([Change(1_200 + n, f"i{1_200 + n}", row, {}) for n, row in enumerate(more, 1)], 1_300)
    assert own_ids(view, more) == ["i1201"]  # the index does not have it yet
    assert view.optimise().covered == 1_300
    view.apply([Change(1_300 + n, f"i{n}", None, {}) for n in range(1, 101)], 1_400)
    assert view.optimise().covered == 1_200
    assert own_ids(view, np.concatenate([vectors[100:], more])) == [f"i{n}" for n in range(101, 1_301, 100)]
    store.close()


def test_rows_that_passed_a_filter_are_asked_for_again_after_a_change(tmp_path):
    store = DuckDbStore(tmp_path)
    view = store.open("photos", 4)
    red = parse({"colour": "red"})
    for seq in (1, 2, 3):
        view.apply([Change(seq, f"i{seq}", UNITS[0], {"colour": "red"})], seq)
        assert len(view.nearest(UNITS[0], 5, where=red)) == seq
    view.apply([Change(4, "i1", UNITS[0], {"colour": "blue"})], 4)
    assert [hit.item_id for hit in view.nearest(UNITS[0], 5, where=red)] == ["i2", "i3"]
    store.close()
