"""Resamples learned position embeddings to another grid, as the references do. Knows no graph."""

import numpy as np
from numpy.typing import NDArray

from sightline.domain.arrays import Float32

# the cubic convolution constants that the references' interpolation uses without and with antialias
SHARP = -0.75
SMOOTH = -0.5


def resample_grid(grid: Float32, side: int, *, antialias: bool) -> Float32:
    """(G, G, D) float32 -> (side, side, D), bicubic, corners not aligned.

    Source: torch.nn.functional.interpolate(mode="bicubic"), which transformers calls without antialias and
    timm and open_clip call with it.
    """
    weights = _cubic_weights(grid.shape[0], side, antialias=antialias)  # (side, G)
    rows = np.einsum("ig,ghd->ihd", weights, grid.astype(np.float64))
    return np.asarray(np.einsum("jh,ihd->ijd", weights, rows), dtype=np.float32)


def _cubic_weights(size: int, side: int, *, antialias: bool) -> NDArray[np.float64]:
    """(side, size): how much each old row counts in each new one; every row of the matrix sums to 1."""
    scale = size / side
    stretch = max(scale, 1.0) if antialias else 1.0
    centres = (np.arange(side) + 0.5) * scale - 0.5
    matrix = np.zeros((side, size))
    for row, centre in enumerate(centres):
        reach = int(np.ceil(2 * stretch)) + 1
        taps = np.arange(int(np.floor(centre)) - reach, int(np.floor(centre)) + reach + 1)
        weights = _cubic((taps - centre) / stretch, SMOOTH if antialias else SHARP)
        if antialias:  # taps outside are dropped; without antialias they repeat the border
            weights = np.where((taps >= 0) & (taps < size), weights, 0.0)
        np.add.at(matrix[row], np.clip(taps, 0, size - 1), weights)
    return np.asarray(matrix / matrix.sum(axis=1, keepdims=True))


def _cubic(x: NDArray[np.float64], a: float) -> NDArray[np.float64]:
    """Keys' cubic convolution kernel."""
    x = np.abs(x)
    near = (a + 2) * x**3 - (a + 3) * x**2 + 1
    far = a * x**3 - 5 * a * x**2 + 8 * a * x - 4 * a
    return np.where(x <= 1, near, np.where(x < 2, far, 0.0))
