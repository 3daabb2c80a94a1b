"""Exports as they are sent: to slow readers, and what becomes of those that cannot be completed."""

import logging
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx
import pytest

from sightline.bootstrap.library import open_library
from sightline.catalogue.database import Database
from sightline.catalogue.record import SqlRecord
from sightline.domain.collections import Changeset
from sightline.environment import read_settings
from sightline.services.served import ServedModels
from sightline.services.workshop import Workshop
from sightline.web.library import MAX_LONG_WORKS
from sightline.web.protocol import BoundedHttp
from sightline.web.serve import served_in_background
from tests.e2e.serving import running
from tests.fakes import fake_model
from tests.records import SPACE, item, vector
from tests.waiting import wait_until

COUNT = 3_000  # more than two batches
METADATA = "x" * 4_000  # 12 MB in all: more than the buffers of a line hold
FULL_AFTER_S = 1.0  # the line, while nobody reads
STEADY_BYTES_PER_S = 8 * BoundedHttp.min_bytes_per_s  # a line moves in steps of what its reader holds


class ImpatientHttp(BoundedHttp):
    patience_s = 0.5


@pytest.fixture
def home(tmp_path: Path) -> str:
    """A library with a collection `shoes` that is large as an export."""
    database = Database.in_folder(tmp_path)
    record = SqlRecord(database)
    record.create("shoes", SPACE)
    items = [item(number, text=METADATA) for number in range(COUNT)]
    vectors = {one.sha256: vector(one.sha256) for one in items}
    record.commit("shoes", Changeset(SPACE.fingerprint, items, vectors=vectors))
    database.close()
    return str(tmp_path)


@contextmanager
def asked(address: str, version: bytes = b"1.1") -> Iterator[socket.socket]:
    """The line that an export comes by, its head read."""
    host, port = address.removeprefix("http://").split(":")
    with socket.socket() as line:
        line.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65_536)  # else the system keeps megabytes
        line.settimeout(20)
        line.connect((host, int(port)))
        line.sendall(b"GET /v1/collections/shoes/export HTTP/" + version + b"\r\nhost: x\r\n\r\n")
        assert line.recv(12).endswith(b" 200")
        yield line


def rest(line: socket.socket) -> bytes:
    """All that comes until the line is closed. Raises ConnectionError: it was broken off."""
    pieces = []
    while piece := line.recv(1 << 20):
        pieces.append(piece)
        if piece.endswith(b"\r\n0\r\n\r\n"):
            break
    return b"".join(pieces)


def broken_off(caplog: pytest.LogCaptureFixture) -> list[str]:
    assert not [record for record in caplog.records if record.exc_info]
    assert not [record for record in caplog.records if "ASGI" in record.getMessage()]
    lines = [record for record in caplog.records if record.getMessage() == "answer broken off"]
    return [str(record.fields["reason"]) for record in lines]  # type: ignore[attr-defined]


def test_clients_that_do_not_read_give_their_places_back(home: str, caplog: pytest.LogCaptureFixture) -> None:
    with running(home=home, http=ImpatientHttp) as server, ExitStack() as lines:
        for _ in range(MAX_LONG_WORKS):
            lines.enter_context(asked(server.url))
        assert server.client.get("/v1/collections/shoes/export").status_code == 429
        wait_until(lambda: len(broken_off(caplog)) == MAX_LONG_WORKS, 10)
        wait_until(lambda: server.client.get("/v1/collections/shoes/export").text.count("\n") == COUNT)


@pytest.mark.parametrize("version", [b"1.0", b"1.1"])
def test_an_export_of_what_is_deleted_meanwhile_is_reset_and_told_in_one_line(
    home: str, caplog: pytest.LogCaptureFixture, version: bytes
) -> None:
    """After a mere end a client of HTTP/1.0 would keep what came as if it were all."""
    with running(home=home) as server, asked(server.url, version) as line:
        server.client.delete("/v1/collections/shoes").raise_for_status()
        with pytest.raises(ConnectionResetError):
            rest(line)
        wait_until(lambda: bool(broken_off(caplog)))
    [reason] = broken_off(caplog)
    assert "no collection 'shoes'" in reason


def test_the_servers_end_waits_for_no_slow_reader(home: str, caplog: pytest.LogCaptureFixture) -> None:
    settings = read_settings({}, {"models": ("fake",), "port": 0, "home": home, "drain_ms": 0})
    served = ServedModels(settings.models, loader=fake_model, workshop=Workshop(threads=2))
    library = open_library(settings, served)
    with ExitStack() as lines:
        with served_in_background(settings, served, library) as background:
            line = lines.enter_context(asked(background.address))
            time.sleep(FULL_AFTER_S)
            began = time.monotonic()
        assert time.monotonic() - began < settings.shutdown_grace_s / 2
        with pytest.raises(ConnectionResetError):
            rest(line)
    assert broken_off(caplog)


def test_an_export_that_is_read_is_whole(home: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with running(home=home, http=ImpatientHttp) as server, asked(server.url) as line:
        assert rest(line).count(b'"item_id"') == COUNT
    assert not broken_off(caplog)


def test_who_reads_slowly_but_steadily_gets_all(home: str, caplog: pytest.LogCaptureFixture) -> None:
    """The kernel takes megabytes at once, and then nothing for longer than we are patient."""
    with running(home=home, http=ImpatientHttp) as server, asked(server.url) as line:
        taken = b""
        ends_at = time.monotonic() + 6 * ImpatientHttp.patience_s
        while time.monotonic() < ends_at:
            taken += line.recv(STEADY_BYTES_PER_S // 10)
            time.sleep(0.1)
        assert (taken + rest(line)).count(b'"item_id"') >= COUNT - 1  # a piece may end within the word
    assert not broken_off(caplog)


def test_a_request_that_is_half_sent_is_answered_when_the_server_ends(
    home: str, caplog: pytest.LogCaptureFixture
) -> None:
    settings = read_settings({}, {"models": ("fake",), "port": 0, "home": home, "drain_ms": 0})
    served = ServedModels(settings.models, loader=fake_model, workshop=Workshop(threads=2))
    with ExitStack() as lines:
        with served_in_background(settings, served, open_library(settings, served)) as background:
            wait_until(lambda: httpx.get(f"{background.address}/readyz").status_code == 200)
            host, port = background.address.removeprefix("http://").split(":")
            line = lines.enter_context(socket.create_connection((host, int(port)), timeout=20))
            line.sendall(b"POST /v1/embeddings HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n{")
            time.sleep(0.2)
        assert line.recv(12).endswith(b" 408")
    assert not [record for record in caplog.records if "ASGI" in record.getMessage()]
