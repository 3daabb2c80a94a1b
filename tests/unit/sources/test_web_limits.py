"""The guarded fetch against servers that misbehave: what it takes from them, for how long, and how often."""

import contextlib
import random
import socket
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import partial

import pytest

from sightline.domain.errors import (
    ImageBytesError,
    OverloadedError,
    UnreachableUrlError,
    UrlAnswerError,
    UrlTooSlowError,
)
from sightline.sources.connector import OVERHEAD_BYTES, Connector
from sightline.sources.turns import Clock, Turns
from tests.fetching import CAP, fetcher, guard
from tests.origins import Script, answer, origin, raw, redirect, says
from tests.waiting import wait_until

# answers that are no picture


@pytest.mark.parametrize(
    "status", ["204 a", "206 a", "304 a", "401 a", "403 a", "404 a", "410 a", "500 a", "502 a"]
)
def test_an_answer_other_than_200_is_told_and_not_asked_again(status: str) -> None:
    body = b"" if status[:3] in ("204", "304") else b"secret"
    with origin(says(answer(body, status=status))) as server:
        with pytest.raises(UrlAnswerError, match=status[:3]) as caught:
            fetcher().read(f"http://shop.test:{server.port}/")
        assert server.connections == 1
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "encoding", ["gzip", "br", "deflate", "zstd", "x-gzip", "identity, gzip", "GZIP", "foo"]
)
def test_packed_content_is_refused_unread(encoding: str) -> None:
    script = says(answer(b"\x1f\x8b" + b"\0" * 100, f"Content-Encoding: {encoding}"))
    with origin(script) as server, pytest.raises(UrlAnswerError, match="packed"):
        fetcher().read(f"http://shop.test:{server.port}/")


def test_content_called_identical_is_read() -> None:
    with origin(says(answer(b"picture", "Content-Encoding: identity"))) as server:
        assert fetcher().read(f"http://shop.test:{server.port}/") == b"picture"


# bytes


def test_a_picture_may_have_as_many_bytes_as_the_limit_and_no_more() -> None:
    with origin(says(answer(b"x" * CAP))) as server:
        assert len(fetcher().read(f"http://shop.test:{server.port}/")) == CAP
    for reply in (
        answer(b"x" * (CAP + 1)),
        b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * (CAP + 1),
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n" % (CAP + 1) + b"x" * (CAP + 1),
    ):
        with raw(reply) as server, pytest.raises(ImageBytesError, match=f"{CAP} bytes"):
            fetcher().read(f"http://shop.test:{server.port}/")


@pytest.mark.parametrize("length", ["1000000000000", "9" * 400])
def test_a_length_beyond_the_limit_is_refused_before_the_content(length: str) -> None:
    head = f"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n".encode()
    with raw(head) as server, pytest.raises((ImageBytesError, UnreachableUrlError)):
        fetcher().read(f"http://shop.test:{server.port}/")


