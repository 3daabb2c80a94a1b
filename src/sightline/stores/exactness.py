"""The true neighbours of a few sampled vectors, found while all vectors pass by. Does not know indexes."""

from collections.abc import Sequence

import numpy as np

from sightline.domain.arrays import Float32, Int64

K = 10
NOBODY = -1
TIE = 1e-6  # cosines nearer than this are one: float32 sums differ by that with their order


class Sample:
    """Sampled rows and, for each, the best K + 1 seen so far: the nearest of a row is itself."""

    def __init__(self, keys: Int64, vectors: Float32) -> None:
        self.keys = keys  # (Q,)
        self.vectors = vectors  # (Q, dim)
        self._best_keys = np.full((len(keys), K + 1), NOBODY, dtype=np.int64)
        self._best_scores = np.full((len(keys), K + 1), -np.inf, dtype=np.float32)

    def see(self, keys: Int64, vectors: Float32) -> None:
        """keys: (N,); vectors: (N, dim)."""
        scores = np.concatenate([self._best_scores, self.vectors @ vectors.T], axis=1)  # (Q, K + 1 + N)
        known = np.concatenate([self._best_keys, np.broadcast_to(keys, (len(self.keys), len(keys)))], axis=1)
        best = np.argpartition(-scores, K, axis=1)[:, : K + 1]
        self._best_scores = np.take_along_axis(scores, best, axis=1)
        self._best_keys = np.take_along_axis(known, best, axis=1)

    def recall(self, found: Int64) -> float:
        """The share of the true K neighbours that is in `found`, (Q, K + 1) keys; none is its own."""
        hits = misses = 0
        for key, true, given in zip(self.keys, self._best_keys, found, strict=True):
            neighbours = true[(true != key) & (true != NOBODY)][:K]
            hits += int(np.isin(neighbours, given).sum())
            misses += int((~np.isin(neighbours, given)).sum())
        return hits / (hits + misses) if hits + misses else 1.0

    def recall_of(self, found: Sequence[Sequence[float]]) -> float:
        """As `recall`, by the cosines of what each search for K + 1 found: equal vectors are as good."""
        hits = wanted = 0
        for best, given in zip(self._best_scores, found, strict=True):
            true = best[np.isfinite(best)]
            floor = float(true.min()) - TIE
            hits += min(sum(score >= floor for score in given), len(true)) - 1  # one is itself
            wanted += len(true) - 1
        return hits / wanted if wanted else 1.0
