"""Unit vectors around centres, and which centre each belongs to. Knows no map."""

import numpy as np

from sightline.domain.vectors import l2_normalise


def blobs(rows, *, dim=64, count=5, spread=0.3, seed=1):
    """(rows, dim) and (rows,): the numbers of the centres, which lie square to each other."""
    rng = np.random.default_rng(seed)
    centres = np.linalg.qr(rng.standard_normal((dim, count)))[0].T
    labels = np.arange(rows) % count
    noise = rng.standard_normal((rows, dim)) * spread / np.sqrt(dim)
    return l2_normalise((centres[labels] + noise).astype(np.float32)), labels


def anywhere(rows, *, dim=16, seed=1):
    """(rows, dim), in all directions alike."""
    rng = np.random.default_rng(seed)
    return l2_normalise(rng.standard_normal((rows, dim)).astype(np.float32))
