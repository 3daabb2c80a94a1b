"""What is typical of clusters of vectors: their directions, and the rows most like these. Knows no names."""

from dataclasses import dataclass

import numpy as np

from sightline.domain.arrays import Float32, UInt8
from sightline.domain.maps import NO_CLUSTER
from sightline.domain.ports import Look

ROWS = 8192  # looked at together
EACH = 5  # representatives


@dataclass(frozen=True, eq=False)
class Typical:
    """clusters: (C, dim), the mean vector of each. whole: (dim,). rows: of each, the most typical first."""

    clusters: Float32
    whole: Float32
    sizes: list[int]
    rows: list[list[int]]


def typical(vectors: Float32, clusters: UInt8, look: Look) -> Typical:
    """vectors: (N, dim), read in pieces. clusters: (N,), numbered from 0, NO_CLUSTER for none."""
    inside = clusters[clusters != NO_CLUSTER]
    count = int(inside.max()) + 1 if len(inside) else 0
    sums, whole = np.zeros((count, vectors.shape[1])), np.zeros(vectors.shape[1])
    for start in range(0, len(vectors), ROWS):
        look()
        part, numbers = vectors[start : start + ROWS], clusters[start : start + ROWS]
        sums += (numbers == np.arange(count)[:, None]).astype(np.float32) @ part
        whole += part.sum(axis=0)
    sizes = np.bincount(inside, minlength=count)
    means = (sums / np.maximum(sizes, 1)[:, None]).astype(np.float32)
    rows = _representatives(vectors, clusters, means, look)
    return Typical(means, (whole / max(1, len(vectors))).astype(np.float32), sizes.tolist(), rows)


def _representatives(vectors: Float32, clusters: UInt8, means: Float32, look: Look) -> list[list[int]]:
    """Of each cluster the rows most like its mean; of equal ones the first."""
    best: list[list[tuple[float, int]]] = [[] for _ in means]
    for start in range(0, len(vectors), ROWS):
        look()
        numbers = clusters[start : start + ROWS]
        for cluster in np.unique(numbers[numbers != NO_CLUSTER]).tolist():
            rows = start + np.flatnonzero(numbers == cluster)
            scores = (vectors[rows] @ means[cluster]).tolist()
            candidates = best[cluster] + [
                (-score, row) for score, row in zip(scores, rows.tolist(), strict=True)
            ]
            best[cluster] = sorted(candidates)[:EACH]
    return [[row for _, row in some] for some in best]
