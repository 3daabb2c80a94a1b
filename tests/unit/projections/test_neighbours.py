"""The neighbour graph, against every row compared with every other."""

import numpy as np
import pytest

from sightline.domain.vectors import l2_normalise
from sightline.projections.neighbours import NONE, graph_of, prepared
from sightline.projections.pca import main_axes
from tests.blobs import anywhere, blobs


def graph(vectors, count, *, axes=16, seed=0):
    rows = np.arange(len(vectors))
    return graph_of(prepared(vectors, rows, main_axes(vectors, rows, axes, seed)), count, seed)


def true_scores(vectors, rows, count):
    cosines = vectors[rows].astype(np.float64) @ vectors.T.astype(np.float64)
    cosines[np.arange(len(rows)), rows] = -np.inf
    return np.sort(cosines, axis=1)[:, ::-1][:, :count]


@pytest.mark.parametrize("rows", [2, 3, 17, 500])
def test_few_rows_have_their_true_neighbours_best_first(rows):
    vectors = anywhere(rows)

    found = graph(vectors, 5)

    kept = min(5, rows - 1)
    expected = true_scores(vectors, np.arange(rows), kept)
    np.testing.assert_allclose(found.scores[:, :kept], expected, atol=1e-6)
    own = (vectors[found.neighbours[:, :kept]] * vectors[:, np.newaxis]).sum(axis=2)
    np.testing.assert_allclose(own, expected, atol=1e-6)  # they are those rows' cosines


def test_no_row_is_its_own_neighbour_or_has_one_twice():
    found = graph(anywhere(300), 15).neighbours

    assert not (found == np.arange(300)[:, np.newaxis]).any()
    assert all(len(set(row)) == 15 for row in found.tolist())


def test_where_there_are_fewer_neighbours_the_rest_is_none():
    found = graph(anywhere(3), 5)

    assert (found.neighbours[:, 2:] == NONE).all()
    assert (found.scores[:, 2:] == -np.inf).all()
    assert graph(anywhere(1), 5).neighbours.tolist() == [[NONE] * 5]


def test_candidates_are_good_where_the_axes_are_few():
    vectors, _ = blobs(2_000, dim=64, count=40, spread=0.5)

    found = graph(vectors, 10, axes=48)

    assert recall(vectors, found, np.arange(0, 2_000, 10)) >= 0.95


def test_the_graph_is_the_same_every_time():
    vectors, _ = blobs(1_500, dim=24, count=20)

    first, again = graph(vectors, 10, axes=12), graph(vectors, 10, axes=12)

    np.testing.assert_array_equal(again.neighbours, first.neighbours)
    np.testing.assert_array_equal(again.scores, first.scores)


def test_a_thousand_near_copies_do_not_hide_the_others():
    """An index that is a graph of its own loses its way among them."""
    near = l2_normalise(anywhere(1) + 1e-6 * anywhere(1_000, seed=2))
    vectors = np.concatenate([near, anywhere(200, seed=3)])

    found = graph(vectors, 5)

    assert recall(vectors, found, np.arange(len(vectors))) == 1


def recall(vectors, found, rows):
    last = true_scores(vectors, rows, found.scores.shape[1])[:, -1:]
    return float((found.scores[rows] >= last - 1e-6).mean())
