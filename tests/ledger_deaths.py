"""Lets a process that works a job die or fail at a named place, and checks what the record has then.

Knows the ledger only; tests/crashes kills whole libraries.
"""

import os
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

from sightline.catalogue.database import Database
from sightline.catalogue.jobs import SqlLedger
from sightline.catalogue.record import SqlRecord
from sightline.observe.failpoints import VARIABLE
from tests.ledger_worker import BROKEN
from tests.records import content, item, vector

PATIENCE_S = 300


@dataclass
class Heard:
    """What the workers said before they ended."""

    kept: set[str] = field(default_factory=set)

    def listen(self, output: bytes) -> bool:
        """Take a worker's lines; whether it came to the end of its work."""
        lines = output.decode().split("\n")[:-1]  # a torn last line was not said
        for line in lines:
            word, *ids = line.split()
            if word == "kept":
                self.kept.update(ids)
        return lines[-1:] == ["over"]


class Follower:
    """A view that is fed between the kills, as stores are."""

    def __init__(self) -> None:
        self.cursor = 0
        self.rows: dict[str, bytes] = {}

    def follow(self, record: SqlRecord) -> None:
        while page := record.changes_since("shoes", self.cursor, 500):
            for change in page:
                assert change.seq > self.cursor, "a change came late"
                assert change.vector is not None
                assert change.item_id not in self.rows, "an item was done twice"
                self.rows[change.item_id] = change.vector.tobytes()
                self.cursor = change.seq


def run_worker(where: str, count: int, heard: Heard, **env: str) -> bool:
    """Let a worker work until it ends; whether it came to the end of its work."""
    command = [sys.executable, "-m", "tests.ledger_worker", where, str(count)]
    ended = subprocess.run(
        command, stdout=subprocess.PIPE, env=os.environ | env, timeout=PATIENCE_S, check=False
    )
    return heard.listen(ended.stdout)


def check(where: str, count: int, heard: Heard, follower: Follower) -> None:
    """The record is the source set: nothing acknowledged is lost, nothing is doubled."""
    database = Database.at(where) if "://" in where else Database.in_folder(Path(where))
    record, ledger = SqlRecord(database), SqlLedger(database)
    follower.follow(record)
    expected = {item(number).id: content(number) for number in range(count) if number != BROKEN}
    found = {one.id: one.sha256 for one, _ in record.walk("shoes")}
    assert found == expected
    assert heard.kept - {item(BROKEN).id} <= set(found)
    assert follower.rows == {item_id: vector(sha256).tobytes() for item_id, sha256 in expected.items()}
    (job,) = ledger.jobs("shoes")
    assert (job.state, job.total, job.done, job.failed) == ("done", count, count - 1, 1)
    assert job.computed == count - 1
    assert [failure.task_id for failure in ledger.failures(job.id)] == [item(BROKEN).id]
    told = [event.id for event in ledger.events(job.id, limit=count)]
    assert told == list(range(1, len(told) + 1))
    database.close()


def between(where: str, follower: Follower) -> None:
    database = Database.at(where) if "://" in where else Database.in_folder(Path(where))
    if SqlRecord(database).collections():
        follower.follow(SqlRecord(database))
    database.close()


def fail_at(where: str, count: int, wish: str) -> None:
    """Let a worker die or fail at a failpoint, another end the job, and check."""
    heard, follower = Heard(), Follower()
    assert not run_worker(where, count, heard, **{VARIABLE: wish}), f"{wish} was never reached"
    between(where, follower)
    assert run_worker(where, count, heard)
    check(where, count, heard, follower)
