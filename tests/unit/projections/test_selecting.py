"""The largest few of each row."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from sightline.projections.selecting import EMPTY, floors, largest, table_of


def numbers(rows, columns, *, different, seed):
    rng = np.random.default_rng(seed)
    return rng.integers(different, size=(rows, columns)).astype(np.float32)


@settings(max_examples=100, deadline=None)
@given(
    rows=st.integers(1, 6),
    columns=st.integers(1, 900),
    count=st.integers(1, 40),
    different=st.sampled_from([1, 2, 50, 1_000_000]),
    seed=st.integers(0, 1000),
)
def test_the_largest_are_those_that_sorting_gives(rows, columns, count, different, seed):
    scores = numbers(rows, columns, different=different, seed=seed)

    found = largest(scores, count)

    kept = min(count, columns)
    assert found.shape == (rows, kept)
    assert all(len(set(row)) == kept for row in found.tolist())  # no column twice
    expected = np.sort(scores, axis=1)[:, ::-1][:, :kept]
    np.testing.assert_array_equal(np.sort(np.take_along_axis(scores, found, axis=1))[:, ::-1], expected)


@settings(max_examples=50, deadline=None)
@given(columns=st.integers(1, 3000), count=st.integers(1, 10), seed=st.integers(0, 1000))
def test_as_many_as_wanted_reach_the_floor_and_few_others(columns, count, seed):
    scores = numbers(4, columns, different=1_000_000_000, seed=seed)

    reaching = (scores >= floors(scores, count)).sum(axis=1)

    assert (reaching >= min(count, columns)).all()
    assert (reaching <= 3 * count + 8).all()


def test_a_table_has_the_true_columns_of_each_row_in_order():
    chosen = np.array([[True, False, True], [False, False, False], [False, True, False]])

    assert table_of(chosen).tolist() == [[0, 2], [EMPTY, EMPTY], [1, EMPTY]]
