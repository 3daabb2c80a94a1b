"""What no HTTP library would send: refused in the one shape, before it costs anything."""

import contextlib
import json
import socket
import time
from collections.abc import Iterator

import httpx
import pytest

from sightline.web.protocol import BoundedHttp
from tests.e2e.serving import Running, running
from tests.e2e.test_limits import INSIDE

TEXT = b'{"text": "a"}'
HEAD = b"POST /embed/text HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
SIZED = HEAD + b"content-length: 13\r\n"


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with running(max_request_bytes=100_000, max_image_bytes=90_000) as made:
        yield made


def exchanged(server: Running, *pieces: bytes) -> bytes:
    """All that the server answers until it closes; pieces are sent for as long as it takes them."""
    host, port = server.url.removeprefix("http://").split(":")
    answer = b""
    with socket.create_connection((host, int(port)), timeout=10) as line:
        try:
            for piece in pieces:
                line.sendall(piece)
            while part := line.recv(65_536):
                answer += part
        except ConnectionError:
            pass
    return answer


def error_of(answer: bytes) -> dict[str, object]:
    head, _, body = answer.partition(b"\r\n\r\n")
    assert b"\r\nx-request-id: " in head
    assert b"\r\nconnection: close" in head
    assert not INSIDE.search(answer.decode("latin-1"))
    error: dict[str, object] = json.loads(body)["error"]
    assert set(error) == {"message", "type", "param", "code"}
    return error


@pytest.mark.parametrize(
    "sent",
    [
        b"\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03 a TLS client\r\n\r\n",
        b"BREW /embed/text HTTP/1.1\r\nhost: x\r\n\r\n",
        b"GET livez HTTP/1.1\r\nhost: x\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nhost: x\r\na b: c\r\n\r\n",
        b"GET /livez HTTP/1.1\r\nhost: x\r\na: \0\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        HEAD + b"content-length: -1\r\n\r\n" + TEXT,
        HEAD + b"content-length: 9" + b"9" * 30 + b"\r\n\r\n" + TEXT,
        SIZED + b"content-length: 14\r\n\r\n" + TEXT,
        SIZED + b"transfer-encoding: chunked\r\n\r\nd\r\n" + TEXT + b"\r\n0\r\n\r\n",
        HEAD + b"transfer-encoding: chunked\r\n\r\nzz\r\n" + TEXT,
    ],
)
def test_what_is_no_http_is_refused_in_the_one_shape(server: Running, sent: bytes) -> None:
    answer = exchanged(server, sent)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert error_of(answer)["code"] == "invalid_request"


@pytest.mark.parametrize(
    "pieces",
    [
        [b"GET /livez HTTP/1.1\r\nhost: x\r\n", *[b"a: " + b"b" * 64_000 + b"\r\n"] * 1000],
        [b"GET /livez HTTP/1.1\r\nhost: x\r\na: ", *[b"b" * 64_000] * 1000],
        [b"GET /livez HTTP/1.1\r\nhost: x\r\n", *[b"a: b\r\n" * 10_000] * 1000],
        [b"GET /", *[b"a" * 64_000] * 1000],
        [HEAD, b"transfer-encoding: chunked\r\n\r\nd;", *[b"a" * 64_000] * 1000],
    ],
)
def test_a_head_without_end_is_refused_soon(server: Running, pieces: list[bytes]) -> None:
    answer = exchanged(server, *pieces)
    # a closed connection that still gets bytes is reset, so the answer may be lost on its way
    if answer:
        assert answer.startswith(b"HTTP/1.1 4")
        error_of(answer)
    assert server.client.get("/readyz").status_code == 200


def test_a_client_whose_head_is_too_long_still_gets_its_answer(server: Running) -> None:
    """A connection closed on unread bytes is reset: a client that then reads its answer would fail."""
    answer = exchanged(
        server, b"GET /livez HTTP/1.1\r\nhost: x\r\n" + (b"a: " + b"b" * 60_000 + b"\r\n") * 12
    )
    assert answer.startswith(b"HTTP/1.1 431 ")
    assert error_of(answer)["code"] == "head_too_large"


def test_what_is_no_http_takes_the_request_before_it_along(
    server: Running, caplog: pytest.LogCaptureFixture
) -> None:
    answer = exchanged(server, SIZED + b"\r\n" + TEXT + b"\0 no HTTP")
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert answer.count(b"HTTP/1.1 ") == 1 + answer.count(b"no HTTP/1.1 that can be read")
    assert not [record for record in caplog.records if record.levelname == "ERROR"]


