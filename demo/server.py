"""A `sightline serve` process of our own: started, awaited, ended. Does not know what is asked of it."""

import contextlib
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

HOST = "127.0.0.1"
USUAL_PORT = 8000
START_S = 60.0
STOP_S = 20.0
TAIL_LINES = 15
LINE_CHARS = 300
KEPT_SETTINGS = (
    "SIGHTLINE_ENGINE",
    "SIGHTLINE_PRECISION",
)  # others are meant for a real server, not for a demo


class DemoError(Exception):
    """The demo cannot go on; the message says why and what to do."""


class Server:
    """A running server process whose log goes to a file."""

    def __init__(self, process: subprocess.Popen[bytes], port: int, log: Path) -> None:
        self.url = f"http://{HOST}:{port}"
        self._process = process
        self._log = log

    def wait_until_ready(self) -> None:
        """Raises DemoError: it ended, or was not ready in time; with the end of its log."""
        deadline = time.monotonic() + START_S
        while time.monotonic() < deadline:
            if self._process.poll() is not None:
                raise DemoError(f"the server ended at its start; the end of its log:\n{self._tail()}")
            if self._is_ready():
                return
            time.sleep(0.1)
        raise DemoError(
            f"the server was not ready within {START_S:.0f} s; the end of its log:\n{self._tail()}"
        )

    def wait_until_it_ends(self) -> None:
        """Raises DemoError: it ended by itself."""
        self._process.wait()
        raise DemoError(f"the server ended; the end of its log:\n{self._tail()}")

    def stop(self) -> None:
        """End the process, kindly first."""
        self._process.terminate()
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def _is_ready(self) -> bool:
        try:
            with urllib.request.urlopen(f"{self.url}/readyz", timeout=10) as answer:  # noqa: S310  # our own address
                return bool(answer.status == 200)
        except OSError:  # not listening yet, or 503
            return False

    def _tail(self) -> str:
        lines = self._log.read_text(encoding="utf-8", errors="replace").splitlines()
        return "\n".join(f"  {line[:LINE_CHARS]}" for line in lines[-TAIL_LINES:])


@contextmanager
def running_server(model: str, folder: Path, environ: Mapping[str, str]) -> Iterator[Server]:
    """A server for as long as the block runs, however it ends. DEMO_PORT or PORT choose its port.

    folder: where its library is, and below which it may read sources.

    Raises DemoError: the port is not to be had.
    """
    port = _port(environ)
    command = [
        sys.executable,
        "-m",
        "sightline",
        "serve",
        "--model",
        model,
        "--host",
        HOST,
        "--port",
        str(port),
    ]
    with tempfile.TemporaryDirectory(prefix="sightline-demo-") as temporary:
        log = Path(temporary) / "server.log"
        with log.open("wb") as output:
            # a session of its own: Ctrl-C is for the demo, which then ends the server in order
            process = subprocess.Popen(
                command,
                env=_environment(environ, folder),
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        server = Server(process, port, log)
        try:
            yield server
        finally:
            server.stop()


def _environment(environ: Mapping[str, str], folder: Path) -> dict[str, str]:
    """The demo shows the defaults, whatever is set for a server of one's own."""
    kept = {
        name: value
        for name, value in environ.items()
        if not name.startswith("SIGHTLINE_") or name in KEPT_SETTINGS
    }
    place = {
        "SIGHTLINE_HOME": str((folder / "library").absolute()),
        "SIGHTLINE_SOURCE_ROOTS": str(folder.absolute()),
    }
    return kept | place | {"SIGHTLINE_LOG_FORMAT": "human"}


def _port(environ: Mapping[str, str]) -> int:
    wanted = environ.get("DEMO_PORT") or environ.get("PORT")
    if wanted is None:
        return USUAL_PORT if _is_free(USUAL_PORT) else _any_free()
    if not wanted.isdecimal() or not 0 < int(wanted) < 65536:
        raise DemoError(f"the port is {wanted!r}; set DEMO_PORT to a number from 1 to 65535")
    if not _is_free(int(wanted)):
        raise DemoError(
            f"port {wanted} is taken by another program; set DEMO_PORT to another, or leave it out"
        )
    return int(wanted)


def _is_free(port: int) -> bool:
    with contextlib.suppress(OSError), _bound(port):
        return True
    return False


def _any_free() -> int:
    with _bound(0) as probe:
        return int(probe.getsockname()[1])


@contextmanager
def _bound(port: int) -> Iterator[socket.socket]:
    with socket.socket() as probe:
        if os.name == "posix":  # a port whose last connection just ended is free for a server
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((HOST, port))
        yield probe
