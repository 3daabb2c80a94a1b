"""Pictures by their URL, on every route that takes one: read, refused, bounded, and in time."""

import base64
import statistics
import time
from collections.abc import Iterator

import httpx
import pytest

from sightline.bootstrap import make_fetcher
from sightline.environment import read_settings
from tests.e2e.serving import Running, running
from tests.fakes import DIM, encoded, fake_model, png
from tests.fetching import INSIDE, fetcher
from tests.origins import Origin, answer, origin, redirect
from tests.waiting import wait_until

PICTURE = png(3)
VECTOR = fake_model().embed_images([PICTURE])[0].tolist()


@pytest.fixture(scope="module")
def shop() -> Iterator[Origin]:
    """A web server with a picture, and other things."""

    def script(connection, path) -> None:
        if path.startswith("/slow"):
            time.sleep(1.0)
        pages = {
            "/text": answer(b"root:x:0:0:"),
            "/gone": answer(b"secret", status="404 Not Found"),
            "/large": answer(b"x" * 100_001),
            "/inside": redirect(f"http://{INSIDE}/"),
            "/bmp": answer(encoded(1, (150, 200), "BMP")),
        }
        connection.sendall(pages.get(path, answer(PICTURE)))

    with origin(script) as made:
        yield made


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with running(fetcher=fetcher(), max_request_bytes=150_000, max_image_bytes=100_000) as made:
        yield made


def url(shop: Origin, path: str = "/a.png") -> str:
    return f"http://shop.test:{shop.port}{path}"


def embed(server: Running, *items: object, **more: object):
    return server.client.post("/v1/embeddings", json={"input": [{"image": item} for item in items], **more})


def refusal(answer) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def test_every_route_that_takes_a_picture_in_json_takes_its_url(server: Running, shop: Origin) -> None:
    near, post = pytest.approx(VECTOR, abs=1e-6), server.client.post
    assert post("/api/ai/embed", json={"image_url": url(shop)}).json() == {
        "embedding": near,
        "dimension": DIM,
    }
    assert post("/embed/image", json={"image": url(shop)}).json()["embedding"] == near
    assert post("/embed-image", json={"image": url(shop)}).json()["embedding"] == near
    part = {"type": "image_url", "image_url": {"url": url(shop)}}
    for body in (
        {"input": [part]},
        {"input": [{"image": url(shop)}]},
        {"input": [url(shop)], "modality": "image"},
        {"messages": [{"role": "user", "content": [part]}]},
    ):
        assert post("/v1/embeddings", json=body).json()["data"][0]["embedding"] == near


def test_a_picture_has_one_vector_however_it_comes(server: Running, shop: Origin) -> None:
    as_base64 = base64.b64encode(PICTURE).decode()
    data = embed(server, url(shop), as_base64, url(shop)).json()["data"]
    assert data[0]["embedding"] == data[1]["embedding"] == data[2]["embedding"]
    upload = server.client.post("/embed-image", files={"file": PICTURE}).json()
    assert upload["embedding"] == data[0]["embedding"]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/gone", 400, "url_bad_answer"),
        ("/large", 413, "image_too_many_bytes"),
        ("/inside", 400, "unreachable_url"),
        ("/text", 415, "unsupported_format"),
    ],
)
def test_what_is_no_picture_is_told_and_its_content_is_not(server, shop, path, status, code) -> None:
    for made in (
        embed(server, url(shop, path)),
        server.client.post("/embed-image", json={"image": url(shop, path)}),
    ):
        assert refusal(made) == (status, code)
        assert "secret" not in made.text
        assert "root" not in made.text


def test_a_bad_url_among_good_ones_fails_alone_where_that_is_wanted(server: Running, shop: Origin) -> None:
    items = [url(shop), "http://10.0.0.1/", url(shop, "/gone"), url(shop)]
    data = embed(server, *items, on_error="item").json()["data"]
    assert [item.get("error", {}).get("code") for item in data] == [
        None,
        "unreachable_url",
        "url_bad_answer",
        None,
    ]
    whole = embed(server, *items)
    assert refusal(whole) == (400, "unreachable_url")
    assert "item 1 of 4" in whole.json()["error"]["message"]


def test_blocked_and_unreachable_differ_in_nothing_not_even_in_time(server: Running) -> None:
    told, times = set(), {}
    for address in ("http://10.0.0.1/", "http://127.0.0.2/", "http://shop.test:9/", "http://0x7f.1/"):
        taken = []
        for _ in range(5):
            started = time.monotonic()
            made = server.client.post("/api/ai/embed", json={"image_url": address})
            taken.append(time.monotonic() - started)
            told.add((made.status_code, made.text))
        times[address] = statistics.median(taken)
    assert len(told) == 1
    assert max(times.values()) - min(times.values()) < 0.1, "a full step would be 0.25 s"
    assert min(times.values()) >= 0.25


def test_the_pictures_of_one_request_have_a_limit_together(server: Running, shop: Origin) -> None:
    assert embed(server, url(shop, "/bmp")).status_code == 200  # 90,054 bytes
    assert refusal(embed(server, url(shop, "/bmp"), url(shop, "/bmp"))) == (413, "request_too_large")
    assert refusal(embed(server, url(shop, "/bmp"), url(shop, "/bmp"), on_error="item")) == (
        413,
        "request_too_large",
    )
    assert embed(server, url(shop, "/bmp")).status_code == 200, "what was held is given back"


def test_reading_counts_to_the_time_of_the_request(server: Running, shop: Origin) -> None:
    started = time.monotonic()
    made = server.client.post(
        "/api/ai/embed", json={"image_url": url(shop, "/slow")}, headers={"x-timeout-ms": "300"}
    )
    assert refusal(made) == (400, "url_too_slow")
    assert time.monotonic() - started < 0.9


def test_urls_are_read_beside_each_other_and_hold_nobody_up(server: Running, shop: Origin) -> None:
    started = time.monotonic()
    assert embed(server, *[url(shop, f"/slow{n}") for n in range(6)]).status_code == 200
    assert time.monotonic() - started < 2.5


def test_the_time_of_reading_is_a_stage_of_its_own(server: Running, shop: Origin) -> None:
    embed(server, url(shop))
    assert (
        'sightline_stage_seconds_count{lane="",model="",stage="fetch",tower=""}'
        in server.client.get("/metrics").text
    )


def test_a_client_that_leaves_takes_its_request_along(shop: Origin) -> None:
    with running(fetcher=fetcher()) as server:
        body = {"input": [{"image": url(shop, "/slow")}]}
        with pytest.raises(httpx.ReadTimeout):
            server.client.post("/v1/embeddings", json=body, timeout=0.2)
        wait_until(lambda: server.served.workshop.admission.held == 0)
        assert embed(server, url(shop)).status_code == 200


def test_urls_are_refused_where_nothing_reads_them(shop: Origin) -> None:
    with running() as server:
        before = shop.connections
        for made in (
            embed(server, url(shop)),
            server.client.post("/api/ai/embed", json={"image_url": url(shop)}),
        ):
            assert refusal(made) == (400, "url_fetch_off")
        assert shop.connections == before


def test_the_settings_of_a_server_decide_what_it_reads(shop: Origin) -> None:
    chosen = {"fetch_mode": "allowlist", "fetch_hosts": (f"127.0.0.1:{shop.port}",)}
    with running(fetcher=make_fetcher(read_settings({}, chosen)), **chosen) as server:
        assert embed(server, f"http://127.0.0.1:{shop.port}/").status_code == 200
        assert refusal(embed(server, f"http://127.0.0.2:{shop.port}/")) == (400, "unreachable_url")
