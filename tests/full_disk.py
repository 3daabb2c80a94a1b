"""Fills the disk under a record and frees it again. `python -m tests.full_disk FOLDER`, on a small disk.

Says `held` at the end, if every promise held. Runs as a process of its own, in a mount namespace.
"""

import sys
from pathlib import Path

from sightline.catalogue.database import Database
from sightline.catalogue.jobs import SqlLedger
from sightline.catalogue.record import SqlRecord
from sightline.domain.errors import StorageFullError
from tests.records import SPACE, item, outcome, tasks

COUNT = 20_000
IN_SHARD = 100


def main(folder: Path) -> None:
    ballast = folder / "ballast"
    database = Database.in_folder(folder)
    record, ledger = SqlRecord(database), SqlLedger(database)
    record.bind("shoes", SPACE)
    job = ledger.create("ingest", "shoes", {})
    ledger.plan(job.id, tasks(COUNT), shard_tasks=IN_SHARD)
    fill(ballast)
    kept = 0
    try:
        while lease := ledger.claim("me"):
            ledger.settle(lease, outcome(lease))
            kept += len(lease.tasks)
    except StorageFullError as error:
        print(error)
    else:
        raise SystemExit("the disk was never full")
    check_is_readable(record, ledger, kept)
    paused = ledger.pause(job.id, reason="storage_full")  # what was kept back for it makes room
    if paused.state != "paused" or ledger.has_room():
        raise SystemExit(f"the job is {paused.state} and the disk has room: {ledger.has_room()}")
    check_a_restart(folder, kept)
    ballast.unlink()
    if not ledger.has_room():
        raise SystemExit("the disk has room again, and nobody saw it")
    ledger.release_all()
    ledger.resume(job.id)
    while lease := ledger.claim("me"):
        ledger.settle(lease, outcome(lease))
    check_is_readable(record, ledger, COUNT)
    print("held")


def check_a_restart(folder: Path, kept: int) -> None:
    """Another server on the same full disk finds everything."""
    database = Database.in_folder(folder)
    check_is_readable(SqlRecord(database), SqlLedger(database), kept)
    database.close()


def fill(path: Path) -> None:
    """Take what the disk has left, but for little."""
    with path.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(1 << 16))
        except OSError:
            file.truncate(max(0, file.tell() - (1 << 18)))


def check_is_readable(record: SqlRecord, ledger: SqlLedger, count: int) -> None:
    ids = [one.id for one, _ in record.walk("shoes")]
    seqs = [change.seq for change in record.changes_since("shoes", 0, COUNT + 1)]
    (job,) = ledger.jobs()
    found = (len(ids), len(seqs), record.collection("shoes").head, job.done)
    if found != (count,) * 4 or ids != [item(number).id for number in range(count)]:
        raise SystemExit(f"{count} were kept; items, changes, head and counter say {found}")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
