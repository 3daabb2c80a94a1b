"""Where a vector lies among landmarks. Does not know how those came to their places.

The rule: of the NEAREST_LANDMARKS nearest, each weighs 1 / d - 1 / D, where d is the square of its distance,
which is 2 - 2 * cosine, and D that of the next one after them. So the last weighs least, and nothing jumps
when another takes its place; a vector that is a landmark's own lies exactly there. Distances are computed in
float64, each by itself: a place does not depend on what else is asked for.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from sightline.domain.arrays import Float32, Int64
from sightline.domain.maps import NEAREST_LANDMARKS
from sightline.projections.cells import Tell
from sightline.projections.neighbours import Vectors, compared
from sightline.projections.pieces import slices
from sightline.projections.selecting import EMPTY, floors, table_of

Float64 = NDArray[np.float64]
WEIGHED = NEAREST_LANDMARKS + 1  # with the next one, that bounds their weights
# Two float32 sums of the same 800 products differ by less, however they are grouped: 2 x 800 x 6e-8
ROUNDING = 1e-4
AT_ONCE = 64  # vectors, whose products with 100,000 landmarks are 26 MB
NUMBERS = 4_000_000  # of candidates' vectors at a time, 32 MB
CANDIDATES = 32  # of a vector that is placed by its points along the main axes
EXACT = 12  # of those, by float32 cosines


def place(vectors: Float32, landmarks: Float32, places: Float32) -> Float32:
    """(M, dim), (L, dim), (L, 2) -> (M, 2). Without landmarks all lie at 0, 0.

    Compares every vector with every landmark: among 100,000, a thousand take a second or two.
    """
    placed = np.zeros((len(vectors), 2), dtype=np.float32)
    if not len(landmarks):
        return placed
    for rows in slices(len(vectors), AT_ONCE):
        scores = vectors[rows] @ landmarks.T
        near = table_of(scores >= floors(scores, WEIGHED) - np.float32(ROUNDING))
        size = max(1, NUMBERS // (near.shape[1] * vectors.shape[1]))
        for part in slices(len(near), size):
            asked = vectors[rows][part]
            placed[rows][part] = _among(asked, near[part], lambda found: landmarks[found], places)
    return placed


def place_many(asked: Vectors, landmarks: Vectors, places: Float32, *, seed: int, tell: Tell) -> Float32:
    """The same for a million: candidates are found by cells, and one in some hundred is missed."""
    placed = np.empty((len(asked), 2), dtype=np.float32)

    def settle(rows: Int64, candidates: Int64) -> None:
        for part in slices(len(rows), AT_ONCE):
            vectors, near = asked.of(rows[part]), candidates[part]
            cosines = compared(landmarks, vectors, near)
            best = np.argsort(-cosines, axis=1, kind="stable")[:, :EXACT]
            near = np.take_along_axis(near, best, axis=1)
            placed[rows[part]] = _among(vectors, near, landmarks.of, places)

    landmarks.cells(seed).near(asked.points, CANDIDATES, settle, tell)
    return placed


def _among(vectors: Float32, near: Int64, landmarks: Callable[[Int64], Float32], places: Float32) -> Float32:
    """By the rule, of candidates (Q, C), EMPTY where there are fewer: (Q, 2)."""
    differences = landmarks(near).astype(np.float64) - vectors[:, np.newaxis]
    squares = (differences**2).sum(axis=2)  # (Q, C), each by itself
    squares[near == EMPTY] = np.inf
    best = np.lexsort((near, squares), axis=1)[:, :WEIGHED]
    weights = _weights(np.take_along_axis(squares, best, axis=1))
    chosen = np.take_along_axis(near, best, axis=1)[:, : weights.shape[1]]
    total = np.zeros((len(vectors), 2))
    for column in range(weights.shape[1]):  # in this order, whatever the batch
        total += weights[:, column, np.newaxis] * places[chosen[:, column]]
    return np.asarray(total / weights.sum(axis=1, keepdims=True), dtype=np.float32)


def _weights(squares: Float64) -> Float64:
    """(Q, up to WEIGHED), ascending -> (Q, up to NEAREST_LANDMARKS), of which one or more are not 0."""
    near = squares[:, :NEAREST_LANDMARKS]
    last = squares[:, NEAREST_LANDMARKS:]  # (Q, 0) where there are no more landmarks
    own = near == 0
    inverse = 1 / np.where(own, 1, near)
    weights = inverse - (1 / np.where(last == 0, 1, last) if last.shape[1] else 0)
    weights = np.where(own.any(axis=1, keepdims=True), own, np.maximum(weights, 0))
    return np.where(weights.any(axis=1, keepdims=True), weights, near == near[:, :1])
