"""A real server process: time to its first vector, memory, speed under load. Knows no engine."""

import contextlib
import json
import os
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.load.generator import Generator
from sightline.cli.bench.serve.children import free_port

CLIENTS = 32
SECONDS = 20.0
IDLE_SECONDS = 6.0
WARM_UP = ("--warm-up-s", "1")  # until every client's first answer has come


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
        load = Generator(port, pictures)
        idle = load.run("--clients", "1", "--seconds", str(IDLE_SECONDS), *WARM_UP)
        busy = load.run("--clients", str(CLIENTS), "--seconds", str(SECONDS), *WARM_UP)
        return ServerTable(
            first_vector_s=first_vector_s,
            anonymous_mb=_anonymous_mb(pid),
            rate=busy["answers_per_s"],
            p95_ms=busy["p95_ms"],
            idle_p50_ms=idle["p50_ms"],
            failures=round(sum(found["requests"] - found["ok"] for found in (idle, busy))),
        )


@contextlib.contextmanager
def serving(folder: Path | str, *, module: str = "sightline", **more: str) -> Iterator[tuple[int, int]]:
    """`sightline serve` on a free port: (port, process id). Ended, by its id, when the block ends.

    module: what runs instead of it; more: of its environment.
    """
    port = free_port()
    command = [sys.executable, "-m", module, "serve", "--model", str(folder), "--port", str(port)]
    environment = os.environ | {"SIGHTLINE_LOG_LEVEL": "warning", "SIGHTLINE_DRAIN_MS": "0"} | more
    process = subprocess.Popen(command, env=environment)
    try:
        yield port, process.pid
    finally:
        process.terminate()
        process.wait(30)


def _wait_for_vector(port: int, picture: bytes) -> None:
    kind = {"Content-Type": "image/jpeg"}
    for _ in range(3000):
        try:
            call = urllib.request.Request(f"http://127.0.0.1:{port}/embed-image", picture, kind)
            with urllib.request.urlopen(call, timeout=30) as answer:
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
        urllib.request.urlopen(call, timeout=30).close()


def _anonymous_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith("Anonymous:"))) / 1024
