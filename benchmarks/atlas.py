"""`make bench-atlas`: what it costs to look at a map of many points, on the server's side.

Usage: python -m benchmarks.atlas [--rows N]. Writes benchmarks/results-atlas.md. The
record is a real one with vectors of 8 numbers, the map is made by hand: nothing here depends on how either
came to be. Knows no HTTP.
"""

import argparse
import hashlib
import math
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import TypeVar

import numpy as np

from benchmarks import host
from sightline.catalogue.database import Database
from sightline.catalogue.record import SqlRecord
from sightline.domain.collections import Changeset, Item, Space
from sightline.domain.contents import keys, of_hex
from sightline.domain.filter_syntax import parse
from sightline.domain.items import Json
from sightline.domain.maps import Drawn, MapOrder, Points
from sightline.domain.ports import View
from sightline.domain.selections import Corner, Outline, Selection
from sightline.services.atlas.colours import Colours
from sightline.services.atlas.fields import Fields
from sightline.services.atlas.selecting import Selecting, bits
from sightline.services.atlas.sheets import Sheets
from sightline.stores.duckdb import DuckDbStore

T = TypeVar("T")

RESULTS = Path(__file__).parent / "results-atlas.md"
NAME, DIM = "shoes", 8
SPACE = Space("a" * 64, "mini", DIM)
BATCH = 5_000
TIMES = 5
COLOURS = ("red", "blue", "green", "black", "white", "brown", "grey")
FEW = {"colour": "red", "price": {"lt": 20}}
SEARCH_K = 10


class OneView:
    """The view that is asked."""

    def __init__(self, view: View) -> None:
        self._view = view

    def view(self, name: str) -> View:  # noqa: ARG002  # there is one
        return self._view


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.atlas", description="Measure looking at maps."
    )
    parser.add_argument("--rows", type=int, default=1_000_000)
    rows = parser.parse_args().rows
    with tempfile.TemporaryDirectory(prefix="sightline-bench-") as folder:
        database = Database.in_folder(Path(folder))
        record = SqlRecord(database)
        store = DuckDbStore(Path(folder) / "views")
        view = store.open(NAME, DIM)
        fill(record, view, rows)
        report = "\n".join(measured(record, view, rows))
        store.close()
        database.close()
    text = f"Measured {date.today().isoformat()} on {host.describe()}.\n\n{report}\n"
    RESULTS.write_text(text, encoding="utf-8")
    print(text)


def fill(record: SqlRecord, view: View, rows: int) -> None:
    rng = np.random.default_rng(0)
    record.create(NAME, SPACE)
    contents: list[str] = []
    for start in range(0, rows, BATCH):
        drawn = rng.normal(size=(min(BATCH, rows - start), DIM)).astype(np.float32)
        drawn /= np.linalg.norm(drawn, axis=1, keepdims=True)
        items = [item(start + number) for number in range(len(drawn))]
        contents += [one.sha256 for one in items]
        vectors = {one.sha256: vector for one, vector in zip(items, drawn, strict=True)}
        cursor = record.commit(NAME, Changeset(SPACE.fingerprint, items, vectors=vectors))
        view.apply(record.changes_since(NAME, cursor - len(items), BATCH), cursor)
    known = of_hex(contents)
    known = known[np.argsort(keys(known))]
    points = Points(
        contents=known,
        places=rng.normal(size=(rows, 2)).astype(np.float32),
        clusters=rng.integers(0, 30, rows).astype(np.uint8),
        landmarks=np.ones(rows, dtype=bool),
    )
    record.maps.keep(NAME, points, space=SPACE.fingerprint, order=MapOrder(), drawn=Drawn("pca"), clusters=[])


def item(number: int) -> Item:
    metadata: dict[str, Json] = {
        "colour": COLOURS[number % len(COLOURS)],
        "brand": f"brand {number % 400}",
        "price": round(10 + number % 997 / 7, 2),
        "title": f"a shoe of the season, number {number}",
        "sizes": {"eu": [36 + number % 9, 40]},
    }
    sha256 = hashlib.sha256(str(number).encode()).hexdigest()
    return Item(f"{sha256[:16]}", f"photos/{number}.jpg", sha256, 1, None, metadata)


