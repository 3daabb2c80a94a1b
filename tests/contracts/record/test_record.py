"""What the record promises of collections, items and vectors, on each database."""

import threading
from dataclasses import replace
from itertools import count, pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from sightline.catalogue.database import Database
from sightline.catalogue.record import SqlRecord
from sightline.catalogue.steps import bring_forward
from sightline.domain.collections import Changeset, Item, SourceNote, Space, ViewNote
from sightline.domain.errors import (
    CollectionExistsError,
    InvalidRequestError,
    MissingVectorError,
    NonFiniteVectorError,
    SpaceMismatchError,
    UnknownCollectionError,
)
from tests.records import DIM, OTHER_SPACE, SPACE, content, item, removals, upserts, vector


def test_what_is_committed_is_read_back(record: SqlRecord) -> None:
    head = record.commit("shoes", upserts(range(3)))
    assert head == record.collection("shoes").head == 3
    assert record.page("shoes") == [item(number, number=number) for number in range(3)]
    assert list(record.items("shoes", ["item-00001", "nobody"])) == ["item-00001"]
    for one, found in record.walk("shoes"):
        np.testing.assert_array_equal(found, vector(one.sha256))


def test_changes_come_in_order_and_in_pages(record: SqlRecord) -> None:
    record.commit("shoes", upserts(range(5)))
    pages = [record.changes_since("shoes", cursor, 2) for cursor in (0, 2, 4, 5)]
    assert [[change.seq for change in page] for page in pages] == [[1, 2], [3, 4], [5], []]
    np.testing.assert_array_equal(pages[0][0].vector, vector(content(0)))


def test_an_item_changed_twice_shows_its_last_change_only(record: SqlRecord) -> None:
    record.commit("shoes", upserts([0, 1]))
    record.commit("shoes", Changeset(SPACE.fingerprint, [item(0, colour="red")]))
    found = record.changes_since("shoes", 0, 10)
    assert [(change.seq, change.item_id, change.metadata) for change in found] == [
        (2, "item-00001", {"number": 1}),
        (3, "item-00000", {"colour": "red"}),
    ]


def test_a_removal_is_told_to_the_views_and_to_nobody_else(record: SqlRecord) -> None:
    record.commit("shoes", upserts(range(3)))
    record.commit("shoes", removals(1))
    (removal,) = record.changes_since("shoes", 3, 10)
    assert (removal.seq, removal.item_id, removal.vector) == (4, "item-00001", None)
    assert [one.id for one in record.page("shoes")] == ["item-00000", "item-00002"]
    assert [one.id for one, _ in record.walk("shoes")] == ["item-00000", "item-00002"]
    assert record.collection("shoes").items == 2
    assert record.vectors_of("shoes", ["item-00001"]) == {}


def test_removing_nothing_takes_no_number_that_views_would_wait_for(record: SqlRecord) -> None:
    record.commit("shoes", upserts([0]))
    assert record.commit("shoes", removals(7, 0, 0)) == 2
    assert record.commit("shoes", removals(0)) == 2


def test_a_removed_item_comes_back(record: SqlRecord) -> None:
    record.commit("shoes", upserts([0]))
    record.commit("shoes", removals(0))
    record.commit("shoes", upserts([0]))
    assert record.collection("shoes").items == 1
    assert [change.seq for change in record.changes_since("shoes", 0, 10)] == [3]


def test_a_copy_needs_no_second_vector(record: SqlRecord) -> None:
    record.commit("shoes", upserts([0]))
    record.commit("shoes", Changeset(SPACE.fingerprint, [item(1, of=0)]))
    found = record.vectors_of("shoes", ["item-00001"])
    np.testing.assert_array_equal(found["item-00001"], vector(content(0)))
    assert set(record.vectors(SPACE.fingerprint, [content(0), content(9)])) == {content(0)}


def test_the_first_vector_of_a_content_stays(record: SqlRecord) -> None:
    record.commit("shoes", upserts([0]))
    record.commit("shoes", Changeset(SPACE.fingerprint, vectors={content(0): vector(content(1))}))
    np.testing.assert_array_equal(
        record.vectors(SPACE.fingerprint, [content(0)])[content(0)], vector(content(0))
    )


