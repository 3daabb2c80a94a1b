"""Candidates come in a product's order and leave in the one that all stores keep."""

import numpy as np

from sightline.stores.ranking import Candidate, ranked

QUERY = np.float32([1, 0])


class Product:
    """Gives its candidates in the order in which it holds them, and counts how often it is asked."""

    def __init__(self, candidates):
        self.candidates = candidates
        self.limits = []

    def __call__(self, limit):
        self.limits.append(limit)
        return self.candidates[:limit]


def candidate(item_id, cosine, *, rounding=0.0, passes=True):
    vector = np.float32([cosine, np.sqrt(1 - cosine**2)])
    return Candidate(item_id, cosine + rounding, vector, passes)


def test_ties_go_by_item_id_however_many_there_are():
    """A product that cuts a hundred equal pictures off anywhere must not decide which are found."""
    product = Product(
        [candidate(f"{n:03}", 0.5) for n in reversed(range(100))] + [candidate("far", 0.1)] * 500
    )
    assert [hit.item_id for hit in ranked(product, QUERY, 3)] == ["000", "001", "002"]


def test_product_that_rounds_two_scores_the_wrong_way_is_corrected():
    product = Product([candidate("b", 0.5, rounding=2e-6), candidate("a", 0.500001)])
    assert [hit.item_id for hit in ranked(product, QUERY, 1)] == ["a"]


def test_what_does_not_pass_makes_room_for_what_comes_after():
    down = [candidate(f"{n:03}", 0.9 - n / 1000, passes=n >= 200) for n in range(300)]
    assert [hit.item_id for hit in ranked(Product(down), QUERY, 2)] == ["200", "201"]


def test_clear_result_is_asked_for_once():
    product = Product([candidate(f"{n:03}", 0.9 - n / 1000) for n in range(300)])
    assert len(ranked(product, QUERY, 10)) == 10
    assert len(product.limits) == 1


def test_fewer_than_wanted_is_all_there_is():
    assert [hit.item_id for hit in ranked(Product([candidate("a", 0.5)]), QUERY, 10)] == ["a"]
    assert ranked(Product([]), QUERY, 10) == []
