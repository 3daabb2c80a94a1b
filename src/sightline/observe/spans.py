"""Requests and batches as OpenTelemetry spans. Does not know where spans go, or what a request is.

Imported only where traces are wanted: the packages it needs are an extra. Telling a stage is an append; its
span is made when the request ends, after the answer has left, and not on the thread that drives the device.
"""

import threading
import time
from collections import Counter
from collections.abc import Mapping
from typing import NamedTuple
from weakref import WeakKeyDictionary

from opentelemetry.context import Context
from opentelemetry.sdk.resources import SERVICE_NAME, SERVICE_VERSION, Resource
from opentelemetry.sdk.trace import SpanProcessor, Tracer, TracerProvider
from opentelemetry.sdk.trace.sampling import ALWAYS_ON
from opentelemetry.trace import Link, Span, SpanContext, SpanKind, StatusCode, set_span_in_context
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from sightline.observe.traces import ERROR_TYPE, Attributes, Batch, RequestTrace, Stage, Untraced

# A list of 2,000 pictures has 4,000 stages of decoding and cutting alone; of each stage the first few show
# what there is to see, and a request stays below 64 spans.
MAX_SPANS_PER_STAGE = 8
CLOSE_S = 2.0


class SpanTraces:
    """Makes spans and hands them to a processor, which must not block. The sampler is the environment's.

    Nothing global is set: spans of other libraries in this process are neither seen nor joined.
    """

    def __init__(self, processor: SpanProcessor, version: str) -> None:
        self._processor = processor
        resource = _resource(version)
        requests = TracerProvider(resource=resource, shutdown_on_exit=False)
        # a batch is told of where one of its requests is: sampled by itself, links to it would lead nowhere
        batches = TracerProvider(sampler=ALWAYS_ON, resource=resource, shutdown_on_exit=False)
        for provider in (requests, batches):
            provider.add_span_processor(processor)
        self._requests = requests.get_tracer("sightline", version)
        self._batches = _BatchSpans(batches.get_tracer("sightline", version))
        self._propagator = TraceContextTextMapPropagator()

    def begin(self, name: str, attributes: Attributes, caller: Mapping[str, list[str]]) -> RequestTrace:
        """As Traces says. A caller's trace that cannot be read is as none."""
        parent = self._propagator.extract(caller)
        clock = _Clock()
        span = self._requests.start_span(
            name, parent, kind=SpanKind.SERVER, attributes=attributes, start_time=clock.unix_ns(clock.began)
        )
        if not span.is_recording():
            return Untraced(_trace_id(span))
        return _SpanTrace(span, self._requests, self._batches, clock)

    def close(self) -> None:
        """Send what is left, for at most two seconds: a collector that is down must not hold up the end."""
        closing = threading.Thread(target=self._processor.shutdown, name="traces-close", daemon=True)
        closing.start()
        closing.join(CLOSE_S)


class _Clock:
    """time.monotonic() as Unix time. Made anew for each request: over weeks the two clocks drift apart."""

    def __init__(self) -> None:
        self.began = time.monotonic()
        self._offset_ns = time.time_ns() - self._ns(self.began)

    def unix_ns(self, seconds: float) -> int:
        return self._ns(seconds) + self._offset_ns

    @staticmethod
    def _ns(seconds: float) -> int:
        return round(seconds * 1e9)


class _Told(NamedTuple):
    stage: Stage
    started: float
    ended: float
    attributes: Attributes | None = None
    batch: Batch | None = None


class _SpanTrace:
    """One request. Its own span is open; those of its stages are made when it ends, or later if told so."""

    is_recorded = True

    def __init__(self, span: Span, tracer: Tracer, batches: "_BatchSpans", clock: _Clock) -> None:
        self.context: SpanContext = span.get_span_context()
        self.trace_id = _trace_id(span)
        self._span = span
        self._tracer = tracer
        self._batches = batches
        self._clock = clock
        self._lock = threading.Lock()
        self._counts: Counter[Stage] = Counter()
        self._told: list[_Told] = []
        self._has_ended = False

    def stage(self, name: Stage, started: float, ended: float, attributes: Attributes | None = None) -> None:
        self._tell(_Told(name, started, ended, attributes))

    def forward(self, batch: Batch, queued_at: float) -> None:
        self._tell(_Told("queue", queued_at, batch.started))
        self._tell(_Told("forward", batch.started, batch.ended, batch.attributes, batch))

    def end(self, name: str, attributes: Attributes, *, failed: bool) -> None:
        with self._lock:
            self._has_ended = True
            told, self._told = self._told, []
            left_out = {
                f"sightline.{stage}.left_out": count - MAX_SPANS_PER_STAGE
                for stage, count in self._counts.items()
                if count > MAX_SPANS_PER_STAGE
            }
        for one in told:
            self._write(one)
        self._span.update_name(name)
        self._span.set_attributes({**attributes, **left_out})
        if failed:
            self._span.set_status(StatusCode.ERROR)
        self._span.end(self._clock.unix_ns(time.monotonic()))

    def _tell(self, one: _Told) -> None:
        with self._lock:
            self._counts[one.stage] += 1
            if self._counts[one.stage] > MAX_SPANS_PER_STAGE:
                return
            if not self._has_ended:
                self._told.append(one)
                return
        self._write(one)  # the client has left, and a forward that ran for it came back

    def _write(self, one: _Told) -> None:
        links = [Link(self._batches.context_of(one.batch, self._clock))] if one.batch else []
        span = self._tracer.start_span(
            one.stage,
            set_span_in_context(self._span, Context()),
            attributes=one.attributes,
            links=links,
            start_time=self._clock.unix_ns(one.started),
        )
        _finish(span, one.attributes, self._clock.unix_ns(one.ended))


class _BatchSpans:
    """The spans of batches, each made by the first of its requests that ends."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer
        self._lock = threading.Lock()
        self._made: WeakKeyDictionary[Batch, SpanContext] = WeakKeyDictionary()

    def context_of(self, batch: Batch, clock: _Clock) -> SpanContext:
        with self._lock:
            if batch not in self._made:
                self._made[batch] = self._make(batch, clock)
            return self._made[batch]

    def _make(self, batch: Batch, clock: _Clock) -> SpanContext:
        """A trace of its own, linked to the spans of its requests: it belongs to no one of them."""
        span = self._tracer.start_span(
            "batch",
            Context(),
            attributes={**batch.attributes, "sightline.batch.requests": len(batch.requests)},
            links=[Link(request.context) for request in batch.requests if isinstance(request, _SpanTrace)],
            start_time=clock.unix_ns(batch.started),
        )
        _finish(span, batch.attributes, clock.unix_ns(batch.ended))
        return span.get_span_context()


def _finish(span: Span, attributes: Attributes | None, ended_ns: int) -> None:
    if attributes and ERROR_TYPE in attributes:
        span.set_status(StatusCode.ERROR)
    span.end(ended_ns)


def _trace_id(span: Span) -> str:
    return f"{span.get_span_context().trace_id:032x}"


def _resource(version: str) -> Resource:
    """What the environment says that this process is; where it says nothing, sightline."""
    found = Resource.create()
    if str(found.attributes[SERVICE_NAME]).startswith("unknown_service"):  # what the standard makes up
        found = found.merge(Resource({SERVICE_NAME: "sightline"}))
    return Resource({SERVICE_VERSION: version}).merge(found)
