"""The guarded fetch against servers on loopback: whom it asks, and whom it never does."""

import socket
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pytest

from sightline.domain.errors import (
    UnreachableUrlError,
    UrlAnswerError,
    UrlTooSlowError,
)
from sightline.sources.addresses import Address, parsed_address
from sightline.sources.guard import Guard
from sightline.sources.urls import RefusedUrlError
from sightline.sources.web import UNREACHABLE, WebFetcher
from tests.fetching import INSIDE, OUTSIDE, TLS, TRUSTING, fetcher
from tests.origins import Origin, answer, origin, raw, redirect, says
from tests.vectors import vectors


def test_the_bytes_behind_a_url_are_read() -> None:
    with origin(says(answer(b"picture"))) as server:
        assert fetcher().read(f"http://shop.test:{server.port}/a%20b?c#d") == b"picture"
    head = server.heads[0]
    assert head.startswith("GET /a%20b?c HTTP/1.1\r\n")
    assert f"\r\nHost: shop.test:{server.port}\r\n" in head
    assert "\r\nAccept-Encoding: identity\r\n" in head
    assert "\r\nConnection: close\r\n" in head
    assert not any(word in head.lower() for word in ("cookie", "authorization", "referer"))


def test_content_without_a_length_and_in_chunks_is_read() -> None:
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\npict\r\n3\r\nure\r\n0\r\n\r\n"
    for reply in (chunked, b"HTTP/1.1 200 OK\r\n\r\npicture", b"HTTP/1.0 200 OK\r\n\r\npicture"):
        with raw(reply) as server:
            assert fetcher().read(f"http://shop.test:{server.port}/") == b"picture"


@pytest.mark.parametrize("vector", [v for v in vectors() if "{port}" in v.url and v.verdict != "public"])
def test_no_odd_url_reaches_a_sink(vector, sinks) -> None:
    with pytest.raises(UnreachableUrlError):
        WebFetcher(Guard("public"), tls=TRUSTING).read(vector.at(sinks[0].port))
    assert [sink.connections for sink in sinks] == [0, 0, 0]


@pytest.fixture(scope="module")
def sinks() -> Iterator[list[Origin]]:
    """On one port of two addresses of IPv4's loopback, and of IPv6's."""
    with (
        origin(says(answer())) as first,
        origin(says(answer()), "127.0.0.2", first.port) as second,
        origin(says(answer()), "::1", first.port) as third,
    ):
        yield [first, second, third]


def test_the_sinks_do_see_who_comes(sinks) -> None:
    with origin(says(answer())) as sink:
        fetcher().read(f"http://shop.test:{sink.port}/")
        assert sink.connections == 1