def test_an_item_without_a_vector_is_refused_and_nothing_is_kept(record: SqlRecord) -> None:
    changes = upserts([0, 1])
    lacking = Changeset(changes.space, changes.upserts, vectors={content(0): vector(content(0))})
    with pytest.raises(MissingVectorError, match=f"1 of 1 contents.*{content(1)}"):
        record.commit("shoes", lacking)
    assert record.collection("shoes").head == 0
    assert record.page("shoes") == []
    assert record.vectors(SPACE.fingerprint, [content(0)]) == {}


@pytest.mark.parametrize("bad", [np.nan, np.inf, 0.5])
def test_a_vector_that_is_no_unit_vector_is_never_kept(record: SqlRecord, bad: float) -> None:
    spoilt = upserts([0, 1])
    vectors = {**spoilt.vectors, content(1): np.full(DIM, bad, dtype=np.float32)}
    with pytest.raises(NonFiniteVectorError):
        record.commit("shoes", Changeset(SPACE.fingerprint, spoilt.upserts, vectors=vectors))
    assert record.page("shoes") == []


def test_a_vector_of_another_length_is_refused(record: SqlRecord) -> None:
    with pytest.raises(SpaceMismatchError, match=r"shape \(2,\).*\(8,\)"):
        record.commit(
            "shoes", Changeset(SPACE.fingerprint, vectors={content(0): np.array([1, 0], np.float32)})
        )


def test_items_of_another_space_are_refused_naming_both(record: SqlRecord) -> None:
    record.prepare_space(OTHER_SPACE)
    changes = Changeset(OTHER_SPACE.fingerprint, [item(0)], vectors={content(0): vector(content(0))})
    with pytest.raises(SpaceMismatchError, match=r"mini \(a{16}\).*b{16}"):
        record.commit("shoes", changes)
    with pytest.raises(SpaceMismatchError, match=r"mini \(a{16}\).*clip-vit-b-32 \(b{16}\)"):
        record.bind("shoes", OTHER_SPACE)


def test_a_space_keeps_its_dimensions(record: SqlRecord) -> None:
    with pytest.raises(SpaceMismatchError, match="8 dimensions in the record, not 9"):
        record.create("hats", Space(SPACE.fingerprint, "mini", 9))


def test_collections_are_made_listed_and_told_apart(record: SqlRecord) -> None:
    record.bind("hats", OTHER_SPACE)
    record.commit("shoes", upserts([0]))
    listed = [(one.name, one.space, one.items, one.head) for one in record.collections()]
    assert listed == [("hats", OTHER_SPACE, 0, 0), ("shoes", SPACE, 1, 1)]
    assert record.bind("hats", OTHER_SPACE).name == "hats"
    with pytest.raises(CollectionExistsError):
        record.create("shoes", SPACE)
    with pytest.raises(InvalidRequestError):
        record.create("shoes; DROP TABLE items", SPACE)


def test_a_collection_is_deleted_in_two_halves(record: SqlRecord) -> None:
    """Between them its views go. A new one of the same name must not meet them, so the name stays taken."""
    record.commit("shoes", upserts(range(3)))
    record.retire("shoes")
    assert record.collections() == []
    assert record.retired() == ["shoes"]
    with pytest.raises(UnknownCollectionError):
        record.changes_since("shoes", 0, 1)
    with pytest.raises(CollectionExistsError):
        record.create("shoes", SPACE)
    record.delete("shoes")
    assert record.create("shoes", SPACE).items == 0
    assert record.retired() == []


def test_delete_alone_deletes_nothing(record: SqlRecord) -> None:
    record.delete("shoes")
    assert [one.name for one in record.collections()] == ["shoes"]


def test_a_sweep_removes_vectors_that_nobody_needs(record: SqlRecord) -> None:
    record.commit("shoes", upserts([0, 1]))
    record.commit("shoes", removals(0))
    assert record.sweep() == 1
    assert set(record.vectors(SPACE.fingerprint, [content(0), content(1)])) == {content(1)}


