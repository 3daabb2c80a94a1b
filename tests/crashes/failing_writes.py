"""Lets the n-th write or sync of a library's files fail, for each n. Knows nothing of what is written there.

    python -m tests.crashes.failing_writes --error EIO --first 1 --last 100

Half of the pictures were taken in before. Every thread counts for itself, so that each n is several failures.
"""

import argparse
import shutil
import tempfile
import time
from pathlib import Path

from sightline.bootstrap.library import VIEWS
from tests.crashes.lives import EndedByItselfError, Worker
from tests.crashes.pictures import draw
from tests.crashes.stores import open_small_store
from tests.crashes.verdict import check, uninterrupted
from tests.crashes.worker import COLLECTION
from tests.libraries import ingested, opened

PICTURES = 120
PATIENCE_S = 60.0
ERRORS = ("ENOSPC", "EIO")
CALLS = "write,pwrite64,fsync,fdatasync"
FILES = (
    "catalogue.db",
    "catalogue.db-wal",
    f"{VIEWS}/embeddings.duckdb",
    f"{VIEWS}/embeddings.duckdb.wal",
    f"{VIEWS}/{COLLECTION}.usearch",
    f"{VIEWS}/.{COLLECTION}.usearch.tmp",
)


def is_there() -> bool:
    return shutil.which("strace") is not None


def fail_each(folder: Path, error: str, numbers: range) -> list[int]:
    """Those of the numbers at which a worker gave up; all that is promised held at each."""
    source, begun = folder / "pictures", folder / "begun"
    draw(source, range(PICTURES // 2))
    with opened(begun, stores=open_small_store) as library:
        ingested(library, source, COLLECTION)
    draw(source, range(PICTURES // 2, PICTURES))
    expected = uninterrupted(folder / "undisturbed", source)
    given_up = []
    for nth in numbers:
        home = Path(shutil.copytree(begun, folder / f"home-{nth}"))
        if not _survives(home, source, error, nth):
            given_up.append(nth)
        with opened(home, stores=open_small_store) as library:
            ingested(library, source, COLLECTION)
            check(library, source, expected)
            library.views.view(COLLECTION).optimise()
            check(library, source, expected)
        shutil.rmtree(home)
    return given_up


def _survives(home: Path, source: Path, error: str, nth: int) -> bool:
    """Whether a worker does its errands in spite of the failures; it may end with an error, and no worse."""
    inject = f"inject={CALLS}:error={error}:when={nth}"
    paths = [word for name in FILES for word in ("-P", str(home / name))]
    watch = ["strace", "-f", "--seccomp-bpf", "-qqq", "-o", "/dev/null", "-e", f"trace={CALLS}"]
    worker = Worker(home, before=[*watch, "-e", inject, *paths])
    try:
        for errand in (["ingest", str(source), "2"], ["optimise"], ["delete"]):
            assert worker.does(errand, PATIENCE_S), f"{errand[0]} hangs after write {nth} failed"
        worker.close()
    except EndedByItselfError as end:
        if end.status < 0:
            raise AssertionError(f"the worker died of signal {-end.status} after write {nth} failed") from end
        return False
    except AssertionError:
        worker.kill()
        raise
    return True


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--error", choices=ERRORS, default="ENOSPC")
    parser.add_argument("--first", type=int, default=1)
    parser.add_argument("--last", type=int, default=100)
    wish = parser.parse_args()
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="writes-") as folder:
        given_up = fail_each(Path(folder), wish.error, range(wish.first, wish.last + 1))
    print(
        f"{wish.error} at write {wish.first} to {wish.last}: all held; the worker gave up at {given_up} and "
        f"another went on; {time.monotonic() - began:.0f} s in all"
    )


if __name__ == "__main__":
    main()
