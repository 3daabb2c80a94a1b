"""Faults inside, overload, deadlines and clients that leave: each is answered, and nobody else notices."""

import io
import socket
import threading
import time

import httpx
import pytest
from PIL import Image

from sightline.services.model import Model
from sightline.services.workshop import Workshop
from tests.e2e.serving import running
from tests.e2e.test_limits import HEAD, refused
from tests.e2e.test_metrics import samples, value
from tests.fakes import Batch, Turnstile, fake_model, png


def test_what_nobody_foresaw_is_told_by_its_id_only() -> None:
    def broken(name: str) -> Model:
        model = fake_model(name)
        model.count_tokens = None  # type: ignore[assignment,method-assign]
        return model

    with running(broken) as server:
        answer = server.client.post("/embed/text", json={"text": "a"})
        refused(answer, 500, "internal")
        assert answer.headers["x-request-id"] in answer.json()["error"]["message"]
        assert "NoneType" not in answer.text
        assert server.client.post("/embed-image", files={"file": png()}).status_code == 200


def test_a_forward_that_fails_is_told_in_our_words() -> None:
    def hook(batch: Batch) -> None:
        if (batch == 255).all():
            raise RuntimeError("driver at 0x7fffdeadbeef in /usr/lib/libcuda.so")

    buffer = io.BytesIO()
    Image.new("RGB", (8, 8), "white").save(buffer, "PNG")
    with running(lambda name: fake_model(name, hook=hook)) as server:
        refused(server.client.post("/embed-image", files={"file": buffer.getvalue()}), 500, "forward_failed")
        assert server.client.post("/embed-image", files={"file": png()}).status_code == 200


def test_an_overloaded_server_refuses_with_the_time_to_come_back() -> None:
    gate = Turnstile()
    workshop = Workshop(threads=2, max_cost=8)  # two fake pictures
    with running(lambda name: fake_model(name, hook=gate), workshop) as server:
        gate.shut()
        with httpx.Client(base_url=server.url, timeout=20) as other:
            answers: list[int] = []

            def send() -> None:
                answers.append(other.post("/embed-image", files={"file": png()}).status_code)

            senders = [threading.Thread(target=send) for _ in range(2)]
            for sender in senders:
                sender.start()
            while workshop.admission.held < 8:
                time.sleep(0.01)
            answer = server.client.post("/embed-image", files={"file": png()})
            refused(answer, 429, "overloaded")
            assert int(answer.headers["retry-after"]) >= 1
            found = samples(server.client)
            assert value(found, "sightline_request_seconds_count", route="/embed-image", status="429") == 1
            gate.open()
            for sender in senders:
                sender.join()
        assert answers == [200, 200]


def test_a_request_that_takes_too_long_gets_504() -> None:
    gate = Turnstile()
    with running(lambda name: fake_model(name, hook=gate), timeout_ms=200) as server:
        gate.shut()
        refused(server.client.post("/embed-image", files={"file": png()}), 504, "deadline")
        gate.open()


def test_a_client_may_wait_for_less_than_the_servers_limit() -> None:
    gate = Turnstile()
    with running(lambda name: fake_model(name, hook=gate)) as server:
        gate.shut()
        for path, sent in (
            ("/embed-image", {"files": {"file": png()}}),
            ("/v1/embeddings", {"json": {"input": ["a", "b"]}}),
            ("/embed/text/batch", {"json": {"texts": ["a", "b"]}}),
        ):
            answer = server.client.post(path, headers={"x-timeout-ms": "150"}, **sent)
            refused(answer, 504, "deadline")
        gate.open()


def test_a_client_may_not_wait_for_longer_than_the_servers_limit() -> None:
    gate = Turnstile()
    with running(lambda name: fake_model(name, hook=gate), timeout_ms=200) as server:
        gate.shut()
        long = {"x-timeout-ms": "600000"}
        refused(server.client.post("/embed-image", files={"file": png()}, headers=long), 504, "deadline")
        gate.open()


@pytest.mark.parametrize("value", ["0", "-5", "soon", "1.5", "9" * 40, "٣"])
def test_a_time_that_is_none_is_refused_and_says_what_is_wanted(value: str) -> None:
    with running() as server:
        answer = server.client.post(
            "/embed-image", files={"file": png()}, headers={"x-timeout-ms": value.encode()}
        )
        refused(answer, 400, "invalid_request")
        assert answer.json()["error"]["param"] == "x-timeout-ms"


def test_a_client_that_hangs_up_takes_its_work_with_it() -> None:
    gate = Turnstile()
    with running(lambda name: fake_model(name, hook=gate)) as server:
        gate.shut()
        gate.batches.clear()
        host, port = server.url.removeprefix("http://").split(":")
        body = png()
        head = f"{HEAD.replace('-image', '/image')}content-length: {len(body)}\r\n\r\n".encode()
        lines = []
        for _ in range(6):
            line = socket.create_connection((host, int(port)))
            line.sendall(head + body)
            lines.append(line)
            assert gate.entered.wait(5)  # the first runs alone, the others queue behind it
        held = server.served.workshop.admission
        while held.held < 6 * 4:
            time.sleep(0.01)
        time.sleep(0.1)  # until the other five are queued
        for line in lines:
            line.close()
        while held.held > 4:  # the one that runs holds its place until its forward ends
            time.sleep(0.01)
        gate.open()
        assert server.client.post("/embed-image", files={"file": body}).status_code == 200
        # the one that ran when they hung up, and ours
        assert gate.sizes == [1, 1]


def test_a_forward_that_never_ends_does_not_keep_the_server_from_ending() -> None:
    gate = Turnstile()
    with running(lambda name: fake_model(name, hook=gate), timeout_ms=100) as server:
        gate.shut()
        refused(server.client.post("/embed-image", files={"file": png()}), 504, "deadline")
        told_to_end = time.monotonic()
    assert time.monotonic() - told_to_end < 5
    gate.open()
