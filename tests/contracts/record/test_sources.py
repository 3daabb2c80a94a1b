"""What the record promises of where items came from, on each database."""

from dataclasses import replace

import pytest

from sightline.catalogue.record import SqlRecord
from sightline.domain.collections import Changeset, SourceNote
from sightline.domain.errors import UnknownSourceError
from tests.records import SPACE, item, upserts, vector

OLD, NEW = "/old/photos", "/photos"


@pytest.fixture
def moved(record: SqlRecord) -> SqlRecord:
    """Ten items of one source, six of them and one more of another, and one that came with a request."""
    for source, numbers in ((OLD, range(10)), (NEW, range(4, 11))):
        record.note_source("shoes", SourceNote(source, source, {}))
        items = [replace(item(number), id=f"{source}-{number}", source=source) for number in numbers]
        vectors = {one.sha256: vector(one.sha256) for one in items}
        record.commit("shoes", Changeset(SPACE.fingerprint, items, vectors=vectors))
    record.commit("shoes", upserts([0]))
    return record


def test_items_are_counted_by_their_source(moved: SqlRecord) -> None:
    assert moved.source_counts("shoes") == {"": 1, OLD: 10, NEW: 7}


def test_a_source_is_told_which_others_have_its_pictures(moved: SqlRecord) -> None:
    assert moved.shared("shoes", NEW) == {OLD: 6}
    assert moved.shared("shoes", OLD) == {NEW: 6}
    moved.remove_source("shoes", OLD)
    assert moved.shared("shoes", NEW) == {}


def test_a_source_goes_with_its_items_in_one_step_that_views_can_follow(moved: SqlRecord) -> None:
    head = moved.head("shoes")
    assert moved.remove_source("shoes", OLD) == 10
    assert moved.source_counts("shoes") == {"": 1, NEW: 7}
    assert [one.name for one in moved.sources("shoes")] == [NEW]
    gone = moved.changes_since("shoes", head, 100)
    assert [change.seq for change in gone] == list(range(head + 1, head + 11))
    assert {change.item_id for change in gone} == {f"{OLD}-{number}" for number in range(10)}
    assert all(change.vector is None for change in gone)
    assert moved.head("shoes") == head + 10


def test_a_source_that_is_not_there_is_refused_with_those_that_are(moved: SqlRecord) -> None:
    head = moved.head("shoes")
    with pytest.raises(UnknownSourceError, match=f"it has {OLD!r}, {NEW!r}"):
        moved.remove_source("shoes", "/nowhere")
    assert moved.head("shoes") == head
