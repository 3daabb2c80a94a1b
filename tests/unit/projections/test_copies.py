"""Rows that hold the same vector."""

import numpy as np
import pytest

from sightline.domain.errors import MapFailedError
from sightline.projections.copies import copies_of, with_copies
from sightline.projections.neighbours import NONE, graph_of, prepared
from sightline.projections.pca import main_axes
from tests.blobs import anywhere


def full_graph(vectors, count):
    copies = copies_of(vectors)
    axes = main_axes(vectors, copies.firsts, vectors.shape[1], seed=0)
    return with_copies(graph_of(prepared(vectors, copies.firsts, axes), count, seed=0), copies)


def test_each_row_belongs_to_the_first_that_holds_its_vector():
    different = anywhere(3)

    copies = copies_of(different[[0, 1, 0, 2, 1, 0]])

    assert copies.firsts.tolist() == [0, 1, 3]
    assert copies.groups.tolist() == [0, 1, 0, 2, 1, 0]


def test_rows_that_differ_in_one_bit_are_no_copies():
    vectors = np.repeat(anywhere(1), 2, axis=0)
    vectors[1, 3] = np.nextafter(vectors[1, 3], np.float32(2))

    assert not copies_of(vectors).is_any


@pytest.mark.parametrize("wrong", [np.nan, np.inf, 1.5])
def test_a_row_that_is_no_unit_vector_is_named(wrong):
    vectors = anywhere(5_000)
    vectors[4_321, 2] = wrong

    with pytest.raises(MapFailedError, match="row 4321 is no vector of length 1"):
        copies_of(vectors)


def test_copies_come_first_among_the_neighbours_of_each_other_and_together_among_those_of_others():
    different = anywhere(4)
    rows = np.array([0, 1, 0, 2, 1, 0, 3])
    vectors = different[rows]

    found = full_graph(vectors, 6)

    cosines = vectors @ vectors.T
    cosines[np.arange(7), np.arange(7)] = -np.inf
    np.testing.assert_allclose(found.scores, np.sort(cosines, axis=1)[:, :0:-1], atol=1e-6)
    assert sorted(found.neighbours[0, :2].tolist()) == [2, 5]
    for row in range(7):
        assert sorted(found.neighbours[row].tolist()) == [other for other in range(7) if other != row]


def test_more_copies_than_neighbours_are_neighbours_of_each_other_only():
    vectors = np.concatenate([np.repeat(anywhere(1), 10, axis=0), anywhere(5, seed=2)])

    found = full_graph(vectors, 3)

    assert (found.neighbours[:10] < 10).all()
    assert (found.scores[:10] == 1).all()
    assert not (found.neighbours == np.arange(15)[:, np.newaxis]).any()


def test_rows_without_copies_keep_their_neighbours_by_their_new_numbers():
    alone = np.abs(anywhere(50))
    vectors = np.concatenate([-alone[:1], -alone[:1], alone])  # two that are like none of the others

    apart, together = full_graph(alone, 4), full_graph(vectors, 4)

    np.testing.assert_array_equal(together.neighbours[2:], apart.neighbours + 2)
    np.testing.assert_array_equal(together.scores[2:], apart.scores)


def test_nothing_but_copies_are_neighbours_until_there_are_no_more():
    found = full_graph(np.repeat(anywhere(1), 3, axis=0), 5)

    assert found.neighbours.tolist() == [[1, 2, *[NONE] * 3], [0, 2, *[NONE] * 3], [0, 1, *[NONE] * 3]]
