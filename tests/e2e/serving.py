"""A real server on loopback, in a thread, over models without weights."""

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import httpx
import uvicorn

from sightline.bootstrap.library import OpenStore, open_library
from sightline.domain.ports import Cartographer, Fetcher
from sightline.environment import read_settings
from sightline.observe.traces import Traces
from sightline.services.model import Model
from sightline.services.served import ServedModels
from sightline.services.workshop import Workshop
from sightline.web.app import create_app
from sightline.web.serve import HTTP
from tests.fakes import fake_model

Loader = Callable[[str], Model]


@dataclass(frozen=True)
class Running:
    """A server and a client of it."""

    url: str
    client: httpx.Client
    served: ServedModels

    def wait_until_ready(self) -> None:
        for _ in range(500):
            if self.client.get("/readyz").status_code == 200:
                return
            time.sleep(0.01)
        raise AssertionError("the server did not become ready")


@contextmanager
def running(
    loader: Loader = fake_model,
    workshop: Workshop | None = None,
    *,
    is_awaited: bool = True,
    http: str | type[asyncio.Protocol] = HTTP,
    traces: Traces | None = None,
    fetcher: Fetcher | None = None,
    stores: OpenStore | None = None,
    cartographer: Cartographer | None = None,
    **chosen: object,
) -> Iterator[Running]:
    """Serve until the block ends. chosen: settings; is_awaited: enter the block once models are loaded.

    http: the protocol below the application. traces: where requests are told to. fetcher: what reads URLs.
    stores: how the library's is opened. cartographer: who draws its maps.
    """
    settings = read_settings({}, {"models": ("fake",), "port": 0, **chosen})
    served = ServedModels(settings.models, loader=loader, workshop=workshop or Workshop(threads=2))
    library = None
    if settings.home:
        library = open_library(settings, served, fetcher=fetcher, stores=stores, cartographer=cartographer)
    app = create_app(settings, served, library=library, fetcher=fetcher, traces=traces)
    config = uvicorn.Config(app, host="127.0.0.1", port=0, log_config=None, access_log=False, http=http)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    while not server.started:
        time.sleep(0.005)
    url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    try:
        with httpx.Client(base_url=url, timeout=20) as client:
            made = Running(url, client, served)
            if is_awaited:
                made.wait_until_ready()
            yield made
    finally:
        server.should_exit = True
        thread.join(20)
