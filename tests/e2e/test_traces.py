"""What a server tells of its requests in traces: over HTTP, to a collector, in the log."""

import io
import itertools
import json
import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from sightline.observe.logs import configure_logging
from tests.collector import attributes, collecting
from tests.e2e.serving import running
from tests.fakes import CONTEXT, Turnstile, fake_model, png
from tests.processes import serving
from tests.spans import KeptSpans

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
CALLER = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01"}
KEY = "a long enough key"


@pytest.fixture
def kept() -> KeptSpans:
    return KeptSpans()


@contextmanager
def logged() -> Iterator[io.StringIO]:
    """Everything logged in the block, as JSON lines."""
    root = logging.getLogger()
    handlers, level, stream = root.handlers[:], root.level, io.StringIO()
    configure_logging("info", "json", stream)
    try:
        yield stream
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        logging.captureWarnings(capture=False)


def test_one_request_is_one_trace_in_the_collector_under_its_callers_id() -> None:
    """The real command, with nothing but the standard variables; what is left is sent when it ends."""
    with collecting() as collector:
        environment = {"OTEL_EXPORTER_OTLP_ENDPOINT": collector.url, "OTEL_SERVICE_NAME": "shop"}
        with serving("mini", **environment) as port:
            answer = httpx.post(
                f"http://127.0.0.1:{port}/embed-image?token=secret", files={"file": png()}, headers=CALLER
            )
            assert answer.status_code == 200
    own = [span for span in collector.spans() if span.trace_id.hex() == TRACE]
    (server,) = [span for span in own if span.name == "POST /embed-image"]
    assert server.parent_span_id.hex() == "00f067aa0ba902b7"
    assert attributes(server)["sightline.request_id"] == answer.headers["x-request-id"]
    assert {span.parent_span_id for span in own if span is not server} == {server.span_id}
    assert not [span for span in collector.spans() if "readyz" in str(span)]
    assert "secret" not in collector.said()
    (resource,) = {str(one.resource) for request in collector.requests for one in request.resource_spans}
    assert '"shop"' in resource


def test_a_collector_that_is_down_fails_no_request() -> None:
    with serving("mini", OTEL_EXPORTER_OTLP_ENDPOINT="http://127.0.0.1:9") as port:
        for _ in range(3):
            answer = httpx.post(f"http://127.0.0.1:{port}/embed-image", files={"file": png()})
            assert answer.status_code == 200


def test_a_request_is_told_by_the_conventions_for_http(kept: KeptSpans) -> None:
    with running(traces=kept.traces) as server:
        server.client.get("/v1/models/fake?key=secret")
        server.client.get("/made/up")
        server.client.post("/embed-image", files={"file": b"no picture"})
    told = kept.attributes("GET /v1/models/{model:path}")
    assert told["http.request.method"] == "GET"
    assert told["http.route"] == "/v1/models/{model:path}"
    assert told["url.path"] == "/v1/models/fake"
    assert told["http.response.status_code"] == 200
    unknown = kept.one("GET")
    assert (unknown.attributes or {})["http.response.status_code"] == 404
    assert "http.route" not in (unknown.attributes or {})
    assert kept.attributes("POST /embed-image")["http.response.status_code"] == 415
    assert {span.status.status_code.name for span in kept.all() if span.kind.name == "SERVER"} == {"UNSET"}


def test_methods_and_addresses_that_clients_make_up_stay_short(kept: KeptSpans) -> None:
    with running(traces=kept.traces) as server:
        server.client.request("PROPFIND", "/x" * 5000)
    told = kept.attributes("HTTP")
    assert told["http.request.method"] == "_OTHER"
    assert len(told["url.path"]) < 1100


def test_probes_leave_no_trace(kept: KeptSpans) -> None:
    with running(traces=kept.traces) as server:
        for path in ("/livez", "/readyz", "/metrics", "/healthz"):
            server.client.get(path)
    assert kept.all() == []


def test_neither_keys_nor_queries_nor_what_was_sent_are_told(kept: KeptSpans) -> None:
    with running(traces=kept.traces, api_key=KEY) as server:
        headers = {"authorization": f"Bearer {KEY}", "cookie": "session=cookie-secret", "baggage": "a=bag"}
        server.client.post("/embed/text?q=query-secret", json={"text": "body-secret"}, headers=headers)
        server.client.post(
            "/embed/text", json={"text": "body-secret"}, headers={"authorization": "wrong-key"}
        )
    told = "\n".join(span.to_json() for span in kept.all())
    assert '"http.response.status_code": 401' in told
    for secret in (KEY, "cookie-secret", "query-secret", "body-secret", "wrong-key", "bag"):
        assert secret not in told


def test_a_failure_of_ours_is_an_error_and_its_words_are_not_told(kept: KeptSpans) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("the-drivers-own-words")

    with running(traces=kept.traces) as server:
        server.served.get().embed_all = broken  # type: ignore[method-assign]
        server.client.post("/embed-image", files={"file": png()})
    span = kept.one("POST /embed-image")
    assert span.status.status_code.name == "ERROR"
    assert kept.attributes("POST /embed-image")["error.type"] == "500"
    assert "drivers-own-words" not in span.to_json()


