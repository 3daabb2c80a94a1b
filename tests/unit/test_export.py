"""Whether traces are sent, by the standard variables, and what becomes of complaints."""

import logging
import sys
import time
from collections.abc import Iterator

import pytest

from sightline.observe.export import COMPLAINT_EVERY_S, INSTALL, Complaints, configure_traces
from tests.collector import collecting
from tests.processes import free_port

HERE = {"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"}


@pytest.fixture(autouse=True)
def _own_logger() -> Iterator[None]:
    """What listens to OpenTelemetry's complaints does so for the whole process."""
    logger = logging.getLogger("opentelemetry")
    before = logger.handlers[:], logger.propagate
    yield
    logger.handlers[:], logger.propagate = before


def reasons(caplog, event):
    return [record.fields["reason"] for record in caplog.records if record.getMessage() == event]


def configured(monkeypatch, environ):
    """As in a process with these variables."""
    for name, value in environ.items():
        monkeypatch.setenv(name, value)
    return configure_traces(environ, "1")


@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"OTEL_EXPORTER_OTLP_ENDPOINT": ""},
        {"OTEL_SERVICE_NAME": "alone"},
        HERE | {"OTEL_SDK_DISABLED": "TRUE"},
        HERE | {"OTEL_TRACES_EXPORTER": "none"},
    ],
)
def test_traces_are_off_without_a_word_where_nobody_wants_them(environ, caplog):
    assert configure_traces(environ, "1") is None
    assert caplog.records == []


@pytest.mark.parametrize(
    ("environ", "said"),
    [
        ({"OTEL_TRACES_EXPORTER": "zipkin"}, "OTEL_TRACES_EXPORTER is 'zipkin'"),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "http/json"}, "OTEL_EXPORTER_OTLP_PROTOCOL is 'http/json'"),
        ({"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "x"}, "OTEL_EXPORTER_OTLP_TRACES_PROTOCOL is 'x'"),
        ({"OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, "OTEL_EXPORTER_OTLP_PROTOCOL=http/protobuf"),
        ({"OTEL_BSP_MAX_QUEUE_SIZE": "0"}, "max_queue_size"),
    ],
)
def test_what_cannot_be_done_is_told_and_serving_goes_on(environ, said, caplog, monkeypatch):
    assert configured(monkeypatch, HERE | environ) is None
    (reason,) = reasons(caplog, "traces are off")
    assert said in reason


def test_without_the_extra_the_log_says_how_to_get_it(caplog, monkeypatch):
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    assert configured(monkeypatch, HERE) is None
    assert INSTALL == "pip install 'sightline[otel]'"
    (reason,) = reasons(caplog, "traces are off")
    assert reason.endswith(INSTALL)


@pytest.mark.parametrize("variable", ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"])
def test_either_endpoint_turns_traces_on_and_closing_sends_what_is_left(variable, monkeypatch):
    with collecting() as collector:
        path = "/v1/traces" if "TRACES" in variable else ""
        headers = {"OTEL_EXPORTER_OTLP_HEADERS": "x-tenant=shop"}
        traces = configured(monkeypatch, {variable: collector.url + path} | headers)
        traces.begin("GET", {}, {}).end("GET /", {}, failed=False)
        traces.close()
    assert [span.name for span in collector.spans()] == ["GET /"]
    assert collector.headers[0]["x-tenant"] == "shop"


def test_the_sampler_is_the_environments(monkeypatch):
    traces = configured(monkeypatch, HERE | {"OTEL_TRACES_SAMPLER": "always_off"})
    assert not traces.begin("GET", {}, {}).is_recorded
    traces.close()


def test_a_collector_that_is_down_holds_up_neither_a_request_nor_the_end(monkeypatch, caplog):
    down = {"OTEL_EXPORTER_OTLP_ENDPOINT": f"http://127.0.0.1:{free_port()}/?token=secret"}
    traces = configured(monkeypatch, down | {"OTEL_BSP_SCHEDULE_DELAY": "10"})
    started = time.monotonic()
    for _ in range(300):
        trace = traces.begin("GET", {}, {})
        trace.stage("decode", started, started)
        trace.end("GET /", {}, failed=False)
    assert time.monotonic() - started < 2
    _wait_for(lambda: reasons(caplog, "traces are not sent as they should be"))
    closing = time.monotonic()
    traces.close()
    assert time.monotonic() - closing < 4
    complaints = reasons(caplog, "traces are not sent as they should be")
    assert len(complaints) == 1
    assert "ConnectionError" in complaints[0]
    assert "secret" not in caplog.text


def test_a_header_that_cannot_be_read_is_not_told_to_the_log(monkeypatch, caplog):
    traces = configured(monkeypatch, HERE | {"OTEL_EXPORTER_OTLP_HEADERS": "secretkey"})
    traces.close()
    said = reasons(caplog, "traces are not sent as they should be")
    assert "eader" in said[0]
    assert "secretkey" not in str([record.fields for record in caplog.records])


def test_complaints_are_a_line_a_minute_that_tells_how_many_went_unsaid(caplog):
    now = 1000.0
    Complaints(clock=lambda: now).listen()
    exporter = logging.getLogger("opentelemetry.exporter.otlp")
    for number in range(5000):
        exporter.error("lost batch %s: %s", number, OSError("https://user:secret@host"))
    assert reasons(caplog, "traces are not sent as they should be") == ["lost batch 0: OSError"]
    now += COMPLAINT_EVERY_S
    exporter.error("again")
    assert [record.fields["unsaid"] for record in caplog.records] == [0, 4999]


def _wait_for(condition):
    end = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.01)
