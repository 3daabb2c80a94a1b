"""Probes tell the truth: loading, ready, failed, dead, draining."""

import signal
import socket
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest

from sightline.domain.errors import EngineError, MissingFileError
from sightline.services.batching import Batcher
from sightline.services.model import Model
from sightline.services.workshop import Workshop
from tests.e2e.serving import running
from tests.fakes import Batch, Turnstile, fake_model, png

PROBES = ["/livez", "/readyz", "/health", "/healthz", "/api/ai/health"]


def test_a_ready_server_tells_so_in_every_systems_shape() -> None:
    with running() as server:
        answers = {path: server.client.get(path) for path in PROBES}
    assert {answer.status_code for answer in answers.values()} == {200}
    assert answers["/health"].json() == {"status": "ok", "model_loaded": True, "device": "cpu"}
    fashion = {"status": "ok", "model_loaded": True, "model_name": "fake", "embedding_dimension": 16}
    assert answers["/api/ai/health"].json() == fashion


def test_while_models_load_it_lives_but_is_not_ready() -> None:
    may_load = threading.Event()

    def slow(name: str) -> Model:
        assert may_load.wait(20)
        return fake_model(name)

    with running(slow, is_awaited=False) as server:
        assert server.client.get("/livez").status_code == 200
        ready = server.client.get("/readyz")
        assert (ready.status_code, ready.json()) == (503, {"status": "loading"})
        health = server.client.get("/health")
        assert (health.status_code, health.json()["model_loaded"]) == (503, False)
        refused = server.client.post("/embed-image", files={"file": png()})
        assert (refused.status_code, refused.json()["error"]["code"]) == (503, "not_ready")
        assert int(refused.headers["retry-after"]) >= 1
        assert server.client.get("/v1/models").status_code == 503
        may_load.set()
        server.wait_until_ready()
        assert server.client.post("/embed-image", files={"file": png()}).status_code == 200


def test_a_model_that_cannot_be_loaded_is_told_to_whoever_watches() -> None:
    def missing(name: str) -> Model:
        raise MissingFileError("model.safetensors is missing")

    with running(missing, is_awaited=False) as server:
        for _ in range(200):
            if server.client.get("/livez").status_code == 503:
                break
            time.sleep(0.01)
        ready = server.client.get("/readyz")
        assert (ready.status_code, ready.json()) == (503, {"status": "failed"})


def test_ready_means_that_a_forward_succeeds() -> None:
    is_broken = threading.Event()

    def hook(batch: Batch) -> None:
        if is_broken.is_set():
            raise RuntimeError("the device is gone")

    with running(lambda name: fake_model(name, hook=hook), ready_within_s=0.05) as server:
        is_broken.set()
        time.sleep(0.1)
        assert server.client.get("/readyz").json() == {"status": "no forward succeeds"}
        is_broken.clear()
        assert server.client.get("/readyz").status_code == 200


def test_a_forward_of_late_is_proof_enough() -> None:
    gate = Turnstile()
    with running(lambda name: fake_model(name, hook=gate), ready_within_s=60) as server:
        before = len(gate.batches)
        for _ in range(20):
            assert server.client.get("/readyz").status_code == 200
        assert len(gate.batches) == before


def test_a_dead_worker_is_not_ready() -> None:
    with running() as server:
        server.served.workshop.batcher.close()
        ready = server.client.get("/readyz")
        assert (ready.status_code, ready.json()) == (503, {"status": "worker stopped"})


