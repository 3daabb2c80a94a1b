"""What every store promises, over all of them, against plain arithmetic. A new store is one line in STORES.

The vectors are such that every dot product is exact in float32, so that ties are ties in every product.
"""

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from qdrant_client import QdrantClient

from sightline.domain import vectors
from sightline.domain.errors import CollectionExistsError
from sightline.domain.filter_syntax import parse
from sightline.domain.filters import matches
from sightline.domain.items import Change, checked_item_id, checked_metadata
from sightline.stores.duckdb import DuckDbStore
from sightline.stores.memory import MemoryStore
from sightline.stores.pgvector import PgvectorStore
from sightline.stores.qdrant import QdrantStore
from tests.postgres import database_of

STORES = {
    "memory": lambda folder: MemoryStore(),
    "duckdb": DuckDbStore,
    "duckdb, in small files": lambda folder: DuckDbStore(folder, segment_rows=4),
    "duckdb, nothing held": lambda folder: DuckDbStore(folder, held_max_bytes=0),
    "pgvector": lambda folder: PgvectorStore(database_of(folder)),
    "qdrant": lambda folder: QdrantStore(QdrantClient(path=str(folder))),
    "qdrant, in memory": lambda folder: QdrantStore(QdrantClient(":memory:")),
}
KEPT = (
    "duckdb",
    "duckdb, in small files",
    "duckdb, nothing held",
    "pgvector",
    "qdrant",
)  # those that outlive their process
PIECEMEAL = ("qdrant", "qdrant, in memory")  # without transactions: a search may see a part of a batch
DIM = 4
UNITS = np.concatenate([np.eye(4), -np.eye(4), np.array(list(itertools.product([0.5, -0.5], repeat=4)))])
UNITS = UNITS.astype(np.float32)
EXAMPLES = settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)

units = st.sampled_from(list(UNITS))
item_ids = st.one_of(
    st.sampled_from(
        ["a", "b", "B", "é", "e\u0301", "雪", "\uffff", "😀", "a/b", "'; DROP TABLE x; --", "%", "_"]
    ),
    st.text(st.characters(exclude_categories=["Cc", "Cs"]), min_size=1, max_size=8),
)
scalars = st.one_of(
    st.booleans(),
    st.integers(-2, 2),
    st.sampled_from([0.0, -0.0, 1.5, 1e300, -1e-300, 2**53 - 1, 0.1]),
    st.sampled_from(["", "1", "true", "red", "Red", "é", "雪", '"', "\\", "[]", "null", "\t"]),
)
fields = st.sampled_from(["a", "größe x", "0", "*x", "$", "[0]", "b.c", "b", "a.0", "'"])
values = st.recursive(
    st.one_of(st.none(), scalars, st.sampled_from([2**63, 10**30, 1e20])),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["c", "0", "a"]), inner, max_size=2)
    ),
    max_leaves=5,
)
metadatas = st.dictionaries(
    st.sampled_from(["a", "b", "größe x", "0", "*", "*x", "$", "[0]", "'", 'q"', "x\\"]), values, max_size=4
)
bounds = scalars.filter(lambda value: not isinstance(value, bool))
conditions = st.one_of(
    scalars,
    st.builds(lambda value: {"eq": value}, scalars),
    st.builds(lambda value: {"ne": value}, scalars),
    st.builds(lambda several: {"in": several}, st.lists(scalars, max_size=3)),
    st.builds(lambda order, bound: {order: bound}, st.sampled_from(["lt", "lte", "gt", "gte"]), bounds),
    st.builds(lambda there: {"exists": there}, st.booleans()),
)
documents = st.recursive(
    st.dictionaries(fields, conditions, max_size=2),
    lambda inner: st.one_of(
        st.builds(lambda parts: {"and": parts}, st.lists(inner, max_size=2)),
        st.builds(lambda parts: {"or": parts}, st.lists(inner, max_size=2)),
        st.builds(lambda part: {"not": part}, inner),
    ),
    max_leaves=4,
)
steps = st.tuples(item_ids, st.one_of(st.none(), units), metadatas)  # None: the item is removed
batches = st.lists(st.lists(steps, max_size=8), max_size=4)

names = (f"c{number}" for number in itertools.count())


@pytest.fixture(params=STORES)
def store(request, tmp_path):
    store = STORES[request.param](tmp_path)
    yield store
    store.close()


class Record:
    """What a store is told, and what it should then find."""

    def __init__(self):
        self.seq = 0
        self.items = {}
        self.seqs = {}

    def changes(self, batch):
        changes = []
        for item_id, vector, metadata in batch:
            self.seq += 1
            changes.append(Change(self.seq, checked_item_id(item_id), vector, checked_metadata(metadata)))
            self.items.pop(item_id, None)
            if vector is not None:
                self.items[item_id] = vector, metadata
                self.seqs[item_id] = self.seq
        return changes

    def passing(self, where):
        return sorted(self.seqs[name] for name, (_, data) in self.items.items() if matches(where, data))

    def nearest(self, query, k, *, offset=0, where=None):
        passing = sorted(
            name for name, (_, data) in self.items.items() if where is None or matches(where, data)
        )
        if not passing:
            return []
        rows, scores = vectors.nearest(query, np.array([self.items[name][0] for name in passing]), offset + k)
        return [(passing[row], float(score)) for row, score in zip(rows, scores, strict=True)][offset:]


