"""Points sorted into cells, and the nearest found among a few of those."""

import numpy as np
import pytest

from sightline.projections.cells import sorted_into_cells
from tests.blobs import blobs

ROWS = 4_000


@pytest.fixture(scope="module")
def points():
    return blobs(ROWS, dim=24, count=20, spread=0.8)[0]


def cells(points, *, seen, seed=0):
    return sorted_into_cells(points, (points**2).sum(axis=1) / 2, seed=seed, seen=seen)


def found(sorted_points, asked, count):
    nearest = np.full((len(asked), count), -1)

    def keep(rows, candidates):
        nearest[rows] = np.sort(candidates, axis=1)

    sorted_points.near(asked, count, keep)
    return nearest


def true(points, asked, count):
    distances = ((asked[:, np.newaxis].astype(np.float64) - points) ** 2).sum(axis=2)
    return np.sort(np.argsort(distances, axis=1)[:, :count], axis=1)


def test_every_point_is_in_one_cell(points):
    made = cells(points, seen=800)

    assert len(made.centres) == ROWS // 64
    assert sorted(made.rows.tolist()) == list(range(ROWS))
    assert made.starts[0] == 0
    assert made.starts[-1] == ROWS
    np.testing.assert_array_equal(made.points, points[made.rows])


def test_who_sees_all_finds_the_nearest(points):
    asked = points[::40] + np.float32(0.01)

    np.testing.assert_array_equal(found(cells(points, seen=ROWS), asked, 10), true(points, asked, 10))


def test_a_fifth_of_the_points_holds_nearly_all_of_the_nearest(points):
    asked = points[::40]

    some, all_of_them = found(cells(points, seen=ROWS // 5), asked, 10), true(points, asked, 10)

    shares = [len(set(a) & set(b)) / 10 for a, b in zip(some.tolist(), all_of_them.tolist(), strict=True)]
    assert 0.9 <= np.mean(shares) < 1  # it did not look at all of them


def test_the_same_seed_sorts_the_same(points):
    first, again, other = (cells(points, seen=800, seed=seed).rows for seed in (1, 1, 2))

    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_more_than_there_are_is_all_of_them(points):
    assert found(cells(points[:7], seen=800), points[:2], 7).tolist() == [list(range(7))] * 2
