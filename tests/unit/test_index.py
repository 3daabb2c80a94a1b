"""The index file: whole or not at all, and only the one that was stamped."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from sightline.domain.vectors import l2_normalise, nearest
from sightline.stores.exactness import K, Sample
from sightline.stores.index import IndexBuilder, Stamp, open_index

DIM = 32


@pytest.fixture(scope="module")
def rows():
    return l2_normalise(np.random.default_rng(1).standard_normal((3_000, DIM), dtype=np.float32))


def built(rows, path):
    builder = IndexBuilder(DIM)
    keys = np.arange(1, len(rows) + 1)
    for start in range(0, len(rows), 1_000):
        builder.add(keys[start : start + 1_000], rows[start : start + 1_000])
    return Stamp(cursor=len(rows), rows=len(rows), recall=1.0, sha256=builder.save(path))


def test_index_finds_near_vectors_and_their_cosines(rows, tmp_path):
    index = open_index(tmp_path / "x", built(rows, tmp_path / "x"))
    keys, scores = index.search(rows[41], 10)
    assert keys[0] == 42
    assert np.abs(scores - rows[keys - 1] @ rows[41]).max() < 1e-2  # the file holds bfloat16
    assert (np.diff(scores) <= 0).all()


def test_more_than_there_are_gives_all(rows, tmp_path):
    index = open_index(tmp_path / "x", built(rows[:5], tmp_path / "x"))
    assert sorted(index.search(rows[0], 10)[0].tolist()) == [1, 2, 3, 4, 5]


def test_file_that_is_not_the_stamped_one_is_not_opened(rows, tmp_path):
    path = tmp_path / "x"
    stamp = built(rows, path)
    assert open_index(tmp_path / "absent", stamp) is None
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    assert open_index(path, stamp) is None


def test_open_index_goes_on_when_its_file_is_replaced(rows, tmp_path):
    path = tmp_path / "x"
    index = open_index(path, built(rows, path))
    built(rows[::-1].copy(), path)
    assert index.search(rows[0], 1)[0].tolist() == [1]


def test_nothing_unfinished_stays_behind(rows, tmp_path):
    built(rows, tmp_path / "x")
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_stamp_survives_its_spelling():
    stamp = Stamp(cursor=7, rows=5, recall=0.97, sha256="ab")
    assert Stamp.from_json(stamp.to_json()) == stamp


def test_sample_knows_the_true_neighbours_however_the_rows_come(rows):
    keys = np.arange(len(rows))
    sample = Sample(keys[:20], rows[:20])
    for start in range(0, len(rows), 700):
        sample.see(keys[start : start + 700], rows[start : start + 700])
    true = np.array([nearest(row, rows, K + 1)[0] for row in rows[:20]])
    assert sample.recall(true) == 1.0
    halved = true.copy()
    halved[:, 6:] = -5  # five of ten neighbours: the first is the row itself
    assert sample.recall(halved) == 0.5


def test_sample_of_a_single_row_has_nothing_to_miss(rows):
    sample = Sample(np.array([1]), rows[:1])
    sample.see(np.array([1]), rows[:1])
    assert sample.recall(np.array([[1]])) == 1.0


def test_index_is_searched_by_more_threads_than_there_are_cores(rows, tmp_path):
    index = open_index(tmp_path / "x", built(rows, tmp_path / "x"))
    with ThreadPoolExecutor(32) as pool:
        found = list(pool.map(lambda row: int(index.search(row, 1)[0][0]), rows[:1_000]))
    assert found == list(range(1, 1_001))