def found(view, *args, **options):
    return [(hit.item_id, hit.score) for hit in view.nearest(*args, exact=True, **options)]


def item(item_id, unit=0, seq=1, **metadata):
    return Change(seq, item_id, UNITS[unit], metadata)


@EXAMPLES
@given(batches=batches, query=units, k=st.integers(1, 12), offset=st.integers(0, 4), document=documents)
def test_store_finds_what_arithmetic_finds(store, batches, query, k, offset, document):
    record, name, where = Record(), next(names), parse(document)
    view = store.open(name, DIM)
    for batch in batches:
        view.apply(record.changes(batch), record.seq)
    assert found(view, query, k, offset=offset) == record.nearest(query, k, offset=offset)
    assert found(view, query, k, where=where) == record.nearest(query, k, where=where)
    assert view.count() == len(record.items)
    assert view.count(where) == len(record.nearest(query, 10**6, where=where))
    assert view.passing(where).tolist() == record.passing(where)
    assert view.cursor == record.seq
    store.drop(name)


KINDS = [None, True, False, 0, 1, 5, 5.0, -0.0, 0.1, 1e300, 2**63, 10**30, 2**53 + 1]
KINDS += ["", "1", "5", "true", "null", "[]", "red", "Red", "é", "\uffff", "😀", '"', "\\", "\t"]
KINDS += [
    [],
    {},
    [None],
    [[]],
    [[5]],
    [5, "red"],
    [True],
    ["5"],
    [{"b": 5}],
    {"b": 5},
    {"b": [5, "red"]},
    {"b": None},
]
ASKED = [value for value in KINDS if isinstance(value, bool | float | str) or value in (0, 1, 5)]
ORDERED = [value for value in ASKED if not isinstance(value, bool)]
QUESTIONS = [{operator: value} for operator in ("eq", "ne") for value in ASKED]
QUESTIONS += [{operator: value} for operator in ("lt", "lte", "gt", "gte") for value in ORDERED]
QUESTIONS += [{"in": ASKED}, {"in": []}, {"in": [5, "red", True]}, {"exists": True}, {"exists": False}]


@pytest.mark.parametrize("field", ["a", "a.b", "a.0"])
def test_every_type_meets_every_condition_as_in_the_reference(store, field):
    view = store.open("kinds", DIM)
    metadata = {f"i{number}": {"a": value} for number, value in enumerate(KINDS)} | {"absent": {}}
    view.apply([item(name, 0, seq, **data) for seq, (name, data) in enumerate(metadata.items(), 1)], 99)
    for question in QUESTIONS:
        for document in ({field: question}, {"not": {field: question}}):
            where = parse(document)
            passing = sorted(name for name, data in metadata.items() if matches(where, data))
            assert [name for name, _ in found(view, UNITS[0], 99, where=where)] == passing, document


ONE_OF_EACH = [
    None,
    True,
    False,
    0,
    1,
    5,
    5.0,
    5.5,
    "5",
    "",
    "true",
    "é",
    [],
    [5],
    ["5", True],
    [[5]],
    {},
    {"b": 5},
]


def test_no_store_takes_one_type_for_another(store):
    """Every value against every condition: what chance seldom brings together."""
    view = store.open("photos", DIM)
    data = [{"a": value} for value in ONE_OF_EACH] + [{}]
    view.apply([item(f"i{n}", 0, n, **one) for n, one in enumerate(data, 1)], len(data))
    scalars = [value for value in ONE_OF_EACH if isinstance(value, bool | int | float | str)]
    asked = [{"eq": value} for value in scalars] + [{"ne": value} for value in scalars]
    asked += [
        {order: value}
        for order in ("lt", "lte", "gt", "gte")
        for value in scalars
        if not isinstance(value, bool)
    ]
    for condition in [*asked, {"in": scalars}, {"exists": True}, {"exists": False}]:
        for where in (parse({"a": condition}), parse({"not": {"a": condition}})):
            truth = sorted(f"i{n}" for n, one in enumerate(data, 1) if matches(where, one))
            assert sorted(name for name, _ in found(view, UNITS[0], 50, where=where)) == truth, condition
            assert view.count(where) == len(truth), condition


def test_new_collection_is_empty_and_at_the_start(store):
    view = store.open("photos", DIM)
    assert (view.cursor, view.count(), view.nearest(UNITS[0], 10)) == (0, 0, [])
    assert view.state().kind == "exact"


