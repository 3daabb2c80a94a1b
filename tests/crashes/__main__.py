"""The long loop: kills through all that a library does, then the check of everything. Knows no way to mend.

    python -m tests.crashes --store duckdb|pgvector|qdrant|postgres --kills 200 --pictures 20000

postgres: record and views in PostgreSQL; with the others the record is in SQLite.
"""

import argparse
import tempfile
import time
from math import inf
from pathlib import Path

from tests.crashes.loop import READY_S
from tests.crashes.siege import STORES, siege


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--store", choices=STORES, default="duckdb")
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--pictures", type=int, default=20_000)
    parser.add_argument("--longest-s", type=float, default=2.0, help="an ingesting worker lives, once ready")
    parser.add_argument("--minutes", type=float, default=inf, help="then there are no more kills")
    wish = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="crashes-") as folder:
        toll = siege(
            Path(folder),
            wish.store,
            kills=wish.kills,
            pictures=wish.pictures,
            longest_s=wish.longest_s,
            calm_after_s=60 * wish.minutes,
        )
    print(
        f"{wish.store}: {wish.pictures} pictures, {toll.summary()}; {time.monotonic() - began:.0f} s in all"
    )
    if toll.slowest_ready_s > READY_S:
        raise SystemExit(f"{READY_S:g} s are promised until a worker is ready")


if __name__ == "__main__":
    main()
