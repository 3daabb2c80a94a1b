"""Position embeddings on another grid."""

import numpy as np
import pytest

from sightline.models.positions import resample_grid


@pytest.mark.parametrize("antialias", [False, True])
@pytest.mark.parametrize("side", [3, 7, 16, 40])
def test_constant_grid_stays_constant(side, antialias):
    grid = np.full((16, 16, 2), 3.5, dtype=np.float32)
    assert np.allclose(resample_grid(grid, side, antialias=antialias), 3.5, atol=1e-6)


@pytest.mark.parametrize("antialias", [False, True])
def test_same_size_changes_nothing(antialias):
    grid = np.random.default_rng(0).standard_normal((9, 9, 4)).astype(np.float32)
    assert np.allclose(resample_grid(grid, 9, antialias=antialias), grid, atol=1e-6)


@pytest.mark.parametrize("antialias", [False, True])
def test_rows_and_columns_are_not_exchanged(antialias):
    """Values that grow with the row only must still do so afterwards."""
    grid = np.tile(np.arange(16, dtype=np.float32)[:, None, None], (1, 16, 1))
    small = resample_grid(grid, 8, antialias=antialias)[..., 0]
    assert (np.diff(small, axis=0) > 0).all()
    assert np.allclose(np.diff(small, axis=1), 0, atol=1e-5)