def test_a_new_space_grows_beside_the_old_and_replaces_it_in_one_step(record: SqlRecord) -> None:
    record.commit("shoes", upserts(range(3)))
    record.commit("shoes", removals(2))
    record.prepare_space(OTHER_SPACE)
    with pytest.raises(MissingVectorError, match="2 items"):
        record.switch("shoes", OTHER_SPACE.fingerprint)
    left = record.without_vector("shoes", OTHER_SPACE.fingerprint)
    assert [one.id for one in left] == ["item-00000", "item-00001"]
    computed = {one.sha256: vector(one.sha256, OTHER_SPACE) for one in left}
    record.commit("shoes", Changeset(OTHER_SPACE.fingerprint, vectors=computed))
    assert record.collection("shoes").space == SPACE
    assert record.switch("shoes", OTHER_SPACE.fingerprint).space == OTHER_SPACE
    changes = record.changes_since("shoes", 4, 10)  # a view that had the old space meets every item again
    assert [change.item_id for change in changes] == ["item-00000", "item-00001", "item-00002"]
    np.testing.assert_array_equal(changes[0].vector, vector(content(0), OTHER_SPACE))
    assert changes[2].vector is None
    assert record.collection("shoes").head == 8


def test_switching_back_and_forth_lets_numbers_grow_by_the_items_only(record: SqlRecord) -> None:
    record.commit("shoes", upserts(range(3)))
    record.prepare_space(OTHER_SPACE)
    computed = {one.sha256: vector(one.sha256, OTHER_SPACE) for one in record.page("shoes")}
    record.commit("shoes", Changeset(OTHER_SPACE.fingerprint, vectors=computed))
    for number in range(1, 9):
        record.switch("shoes", (OTHER_SPACE if number % 2 else SPACE).fingerprint)
        assert record.head("shoes") == 3 + 3 * number
        assert len(record.changes_since("shoes", 3 * number, 10)) == 3


def test_names_of_files_that_are_no_text_come_back_as_they_were(record: SqlRecord) -> None:
    odd = Item(
        "id", "caf\udce9\n\0/\u202e.jpg", content(0), 1, None, {"note": "\ud83d", "deep": [{"a": None}]}
    )
    record.commit("shoes", Changeset(SPACE.fingerprint, [odd], vectors={content(0): vector(content(0))}))
    assert record.page("shoes") == [odd]


def test_ids_sort_by_code_point(record: SqlRecord) -> None:
    ids = ["Z", "a", "ä", "z", "\uffee", "\U0001f600", "B b", "%", "'; --"]
    items = [Item(one, "", content(0), 1, None, {}) for one in ids]
    record.commit("shoes", Changeset(SPACE.fingerprint, items, vectors={content(0): vector(content(0))}))
    assert [one.id for one in record.page("shoes")] == sorted(ids)
    assert [one.id for one in record.page("shoes", after="a", limit=2)] == ["z", "ä"]


def test_the_cursor_of_a_view_is_remembered(record: SqlRecord) -> None:
    record.note_view("shoes", ViewNote("duckdb", "/here", 3))
    record.note_view("shoes", ViewNote("duckdb", "/there", 5))
    record.note_view("shoes", ViewNote("qdrant", "http://q", 1))
    assert record.views("shoes") == [ViewNote("duckdb", "/there", 5), ViewNote("qdrant", "http://q", 1)]


def test_items_are_found_by_the_source_they_came_from(record: SqlRecord) -> None:
    note = SourceNote("photos", "/srv/caf\udce9", {"include": ["*.png"]})
    record.note_source("shoes", SourceNote("photos", "/old", {}))
    record.note_source("shoes", note)
    record.commit("shoes", upserts(range(2)))
    mine = replace(item(0), id="item-00002", source="photos", key="a/caf\udce9.png")
    record.commit("shoes", Changeset(SPACE.fingerprint, [mine]))
    assert record.sources("shoes") == [note]
    assert record.page("shoes", source="photos") == [mine]
    assert record.page("shoes", source="photos", after="item-00002") == []
    assert len(record.page("shoes", source="")) == 2


def test_a_reader_never_sees_a_change_before_one_below_it(database: Database, record: SqlRecord) -> None:
    """Four writers in one collection; a follower pages behind them, and must end with every item."""
    followed: list[int] = []
    seen: set[str] = set()
    is_over = threading.Event()

    def follow() -> None:
        while True:
            last_look = is_over.is_set()
            while page := record.changes_since("shoes", followed[-1] if followed else 0, 7):
                followed.extend(change.seq for change in page)
                seen.update(change.item_id for change in page)
            if last_look:
                return

    def write(writer: int) -> None:
        for start in range(20):
            record.commit("shoes", upserts(range(writer * 1000 + start * 3, writer * 1000 + start * 3 + 3)))

    follower = threading.Thread(target=follow)
    writers = [threading.Thread(target=write, args=(number,)) for number in range(4)]
    follower.start()
    for thread in writers:
        thread.start()
    for thread in writers:
        thread.join()
    is_over.set()
    follower.join()
    assert followed == list(range(1, 241))
    assert len(seen) == 240


