"""What Qdrant adds to a store's contract: other people's collections, kills between requests, no server."""

import contextlib
import socket
import time

import numpy as np
import pytest
from qdrant_client import QdrantClient, models

from sightline.domain.errors import (
    CollectionExistsError,
    SettingsError,
    StoreBrokenError,
    StoreUnavailableError,
)
from sightline.domain.filter_syntax import parse
from sightline.domain.items import Change
from sightline.stores.qdrant import QdrantStore
from sightline.stores.qdrant_points import indexable, point_id


@pytest.fixture
def client():
    made = QdrantClient(":memory:")
    yield made
    made.close()


@pytest.fixture
def store(client):
    return QdrantStore(client)


def change(seq, item_id, vector, **metadata):
    return Change(seq, item_id, np.float32(vector), metadata)


def test_point_of_an_item_is_the_same_ever():
    """Another id for the same item would leave the old point behind."""
    assert point_id("a") == "170500e9-2246-50e8-ab72-020b873d7367"
    assert point_id("ä/日本") != point_id("a/日本")


def test_payload_says_whose_point_it_is(store, client):
    store.open("shirts", 2).apply([change(7, "shirt/1", [0.6, 0.8], colour="red")], cursor=7)
    found = client.retrieve("shirts", [point_id("shirt/1")])[0]
    assert found.payload == {"item_id": "shirt/1", "seq": 7, "metadata": {"colour": "red"}}


def test_catalogue_that_others_keep_is_refused_and_stays(store, client):
    cosine = models.VectorParams(size=2, distance=models.Distance.COSINE)
    client.create_collection("products", vectors_config=cosine)
    client.upsert("products", [models.PointStruct(id=1, vector=[0.6, 0.8], payload={"title": "Shirt"})])
    with pytest.raises(CollectionExistsError, match="did not make"):
        store.open("products", 2)
    store.drop("products")
    assert client.count("products").count == 1
    assert store.collections() == []


@pytest.mark.parametrize(
    "vectors",
    [
        models.VectorParams(size=2, distance=models.Distance.DOT),
        models.VectorParams(size=3, distance=models.Distance.COSINE),
        {"image": models.VectorParams(size=2, distance=models.Distance.COSINE)},
    ],
)
def test_empty_collection_of_another_shape_is_refused(store, client, vectors):
    client.create_collection("products", vectors_config=vectors)
    with pytest.raises(CollectionExistsError, match="did not make"):
        store.open("products", 2)


def test_collection_without_its_marker_yet_is_taken(store, client):
    """A server that was killed between two requests left it."""
    cosine = models.VectorParams(size=2, distance=models.Distance.COSINE)
    client.create_collection("shirts", vectors_config=cosine)
    assert store.open("shirts", 2).cursor == 0


def test_rows_without_their_cursor_are_written_again_once(store, client):
    """A server that was killed between rows and cursor left them."""
    view = store.open("shirts", 2)
    first = [change(1, "a", [0.6, 0.8]), change(2, "b", [0.8, 0.6])]
    view.apply(first, cursor=0)
    assert (view.cursor, view.count()) == (0, 2)
    view.apply(first, cursor=2)
    assert (view.cursor, view.count()) == (2, 2)


def test_collection_that_was_deleted_by_hand_is_broken(store, client):
    view = store.open("shirts", 2)
    client.delete_collection("shirts")
    client.create_collection("shirts", models.VectorParams(size=2, distance=models.Distance.COSINE))
    with pytest.raises(StoreBrokenError, match="replay"):
        view.apply([change(1, "a", [0.6, 0.8])], cursor=1)


def test_folder_keeps_what_it_was_told(tmp_path):
    client = QdrantClient(path=str(tmp_path))
    QdrantStore(client).open("shirts", 2).apply([change(1, "a", [0.6, 0.8], n=5)], cursor=1)
    client.close()
    client = QdrantClient(path=str(tmp_path))
    view = QdrantStore(client).open("shirts", 2)
    assert (view.cursor, view.count(parse({"n": 5}))) == (1, 1)
    client.close()


def test_server_that_is_away_is_unavailable():
    store = QdrantStore.at("http://127.0.0.1:9", timeout_s=1)
    with pytest.raises(StoreUnavailableError, match="does not answer"):
        store.open("shirts", 2)
    store.close()


def test_host_that_takes_no_call_is_given_up_within_two_seconds():
    with socket.socket() as listening, contextlib.ExitStack() as callers:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for _ in range(4):  # more than wait in its queue
            caller = callers.enter_context(socket.socket())
            caller.setblocking(False)
            caller.connect_ex(listening.getsockname())
        store = QdrantStore.at(f"http://127.0.0.1:{listening.getsockname()[1]}", timeout_s=30)
        began = time.monotonic()
        with pytest.raises(StoreUnavailableError, match="does not answer"):
            store.open("shirts", 3)
        assert time.monotonic() - began < 2
        store.close()


def test_unreadable_address_stops_the_start():
    with pytest.raises(SettingsError, match="qdrant_url"):
        QdrantStore.at("http://host:port")


def test_order_of_strings_is_checked_after_the_search(store):
    """Qdrant has no such condition: the nearest that pass may be far down its own list."""
    view = store.open("shirts", 2)
    vectors = [[np.cos(angle), np.sin(angle)] for angle in np.linspace(0, 1, 200)]
    view.apply([change(n, f"{n:03}", v, code=f"{n:03}") for n, v in enumerate(vectors, 1)], cursor=200)
    late = parse({"code": {"gte": "180"}})
    hits = view.nearest(np.float32([1, 0]), 3, where=late)
    assert [hit.item_id for hit in hits] == ["180", "181", "182"]
    assert view.count(late) == 21
    assert view.count(parse({"not": {"code": {"gte": "180"}}})) == 179


def test_fields_of_one_kind_get_an_index():
    sample = [
        {"colour": "red", "price": 5, "tags": ["a", "b"], "size": {"eu": 37}, "mixed": 1, "none": None},
        {"colour": "blue", "price": 5.5, "is_new": True, "mixed": "one", 'odd"key': 1, "of.dots": 2},
    ]
    assert indexable(sample) == {
        "metadata.colour": models.PayloadSchemaType.KEYWORD,
        "metadata.is_new": models.PayloadSchemaType.BOOL,
        'metadata."of.dots"': models.PayloadSchemaType.FLOAT,
        "metadata.price": models.PayloadSchemaType.FLOAT,
        "metadata.size.eu": models.PayloadSchemaType.FLOAT,
        "metadata.tags": models.PayloadSchemaType.KEYWORD,
    }
