"""Collections over HTTP: made, filled, followed, shown, removed. The model is a fake, the rest is real."""

import base64
import io
import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from PIL import Image

from tests.e2e.serving import Running, running
from tests.e2e.test_metrics import samples, value
from tests.libraries import write_pictures
from tests.pictures import picture, saved
from tests.waiting import wait_until

COUNT = 40


@pytest.fixture(scope="module")
def roots(tmp_path_factory: pytest.TempPathFactory) -> Path:
    roots = tmp_path_factory.mktemp("roots")
    write_pictures(roots / "cats", range(COUNT))
    (roots / "cats" / "broken.png").write_bytes(b"\x89PNG\r\n\x1a\n")
    return roots


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, roots: Path) -> Iterator[Running]:
    home = tmp_path_factory.mktemp("home")
    with running(home=str(home), source_roots=str(roots)) as server:
        yield server


def ended(client: httpx.Client, job: int) -> dict[str, object]:
    wait_until(lambda: client.get(f"/v1/jobs/{job}").json()["state"] in ("done", "failed"), 30)
    found: dict[str, object] = client.get(f"/v1/jobs/{job}").json()
    return found


def events(client: httpx.Client, path: str, **headers: str) -> list[dict[str, object]]:
    """The events of a stream until it ends by itself."""
    found: list[dict[str, object]] = []
    with client.stream("GET", path, headers=headers) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        for block in answer.read().decode().split("\n\n"):
            lines = [line.partition(": ") for line in block.splitlines() if not line.startswith(":")]
            if lines:
                event = {name: value for name, _, value in lines}
                found.append({**event, "data": json.loads(event["data"])})
    return found


@pytest.fixture(scope="module")
def job(server: Running, roots: Path) -> dict[str, object]:
    """An ingestion that has ended."""
    asked = {"source": str(roots / "cats")}
    answer = server.client.post("/v1/collections/cats/ingest", json=asked)
    assert answer.status_code == 202, answer.text
    assert answer.headers["location"] == f"/v1/jobs/{answer.json()['id']}"
    return ended(server.client, answer.json()["id"])


def test_a_folder_is_taken_in_and_what_failed_is_named(server: Running, job: dict[str, object]) -> None:
    assert (job["state"], job["total"], job["done"], job["failed"]) == ("done", COUNT + 1, COUNT, 1)
    [failure] = server.client.get(f"/v1/jobs/{job['id']}/failures").json()["failures"]
    assert failure["uri"].endswith("/cats/broken.png")
    assert (failure["code"], failure["attempts"]) == ("broken_image", 1)
    assert server.client.post(f"/v1/jobs/{job['id']}/retry").json()["queued"] == 1
    assert ended(server.client, int(str(job["id"])))["failed"] == 1


def test_a_stream_tells_the_whole_then_each_event_and_goes_on_where_it_was(
    server: Running, job: dict[str, object]
) -> None:
    path = f"/v1/jobs/{job['id']}/events"
    whole = events(server.client, path, **{"last-event-id": "0"})
    assert whole[0]["event"] == "job"
    ids = [int(str(event["id"])) for event in whole[1:]]
    assert ids == sorted(set(ids))
    assert "progress" not in [event["event"] for event in whole]  # it would be older than `job`
    assert [event["event"] for event in whole][1:3] == ["created", "running"]
    rest = events(server.client, path, **{"last-event-id": "2"})
    assert rest[1:] == whole[3:]
    assert [event["event"] for event in events(server.client, path)] == ["job"]


