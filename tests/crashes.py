"""Kills a process that works a job, again and again, and checks what the record has then.

`python -m tests.crashes --kills 200 --tasks 20000` is the long loop; `--url` takes a PostgreSQL address.
"""

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from sightline.catalogue.database import Database
from sightline.catalogue.jobs import SqlLedger
from sightline.catalogue.record import SqlRecord
from sightline.observe.failpoints import VARIABLE
from tests.crash_worker import AT_ONCE, BROKEN
from tests.records import content, item, vector

PATIENCE_S = 300


@dataclass
class Heard:
    """What the workers said before they ended."""

    begun: Counter[str] = field(default_factory=Counter)
    kept: set[str] = field(default_factory=set)
    slowest_start_s: float = 0.0

    def listen(self, output: bytes) -> bool:
        """Take a worker's lines; whether it came to the end of its work."""
        lines = output.decode().split("\n")[:-1]  # a torn last line was not said
        for line in lines:
            word, *ids = line.split()
            if word == "begun":
                self.begun.update(ids)
            elif word == "kept":
                self.kept.update(ids)
        return lines[-1:] == ["over"]


@dataclass(frozen=True)
class Kill:
    """How long after a worker has first said a word it is killed."""

    once_said: bytes
    after_s: float


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


def run_worker(where: str, count: int, heard: Heard, *, kill: Kill | None = None, **env: str) -> bool:
    """Start a worker and let it work, or kill it; whether it ended by itself."""
    command = [sys.executable, "-m", "tests.crash_worker", where, str(count)]
    started = time.monotonic()
    # without a buffer: `communicate` would not see what a buffer had read ahead
    process = subprocess.Popen(command, stdout=subprocess.PIPE, bufsize=0, env=os.environ | env)
    assert process.stdout is not None
    lines = [process.stdout.readline()]
    if lines[0]:
        heard.slowest_start_s = max(heard.slowest_start_s, time.monotonic() - started)
    if kill is not None:
        while lines[-1] and not lines[-1].startswith(kill.once_said):
            lines.append(process.stdout.readline())
        time.sleep(kill.after_s)
        process.send_signal(signal.SIGKILL)
    rest, _ = process.communicate(timeout=PATIENCE_S)
    return heard.listen(b"".join(lines) + rest)


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


def crash_loop(where: str, *, kills: int, count: int, seed: int = 1, longest_s: float = 0.5) -> Heard:
    """Kill workers at random moments until the job is done or there were enough kills, then check it."""
    chance, heard, follower = random.Random(seed), Heard(), Follower()
    killed = 0
    while killed < kills:
        # one in four while it opens or plans, or a plan that is always broken off would be all that is seen
        kill = Kill(chance.choice([b"ready", b"begun", b"begun", b"begun"]), chance.uniform(0.0, longest_s))
        if run_worker(where, count, heard, kill=kill):
            break
        killed += 1
        between(where, follower)
    assert killed, "the job was over before the first kill"
    assert run_worker(where, count, heard)
    check(where, count, heard, follower)
    again = sum(times - 1 for times in heard.begun.values())
    assert again <= killed * AT_ONCE, "more was done again than one batch for each kill"
    print(f"{killed} kills, {count} tasks, {again} done again, slowest start {heard.slowest_start_s:.2f} s")
    return heard


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--tasks", type=int, default=20_000)
    parser.add_argument("--longest-s", type=float, default=0.1, help="a worker lives at most, once ready")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--url", help="an empty PostgreSQL database; without it SQLite in a temporary folder")
    wish = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        where = wish.url or folder
        crash_loop(where, kills=wish.kills, count=wish.tasks, seed=wish.seed, longest_s=wish.longest_s)


if __name__ == "__main__":
    main()
