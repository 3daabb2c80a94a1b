"""Duplicates in a real record, found through real stores, against all pairs compared one by one."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sightline.domain.collections import Item
from sightline.domain.contents import as_hex, distinct, of_hex
from sightline.domain.duplicates import KEEP_RULES, DuplicatesOrder
from sightline.domain.errors import InvalidRequestError
from sightline.services.atlas.folders import NeighbourGraph
from sightline.services.collections.duplicates import Duplicates
from tests.records import content
from tests.shoes import unit

SOME_EXAMPLES = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


def angle(degrees):
    return unit(np.cos(np.radians(degrees)), np.sin(np.radians(degrees)), 0)


def fill(library, facts):
    """Items from (content's number, size, mtime, uri); the content's number is the vector's angle too."""
    items = [
        Item(f"i{row:03}", uri, content(number), size, mtime, {})
        for row, (number, size, mtime, uri) in enumerate(facts)
    ]
    library.commit(items, {content(number): angle(number) for number, *_ in facts})
    return items


def stars_by_comparing_all(items, angles, order):
    """The truth: keepers in the order of the rule, each with all that are left and near enough."""
    places = {
        "largest": lambda item: (-item.size_bytes, item.id),
        "oldest": lambda item: (item.mtime_ns is None, item.mtime_ns or 0, item.id),
        "first_by_path": lambda item: (item.uri, item.id),
    }
    left, stars = sorted(items, key=places[order.keep]), {}
    while left:
        keeper, *others = left
        if order.threshold is None:
            copies = {other.id for other in others if other.sha256 == keeper.sha256}
        else:
            cosines = {o.id: np.cos(np.radians(angles[o.id] - angles[keeper.id])) for o in others}
            copies = {name for name, cosine in cosines.items() if cosine >= order.threshold}
        if copies:
            stars[keeper.id] = copies
        left = [other for other in others if other.id not in copies]
    return stars


facts = st.lists(
    st.tuples(
        st.integers(0, 40).map(lambda number: 5 * number),
        st.integers(1, 3),
        st.one_of(st.none(), st.integers(0, 2)),
        st.sampled_from(["a.jpg", "b.jpg", "c/ü.jpg", "c\udcff.jpg"]),
    ),
    min_size=1,
    max_size=40,
)


@SOME_EXAMPLES
@given(facts, st.sampled_from(KEEP_RULES), st.sampled_from([None, 0.98, 0.9, 0.5]))
def test_report_is_that_of_comparing_all_with_all(new_library, facts, keep, threshold):
    library = new_library(3)
    items = fill(library, facts)
    angles = {item.id: number for item, (number, *_) in zip(items, facts, strict=True)}
    order = DuplicatesOrder("shoes", threshold, keep)
    report = Duplicates(library.record, library).find(order)
    found = {star.keeper: {name for name, _ in star.copies} for star in report.stars}
    assert found == stars_by_comparing_all(items, angles, order)
    assert report.copies == sum(map(len, found.values()))


class Counting:
    """Views that count how often they are asked who is near."""

    def __init__(self, library):
        self.library, self.asked = library, 0

    def lag(self, name):
        return 0

    def view(self, name):
        self.inner = self.library.view(name)
        return self

    def nearest(self, *query, **how):
        self.asked += 1
        return self.inner.nearest(*query, **how)


def graph_of(numbers, k):
    """The neighbour graph of some contents, each at its number's angle: exact, of k neighbours."""
    contents = distinct(of_hex([content(number) for number in numbers]))
    names = {content(number): number for number in numbers}
    vectors = np.stack([angle(names[name]) for name in as_hex(contents)])
    scores = (vectors @ vectors.T).astype(np.float32)
    np.fill_diagonal(scores, -np.inf)
    scores = np.pad(scores, ((0, 0), (0, k)), constant_values=-np.inf)
    nearest = np.argsort(-scores, axis=1, kind="stable")[:, :k]
    found = np.take_along_axis(scores, nearest, axis=1)
    neighbours = np.where(np.isneginf(found), -1, nearest).astype(np.int32)
    return NeighbourGraph(contents, neighbours, found)


@SOME_EXAMPLES
@given(
    facts,
    st.sampled_from(KEEP_RULES),
    st.sampled_from([0.98, 0.9, 0.5]),
    st.sets(st.integers(0, 40).map(lambda number: 5 * number), min_size=1),
    st.integers(1, 4),
)
def test_a_neighbour_graph_changes_no_report(new_library, facts, keep, threshold, drawn, k):
    """Also one of contents that are gone, that lacks some that came later, or whose lists end too early."""
    library = new_library(3)
    items = fill(library, facts)
    angles = {item.id: number for item, (number, *_) in zip(items, facts, strict=True)}
    order = DuplicatesOrder("shoes", threshold, keep)
    graph = graph_of(drawn, k)
    report = Duplicates(library.record, library, lambda _: graph).find(order)
    found = {star.keeper: {name for name, _ in star.copies} for star in report.stars}
    assert found == stars_by_comparing_all(items, angles, order)
    assert report.stars == Duplicates(library.record, library).find(order).stars


def test_with_a_neighbour_graph_only_those_are_asked_of_whom_it_cannot_tell(new_library):
    library = new_library(3)
    fill(library, [(30 * row, 100 - row, 0, f"{row}.jpg") for row in range(10)])
    views = Counting(library)
    graph = graph_of([30 * row for row in range(8)], 3)
    Duplicates(library.record, views, lambda _: graph).find(DuplicatesOrder("shoes"))
    assert views.asked == 2, "of the two that came later"


def test_neighbours_do_not_chain(new_library):
    """Each is 10 degrees from the next, and the first is a right angle from the last."""
    library = new_library(3)
    fill(library, [(10 * row, 100 - row, 0, f"{row}.jpg") for row in range(10)])
    duplicates = Duplicates(library.record, library)
    report = duplicates.find(DuplicatesOrder("shoes", threshold=0.98))
    groups = duplicates.page(report)
    assert [(group.keeper.id, [copy.item.id for copy in group.copies]) for group in groups] == [
        (f"i{row:03}", [f"i{row + 1:03}"]) for row in range(0, 10, 2)
    ]
    assert all(copy.score >= 0.98 and not copy.is_exact for group in groups for copy in group.copies)


def test_copies_of_the_same_bytes_are_marked(new_library):
    library = new_library(3)
    fill(library, [(0, 3, 0, "a"), (0, 2, 0, "b"), (1, 1, 0, "c")])
    duplicates = Duplicates(library.record, library)
    (group,) = duplicates.page(duplicates.find(DuplicatesOrder("shoes")))
    assert group.keeper.uri == "a"
    assert [(copy.item.uri, copy.is_exact) for copy in group.copies] == [("b", True), ("c", False)]


def test_crowd_of_copies_is_one_group(new_library):
    library = new_library(3)
    fill(library, [(n / 1e4, 1, 0, f"{n}.jpg") for n in range(600)] + [(60, 1, 0, "x"), (61, 1, 0, "y")])
    report = Duplicates(library.record, library).find(DuplicatesOrder("shoes"))
    assert [len(star.copies) for star in report.stars] == [599, 1]


def test_pages_hold_each_group_once_and_those_with_most_copies_first(new_library):
    library = new_library(3)
    sizes = [2, 5, 3, 2, 4]
    fill(library, [(30 * g, 1, 0, f"{g}-{n}") for g, size in enumerate(sizes) for n in range(size)])
    duplicates = Duplicates(library.record, library)
    report = duplicates.find(DuplicatesOrder("shoes", threshold=None))
    pages = [duplicates.page(report, offset=start, limit=2) for start in (0, 2, 4, 6)]
    assert [[1 + len(group.copies) for group in page] for page in pages] == [[5, 4], [3, 2], [2], []]
    with pytest.raises(InvalidRequestError, match="limit 0"):
        duplicates.page(report, limit=0)


def test_items_removed_since_are_not_shown(new_library):
    library = new_library(3)
    fill(library, [(0, 3, 0, "a"), (0, 2, 0, "b"), (0, 1, 0, "c"), (90, 2, 0, "x"), (90, 1, 0, "y")])
    duplicates = Duplicates(library.record, library)
    report = duplicates.find(DuplicatesOrder("shoes"))
    library.remove("i001", "i003")
    (group,) = duplicates.page(report)
    assert (group.keeper.uri, [copy.item.uri for copy in group.copies]) == ("a", ["c"])


def test_report_is_kept_until_the_collection_changes(new_library):
    library = new_library(3)
    fill(library, [(0, 3, 0, "a"), (0, 2, 0, "b")])
    duplicates, order = Duplicates(library.record, library), DuplicatesOrder("shoes")
    first = duplicates.find(order)
    assert duplicates.find(order) is first
    library.remove("i001")
    assert duplicates.find(order).stars == []


def test_progress_is_told_and_can_end_the_search(new_library):
    library = new_library(3)
    fill(library, [(n / 10, 1, 0, f"{n}.jpg") for n in range(1_500)])
    told = []
    duplicates = Duplicates(library.record, library)
    duplicates.find(DuplicatesOrder("shoes"), lambda done, total: told.append((done, total)))
    assert told == [(1_000, 1_500), (1_500, 1_500)]

    def stop(done, total):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        duplicates.find(DuplicatesOrder("shoes", threshold=0.5), stop)


@pytest.mark.parametrize(
    "wrong", [{"threshold": 0}, {"threshold": 1.1}, {"threshold": float("nan")}, {"keep": "best"}]
)
def test_order_that_makes_no_sense_is_refused(wrong):
    with pytest.raises(InvalidRequestError):
        DuplicatesOrder("shoes", **wrong)