def test_a_stream_ends_with_the_collection_of_its_job(
    server: Running, roots: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = "/v1/collections/brief"
    write_pictures(roots / "brief", range(3))
    job = server.client.post(f"{path}/ingest", json={"source": str(roots / "brief")}).json()["id"]
    ended(server.client, job)
    write_pictures(roots / "brief", range(3, 300))
    job = server.client.post(f"{path}/ingest", json={"source": str(roots / "brief")}).json()["id"]
    server.client.post(f"/v1/jobs/{job}/pause").raise_for_status()
    with server.client.stream("GET", f"/v1/jobs/{job}/events") as answer:
        lines = answer.iter_lines()
        assert next(lines) == "event: job"
        server.client.delete(path).raise_for_status()
        assert all("shutdown" not in line for line in lines)
    assert server.client.get(f"/v1/jobs/{job}").json()["error"]["code"] == "job_not_found"
    assert [record.getMessage() for record in caplog.records if record.exc_info] == []


def test_a_table_is_taken_in_with_the_types_that_were_said(server: Running, roots: Path) -> None:
    (roots / "cats" / "t.csv").write_text("image,price\n00001.png,7\n00002.png,n/a\n00003.png,8\n")
    asked = {"source": str(roots / "cats" / "t.csv"), "columns": {"types": {"price": "number"}}}
    path = "/v1/collections/priced"
    job = server.client.post(f"{path}/ingest", json={**asked, "encoding": "cp1252"}).json()
    assert "1 of 3 cells are not numbers" in ended(server.client, job["id"])["scan"]["remarks"][0]
    items = server.client.get(f"{path}/items").json()["items"]
    assert sorted(item["metadata"].get("price", 0) for item in items) == [0, 7, 8]
    for wrong in ({"columns": {"types": {"price": "money"}}}, {"encoding": 7}):
        refused = server.client.post(f"{path}/ingest", json={**asked, **wrong})
        assert refused.json()["error"]["code"] == "invalid_request"


def test_a_collection_is_described(server: Running, job: dict[str, object]) -> None:
    wait_until(lambda: server.client.get("/v1/collections/cats").json()["store"]["lag"] == 0)
    told = server.client.get("/v1/collections/cats").json()
    assert (told["items"], told["model"], told["dim"]) == (COUNT, "fake", 16)
    assert told["store"]["index"]["kind"] == "exact"
    assert told in server.client.get("/v1/collections").json()["collections"]


def test_a_source_is_shown_and_taken_out_and_so_are_items(server: Running, roots: Path) -> None:
    path = "/v1/collections/pets"
    for name in ("one", "two"):
        write_pictures(roots / name, range(5))
        job = server.client.post(f"{path}/ingest", json={"source": str(roots / name)}).json()["id"]
        ended(server.client, job)
    one, two = str(roots / "one"), str(roots / "two")
    shown = server.client.get(f"{path}/sources", params={"name": two}).json()
    assert shown == {"name": two, "address": two, "items": 5, "also_in": {one: 5}}
    gone = server.client.delete(f"{path}/sources", params={"name": one}).json()
    assert (gone["removed"], gone["searchable"]) == (5, True)
    assert [source["name"] for source in server.client.get(path).json()["sources"]] == [two]
    missing = server.client.delete(f"{path}/sources", params={"name": one})
    assert (missing.status_code, missing.json()["error"]["code"]) == (404, "source_not_found")
    assert server.client.delete(f"{path}/sources").status_code == 400
    first = server.client.get(f"{path}/items?limit=1").json()["items"][0]["id"]
    told = server.client.post(f"{path}/items/remove", json={"ids": [first, "nobody", first]}).json()
    assert (told["removed"], told["missing"], told["searchable"]) == (1, ["nobody"], True)
    assert server.client.get(path).json()["items"] == 4


def test_metrics_tell_what_jobs_did_and_how_far_views_are(server: Running, job: dict[str, object]) -> None:
    found = samples(server.client)
    assert value(found, "sightline_tasks_total", outcome="done") >= COUNT
    assert value(found, "sightline_tasks_total", outcome="failed") >= 1
    assert value(found, "sightline_computed_total") >= COUNT
    assert value(found, "sightline_view_lag") == 0


def test_items_come_page_by_page(server: Running, job: dict[str, object]) -> None:
    seen: list[str] = []
    after: str | None = ""
    while after is not None:
        page = server.client.get("/v1/collections/cats/items", params={"after": after, "limit": 13}).json()
        seen += [item["id"] for item in page["items"]]
        after = page["next"]
    assert len(seen) == len(set(seen)) == COUNT
    item = server.client.get(f"/v1/collections/cats/items/{seen[0]}").json()
    assert item["uri"].startswith("file:///")


def test_a_thumbnail_is_drawn_anew_and_cached_by_its_content(server: Running, job: dict[str, object]) -> None:
    item = server.client.get("/v1/collections/cats/items?limit=1").json()["items"][0]["id"]
    answer = server.client.get(f"/v1/collections/cats/thumbnails/{item}")
    assert answer.headers["content-type"] == "image/webp"
    with Image.open(io.BytesIO(answer.content)) as drawn:
        assert (drawn.format, drawn.size) == ("WEBP", (48, 40))
    again = server.client.get(
        f"/v1/collections/cats/thumbnails/{item}", headers={"if-none-match": answer.headers["etag"]}
    )
    assert (again.status_code, again.content) == (304, b"")


def test_a_picture_is_found_by_itself_however_it_is_sent(
    server: Running, job: dict[str, object], roots: Path
) -> None:
    """The fake model's vectors tell pictures apart, and nothing else."""
    wait_until(lambda: server.client.get("/v1/collections/cats").json()["store"]["lag"] == 0)
    path = "/v1/collections/cats/search"
    data = (roots / "cats" / "00007.png").read_bytes()
    encoded = base64.b64encode(data).decode()
    by_upload = server.client.post(path, files={"file": data}, data={"k": "3", "filter": "{}"})
    assert by_upload.status_code == 200, by_upload.text
    hits = by_upload.json()["hits"]
    assert len(hits) == 3
    assert hits[0]["uri"].endswith("/00007.png")
    assert hits[0]["score"] == pytest.approx(1, abs=1e-4)
    for body in ({"image": encoded}, {"image_url": f"data:image/png;base64,{encoded}"}):
        assert server.client.post(path, json={**body, "k": 3}).json()["hits"] == hits
    own = hits[0]["id"]
    assert server.client.post(path, json={"item": own, "with_asked": True}).json()["hits"][0]["id"] == own
    assert server.client.post(path, json={"item": own}).json()["hits"][0]["id"] != own
    assert server.client.get(hits[0]["thumbnail"]).status_code == 200
    vector = server.client.post("/embed-image", files={"file": data}).json()["embedding"]
    assert server.client.post(path, json={"vector": vector}).json()["hits"][0]["id"] == own
    unlike = {"query": [{"image": encoded, "weight": -1}], "k": COUNT}
    assert server.client.post(path, json=unlike).json()["hits"][-1]["id"] == own


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({}, "invalid_request"),
        ({"text": "a", "item": "b"}, "invalid_request"),
        ({"query": []}, "invalid_request"),
        ({"query": [{"text": "a", "vector": [1]}]}, "invalid_request"),
        ({"item": "nobody"}, "item_not_found"),
        ({"vector": [1, 2]}, "invalid_request"),
        ({"vector": [0] * 16}, "invalid_request"),
        ({"vector": [1e308] * 16}, "invalid_request"),
        ({"text": "a", "k": 0}, "invalid_request"),
        ({"text": "a", "k": 1001}, "invalid_request"),
        ({"text": "a", "offset": -1}, "invalid_request"),
        ({"text": "a", "filter": {"a": {"like": 1}}}, "invalid_filter"),
        ({"text": "a", "group_by": ""}, "invalid_filter"),
        ({"text": "a", "nothing": 1}, "invalid_request"),
        ({"image_url": "http://example.com/a.png"}, "url_fetch_off"),
    ],
)
def test_a_search_that_cannot_be_understood_is_refused(
    server: Running, job: dict[str, object], asked: dict[str, object], code: str
) -> None:
    answer = server.client.post("/v1/collections/cats/search", json=asked)
    assert answer.status_code in (400, 404), answer.text
    assert answer.json()["error"]["code"] == code


