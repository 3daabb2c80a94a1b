"""Pictures to squares and texts to ids, beside the forwards. Does not know who asks, or what comes after.

A picture is read under limits on its own thread; how many are read at once is bounded by threads and by the
memory that reading takes. What was computed before, or is being computed, is not prepared at all.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np

from sightline.imaging.decode import ImageSource
from sightline.imaging.weight import reading_bytes, reading_s
from sightline.observe.metrics import Metrics
from sightline.services.admission import Admission, Place
from sightline.services.cache import Key, VectorCache, picture_key, text_key
from sightline.services.jobs import Asked, Job, Lane, Picture, Text
from sightline.services.model import Model
from sightline.services.pace import Throughput
from sightline.services.pool import LanePool
from sightline.services.room import Room

TEXT_S = 1e-5  # what cutting a text into tokens takes
READING_BYTES = 1_400_000_000  # in memory at once: two of the largest pictures, nine JPEGs of 12 megapixels


@dataclass(frozen=True)
class Order:
    """One item to prepare, and the place it holds."""

    job: Job
    asked: Asked
    place: Place


class Preparation:
    """Safe to use from several threads. threads: for pictures; texts have one of their own.

    put: takes the jobs that are prepared. cache: None for none.
    """

    def __init__(
        self,
        put: Callable[[Sequence[Job]], None],
        admission: Admission,
        metrics: Metrics,
        *,
        threads: int,
        cache: VectorCache | None = None,
    ) -> None:
        self._put = put
        self._admission = admission
        self._metrics = metrics
        self._pictures = LanePool(threads)
        # A text takes a tenth of a millisecond: it should not wait for pictures, nor for forwards to end.
        self._texts = LanePool(1, yields=False)
        self._cache = cache
        self._room = Room(READING_BYTES)
        self._slowness = Throughput(units=0.02, seconds=0.02)  # of reading, to what its header lets expect

    def expected_s(self, model: Model, source: ImageSource) -> float:
        """How long one thread will be busy with a picture, as far as can be told before it is read."""
        return self._slowness.seconds(reading_s(source, model.limits))

    def submit(self, lane: Lane, orders: Sequence[Order]) -> None:
        """Prepare all of them; what fails is told through its job. Raises NotReadyError: closed."""
        texts = [order for order in orders if isinstance(order.asked, Text)]
        for order in orders:
            if isinstance(order.asked, Picture):
                self._pictures.submit(lane, order.place.work.prepare_s, partial(self._run, [order]))
        if texts:  # a tokenizer is fastest with all at once
            self._texts.submit(lane, TEXT_S * len(texts), partial(self._run, texts))

    def close(self) -> None:
        """Finish what was submitted, and end the threads."""
        self._pictures.close()
        self._texts.close()

    def _run(self, orders: Sequence[Order], *, is_heir: bool = False) -> None:
        """One picture, or several texts. is_heir: somebody else was to compute it, and is gone."""
        mine: list[Order] = []
        try:
            mine += (o for o in orders if self._is_wanted(o.job) and (is_heir or self._leads(o)))
            if mine:
                self._prepare(mine)
        except Exception as error:  # noqa: BLE001  # a worker's outer loop; the callers get it as the answer
            if len(mine) > 1:  # one bad text must not take the others along
                for order in mine:
                    self._run([order], is_heir=True)
            else:
                for order in mine or orders:
                    order.job.fail(error)
        finally:
            for order in orders:
                self._admission.prepared(order.place)

    def _is_wanted(self, job: Job) -> bool:
        ending = job.ending()
        if ending is not None:
            self._metrics.dropped(ending)
        return ending is None

    def _leads(self, order: Order) -> bool:
        """Whether nobody else has computed it, or is about to; otherwise its job has or gets the answer."""
        key = None if self._cache is None else _key(order)  # hashing a photo takes as long as cutting it
        if self._cache is None or key is None:
            return True
        pool = self._texts if isinstance(order.asked, Text) else self._pictures
        heir = partial(
            pool.submit, order.job.lane, order.place.work.prepare_s, partial(self._run, [order], is_heir=True)
        )
        role = self._cache.claim(key, order.job, heir)
        self._metrics.cached("miss" if role == "leader" else role)
        return role == "leader"

    def _prepare(self, orders: Sequence[Order]) -> None:
        texts = [order.asked.text for order in orders if isinstance(order.asked, Text)]
        jobs = [order.job for order in orders]
        if texts:
            self._cut_texts(jobs, texts)
        for order in orders:
            if isinstance(order.asked, Picture):
                self._read(order.job, order.asked.source)
        self._put(jobs)

    def _read(self, job: Job, source: ImageSource) -> None:
        with self._room.hold(reading_bytes(source, job.model.limits)):
            started = time.monotonic()
            picture = job.model.read(source)
            decoded = time.monotonic()
            job.rows = job.model.cut(picture)
            ended = time.monotonic()
        job.tokens = job.cost
        self._slowness.observe(reading_s(source, job.model.limits), ended - started)
        self._metrics.picture(encoded_bytes=_size(source), pixels=picture.width * picture.height)
        self._metrics.stage("decode", job.labels, decoded - started)
        self._metrics.stage("preprocess", job.labels, ended - decoded)
        job.trace.stage("decode", started, decoded)
        job.trace.stage("preprocess", decoded, ended)

    def _cut_texts(self, jobs: Sequence[Job], texts: Sequence[str]) -> None:
        first = jobs[0]  # all are of one request
        started = time.monotonic()
        ids = first.model.prepare_texts(texts)  # (N, L)
        ended = time.monotonic()
        for job, row in zip(jobs, ids, strict=True):
            job.rows = row[np.newaxis]
            job.tokens = job.model.count_tokens(row)
        self._metrics.stage("tokenize", first.labels, ended - started)
        first.trace.stage("tokenize", started, ended, {"sightline.texts": len(jobs)})


def _key(order: Order) -> Key | None:
    """None for what is no content: a path may hold something else tomorrow."""
    if isinstance(order.asked, Text):
        return text_key(order.job.model, order.asked.text)
    source = order.asked.source
    return picture_key(order.job.model, source) if isinstance(source, bytes) else None


def _size(source: ImageSource) -> int:
    """Encoded bytes; of a path and of what is decoded already they are not counted."""
    return len(source) if isinstance(source, bytes) else 1
