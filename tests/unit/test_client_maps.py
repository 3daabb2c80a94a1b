"""The map as a client sees it, of a server that knows these routes only."""

import json

import httpx
import numpy as np
import pandas
import pytest

from sightline.client import frames
from sightline.client.answers import MapCluster, MapPoints
from sightline.domain.errors import InvalidRequestError, ServerAwayError, ServerRefusedError
from sightline.domain.maps import NO_CLUSTER, MapOrder
from tests.clients import CLIENTS

COUNT = 2500  # items: three pages
JOB = {"id": 7, "kind": "map", "collection": "shop", "state": "planning", "reason": None, "message": None,
       "total": 100, "done": 0, "failed": 0, "computed": 0, "created_at": 1.0}  # fmt: skip


class Atlas:
    """A server of one map. changes: how often it becomes another while it is read."""

    def __init__(self, changes=0):
        self.version = 1
        self.changes = changes
        self.changed = set()  # rows of items that are not what they were
        self.drawn = None
        self.asked = []
        self.x, self.y = np.random.default_rng(0).random((2, COUNT)).astype("<f4")
        self.clusters = np.where(np.arange(COUNT) % 3, np.arange(COUNT) % 3, NO_CLUSTER).astype(np.uint8)

    def __call__(self, request):
        name = request.url.path.removeprefix("/v1/collections/shop/")
        self.asked.append(name)
        content = json.loads(request.content) if request.content else {}
        if request.method == "POST" and name == "map":
            self.drawn = content
            return httpx.Response(202, json=JOB)
        if name == "map":
            return httpx.Response(200, json=self.told())
        if request.url.params.get("version", f"v{self.version}") not in self.kept():
            error = {"code": "map_changed", "message": "the map changed"}
            return httpx.Response(409, json={"error": error})
        return getattr(self, name.replace("/", "_"))(content)

    def kept(self):
        return {f"v{self.version}", "old"}

    def told(self):
        clusters = [
            {"number": n, "name": name, "named_by": "vocabulary", "size": 1, "new": 1}
            for n, name in ((1, "dress"), (2, "mug"))
        ]
        return {"state": "ready", "items": COUNT, "points": COUNT, "version": f"v{self.version}",
                "clusters": clusters, "trustworthiness": 0.9}  # fmt: skip

    def map_points(self, _):
        body = self.x.tobytes() + self.y.tobytes() + self.clusters.tobytes()
        if self.changes:
            self.changes -= 1
            self.version += 1
        return httpx.Response(200, content=body)

    def map_items(self, content):
        assert len(content["rows"]) <= 1000
        return httpx.Response(
            200,
            json={
                "items": [self.item(row) for row in content["rows"] if row not in self.changed],
                "total": COUNT,
            },
        )

    def item(self, row):
        metadata = {"price": row / 2, "id": "own"} | ({"colour": "red"} if row % 2 else {})
        return {"row": row, "id": f"i{row}", "uri": f"{row}.png", "metadata": metadata, "cluster": 0,
                "thumbnail": f"/v1/collections/shop/thumbnails/i{row}"}  # fmt: skip

    def map_select(self, content):
        self.selected = content
        bits = np.zeros(COUNT, dtype=np.bool_)
        bits[[0, 9, COUNT - 1]] = True
        packed = np.packbits(bits, bitorder="little").tobytes()
        return httpx.Response(200, content=packed, headers={"x-points": str(COUNT)})


@pytest.fixture(params=CLIENTS)
def opened(request):
    clients = []

    def open_(atlas):
        clients.append(CLIENTS[request.param]("http://here", transport=httpx.MockTransport(atlas)))
        return clients[-1].__enter__()

    yield open_
    for client in clients:
        client.__exit__(None, None, None)


def test_map_is_asked_for_as_ordered(opened):
    atlas = Atlas()
    job = opened(atlas).draw_map("shop", algorithm="pca", seed=3, vocabulary=["boat"])
    assert (job.id, job.kind) == (7, "map")
    assert MapOrder.of(atlas.drawn) == MapOrder("pca", seed=3, vocabulary=["boat"])


def test_order_that_no_server_takes_is_refused_before_it_is_sent(opened):
    atlas = Atlas()
    with pytest.raises(InvalidRequestError, match="neighbours is 1"):
        opened(atlas).draw_map("shop", neighbours=1)
    assert atlas.asked == []