SERVER = """
    import sys, time
    from sightline.domain.errors import EngineError, MissingFileError
    from sightline.observe.logs import configure_logging
    from sightline.services.served import ServedModels
    from sightline.services.workshop import Workshop
    from sightline.environment import read_settings
    from sightline.web.serve import serve
    from tests.fakes import fake_model

    def load(name):
        if name == "missing":
            raise MissingFileError("model.safetensors is missing; fetch it")
        return fake_model(name, hook=lambda batch: time.sleep(0.5))

    port, model, drain_ms = sys.argv[1:]
    settings = read_settings({}, {"port": int(port), "models": model, "drain_ms": int(drain_ms)})
    configure_logging("info", "json")
    sys.exit(serve(settings, ServedModels(settings.models, loader=load, workshop=Workshop())))
"""


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def start(port: int, model: str, drain_ms: int = 700) -> subprocess.Popen[str]:
    code = textwrap.dedent(SERVER)
    return subprocess.Popen(
        [sys.executable, "-c", code, str(port), model, str(drain_ms)], stderr=subprocess.PIPE, text=True
    )


@contextmanager
def started(port: int, drain_ms: int) -> Iterator[subprocess.Popen[str]]:
    """A server of its own, ready."""
    process = start(port, "fake", drain_ms)
    try:
        with httpx.Client() as client:
            while not _is_ready(client, port):
                assert process.poll() is None
                time.sleep(0.05)
        yield process
    finally:
        process.kill()
        process.communicate()


def _is_ready(client: httpx.Client, port: int) -> bool:
    try:
        return client.get(f"http://127.0.0.1:{port}/readyz").status_code == 200
    except httpx.TransportError:
        return False


def test_sigterm_turns_readiness_off_finishes_what_is_under_way_and_exits_0(port: int) -> None:
    url = f"http://127.0.0.1:{port}"
    answers: list[int] = []

    def send() -> None:
        answers.append(httpx.post(f"{url}/embed-image", files={"file": png()}, timeout=20).status_code)

    with started(port, drain_ms=700) as process, httpx.Client(base_url=url, timeout=20) as client:
        upload = threading.Thread(target=send)
        upload.start()
        time.sleep(0.15)
        process.send_signal(signal.SIGTERM)
        time.sleep(0.1)
        ready = client.get("/readyz")
        refused = client.post("/embed-image", files={"file": png()})
        upload.join(20)
        exit_code = process.wait(10)
        assert process.stderr is not None
        log = process.stderr.read()
    assert (ready.status_code, ready.json()) == (503, {"status": "draining"})
    assert refused.status_code == 503
    assert answers == [200]
    assert exit_code == 0
    assert '"event": "model ready", "model": "fake", "engine": "fake"' in log


def test_a_second_sigterm_ends_at_once(port: int) -> None:
    with started(port, drain_ms=20_000) as process:
        process.send_signal(signal.SIGTERM)
        time.sleep(0.2)
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        process.wait(10)
        assert time.monotonic() - began < 2


def test_a_server_whose_model_cannot_be_loaded_says_why_and_exits_1(port: int) -> None:
    process = start(port, "missing")
    _, log = process.communicate(timeout=30)
    assert process.returncode == 1
    assert "model.safetensors is missing; fetch it" in log
    assert "Traceback" not in log


def test_a_runtime_that_refuses_the_graph_has_its_own_words_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Our message leaves them out, because it may be shown to a client."""

    def refused(name: str) -> Model:
        raise EngineError("the runtime could not compile mini") from RuntimeError("operator Foo is unknown")

    with running(refused, is_awaited=False) as server:
        for _ in range(200):
            if server.client.get("/livez").status_code == 503:
                break
            time.sleep(0.01)
    assert "operator Foo is unknown" in caplog.text


class HungBatcher(Batcher):
    """Its device went into a forward and did not come back. hung_s: how long ago it should have."""

    hung_s = 0.0

    @property
    def stalled_for_s(self) -> float:
        return self.hung_s


def test_a_forward_that_never_ends_is_not_ready_and_after_a_minute_for_a_restart_to_cure() -> None:
    workshop = Workshop(threads=1)
    batcher = HungBatcher()
    with running(workshop=workshop) as server:
        workshop.batcher.close()
        workshop.batcher = batcher
        batcher.start()
        for hung_s, live, ready in ((0, 200, 200), (1, 200, 503), (61, 503, 503)):
            batcher.hung_s = hung_s
            assert server.client.get("/livez").status_code == live
            assert server.client.get("/readyz").status_code == ready
