"""Pictures and texts to vectors, asynchronously, for many callers at once. Does not know HTTP or settings."""

import asyncio
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

import numpy as np

from sightline.domain.arrays import Float32
from sightline.domain.errors import DeadlineError, EngineError, InvalidRequestError
from sightline.imaging.decode import ImageSource
from sightline.observe.timings import timings
from sightline.services import arguments
from sightline.services.canary import check
from sightline.services.jobs import Asked, Job, Lane, Picture, Text
from sightline.services.model import Model
from sightline.services.sweep import sweep
from sightline.services.workshop import Terms, Workshop


@dataclass(frozen=True)
class Embedded:
    """The vector (dim,) of one item, of unit length, and the tokens it took."""

    vector: Float32
    tokens: int


class EmbeddingService:
    """One model behind a queue, for use inside any event loop.

    model: a loaded Model, or a name for `loader` to load. max_concurrent: how many pictures are decoded at
    once; forwards are batched and run one at a time. workshop: shared by several services; otherwise its own.
    """

    def __init__(
        self,
        model: str | Model,
        *,
        max_concurrent: int = 4,
        loader: Callable[[str], Model] | None = None,
        workshop: Workshop | None = None,
    ) -> None:
        if max_concurrent < 1:
            raise InvalidRequestError(f"max_concurrent is {max_concurrent}; it must be at least 1")
        self._wanted = model
        self._loader = loader
        self._workshop = workshop or Workshop(threads=max_concurrent)
        self._model: Model | None = None
        self._loading = threading.Lock()
        self.load_s = self.warm_up_s = 0.0
        self.proved_at: float | None = None  # time.monotonic() of the last vector that came out

    @property
    def is_loaded(self) -> bool:
        return self._model is not None

    @property
    def model(self) -> Model:
        """Raises RuntimeError: before load_model()."""
        if self._model is None:
            raise RuntimeError("the model is not loaded: call load_model() first")
        return self._model

    def load_model(self) -> None:
        """Load, check and warm the model; blocks for seconds. A second call does nothing.

        Raises ModelError, EngineError: it cannot be loaded, or gives vectors that are wrong.
        """
        with self._loading:
            if self._model is not None:
                return
            started = time.monotonic()
            model = self._load()
            loaded = time.monotonic()
            if model.engine.is_real:
                check(model, model.canary)  # warms it too
            else:
                model.warm_up()
            for tower, pace in sweep(model).items():
                self._workshop.paces.set(model, tower, pace)
            self.load_s, self.warm_up_s = loaded - started, time.monotonic() - loaded
            self._workshop.batcher.start()
            self._model = model

    def close(self) -> None:
        """Answer what is under way and end the threads, shared ones included."""
        self._workshop.close()

    async def get_embedding(self, image: ImageSource) -> list[float]:
        """The unit vector of one picture: a path, encoded bytes, a PIL picture or a uint8 (H, W, 3) array.

        Raises RuntimeError: before load_model(); ImageError: the picture is refused.
        """
        return (await self.get_embeddings_batch([image]))[0]

    async def get_embeddings_batch(self, images: Iterable[ImageSource]) -> list[list[float]]:
        """One unit vector per picture, in order; all or none. Raises as get_embedding."""
        vectors: list[list[float]] = (await self.embed_images(images)).tolist()
        return vectors

    async def embed_images(self, images: Iterable[ImageSource], *, timeout_s: float | None = None) -> Float32:
        """(N, dim) float32 of unit length, in order; all or none. Raises as embed_all."""
        return self._stack(
            await self.embed_all(
                [Picture(image) for image in arguments.pictures(images)], timeout_s=timeout_s
            )
        )

    async def embed_texts(self, texts: Iterable[str], *, timeout_s: float | None = None) -> Float32:
        """(N, dim) float32 of unit length, in order; all or none. Raises as embed_all."""
        return self._stack(
            await self.embed_all([Text(text) for text in arguments.texts(texts)], timeout_s=timeout_s)
        )

    async def embed_all(
        self, asked: Sequence[Asked], *, timeout_s: float | None = None, lane: Lane | None = None
    ) -> list[Embedded]:
        """Every item's vector, in order, or the first failure with a note of which item it was.

        lane: None for bulk where it is a list that takes long, else interactive.
        Raises InputError: an item is refused; OverloadedError, DeadlineError, NotReadyError: come back later;
        RuntimeError: before load_model().
        """
        async with self._under_way(asked, Terms(timeout_s, lane)) as jobs:
            answers = await _answers(jobs, asyncio.FIRST_EXCEPTION)
            for index, answer in enumerate(answers):
                error = answer.exception() if answer.done() else None
                if error and len(answers) > 1:
                    error.add_note(f"item {index} of {len(answers)}, counted from 0")
                if error:
                    self._doubt(error)
                    raise error
            return [self._embedded(job) for job in jobs]

    async def embed_each(
        self, asked: Sequence[Asked], *, timeout_s: float | None = None, lane: Lane | None = None
    ) -> list[Embedded | Exception]:
        """Every item's vector or its own error, in order. Raises what concerns the whole, as embed_all."""
        async with self._under_way(asked, Terms(timeout_s, lane)) as jobs:
            answers = await _answers(jobs, asyncio.ALL_COMPLETED)
            results: list[Embedded | Exception] = []
            for job, answer in zip(jobs, answers, strict=True):
                error = answer.exception()
                self._doubt(error)
                results.append(error if isinstance(error, Exception) else self._embedded(job))
            return results

    async def prove(self, *, timeout_s: float) -> None:
        """Run a real forward through the whole path: a black square. Raises what a caller would meet."""
        size = self.model.card.image.size_px
        await self.embed_images([np.zeros((size, size, 3), dtype=np.uint8)], timeout_s=timeout_s)

    def _load(self) -> Model:
        if isinstance(self._wanted, Model):
            return self._wanted
        if self._loader is None:
            raise RuntimeError(
                f"no loader was given for the model {self._wanted!r}: pass a loaded Model instead"
            )
        return self._loader(self._wanted)

    def _stack(self, embedded: list[Embedded]) -> Float32:
        if not embedded:
            return np.zeros((0, self.model.dim), dtype=np.float32)
        return np.stack([item.vector for item in embedded])

    def _embedded(self, job: Job) -> Embedded:
        if job.forward_s:  # what the cache knew proves nothing
            self.proved_at = time.monotonic()
        if (taken := timings.get()) is not None:
            taken.add(job.queue_s, job.forward_s)
        return Embedded(job.answer.result(), job.tokens)

    def _doubt(self, error: BaseException | None) -> None:
        """After a forward that failed, whether the model works has to be proved anew."""
        if isinstance(error, EngineError):
            self.proved_at = None

    @asynccontextmanager
    async def _under_way(self, asked: Sequence[Asked], terms: Terms) -> AsyncIterator[list[Job]]:
        """Start the items. However the block ends, what is unfinished by then is given up."""
        jobs = self._workshop.start(self.model, asked, terms)
        try:
            async with asyncio.timeout(terms.timeout_s):
                yield jobs
        except TimeoutError:
            raise DeadlineError(
                f"no answer within {terms.timeout_s:g} s; send fewer items at once or allow more time"
            ) from None
        finally:
            for job in jobs:
                job.answer.cancel()


async def _answers(jobs: Sequence[Job], until: str) -> list[asyncio.Future[Float32]]:
    """The jobs' answers in this event loop, once all are there or, as `until` says, one has failed."""
    answers = [asyncio.wrap_future(job.answer) for job in jobs]
    for answer in answers:
        answer.add_done_callback(_look_at)
    if answers:
        await asyncio.wait(answers, return_when=until)
    return answers


def _look_at(answer: asyncio.Future[Float32]) -> None:
    """Only the first failure is told; asyncio would report the others as overlooked."""
    if not answer.cancelled():
        answer.exception()
