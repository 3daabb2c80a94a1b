"""What all services of one process share, and an item's way through it. Does not know who asks or what for.

A picture's way: a place is taken, a thread decodes and cuts it, the device's queue, back. Each item has one
future for the whole way: cancelling it takes the item out wherever it is.
"""

import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial

from sightline.domain.records import Tower
from sightline.observe.metrics import Metrics
from sightline.services.admission import Admission, Place, Work
from sightline.services.batching import Batcher
from sightline.services.cache import VectorCache
from sightline.services.jobs import LANES, NEVER, Asked, Job, Lane, Text
from sightline.services.model import Model
from sightline.services.pace import Paces
from sightline.services.preparation import Order, Preparation
from sightline.services.queueing import BatchLimits

LIST_S = 0.25  # a list that keeps the device for longer gives way to requests that do not


@dataclass(frozen=True)
class Terms:
    """What a caller wants beside vectors. timeout_s: None for no limit. lane: None: as its size demands."""

    timeout_s: float | None = None
    lane: Lane | None = None


class Workshop:
    """Safe to use from several threads and event loops. All arguments have defaults that suit one CPU.

    threads: how many pictures are decoded at once. max_cost: tokens under way, waiting ones included.
    max_queue_s: how long an interactive request may have to wait for its turn. max_wait_s: as in Batcher.
    cache_bytes: of vectors that are kept by content; 0 for none.
    """

    def __init__(
        self,
        *,
        threads: int | None = None,
        limits: BatchLimits | None = None,
        max_cost: int | None = None,
        max_queue_s: float | None = None,
        max_wait_s: float = 0.0,
        cache_bytes: int = 0,
    ) -> None:
        self.metrics = Metrics()
        self.paces = Paces()
        self.batcher = Batcher(limits, paces=self.paces, metrics=self.metrics, max_wait_s=max_wait_s)
        threads = threads or os.cpu_count() or 1
        self.admission = Admission(max_cost, max_wait_s=max_queue_s, threads=threads)
        self.metrics.watch_held(lambda: self.admission.held)
        for lane in LANES:
            self.metrics.watch_wait(lane, partial(self.admission.wait_s, lane))
        self._preparation = Preparation(
            self.batcher.put, self.admission, self.metrics, threads=threads, cache=self._cache(cache_bytes)
        )

    def start(self, model: Model, asked: Sequence[Asked], terms: Terms) -> list[Job]:
        """Set every item on its way; its answer comes through its job.

        Raises OverloadedError: its turn would come too late; NotReadyError: the workshop is closed.
        """
        works = [self._expected(model, item) for item in asked]
        lane = terms.lane or ("bulk" if _is_long(works) else "interactive")
        places = self.admission.enter(lane, works, terms.timeout_s)
        deadline = NEVER if terms.timeout_s is None else time.monotonic() + terms.timeout_s
        orders = [
            Order(Job(model, _tower(item), lane, deadline), item, place)
            for item, place in zip(asked, places, strict=True)
        ]
        for order in orders:
            order.job.answer.add_done_callback(partial(self._leave, order.place))
        try:
            self._preparation.submit(lane, orders)
        except BaseException:
            for order in orders:
                order.job.answer.cancel()
            raise
        return [order.job for order in orders]

    def close(self) -> None:
        """Let what is under way finish, then end every thread."""
        self._preparation.close()
        self.batcher.close()

    def _cache(self, max_bytes: int) -> VectorCache | None:
        if not max_bytes:
            return None
        cache = VectorCache(max_bytes)
        self.metrics.watch_cache(lambda: cache.counts.held_bytes)
        return cache

    def _leave(self, place: Place, _: object) -> None:
        self.admission.leave(place)

    def _expected(self, model: Model, asked: Asked) -> Work:
        """As far as can be told before a picture is decoded or a text cut into words."""
        if isinstance(asked, Text):
            tokens = model.card.text.context_length if model.card.text else 1
            return Work(tokens, self.paces.of(model, "text").seconds(tokens, is_alone=False))
        tokens = model.image_rows * model.image_tokens
        device_s = self.paces.of(model, "vision").seconds(tokens, is_alone=False)
        return Work(tokens, device_s, self._preparation.expected_s(model, asked.source))


def _tower(asked: Asked) -> Tower:
    return "text" if isinstance(asked, Text) else "vision"


def _is_long(works: Sequence[Work]) -> bool:
    return len(works) > 1 and sum(work.device_s for work in works) > LIST_S
