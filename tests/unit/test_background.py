"""Which scores stand out from a collection."""

import math

import numpy as np

from sightline.domain.background import MIN_ITEMS, Background
from tests.shoes import unit

DIM = 64
QUERY = unit(1, *[0] * (DIM - 1))


def items(count, seed=0):
    """That have nothing to do with the query: their scores are normal, with a deviation of 1/8."""
    drawn = np.random.default_rng(seed).normal(size=(count, DIM))
    return (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)


def matching(count, score):
    """Items of one cosine to the query."""
    rest = items(count, seed=1)
    rest[:, 0] = 0
    rest *= math.sqrt(1 - score**2) / np.linalg.norm(rest, axis=1, keepdims=True)
    rest[:, 0] = score
    return rest.astype(np.float32)


def strong(collection, k=10):
    """How many of the k best hits are not weak, in a collection that was sampled by every fourth."""
    best = np.sort(collection @ QUERY)[::-1][:k].tolist()
    bar = Background(collection[::4], len(collection)).bar(QUERY, best)
    return sum(score >= bar for score in best)


def test_hits_are_weak_where_nothing_matches():
    """At a crowd of three, chance makes one in three such queries an exception, at most."""
    assert sum(strong(items(2_000, seed)) > 0 for seed in range(30)) <= 10


def test_few_that_match_stand_out_with_few_others():
    for count in (1, 3, 8, 30):
        found = strong(np.concatenate([items(2_000), matching(count, 0.7)]), k=100)
        assert count <= found <= 1.5 * count


def test_many_that_match_stand_out_together():
    """A fifth of the collection: the sample holds them too, and must not hide them."""
    assert strong(np.concatenate([items(1_600), matching(400, 0.5)])) == 10


def test_scale_of_the_scores_does_not_matter():
    """Texts and pictures of some models have cosines of 0.1 to 0.3, where other models have 0.2 to 0.9."""
    collection = np.concatenate([items(2_000), matching(3, 0.7)])
    narrow = collection * 0.2
    narrow[:, 0] += 0.15
    assert strong(narrow) == strong(collection) == 3


def test_nothing_is_called_weak_in_a_collection_too_small_to_tell():
    assert strong(items(MIN_ITEMS - 1)) == 10
    assert Background(items(0), 0).bar(QUERY, []) == -math.inf


def test_nothing_is_called_weak_where_most_items_are_one():
    assert strong(np.repeat(items(1), 200, axis=0)) == 10
