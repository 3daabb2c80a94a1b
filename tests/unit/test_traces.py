"""Traces of requests and batches: who is whose child, what is linked, what is left out."""

import subprocess
import sys
import threading
import time

import pytest

from sightline.observe.spans import MAX_SPANS_PER_STAGE
from sightline.observe.traces import Untraced, current, forwarded, tracing
from tests.spans import KeptSpans

TRACE = "0af7651916cd43dd8448eb211c80319c"
CALLER = {"traceparent": [f"00-{TRACE}-b7ad6b7169203331-01"], "tracestate": ["vendor=1"]}


@pytest.fixture
def kept() -> KeptSpans:
    return KeptSpans()


def begun(kept, caller=None):
    return kept.traces.begin("POST", {}, caller or {})


def ended(trace, name="POST /x", *, failed=False):
    trace.end(name, {"http.response.status_code": 200}, failed=failed)


def test_without_traces_a_stage_costs_nobody_anything():
    now = time.monotonic()
    assert not current().is_recorded
    assert current().trace_id is None
    current().stage("decode", now, now)
    forwarded([(current(), now)], now, now)


def test_sightline_does_not_import_opentelemetrys_sdk_until_traces_are_wanted():
    code = (
        "import sys, sightline.cli.serve.run, sightline.web.serve\n"
        "from sightline.observe.export import configure_traces\n"
        "assert configure_traces({}, '1') is None\n"
        "assert 'opentelemetry.sdk' not in sys.modules\n"
        "assert 'opentelemetry.exporter' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_the_current_trace_is_the_requests_only_while_it_runs(kept):
    trace = begun(kept)
    with tracing(trace):
        assert current() is trace
    assert current() is not trace


def test_stages_are_children_within_the_time_of_their_request(kept):
    trace = begun(kept)
    read = time.monotonic()
    decoded = read + 0.001
    trace.stage("read", read, decoded)
    trace.stage("decode", decoded, decoded + 0.002, {"sightline.pixels": 12})
    time.sleep(0.005)
    ended(trace)
    server, first, second = kept.one("POST /x"), kept.one("read"), kept.one("decode")
    assert server.kind.name == "SERVER"
    for stage in (first, second):
        assert stage.parent.span_id == server.context.span_id
        assert stage.context.trace_id == server.context.trace_id
    assert server.start_time <= first.start_time < first.end_time == second.start_time
    assert second.end_time - second.start_time == pytest.approx(2e6, abs=2)
    assert second.end_time <= server.end_time
    assert abs(server.start_time - time.time_ns()) < 10e9
    assert kept.attributes("decode") == {"sightline.pixels": 12}


def test_a_callers_trace_is_continued(kept):
    trace = begun(kept, CALLER)
    ended(trace)
    server = kept.one("POST /x")
    assert f"{server.context.trace_id:032x}" == trace.trace_id == TRACE
    assert f"{server.parent.span_id:016x}" == "b7ad6b7169203331"
    assert server.context.trace_state["vendor"] == "1"


@pytest.mark.parametrize(
    "sent",
    [
        "",
        "nonsense",
        f"00-{TRACE}-b7ad6b7169203331",
        f"ff-{TRACE}-b7ad6b7169203331-01",
        f"00-{'0' * 32}-b7ad6b7169203331-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE.upper()}-b7ad6b7169203331-01",
        f"00-{TRACE}-b7ad6b7169203331-01" * 1000,
        "é-\x00",
    ],
)
def test_a_callers_trace_that_cannot_be_read_is_as_none(kept, sent):
    trace = begun(kept, {"traceparent": [sent], "tracestate": ["=,=\x00" * 500]})
    ended(trace)
    assert kept.one("POST /x").parent is None
    assert trace.trace_id != TRACE


def test_a_request_that_its_caller_does_not_record_leaves_no_span_but_its_id(kept):
    trace = begun(kept, {"traceparent": [f"00-{TRACE}-b7ad6b7169203331-00"]})
    now = time.monotonic()
    trace.stage("decode", now, now)
    forwarded([(trace, now)], now, now)
    ended(trace)
    assert trace.trace_id == TRACE
    assert kept.all() == []


def test_a_batch_is_a_trace_of_its_own_linked_with_its_requests_both_ways(kept):
    first, second = begun(kept), begun(kept, CALLER)
    now = time.monotonic()
    waited = [(first, now - ago) for ago in (0.3, 0.5, 0.4)] + [(Untraced(), now - 0.9), (second, now - 0.2)]
    forwarded(waited, now - 0.1, now, {"sightline.rows": 5})
    ended(first, "first")
    ended(second, "second")
    batch = kept.one("batch")
    servers = {kept.one(name).context.span_id: kept.one(name) for name in ("first", "second")}
    assert batch.parent is None
    assert batch.context.trace_id not in {server.context.trace_id for server in servers.values()}
    assert {link.context.span_id for link in batch.links} == set(servers)
    assert kept.attributes("batch") == {"sightline.rows": 5, "sightline.batch.requests": 2}
    forwards = kept.named("forward")
    assert {span.parent.span_id for span in forwards} == set(servers)
    for span in forwards:
        assert [link.context.span_id for link in span.links] == [batch.context.span_id]
        assert (span.end_time - span.start_time) == pytest.approx(0.1e9, rel=1e-6)
    waits = {servers[span.parent.span_id].name: span for span in kept.named("queue")}
    assert waits["first"].end_time - waits["first"].start_time == pytest.approx(0.4e9, rel=1e-6)
    assert waits["second"].end_time - waits["second"].start_time == pytest.approx(0.1e9, rel=1e-6)


def test_a_batch_is_there_where_only_one_of_its_requests_is_recorded(kept, monkeypatch):
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "parentbased_always_off")
    kept = KeptSpans()
    unseen, seen = begun(kept), begun(kept, CALLER)
    now = time.monotonic()
    forwarded([(unseen, now), (seen, now)], now, now)
    ended(unseen, "unseen")
    ended(seen, "seen")
    assert {span.name for span in kept.all()} == {"seen", "queue", "forward", "batch"}
    assert len(kept.one("batch").links) == 1


