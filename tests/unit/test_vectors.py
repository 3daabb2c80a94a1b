"""Arithmetic on vectors."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sightline.domain.errors import NonFiniteVectorError
from sightline.domain.vectors import l2_normalise, mean_direction, nearest

rows = arrays(
    np.float32, st.tuples(st.integers(1, 8), st.integers(1, 16)), elements=st.floats(0.5, 100, width=32)
)


@given(rows)
def test_normalised_rows_have_length_one(vectors):
    assert np.allclose(np.linalg.norm(l2_normalise(vectors), axis=1), 1, atol=1e-5)


@pytest.mark.parametrize("value", [0.0, np.nan, np.inf])
def test_row_without_a_direction_is_refused_and_named(value):
    vectors = np.ones((3, 4), dtype=np.float32)
    vectors[1] = value
    with pytest.raises(NonFiniteVectorError, match=r"\[1\]"):
        l2_normalise(vectors)


def test_mean_of_opposite_vectors_is_refused():
    with pytest.raises(NonFiniteVectorError):
        mean_direction(np.array([[1, 0], [-1, 0]], dtype=np.float32))


def test_nearest_gives_best_first_and_ties_by_row():
    vectors = np.array([[0, 1], [1, 0], [1, 0], [0.6, 0.8]], dtype=np.float32)
    indices, scores = nearest(np.array([1, 0], dtype=np.float32), vectors, 3)
    assert indices.tolist() == [1, 2, 3]
    assert np.allclose(scores, [1, 1, 0.6])


def test_nearest_of_fewer_than_k_gives_all():
    indices, _ = nearest(np.ones(2, np.float32), np.eye(2, dtype=np.float32), 10)
    assert len(indices) == 2
