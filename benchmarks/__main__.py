"""`make bench`: all tables, from one run, as Markdown on standard output and in benchmarks/results.md.

Usage: python -m benchmarks [--quick] [--pictures FOLDER] [CARD ...]
"""

import argparse
import tempfile
from datetime import date
from pathlib import Path

from benchmarks import engines, host, server
from benchmarks.engines import OURS, REFERENCE
from benchmarks.pictures import uploads
from benchmarks.preparation import preparation_ms
from benchmarks.report import engine_report, server_report
from sightline.models.synthesize import synthesize

MAIN = "clip-vit-b-32"
BATCHES = {
    MAIN: (1, 8, 32),
    "fashion-siglip": (1, 8),
    "dinov2-base": (1, 8),
    "siglip-so400m-384": (1, 4),
}
OTHERS = ("openvino bf16",)  # the larger models against the peak only: the rest would take an hour
RESULTS = Path(__file__).parent / "results.md"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description="Measure speed and memory.")
    parser.add_argument("cards", nargs="*", default=list(BATCHES), help="models to measure, by card")
    parser.add_argument(
        "--pictures", type=Path, help="JPEGs to upload; without it drawn ones of 400 x 533 px"
    )
    wanted = parser.parse_args()
    parts = [f"Measured {date.today().isoformat()} on {host.describe()}.\n"]
    with tempfile.TemporaryDirectory(prefix="sightline-bench-") as temporary:
        pictures = wanted.pictures or uploads(Path(temporary) / "pictures")
        for name in wanted.cards:
            folder = synthesize(name, Path(temporary) / name).folder
            contenders = (*OURS, REFERENCE) if name == MAIN else OTHERS
            table = engines.measure(name, folder, BATCHES.get(name, (1, 8)), contenders)
            parts.append(engine_report(table))
            if name == MAIN:
                served = server.measure(folder, pictures)
                parts.append(server_report(table, served, preparation_ms(folder, pictures)))
            print(parts[-1] if name != MAIN else "\n".join(parts[-2:]), flush=True)
            for file in folder.iterdir():  # up to 3.5 GB each
                file.unlink()
    RESULTS.write_text("\n".join(parts), encoding="utf-8")
    print(f"written to {RESULTS}")


if __name__ == "__main__":
    main()