NUMBERS = count()
Steps = st.lists(st.tuples(st.booleans(), st.lists(st.integers(0, 5), max_size=4)), max_size=6)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=Steps, page=st.integers(1, 4))
def test_a_replay_from_any_cursor_gives_the_items(record: SqlRecord, steps, page: int) -> None:  # type: ignore[no-untyped-def]
    """Two views, one that follows each commit and one that replays all at the end, agree with a dict."""
    name = f"c{next(NUMBERS)}"  # one for each example: they share the record
    record.create(name, SPACE)
    wanted: dict[str, str] = {}
    views: list[tuple[dict[str, bytes], list[int]]] = [({}, [0]), ({}, [0])]

    def follow(view: dict[str, bytes], cursor: list[int]) -> None:
        while found := record.changes_since(name, cursor[0], page):
            assert all(before.seq < after.seq for before, after in pairwise(found))
            for change in found:
                if change.vector is None:
                    view.pop(change.item_id, None)
                else:
                    view[change.item_id] = change.vector.tobytes()
            cursor[0] = found[-1].seq

    for is_removal, numbers in steps:
        record.commit(name, removals(*numbers) if is_removal else upserts(numbers))
        for number in numbers:
            if is_removal:
                wanted.pop(item(number).id, None)
            else:
                wanted[item(number).id] = content(number)
        follow(*views[0])
    follow(*views[1])
    expected = {item_id: vector(sha256).tobytes() for item_id, sha256 in wanted.items()}
    assert views[0][0] == views[1][0] == expected
    assert views[0][1] == [record.collection(name).head]


def test_a_models_folder_is_kept_as_it_was_found_last(record: SqlRecord) -> None:
    """A name that leads to the same model takes its place; a folder never takes that of a name."""
    shoes = record.space("shoes")
    record.bind("shoes", replace(shoes, origin="/models/mini"))
    assert record.space("shoes").origin == ""
    for found in ("/models/own", "/moved/own"):
        record.bind("own", Space("c" * 64, "own", 4, found))
        assert record.space("own").origin == found
        assert [one.space.origin for one in record.collections()] == [found, ""]
    record.bind("own", Space("c" * 64, "mini", 4))
    assert (record.space("own").origin, record.space("own").model) == ("", "mini")


def test_a_record_from_before_models_folders_gets_a_place_for_them(
    database: Database, record: SqlRecord
) -> None:
    with database.writing("test") as connection:
        connection.execute(text("ALTER TABLE spaces DROP COLUMN origin"))
        for table in ("loose", "point_pages", "maps"):
            connection.execute(text(f"DROP TABLE {table}"))
        connection.execute(text("DELETE FROM schema_steps WHERE number > 2"))
    with database.writing("test") as connection:
        assert bring_forward(connection)[0].name == "the folders of models"
    assert record.space("shoes") == SPACE
    record.bind("own", Space("c" * 64, "own", 4, "/models/\udcff"))  # a file's name need not be text
    assert record.space("own").origin == "/models/\udcff"


def test_what_came_with_requests_is_told_from_what_came_from_a_source(record: SqlRecord) -> None:
    """A collection whose deletion was begun has its items still, and names nothing any more."""
    record.bind("boots", SPACE)
    for name, numbers in (("shoes", range(3)), ("boots", range(2, 4))):
        record.commit(name, upserts(numbers))
    of_source = replace(item(1), source="folder", key="1.jpg")
    record.commit("shoes", Changeset(SPACE.fingerprint, [of_source]))
    contents = [content(number) for number in range(5)]
    assert [one.id for one in record.uploads("shoes")] == [item(0).id, item(2).id]
    assert record.uploaded(contents) == {content(0), content(2), content(3)}
    record.commit("boots", removals(3))
    record.retire("shoes")
    assert [one.id for one in record.uploads("shoes")] == [item(0).id, item(2).id]
    assert record.uploaded(contents) == {content(2)}


def test_a_text_with_nul_is_the_askers_mistake(record: SqlRecord, database: Database) -> None:
    if database.is_file:
        assert record.items("shoes", ["a\0b"]) == {}
    else:
        with pytest.raises(InvalidRequestError, match="NUL"):
            record.items("shoes", ["a\0b"])
