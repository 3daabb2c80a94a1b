"""A process that does errands in a library, as told on its standard input. Does not know when it is killed.

    python -m tests.crashes.worker HOME

What it says on its standard output, a line each, was so when it said it.
"""

import logging
import os
import re
import sys
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

from sightline.bootstrap import build
from sightline.bootstrap.library import open_library
from sightline.domain.collections import Changeset
from sightline.domain.errors import SightlineError, StoreUnavailableError
from sightline.domain.ledger import Job
from sightline.observe.logs import HumanLines
from sightline.services.collections.library import Library
from sightline.settings import Settings
from tests.crashes.stores import open_small_store
from tests.libraries import order_of

COLLECTION = "photos"
SPARE = "spare"
LOOK_S = 0.02
COMPUTED = re.compile(rb"^sightline_batch_items_sum\{[^}]*\} (\S+)", re.MULTILINE)
ENDED = ("done", "failed", "cancelled")


def main(home: str) -> None:
    handler = logging.StreamHandler()
    handler.setFormatter(HumanLines())
    logging.basicConfig(handlers=[handler], level=logging.WARNING)
    settings = Settings.model_validate({"home": home, "precision": "f32"})
    served = build(settings)
    served.load()
    library = open_library(settings, served, stores=open_small_store)
    library.start()
    threading.Thread(target=tell_computed, args=(served.workshop.metrics.text,), daemon=True).start()
    held = library.ensure(COLLECTION)
    patiently(lambda: library.views.view(COLLECTION).count())
    say("ready", held.items, *jobs_so_far(library))
    for line in sys.stdin:
        errand, *arguments = line.rstrip("\n").split("\t")
        patiently(partial(ERRANDS[errand], library, *arguments))
        say("over")
    library.close()
    served.close()
    os._exit(0)  # the thread that counts would hold what Python tidies away at its end


def patiently(do: Callable[[], object]) -> None:
    """Again and again while the store is away, or is just being opened."""
    while True:
        try:
            do()
            return
        except StoreUnavailableError as error:
            logging.warning("the worker waits: %s", error)
            time.sleep(LOOK_S)


def jobs_so_far(library: Library) -> tuple[int, int, int]:
    """The newest one's number and how many events it has, and how many vectors they all cost."""
    jobs = library.ingestion.ledger.jobs(COLLECTION)
    if not jobs:
        return 0, 0, 0
    events = library.ingestion.ledger.events(jobs[0].id, limit=1_000_000)
    return jobs[0].id, len(events), sum(job.computed for job in jobs)


def ingest(library: Library, folder: str, number: str) -> None:
    """Take a folder in, as the number-th job, unless that was accepted before."""
    ledger = library.ingestion.ledger
    if len(ledger.jobs(COLLECTION)) < int(number):
        library.ingestion.submit(COLLECTION, order_of(Path(folder)))
    job = ledger.jobs(COLLECTION)[0]
    say("accepted", job.id)
    follow(library, job)
    wait_for_view(library)


def follow(library: Library, job: Job) -> None:
    """Say every event of a job once it is kept, until the job has ended."""
    ledger, said = library.ingestion.ledger, 0
    while True:
        has_ended = ledger.job(job.id).state in ENDED
        for event in ledger.events(job.id, after=said, limit=1_000_000):
            say("kept", job.id, event.id, event.data.get("done", 0))
            said = event.id
        if has_ended:
            return
        time.sleep(LOOK_S)


def wait_for_view(library: Library) -> None:
    head = library.record.collection(COLLECTION).head
    while not library.views.wait(COLLECTION, head, timeout_s=60):
        say("behind", library.views.lag(COLLECTION))


def switch(library: Library, address: str) -> None:
    """Use another store, unless it is used already."""
    if library.views.address != address:
        library.switch_store(address)


def optimise(library: Library) -> None:
    """Fill the view anew, and build its index."""
    library.views.rebuild(COLLECTION)
    wait_for_view(library)
    library.views.view(COLLECTION).optimise()


def delete(library: Library) -> None:
    """Delete a collection that has all the items of the other one."""
    wait_for_deletion(library)  # of the one that a killed worker had begun to delete
    library.ensure(SPARE)
    space = library.record.collection(SPARE).space.fingerprint
    items = [item for item, _ in library.record.walk(COLLECTION)]
    head = library.record.commit(SPARE, Changeset(space, upserts=items))
    library.views.nudge(SPARE)
    library.views.wait(SPARE, head, timeout_s=60)
    say("deleting")
    library.delete(SPARE)
    wait_for_deletion(library)


def wait_for_deletion(library: Library) -> None:
    while SPARE in library.record.retired():
        time.sleep(LOOK_S)


def tell_computed(metrics: Callable[[], bytes]) -> None:
    """Every 50 ms, how many pictures went through the model since the start."""
    said = 0.0
    while True:
        computed = sum(float(value) for value in COMPUTED.findall(metrics()))
        if computed > said:
            say("computed", int(computed))
            said = computed
        time.sleep(0.05)


def say(*words: object) -> None:
    # no buffer: what was said before a kill is heard; one write: two threads never share a line
    os.write(1, " ".join(map(str, words)).encode() + b"\n")


ERRANDS: dict[str, Callable[..., None]] = {
    "ingest": ingest,
    "switch": switch,
    "optimise": optimise,
    "delete": delete,
}

if __name__ == "__main__":
    try:
        main(sys.argv[1])
    except SightlineError as error:
        os.write(2, f"{error}\n".encode())
        os._exit(1)  # the library is at work: Python's end would tear its threads out of their calls
