"""Arithmetic on vectors: unit length, means, exact nearest. Does not know where vectors come from."""

import numpy as np

from sightline.domain.arrays import Float32, Int64
from sightline.domain.errors import NonFiniteVectorError


def l2_normalise(vectors: Float32) -> Float32:
    """Scale each row of (N, D) float32 to length 1, so that the dot product is the cosine.

    Raises NonFiniteVectorError: a row is not finite or has length 0.
    """
    lengths = np.linalg.norm(vectors, axis=-1, keepdims=True)  # (N, 1)
    if not np.isfinite(lengths).all() or (lengths == 0).any():
        rows = np.flatnonzero(~np.isfinite(lengths) | (lengths == 0)).tolist()
        raise NonFiniteVectorError(f"the model gave no usable vector for rows {rows} of the batch")
    return np.asarray(vectors / lengths, dtype=np.float32)


def mean_direction(vectors: Float32) -> Float32:
    """The unit vector (D,) that points where the unit vectors (N, D) point on average.

    Raises NonFiniteVectorError: they cancel out.
    """
    direction: Float32 = l2_normalise(vectors.mean(axis=0, keepdims=True))[0]
    return direction


def nearest(query: Float32, vectors: Float32, k: int) -> tuple[Int64, Float32]:
    """The k rows of (N, D) with the largest dot product with (D,), best first; ties by row number.

    Returns (indices, scores), each of min(k, N).
    """
    scores = vectors @ query  # (N,)
    order = np.lexsort((np.arange(len(scores)), -scores))[:k]
    return order.astype(np.int64), scores[order].astype(np.float32)
