"""Works jobs of the record until it is killed or done. `python -m tests.ledger_worker WHERE TASKS`.

WHERE: a folder or a PostgreSQL address. It writes what was acknowledged to its standard output, a line each,
before it goes on. Does not know when it will be killed.
"""

import os
import sys
from contextlib import nullcontext
from pathlib import Path

from sightline.catalogue.database import Database
from sightline.catalogue.jobs import SqlLedger
from sightline.catalogue.owner import Owner
from sightline.catalogue.record import SqlRecord
from sightline.domain.ledger import Lease
from tests.records import SPACE, outcome, tasks

IN_SHARD = 50
AT_ONCE = 10
BROKEN = 7  # this task fails


def main(where: str, count: int) -> None:
    is_folder = "://" not in where
    with Owner(Path(where)) if is_folder else nullcontext():
        database = Database.in_folder(Path(where)) if is_folder else Database.at(where)
        record, ledger = SqlRecord(database), SqlLedger(database)
        record.bind("shoes", SPACE)
        ledger.release_all()
        if not ledger.jobs():
            ledger.create("ingest", "shoes", {})
        for job in ledger.unfinished():
            if job.state == "planning":
                ledger.plan(job.id, tasks(count), shard_tasks=IN_SHARD)
        while lease := ledger.claim("crash worker"):
            work(ledger, lease)
        say("over")


def work(ledger: SqlLedger, lease: Lease) -> None:
    rest: Lease | None = lease
    while rest:
        part = [task.id for task in rest.tasks[:AT_ONCE]]
        ledger.heartbeat(rest)
        rest = ledger.settle(rest, outcome(rest, len(part), failing=[BROKEN]))
        say("kept", *part)


def say(*words: str) -> None:
    os.write(1, " ".join(words).encode() + b"\n")  # no buffer: what was said before a kill is heard


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
