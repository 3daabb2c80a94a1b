"""Every format holds what it was given, read as somebody else's program would read it."""

import csv
import io
import json
import zipfile

import duckdb
import numpy as np
import pytest

from sightline.domain.errors import InvalidRequestError
from sightline.domain.exports import Column
from sightline.registry import FORMATS, export_format

DIM = 3
COLUMNS = [
    Column("item_id", "text"),
    Column("size_bytes", "integer"),
    Column("metadata", "json"),
    Column("vector", "vector", DIM),
]
ROWS = 5
BATCH = {
    "item_id": ["a", "b, c", 'd"', "ü\n雪😀", "'; DROP TABLE x"],
    "size_bytes": [0, 1, 2**40, -3, 5],
    "metadata": [{}, {"a": [1, None]}, {"ü": "\n"}, {"big": 10**30, "b": True}, {"x": {"y": 1.5}}],
    "vector": np.random.default_rng(0).standard_normal((ROWS, DIM)).astype(np.float32),
}


def write(path, name, batch=BATCH, columns=COLUMNS):
    count = len(batch["item_id"])
    with export_format(name).file(path, columns) as writer:
        for start in range(0, count, 2):  # in unequal batches
            writer.add({key: values[start : start + 2] for key, values in batch.items()})


def write_until_interrupted(path, name):
    with export_format(name).file(path, COLUMNS) as writer:
        writer.add(BATCH)
        raise KeyboardInterrupt


def of_jsonl(path):
    return [json.loads(line) for line in path.read_bytes().splitlines()]


def of_csv(path):
    with path.open(encoding="utf-8", newline="") as file:
        return [
            {"item_id": row["item_id"], **{key: json.loads(row[key]) for key in row if key != "item_id"}}
            for row in csv.DictReader(file)
        ]


def of_npy(path):
    rows = [json.loads(line) for line in path.with_suffix(".ids.jsonl").read_bytes().splitlines()]
    assert [row.pop("row") for row in rows] == list(range(len(rows)))
    return [{**row, "vector": vector} for row, vector in zip(rows, np.load(path), strict=True)]


def of_npz(path):
    with np.load(path, allow_pickle=False) as archive:
        ids, metadata = (
            [json.loads(line) for line in archive[f"{name}.jsonl"].split(b"\n")[:-1]]
            for name in ("item_id", "metadata")
        )
        assert archive["vector"].dtype == np.float32
        return [
            {"item_id": item_id, "size_bytes": int(size), "metadata": data, "vector": vector}
            for item_id, size, data, vector in zip(
                ids, archive["size_bytes"], metadata, archive["vector"], strict=True
            )
        ]


def of_table(rows):
    names = ["item_id", "size_bytes", "metadata", "vector"]
    return [dict(zip(names, row, strict=True)) | {"metadata": json.loads(row[2])} for row in rows]


def of_parquet(path):
    select = "SELECT item_id, size_bytes, metadata, vector FROM read_parquet(?)"
    return of_table(duckdb.execute(select, [str(path)]).fetchall())


def of_duckdb(path):
    with duckdb.connect(path, read_only=True) as connection:
        return of_table(connection.execute("SELECT * FROM embeddings").fetchall())


READ = {
    "jsonl": of_jsonl,
    "csv": of_csv,
    "npy": of_npy,
    "npz": of_npz,
    "parquet": of_parquet,
    "duckdb": of_duckdb,
}


@pytest.mark.parametrize("name", READ)
def test_what_was_written_is_read_back_in_order(tmp_path, name):
    path = tmp_path / f"o'ut{export_format(name).ending}"
    write(path, name)
    rows = READ[name](path)
    for column in ("item_id", "size_bytes", "metadata"):
        assert [row[column] for row in rows] == BATCH[column]
    assert np.array_equal(np.array([row["vector"] for row in rows], np.float32), BATCH["vector"])


def test_ids_are_lines_and_every_other_format_can_be_read_back(tmp_path):
    write(tmp_path / "ids.txt", "ids")
    assert (tmp_path / "ids.txt").read_text(encoding="utf-8") == "\n".join([*BATCH["item_id"], ""])
    assert {*READ, "ids"} == set(FORMATS)