def test_map_becomes_a_data_frame_with_the_metadata(opened):
    atlas = Atlas()
    frame = opened(atlas).map("shop")
    assert isinstance(frame, pandas.DataFrame)
    assert list(frame.columns) == [
        "id", "uri", "x", "y", "cluster", "cluster_name", "thumbnail", "price", "metadata.id", "colour"
    ]  # fmt: skip
    assert np.array_equal(frame["x"], atlas.x)
    assert np.array_equal(frame["y"], atlas.y)
    assert frame["cluster"].iloc[:4].tolist() == [-1, 1, 2, -1]
    assert frame["cluster_name"].iloc[1:3].tolist() == ["dress", "mug"]
    assert frame["price"].dtype == np.float64
    last = frame.iloc[-1]
    assert (last["id"], last["price"]) == (f"i{COUNT - 1}", (COUNT - 1) / 2)
    assert last["thumbnail"] == f"http://here/v1/collections/shop/thumbnails/i{COUNT - 1}"


def test_items_that_have_changed_are_left_out_and_the_others_keep_their_points(opened):
    atlas = Atlas()
    atlas.changed = {0, 1200, COUNT - 1}
    frame = opened(atlas).map("shop")
    rows = np.setdiff1d(np.arange(COUNT), [*atlas.changed])
    assert frame["id"].tolist() == [f"i{row}" for row in rows]
    assert np.array_equal(frame["x"], atlas.x[rows])
    assert np.array_equal(frame["y"], atlas.y[rows])
    assert frame["cluster"].iloc[0] == atlas.clusters[1]


def test_map_that_changes_while_it_is_read_is_read_again(opened):
    atlas = Atlas(changes=2)
    frame = opened(atlas).map("shop")
    assert len(frame) == COUNT
    assert atlas.asked.count("map/points") == 3


def test_map_that_changes_all_the_time_is_given_up(opened):
    with pytest.raises(ServerRefusedError) as error:
        opened(Atlas(changes=1000)).map("shop")
    assert error.value.code == "map_changed"


def test_points_alone_come_as_arrays(opened):
    atlas = Atlas()
    points = opened(atlas).map_points("shop")
    assert (points.version, len(points)) == ("v1", COUNT)
    assert np.array_equal(points.clusters, atlas.clusters)
    assert opened(atlas).map_info("shop").clusters[1].name == "mug"


def test_selection_is_a_truth_for_each_row(opened):
    atlas = Atlas()
    lasso = [{"op": "add", "polygon": [[0, 0], [1, 0], [1, 1]]}]
    chosen = opened(atlas).select("shop", lasso=lasso, filter={"colour": "red"}, clusters=[1])
    assert np.flatnonzero(chosen).tolist() == [0, 9, COUNT - 1]
    assert len(chosen) == COUNT
    assert atlas.selected == {"lasso": lasso, "filter": {"colour": "red"}, "clusters": [1]}


def test_selection_of_an_older_version_has_that_versions_rows(opened):
    atlas = Atlas()
    atlas.told = lambda: {"state": "ready", "version": "v1", "points": 5}
    assert len(opened(atlas).select("shop", version="old")) == COUNT


def test_no_clusters_are_asked_for_as_such(opened):
    atlas = Atlas()
    opened(atlas).select("shop", clusters=[])
    assert atlas.selected == {"clusters": []}
    opened(atlas).select("shop")
    assert atlas.selected == {}


def test_map_is_ordered_once_where_the_answer_is_lost(opened):
    orders = []

    def lost(request):
        orders.append(request)
        raise httpx.ReadError("the line broke")

    with pytest.raises(ServerAwayError):
        opened(lost).draw_map("shop")
    assert len(orders) == 1


def test_collection_without_a_map_says_what_to_do(opened):
    def answer(_):
        return httpx.Response(200, json={"state": "none", "job": None, "items": 3})

    with pytest.raises(ServerRefusedError, match="draw_map") as error:
        opened(answer).map("shop")
    assert error.value.code == "no_map"


def test_points_that_were_cut_are_not_taken(opened):
    atlas = Atlas()
    atlas.clusters = atlas.clusters[:-1]
    with pytest.raises(ServerRefusedError, match="9 each"):
        opened(atlas).map_points("shop")


def test_table_of_those_who_have_no_pandas_has_the_same_columns():
    points = MapPoints("v", *np.zeros((2, 3), np.float32), np.array([0, 1, NO_CLUSTER], np.uint8))
    items = [
        {"row": n, "id": str(n), "uri": "", "thumbnail": "", "metadata": metadata}
        for n, metadata in enumerate([{"new": True, "size": 3}, {"new": False}, {"new": True, "tags": ["a"]}])
    ]
    table = frames.tabled(points, items, [MapCluster(0, "dress", "metadata", 1)])
    assert len(table) == 3
    assert table["cluster_name"].tolist() == ["dress", None, None]
    assert table["new"].dtype == np.bool_
    assert np.isnan(table["size"]).tolist() == [False, True, True]
    assert table["tags"].tolist() == [None, None, ["a"]]
    assert pandas.DataFrame(dict(table)).columns.tolist() == table.columns == list(table)
