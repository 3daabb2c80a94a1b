"""Which places lie together."""

import numpy as np

from sightline.domain.maps import MAX_CLUSTERS, NO_CLUSTER
from sightline.projections.clusters import LEARNT_FROM, clusters_of


def heaps(sizes, *, seed=1):
    """(N, 2) and (N,): heaps of these sizes on a grid, each 10 from the next, 0.3 wide."""
    labels = np.repeat(np.arange(len(sizes)), sizes)
    centres = 10.0 * np.stack(np.divmod(np.arange(len(sizes)), 10), axis=1)
    places = centres[labels] + np.random.default_rng(seed).normal(scale=0.3, size=(len(labels), 2))
    return places.astype(np.float32), labels


def found(places, items=None):
    return clusters_of(places, np.ones(len(places), dtype=np.int64) if items is None else items, seed=0)


def test_heaps_are_clusters_and_the_largest_comes_first():
    places, labels = heaps([100, 300, 200])

    numbers = found(places)

    most = [np.bincount(numbers[labels == label]).argmax() for label in range(3)]
    assert most == [2, 0, 1]
    assert (numbers == np.array(most)[labels]).mean() > 0.9
    assert set(numbers.tolist()) <= {0, 1, 2, NO_CLUSTER}


def test_size_counts_items_where_a_place_stands_for_several():
    places, labels = heaps([100, 300])

    numbers = found(places, np.where(labels == 0, 10, 1))

    assert np.bincount(numbers[labels == 0]).argmax() == 0


def test_what_was_not_learnt_from_joins_the_nearest_cluster():
    places, labels = heaps([LEARNT_FROM, LEARNT_FROM // 2])

    numbers = found(places)

    assert (numbers == labels).mean() > 0.9


def test_what_is_far_from_all_is_in_none():
    places, _ = heaps([LEARNT_FROM, LEARNT_FROM // 2])
    places[::1_000] = np.random.default_rng(2).uniform(1_000, 9_000, size=(len(places[::1_000]), 2))

    assert (found(places)[::1_000] == NO_CLUSTER).all()


def test_there_are_no_more_clusters_than_a_person_tells_apart():
    places, labels = heaps([40] * (MAX_CLUSTERS + 6) + [80] * 10)

    numbers = found(places)

    assert set(numbers.tolist()) == {*range(MAX_CLUSTERS), NO_CLUSTER}
    large = numbers[labels >= MAX_CLUSTERS + 6]
    assert ((large < 10) | (large == NO_CLUSTER)).all()  # the small ones are left out


def test_heaps_that_touch_are_told_apart_though_another_is_far_away():
    rng = np.random.default_rng(0)
    labels = rng.integers(36, size=4_000)
    places = np.stack(np.divmod(labels, 6), axis=1) + rng.normal(scale=0.2, size=(4_000, 2))
    places[:200] += 50

    numbers = found(places.astype(np.float32))

    assert len(set(numbers[200:].tolist()) - {NO_CLUSTER}) == 36


def test_one_heap_is_not_torn_apart_because_another_is_small():
    places, labels = heaps([3_000, 200])

    assert (found(places) == labels).mean() > 0.95


def test_few_places_or_equal_ones_are_no_clusters():
    assert (found(heaps([3, 3])[0]) == NO_CLUSTER).all()
    assert found(np.zeros((1, 2), dtype=np.float32)).tolist() == [NO_CLUSTER]


def test_the_same_places_give_the_same_clusters():
    places, _ = heaps([LEARNT_FROM, 3_000, 2_000])

    np.testing.assert_array_equal(found(places), found(places))
