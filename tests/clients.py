"""Both clients behind one face, so that one test asks both. Does not know what is tested."""

import asyncio
import inspect
from collections.abc import AsyncIterator

import sightline


class Awaited:
    """An AsyncClient whose methods are waited for, each in the same event loop."""

    def __init__(self, *arguments, **options):
        self._client = sightline.AsyncClient(*arguments, **options)
        self._loop = asyncio.new_event_loop()

    def __getattr__(self, name):
        method = getattr(self._client, name)

        def waited(*arguments, **options):
            made = method(*arguments, **options)
            if isinstance(made, AsyncIterator):
                return self._listed(made)
            return self._loop.run_until_complete(made) if inspect.isawaitable(made) else made

        return waited

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._loop.run_until_complete(self._client.close())
        self._loop.close()

    def _listed(self, made):
        """One by one, as they come."""
        try:
            while True:
                yield self._loop.run_until_complete(anext(made))
        except StopAsyncIteration:
            return


CLIENTS = {"sync": sightline.Client, "async": Awaited}