@pytest.mark.parametrize(
    "head",
    [b"HTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n",
     b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"],
)  # fmt: skip
def test_an_endless_answer_is_refused_at_the_limit(head: bytes) -> None:
    with raw(head, b"1\r\nx\r\n" * 2000, for_ever=True) as server, pytest.raises(ImageBytesError):
        fetcher().read(f"http://shop.test:{server.port}/")


@pytest.mark.parametrize(
    "piece", [b"X-A: " + b"b" * 1000 + b"\r\n", b"b" * 4096, b"HTTP/1.1 100 Continue\r\n\r\n" * 100]
)
def test_a_flood_of_headers_ends(piece: bytes) -> None:
    start = b"" if piece.startswith(b"HTTP") else b"HTTP/1.1 200 OK\r\n"
    failures = (ImageBytesError, UnreachableUrlError)
    with raw(start, piece, for_ever=True) as server, pytest.raises(failures):
        fetcher().read(f"http://shop.test:{server.port}/")


def test_no_more_than_a_picture_and_its_head_are_read_off_a_connection() -> None:
    count = 0
    with raw(b"x" * 4096, for_ever=True) as server:
        stream = Connector(guard(), Clock(5, None), CAP).connect_tcp("shop.test", server.port)
        stream.write(b"GET / HTTP/1.1\r\n\r\n")
        with contextlib.suppress(ImageBytesError), contextlib.closing(stream):
            while count <= 2 * CAP + OVERHEAD_BYTES:
                count += len(stream.read(65_536))
    assert CAP < count <= CAP + OVERHEAD_BYTES


# time


@pytest.mark.parametrize(
    "pieces",
    [[b"H"], [b"HTTP/1.1 200 OK\r\nContent-Length: 99999\r\n\r\n", b"x"], [b"HTTP/1.1 200 OK\r\n\r\n", b"x"],
     [b"HTTP/1.1 200 OK\r\n", b"A: b\r\n"], [b"HTTP/1.1 100 Continue\r\n\r\n"]],
)  # fmt: skip
def test_a_server_that_drips_is_left_when_the_time_is_over(pieces: list[bytes]) -> None:
    started = time.monotonic()
    with raw(*pieces, pause_s=0.02, for_ever=True) as server, pytest.raises(UrlTooSlowError, match=r"0\.5 s"):
        fetcher(timeout_s=0.5).read(f"http://shop.test:{server.port}/")
    assert 0.4 < time.monotonic() - started < 1.0


def test_a_server_that_says_nothing_is_left_when_the_callers_time_is_over() -> None:
    started = time.monotonic()
    with raw(pause_s=0) as _, origin(lambda *_: time.sleep(2)) as server, pytest.raises(UrlTooSlowError):
        fetcher(timeout_s=10).read(f"http://shop.test:{server.port}/", within_s=0.3)
    assert time.monotonic() - started < 1.0


def test_slow_hops_share_one_time() -> None:
    def script(connection: socket.socket, _: str) -> None:
        time.sleep(0.25)
        connection.sendall(redirect("/"))

    started = time.monotonic()
    with origin(script) as server, pytest.raises(UrlTooSlowError):
        fetcher(timeout_s=0.6).read(f"http://shop.test:{server.port}/")
    assert time.monotonic() - started < 0.9


# tries


def test_too_many_requests_is_asked_again_when_the_server_says() -> None:
    pauses: list[float] = []
    then = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
    script = says(
        answer(b"", "Retry-After: 1", status="429 a"),
        answer(b"", f"Retry-After: {then}", status="503 a"),
        answer(b"picture"),
    )
    with origin(script) as server:
        assert fetcher(pauses=pauses).read(f"http://shop.test:{server.port}/") == b"picture"
    assert pauses[0] == 1.0
    assert 1.0 <= pauses[1] <= 2.0


@pytest.mark.parametrize("after", ["60", "99999999999999999999999", "Fri, 31 Dec 2100 00:00:00 GMT"])
def test_a_server_that_wants_more_time_than_there_is_is_not_waited_for(after: str) -> None:
    pauses: list[float] = []
    script = says(answer(b"", f"Retry-After: {after}", status="503 a"))
    with origin(script) as server, pytest.raises(UrlAnswerError, match="503"):
        fetcher(pauses=pauses).read(f"http://shop.test:{server.port}/")
    assert (pauses, server.connections) == ([], 1)


@pytest.mark.parametrize("after", ["", "soon", "-1", "1.5", "Fri, 31 Dec 1999 00:00:00 GMT", "٣"])
def test_a_retry_after_that_says_nothing_is_passed_over(after: str) -> None:
    pauses: list[float] = []
    reply = answer(b"", f"Retry-After: {after}", status="429 a").decode().encode("utf-8")
    with raw(reply) as server, pytest.raises(UrlAnswerError, match="429"):
        fetcher(pauses=pauses).read(f"http://shop.test:{server.port}/")
    assert server.connections == 3
    assert 0.25 <= pauses[0] <= 0.5 <= pauses[1] <= 1.0


def test_pauses_differ_so_that_those_who_failed_together_come_apart() -> None:
    pauses: list[float] = []
    random.seed()
    with origin(says(answer(b"", status="503 a"))) as server:
        for _ in range(5):
            with pytest.raises(UrlAnswerError):
                fetcher(pauses=pauses).read(f"http://shop.test:{server.port}/")
    assert len(set(pauses)) > 5


def reset(connection: socket.socket, _: str) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")


@pytest.mark.parametrize(
    "fault",
    [reset, says(b""), says(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\npict")],
    ids=["reset", "nothing", "cut"],
)
def test_a_connection_that_breaks_is_tried_again(fault: Script) -> None:
    faults: list[Script] = [fault, fault, says(answer(b"picture"))]
    with origin(lambda connection, path: faults.pop(0)(connection, path)) as server:
        assert fetcher().read(f"http://shop.test:{server.port}/") == b"picture"
    assert server.connections == 3


def test_a_connection_that_always_breaks_is_given_up() -> None:
    for script in (reset, says(b""), says(b"SSH-2.0-OpenSSH\r\n"), says(b"\0" * 100)):
        with origin(script) as server, pytest.raises(UnreachableUrlError):
            fetcher().read(f"http://shop.test:{server.port}/")
        assert server.connections == 3


# many at once


class Busy:
    """A server that takes its time, and knows how many it kept waiting at once."""

    def __init__(self, seconds: float) -> None:
        self.most = self._now = 0
        self._seconds = seconds
        self._turn = threading.Lock()

    def __call__(self, connection: socket.socket, _: str) -> None:
        with self._turn:
            self._now += 1
            self.most = max(self.most, self._now)
        time.sleep(self._seconds)
        with self._turn:
            self._now -= 1
        connection.sendall(answer())


@pytest.mark.parametrize(("hosts", "most"), [("abcde", 6), ("ab", 4), ("a", 2)])
def test_many_are_read_at_once_and_no_more_than_the_limits_say(hosts: str, most: int) -> None:
    busy = Busy(0.02)
    with origin(busy) as server, ThreadPoolExecutor(20) as pool:
        urls = [f"http://{host}.test:{server.port}/" for host in hosts] * 8
        read = partial(fetcher(at_once=6, per_host=2).read, within_s=20)
        assert set(pool.map(read, urls)) == {b"picture"}
    assert busy.most == most


def test_waiting_for_a_turn_costs_the_read_none_of_its_time() -> None:
    with origin(Busy(0.2)) as server, ThreadPoolExecutor(5) as pool:
        reader = fetcher(at_once=1, timeout_s=0.4)
        assert list(pool.map(reader.read, [f"http://a.test:{server.port}/"] * 5)) == [b"picture"] * 5


def test_who_can_wait_no_longer_for_a_turn_is_told_to_come_back() -> None:
    turns, seen = Turns(at_once=1, per_host=1), []
    with turns.hold("a", Clock(1, None)), pytest.raises(OverloadedError), turns.hold("a", Clock(1, 0.05)):
        seen.append("entered")
    with turns.hold("a", Clock(1, 0.05)):
        seen.append("free again")
    assert seen == ["free again"]


def test_what_nobody_waits_for_leaves_a_turn_to_requests() -> None:
    turns = Turns(at_once=4, per_host=4)
    entered = threading.Event()

    def ingest() -> None:
        with turns.hold("d", Clock(1, None)):
            entered.set()

    thread = threading.Thread(target=ingest)
    with turns.hold("a", Clock(1, 1)), turns.hold("b", Clock(1, 1)), turns.hold("c", Clock(1, 1)):
        thread.start()
        assert not entered.wait(0.05)
        with turns.hold("e", Clock(1, 0.05)):
            pass
    thread.join(5)
    assert entered.is_set()


def test_a_host_at_its_limit_keeps_no_other_out() -> None:
    turns = Turns(at_once=4, per_host=1)
    with (
        turns.hold("a", Clock(1, None)),
        turns.hold("b", Clock(1, 0.05)),
        pytest.raises(OverloadedError),
        turns.hold("a", Clock(1, 0.05)),
    ):
        pass


def test_reading_leaves_nothing_open() -> None:
    with origin(says(answer())) as server:
        reader = fetcher()
        for _ in range(3):
            reader.read(f"http://shop.test:{server.port}/")
        wait_until(lambda: server.at_once == 0)
