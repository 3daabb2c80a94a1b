"""What is counted and timed, for Prometheus. Does not know who counts, or how it is asked for.

Names are fixed and start with sightline_; what differs is a label. Labels come from our own tables (routes,
models, reasons), never from a request: whoever sends it must not decide how much memory they take.
"""

from collections.abc import Callable, Mapping, Sequence
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

from sightline.observe.traces import Stage

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

# a tenth apart where a p95 of the common models falls, coarser towards the deadline
SECONDS = (
    0.002, 0.005, 0.01, 0.015, 0.02, 0.03, 0.04, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75,
    1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 20.0, 30.0, 60.0,
)  # fmt: skip
ITEMS = (1, 2, 4, 8, 12, 16, 20, 24, 28, 32, 48, 64, 128)
BYTES = (1e3, 1e4, 3e4, 1e5, 3e5, 1e6, 3e6, 1e7, 2e7)
PIXELS = (1e4, 5e4, 2e5, 5e5, 1e6, 2e6, 5e6, 1e7, 2e7, 5e7)
WORK = ("model", "tower", "lane")

DISPATCH = ("full", "idle", "waited")
DROPPED = ("cancelled", "expired")
CACHED = ("hit", "joined", "miss")
Labels = tuple[str, str, str]  # model, tower, lane
OUTSIDE: Labels = ("", "", "")  # of a stage that is not a model's


