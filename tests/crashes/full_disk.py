"""Fills the disk under a library and frees it again: `python -m tests.crashes.full_disk DISK PICTURES`.

DISK: a small one's folder. Says `held` at the end, if every promise held; knows no way to mend one.
"""

import sys
from pathlib import Path

from sightline.services.collections.library import Library
from sightline.services.collections.mishaps import STORAGE_FULL
from tests.crashes.pictures import draw
from tests.crashes.stores import open_small_store
from tests.crashes.verdict import check, uninterrupted
from tests.crashes.worker import COLLECTION
from tests.full_disk import fill
from tests.libraries import ended, opened, order_of
from tests.waiting import wait_until

COUNT = 1200
BEGUN = 300
PATIENCE_S = 60


def main(disk: Path, source: Path) -> None:
    draw(source, range(COUNT))
    expected = uninterrupted(source.with_name("undisturbed"), source)
    home, ballast = disk / "home", disk / "ballast"
    with opened(home, stores=open_small_store) as library:
        library.ensure(COLLECTION)
        job = library.ingestion.submit(COLLECTION, order_of(source))
        wait_until(lambda: library.ingestion.ledger.job(job.id).done >= BEGUN, PATIENCE_S)
        assert library.views.wait(COLLECTION, 1, timeout_s=PATIENCE_S)  # there is something to be found
        fill(ballast)
        wait_until(lambda: library.ingestion.ledger.job(job.id).state == "paused", PATIENCE_S)
        check_is_paused(library, job.id)
        take_the_rest(disk / "rest")
        check_is_paused(library, job.id)
    with opened(home, stores=open_small_store) as library:  # with not a byte left
        check_is_paused(library, job.id)
        ballast.unlink()
        done = ended(library, job.id, PATIENCE_S)
        assert (done.state, done.done, done.failed) == ("done", COUNT, 0), done
        check(library, source, expected)
        fill(ballast)
        library.views.view(COLLECTION).nearest(next(iter(expected.values())), 10)
        ballast.unlink()
        library.views.rebuild(COLLECTION)
        check(library, source, expected)
    print("held")


def check_is_paused(library: Library, job_id: int) -> None:
    """The job waits, and what it had done before is found."""
    job = library.ingestion.ledger.job(job_id)
    assert (job.state, job.reason) == ("paused", STORAGE_FULL), job
    assert job.failed == 0
    view = library.views.view(COLLECTION)
    items = list(library.record.walk(COLLECTION))
    assert len(items) == job.done >= BEGUN
    found = sum(view.nearest(vector, 1)[0].item_id == item.id for item, vector in items)
    print(f"{found} of {len(items)} items are found on a full disk, by a view that has {view.cursor}")
    assert found == view.cursor > 0


def take_the_rest(path: Path) -> None:
    """To the last byte."""
    at_once = 1 << 20
    with path.open("wb", buffering=0) as file:
        while at_once:
            try:
                file.write(bytes(at_once))
            except OSError:
                at_once //= 2


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
