"""`make bench-map`: how long a map takes to draw, in how much memory, and how true it is.

Usage: python -m benchmarks.maps [--rows N ...] [--folder PATH]. Writes benchmarks/results-map.md. The first
drawing finds nothing compiled; all others find what it left. Linux only. Knows no collection.
"""

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np

from benchmarks.clusters import DIM, blocks, queries
from benchmarks.maps_report import RESULTS, Figures, report
from sightline.domain.maps import MapOrder
from sightline.projections.cartographer import ProcessCartographer

PLACED = 1_000  # pictures that come later


def fill(folder: Path, rows: int) -> None:
    """Vectors for a drawing, on the disk and never all in memory."""
    folder.mkdir(parents=True)
    vectors = np.lib.format.open_memmap(folder / "vectors.npy", "w+", np.float32, (rows, DIM))
    done = 0
    for block in blocks(rows):
        vectors[done : done + len(block)] = block
        done += len(block)
    vectors.flush()


def draw(folder: Path, cache: Path) -> Figures:
    """One map, by the process that the server has them drawn by."""
    peaks: Figures = {}
    cartographer = ProcessCartographer(cache)
    started = time.perf_counter()
    drawn = cartographer.draw(folder, MapOrder(algorithm="umap"), lambda *_: watch(peaks))
    total_s = time.perf_counter() - started
    return {
        **{f"{stage}, s": spent_s for stage, spent_s in drawn.timings_s.items()},
        "total, s": total_s,
        **peaks,
        "graph recall": drawn.graph_recall or 0.0,
        "trustworthiness": drawn.trustworthiness or 0.0,
        "landmarks": drawn.landmarks,
        "clusters": len(np.unique(np.load(folder / "clusters.npy"))) - 1,
    }


def place(folder: Path, cache: Path) -> Figures:
    """Pictures that come later, among the landmarks."""
    chosen = np.flatnonzero(np.load(folder / "landmarks.npy"))
    landmarks = np.load(folder / "vectors.npy", mmap_mode="r")[chosen]
    places = np.load(folder / "places.npy")[chosen]
    asked = queries(PLACED)
    cartographer = ProcessCartographer(cache)
    started = time.perf_counter()
    cartographer.place(asked, landmarks, places)
    return {f"{PLACED:,} later ones placed, s": time.perf_counter() - started}


def watch(peaks: Figures) -> None:
    """Keep the most memory that our child was seen to hold."""
    for pid in Path("/proc/thread-self/children").read_text(encoding="ascii").split():
        try:
            lines = Path(f"/proc/{pid}/status").read_text(encoding="ascii").splitlines()
        except OSError:  # it has ended
            continue
        status = dict(line.split(":", 1) for line in lines)
        for name, line in (("memory, MB", "RssAnon"), ("memory and mapped vectors, MB", "VmHWM")):
            if line in status:
                peaks[name] = max(peaks.get(name, 0.0), int(status[line].split()[0]) / 1024)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.maps", description="Time maps.")
    parser.add_argument("--rows", type=int, nargs="+", default=[20_000, 100_000, 1_000_000])
    parser.add_argument(
        "--folder", type=Path, help="where to work; without it, where there is room for a while"
    )
    wanted = parser.parse_args()
    runs: dict[str, Figures] = {}
    with tempfile.TemporaryDirectory(prefix="sightline-maps-", dir=wanted.folder) as temporary:
        cache = Path(temporary) / "compiled"
        for rows in wanted.rows:
            folder = Path(temporary) / str(rows)
            fill(folder, rows)
            if not runs:
                runs[f"{rows:,}, nothing compiled"] = draw(folder, cache)
            runs[f"{rows:,}"] = draw(folder, cache) | place(folder, cache)
            (folder / "vectors.npy").unlink()
    text = report(runs)
    print(text)
    RESULTS.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
