"""What is counted and timed, for Prometheus. Does not know who counts, or how it is asked for.

Names are fixed and start with sightline_; what differs is a label. Labels come from our own tables (routes,
models, reasons), never from a request: whoever sends it must not decide how much memory they take.
"""

from collections.abc import Callable, Mapping
from typing import Literal

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    GCCollector,
    Histogram,
    Info,
    ProcessCollector,
    generate_latest,
)
from prometheus_client.registry import Collector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

# a tenth apart where a p95 of the common models falls, coarser towards the deadline
SECONDS = (
    0.002, 0.005, 0.01, 0.015, 0.02, 0.03, 0.04, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75,
    1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 20.0, 30.0, 60.0,
)  # fmt: skip
ROWS = (1, 2, 4, 8, 12, 16, 20, 24, 28, 32, 48, 64, 128)
TOWER = ("model", "tower")

Stage = Literal["prepare", "queue", "forward"]


class Metrics:
    """The numbers of one process, in a registry of its own. Safe to use from several threads."""

    def __init__(self) -> None:
        registry = CollectorRegistry()
        ProcessCollector(registry=registry)
        GCCollector(registry=registry)
        self._registry = registry
        self._requests = Histogram(
            "sightline_request_seconds", "From the head of a request to the end of its answer.",
            ("route", "status"), buckets=SECONDS, registry=registry,
        )  # fmt: skip
        self._in_flight = Gauge(
            "sightline_requests_in_flight", "Requests that have no answer yet.", registry=registry
        )
        self._stages = Histogram(
            "sightline_stage_seconds", "prepare: decode and cut, or tokenize; queue: wait; forward: compute.",
            ("stage", *TOWER), buckets=SECONDS, registry=registry,
        )  # fmt: skip
        self._rows = Histogram(
            "sightline_batch_rows", "Squares or texts in a forward.", TOWER, buckets=ROWS, registry=registry
        )
        self._tokens = Counter(
            "sightline_batch_tokens", "Tokens computed: patches, or ids.", TOWER, registry=registry
        )
        self._refused = Counter(
            "sightline_refused", "Answers that were errors, by their code.", ("code",), registry=registry
        )
        self._dropped = Counter(
            "sightline_dropped",
            "Items that left the queue without a forward.",
            ("reason",),
            registry=registry,
        )
        self._restarts = Counter(
            "sightline_worker_restarts", "Times that the device's loop died.", registry=registry
        )
        self._held = Gauge("sightline_held_tokens", "Tokens of work under way.", registry=registry)
        self._models = Info("sightline_model", "What is served.", ("model",), registry=registry)

    def request_began(self) -> None:
        self._in_flight.inc()

    def request_ended(self, route: str, status: int, seconds: float) -> None:
        """route: the pattern, not the path. status: as logged, 499 where the client left."""
        self._in_flight.dec()
        self._requests.labels(route, str(status)).observe(seconds)

    def refused(self, code: str) -> None:
        """code: the stable code of an error that was answered."""
        self._refused.labels(code).inc()

    def stage(self, stage: Stage, model: str, tower: str, seconds: float) -> None:
        self._stages.labels(stage, model, tower).observe(seconds)

    def batch(self, model: str, tower: str, *, rows: int, tokens: int) -> None:
        """One forward is about to run."""
        self._rows.labels(model, tower).observe(rows)
        self._tokens.labels(model, tower).inc(tokens)

    def dropped(self, reason: Literal["cancelled"]) -> None:
        self._dropped.labels(reason).inc()

    def worker_restarted(self) -> None:
        self._restarts.inc()

    def watch_held(self, held: Callable[[], int]) -> None:
        """Ask for the tokens under way whenever somebody reads."""
        self._held.set_function(held)

    def serves(self, model: str, facts: Mapping[str, str]) -> None:
        """A model is ready; facts: its engine, precision, fingerprint..."""
        self._models.labels(model).info(dict(facts))

    def register(self, collector: Collector) -> None:
        """Ask another part for its own numbers whenever somebody reads."""
        self._registry.register(collector)

    def text(self) -> bytes:
        """Everything, as Prometheus reads it."""
        return generate_latest(self._registry)
