"""`make bench-crowd`: ten ask for one map at once while somebody searches. Does not know how it is drawn.

Usage: python -m benchmarks.crowd [--rows N]. A real server on a library made for it; searches are by a
vector, up to twenty a second, alone and while the map is drawn. Writes benchmarks/results-crowd.md.
"""

import argparse
import hashlib
import tempfile
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from pathlib import Path

import httpx
import numpy as np

from benchmarks import host
from benchmarks.clusters import DIM, blocks, queries
from benchmarks.server import serving
from sightline.catalogue.database import Database
from sightline.catalogue.record import SqlRecord
from sightline.domain.collections import Changeset, Item, Space

RESULTS = Path(__file__).parent / "results-crowd.md"
NAME = "photos"
SPACE = Space("c" * 64, "nobody's", DIM)
BATCH = 5_000
CROWD = 10
PAUSE_S = 0.05
CALM_S = 15.0
PATIENCE_S = 600.0


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crowd", description=__doc__)
    parser.add_argument("--rows", type=int, default=50_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory(prefix="sightline-bench-") as folder:
        fill(Path(folder), rows)
        with serving("mini", SIGHTLINE_HOME=folder) as (port, _):
            lines = measured(httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60))
    table = "\n".join(("|" + f" {rows:,} x {DIM} | |", "|---|---:|", *lines))
    text = f"Measured {date.today().isoformat()} on {host.describe()}.\n\n{table}\n"
    RESULTS.write_text(text, encoding="utf-8")
    print(text)


def fill(folder: Path, rows: int) -> None:
    """A library with so many items, as nobody has put them in."""
    database = Database.in_folder(folder)
    record = SqlRecord(database)
    record.create(NAME, SPACE)
    for block in blocks(rows):
        for part in np.array_split(block, max(1, len(block) // BATCH)):
            names = [hashlib.sha256(vector.tobytes()).hexdigest() for vector in part]
            items = [Item(name[:16], name[:16], name, 1, None, {}) for name in names]
            vectors = dict(zip(names, part, strict=True))
            record.commit(NAME, Changeset(SPACE.fingerprint, items, vectors=vectors))
    database.close()


def measured(client: httpx.Client) -> list[str]:
    until(lambda: is_ready(client))
    until(lambda: not client.get(f"/v1/collections/{NAME}").json()["store"]["lag"])
    asked = queries(200).tolist()
    searched(client, asked, calm())
    alone = searched(client, asked, calm())
    began = time.monotonic()
    with ThreadPoolExecutor(CROWD) as crowd:
        answers = list(crowd.map(lambda _: client.post(f"/v1/collections/{NAME}/map", json={}), range(CROWD)))
    jobs = {answer.raise_for_status().json()["id"] for answer in answers}
    job = min(jobs)
    states = ("planning", "running")
    beside = searched(client, asked, lambda: client.get(f"/v1/jobs/{job}").json()["state"] in states)
    drawn_s = time.monotonic() - began
    told = client.get(f"/v1/collections/{NAME}/map").json()
    return [
        f"| ten asked at once: jobs | {len(jobs)} |",
        f"| drawn by {told['algorithm']}, from the first request to the job's end, s | {drawn_s:.1f} |",
        f"| search, 50th and 95th percentile of {len(alone)}, alone, ms | {spread(alone)} |",
        f"| the same of {len(beside)} while the map is drawn, ms | {spread(beside)} |",
    ]


def searched(client: httpx.Client, asked: list[list[float]], is_on: Callable[[], bool]) -> list[float]:
    """Milliseconds of each search, as long as it goes on; whether it does is asked beside them."""
    goes_on, times = threading.Event(), []

    def ask() -> None:
        number = 0
        while not goes_on.is_set():
            started = time.monotonic()
            vector = asked[number % len(asked)]
            client.post(f"/v1/collections/{NAME}/search", json={"vector": vector}).raise_for_status()
            times.append((time.monotonic() - started) * 1000)
            number += 1
            time.sleep(PAUSE_S)

    asking = threading.Thread(target=ask)
    asking.start()
    while is_on():
        time.sleep(0.5)
    goes_on.set()
    asking.join()
    return times


def calm() -> Callable[[], bool]:
    """True for a while."""
    end = time.monotonic() + CALM_S
    return lambda: time.monotonic() < end


def is_ready(client: httpx.Client) -> bool:
    try:
        return client.get("/readyz").is_success
    except httpx.TransportError:
        return False


def until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + PATIENCE_S
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError("the server does not come so far")
        time.sleep(0.5)


def spread(times: list[float]) -> str:
    middle, high = np.percentile(times, (50, 95)).tolist()
    return f"{middle:.1f}, {high:.1f}"


if __name__ == "__main__":
    main()
