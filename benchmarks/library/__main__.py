"""`make bench-library`: ingestion measured against its bars; also in benchmarks/results-library.md.

Usage: python -m benchmarks.library [--items N] [--only PART]
"""

import argparse
import tempfile
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

from benchmarks import host
from benchmarks.bars import bar
from benchmarks.library import growth, rates, searches, switches
from sightline.models.synthesize import synthesize

RESULTS = Path(__file__).parents[1] / "results-library.md"
CARD = "clip-vit-b-32"
SWITCHED = 20_000  # items


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.library", description="Take pictures in.")
    parser.add_argument("--items", type=int, default=100_000, help="pictures of the long ingestion")
    parser.add_argument(
        "--only", choices=("rates", "growth", "searches", "switches"), help="one part, not written down"
    )
    wanted = parser.parse_args()
    parts: dict[str, Callable[[Path], Iterator[str]]] = {
        "rates": _rates,
        "growth": lambda folder: _growth(folder, wanted.items),
        "searches": _searches,
        "switches": _switches,
    }
    lines = [f"Measured {date.today().isoformat()} on {host.describe()}.\n"]
    for name, part in parts.items():
        if wanted.only in (None, name):
            with tempfile.TemporaryDirectory(prefix="sightline-library-") as folder:
                for line in part(Path(folder)):
                    print(line, flush=True)
                    lines.append(line)
    if wanted.only is None:
        RESULTS.write_text("\n".join([*lines, ""]), encoding="utf-8")
        print(f"written to {RESULTS}")


def _rates(folder: Path) -> Iterator[str]:
    yield "### Ingestion of JPEGs of 400 x 533 px, beside the engine's own batches of 32\n"
    for name, model, count in (
        (CARD, str(synthesize(CARD, folder / CARD).folder), 2_500),
        ("mini", "mini", 8_000),
    ):
        found = rates.measure(folder / f"work-{name}", model, count)
        yield bar(f"{name}: ingested / engine", found.ingested_per_s / found.engine_per_s, ">= 0.85")
        yield (
            f"- {found.ingested_per_s:.0f} pictures/s ingested, engine {found.engine_per_s:.0f}/s before and "
            f"after; decoding and resizing one takes {found.prepare_ms:.1f} ms of one core"
        )
        yield f"- both have the same cores: if nothing else took time, the ratio were {found.at_most:.2f}\n"


def _growth(folder: Path, items: int) -> Iterator[str]:
    found = growth.measure(folder, items)
    yield f"### {items} small pictures, mini\n"
    yield bar("memory at the end / after a fifth", found.memory_mb[-1] / found.memory_mb[0], "<= 1.1")
    yield bar("second ingestion, s per 100,000 files", found.again_s * 100_000 / items, "<= 5")
    yield bar("its forward passes", found.again_computed, "<= 0")
    yield bar("rows of one new file, first in order", found.one_new_total, "<= 1")
    yield bar("forward passes of 1,000 renamed files", found.renamed_computed, "<= 0")
    memory = ", ".join(f"{mb:.0f}" for mb in found.memory_mb)
    yield f"- {found.per_s:.0f} items/s; memory after each fifth, MB: {memory}"
    yield f"- planned in {found.plan_s:.1f} s; record {found.record_mb:.0f} MB, view {found.view_mb:.0f} MB\n"


def _searches(folder: Path) -> Iterator[str]:
    model = str(synthesize(CARD, folder / CARD).folder)
    found = searches.measure(folder / "work", model)
    yield f"### Ten clients searching by text while a job runs, {CARD}\n"
    yield bar("p95 beside the job / alone", found.beside_p95_ms / found.alone_p95_ms, "<= 2")
    yield (
        f"- alone p50 {found.alone_p50_ms:.0f} ms, p95 {found.alone_p95_ms:.0f} ms; beside p50 "
        f"{found.beside_p50_ms:.0f} ms, p95 {found.beside_p95_ms:.0f} ms; {found.searches} searches, "
        f"{found.failures} failed; {found.ingested_per_s:.0f} pictures/s ingested meanwhile\n"
    )


def _switches(folder: Path) -> Iterator[str]:
    yield f"### {SWITCHED} items from DuckDB to other stores and back, mini\n"
    for switch in switches.measure(folder, SWITCHED):
        yield bar(f"to {switch.to}: forward passes", switch.computed, "<= 0")
        yield bar("of the same top 10 in exact mode", (switch.same + switch.tied) / switches.ASKED, ">= 1")
        yield (
            f"- {switch.seconds:.1f} s; {switch.same} of {switches.ASKED} answers the very same, "
            f"{switch.tied} the same but among hits of one score\n"
        )


if __name__ == "__main__":
    main()
