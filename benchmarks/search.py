"""`make bench-search`: how fast and how truly the embedded store finds neighbours, by scan and by index.

Usage: python -m benchmarks.search [--rows N ...] [--folder PATH]. Writes benchmarks/results-search.md. Each
phase has a process of its own, so that memory and opening are a fresh server's. Knows no SQL.
"""

import argparse
import multiprocessing
import resource
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from itertools import count
from pathlib import Path

import numpy as np

from benchmarks.clusters import DIM, blocks, queries
from benchmarks.search_report import RESULTS, Figures, report
from sightline.domain.arrays import Float32, Int64
from sightline.domain.filter_syntax import parse
from sightline.domain.items import Change, Json
from sightline.domain.ports import View
from sightline.stores.duckdb import DuckDbStore
from sightline.stores.duckdb_view import HELD_MAX_BYTES

TRUTH = "truth.npy"
K = 10
QUERIES = 200
FILTERS = 8  # as many as are remembered: of each selectivity, each asked for the first time and then again
CLIENTS, EACH = 10, 30
BATCH = 2_000  # a shard of an ingestion
REPLACED = 20_000
HELD_BYTES = {"scan": HELD_MAX_BYTES, "index": 0}
FILES = {"scan": "*.segments/*", "index": "*.usearch"}


def fill(folder: Path, rows: int) -> Figures:
    """Put the vectors into a new store, and beside it what the queries should find."""
    asked, spent_s, done = queries(QUERIES), 0.0, 0
    keys, cosines = np.empty((QUERIES, 0), np.int64), np.empty((QUERIES, 0), np.float32)
    with opened(folder, "scan") as view:
        for block in blocks(rows):
            keys, cosines = best_of(keys, cosines, asked @ block.T, done)
            started = time.perf_counter()
            for part in np.split(block, range(BATCH, len(block), BATCH)):
                changes = [change(seq, seq, row) for seq, row in enumerate(part, done + 1)]
                done += len(part)
                view.apply(changes, done)
            spent_s += time.perf_counter() - started
    np.save(folder / TRUTH, keys)
    return {"filled, rows/s": rows / spent_s, "DuckDB's file, MB": files_mb(folder, "*.duckdb")}


def build(folder: Path, way: str) -> Figures:
    """Make the index, or whatever there is to make, and measure it."""
    with opened(folder, way) as view:
        started = time.perf_counter()
        state = view.optimise()
        spent_s = time.perf_counter() - started
    return {
        "optimised, s": spent_s,
        "peak of memory then, MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "recall@10 that describe shows": state.recall or 0.0,
        "files beside DuckDB's, MB": files_mb(folder, FILES[way]),
    }


def measure(folder: Path, way: str) -> Figures:
    """Searches after a restart, while nothing changes."""
    asked, truth = queries(QUERIES), np.load(folder / TRUTH)
    started = time.perf_counter()
    with opened(folder, way) as view:
        view.nearest(asked[0], K)
        figures = {"restarted and answering, s": time.perf_counter() - started}
        times_s = [seconds(view, query) for query in asked]
        found = [{int(hit.item_id) for hit in view.nearest(query, K)} for query in asked]
        shares = [len(ids & set(true.tolist())) / K for ids, true in zip(found, truth, strict=True)]
        figures |= {"recall@10": float(np.mean(shares))} | figures_of("one client", times_s) | memory_mb()
        for name, documents in filters(view.count()).items():
            for turn in ("asked first", "asked again"):
                times_s = [seconds(view, asked[n], one) for n, one in enumerate(documents)]
                figures |= figures_of(f"{name}, {turn}", times_s)
        return figures | clients(view, asked)


def disturb(folder: Path, way: str) -> Figures:
    """Searches while items are replaced, and while the view is optimised."""
    asked = queries(QUERIES)
    vectors = np.concatenate(list(blocks(REPLACED)))[::-1]
    with opened(folder, way) as view:
        rows, seqs = view.count(), count(view.cursor + 1)

        def replace() -> None:
            for part in np.split(np.arange(REPLACED), range(BATCH, REPLACED, BATCH)):
                changes = [change(next(seqs), 1 + n * 7919 % rows, vectors[n]) for n in part.tolist()]
                view.apply(changes, changes[-1].seq)

        started = time.perf_counter()
        figures = figures_of("while items are replaced", during(replace, view, asked))
        figures["replaced, rows/s"] = REPLACED / (time.perf_counter() - started)
        return figures | figures_of("while it is optimised", during(view.optimise, view, asked))


