"""How SQLite goes about what is asked often: a few items of many are found by their ids."""

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from sightline.catalogue.database import Database
from sightline.catalogue.record import SqlRecord
from sightline.domain.collections import SourceNote
from tests.records import SPACE, removals, upserts


@pytest.fixture
def plans(tmp_path):
    """Makes the plans of all statements about items that a call sends."""
    database = Database.in_folder(tmp_path)
    record = SqlRecord(database)
    record.create("shoes", SPACE)
    record.commit("shoes", upserts(range(50)))
    record.note_source("shoes", SourceNote("photos", "/photos", {}))

    def of(call):
        sent, found = [], []

        def listen(connection, cursor, statement, parameters, context, executemany):
            if "FROM items" in statement:
                sent.append((statement, parameters))

        event.listen(Engine, "before_cursor_execute", listen)
        try:
            call(record)
        finally:
            event.remove(Engine, "before_cursor_execute", listen)
        with database.reading() as connection:
            for statement, parameters in sent:
                rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
                found.append(" ".join(row.detail for row in rows))
        return found

    yield of
    database.close()


@pytest.mark.parametrize(
    "call",
    [
        lambda record: record.items("shoes", ["item-00001", "item-00002"]),
        lambda record: record.vectors_of("shoes", ["item-00001", "item-00002"]),
        lambda record: record.commit("shoes", removals(1, 2)),
    ],
    ids=["items", "vectors_of", "removals"],
)
def test_items_are_found_by_id_and_not_by_looking_through_the_collection(plans, call):
    found = plans(call)
    assert found
    assert all("collection_id=? AND id=?" in plan for plan in found)


def test_sample_and_copies_read_no_more_than_the_index_of_contents(plans):
    (sample,) = plans(lambda record: record.sample("shoes", 5))
    assert "items_by_content" in sample
    assert "TEMP B-TREE" not in sample
    (copies,) = plans(lambda record: record.copies("shoes"))
    assert "COVERING INDEX items_by_content" in copies


def test_sources_are_counted_and_compared_by_the_index_of_sources(plans):
    (counts,) = plans(lambda record: record.source_counts("shoes"))
    assert "COVERING INDEX items_by_source" in counts
    (shared,) = plans(lambda record: record.shared("shoes", "from elsewhere"))
    assert shared.count("COVERING INDEX items_by_source") == 2
    assert "collection_id=? AND source=? AND sha256=?" in shared
