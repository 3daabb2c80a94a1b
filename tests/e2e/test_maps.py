"""Maps over HTTP: ordered, given, looked at, coloured, selected from, taken away."""

import io
import json
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import duckdb
import httpx
import numpy as np
import pytest
from PIL import Image

from sightline.domain.maps import NO_CLUSTER
from tests.cartography import QuickCartographer
from tests.e2e.serving import Running, running
from tests.pictures import picture, saved
from tests.waiting import wait_until

COUNT = 12
SHOES = "/v1/collections/shoes"
RIGHT = {"lasso": [{"op": "add", "polygon": [[5.5, -9], [99, -9], [99, 99], [5.5, 99]]}]}  # items 6 to 11


@pytest.fixture(scope="module")
def cartographer() -> QuickCartographer:
    return QuickCartographer()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, cartographer: QuickCartographer) -> Iterator[Running]:
    home = tmp_path_factory.mktemp("home")
    with running(home=str(home), cartographer=cartographer) as server:
        filled(server.client, "shoes")
        brought(server.client, "shoes", range(COUNT))
        yield server


def filled(client: httpx.Client, name: str, count: int = COUNT) -> None:
    client.post("/v1/collections", json={"name": name}).raise_for_status()
    for number in range(count):
        metadata = {"colour": ["red", "blue", "red"][number % 3], "price": {"eur": number}}
        form = {"id": f"s {number}", "metadata": json.dumps(metadata)}
        files = {"file": saved(picture((40, 30), seed=number), "PNG")}
        client.post(f"/v1/collections/{name}/items", data=form, files=files).raise_for_status()


def brought(client: httpx.Client, name: str, numbers: range, **more: object) -> dict[str, object]:
    points = [{"id": f"s {number}", "x": number, "y": -number / 2} for number in numbers]
    answer = client.put(f"/v1/collections/{name}/map", json={"points": points, **more})
    assert answer.status_code == 200, answer.text
    told: dict[str, object] = answer.json()
    return told


def told_map(server: Running, name: str = "shoes") -> dict[str, object]:
    answer = server.client.get(f"/v1/collections/{name}/map")
    assert answer.status_code == 200, answer.text
    told: dict[str, object] = answer.json()
    return told


def geometry(server: Running) -> tuple[list[str], np.ndarray, np.ndarray, np.ndarray]:
    """Ids, x, y and cluster of each row."""
    answer = server.client.get(str(told_map(server)["geometry"]))
    count = int(answer.headers["x-points"])
    xs, ys = (np.frombuffer(answer.content, "<f4", count, 4 * count * part) for part in (0, 1))
    clusters = np.frombuffer(answer.content, np.uint8, count, 8 * count)
    items = server.client.post(f"{SHOES}/map/items", json={"rows": list(range(count))}).json()["items"]
    assert [item["row"] for item in items] == list(range(count))
    assert [(item["x"], item["y"]) for item in items] == list(zip(xs.tolist(), ys.tolist(), strict=True))
    return [item["id"] for item in items], xs, ys, clusters


def selected(server: Running, asked: dict[str, object]) -> list[str]:
    answer = server.client.post(f"{SHOES}/map/select", json=asked)
    assert answer.status_code == 200, answer.text
    ids = geometry(server)[0]
    mask = np.unpackbits(np.frombuffer(answer.content, np.uint8), bitorder="little")[: len(ids)]
    assert int(answer.headers["x-selected"]) == mask.sum()
    return [ids[row] for row in np.flatnonzero(mask)]


def named(*numbers: int) -> list[str]:
    return [f"s {number}" for number in numbers]


def refused(answer: httpx.Response, status: int, code: str) -> str:
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code), answer.text
    return str(answer.json()["error"]["message"])


def test_points_come_as_columns_of_little_endian_bytes(server: Running) -> None:
    ids, xs, ys, clusters = geometry(server)
    assert ids == named(*range(COUNT))
    assert xs.tolist() == list(range(COUNT))
    assert ys.tolist() == [-number / 2 for number in range(COUNT)]
    assert (clusters == NO_CLUSTER).all()
    answer = server.client.get(f"{SHOES}/map/points")
    assert int(answer.headers["content-length"]) == 9 * COUNT
    assert answer.headers["etag"] == f'"{told_map(server)["version"]}"'


