"""Starts the real server as a process of its own and ends it, by its id. Does not know what is tested."""

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator

START_S = 60


@contextlib.contextmanager
def serving(*models: str, **environment: str) -> Iterator[int]:
    """`sightline serve` on a free port of loopback, ready when the block begins; gives the port."""
    port = free_port()
    command = [sys.executable, "-m", "sightline", "serve", "--port", str(port)]
    for model in models:
        command += ["--model", model]
    process = subprocess.Popen(command, env=os.environ | {"SIGHTLINE_DRAIN_MS": "0"} | environment)
    try:
        wait_until_ready(port, process)
        yield port
    finally:
        process.terminate()
        process.wait(30)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until_ready(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        assert process.poll() is None, "the server ended before it was ready; its log is above"
        with contextlib.suppress(urllib.error.URLError, ConnectionError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5).close()
            return
        time.sleep(0.05)
    raise AssertionError(f"the server was not ready within {START_S} s")