def measured(record: SqlRecord, view: View, rows: int) -> Iterator[str]:
    yield f"| {rows:,} points | |"
    yield "|---|---|"
    sheets, selecting, colours = Sheets(record), Selecting(OneView(view)), Colours(record)
    sheet, spent_ms = timed(lambda: sheets.newest(NAME), 1)
    yield f"| the sheet, made | {spent_ms:,.0f} ms |"
    sent = sheet.xs.nbytes + sheet.ys.nbytes + sheet.clusters.nbytes
    yield f"| bytes until the first paint | {sent:,} |"
    yield f"| points in order of height, once | {timed(lambda: sheet.heights, 1)[1]:,.0f} ms |"
    for name, corners in (("ring of 300 corners", ring(300)), ("zigzag of 300 over all", zigzag(300))):
        lasso = Selection([Outline("add", corners)])
        mask, spent_ms = timed(lambda lasso=lasso: bits(selecting.rows(sheet, lasso)), TIMES)
        caught = int(np.unpackbits(np.frombuffer(mask, np.uint8)).sum())
        yield f"| lasso, {name}: {caught:,} | {spent_ms:,.0f} ms |"
    for name, where in (("one value", {"colour": "red"}), ("value and range", FEW)):
        asked = Selection(where=parse(where))
        _, spent_ms = timed(lambda asked=asked: bits(selecting.rows(sheet, asked)), TIMES)
        yield f"| mask of a filter, {name} | {spent_ms:,.0f} ms |"
    _, spent_ms = timed(lambda: Fields(record).of(NAME), 1)
    yield f"| fields, told by 100,000 | {spent_ms:,.0f} ms |"
    for field in ("colour", "price"):
        _, spent_ms = timed(lambda field=field: colours.of(sheet, (field,)), 1)
        yield f"| legend and colours by {field}, the first time | {spent_ms:,.0f} ms |"
    _, spent_ms = timed(lambda: colours.of(sheet, ("colour",)), TIMES)
    yield f"| again | {spent_ms:,.2f} ms |"
    alone, beside = searches(view, lambda: None), searches(view, lambda: Sheets(record).newest(NAME))
    yield f"| a search, 95th of 100: alone, and beside sheets being made | {alone:,.1f}, {beside:,.1f} ms |"


def searches(view: View, work: Callable[[], object]) -> float:
    """The 95th percentile, while the work is done over and over."""
    is_over = threading.Event()

    def busy() -> None:
        while not is_over.is_set():
            work()
            is_over.wait(0.001)

    worker = threading.Thread(target=busy)
    worker.start()
    asked = np.random.default_rng(1).normal(size=(100, DIM)).astype(np.float32)
    asked /= np.linalg.norm(asked, axis=1, keepdims=True)
    spent_ms = [timed(lambda query=query: view.nearest(query, SEARCH_K), 1)[1] for query in asked]
    is_over.set()
    worker.join()
    return float(np.percentile(spent_ms, 95))


def timed(work: Callable[[], T], times: int) -> tuple[T, float]:
    """What it gives, and the median of its milliseconds."""
    spent_ms = []
    for _ in range(times):
        started = time.perf_counter()
        made = work()
        spent_ms.append((time.perf_counter() - started) * 1000)
    return made, float(np.median(spent_ms))


def ring(corners: int) -> list[Corner]:
    turns = [2 * math.pi * number / corners for number in range(corners)]
    return [(math.cos(turn) * (1.2 + 0.2 * math.sin(9 * turn)), math.sin(turn)) for turn in turns]


def zigzag(corners: int) -> list[Corner]:
    """Each edge from below all points to above them: every point is looked at for every edge."""
    return [(number * 6 / corners - 3, -9.0 if number % 2 else 9.0) for number in range(corners)]


if __name__ == "__main__":
    main()