def test_a_long_head_that_ends_is_read(server: Running) -> None:
    headers = {f"x-{number}": "y" * 1000 for number in range(50)}
    assert server.client.get("/livez", headers=headers).status_code == 200


def test_large_bodies_in_many_pieces_are_no_heads(server: Running) -> None:
    pieces = [b"d\r\n" + TEXT + b"\r\n", *[b"1\r\n \r\n" * 5_000] * 15, b"0\r\n\r\n"]
    answer = exchanged(server, HEAD, b"transfer-encoding: chunked\r\nconnection: close\r\n\r\n", *pieces)
    assert answer.startswith(b"HTTP/1.1 200")


def test_a_length_of_thousands_of_digits_is_a_number_like_any(server: Running) -> None:
    zeros = exchanged(
        server, HEAD + b"connection: close\r\ncontent-length: " + b"0" * 5000 + b"13\r\n\r\n" + TEXT
    )
    assert zeros.startswith(b"HTTP/1.1 200")


def test_pipelined_requests_are_answered_in_order(server: Running) -> None:
    last = SIZED + b"connection: close\r\n\r\n" + TEXT
    answer = exchanged(
        server, (SIZED + b"\r\n" + TEXT) * 2 + b"GET /livez HTTP/1.1\r\nhost: x\r\n\r\n" + last
    )
    assert answer.count(b"HTTP/1.1 200") == 4


@pytest.mark.parametrize(
    "path", ["/", "/livez", "/readyz", "/health", "/healthz", "/api/ai/health", "/v1/models"]
)
def test_head_is_answered_wherever_get_is(server: Running, path: str) -> None:
    """Health checks of containers and load balancers ask with it: `wget --spider`."""
    answer = server.client.head(path)
    assert answer.status_code == 200
    assert not answer.content
    assert int(answer.headers["content-length"]) == len(server.client.get(path).content)


def test_head_of_a_posts_address_is_refused(server: Running) -> None:
    assert server.client.head("/embed/text").status_code == 405


class Hasty(BoundedHttp):
    """As the server's, with less patience, so that a test need not wait."""

    head_s = 0.4
    body_s = 0.4
    min_bytes_per_s = 100


@pytest.fixture(scope="module")
def hasty() -> Iterator[Running]:
    with running(http=Hasty) as made:
        yield made


@pytest.mark.parametrize("sent", [b"GET /livez HT", HEAD, SIZED + b"\r\n", SIZED + b"\r\n" + TEXT[:5]])
def test_a_request_that_stops_coming_is_ended(hasty: Running, sent: bytes) -> None:
    """Without an end to its patience a server is held by whoever opens enough connections."""
    started = time.monotonic()
    assert error_of(exchanged(hasty, sent))["code"] == "request_too_slow"
    assert time.monotonic() - started < 5


def test_a_byte_now_and_then_does_not_keep_a_head_coming(hasty: Running) -> None:
    host, port = hasty.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as line:
        line.sendall(b"GET /livez HTTP/1.1\r\n")
        answer = b""
        for _ in range(40):
            try:
                line.sendall(b"a")
            except ConnectionError:
                break
            time.sleep(0.05)
        with contextlib.suppress(ConnectionError):
            answer = line.recv(65_536)
    assert answer == b"" or error_of(answer)["code"] == "request_too_slow"


def test_a_connection_that_says_nothing_is_closed_without_a_word(hasty: Running) -> None:
    assert exchanged(hasty) == b""


def test_a_large_body_may_take_longer_than_a_stalled_one(hasty: Running) -> None:
    """At 100 bytes/s the 200 that came first earn two seconds more."""
    text = b'{"text": "' + b"a" * 300 + b'"}'
    head = HEAD + b"content-length: %d\r\nconnection: close\r\n\r\n" % len(text)
    host, port = hasty.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=10) as line:
        line.sendall(head + text[:200])
        time.sleep(0.9)
        line.sendall(text[200:])
        assert line.recv(65_536).startswith(b"HTTP/1.1 200")


def test_a_slow_answer_is_not_taken_for_a_slow_request(hasty: Running) -> None:
    with httpx.Client(base_url=hasty.url) as client:
        for _ in range(3):
            assert client.post("/embed/text", json={"text": "a"}).status_code == 200
            time.sleep(0.6)  # idle between requests: that is what keep-alive is for