def test_filters_and_groups_narrow_a_search(server: Running) -> None:
    server.client.post("/v1/collections", json={"name": "shop"}).raise_for_status()
    items = [
        {"id": f"{n}", "text": f"thing {n}", "metadata": {"product_id": f"p{n // 3}", "price": n}}
        for n in range(12)
    ]
    server.client.post("/v1/collections/shop/items", json={"items": items}).raise_for_status()
    path = "/v1/collections/shop/search"
    asked = {"text": "thing 5", "filter": {"price": {"lt": 4}}, "with_count": True}
    cheap = server.client.post(path, json=asked).json()
    assert {hit["metadata"]["price"] for hit in cheap["hits"]} == {0, 1, 2, 3}
    assert cheap["considered"] == 4
    grouped = server.client.post(path, json={"text": "thing 5", "group_by": "product_id"}).json()["hits"]
    assert sorted(hit["metadata"]["product_id"] for hit in grouped) == ["p0", "p1", "p2", "p3"]
    assert grouped[0]["id"] == "5"


def test_duplicates_are_grouped_around_what_is_kept(server: Running) -> None:
    server.client.post("/v1/collections", json={"name": "twice"}).raise_for_status()
    items = [{"id": f"{n}", "text": f"thing {n // 2}"} for n in range(6)]
    server.client.post("/v1/collections/twice/items", json={"items": items}).raise_for_status()
    for threshold in ("exact", "0.999"):
        told = server.client.get(f"/v1/collections/twice/duplicates?threshold={threshold}").json()
        assert (told["total_groups"], told["total_copies"], told["next_offset"]) == (3, 3, None)
        assert [group["keeper"]["id"] for group in told["groups"]] == ["0", "2", "4"]
    assert server.client.get("/v1/collections/twice/duplicates?threshold=x").status_code == 400


