"""The directions in which vectors differ most, each a line through their mean. Knows no neighbours."""

from dataclasses import dataclass

import numpy as np

from sightline.domain.arrays import Float32, Int64

SAMPLE = 20_000  # vectors that the axes are made of; of 768 numbers their products take 0.5 s


@dataclass(frozen=True, eq=False)
class Axes:
    """mean: (dim,). directions: (dim, R), of unit length and square to each other, the longest first."""

    mean: Float32
    directions: Float32

    @property
    def count(self) -> int:
        return len(self.directions.T)


def main_axes(vectors: Float32, rows: Int64, count: int, seed: int) -> Axes:
    """At most `count` axes of these rows of (N, dim), one row or more; the same for the same seed.

    An axis has no sign of its own: it is turned so that its largest number is positive.
    """
    rng = np.random.default_rng(seed)
    if len(rows) > SAMPLE:
        rows = np.sort(rng.choice(rows, SAMPLE, replace=False))
    sample = np.asarray(vectors[rows], dtype=np.float64)
    mean = sample.mean(axis=0)
    sample -= mean
    _, directions = np.linalg.eigh(sample.T @ sample)  # ascending
    longest = directions[:, ::-1][:, :count]  # (dim, R)
    largest = np.abs(longest).argmax(axis=0)
    signs = np.sign(longest[largest, np.arange(longest.shape[1])])
    return Axes(mean.astype(np.float32), np.ascontiguousarray(longest * signs, dtype=np.float32))
