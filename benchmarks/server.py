"""A real server process: time to its first vector, memory, speed under load. Knows no engine."""

import contextlib
import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.load import BOUNDARY, upload

CLIENTS = 32
SECONDS = 20.0
IDLE_SECONDS = 6.0


@dataclass(frozen=True)
class ServerTable:
    first_vector_s: float
    anonymous_mb: float
    rate: float
    p95_ms: float
    idle_p50_ms: float
    failures: int


def measure(folder: Path, pictures: Path) -> ServerTable:
    """Start, first vector, both towers once, idle requests one by one, then the load."""
    started = time.perf_counter()
    with serving(folder) as (port, pid):
        picture = next(iter(sorted(pictures.glob("*.jpg")))).read_bytes()
        _wait_for_vector(port, picture)
        first_vector_s = time.perf_counter() - started
        _text(port)
        idle = _load(port, 1, IDLE_SECONDS, pictures)
        busy = _load(port, CLIENTS, SECONDS, pictures)
        return ServerTable(
            first_vector_s=first_vector_s,
            anonymous_mb=_anonymous_mb(pid),
            rate=float(busy["rate"]),
            p95_ms=float(busy["p95_ms"]),
            idle_p50_ms=float(idle["p50_ms"]),
            failures=len(busy["failures"]) + len(idle["failures"]),
        )


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[tuple[int, int]]:
    """`sightline serve` on a free port: (port, process id). Ended, by its id, when the block ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "sightline", "serve", "--model", str(folder), "--port", str(port)]
    environment = os.environ | {"SIGHTLINE_LOG_LEVEL": "warning", "SIGHTLINE_DRAIN_MS": "0"}
    process = subprocess.Popen(command, env=environment)
    try:
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(30)


def _wait_for_vector(port: int, picture: bytes) -> None:
    request = upload("/embed-image", picture)
    body = request.split(b"\r\n\r\n", 1)[1]
    kind = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY.decode()}"}
    for _ in range(3000):
        try:
            call = urllib.request.Request(f"http://127.0.0.1:{port}/embed-image", body, kind)
            with urllib.request.urlopen(call, timeout=30) as answer:  # noqa: S310  # loopback
                json.load(answer)
            return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.01)
    raise RuntimeError("the server gave no vector")


def _text(port: int) -> None:
    body = json.dumps({"input": "a red dress"}).encode()
    call = urllib.request.Request(
        f"http://127.0.0.1:{port}/v1/embeddings", body, {"Content-Type": "application/json"}
    )
    with contextlib.suppress(urllib.error.HTTPError):  # a model without text answers 400
        urllib.request.urlopen(call, timeout=30).close()  # noqa: S310  # loopback


def _load(port: int, clients: int, seconds: float, pictures: Path) -> dict[str, object]:
    command = [sys.executable, "-m", "benchmarks.load", str(port), "/embed-image", str(clients), str(seconds)]
    done = subprocess.run([*command, str(pictures)], capture_output=True, check=True)
    result: dict[str, object] = json.loads(done.stdout)
    return result


def _anonymous_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("Anonymous:"))) / 1024
