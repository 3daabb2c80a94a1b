import json

import duckdb
import numpy as np
import pytest

from sightline.cli.embed.outputs import open_output, refusal

DIM = 5
IDS = ["a.png", "b c.png", "ü\n.png", "d'.png"]
VECTORS = np.random.default_rng(0).standard_normal((4, DIM)).astype(np.float32)
ENDINGS = (".npy", ".parquet", ".jsonl")


def write(path, ids=IDS, vectors=VECTORS):
    with open_output(str(path), DIM) as writer:
        for start in range(0, len(ids), 3):  # in unequal groups
            writer.add(ids[start : start + 3], vectors[start : start + 3])


def write_until_interrupted(path):
    with open_output(str(path), DIM) as writer:
        writer.add(IDS[:1], VECTORS[:1])
        raise KeyboardInterrupt


def read(path):
    """(ids, vectors) as somebody else's program would read them."""
    if path.suffix == ".npy":
        rows = [json.loads(line) for line in path.with_suffix(".ids.jsonl").read_bytes().splitlines()]
        assert [row["row"] for row in rows] == list(range(len(rows)))
        return [row["id"] for row in rows], np.load(path)
    if path.suffix == ".parquet":
        rows = duckdb.execute("SELECT id, vector FROM read_parquet(?)", [str(path)]).fetchall()
    else:
        documents = [json.loads(line) for line in path.read_bytes().splitlines()]
        rows = [(document["id"], document["vector"]) for document in documents]
    return [row[0] for row in rows], np.array([row[1] for row in rows], dtype=np.float32).reshape(-1, DIM)


@pytest.mark.parametrize("ending", ENDINGS)
def test_what_was_written_is_read_back_bit_for_bit_and_in_order(tmp_path, ending):
    path = tmp_path / f"vec'tors{ending}"
    write(path)
    ids, vectors = read(path)
    assert ids == IDS
    assert vectors.dtype == np.float32
    assert np.array_equal(vectors, VECTORS)


@pytest.mark.parametrize("ending", ENDINGS)
def test_no_rows_are_a_valid_file(tmp_path, ending):
    write(tmp_path / f"x{ending}", [], VECTORS[:0])
    ids, vectors = read(tmp_path / f"x{ending}")
    assert ids == []
    assert vectors.shape == (0, DIM)


@pytest.mark.parametrize("ending", ENDINGS)
def test_crash_leaves_the_old_file_and_nothing_else(tmp_path, ending):
    path = tmp_path / f"x{ending}"
    write(path)
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    with pytest.raises(KeyboardInterrupt):
        write_until_interrupted(path)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


@pytest.mark.parametrize("ending", ENDINGS)
def test_finished_file_is_all_that_is_left(tmp_path, ending):
    write(tmp_path / f"x{ending}")
    extra = {"x.ids.jsonl"} if ending == ".npy" else set()
    assert {file.name for file in tmp_path.iterdir()} == {f"x{ending}"} | extra


def test_header_of_an_npy_file_grows_with_the_rows_without_moving_them(tmp_path):
    many = np.repeat(VECTORS, 300, axis=0)
    write(tmp_path / "x.npy", [str(number) for number in range(len(many))], many)
    assert np.array_equal(np.load(tmp_path / "x.npy"), many)


@pytest.mark.parametrize(
    ("target", "reason"),
    [("x.csv", r"\.npy, \.parquet, \.jsonl"), ("x", "ending"), ("gone/x.npy", "does not exist")],
)
def test_place_where_nothing_can_be_written_is_refused_with_the_reason(tmp_path, monkeypatch, target, reason):
    monkeypatch.chdir(tmp_path)
    assert refusal("x.npy") is None
    assert refusal("-") is None
    with pytest.raises(AssertionError, match=reason):
        raise AssertionError(refusal(target))


def test_folder_is_no_place_for_a_file(tmp_path):
    (tmp_path / "x.npy").mkdir()
    assert "is a folder" in refusal(str(tmp_path / "x.npy"))
