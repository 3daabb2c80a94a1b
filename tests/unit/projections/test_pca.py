"""The directions in which vectors differ most."""

import numpy as np

from sightline.projections.pca import main_axes
from tests.blobs import anywhere


def stretched(rows=2_000):
    """Along the third number of eight most, then along the first."""
    rng = np.random.default_rng(3)
    vectors = rng.standard_normal((rows, 8)) * np.array([3, 0.1, 5, 0.1, 0.1, 0.1, 0.1, 0.1])
    return (vectors + 7).astype(np.float32)


def test_the_longest_axis_comes_first_and_points_to_its_largest_number():
    vectors = stretched()

    axes = main_axes(vectors, np.arange(len(vectors)), 2, seed=0)

    np.testing.assert_allclose(axes.directions, np.eye(8)[:, [2, 0]], atol=0.05)
    np.testing.assert_allclose(axes.mean, 7, atol=0.3)


def test_axes_are_square_to_each_other_and_no_more_than_there_are_numbers():
    vectors = anywhere(300)

    axes = main_axes(vectors, np.arange(300), 128, seed=0)

    assert axes.count == 16
    np.testing.assert_allclose(axes.directions.T @ axes.directions, np.eye(16), atol=1e-5)


def test_axes_of_some_rows_ignore_the_others():
    vectors = stretched()
    vectors[1000:] = 1e3

    axes = main_axes(vectors, np.arange(1000), 1, seed=0)

    np.testing.assert_allclose(axes.directions[:, 0], np.eye(8)[2], atol=0.05)


def test_one_row_has_axes_too():
    axes = main_axes(anywhere(1), np.arange(1), 2, seed=0)

    assert np.isfinite(axes.directions).all()


def test_a_sample_of_many_rows_is_the_same_for_the_same_seed():
    vectors = np.tile(stretched(), (11, 1))
    rows = np.arange(len(vectors))

    first, again, other = (main_axes(vectors, rows, 8, seed=seed).mean for seed in (1, 1, 2))

    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