@pytest.mark.parametrize("format", ["jsonl", "csv", "parquet", "npz", "duckdb"])
def test_a_collection_is_exported(server: Running, job: dict[str, object], format: str) -> None:
    answer = server.client.get(f"/v1/collections/cats/export?format={format}&vectors=true")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"] == f'attachment; filename="cats.{format}"'
    if format == "jsonl":
        lines = [json.loads(line) for line in answer.text.splitlines()]
        assert len(lines) == COUNT
        assert len(lines[0]["vector"]) == 16
    assert server.client.get("/v1/collections/cats/export?format=doc").status_code == 400


def test_the_store_is_told_and_changed_only_by_the_owner(server: Running) -> None:
    assert server.client.get("/v1/store").json() == {"name": "duckdb", "address": "duckdb"}
    assert server.client.post("/v1/store", json={"to": "memory"}).status_code == 403


def test_items_are_put_shown_and_removed(server: Running) -> None:
    server.client.post("/v1/collections", json={"name": "mine"}).raise_for_status()
    given = saved(picture(seed=1), "PNG")
    for own_id in ("a", "shelf 3/ä?.png", "🦊"):
        form = {"id": own_id, "metadata": '{"colour": "red"}', "uri": "https://shop/1"}
        answer = server.client.post("/v1/collections/mine/items", files={"file": given}, data=form)
        assert answer.status_code == 200, answer.text
        assert answer.json()["searchable"] is True
        path = httpx.URL(f"http://x/v1/collections/mine/items/{own_id.replace('?', '%3F')}").raw_path.decode()
        item = server.client.get(path).json()
        assert (item["id"], item["metadata"], item["uri"]) == (own_id, {"colour": "red"}, "https://shop/1")
        assert server.client.get(path.replace("/items/", "/thumbnails/")).status_code == 200
        assert server.client.delete(path).json()["searchable"] is True
        assert server.client.get(path).json()["error"]["code"] == "item_not_found"
    assert server.client.get("/v1/collections/mine").json()["items"] == 0


