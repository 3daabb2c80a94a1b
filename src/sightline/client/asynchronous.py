"""The client that awaits, for event loops. Does not know what it asks: that is in calls/."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, Concatenate, ParamSpec, Self, TypeVar

import httpx

from sightline.client import http
from sightline.client.answers import Job
from sightline.client.calls import atlas, library, vectors, work
from sightline.client.calls.work import number
from sightline.client.events import JobEvent, Listening
from sightline.client.methods import documented
from sightline.client.steps import Outcome, Pause, Reply, Request, Step, Steps

P = ParamSpec("P")
T = TypeVar("T")


def _awaited(
    ask: Callable[P, Steps[T]],
) -> "Callable[Concatenate[AsyncClient, P], Coroutine[Any, Any, T]]":
    """The method that carries a call out."""

    async def method(client: "AsyncClient", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await client._carry_out(ask(*args, **kwargs))

    documented(method, ask)
    return method


class AsyncClient:
    """A Sightline server. For one event loop; close() or `async with` gives connections back.

    Every method raises ServerRefusedError: the server will not, its code and message say why;
    ServerAwayError: it does not answer. 429 and 503 are tried again first, up to a minute.
    """

    def __init__(
        self,
        url: str,
        *,
        api_key: str | None = None,
        timeout_s: float = http.TIMEOUT_S,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """timeout_s: of one request. transport: httpx', for a proxy, or a server in this process."""
        self.url = url.rstrip("/")
        self._timeout_s = timeout_s
        self._http = httpx.AsyncClient(**http.settings(url, api_key, timeout_s), transport=transport)

    models = _awaited(vectors.models)
    embed_texts = _awaited(vectors.embed_texts)
    embed_images = _awaited(vectors.embed_images)
    collections = _awaited(library.collections)
    create = _awaited(library.create)
    describe = _awaited(library.describe)
    delete = _awaited(library.delete)
    item = _awaited(library.item)
    add = _awaited(library.add)
    remove = _awaited(library.remove)
    ingest = _awaited(library.ingest)
    search = _awaited(library.search)
    duplicates = _awaited(library.duplicates)
    export = _awaited(library.export)
    jobs = _awaited(work.jobs)
    job = _awaited(work.job)
    cancel = _awaited(work.cancel)
    wait = _awaited(work.wait)
    draw_map = _awaited(atlas.draw_map)
    map_info = _awaited(atlas.map_info)
    map_points = _awaited(atlas.map_points)
    map = _awaited(atlas.map)
    select = _awaited(atlas.select)

    async def events(self, job: Job | int, *, after: int | None = None) -> AsyncIterator[JobEvent]:
        """A job's events as they happen, until it has ended; a stream that breaks is taken up again.

        after: the id of the last that is known: first all that came since.
        """
        listening = Listening(number(job), after)
        while not listening.is_over:
            request = listening.request()
            try:
                async with self._http.stream(**http.arguments(request, self._timeout_s)) as answer:
                    if answer.is_error:
                        listening.refused(http.reply(answer, await answer.aread()))
                    else:
                        async for line in answer.aiter_lines():
                            for event in listening.taken([line]):
                                yield event
                        listening.ended(self.url + request.path)
            except httpx.TransportError as error:
                listening.broke(http.broken(self.url + request.path, error))
            if not listening.is_over:
                await asyncio.sleep(listening.pause_s)

    async def close(self) -> None:
        await self._http.aclose()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def _carry_out(self, steps: Steps[T]) -> T:
        try:
            step = next(steps)
            while True:
                step = steps.send(await self._outcome(step))
        except StopIteration as end:
            result: T = end.value
            return result

    async def _outcome(self, step: Step) -> Outcome:
        if isinstance(step, Pause):
            await asyncio.sleep(step.seconds)
            return None
        try:
            return await self._sent(step)
        except httpx.TransportError as error:
            return http.broken(self.url + step.path, error)

    async def _sent(self, request: Request) -> Reply:
        async with self._http.stream(**http.arguments(request, self._timeout_s)) as answer:
            if request.into is None or answer.is_error:
                return http.reply(answer, await answer.aread())
            with http.replaced(request.into) as file:
                async for chunk in answer.aiter_bytes():
                    await asyncio.to_thread(file.write, chunk)
            return http.reply(answer, b"")