@pytest.mark.parametrize("name", READ)
def test_no_rows_are_a_valid_file(tmp_path, name):
    path = tmp_path / "x.out"
    write(path, name, {column.name: [] for column in COLUMNS})
    assert READ[name](path) == []


@pytest.mark.parametrize("name", FORMATS)
def test_crash_leaves_the_old_file_and_nothing_else(tmp_path, name):
    path = tmp_path / "x.out"
    write(path, name)
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    with pytest.raises(KeyboardInterrupt):
        write_until_interrupted(path, name)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before
    belongs = {"x.ids.jsonl"} if name == "npy" else set()
    assert set(before) == {"x.out"} | belongs


@pytest.mark.parametrize("name", ["csv", "jsonl"])
def test_pieces_of_text_are_the_file(tmp_path, name):
    write(tmp_path / "x", name)
    encoder = export_format(name).encoder(COLUMNS)
    assert encoder.head() + encoder.rows(BATCH) == (tmp_path / "x").read_bytes()


@pytest.mark.parametrize("name", ["duckdb", "npy", "npz", "parquet"])
def test_format_that_must_be_whole_has_no_pieces(name):
    assert export_format(name).encoder(COLUMNS) is None


@pytest.mark.parametrize(
    "before", ["", "\t", "\r", "\n", " ", "\0", "\xa0", "\u3000", "\u200b", "\ufeff", "\u202e\t"]
)
@pytest.mark.parametrize("sign", "=+-@＝＋－＠﹦﹢﹣﹫")
def test_no_cell_of_a_csv_begins_a_formula(before, sign):
    text = f"{before}{sign}1"
    encoder = export_format("csv").encoder([Column(text, "text"), Column("n", "integer")])
    written = (encoder.head() + encoder.rows({text: [text], "n": [-5]})).decode()
    (name, _), (value, number) = csv.reader(io.StringIO(written, newline=""))
    assert name == value == "'" + text
    assert number == "-5"  # a number is no formula


@pytest.mark.parametrize("text", ["", " ", "a=1", "1-1", "\u200b", "é=", "'=1"])
def test_a_cell_that_begins_no_formula_is_kept_as_it_is(text):
    encoder = export_format("csv").encoder([Column("text", "text")])
    _, written = csv.reader(
        io.StringIO((encoder.head() + encoder.rows({"text": [text]})).decode(), newline="")
    )
    assert written == [text]


def test_one_long_text_does_not_lengthen_the_others_in_an_npz(tmp_path):
    count, long = 2_000, "u" * 4_000
    batch = {"uri": [long] + ["a"] * (count - 1)}
    with export_format("npz").file(tmp_path / "x.npz", [Column("uri", "text")]) as writer:
        writer.add(batch)
    assert (tmp_path / "x.npz").stat().st_size < 50_000
    with np.load(tmp_path / "x.npz", allow_pickle=False) as archive:
        assert [json.loads(line) for line in archive["uri.jsonl"].splitlines()] == batch["uri"]


def test_columns_of_a_duckdb_file_have_the_types_a_person_expects(tmp_path):
    write(tmp_path / "x.duckdb", "duckdb")
    with duckdb.connect(tmp_path / "x.duckdb", read_only=True) as connection:
        described = connection.execute("SELECT * FROM (DESCRIBE embeddings)").fetchall()
    types = {name: kind for name, kind, *_ in described}
    assert types == {"item_id": "VARCHAR", "size_bytes": "BIGINT", "metadata": "JSON", "vector": "FLOAT[3]"}


def test_npz_is_a_plain_zip_of_arrays(tmp_path):
    write(tmp_path / "x.npz", "npz")
    with zipfile.ZipFile(tmp_path / "x.npz") as archive:
        assert archive.namelist() == ["item_id.jsonl", "size_bytes.npy", "metadata.jsonl", "vector.npy"]
        assert archive.testzip() is None


def test_unknown_format_names_those_there_are():
    with pytest.raises(InvalidRequestError, match=r"'xlsx'.*csv, duckdb"):
        export_format("xlsx")
