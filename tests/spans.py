"""What a trace became, for tests to read: spans kept in memory. Does not know what is tested."""

from collections.abc import Mapping
from typing import Any

from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from sightline.observe.spans import SpanTraces


class KeptSpans:
    """Traces whose spans can be asked for at once."""

    def __init__(self) -> None:
        self._exporter = InMemorySpanExporter()
        self.traces = SpanTraces(SimpleSpanProcessor(self._exporter), "1.2.3")

    def all(self) -> list[ReadableSpan]:
        return list(self._exporter.get_finished_spans())

    def named(self, name: str) -> list[ReadableSpan]:
        return [span for span in self.all() if span.name == name]

    def one(self, name: str) -> ReadableSpan:
        (found,) = self.named(name)
        return found

    def attributes(self, name: str) -> Mapping[str, Any]:
        return self.one(name).attributes or {}