def test_texts_and_pictures_are_put_by_json_and_one_may_fail_alone(server: Running) -> None:
    server.client.post("/v1/collections", json={"name": "mixed"}).raise_for_status()
    asked = {
        "items": [{"id": "t", "text": "a red shoe"}, {"id": "b", "image": "AAAA"}, {"image": "%"}],
        "on_error": "item",
    }
    told = server.client.post("/v1/collections/mixed/items", json=asked).json()["items"]
    assert told[0]["id"] == "t"
    assert [one["error"]["code"] for one in told[1:]] == ["unsupported_format", "invalid_request"]
    refused = server.client.post("/v1/collections/mixed/items", json={**asked, "on_error": "fail"})
    assert refused.status_code == 400
    assert server.client.get("/v1/collections/mixed").json()["items"] == 1


def test_a_deleted_collection_is_gone_and_its_name_is_free(server: Running) -> None:
    server.client.post("/v1/collections", json={"name": "brief"}).raise_for_status()
    assert server.client.post("/v1/collections", json={"name": "brief"}).json()["error"]["code"] == (
        "collection_exists"
    )
    server.client.post("/v1/collections/brief/items", json={"items": [{"text": "x"}]}).raise_for_status()
    assert server.client.delete("/v1/collections/brief").status_code == 204
    assert server.client.get("/v1/collections/brief").status_code == 404
    made = server.client.post("/v1/collections", json={"name": "brief"})
    assert (made.status_code, made.json()["items"], made.json()["store"]["lag"]) == (201, 0, 0)


def test_paths_outside_the_roots_are_not_even_told_to_be_there(server: Running, roots: Path) -> None:
    (roots / "link").symlink_to("/etc")
    messages = set()
    for path in ("/etc", "/nowhere", str(roots / ".." / ".."), str(roots / "link"), "~", "a\0b"):
        answer = server.client.post("/v1/collections/cats/ingest", json={"source": path})
        assert (answer.status_code, answer.json()["error"]["code"]) == (403, "source_forbidden"), path
        messages.add(answer.json()["error"]["message"].partition(" is not")[2])
    assert len(messages) == 1


def test_path_below_a_root_is_told_not_to_be_there(server: Running, roots: Path) -> None:
    answer = server.client.post("/v1/collections/cats/ingest", json={"source": str(roots / "nowhere")})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_source")
    assert "there is nothing at" in answer.json()["error"]["message"]


def test_a_source_that_has_become_a_link_is_not_followed(
    server: Running, roots: Path, tmp_path: Path
) -> None:
    write_pictures(roots / "swapped", range(3))
    write_pictures(tmp_path / "secret", range(100, 103))
    asked = {"source": str(roots / "swapped")}
    first = server.client.post("/v1/collections/swapped/ingest", json=asked).json()["id"]
    assert ended(server.client, first)["done"] == 3
    (roots / "swapped").rename(roots / "elsewhere")
    (roots / "swapped").symlink_to(tmp_path / "secret")
    again = server.client.post(f"/v1/jobs/{first}/retry")
    assert again.json()["queued"] == 0
    thumbnail = server.client.get("/v1/collections/swapped/items?limit=1").json()["items"][0]["id"]
    answer = server.client.get(f"/v1/collections/swapped/thumbnails/{thumbnail}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_source")


