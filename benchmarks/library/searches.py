"""Ten clients that search a real server by text, alone and while it takes pictures in. Does not know bars."""

import json
import threading
import time
import urllib.request
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from benchmarks.library.pictures import jpegs
from benchmarks.server import serving

CLIENTS = 10
SECONDS = 15.0
FIRST = 500  # items that are there before
WORDS = ("red", "blue", "striped", "summer", "warm", "light", "old", "small")
THINGS = ("dress", "shoe", "shirt", "hat", "bag", "coat", "skirt")


@dataclass(frozen=True)
class Searches:
    alone_p50_ms: float
    alone_p95_ms: float
    beside_p50_ms: float
    beside_p95_ms: float
    searches: int
    failures: int
    ingested_per_s: float


def measure(folder: Path, model: str) -> Searches:
    few = jpegs(folder / "few", FIRST, (400, 533))
    many = jpegs(folder / "many", 6_000, (400, 533))
    with serving(model, SIGHTLINE_HOME=str(folder / "home"), SIGHTLINE_SOURCE_ROOTS=str(folder)) as (port, _):
        _wait_until_ready(port)
        job = _ask(port, "/v1/collections/photos/ingest", {"source": str(few), "name": "few"})
        while _ask(port, f"/v1/jobs/{job['id']}")["state"] != "done":
            time.sleep(0.1)
        time.sleep(1)
        _run(port, 3)  # warms
        alone, failed = _run(port, SECONDS)
        job = _ask(port, "/v1/collections/photos/ingest", {"source": str(many), "name": "many"})
        time.sleep(3)
        before, began = _ask(port, f"/v1/jobs/{job['id']}"), time.monotonic()
        beside, failed_beside = _run(port, SECONDS)
        after = _ask(port, f"/v1/jobs/{job['id']}")
        per_s = (int(str(after["done"])) - int(str(before["done"]))) / (time.monotonic() - began)
        _ask(port, f"/v1/jobs/{job['id']}/cancel", {})
    return Searches(
        *np.percentile(alone, (50, 95)).tolist(),
        *np.percentile(beside, (50, 95)).tolist(),
        searches=len(alone) + len(beside),
        failures=failed + failed_beside,
        ingested_per_s=per_s,
    )


def _run(port: int, seconds: float) -> tuple[list[float], int]:
    """Milliseconds of each search, and how many failed."""
    times: list[float] = []
    failures: list[str] = []
    end = time.monotonic() + seconds

    def search(client: int) -> None:
        number = client
        while time.monotonic() < end:
            number += CLIENTS
            text = f"a {WORDS[number % len(WORDS)]} {THINGS[number % len(THINGS)]} {number}"
            started = time.monotonic()
            try:
                _ask(port, "/v1/collections/photos/search", {"text": text})
            except OSError as error:
                failures.append(str(error))
            else:
                times.append((time.monotonic() - started) * 1000)

    clients = [threading.Thread(target=search, args=(client,)) for client in range(CLIENTS)]
    for thread in clients:
        thread.start()
    for thread in clients:
        thread.join()
    return times, len(failures)


def _wait_until_ready(port: int) -> None:
    for _ in range(600):
        try:
            _ask(port, "/readyz")
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("the server did not become ready")


def _ask(port: int, path: str, body: object = None) -> dict[str, object]:
    data = None if body is None else json.dumps(body).encode()
    call = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}", data, {"content-type": "application/json"}
    )
    with urllib.request.urlopen(call, timeout=60) as answer:
        found: dict[str, object] = json.load(answer)
        return found
