"""Resampled position embeddings equal torch's, with and without antialias, up and down."""

import numpy as np
import pytest
import torch

from sightline.models.positions import resample_grid


@pytest.mark.parametrize("antialias", [False, True])
@pytest.mark.parametrize(("grid", "side"), [(37, 16), (37, 24), (7, 14), (14, 7), (27, 16), (16, 16)])
def test_resampled_grid_equals_torch(grid, side, antialias):
    table = np.random.default_rng(0).standard_normal((grid, grid, 5), dtype=np.float32)
    expected = torch.nn.functional.interpolate(
        torch.from_numpy(table).permute(2, 0, 1)[None],
        size=(side, side),
        mode="bicubic",
        align_corners=False,
        antialias=antialias,
    )[0].permute(1, 2, 0)
    assert (
        np.abs(resample_grid(table, side, antialias=antialias) - expected.numpy()).max() <= 5e-5
    )  # torch computes the taps in float32
