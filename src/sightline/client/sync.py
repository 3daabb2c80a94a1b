"""The client that waits. Does not know what it asks: that is in calls/."""

import time
from collections.abc import Callable, Iterator
from typing import Concatenate, ParamSpec, Self, TypeVar

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


def _waited(ask: Callable[P, Steps[T]]) -> "Callable[Concatenate[Client, P], T]":
    """The method that carries a call out."""

    def method(client: "Client", /, *args: P.args, **kwargs: P.kwargs) -> T:
        return client._carry_out(ask(*args, **kwargs))

    documented(method, ask)
    return method


class Client:
    """A Sightline server. Safe to use from several threads; close() or `with` gives connections back.

    Every method raises ServerRefusedError: the server will not, its code and message say why;
    ServerAwayError: it does not answer. 429 and 503 are tried again first, up to a minute.
    """

    def __init__(
        self,
        url: str,
        *,
        api_key: str | None = None,
        timeout_s: float = http.TIMEOUT_S,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """timeout_s: of one request. transport: httpx', for a proxy, or a server in this process."""
        self.url = url.rstrip("/")
        self._timeout_s = timeout_s
        self._http = httpx.Client(**http.settings(url, api_key, timeout_s), transport=transport)

    models = _waited(vectors.models)
    embed_texts = _waited(vectors.embed_texts)
    embed_images = _waited(vectors.embed_images)
    collections = _waited(library.collections)
    create = _waited(library.create)
    describe = _waited(library.describe)
    delete = _waited(library.delete)
    item = _waited(library.item)
    add = _waited(library.add)
    remove = _waited(library.remove)
    ingest = _waited(library.ingest)
    search = _waited(library.search)
    duplicates = _waited(library.duplicates)
    export = _waited(library.export)
    jobs = _waited(work.jobs)
    job = _waited(work.job)
    cancel = _waited(work.cancel)
    wait = _waited(work.wait)
    draw_map = _waited(atlas.draw_map)
    map_info = _waited(atlas.map_info)
    map_points = _waited(atlas.map_points)
    map = _waited(atlas.map)
    select = _waited(atlas.select)

    def events(self, job: Job | int, *, after: int | None = None) -> Iterator[JobEvent]:
        """A job's events as they happen, until it has ended; a stream that breaks is taken up again.

        after: the id of the last that is known: first all that came since.
        """
        listening = Listening(number(job), after)
        while not listening.is_over:
            request = listening.request()
            try:
                with self._http.stream(**http.arguments(request, self._timeout_s)) as answer:
                    if answer.is_error:
                        listening.refused(http.reply(answer, answer.read()))
                    else:
                        yield from listening.taken(answer.iter_lines())
                        listening.ended(self.url + request.path)
            except httpx.TransportError as error:
                listening.broke(http.broken(self.url + request.path, error))
            if not listening.is_over:
                time.sleep(listening.pause_s)

    def close(self) -> None:
        self._http.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _carry_out(self, steps: Steps[T]) -> T:
        try:
            step = next(steps)
            while True:
                step = steps.send(self._outcome(step))
        except StopIteration as end:
            result: T = end.value
            return result

    def _outcome(self, step: Step) -> Outcome:
        if isinstance(step, Pause):
            time.sleep(step.seconds)
            return None
        try:
            return self._sent(step)
        except httpx.TransportError as error:
            return http.broken(self.url + step.path, error)

    def _sent(self, request: Request) -> Reply:
        with self._http.stream(**http.arguments(request, self._timeout_s)) as answer:
            if request.into is None or answer.is_error:
                return http.reply(answer, answer.read())
            with http.replaced(request.into) as file:
                for chunk in answer.iter_bytes():
                    file.write(chunk)
            return http.reply(answer, b"")
