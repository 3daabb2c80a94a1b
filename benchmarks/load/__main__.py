"""`make load`: a server under load, each bar beside what was measured; also in benchmarks/results-load.md.

Usage: python -m benchmarks.load [--pictures FOLDER] [--rush-s SECONDS] [--card CARD]
"""

import argparse
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

from benchmarks import host
from benchmarks.bars import bar
from benchmarks.load import observed, scenarios
from benchmarks.load.generator import Generator
from benchmarks.load.scenarios import Ingestion, Leaving, Rush
from benchmarks.pictures import uploads
from benchmarks.preparation import preparation_ms
from benchmarks.server import serving
from sightline.models.synthesize import synthesize

CALM_S = 10.0
RESULTS = Path(__file__).parents[1] / "results-load.md"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.load", description="Load a server.")
    parser.add_argument("--card", default="clip-vit-b-32", help="model to serve, with random weights")
    parser.add_argument(
        "--pictures", type=Path, help="JPEGs to upload; without it drawn ones of 400 x 533 px"
    )
    parser.add_argument("--rush-s", type=float, default=60.0, help="length of the overload")
    wanted = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="sightline-load-") as temporary:
        folder = synthesize(wanted.card, Path(temporary) / wanted.card).folder
        pictures = wanted.pictures or uploads(Path(temporary) / "pictures")
        lines = list(measured(folder, pictures, wanted.rush_s))
    where = f"Measured {date.today().isoformat()} on {host.describe()}"
    title = f"{where}; {wanted.card}, the client on the same cores.\n"
    RESULTS.write_text("\n".join([title, *lines, ""]), encoding="utf-8")
    print(f"written to {RESULTS}")


def measured(folder: Path, pictures: Path, rush_s: float) -> Iterator[str]:
    with serving(folder) as (port, _):
        load = Generator(port, pictures)
        scenarios.wait_until_ready(load)
        rush = scenarios.rush(load, times=5, seconds=rush_s, calm_s=CALM_S)
        yield from told(_idle(rush, preparation_ms(folder, pictures)))
        yield from told(_rush(rush))
        yield from told(_leaving(scenarios.leaving(load, 2 * CALM_S)))
        yield from told(_ingestion(scenarios.ingestion(load, 2 * CALM_S)))
    yield from told(observed.report(folder, pictures))


def told(lines: list[str]) -> list[str]:
    print("\n".join(lines), flush=True)
    return lines


def _idle(rush: Rush, prepare_ms: float) -> list[str]:
    calm = rush.before
    overhead = calm["p50_ms"] - calm["inference_p50_ms"] - prepare_ms
    return [
        "### Idle: one client\n",
        bar("p50 - its forward - decode and resize, ms", overhead, "<= 3"),
        f"- p50 {calm['p50_ms']:.1f} ms, p99 {calm['p99_ms']:.1f} ms; "
        f"forward {calm['inference_p50_ms']:.1f} ms, decode and resize {prepare_ms:.1f} ms\n",
    ]


def _rush(rush: Rush) -> list[str]:
    during = rush.during
    return [
        f"### Rush: five times the peak of {rush.peak_per_s:.1f} pictures/s, open loop\n",
        bar("goodput / peak", during["goodput_per_s"] / rush.peak_per_s, ">= 0.9"),
        bar("other answers than 200, 429 and 504", during["others"], "<= 0"),
        bar("requests without an answer", during["failed"], "<= 0"),
        bar("refusals p99, ms", during["refused_p99_ms"], "<= 100"),
        bar("p99 5 s later / before", rush.after["p99_ms"] / rush.before["p99_ms"], "<= 1.2"),
        f"- {during['ok']:.0f} x 200, {during['refused']:.0f} x 429, {during['expired']:.0f} x 504; "
        f"accepted p50 {during['p50_ms']:.0f} ms, p99 {during['p99_ms']:.0f} ms; "
        f"Retry-After {during['retry_after_min_s']:.0f} to {during['retry_after_max_s']:.0f} s; "
        f"ready afterwards: {'yes' if rush.is_ready else 'NO'}\n",
    ]


def _leaving(leaving: Leaving) -> list[str]:
    return [
        "### Leaving: 256 clients, half of the requests given up at a random moment\n",
        f"- {leaving.left:.0f} requests given up, {leaving.dropped:.0f} items dropped before they ran; ready "
        f"afterwards: {'yes' if leaving.is_ready else 'NO'}\n",
    ]


def _ingestion(ingestion: Ingestion) -> list[str]:
    alone, beside, bulk = ingestion.alone, ingestion.beside, ingestion.bulk
    bound_ms = 2 * alone["p95_ms"] + bulk["inference_p50_ms"]
    return [
        "### Ingestion: lists of 25 pictures, and ten texts a second beside them\n",
        bar("text p95 / (2 x alone + one bulk forward)", beside["p95_ms"] / bound_ms, "<= 1"),
        f"- texts alone p95 {alone['p95_ms']:.1f} ms, beside p95 {beside['p95_ms']:.1f} ms; bulk forward p50 "
        f"{bulk['inference_p50_ms']:.1f} ms; {bulk['items_per_s']:.1f} pictures/s ingested\n",
    ]


if __name__ == "__main__":
    main()