class Metrics:
    """The numbers of one process, in a registry of its own. Safe to use from several threads."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        ProcessCollector(registry=self._registry)
        GCCollector(registry=self._registry)
        self._count_requests()
        self._count_work()
        self._count_faults()
        self._count_library()
        self._models = Info("sightline_model", "What is served.", ("model",), registry=self._registry)

    def _count_requests(self) -> None:
        self._requests = self._histogram(
            "request_seconds", "From the head of a request to the end of its answer.", ("route", "status")
        )
        self._in_flight = self._gauge("requests_in_flight", "Requests that have no answer yet.")
        self._ready = self._gauge("ready", "1 where the last probe found that requests are answered.")
        self._rejected = self._counter("rejected", "Answers that were errors, by their code.", "reason")
        self._bytes = self._histogram("image_bytes", "Encoded size of pictures read.", (), BYTES)
        self._pixels = self._histogram("image_pixels", "Pixels of pictures read.", (), PIXELS)
        self._cache = self._counter(
            "cache", "hit: known; joined: being computed already; miss: computed.", "outcome"
        )
        self._cache_bytes = self._gauge("cache_bytes", "Memory of the vectors that are kept.")
        for outcome in CACHED:
            self._cache.labels(outcome)

    def _count_work(self) -> None:
        self._stages = self._histogram(
            "stage_seconds",
            "read: the body; decode, preprocess: a picture; tokenize: texts; queue: the wait for the device; "
            "forward: on it; serialise: the answer.",
            ("stage", *WORK),
        )
        self._items = self._histogram("batch_items", "Squares or texts in a forward.", WORK, ITEMS)
        self._tokens = self._counter("batch_tokens", "Tokens computed: patches, or ids.", *WORK)
        self._dispatched = self._counter(
            "dispatch",
            "Forwards, by what ended their batch: full; idle: the device was free; waited: max_wait_ms.",
            "reason",
        )
        for reason in DISPATCH:  # from 0 on: Prometheus does not see a first increment that begins a series
            self._dispatched.labels(reason)
        self._queue_items = self._gauge("queue_items", "Prepared items that wait for the device.", "lane")
        self._queue_tokens = self._gauge("queue_tokens", "Their tokens.", "lane")
        self._held = self._gauge("held_tokens", "Tokens of work under way, from admission to answer.")
        self._wait = self._gauge("estimated_wait_seconds", "What a request that came now would wait.", "lane")

    def _count_faults(self) -> None:
        self._dropped = self._counter(
            "dropped", "Items that nobody waited for when their turn came.", "reason"
        )
        for reason in DROPPED:
            self._dropped.labels(reason)
        self._restarts = self._counter("worker_restarts", "Times that the device's loop died.")
        self._out_of_memory = self._counter("out_of_memory", "Forwards that did not fit in memory.")

    def _count_library(self) -> None:
        self._tasks = self._counter("tasks", "Tasks of jobs that were settled.", "outcome")
        self._computed = self._counter("computed", "Vectors that jobs had computed; the others were known.")
        self._lag = self._gauge("view_lag", "Changes that the view furthest behind the record does not hold.")

    def request_began(self) -> None:
        self._in_flight.inc()

    def request_ended(self, route: str, status: int, seconds: float) -> None:
        """route: the pattern, not the path. status: as logged, 499 where the client left."""
        self._in_flight.dec()
        self._requests.labels(route, str(status)).observe(seconds)

    def probed(self, *, is_ready: bool) -> None:
        self._ready.set(is_ready)

    def rejected(self, reason: str) -> None:
        """reason: the stable code of an error that was answered."""
        self._rejected.labels(reason).inc()

    def stage(self, stage: Stage, labels: Labels, seconds: float) -> None:
        self._stages.labels(stage, *labels).observe(seconds)

    def picture(self, *, encoded_bytes: int, pixels: int) -> None:
        """One picture was read."""
        self._bytes.observe(encoded_bytes)
        self._pixels.observe(pixels)

    def batch(self, labels: Labels, *, items: int, tokens: int) -> None:
        """One forward is about to run."""
        self._items.labels(*labels).observe(items)
        self._tokens.labels(*labels).inc(tokens)

    def dispatched(self, reason: Literal["full", "idle", "waited"]) -> None:
        self._dispatched.labels(reason).inc()

    def dropped(self, reason: Literal["cancelled", "expired"]) -> None:
        self._dropped.labels(reason).inc()

    def cached(self, outcome: Literal["hit", "joined", "miss"]) -> None:
        self._cache.labels(outcome).inc()

    def worker_restarted(self) -> None:
        self._restarts.inc()

    def ran_out_of_memory(self) -> None:
        self._out_of_memory.inc()

    def watch_queue(self, lane: str, items: Callable[[], int], tokens: Callable[[], int]) -> None:
        """Ask for what waits in a lane whenever somebody reads."""
        self._queue_items.labels(lane).set_function(items)
        self._queue_tokens.labels(lane).set_function(tokens)

    def watch_wait(self, lane: str, wait_s: Callable[[], float]) -> None:
        """Ask for the expected wait of a lane whenever somebody reads."""
        self._wait.labels(lane).set_function(wait_s)

    def watch_held(self, held: Callable[[], int]) -> None:
        """Ask for the tokens under way whenever somebody reads."""
        self._held.set_function(held)

    def watch_cache(self, held_bytes: Callable[[], int]) -> None:
        """Ask for the cache's size whenever somebody reads."""
        self._cache_bytes.set_function(held_bytes)

    def settled(self, *, done: int, failed: int, computed: int) -> None:
        """Tasks of a job are over."""
        self._tasks.labels("done").inc(done)
        self._tasks.labels("failed").inc(failed)
        self._computed.inc(computed)

    def watch_lag(self, lag: Callable[[], int]) -> None:
        """Ask how far behind the views are whenever somebody reads."""
        self._lag.set_function(lag)

    def serves(self, model: str, facts: Mapping[str, str]) -> None:
        """A model is ready; facts: its engine, precision, fingerprint..."""
        self._models.labels(model).info(dict(facts))

    def register(self, collector: Collector) -> None:
        """Ask another part for its own numbers whenever somebody reads."""
        self._registry.register(collector)

    def text(self) -> bytes:
        """Everything, as Prometheus reads it."""
        return generate_latest(self._registry)

    def _histogram(
        self, name: str, about: str, labels: Sequence[str], buckets: Sequence[float] = SECONDS
    ) -> Histogram:
        return Histogram(f"sightline_{name}", about, labels, buckets=buckets, registry=self._registry)

    def _counter(self, name: str, about: str, *labels: str) -> Counter:
        return Counter(f"sightline_{name}", about, labels, registry=self._registry)

    def _gauge(self, name: str, about: str, *labels: str) -> Gauge:
        return Gauge(f"sightline_{name}", about, labels, registry=self._registry)
