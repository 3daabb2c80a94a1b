"""What no request may do: come without a key, be too large, be malformed, or learn what is inside."""

import re
import socket
from collections.abc import Iterator

import httpx
import pytest

from tests.e2e.serving import Running, running
from tests.fakes import png

KEY = "a-key-of-some-length"
CAP = 100_000
INSIDE = re.compile(r"0x[0-9a-f]{6,}|/(home|usr|app|tmp|proc|work)/|Traceback|PIL|BytesIO|\.py")


@pytest.fixture(scope="module")
def server() -> Iterator[Running]:
    with running(max_request_bytes=CAP, max_image_bytes=CAP - 1000) as made:
        yield made


@pytest.fixture(scope="module")
def locked() -> Iterator[Running]:
    with running(api_key=KEY, max_request_bytes=CAP, max_image_bytes=CAP - 1000) as made:
        yield made


def refused(answer: httpx.Response, status: int, code: str) -> None:
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert set(error) == {"message", "type", "param", "code"}
    assert error["code"] == code
    assert not INSIDE.search(answer.text)
    assert answer.headers["x-request-id"]


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer wrong",
        f"Bearer {KEY}x",
        f"Bearer {KEY[:-1]}",
        f"Basic {KEY}",
        KEY,
        "Bearer \xff",
    ],
)
def test_without_the_right_key_nothing_is_told(locked: Running, header: str | None) -> None:
    headers = {} if header is None else {"authorization": header.encode("latin-1")}
    for path in ("/embed-image", "/v1/embeddings", "/nothing-here"):
        answer = locked.client.post(path, content=b"not even JSON", headers=headers)
        refused(answer, 401, "unauthorized")
        assert answer.headers["www-authenticate"] == "Bearer"
    refused(locked.client.get("/v1/models", headers=headers), 401, "unauthorized")


def test_with_the_key_everything_works_and_probes_need_none(locked: Running) -> None:
    headers = {"authorization": f"Bearer {KEY}"}
    assert locked.client.post("/embed-image", files={"file": png()}, headers=headers).status_code == 200
    headers = {"authorization": f"bearer {KEY}"}
    assert locked.client.get("/v1/models", headers=headers).status_code == 200
    for probe in ("/livez", "/readyz", "/health", "/healthz", "/api/ai/health"):
        assert locked.client.get(probe).status_code == 200


def sent_before_close(server: Running, head: str, piece: bytes, limit: int) -> tuple[int, bytes]:
    """Send a body without end until the server closes; how much it took, and what it answered."""
    host, port = server.url.removeprefix("http://").split(":")
    sent, answer = 0, b""
    with socket.create_connection((host, int(port)), timeout=10) as line:
        try:
            line.sendall(head.encode())
            while sent < limit:
                line.sendall(piece)
                sent += len(piece)
        except OSError:
            pass
        try:
            while part := line.recv(65536):
                answer += part
        except OSError:
            pass
    return sent, answer


HEAD = "POST /embed-image HTTP/1.1\r\nhost: x\r\ncontent-type: image/png\r\n"


def test_a_body_without_end_is_cut_off_soon_after_the_limit(server: Running) -> None:
    piece = b"%x\r\n%s\r\n" % (50_000, bytes(50_000))
    sent, answer = sent_before_close(server, f"{HEAD}transfer-encoding: chunked\r\n\r\n", piece, 500_000_000)
    # the server reads 1 MB past the limit; the rest are buffers of the two sockets
    assert sent < CAP + 20_000_000
    assert answer.startswith(b"HTTP/1.1 413")
    assert b"request_too_large" in answer


def test_a_length_above_the_limit_is_refused_before_the_body(server: Running) -> None:
    _, answer = sent_before_close(server, f"{HEAD}content-length: 1000000000000\r\n\r\n", b"", 0)
    assert answer.startswith(b"HTTP/1.1 413")


def test_a_strangers_body_is_not_read(locked: Running) -> None:
    head = f"{HEAD}content-length: 400000000\r\n\r\n"
    sent, answer = sent_before_close(locked, head, bytes(65_536), 400_000_000)
    assert answer.startswith(b"HTTP/1.1 401")
    assert sent < 20_000_000


@pytest.mark.parametrize("extra", [1, 200_000, 900_000])
def test_a_client_that_sends_a_little_too_much_still_gets_its_answer(server: Running, extra: int) -> None:
    """A connection closed on unread bytes is reset: a client that then reads its answer would fail."""
    host, port = server.url.removeprefix("http://").split(":")
    head = f"{HEAD}content-length: {CAP + extra}\r\n\r\n"
    with socket.create_connection((host, int(port)), timeout=10) as line:
        line.sendall(head.encode() + bytes(CAP + extra))
        answer = b"".join(iter(lambda: line.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 413")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nope", 404, "not_found"),
        ("GET", "/embed-image", 405, "method_not_allowed"),
        ("DELETE", "/v1/embeddings", 405, "method_not_allowed"),
        ("GET", "/v1/models/nope", 404, "model_not_found"),
        ("GET", "/v1/models/%00%0d%0aset-cookie:x", 404, "not_found"),
        ("GET", "/v1/models/" + "x" * 5000, 404, "model_not_found"),
    ],
)
def test_wrong_addresses_have_the_same_shape(
    server: Running, method: str, path: str, status: int, code: str
) -> None:
    refused(server.client.request(method, path), status, code)


def test_the_request_id_is_the_clients_where_it_is_sane(server: Running) -> None:
    def id_of(given: bytes) -> str:
        return server.client.get("/livez", headers={"x-request-id": given}).headers["x-request-id"]

    assert id_of(b"job-42.a_b") == "job-42.a_b"
    for odd in (b"a b", b"", b"x" * 65, b"\xff", b"<script>"):
        assert re.fullmatch(r"[0-9a-f]{16}", id_of(odd))