@contextmanager
def opened(folder: Path, way: str) -> Iterator[View]:
    store = DuckDbStore(folder, held_max_bytes=HELD_BYTES[way])
    yield store.open("photos", DIM)
    store.close()


def change(seq: int, number: int, vector: Float32) -> Change:
    metadata: dict[str, Json] = {"n": number, "percent": number % 100, "rare": number % 10_000}
    return Change(seq, str(number), vector, metadata)


def best_of(keys: Int64, cosines: Float32, more: Float32, start: int) -> tuple[Int64, Float32]:
    """The K best of what was known and of those that follow, whose keys begin after `start`."""
    fresh = np.broadcast_to(np.arange(start + 1, start + 1 + more.shape[1]), more.shape)
    keys, cosines = np.hstack([keys, fresh]), np.hstack([cosines, more])
    best = np.argpartition(-cosines, K, axis=1)[:, :K]
    return np.take_along_axis(keys, best, 1), np.take_along_axis(cosines, best, 1)


def filters(rows: int) -> dict[str, list[Json]]:
    """By the share that passes; each list holds different ones."""
    return {
        "filter that half pass": [{"n": {"lte": rows // 2 + n}} for n in range(FILTERS)],
        "filter that 1 % pass": [{"percent": n} for n in range(FILTERS)],
        "filter that 0.01 % pass": [{"rare": n} for n in range(FILTERS)],
    }


def seconds(view: View, query: Float32, document: Json = None) -> float:
    """Of one search. Raises RuntimeError: it gave fewer than it should."""
    where = None if document is None else parse(document)
    started = time.perf_counter()
    hits = view.nearest(query, K, where=where)
    spent_s = time.perf_counter() - started
    if len(hits) < K and len(hits) < view.count(where):
        raise RuntimeError(f"{len(hits)} hits for {document}")
    return spent_s


def clients(view: View, asked: Float32) -> Figures:
    """Several that ask at once, each again as soon as it was answered."""
    started = time.perf_counter()
    with ThreadPoolExecutor(CLIENTS) as pool:
        times_s = list(pool.map(lambda n: seconds(view, asked[n % QUERIES]), range(CLIENTS * EACH)))
    spent_s = time.perf_counter() - started
    return figures_of("ten clients", times_s) | {"ten clients, searches/s": len(times_s) / spent_s}


def during(work: Callable[[], object], view: View, asked: Float32) -> list[float]:
    """The times of one client's searches, one after the other, for as long as the work takes."""
    times_s: list[float] = []
    thread = threading.Thread(target=work)
    thread.start()
    for number in count():
        times_s.append(seconds(view, asked[number % QUERIES]))
        if not thread.is_alive():
            return times_s
    return times_s


def figures_of(what: str, times_s: list[float]) -> Figures:
    p50, p95 = np.percentile(times_s, [50, 95]) * 1000
    return {f"{what}: p50, ms": float(p50), f"{what}: p95, ms": float(p95)}


def memory_mb() -> Figures:
    """Of this process. What is mapped is in files, and given back when others need it."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    held = {name: int(lines[name].split()[0]) / 1024 for name in ("RssAnon", "RssFile")}
    return {"memory, MB": held["RssAnon"], "mapped and read, MB": held["RssFile"]}


def files_mb(folder: Path, pattern: str) -> float:
    return sum(path.stat().st_size for path in folder.glob(pattern)) / 1e6


def alone(phase: Callable[..., Figures], *args: object) -> Figures:
    """In a process of its own."""
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        return pool.submit(phase, *args).result()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.search", description="Time searches.")
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000, 1_000_000])
    parser.add_argument("--ways", nargs="+", choices=list(FILES), default=list(FILES))
    parser.add_argument("--folder", type=Path, help="where to keep the stores; without it they are deleted")
    wanted = parser.parse_args()
    runs: dict[tuple[int, str], Figures] = {}
    with tempfile.TemporaryDirectory(prefix="sightline-search-") as temporary:
        for rows in wanted.rows:
            folder = (wanted.folder or Path(temporary)) / str(rows)
            filled = alone(fill, folder, rows)
            for way in wanted.ways:
                runs[rows, way] = filled | alone(build, folder, way) | alone(measure, folder, way)
            for way in wanted.ways:
                runs[rows, way] |= alone(disturb, folder, way)
    text = report(runs)
    print(text)
    RESULTS.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