def test_log_lines_of_a_request_name_its_trace(kept: KeptSpans) -> None:
    with logged() as stream, running(traces=kept.traces) as server:
        server.client.get("/v1/models", headers=CALLER | {"x-request-id": "mine"})
        server.client.get("/v1/models", headers={"traceparent": "00-nonsense", "x-request-id": "other"})
    lines = [json.loads(line) for line in stream.getvalue().splitlines()]
    traces = {line["request_id"]: line["trace_id"] for line in lines if line["event"] == "request"}
    assert traces["mine"] == TRACE
    assert len(traces["other"]) == 32
    assert traces["other"] != TRACE


def test_without_traces_log_lines_are_as_they_were() -> None:
    with logged() as stream, running() as server:
        server.client.get("/v1/models", headers=CALLER)
    assert "trace_id" not in stream.getvalue()


def test_traces_of_requests_at_the_same_time_are_not_mixed_up(kept: KeptSpans) -> None:
    def ask(number: int) -> None:
        caller = {"traceparent": f"00-{number:032x}-00f067aa0ba902b7-01", "x-request-id": f"id-{number}"}
        sent = {"text": f"text {number}"}
        assert server.client.post("/embed/text", json=sent, headers=caller).status_code == 200

    with running(traces=kept.traces) as server:
        threads = [threading.Thread(target=ask, args=(number,)) for number in range(1, 33)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    servers = kept.named("POST /embed/text")
    assert len(servers) == 32
    for span in servers:
        assert (span.attributes or {})["sightline.request_id"] == f"id-{span.context.trace_id}"
    by_id = {span.context.span_id: span for span in servers}
    for span in kept.named("serialise"):
        assert by_id[span.parent.span_id].context.trace_id == span.context.trace_id
    assert len(kept.named("serialise")) == 32


def test_fastapis_own_telemetry_stays_silent(kept: KeptSpans, monkeypatch: pytest.MonkeyPatch) -> None:
    """Some library in the process may have made a provider global; FastAPI takes it up by itself."""
    foreign = InMemorySpanExporter()
    provider = TracerProvider(shutdown_on_exit=False)
    provider.add_span_processor(SimpleSpanProcessor(foreign))
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)  # the real one can be set only once
    monkeypatch.setenv("FASTAPI_OTEL_AUTO_CONFIGURE", "true")
    with running(traces=kept.traces) as server:
        server.client.get("/v1/models?key=secret")
    assert foreign.get_finished_spans() == ()
    assert len(kept.named("GET /v1/models")) == 1


def test_a_picture_and_a_text_tell_every_stage_in_order() -> None:
    """The real command: what routes, preparation threads and the device's thread tell is one trace."""
    stages = {
        "/embed-image": ["read", "decode", "preprocess", "queue", "forward", "serialise"],
        "/embed/text": ["read", "tokenize", "queue", "forward", "serialise"],
    }
    with collecting() as collector, serving("mini", OTEL_EXPORTER_OTLP_ENDPOINT=collector.url) as port:
        url = f"http://127.0.0.1:{port}"
        assert httpx.post(f"{url}/embed-image", files={"file": png()}).status_code == 200
        assert httpx.post(f"{url}/embed/text", json={"text": "a red shoe"}).status_code == 200
    spans = collector.spans()
    for route, expected in stages.items():
        (server,) = [span for span in spans if span.name == f"POST {route}"]
        told = [span for span in spans if span.parent_span_id == server.span_id]
        told.sort(key=lambda span: span.start_time_unix_nano)
        assert [span.name for span in told] == expected
        assert {span.trace_id for span in told} == {server.trace_id}
        for before, after in itertools.pairwise(told):
            assert before.end_time_unix_nano <= after.start_time_unix_nano
        assert server.start_time_unix_nano <= told[0].start_time_unix_nano
        assert told[-1].end_time_unix_nano <= server.end_time_unix_nano
        (forward,) = [span for span in told if span.name == "forward"]
        (batch,) = [span for span in spans if span.span_id == forward.links[0].span_id]
        assert batch.name == "batch"
        assert not batch.parent_span_id
        assert [link.span_id for link in batch.links] == [server.span_id]


def test_two_requests_in_one_forward_share_a_batch(kept: KeptSpans) -> None:
    turnstile = Turnstile()
    with running(lambda name: fake_model(name, hook=turnstile), traces=kept.traces) as server:
        turnstile.shut()
        asked = [threading.Thread(target=_ask_for_text, args=(server.client, text)) for text in "abc"]
        asked[0].start()
        assert turnstile.entered.wait(20)  # the device is busy with the first
        for thread in asked[1:]:
            thread.start()
        while server.served.workshop.admission.held < 3 * CONTEXT:
            time.sleep(0.01)
        time.sleep(0.2)  # admitted; queued as soon as a thread has cut them into letters
        turnstile.open()
        for thread in asked:
            thread.join()
    shared = [batch for batch in kept.named("batch") if len(batch.links) == 2]
    assert len(shared) == 1
    forwards = [span for span in kept.named("forward") if span.links[0].context == shared[0].context]
    assert len({span.context.trace_id for span in forwards}) == 2
    assert {link.context.span_id for link in shared[0].links} == {span.parent.span_id for span in forwards}


def _ask_for_text(client: httpx.Client, text: str) -> None:
    assert client.post("/embed/text", json={"text": text}).status_code == 200