def test_changes_applied_again_have_no_effect(store):
    view = store.open("photos", DIM)
    first, second = [item("a", 0, 1), item("b", 1, 2)], [item("a", 2, 3)]
    view.apply(first, 2)
    view.apply(second, 3)
    view.apply(first, 2)
    view.apply(first + second, 3)
    assert found(view, UNITS[2], 5) == [("a", 1.0), ("b", 0.0)]
    assert view.cursor == 3


def test_cursor_moves_without_changes(store):
    view = store.open("photos", DIM)
    view.apply([], 7)
    assert view.cursor == 7


def test_removed_item_is_not_found_and_may_come_back(store):
    view = store.open("photos", DIM)
    view.apply([item("a", 0, 1)], 1)
    view.apply([Change(2, "a", None, {}), Change(3, "never was", None, {})], 3)
    assert view.nearest(UNITS[0], 5) == []
    view.apply([item("a", 1, 4)], 4)
    assert found(view, UNITS[1], 5) == [("a", 1.0)]


def test_metadata_of_a_changed_item_is_the_new_one(store):
    view = store.open("photos", DIM)
    view.apply([item("a", 0, 1, colour="red")], 1)
    view.apply([item("a", 0, 2, colour="blue")], 2)
    assert view.count(parse({"colour": "red"})) == 0
    assert view.count(parse({"colour": "blue"})) == 1


def test_collections_do_not_see_each_other(store):
    store.open("one", DIM).apply([item("a")], 1)
    two = store.open("two", DIM)
    assert two.nearest(UNITS[0], 5) == []
    assert store.collections() == ["one", "two"]
    store.drop("one")
    store.drop("one")
    assert store.collections() == ["two"]
    assert store.open("one", DIM).cursor == 0


@pytest.mark.parametrize("name", ["main", "temp", "system", "embeddings", "views", "select", "x" * 63])
def test_collection_may_be_called_as_databases_call_their_own(store, name):
    store.open(name, DIM).apply([item("a")], 1)
    assert found(store.open(name, DIM), UNITS[0], 1) == [("a", 1.0)]
    store.drop(name)
    assert store.open(name, DIM).count() == 0


def test_another_dim_is_refused_and_both_are_named(store):
    store.open("photos", DIM)
    with pytest.raises(CollectionExistsError, match=r"4.* 8"):
        store.open("photos", 8)


def test_opening_again_gives_the_same_rows(store):
    store.open("photos", DIM).apply([item("a")], 1)
    assert found(store.open("photos", DIM), UNITS[0], 1) == [("a", 1.0)]


@pytest.mark.parametrize("name", KEPT)
def test_rows_and_cursor_outlive_the_process(name, tmp_path):
    record = Record()
    store = STORES[name](tmp_path)
    view = store.open("photos", DIM)
    for start in range(0, 30, 10):
        view.apply(
            record.changes([(f"i{n}", UNITS[n % 24], {"n": n}) for n in range(start, start + 15)]), record.seq
        )
    store.close()
    store = STORES[name](tmp_path)
    view = store.open("photos", DIM)
    assert view.cursor == record.seq
    assert found(view, UNITS[9], 40) == record.nearest(UNITS[9], 40)
    view.apply(record.changes([("i3", None, {}), ("new", UNITS[3], {})]), record.seq)
    assert found(view, UNITS[3], 40) == record.nearest(UNITS[3], 40)
    store.close()


@pytest.mark.parametrize("store", [name for name in STORES if name not in PIECEMEAL], indirect=True)
def test_searches_while_a_writer_writes_see_whole_batches(store):
    """Each batch moves every item to another vector: no search may find both, or too few."""
    view = store.open("photos", DIM)
    ids = [f"i{n}" for n in range(20)]
    view.apply([item(name, 0, seq) for seq, name in enumerate(ids, 1)], 20)
    done = threading.Event()

    def write():
        for turn in range(1, 15):
            start = 20 * turn
            view.apply([item(name, turn % 2, start + n) for n, name in enumerate(ids, 1)], start + 20)
        done.set()

    def search():
        while not done.is_set():
            hits = found(view, UNITS[0], 50)
            assert [name for name, _ in hits] == sorted(ids)
            assert len({score for _, score in hits}) == 1

    with ThreadPoolExecutor(4) as pool:
        jobs = [pool.submit(search) for _ in range(3)] + [pool.submit(write)]
        for job in jobs:
            job.result()


def test_optimised_view_still_answers(store):
    view = store.open("photos", DIM)
    rng = np.random.default_rng(1)
    rows = vectors.l2_normalise(rng.standard_normal((300, DIM), dtype=np.float32))
    view.apply([Change(seq, f"i{seq}", row, {"n": seq}) for seq, row in enumerate(rows, 1)], 300)
    state = view.optimise()
    assert state.covered == 300
    assert view.nearest(rows[7], 1)[0].item_id == "i8"
    assert [hit.item_id for hit in view.nearest(rows[7], 5, where=parse({"n": {"lte": 2}}))] != []
    assert len(view.nearest(rows[7], 290, offset=5)) == 290
