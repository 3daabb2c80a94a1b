"""Places that people give: what is refused, and that a small file cannot take all memory."""

import tempfile
import tracemalloc
from pathlib import Path

import duckdb
import pytest

from sightline.domain.errors import InvalidRequestError
from sightline.domain.items import MAX_ITEM_ID_CHARACTERS
from sightline.sources import coordinates
from sightline.sources.coordinates import read_coordinates


def parquet(folder: Path, query: str) -> bytes:
    path = folder / "given.parquet"
    duckdb.execute(f"COPY ({query}) TO '{path}' (FORMAT parquet, COMPRESSION zstd)")
    return path.read_bytes()


def test_places_are_read_with_their_ids(tmp_path: Path) -> None:
    for data in (
        b"id,x,y\n7,1,2\n8,3,4\n",
        parquet(tmp_path, "FROM (VALUES (7, 1, 2), (8, 3, 4)) t(id, x, y)"),
    ):
        ids, places = read_coordinates(data)
        assert ids == ["7", "8"]
        assert places.tolist() == [[1, 2], [3, 4]]


def test_a_small_file_of_huge_ids_is_refused_without_their_bytes(tmp_path: Path) -> None:
    bomb = parquet(tmp_path, "SELECT repeat('a', 1_000_000) AS id, 1 AS x, 2 AS y FROM range(200)")
    assert len(bomb) < 5_000
    tracemalloc.start()
    try:
        with pytest.raises(InvalidRequestError, match="row 1: an id has at most 512 characters"):
            read_coordinates(bomb)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak_bytes < 10_000_000


def test_a_refused_file_leaves_no_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = parquet(tmp_path, "SELECT NULL::VARCHAR AS id, 1 AS x, 2 AS y FROM range(20_000)")
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    with pytest.raises(InvalidRequestError) as kept:  # whose traceback would keep the rows open
        read_coordinates(given)
    assert "no id" in str(kept.value)
    assert list(scratch.iterdir()) == []


def test_a_long_id_in_csv_is_refused() -> None:
    read_coordinates(f"id,x,y\n{'a' * MAX_ITEM_ID_CHARACTERS},1,2\n".encode())
    with pytest.raises(InvalidRequestError, match="row 1: an id has at most 512 characters"):
        read_coordinates(f"id,x,y\n{'a' * (MAX_ITEM_ID_CHARACTERS + 1)},1,2\n".encode())


def test_many_long_ids_are_too_many_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coordinates, "MAX_IDS_CHARACTERS", 7)
    with pytest.raises(InvalidRequestError, match="7 characters of ids"):
        read_coordinates(b"id,x,y\naaaa,1,2\nbbbb,1,2\n")


def test_a_row_without_an_id_is_named(tmp_path: Path) -> None:
    query = "FROM (VALUES ('a', 1, 2), (NULL, 3, 4)) t(id, x, y)"
    with pytest.raises(InvalidRequestError, match="row 2 has no id"):
        read_coordinates(parquet(tmp_path, query))


def test_a_column_of_lists_names_no_item(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequestError, match="column id holds VARCHAR"):
        read_coordinates(parquet(tmp_path, "SELECT ['a'] AS id, 1 AS x, 2 AS y"))
