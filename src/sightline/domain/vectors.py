"""Arithmetic on vectors: unit length, means, exact nearest. Does not know where vectors come from."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from sightline.domain.arrays import Float32, Int64
from sightline.domain.errors import InvalidRequestError, NonFiniteVectorError

# Below this share of its parts a sum is what rounding left of them: float32 vectors are good to 6e-8.
VANISHING = 1e-6


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


def weighted_direction(vectors: Sequence[Float32], weights: Sequence[float]) -> Float32:
    """The unit vector (D,) of the weighted sum of vectors (D,), each brought to length 1 first.

    A negative weight leads away from its vector.
    Raises InvalidRequestError: there are none, one has no direction, or the sum has none.
    """
    if not vectors:
        raise InvalidRequestError("nothing to look for; give at least one text, picture, item or vector")
    if not np.isfinite(weights).all() or not any(weights):
        raise InvalidRequestError(f"weights {list(weights)} must be finite and not all 0")
    shares = np.asarray(weights, dtype=np.float64) / np.abs(weights).max()  # so that no sum overflows
    total = np.zeros_like(vectors[0], dtype=np.float64)
    for vector, share in zip(vectors, shares, strict=True):
        total += share * _direction(vector)
    length = np.linalg.norm(total)
    if length <= VANISHING * np.abs(shares).sum():
        raise InvalidRequestError("what is looked for cancels out: the weighted sum is 0; change the weights")
    return np.asarray(total / length, dtype=np.float32)


def _direction(vector: Float32) -> NDArray[np.float64]:
    exact = np.asarray(vector, dtype=np.float64)
    largest = np.abs(exact).max(initial=0)
    if not np.isfinite(largest) or largest == 0:
        raise InvalidRequestError("a vector is 0 or not finite, and so has no direction; give another")
    scaled = exact / largest  # squares neither overflow nor vanish
    return np.asarray(scaled / np.linalg.norm(scaled))


def nearest(query: Float32, vectors: Float32, k: int) -> tuple[Int64, Float32]:
    """The k rows of (N, D) with the largest dot product with (D,), best first; ties by row number.

    Returns (indices, scores), each of min(k, N).
    """
    scores = vectors @ query  # (N,)
    order = np.lexsort((np.arange(len(scores)), -scores))[:k]
    return order.astype(np.int64), scores[order].astype(np.float32)