def test_what_is_large_or_odd_is_refused_soon(server: Running) -> None:
    """Each of these once took minutes, gigabytes, or ended in a 500."""
    path = "/v1/collections/odd/items"
    server.client.post("/v1/collections", json={"name": "odd"}).raise_for_status()
    long_key = {"items": [{"text": "a", "metadata": {"k" * 300_000: [0] * 50_000}}]}
    assert server.client.post(path, json=long_key, timeout=10).status_code == 200
    given = saved(picture(seed=1), "PNG")
    form = {"metadata": "[" + "[]," * 300_000 + "[]]"}
    assert (
        server.client.post(path, files={"file": given}, data=form).json()["error"]["code"]
        == "invalid_request"
    )
    for uri in ("u" * 5000, "a\0b"):
        answer = server.client.post(path, files={"file": given}, data={"uri": uri})
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_request")
    for address in (
        "/v1/collections/odd/items?limit=abc",
        "/v1/collections/odd/duplicates?offset=x",
        "/v1/collections/odd/duplicates?keep=x",
        "/v1/collections/odd/export?vectors=maybe",
    ):
        answer = server.client.get(address)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "invalid_request"), address
    assert server.client.get(f"/datasets/{'a' * 300}/embeddings/status").status_code == 404


def test_a_put_beside_a_deletion_does_not_wait_for_its_view(server: Running) -> None:
    path = "/v1/collections/fleeting"
    for _ in range(5):
        server.client.post("/v1/collections", json={"name": "fleeting"}).raise_for_status()
        put = threading.Thread(
            target=server.client.post, args=(f"{path}/items",), kwargs={"json": {"items": [{"text": "x"}]}}
        )
        put.start()
        server.client.delete(path)
        put.join(10)
        assert not put.is_alive()
        server.client.delete(path)


@pytest.mark.parametrize("move", ["pause", "resume", "cancel"])
def test_a_job_that_is_done_is_not_moved(server: Running, job: dict[str, object], move: str) -> None:
    ended(server.client, int(str(job["id"])))
    answer = server.client.post(f"/v1/jobs/{job['id']}/{move}")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "job_state")
    assert server.client.post(f"/v1/jobs/999/{move}").status_code == 404
    assert server.client.post(f"/v1/jobs/x/{move}").status_code == 404


def test_the_explorer_generates_follows_and_asks(server: Running, roots: Path) -> None:
    write_pictures(roots / "My Dogs", range(5))
    assert server.client.get("/datasets/My Dogs/embeddings/status").json()["available"] is False
    started = server.client.post("/datasets/My Dogs/embeddings/generate")
    assert (started.status_code, started.json()["status"]) == (202, "started")
    told = events(server.client, "/datasets/My Dogs/embeddings/progress")
    assert told[-1]["event"] == "complete"
    status = server.client.get("/datasets/My Dogs/embeddings/status").json()
    assert (status["available"], status["count"], status["dimension"]) == (True, 5, 16)
    for name in ("nothing", "..", "%2e%2e", "link"):
        assert server.client.post(f"/datasets/{name}/embeddings/generate").status_code == 404


def test_without_a_library_the_routes_say_so() -> None:
    with running() as server:
        answer = server.client.get("/v1/collections")
    assert (answer.status_code, answer.json()["error"]["code"]) == (503, "library_off")


def test_a_collection_gets_another_models_vectors_in_one_step(tmp_path: Path) -> None:
    write_pictures(tmp_path / "roots" / "cats", range(30))
    path = "/v1/collections/cats"
    with running(
        home=str(tmp_path / "h"), source_roots=str(tmp_path / "roots"), models=("fake", "other")
    ) as server:
        asked = {"source": str(tmp_path / "roots" / "cats")}
        ended(server.client, server.client.post(f"{path}/ingest", json=asked).json()["id"])
        server.client.post(f"{path}/items", json={"items": [{"id": "t", "text": "a"}]}).raise_for_status()
        refused = server.client.post(f"{path}/ingest", json={**asked, "model": "other"})
        assert refused.json()["error"]["code"] == "space_mismatch"
        job = server.client.post(f"{path}/re-embed", json={"model": "other"})
        assert job.status_code == 202
        done = ended(server.client, job.json()["id"])
        assert (done["computed"], done["failed"]) == (31, 0)
        wait_until(lambda: server.client.get(path).json()["model"] == "other")
        assert server.client.get(path).json()["items"] == 31
        wait_until(lambda: server.client.get(path).json()["store"]["lag"] == 0)
        data = (tmp_path / "roots" / "cats" / "00003.png").read_bytes()
        hits = server.client.post(f"{path}/search", files={"file": data}).json()["hits"]
        assert hits[0]["uri"].endswith("00003.png")


