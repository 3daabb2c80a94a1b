"""Searches of a real record through real stores, against plain arithmetic."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sightline.domain.collections import Changeset, Item
from sightline.domain.errors import (
    InvalidRequestError,
    SightlineError,
    UnknownCollectionError,
    UnknownItemError,
)
from sightline.domain.filter_syntax import field_path, parse
from sightline.domain.filters import matches, typed, values_at
from sightline.domain.hits import LikeItem, LikeVector, Query
from sightline.services.collections.search import Search
from tests.shoes import unit

DIM = 6
FEW_EXAMPLES = settings(
    max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def cloud(count, seed=0, dim=DIM):
    drawn = np.random.default_rng(seed).normal(size=(count, dim))
    rows = (drawn / np.linalg.norm(drawn, axis=1, keepdims=True)).astype(np.float32)
    return {f"item-{number:03}": row for number, row in enumerate(rows)}


def nearest(vectors, query, among=None):
    """Ids and cosines of all, best first: the truth."""
    ids = sorted(vectors if among is None else among)
    scores = {name: float(vectors[name].astype(np.float64) @ query.astype(np.float64)) for name in ids}
    return sorted(scores.items(), key=lambda one: (-one[1], one[0]))


@pytest.fixture
def library(new_library):
    """Forty items, of ten products in three colours."""
    library = new_library(DIM)
    library.vectors = cloud(40)
    library.metadata = {
        name: {"product": {"id": number % 10}, "colour": ["red", "green", "blue"][number % 3]}
        for number, name in enumerate(library.vectors)
    }
    library.add(library.vectors, library.metadata)
    return library


def ids(answer):
    return [hit.item_id for hit in answer.hits]


def like(vector, **how):
    return Query([LikeVector(vector)], **how)


def test_hits_are_the_nearest_items_with_what_the_record_knows_of_them(library):
    query = unit(1, 2, 3, 0, 0, 1)
    answer = Search(library.record, library).search("shoes", like(query, k=5))
    expected = nearest(library.vectors, query)[:5]
    assert ids(answer) == [name for name, _ in expected]
    assert [hit.score for hit in answer.hits] == pytest.approx([score for _, score in expected], abs=1e-5)
    best = answer.hits[0]
    assert best.uri == f"pictures/{best.item_id}.jpg"
    assert best.metadata == library.metadata[best.item_id]
    assert (answer.considered, answer.lag) == (40, 0)


def test_pages_follow_one_another_without_gap_or_overlap(library):
    search, query = Search(library.record, library), unit(0, 1, 0, 0, 2, 0)
    pages = [search.search("shoes", like(query, k=7, offset=start)) for start in range(0, 49, 7)]
    assert [item_id for page in pages for item_id in ids(page)] == [
        name for name, _ in nearest(library.vectors, query)
    ]


def test_filter_leaves_out_what_does_not_pass_and_counts_the_rest_if_asked(library):
    search, query, where = Search(library.record, library), unit(0, 1, 0, 0, 2, 0), parse({"colour": "red"})
    answer = search.search("shoes", like(query, k=40, where=where, with_count=True))
    reds = [name for name, data in library.metadata.items() if data["colour"] == "red"]
    assert ids(answer) == [name for name, _ in nearest(library.vectors, query, reds)]
    assert answer.considered == len(reds)
    assert search.search("shoes", like(query, where=where)).considered is None


def test_item_is_left_out_of_its_own_results_unless_it_is_wanted(library):
    search = Search(library.record, library)
    query = Query([LikeItem("item-007")], k=3)
    true = [name for name, _ in nearest(library.vectors, library.vectors["item-007"])]
    assert ids(search.search("shoes", query)) == true[1:4]
    wanted = search.search("shoes", Query([LikeItem("item-007")], k=3, with_asked=True))
    assert ids(wanted) == true[:3]
    assert true[0] == "item-007"


@FEW_EXAMPLES
@given(st.data())
def test_parts_are_added_up_by_their_weights(library, data):
    weights = st.floats(-3, 3).filter(lambda weight: abs(weight) > 0.01)
    parts, total = [], np.zeros(DIM)
    for _ in range(data.draw(st.integers(1, 4))):
        weight = data.draw(weights)
        if data.draw(st.booleans()):
            name = data.draw(st.sampled_from(sorted(library.vectors)))
            parts.append(LikeItem(name, weight))
            vector = library.vectors[name].astype(np.float64)
        else:
            vector = np.array(data.draw(st.lists(st.integers(-3, 3), min_size=DIM, max_size=DIM).filter(any)))
            length = data.draw(st.sampled_from([1e-30, 1, 1e30]))  # of what is given, which does not matter
            parts.append(LikeVector((vector * length).astype(np.float32), weight))
        total += weight * vector / np.linalg.norm(vector)
    if np.linalg.norm(total) < 1e-3:
        return
    answer = Search(library.record, library).search("shoes", Query(parts, k=5, with_asked=True))
    expected = nearest(library.vectors, total / np.linalg.norm(total))[:5]
    assert [hit.score for hit in answer.hits] == pytest.approx([score for _, score in expected], abs=1e-5)


@pytest.mark.parametrize(
    ("parts", "error", "reason"),
    [
        ([], InvalidRequestError, "nothing to look for"),
        ([LikeVector(unit(1, 0))], InvalidRequestError, "have 6 numbers"),
        ([LikeVector(np.ones((1, DIM), np.float32))], InvalidRequestError, "shape"),
        ([LikeVector(np.zeros(DIM, np.float32))], InvalidRequestError, "no direction"),
        ([LikeVector(np.full(DIM, np.nan, np.float32))], InvalidRequestError, "not finite"),
        ([LikeVector(np.full(DIM, np.inf, np.float32))], InvalidRequestError, "not finite"),
        ([LikeItem("item-001"), LikeItem("item-001", -1)], InvalidRequestError, "cancels out"),
        ([LikeItem("item-001", 0)], InvalidRequestError, "not all 0"),
        ([LikeItem("item-001", float("nan"))], InvalidRequestError, "finite"),
        ([LikeItem("item-999")], UnknownItemError, "no item 'item-999' in collection 'shoes'"),
    ],
)
def test_parts_without_a_direction_are_refused_with_the_reason(library, parts, error, reason):
    with pytest.raises(error, match=reason):
        Search(library.record, library).search("shoes", Query(parts))


@pytest.mark.parametrize("bounds", [{"k": 0}, {"k": 1001}, {"offset": -1}, {"offset": 10_001}])
def test_query_out_of_bounds_is_refused(bounds):
    with pytest.raises(InvalidRequestError, match="must be"):
        Query([LikeItem("a")], **bounds)


def test_unknown_collection_is_refused(library):
    with pytest.raises(UnknownCollectionError):
        Search(library.record, library).search("boots", Query([LikeItem("a")]))


def test_item_that_the_record_has_lost_is_replaced_by_the_next(library):
    query = unit(1, 1, 0, 0, 0, 0)
    true = [name for name, _ in nearest(library.vectors, query)]
    library.remove(*true[0:6:2])
    answer = Search(library.record, library).search("shoes", like(query, k=4, offset=1))
    left = [name for name in true if name not in true[0:6:2]]
    assert ids(answer) == left[1:5]
    assert answer.lag == 3


def test_item_that_passes_the_filter_no_more_is_replaced_by_the_next(library):
    query, where = unit(1, 1, 0, 0, 0, 0), parse({"colour": "red"})
    view = library.view("shoes")
    library.view = lambda name: view
    library.follow = lambda: None
    reds = [name for name, data in library.metadata.items() if data["colour"] == "red"]
    best, *others = [name for name, _ in nearest(library.vectors, query, reds)]
    library.add({best: library.vectors[best]}, {best: {"colour": "blue"}})
    assert ids(Search(library.record, library).search("shoes", like(query, k=3, where=where))) == others[:3]


def one_of_each_group(ranked, metadata, path):
    """The truth about groups: an item is a hit unless it shares a value with one that is."""
    met, hits = set(), []
    for name, _ in ranked:
        values = {typed(value) for value in values_at(metadata[name], path)} - {None}
        if not values & met:
            hits.append(name)
            met |= values
    return hits


def test_best_item_of_each_group_is_found_and_the_others_are_counted(library):
    query = unit(1, 2, 3, 0, 0, 1)
    answer = Search(library.record, library).search(
        "shoes", like(query, k=10, group_by=field_path("product.id"))
    )
    expected = one_of_each_group(nearest(library.vectors, query), library.metadata, ("product", "id"))
    assert len(expected) == 10
    assert ids(answer) == expected
    assert [hit.met for hit in answer.hits] == [4] * 10  # all forty fit into the first look


VALUES = st.one_of(
    st.integers(0, 3),
    st.sampled_from(["a", "b", 1.0, True, None, [], 2**60, "x" * 1_100]),
    st.lists(st.sampled_from(["a", "b", "c", 1, {"x": 1}]), max_size=3),
    st.just({"x": 1}),
)


@FEW_EXAMPLES
@given(st.lists(VALUES, min_size=1, max_size=60), st.integers(1, 12), st.integers(0, 4), st.booleans())
def test_groups_are_those_of_a_walk_over_everything(new_library, values, k, offset, is_filtered):
    library = new_library(DIM)
    vectors = cloud(len(values), seed=k)
    metadata = {
        name: {"group": v, "even": n % 2 == 0}
        for n, (name, v) in enumerate(zip(vectors, values, strict=True))
    }
    library.add(vectors, metadata)
    where = parse({"even": True}) if is_filtered else None
    query = unit(1, 2, 3, 4, 5, 6)
    passing = [name for name in vectors if where is None or matches(where, metadata[name])]
    expected = one_of_each_group(nearest(vectors, query, passing), metadata, ("group",))
    answer = Search(library.record, library).search(
        "shoes", like(query, k=k, offset=offset, group_by=("group",), where=where)
    )
    assert ids(answer) == expected[offset : offset + k]


def test_group_that_fills_the_collection_does_not_hide_the_others(new_library):
    """2,000 pictures of one product before the first of the next: few looks, not one for each."""
    library = new_library(3)
    crowd = {f"crowd-{n:04}": unit(1, n / 1e5, 0) for n in range(2_000)}
    others = {f"other-{n}": unit(1, 1 + n, 1) for n in range(9)}
    metadata = {name: {"id": "crowd"} for name in crowd} | {name: {"id": name} for name in others}
    library.add(crowd | others, metadata)
    view = library.view("shoes")
    looks = CountedView(view)
    library.view = lambda name: looks
    answer = Search(library.record, library).search("shoes", like(unit(1, 0, 0), k=10, group_by=("id",)))
    assert ids(answer) == ["crowd-0000", *sorted(others)]
    assert looks.asked <= 3
    assert looks.given < 500


@pytest.mark.parametrize(
    ("how", "noted"),
    [
        ({"where": {"colour": "pink"}}, ["the filter passes none of 40 items"]),
        (
            {"where": {"color": "red"}},
            ["no item has the field 'color'", "the filter passes none of 40 items"],
        ),
        ({"where": {"not": {"product.name": "boot"}}}, ["no item has the field 'product.name'"]),
        ({"where": {"colour": "red", "product.id": 3}}, []),
        ({"group_by": ("brand",)}, ["no item has the field 'brand'"]),
        ({"offset": 40}, ["40 are skipped, and there are 40 to be found"]),
        ({"where": {"colour": "red"}, "offset": 14}, ["14 are skipped, and there are 14 to be found"]),
        ({}, []),
    ],
)
def test_doubtful_answer_tells_what_nothing_has_and_why_there_are_no_hits(library, how, noted):
    how = {**how, "where": parse(how["where"])} if "where" in how else how
    answer = Search(library.record, library).search("shoes", like(unit(1, 2, 3, 0, 0, 1), **how))
    assert answer.notes == noted
    assert bool(answer.hits) == all(note.startswith("no item has") for note in noted)


def test_empty_collection_says_that_it_is_empty(new_library):
    library = new_library(DIM)
    query = like(unit(1, 0, 0, 0, 0, 0), where=parse({"colour": "red"}))
    answer = Search(library.record, library).search("shoes", query)
    assert answer.notes == ["the collection 'shoes' is empty"]


def test_only_item_says_that_it_is_left_out_of_its_own_hits(new_library):
    library = new_library(DIM)
    library.add(cloud(1), {"item-000": {}})
    answer = Search(library.record, library).search("shoes", Query([LikeItem("item-000")]))
    assert not answer.hits
    assert answer.notes == ["what is asked about is left out of its own hits, and nothing else can be found"]


def test_view_that_is_behind_says_so_where_there_are_no_hits(new_library):
    library = new_library(DIM)
    vector, sha256 = unit(1, 0, 0, 0, 0, 0), "b" * 64
    item = Item("item-000", "pictures/item-000.jpg", sha256, 100, 0, {})
    library.record.commit("shoes", Changeset(library.space.fingerprint, [item], vectors={sha256: vector}))
    answer = Search(library.record, library).search("shoes", like(vector))
    assert answer.notes == ["what is searched is 1 change behind the collection: try again in a moment"]


class CountedView:
    """A view, and how much it was asked for."""

    def __init__(self, view):
        self._view = view
        self.asked = self.given = 0

    def nearest(self, *query, **how):
        found = self._view.nearest(*query, **how)
        self.asked += 1
        self.given += len(found)
        return found

    def count(self, where=None):
        return self._view.count(where)

    @property
    def cursor(self):
        return self._view.cursor


def test_field_that_cannot_be_named_is_refused():
    with pytest.raises(SightlineError, match="empty"):
        field_path("product..id")


class Emptied:
    """A view that finds what it held until just now, and the views that it is one of."""

    def __init__(self, library):
        self._library = library

    def view(self, name):
        self.nearest = self._library.view(name).nearest
        return self

    def count(self, where=None):
        return 0

    def lag(self, name):
        return 0


def test_search_beside_a_view_that_is_emptied_is_answered(new_library):
    """What stands out is told by its share of all items, and these are none any more."""
    library = new_library(DIM)
    library.add(vectors := cloud(200))
    answer = Search(library.record, Emptied(library)).search("shoes", like(vectors["item-007"], k=5))
    assert ids(answer)[0] == "item-007"
    assert answer.considered == 0
