"""Runs the application under uvicorn: until it is told to end, or beside other work. Does not know routes."""

import asyncio
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.util import find_spec
from socket import socket
from types import FrameType

import uvicorn

from sightline.domain.errors import NotReadyError
from sightline.domain.ports import Fetcher
from sightline.observe.traces import Traces
from sightline.services.collections.library import Library
from sightline.services.served import ServedModels
from sightline.settings import Settings
from sightline.web.app import create_app
from sightline.web.state import ServerState

# by name, so that it is imported only where httptools is; elsewhere uvicorn takes h11, which bounds heads
HTTP = "sightline.web.protocol:BoundedHttp" if find_spec("httptools") else "auto"
STARTING_S = 0.005  # between two looks whether the port is open


class _DrainingServer(uvicorn.Server):
    """uvicorn ends by closing its port at once and raising the signal again. Here a load balancer first has
    time to read 503 from /readyz, a clean end is exit code 0, and a second signal ends without waiting.
    """

    def __init__(self, config: uvicorn.Config, drain_s: float, fetcher: Fetcher | None = None) -> None:
        super().__init__(config)
        self._fetcher = fetcher
        self.state: ServerState | None = None
        self.has_failed = False
        self._drain_s = drain_s

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:  # noqa: ARG002  # uvicorn's
        self.force_exit = self.should_exit
        self.drain()

    def drain(self) -> None:
        """Stop taking work, now, and end soon. Also called when the models cannot be loaded."""
        if self.state is not None:
            self.state.is_draining = True
        self.should_exit = True

    def fail(self) -> None:
        self.has_failed = True
        self._drain_s = 0
        self.drain()

    async def startup(self, sockets: list[socket] | None = None) -> None:
        await super().startup(sockets)
        if not self.started:
            return
        listening = [one for server in self.servers for one in server.sockets]
        if self._fetcher is not None:
            for one in listening:  # port 0 has become another by now
                self._fetcher.refuse_port(one.getsockname()[1])
        if self.state is not None and self.state.library is not None:
            self.state.library.owner.announce(_address(listening[0]), self.state.token)

    async def shutdown(self, sockets: list[socket] | None = None) -> None:
        closes_at = time.monotonic() + self._drain_s
        while time.monotonic() < closes_at and not self.force_exit:  # as uvicorn looks for signals
            await asyncio.sleep(0.05)
        if self.state is not None:
            self.state.threads.end()
        await super().shutdown(sockets)


def serve(
    settings: Settings,
    served: ServedModels,
    library: Library | None = None,
    *,
    fetcher: Fetcher | None = None,
    traces: Traces | None = None,
) -> int:
    """Serve until SIGTERM or SIGINT. Returns the exit code: 0, or 1 where the models could not be loaded."""
    server = _server(settings, served, library, fetcher=fetcher, traces=traces)
    server.run()
    return 1 if server.has_failed or not server.started else 0


@dataclass(frozen=True)
class Background:
    """A server in a thread of this process, and the token that it knows its owner by."""

    address: str
    token: str


@contextmanager
def served_in_background(
    settings: Settings, served: ServedModels, library: Library, *, fetcher: Fetcher | None = None
) -> Iterator[Background]:
    """Serve until the block ends; then what is in hand is kept. Leaves signals to whoever has them.

    Raises NotReadyError: the server does not start; its log says why.
    """
    server = _server(settings, served, library, fetcher=fetcher)
    thread = threading.Thread(target=server.run, name="serve")
    thread.start()
    try:
        while not server.started:
            if not thread.is_alive():
                raise NotReadyError("no server could be started for the library; the log says why")
            time.sleep(STARTING_S)
        if server.state is None or not server.servers:
            raise NotReadyError("the server for the library ended while it started; the log says why")
        yield Background(_address(server.servers[0].sockets[0]), server.state.token)
    finally:
        server.drain()
        thread.join()


def _server(
    settings: Settings,
    served: ServedModels,
    library: Library | None,
    *,
    fetcher: Fetcher | None,
    traces: Traces | None = None,
) -> _DrainingServer:
    config = uvicorn.Config(
        app=lambda: None,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        http=HTTP,
        timeout_graceful_shutdown=settings.shutdown_grace_s,
    )
    server = _DrainingServer(config, settings.drain_ms / 1000, fetcher)
    app = create_app(
        settings, served, library=library, fetcher=fetcher, traces=traces, on_failure=server.fail
    )
    config.app = app
    server.state = app.state.sightline
    return server


def _address(listening: socket) -> str:
    """Where this machine reaches the port: of all addresses, loopback."""
    host, port = listening.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104  # what is listened on, not that we do
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
