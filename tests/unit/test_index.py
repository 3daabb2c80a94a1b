"""The index file: whole or not at all, and only the one that was stamped."""

import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

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
    add(builder, rows, 0)
    return builder.save(path, recall=1.0)


def add(builder, rows, start):
    keys = np.arange(1, len(rows) + 1)
    for first in range(start, len(rows), 1_000):
        builder.add(keys[first : first + 1_000], rows[first : first + 1_000])


def test_index_is_added_to_without_being_made_anew(rows, tmp_path):
    first = built(rows[:2_000], tmp_path / "x")
    builder = IndexBuilder(DIM)
    builder.resume(tmp_path / "x", first)
    assert (len(builder), builder.cursor) == (2_000, 2_000)
    add(builder, rows, 2_000)
    index = open_index(tmp_path / "x", builder.save(tmp_path / "x", recall=1.0))
    assert (index.stamp.rows, index.stamp.cursor) == (3_000, 3_000)
    assert [int(index.search(row, 1)[0][0]) for row in rows] == list(range(1, 3_001))


def test_file_of_another_index_is_not_added_to(rows, tmp_path):
    stamp = built(rows[:50], tmp_path / "x")
    built(rows[50:90], tmp_path / "x")
    builder = IndexBuilder(DIM)
    builder.resume(tmp_path / "x", stamp)
    assert (len(builder), builder.cursor) == (0, 0)


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
    stamp = Stamp(cursor=7, rows=5, recall=0.97, sha256="ab", unreachable=(3, 5))
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


def test_sample_takes_equal_cosines_for_equally_near(rows):
    sample = Sample(np.arange(20), rows[:20])
    sample.see(np.arange(len(rows)), rows)
    true = [sorted(rows @ row)[: -K - 2 : -1] for row in rows[:20]]
    assert sample.recall_of(true) == 1.0
    assert sample.recall_of([scores[:6] + [-1.0] * 5 for scores in true]) == 0.5
    assert sample.recall_of([scores[:1] for scores in true]) == 0.0  # each but itself


def test_sample_of_a_single_row_has_nothing_to_miss(rows):
    sample = Sample(np.array([1]), rows[:1])
    sample.see(np.array([1]), rows[:1])
    assert sample.recall(np.array([[1]])) == 1.0


def test_every_vector_is_found_by_itself(rows, tmp_path):
    """Not by the graph: threads that build it together leave some without a way to them."""
    index = open_index(tmp_path / "x", built(rows, tmp_path / "x"))
    assert [int(index.search(row, 1)[0][0]) for row in rows] == list(range(1, len(rows) + 1))


def test_what_the_graph_does_not_reach_is_compared_with_the_query(rows, tmp_path):
    """As if the whole graph could not be walked: then all are told, and all are found."""
    stamp = replace(built(rows[:50], tmp_path / "x"), unreachable=tuple(range(1, 51)))
    index = open_index(tmp_path / "x", stamp)
    index._graph = Unwalkable()
    keys, cosines = index.search(rows[7], 5)
    assert keys[0] == 8
    assert len(set(keys.tolist())) == 5
    assert (np.diff(cosines) <= 0).all()


class Unwalkable:
    """A graph in which every search ends where it began."""

    keys = distances = np.empty(0)

    def search(self, query, count):
        return self


def test_index_is_searched_by_more_threads_than_there_are_cores(rows, tmp_path):
    index = open_index(tmp_path / "x", built(rows, tmp_path / "x"))
    alone = [index.search(row, 5)[0].tolist() for row in rows[:500]]
    with ThreadPoolExecutor(32) as pool:
        assert list(pool.map(lambda row: index.search(row, 5)[0].tolist(), rows[:500])) == alone


def test_onnx_runtime_may_be_loaded_after_the_index():
    """Each brings a C++ runtime; mixed up, they end the process."""
    code = (
        "from sightline.stores.index import IndexBuilder; IndexBuilder(8); "
        "import onnxruntime; onnxruntime.get_available_providers()"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
