"""Which places lie together, by HDBSCAN. Knows neither vectors nor names.

It takes time by the square of the points, so at most LEARNT_FROM of them are sorted out; each other one goes
with the nearest of those, if that is no farther than they are from each other.
"""

import importlib
import math

import numpy as np

from sightline.domain.arrays import Float32, Int64, UInt8
from sightline.domain.maps import MAX_CLUSTERS, NO_CLUSTER

LEARNT_FROM = 20_000  # points: 1 s; twice as many take four times as long
SMALLEST = 5  # points that can be called a cluster
NEAR = 5  # of a point the neighbours that must be near, too
WITHIN = 0.99  # of a cluster's points have such neighbours within its reach
FEWEST = 2 * SMALLEST
NEARLY_ALL = 0.8
MOST = 0.7  # one round heap of 3,000 points, divided by force, leaves two thirds in none


def is_installed() -> bool:
    try:
        importlib.import_module("sklearn.cluster")
    except ImportError:
        return False
    return True


def clusters_of(places: Float32, items: Int64, seed: int) -> UInt8:
    """Of (N, 2), each the place of so many items: (N,), the largest cluster is 0; NO_CLUSTER for none."""
    if len(places) < FEWEST:
        return np.full(len(places), NO_CLUSTER, dtype=np.uint8)
    rng = np.random.default_rng(seed)
    learnt = np.arange(len(places))
    if len(places) > LEARNT_FROM:
        learnt = np.sort(rng.choice(len(places), LEARNT_FROM, replace=False))
    labels = _labels(places[learnt])
    if len(learnt) < len(places):
        labels = _joined(places, learnt, labels)
    return _by_size(labels, items)


def _labels(places: Float32) -> Int64:
    """Of each place the number of its cluster, -1 for none.

    A cluster of nearly all says nothing: a map of heaps that touch, and one far away, would be these two. It
    is divided, if that leaves most places in clusters: a heap that has none within stays whole.
    """
    labels = _found(places, largest=None)
    if np.bincount(labels + 1)[1:].max(initial=0) > NEARLY_ALL * len(places):
        divided = _found(places, largest=len(places) // 2)
        if (divided >= 0).mean() > MOST:
            return divided
    return labels


def _found(places: Float32, *, largest: int | None) -> Int64:
    hdbscan = importlib.import_module("sklearn.cluster").HDBSCAN
    smallest = max(SMALLEST, math.isqrt(len(places)) // 2)
    model = hdbscan(min_cluster_size=smallest, min_samples=NEAR, max_cluster_size=largest, copy=True)
    return np.asarray(model.fit_predict(places.astype(np.float64)), dtype=np.int64)


def _joined(places: Float32, learnt: Int64, labels: Int64) -> Int64:
    """Of all places: the cluster of the nearest one that was learnt, if it is within its cluster's reach."""
    tree = importlib.import_module("scipy.spatial").cKDTree(places[learnt])
    distances, _ = tree.query(places[learnt], k=NEAR + 1)  # itself is the first
    reach = np.zeros(labels.max() + 2)  # the last is that of no cluster
    for label in range(labels.max() + 1):
        reach[label] = np.quantile(distances[labels == label, -1], WITHIN)
    away, nearest = tree.query(places)
    found = labels[nearest]
    return np.where(away <= reach[found], found, -1)


def _by_size(labels: Int64, items: Int64) -> UInt8:
    """The clusters numbered by how many items are in them, without the smallest if they are too many."""
    sizes = np.bincount(labels + 1, weights=items)[1:]  # without those in none
    largest = np.argsort(-sizes, kind="stable")[:MAX_CLUSTERS]
    numbers = np.full(len(sizes) + 1, NO_CLUSTER, dtype=np.uint8)  # the last is that of no cluster
    numbers[largest] = np.arange(len(largest))
    return numbers[labels]