def test_what_was_not_kept_is_counted_before_another_model_embeds_anything(tmp_path: Path) -> None:
    path = "/v1/collections/cats"
    given = [
        {"id": "t", "text": "a"},
        {"id": "p", "image": base64.b64encode(saved(picture(), "PNG")).decode()},
    ]
    with running(home=str(tmp_path), keep_uploads=False, models=("fake", "other")) as server:
        server.client.post("/v1/collections", json={"name": "cats"})
        server.client.post(f"{path}/items", json={"items": given}).raise_for_status()
        assert not (tmp_path / "pictures").exists()
        refused = server.client.post(f"{path}/re-embed", json={"model": "other"})
        assert (refused.status_code, refused.json()["error"]["code"]) == (409, "missing_uploads")
        assert "2 items" in refused.json()["error"]["message"]
        assert server.client.get("/v1/jobs").json()["jobs"] == []
        again = server.client.post(f"{path}/re-embed", json={"model": "other", "drops_unreadable": True})
        ended(server.client, again.json()["id"])
        wait_until(lambda: server.client.get(path).json()["model"] == "other")
        assert server.client.get(path).json()["items"] == 0


def test_what_came_with_a_request_is_kept_until_the_last_item_that_has_it_goes(tmp_path: Path) -> None:
    """So its thumbnail can be drawn again; and a deletion leaves neither."""
    given = saved(picture(seed=1), "PNG")
    with running(home=str(tmp_path)) as server:
        for name in ("mine", "yours"):
            server.client.post("/v1/collections", json={"name": name}).raise_for_status()
            path = f"/v1/collections/{name}/items"
            server.client.post(path, files={"file": given}, data={"id": "a"}).raise_for_status()
        shutil.rmtree(tmp_path / "thumbnails")
        assert server.client.get("/v1/collections/mine/thumbnails/a").status_code == 200
        assert [path.read_bytes() for path in (tmp_path / "pictures").rglob("*") if path.is_file()] == [given]
        server.client.delete("/v1/collections/mine/items/a").raise_for_status()
        assert server.client.get("/v1/collections/yours/thumbnails/a").status_code == 200
        server.client.delete("/v1/collections/yours").raise_for_status()
        for folder in ("pictures", "thumbnails"):
            assert not [path for path in (tmp_path / folder).rglob("*") if path.is_file()]


def test_where_a_model_lies_is_told_to_nobody_but_the_owner(server: Running, job: dict[str, object]) -> None:
    assert "model_folder" not in server.client.get("/v1/collections/cats").json()
    assert "model_folder" not in server.client.get("/v1/collections").text


def test_a_server_names_the_collections_whose_model_it_does_not_serve(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with running(home=str(tmp_path), models=("other",)) as server:
        server.client.post("/v1/collections", json={"name": "cats"}).raise_for_status()
    assert "not served" not in caplog.text
    with running(home=str(tmp_path)):
        assert [one.fields for one in caplog.records if "not served" in one.message] == [
            {"collection": "cats", "model": "other"}
        ]


def test_a_text_has_no_thumbnail(server: Running) -> None:
    server.client.post("/v1/collections", json={"name": "words"}).raise_for_status()
    given = {"items": [{"id": "a", "text": "GIF89a"}]}
    server.client.post("/v1/collections/words/items", json=given).raise_for_status()
    answer = server.client.get("/v1/collections/words/thumbnails/a")
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "entry_gone")