def test_a_long_list_shows_the_first_of_each_stage_and_counts_the_rest(kept):
    trace = begun(kept)
    now = time.monotonic()
    for _ in range(2000):
        trace.stage("decode", now, now)
        trace.stage("preprocess", now, now)
    forwarded([(trace, now)], now, now)
    ended(trace)
    assert len(kept.named("decode")) == len(kept.named("preprocess")) == MAX_SPANS_PER_STAGE
    assert len(kept.named("forward")) == 1
    assert kept.attributes("POST /x")["sightline.decode.left_out"] == 2000 - MAX_SPANS_PER_STAGE
    assert "sightline.forward.left_out" not in kept.attributes("POST /x")
    assert len(kept.all()) <= 64


def test_a_stage_that_ends_after_its_request_is_still_told(kept):
    trace = begun(kept)
    ended(trace)
    now = time.monotonic()
    forwarded([(trace, now)], now, now)
    assert kept.one("forward").parent.span_id == kept.one("POST /x").context.span_id
    for _ in range(100):
        trace.stage("decode", now, now)
    assert len(kept.named("decode")) == MAX_SPANS_PER_STAGE


def test_stages_of_many_threads_are_all_there(kept):
    trace = begun(kept)
    now = time.monotonic()

    def work():
        for _ in range(500):
            trace.stage("decode", now, now)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ended(trace)
    told = len(kept.named("decode")) + kept.attributes("POST /x")["sightline.decode.left_out"]
    assert told == 8 * 500


def test_what_failed_is_marked(kept):
    trace = begun(kept)
    now = time.monotonic()
    trace.stage("decode", now, now, {"error.type": "broken_image"})
    forwarded([(trace, now)], now, now, {"error.type": "forward_failed"})
    trace.stage("serialise", now, now)
    ended(trace, failed=True)
    failed = {span.name for span in kept.all() if span.status.status_code.name == "ERROR"}
    assert failed == {"POST /x", "decode", "forward", "batch"}


def test_the_environment_names_the_service_and_else_it_is_sightline(kept, monkeypatch):
    ended(begun(kept))
    assert kept.one("POST /x").resource.attributes["service.name"] == "sightline"
    assert kept.one("POST /x").resource.attributes["service.version"] == "1.2.3"
    monkeypatch.setenv("OTEL_SERVICE_NAME", "shop-search")
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "service.version=9,deployment.environment.name=test")
    named = KeptSpans()
    ended(begun(named))
    resource = named.one("POST /x").resource.attributes
    assert (resource["service.name"], resource["service.version"]) == ("shop-search", "9")
    assert resource["deployment.environment.name"] == "test"


def test_no_span_of_another_library_becomes_a_parent(kept):
    """Somebody's global tracer may have a span open in this very context."""
    from opentelemetry.sdk.trace import TracerProvider

    foreign = TracerProvider(shutdown_on_exit=False).get_tracer("foreign")
    with foreign.start_as_current_span("theirs"):
        trace = begun(kept)
        now = time.monotonic()
        forwarded([(trace, now)], now, now)
        ended(trace)
    assert kept.one("POST /x").parent is None
    assert kept.one("batch").parent is None
