"""What PostgreSQL adds to a store's contract: other people's tables, the index, a server that goes away."""

import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import psycopg
import pytest

from sightline.domain.errors import (
    CollectionExistsError,
    SettingsError,
    StoreBrokenError,
    StoreUnavailableError,
)
from sightline.domain.filter_syntax import parse
from sightline.domain.items import Change, IndexState
from sightline.stores.pgvector import PgvectorStore
from tests.waiting import wait_until


@pytest.fixture
def url(postgres):
    return postgres.new_database()


@pytest.fixture
def store(url):
    made = PgvectorStore(url)
    yield made
    made.close()


def unit_vectors(count, dim, seed=0):
    """In clusters, as pictures are: HNSW does worse on noise than on anything real."""
    random = np.random.default_rng(seed)
    centres = random.normal(size=(max(1, count // 50), dim))
    vectors = centres[random.integers(len(centres), size=count)] + 0.5 * random.normal(size=(count, dim))
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


def changes(vectors, start=1):
    return [
        Change(seq, f"item-{seq}", vector, {"number": seq, "is_rare": seq % 500 == 0})
        for seq, vector in enumerate(vectors, start)
    ]


def test_rows_are_open_to_plain_sql(store, url):
    store.open("shirts", 3).apply([Change(1, "a", np.float32([0, 0.6, 0.8]), {"colour": "red"})], cursor=1)
    with psycopg.connect(url) as connection:
        row = connection.execute("SELECT item_id, vector::text, metadata FROM sightline.shirts").fetchone()
    assert row == ("a", "[0,0.6,0.8]", {"colour": "red"})


def test_table_that_others_made_is_refused_and_stays(store, url):
    store.open("first", 3)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE sightline.shirts AS SELECT 1 AS one")
    with pytest.raises(CollectionExistsError, match="did not make"):
        store.open("shirts", 3)
    store.drop("shirts")
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT one FROM sightline.shirts").fetchone() == (1,)
    assert store.collections() == ["first"]


def test_two_schemas_of_a_database_are_two_stores(store, url):
    other = PgvectorStore(url, schema="other")
    store.open("shirts", 3).apply(changes(unit_vectors(2, 3)), cursor=2)
    assert other.open("shirts", 5).count() == 0
    other.drop("shirts")
    assert store.open("shirts", 3).count() == 2
    other.close()


@pytest.mark.parametrize("schema", ["Public", "pg_catalog", "a b", 'x"; DROP SCHEMA public; --', "", "ä"])
def test_schema_with_an_odd_name_stops_the_start(schema):
    with pytest.raises(SettingsError, match="postgres_schema"):
        PgvectorStore("postgresql://localhost/none", schema=schema)


def test_unreadable_address_stops_the_start_and_is_not_shown():
    with pytest.raises(SettingsError) as caught:
        PgvectorStore("postgresql://user:secret@host:notaport:x/db?nope=1")
    assert "secret" not in str(caught.value)
    assert "postgres_url" in str(caught.value)


def test_table_that_was_dropped_by_hand_is_broken_and_starts_empty(store, url):
    view = store.open("shirts", 3)
    view.apply(changes(unit_vectors(2, 3)), cursor=2)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("DROP TABLE sightline.shirts")
    with pytest.raises(StoreBrokenError, match="replay"):
        view.count()
    again = store.open("shirts", 3)
    assert (again.count(), again.cursor) == (0, 0)


def test_failed_batch_leaves_neither_rows_nor_cursor(store):
    view = store.open("shirts", 3)
    view.apply(changes(unit_vectors(2, 3)), cursor=2)
    wrong = [Change(3, "good", unit_vectors(1, 3)[0], {}), Change(4, "bad", unit_vectors(1, 4)[0], {})]
    with pytest.raises(Exception, match="PostgreSQL"):
        view.apply(wrong, cursor=4)
    assert (view.count(), view.cursor) == (2, 2)


def test_server_that_stops_is_waited_for_and_nothing_is_lost(store, postgres):
    view = store.open("shirts", 3)
    view.apply(changes(unit_vectors(2, 3)), cursor=2)
    postgres.stop()
    try:
        with pytest.raises(StoreUnavailableError, match="does not answer"):
            view.apply(changes(unit_vectors(1, 3), start=3), cursor=3)
    finally:
        postgres.start()
    wait_until(lambda: _answers(view), within_s=20)
    view.apply(changes(unit_vectors(1, 3), start=3), cursor=3)
    assert (view.count(), view.cursor) == (3, 3)


def test_server_that_says_nothing_at_all_is_given_up_within_a_second_or_so(store, postgres):
    view = store.open("shirts", 3)
    vectors = unit_vectors(2, 3)
    view.apply(changes(vectors), cursor=2)
    with postgres.frozen():
        began = time.monotonic()
        with pytest.raises(StoreUnavailableError, match="does not answer"):
            view.nearest(vectors[0], 1)
        assert time.monotonic() - began < 1.5
    wait_until(lambda: _answers(view), within_s=20)
    assert view.nearest(vectors[0], 1)[0].item_id == "item-1"


def test_server_that_falls_silent_in_a_statement_is_given_up(url, postgres):
    store = PgvectorStore(url, timeout_s=0.5)
    store.open("shirts", 3)
    began = time.monotonic()
    with (
        pytest.raises(StoreUnavailableError, match="does not answer"),
        store._postgres.transaction() as connection,
        postgres.frozen(),
    ):
        connection.execute("SELECT 1")
    assert time.monotonic() - began < 3
    store.close()


def test_store_that_is_closed_breaks_off_what_takes_minutes(url):
    postgres = PgvectorStore(url)._postgres
    with postgres.workbench() as bench, ThreadPoolExecutor() as pool:
        asleep = pool.submit(bench.execute, "SELECT pg_sleep(60)")
        time.sleep(0.2)
        postgres.close()
        with pytest.raises(psycopg.errors.QueryCanceled):
            asleep.result(timeout=5)


def _answers(view):
    try:
        return view.count() == 2
    except StoreUnavailableError:
        return False


def test_statement_that_takes_too_long_is_ended(url):
    store = PgvectorStore(url, timeout_s=0.2)
    store.open("shirts", 3)
    with pytest.raises(StoreUnavailableError, match="timeout"), store._postgres.transaction() as connection:
        connection.execute("SELECT pg_sleep(5)")
    store.close()


@pytest.fixture
def indexed(url):
    store = PgvectorStore(url, index_from_rows=1_000)
    view = store.open("shirts", 16)
    view.apply(changes(unit_vectors(2_000, 16)), cursor=2_000)
    assert view.state() == IndexState("exact", 2_000, None)
    yield view, view.optimise()
    store.close()


def test_index_is_built_after_the_load_and_measured(indexed):
    view, state = indexed
    assert (state.kind, state.covered) == ("hnsw", 2_000)
    assert state.recall >= 0.95
    assert view.state() == state


def test_search_uses_the_index_unless_it_is_to_be_exact(indexed, url):
    query = unit_vectors(1, 16)[0]
    before = index_scans(url)
    searched(url, query, exact=True)
    assert index_scans(url) == before
    searched(url, query)
    wait_until(lambda: index_scans(url) > before)


def searched(url, query, **options):
    """By a store of its own: the server counts when a connection ends.

    Of 2,000 rows the planner takes all or the index, as the levels that were drawn for it happen to be.
    """
    store = PgvectorStore(f"{url}&options=-c%20enable_seqscan%3Doff")
    store.open("shirts", 16).nearest(query, 10, **options)
    store.close()


def index_scans(url):
    used = "SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname LIKE '%vector%'"
    with psycopg.connect(url) as connection:
        return connection.execute(used).fetchone()[0]


def test_rare_filter_finds_as_many_as_match(indexed):
    view, _ = indexed
    hits = view.nearest(unit_vectors(1, 16, seed=9)[0], 10, where=parse({"is_rare": True}))
    assert {hit.item_id for hit in hits} == {"item-500", "item-1000", "item-1500", "item-2000"}


def test_what_comes_after_the_index_is_found_by_it(indexed):
    view, _ = indexed
    late = unit_vectors(1, 16, seed=7)
    view.apply(changes(late, start=2_001), cursor=2_001)
    assert view.nearest(late[0], 1)[0].item_id == "item-2001"
    assert view.state().covered == 2_001


def test_remains_of_a_build_that_was_killed_are_dropped(indexed, url):
    view, _ = indexed
    with psycopg.connect(url, autocommit=True) as connection:
        index = "(SELECT indexrelid FROM pg_stat_user_indexes WHERE indexrelname LIKE '%vector%')"
        connection.execute(f"UPDATE pg_index SET indisvalid = false WHERE indexrelid = {index}")  # noqa: S608
        assert view.state().kind == "exact"
        assert view.optimise().kind == "hnsw"
        count = "SELECT count(*) FROM pg_stat_user_indexes WHERE indexrelname LIKE '%vector%'"
        assert connection.execute(count).fetchone() == (1,)