def test_a_map_is_told_with_its_extent_and_fields(server: Running) -> None:
    told = told_map(server)
    facts = ("state", "algorithm", "items", "points", "unplaced", "extent", "job")
    expected = ["ready", "given", COUNT, COUNT, 0, [0, -(COUNT - 1) / 2, COUNT - 1, 0], None]
    assert [told[name] for name in facts] == expected
    assert told["fields"] == [
        {"name": "colour", "kind": "categorical", "values": 2},
        {"name": "price.eur", "kind": "number", "values": COUNT},
    ]
    described = server.client.get(SHOES).json()["map"]
    assert (described["id"], described["algorithm"], described["points"]) == (told["id"], "given", COUNT)


def test_what_is_known_is_not_sent_again(server: Running) -> None:
    for path in ("map/points", "map/colours?by=colour", "map/legend?by=colour"):
        first = server.client.get(f"{SHOES}/{path}")
        assert first.status_code == 200
        again = server.client.get(f"{SHOES}/{path}", headers={"if-none-match": first.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")
        other = server.client.get(f"{SHOES}/{path}", headers={"if-none-match": '"1-2-3"'})
        assert other.content == first.content


@pytest.mark.parametrize(
    ("asked", "numbers"),
    [
        ({}, range(COUNT)),
        (RIGHT, range(6, 12)),
        ({"lasso": [{"op": "subtract", "polygon": RIGHT["lasso"][0]["polygon"]}]}, range(6)),
        ({"filter": {"colour": "blue"}}, [1, 4, 7, 10]),
        ({**RIGHT, "filter": {"price.eur": {"lt": 10}, "colour": "red"}}, [6, 8, 9]),
        ({"clusters": [NO_CLUSTER]}, range(COUNT)),
        ({"clusters": [0]}, []),
        ({"lasso": [{"polygon": [[0, 0], [5, 5]]}]}, []),
    ],
)
def test_selections_come_as_bits_and_as_pages_of_items(
    server: Running, asked: dict[str, object], numbers: range
) -> None:
    assert selected(server, asked) == named(*numbers)
    page = {"select": asked, "offset": 1, "limit": 2}
    told = server.client.post(f"{SHOES}/map/items", json=page).json()
    assert told["total"] == len(numbers)
    assert [item["id"] for item in told["items"]] == named(*numbers)[1:3]


def test_colours_and_legends_go_together(server: Running) -> None:
    legend = server.client.get(f"{SHOES}/map/legend", params={"by": "colour"}).json()
    assert legend["entries"] == [
        {"value": "red", "count": 8, "colour": 0},
        {"value": "blue", "count": 4, "colour": 1},
    ]
    colours = server.client.get(f"{SHOES}/map/colours", params={"by": "colour"}).content
    assert list(colours) == [0, 1, 0] * 4
    scale = server.client.get(f"{SHOES}/map/legend", params={"by": "price.eur"}).json()
    assert scale == {"by": "price.eur", "kind": "number", "low": 0, "high": 11, "missing": 0}
    shades = server.client.get(f"{SHOES}/map/colours", params={"by": "price.eur"}).content
    assert [round(shade / 254 * 11) for shade in shades] == list(range(COUNT))
    nothing = server.client.get(f"{SHOES}/map/colours", params={"by": "nothing"}).content
    assert nothing == b"\xff" * COUNT


def test_a_selection_is_taken_away_as_a_polygon(server: Running) -> None:
    asked = {"within": json.dumps(RIGHT), "filter": json.dumps({"colour": "red"})}
    answer = server.client.get(f"{SHOES}/export", params={**asked, "format": "ids"})
    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.text.splitlines() == sorted(named(6, 8, 9, 11))
    assert server.client.get(f"{SHOES}/export/survey", params=asked).json()["items"] == 4
    lines = server.client.get(f"{SHOES}/export", params={**asked, "vectors": "false"}).text.splitlines()
    assert [json.loads(line)["item_id"] for line in lines] == sorted(named(6, 8, 9, 11))
    for wrong in ('{"rows": [1]}', "[[0, 0]]", "7", '{"filter": {}}', "{"):
        refused(server.client.get(f"{SHOES}/export", params={"within": wrong}), 400, "invalid_request")


def test_rows_of_items_are_told(server: Running) -> None:
    asked = {"ids": ["s 3", "nobody", "s 0"]}
    assert server.client.post(f"{SHOES}/map/rows", json=asked).json()["rows"] == [3, None, 0]


@pytest.mark.parametrize(
    ("method", "path", "body", "message"),
    [
        ("POST", "map/select", {"lasso": [{"polygon": [[0, 0]] * 2001}]}, "limit is 2000"),
        ("POST", "map/select", {"lasso": [{"polygon": [[0]]}]}, "lasso.0.polygon.0"),
        ("POST", "map/select", {"lasso": [{"op": "xor", "polygon": []}]}, "lasso.0.op"),
        ("POST", "map/select", {"clusters": [256]}, "clusters.0"),
        ("POST", "map/select", {"query": "red"}, "there is no field 'query'"),
        ("POST", "map/select?verison=1", {}, "did you mean 'version'"),
        ("POST", "map/items", {}, "either `rows` or `select`"),
        ("POST", "map/items", {"rows": [COUNT]}, "row 12 is none"),
        ("POST", "map/items", {"rows": [-1]}, "rows.0"),
        ("POST", "map/rows", {"ids": ["a"] * 1001}, "ids"),
        ("POST", "map", {"neighbours": 1}, "neighbours is 1"),
        ("POST", "map", {"algorithm": "tsne"}, "algorithm"),
        ("PUT", "map", {"points": []}, "points"),
        ("PUT", "map", {"points": [{"id": "nobody", "x": 1, "y": 2}]}, "'nobody'"),
        ("PUT", "map", {"points": [{"id": "s 1", "x": 1e300, "y": 2}]}, "finite"),
        ("GET", "map/colours?by=", None, "cannot name|has a key"),
        ("GET", "map/legend", None, "by"),
    ],
)
def test_what_cannot_be_meant_is_refused_in_words(
    server: Running, method: str, path: str, body: object, message: str
) -> None:
    answer = server.client.request(method, f"{SHOES}/{path}", json=body)
    assert answer.status_code == 400, answer.text
    assert any(one in answer.json()["error"]["message"] for one in message.split("|")), answer.text
    assert told_map(server)["points"] == COUNT


def test_without_a_map_its_routes_say_so(server: Running) -> None:
    server.client.post("/v1/collections", json={"name": "bare"}).raise_for_status()
    bare = "/v1/collections/bare/map"
    told = server.client.get(bare).json()
    assert (told["state"], told["items"], told["points"], told["version"]) == ("none", 0, 0, None)
    for path in ("points", "legend?by=a", "colours?by=a"):
        assert "POST" in refused(server.client.get(f"{bare}/{path}"), 404, "no_map")
    for path in ("select", "items", "rows"):
        body = {"rows": []} if path == "items" else {"ids": []} if path == "rows" else {}
        refused(server.client.post(f"{bare}/{path}", json=body), 404, "no_map")
    refused(server.client.delete(bare), 404, "no_map")
    refused(server.client.post(bare), 400, "invalid_request")
    refused(server.client.get("/v1/collections/none/map"), 404, "collection_not_found")
    assert server.client.get("/v1/collections/bare").json()["map"] is None


def test_a_version_that_is_gone_is_a_conflict(server: Running) -> None:
    for method, path, body in (
        ("GET", "map/points?version=0-0-0", None),
        ("GET", "map/colours?by=colour&version=0-0-0", None),
        ("POST", "map/select?version=0-0-0", {}),
        ("POST", "map/items?version=0-0-0", {"rows": [0]}),
        ("POST", "map/rows?version=0-0-0", {"ids": []}),
    ):
        message = refused(server.client.request(method, f"{SHOES}/{path}", json=body), 409, "map_changed")
        assert str(told_map(server)["version"]) in message


def test_a_map_is_drawn_once_however_many_ask_and_told_while_it_is(
    server: Running, cartographer: QuickCartographer
) -> None:
    filled(server.client, "drawn")
    path = "/v1/collections/drawn/map"
    cartographer.gate.clear()
    answers = [server.client.post(path, json={"algorithm": "pca", "seed": 7}) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {202}
    [location] = {answer.headers["location"] for answer in answers}
    told = server.client.get(path).json()
    assert (told["state"], told["job"]["kind"]) == ("drawing", "map")
    refused(server.client.put(path, json={"points": [{"id": "s 1", "x": 1, "y": 2}]}), 409, "job_state")
    cartographer.gate.set()
    wait_until(lambda: server.client.get(location).json()["state"] == "done", 20)
    told = server.client.get(path).json()
    assert (told["state"], told["algorithm"], told["points"]) == ("ready", "pca", COUNT)
    assert sum(cluster["size"] for cluster in told["clusters"]) == COUNT
    shown = [one for cluster in told["clusters"] for one in cluster["representatives"]] + told["outliers"]
    assert shown
    for one in shown:
        assert server.client.get(one["thumbnail"]).headers["content-type"] == "image/webp"
    assert server.client.delete(path).status_code == 204
    assert server.client.get(path).json()["state"] == "none"


def parquet(folder: Path, rows: str) -> bytes:
    path = folder / "places.parquet"
    duckdb.sql(f"COPY ({rows}) TO '{path}' (FORMAT parquet)")
    return path.read_bytes()


def test_places_come_as_csv_or_parquet_and_unknown_ids_are_named(server: Running, tmp_path: Path) -> None:
    filled(server.client, "given", 4)
    path = "/v1/collections/given/map"
    table = b"\xef\xbb\xbfname,x,item_id,y\r\na,1.5,s 0,-2\r\nb,2,s 1,3e0\r\nc,1,nobody,1\r\n"
    rows = "SELECT 's ' || i AS id, i::DOUBLE AS x, -i::INTEGER AS y, 'z' AS other FROM range(3) t(i)"
    for data, extent, unknown in (
        (table, [1.5, -2, 2, 3], ["nobody"]),
        (parquet(tmp_path, rows), [0, -2, 2, 0], []),
    ):
        answer = server.client.put(path, files={"file": data})
        assert answer.status_code == 200, answer.text
        told = answer.json()
        assert (told["extent"], told["unknown"], told["unknown_total"]) == (extent, unknown, len(unknown))
    wait_until(lambda: server.client.get(path).json()["unplaced"] == 0)  # placed among the others
    for wrong, message in (
        (b"id,x\n1,2\n", "no column y"),
        (b"", "no column id, x, y"),
        (b"id,x,y\ns 0,one,2\n", "row 1: x or y is no number"),
        (b"id,x,y\ns 0,nan,2\n", "finite"),
        (b"id,x,y\ns 0,1\n", "row 1 has 2 cells"),
        (b"PAR1 and then nothing", "cannot be read as Parquet"),
        (b"id,x,y\n\xff\xfe,1,2\n", "UTF-8"),
    ):
        assert message in refused(server.client.put(path, files={"file": wrong}), 400, "invalid_request")
    both = server.client.put(path, files={"file": table}, data={"more": "x"})
    assert "no other" in refused(both, 400, "invalid_request")


def test_large_pictures_are_drawn_anew_and_small_ones_kept_for_ever(server: Running) -> None:
    large = saved(picture((2400, 600), seed=99), "JPEG")
    files, form = {"file": large}, {"id": "wide/one"}
    server.client.post("/v1/collections", json={"name": "wide"}).raise_for_status()
    kept = server.client.post("/v1/collections/wide/items", data=form, files=files).json()["items"][0]
    name = urllib.parse.quote("wide/one")
    answer = server.client.get(f"/v1/collections/wide/pictures/{name}")
    assert Image.open(io.BytesIO(answer.content)).size == (1600, 400)
    assert answer.headers["content-type"] == "image/webp"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "private, no-cache"
    again = server.client.get(answer.url, headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    for room in ("pictures", "thumbnails"):
        for version, is_kept in (
            (kept["sha256"][:16], True),
            (kept["sha256"], True),
            ("0" * 16, False),
            ("", False),
        ):
            shown = server.client.get(f"/v1/collections/wide/{room}/{name}", params={"v": version})
            assert ("immutable" in shown.headers["cache-control"]) == is_kept
            assert "private" in shown.headers["cache-control"]  # caches in between do not ask for the key
    refused(server.client.get("/v1/collections/wide/pictures/none"), 404, "item_not_found")


def test_every_route_of_maps_is_documented(server: Running) -> None:
    paths = server.client.get("/openapi.json").json()["paths"]
    base = "/v1/collections/{name}/map"
    assert set(paths[base]) == {"get", "post", "put", "delete"}
    for path in ("select", "items", "rows"):
        schema = paths[f"{base}/{path}"]["post"]["requestBody"]["content"]["application/json"]["schema"]
        assert schema["examples"]
    for path in ("points", "colours"):
        assert "application/octet-stream" in paths[f"{base}/{path}"]["get"]["responses"]["200"]["content"]
