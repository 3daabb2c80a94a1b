"""A store that does not answer takes its own requests along, and nothing else."""

import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import httpx

from sightline.bootstrap.library import open_library
from sightline.environment import read_settings
from sightline.services.served import ServedModels
from sightline.services.workshop import Workshop
from sightline.web.serve import served_in_background
from sightline.web.threads import OF_ONE
from tests.e2e.serving import running
from tests.fakes import fake_model
from tests.hanging import HangingStore
from tests.waiting import wait_until

MANY = 50  # more than there are threads by default
SOON_S = 2.0


def fill(client: httpx.Client, *names: str) -> None:
    for name in names:
        client.post("/v1/collections", json={"name": name}).raise_for_status()
        item = {"items": [{"id": "a", "text": "a"}]}
        client.post(f"/v1/collections/{name}/items", json=item).raise_for_status()


def test_searches_that_hang_leave_threads_for_probes_vectors_and_other_collections(tmp_path: Path) -> None:
    store = HangingStore("stuck")
    with running(home=str(tmp_path), stores=lambda *_: store) as server, ThreadPoolExecutor(MANY) as pool:
        fill(server.client, "stuck", "fine")

        def search(_: int) -> int:
            headers = {"x-timeout-ms": "3000"}
            path = f"{server.url}/v1/collections/stuck/search"
            return httpx.post(path, json={"text": "a"}, headers=headers, timeout=20).status_code

        searches = [pool.submit(search, number) for number in range(MANY)]
        assert store.is_asked.wait(10)
        began = time.monotonic()
        for path in ("/livez", "/v1/collections/stuck/items", "/v1/collections/fine", "/v1/jobs"):
            assert server.client.get(path).status_code == 200, path
        assert server.client.post("/v1/embeddings", json={"input": "a"}).status_code == 200
        assert server.client.post("/v1/collections/fine/search", json={"text": "a"}).json()["hits"]
        assert time.monotonic() - began < SOON_S
        answers = Counter(one.result() for one in searches)
        assert answers == {504: OF_ONE, 429: MANY - OF_ONE}
        store.may_go_on.set()
        assert server.client.post("/v1/collections/stuck/search", json={"text": "a"}).json()["hits"]


def test_who_waits_for_a_hanging_view_keeps_out_nobody_who_does_not(tmp_path: Path) -> None:
    store = HangingStore("stuck", frozenset({"apply"}))
    with running(home=str(tmp_path), stores=lambda *_: store) as server, ThreadPoolExecutor(MANY) as pool:
        server.client.post("/v1/collections", json={"name": "stuck"}).raise_for_status()
        items = f"{server.url}/v1/collections/stuck/items"

        def put(number: int) -> int:
            item = {"items": [{"id": str(number), "text": "a"}]}
            return httpx.post(items, json=item, headers={"x-timeout-ms": "3000"}, timeout=20).status_code

        puts = [pool.submit(put, number) for number in range(MANY)]
        assert store.is_asked.wait(10)
        wait_until(lambda: len(server.client.get(items).json()["items"]) == MANY)
        assert not any(one.done() for one in puts)
        one = {"items": [{"id": "mine", "text": "a"}], "wait": False}
        assert server.client.post(items, json=one).status_code == 200
        store.may_go_on.set()
        assert {one.result() for one in puts} <= {200, 429}


def test_a_server_ends_soon_though_its_store_never_answers(tmp_path: Path) -> None:
    store = HangingStore("stuck", frozenset({"nearest", "close"}))
    settings = read_settings({}, {"models": ("fake",), "port": 0, "home": str(tmp_path), "drain_ms": 0})
    served = ServedModels(settings.models, loader=fake_model, workshop=Workshop(threads=2))
    library = open_library(settings, served, stores=lambda *_: store)
    with ThreadPoolExecutor(1) as pool:
        with served_in_background(settings, served, library) as background:
            with httpx.Client(base_url=background.address, timeout=30) as client:
                while client.get("/readyz").status_code != 200:
                    time.sleep(0.01)
                fill(client, "stuck")
            path = f"{background.address}/v1/collections/stuck/search"
            asked = pool.submit(httpx.post, path, json={"text": "a"}, timeout=30)
            assert store.is_asked.wait(10)
            began = time.monotonic()
        assert time.monotonic() - began < 10
        assert asked.result().status_code == 503
    left = [one for one in threading.enumerate() if one.name in ("library", "close")]
    assert left
    assert all(one.daemon for one in left)  # they hold no process up either
    store.may_go_on.set()
