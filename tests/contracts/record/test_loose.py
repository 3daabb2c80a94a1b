"""Whatever takes an upload's name away writes the content down, in the same transaction."""

from dataclasses import replace

from sqlalchemy import Engine, event

from sightline.catalogue.database import Database
from sightline.catalogue.record import SqlRecord
from sightline.domain.collections import Changeset, Item
from tests.postgres import running_server
from tests.records import SPACE, content, item, removals, upserts, vector


def put(record: SqlRecord, *items: Item) -> None:
    vectors = {one.sha256: vector(one.sha256) for one in items}
    record.commit("shoes", Changeset(SPACE.fingerprint, items, vectors=vectors))


def test_what_is_removed_replaced_or_taken_over_by_a_source_is_loose(record: SqlRecord) -> None:
    record.commit("shoes", upserts(range(4)))
    assert record.loose() == []
    record.commit("shoes", removals(0))
    put(record, item(1, of=11), replace(item(2), source="photos"), item(3))
    assert set(record.loose()) == {content(0), content(1), content(2)}
    record.let_go([content(0), content(2)])
    assert record.loose() == [content(1)]


def test_what_a_source_has_is_never_loose(record: SqlRecord) -> None:
    put(record, replace(item(1), source="photos"))
    record.commit("shoes", removals(1))
    assert record.loose() == []


def test_a_retired_collection_lets_go_of_all_it_has(record: SqlRecord) -> None:
    record.commit("shoes", upserts(range(3)))
    record.retire("shoes")
    assert set(record.loose()) == {content(number) for number in range(3)}


def test_who_keeps_the_bytes_is_told_after_the_commit(database: Database, record: SqlRecord) -> None:
    record.commit("shoes", upserts(range(2)))
    told: list[tuple[list[str], dict[str, Item]]] = []
    database.when_loose(lambda contents: told.append((list(contents), record.items("shoes", [item(0).id]))))
    record.commit("shoes", removals(0, 5))
    put(record, item(1))
    assert told == [([content(0)], {})]


def test_many_are_removed_by_a_few_statements(record: SqlRecord) -> None:
    """An UPDATE for each was ten seconds for ten thousand, in which nobody else could write."""
    record.commit("shoes", upserts(range(2500)))
    sent: list[str] = []

    def listen(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        sent.append(statement)

    event.listen(Engine, "before_cursor_execute", listen)
    try:
        record.commit("shoes", removals(*range(2400), 7, 9999))
    finally:
        event.remove(Engine, "before_cursor_execute", listen)
    assert len(sent) < 20
    assert record.head("shoes") == 4900
    numbers = [change.seq for change in record.changes_since("shoes", 2500, 5000)]
    assert numbers == list(range(2501, 4901))


def test_of_several_that_share_a_database_each_settles_its_own() -> None:
    url = running_server().new_database()
    one, other = Database.at(url, owner="one"), Database.at(url, owner="other")
    record = SqlRecord(one)
    record.create("shoes", SPACE)
    record.commit("shoes", upserts(range(1)))
    record.commit("shoes", removals(0))
    SqlRecord(other).let_go([content(0)])
    assert (SqlRecord(other).loose(), record.loose()) == ([], [content(0)])
    one.close()
    other.close()
