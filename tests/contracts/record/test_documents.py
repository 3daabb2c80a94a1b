"""Metadata in bulk, on each database."""

import json

from sightline.catalogue.record import SqlRecord
from sightline.domain.collections import MAX_DOCUMENT_CHARACTERS, Changeset
from tests.records import SPACE, content, item, removals, upserts, vector


def test_documents_come_by_change_page_by_page(record: SqlRecord) -> None:
    record.commit("shoes", upserts(range(6)))
    record.commit("shoes", upserts([2]))
    record.commit("shoes", removals(4))
    found = record.documents("shoes", 0, 3) + record.documents("shoes", 4, 99)
    assert [(one.seq, json.loads(one.text or "")) for one in found] == [
        (seq, {"number": number}) for seq, number in ((1, 0), (2, 1), (4, 3), (6, 5), (7, 2))
    ]
    assert [one.seq for one in record.documents("shoes", 0, 99, every=2)] == [2, 4, 6]


def test_of_items_with_one_content_the_first_is_found(record: SqlRecord) -> None:
    record.commit("shoes", upserts(range(3)))
    record.commit("shoes", Changeset(SPACE.fingerprint, [item(0, of=2), item(7, of=1)]))
    record.commit("shoes", removals(7))
    found = record.items_with("shoes", [content(number) for number in range(9)])
    assert {sha256: one.id for sha256, one in found.items()} == {
        content(1): item(1).id,
        content(2): item(0).id,
    }


def test_a_document_that_is_too_long_is_not_read(record: SqlRecord) -> None:
    fits = item(1, a="x" * (MAX_DOCUMENT_CHARACTERS - len('{"a":""}')))
    larger = item(2, a="x" * MAX_DOCUMENT_CHARACTERS)
    vectors = {one.sha256: vector(one.sha256) for one in (fits, larger)}
    record.commit("shoes", Changeset(SPACE.fingerprint, [fits, larger], vectors=vectors))
    assert [one.text is None for one in record.documents("shoes", 0, 9)] == [False, True]