def test_no_proxy_of_the_environment_is_asked(monkeypatch) -> None:
    with origin(says(answer(b"proxy"))) as proxy, origin(says(answer(b"picture"))) as server:
        for name in ("HTTP_PROXY", "http_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, f"http://{OUTSIDE}:{proxy.port}")
        assert fetcher().read(f"http://shop.test:{server.port}/") == b"picture"
    assert proxy.connections == 0


# redirects


@pytest.mark.parametrize("status", ["301 a", "302 a", "303 a", "307 a", "308 a"])
def test_three_redirects_are_followed(status: str) -> None:
    script = says(*[redirect(f"/{n}", status) for n in range(3)], answer(b"picture"))
    with origin(script) as server:
        assert fetcher().read(f"http://shop.test:{server.port}/") == b"picture"
    assert [head.split(" ")[1] for head in server.heads] == ["/", "/0", "/1", "/2"]


def test_a_loop_of_redirects_ends() -> None:
    with origin(says(redirect("/"))) as server, pytest.raises(UrlAnswerError, match="more than 3 times"):
        fetcher().read(f"http://shop.test:{server.port}/")
    assert server.connections == 4


@pytest.mark.parametrize(
    "to",
    ["http://127.0.0.2:{port}/", "//127.0.0.2:{port}/", "http://0x7f000002:{port}/", "http://2130706434:{port}/",
     "http://[::ffff:127.0.0.2]:{port}/", "http://inside.test:{port}/", "http://a@inside.test:{port}/",
     "http://shop.test\\@127.0.0.2:{port}/", "\\\\127.0.0.2:{port}/", "http:\\\\127.0.0.2:{port}/",
     "gopher://127.0.0.2:{port}/", "file:///etc/passwd", "ftp://127.0.0.2:{port}/", "javascript:1"],
)  # fmt: skip
def test_a_redirect_inside_is_not_followed(to: str) -> None:
    def resolve(host: str, _: float) -> Sequence[Address]:
        return [parsed_address(INSIDE if host == "inside.test" else OUTSIDE)]

    with origin(says(answer(b"secret")), INSIDE) as sink:
        script = says(redirect(to.replace("{port}", str(sink.port))))
        with origin(script) as server, pytest.raises(UnreachableUrlError):
            fetcher(resolve).read(f"http://shop.test:{server.port}/")
        assert (server.connections, sink.connections) == (1, 0)


@pytest.mark.parametrize("lines", [[], ["Location: /a", "Location: /b"]])
def test_a_redirect_that_leads_nowhere_is_told(lines: list[str]) -> None:
    script = says(answer(b"", *lines, status="302 Found"))
    with origin(script) as server, pytest.raises(UrlAnswerError, match="without saying"):
        fetcher().read(f"http://shop.test:{server.port}/")


# rebinding


def test_a_name_that_changes_between_two_looks_never_leads_inside() -> None:
    """A resolver answers publicly first, and then with loopback, and so on, a thousand times."""
    looks: list[str] = []

    def rebinding(_: str, __: float) -> Sequence[Address]:
        looks.append(OUTSIDE if len(looks) % 2 == 0 else INSIDE)
        return [parsed_address(looks[-1])]

    ended = {"read": 0, "refused": 0}
    with origin(says(answer())) as server, origin(says(answer()), INSIDE, server.port) as sink:
        reader = fetcher(rebinding)
        for _ in range(1000):
            try:
                reader.read(f"http://rebinding.test:{server.port}/")
                ended["read"] += 1
            except UnreachableUrlError:
                ended["refused"] += 1
        assert (server.connections, sink.connections) == (500, 0)
    assert ended == {"read": 500, "refused": 500}
    assert len(looks) == 1000, "one look for each connection"


@pytest.mark.parametrize(
    "answers", [[OUTSIDE, INSIDE], [INSIDE, OUTSIDE], [OUTSIDE, "::1"], [OUTSIDE, "10.0.0.1"]]
)
def test_one_address_inside_among_several_refuses_the_name(answers: list[str]) -> None:
    with origin(says(answer())) as server, origin(says(answer()), INSIDE, server.port) as sink:
        with pytest.raises(UnreachableUrlError):
            fetcher(lambda *_: [parsed_address(a) for a in answers]).read(f"http://shop.test:{server.port}/")
        assert (server.connections, sink.connections) == (0, 0)


def test_each_hop_looks_its_name_up_anew() -> None:
    looks = iter([OUTSIDE, INSIDE])
    with (
        origin(says(redirect("/again"), answer())) as server,
        origin(says(answer()), INSIDE, server.port) as sink,
    ):
        with pytest.raises(UnreachableUrlError):
            fetcher(lambda *_: [parsed_address(next(looks))]).read(f"http://shop.test:{server.port}/")
        assert (server.connections, sink.connections) == (1, 0)


# blocked, unresolvable and unreachable


def test_what_is_blocked_and_what_is_not_there_look_the_same() -> None:
    def resolve(host: str, _: float) -> Sequence[Address]:
        if host == "nothing.test":
            raise RefusedUrlError("no such name")
        return [parsed_address(OUTSIDE)]

    with socket.create_server((OUTSIDE, 0)) as closed:
        port = closed.getsockname()[1]
    reader = fetcher(resolve)
    urls = ["http://127.0.0.2/", "http://10.0.0.1/", "http://nothing.test/", f"http://shop.test:{port}/",
            "http://0x7f.1/", "ftp://shop.test/", "http://u:p@shop.test/",
            f"https://shop.test:{port}/"]  # fmt: skip
    for url in urls:
        with pytest.raises(UnreachableUrlError) as caught:
            reader.read(url)
        assert (type(caught.value), str(caught.value)) == (UnreachableUrlError, UNREACHABLE)


def test_the_log_tells_the_reason_and_no_key(caplog) -> None:
    caplog.set_level("INFO")
    with pytest.raises(UnreachableUrlError):
        fetcher().read("http://10.0.0.1/a?signature=secret")
    [record] = caplog.records
    assert "private" in str(record.fields["reason"])
    assert record.fields["host"] == "10.0.0.1"
    assert "secret" not in str(record.fields)


# TLS


@contextmanager
def secure(body: bytes) -> Iterator[Origin]:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(TLS / "certificate.pem", TLS / "key.pem")
    made = Origin(0)
    with socket.create_server((OUTSIDE, 0)) as listening:
        made.port = listening.getsockname()[1]

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                made.connections += 1
                try:
                    with connection, context.wrap_socket(connection, server_side=True) as wrapped:
                        made.heads.append(wrapped.recv(4096).decode())
                        wrapped.sendall(answer(body))
                except OSError:
                    continue

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield made
        listening.shutdown(socket.SHUT_RDWR)
    thread.join(5)


def test_tls_is_verified_against_the_name_while_the_checked_address_is_asked() -> None:
    with secure(b"picture") as server:
        assert fetcher().read(f"https://pictures.test:{server.port}/") == b"picture"
        for reader, host in (
            (fetcher(), "other.test"),
            (fetcher(), OUTSIDE),
            (fetcher(tls=None), "pictures.test"),
        ):
            with pytest.raises(UnreachableUrlError):
                reader.read(f"https://{host}:{server.port}/")
        assert len(server.heads) == 1, "nothing is asked of whoever cannot prove who it is"


def test_a_server_that_never_finishes_its_handshake_is_left() -> None:
    started = time.monotonic()
    with origin(lambda *_: time.sleep(2)) as server, pytest.raises((UnreachableUrlError, UrlTooSlowError)):
        fetcher(timeout_s=0.4).read(f"https://pictures.test:{server.port}/")
    assert time.monotonic() - started < 1.0
