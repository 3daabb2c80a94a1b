"""Whether a library holds what its source has, whatever happened to it. Does not know what did."""

import random
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from hashlib import sha256
from pathlib import Path

import numpy as np

from sightline.domain.arrays import Float32
from sightline.domain.collections import Item
from sightline.services.collections.library import Library
from tests.crashes.worker import COLLECTION
from tests.libraries import ingested, opened

SAME_COSINE = 0.9999
TIE = 1e-6
CATCH_UP_S = 120
THREADS = 2
MOST_ASKED = 4000  # of more items, so many by chance are searched for: some stores take 50 ms for it


def uninterrupted(home: Path, folder: Path) -> dict[str, Float32]:
    """The vectors that a folder's pictures get when nobody disturbs, by content."""
    with opened(home, store="memory") as library:
        assert ingested(library, folder, COLLECTION, within_s=600).failed == 0
        return {item.sha256: vector for item, vector in library.record.walk(COLLECTION)}


def check(library: Library, folder: Path, expected: Mapping[str, Float32]) -> None:
    """Everything of the source is there once, with its vector, and found by it; the view is as the record."""
    _check_collections(library)
    walked = list(library.record.walk(COLLECTION))
    contents = {path.name: sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
    assert {item.key: item.sha256 for item, _ in walked} == contents, "the items are not the source's"
    assert len({item.id for item, _ in walked}) == len(walked) == len(contents), "an item is doubled"
    mine = np.stack([vector for _, vector in walked])
    theirs = np.stack([expected[item.sha256] for item, _ in walked])
    assert (mine * theirs).sum(axis=1).min() >= SAME_COSINE, "a vector is another than without kills"
    _check_jobs(library)
    _check_view(library, walked)


def _check_collections(library: Library) -> None:
    """The store has those that the record has, each as far as the record is."""
    names = [one.name for one in library.record.collections()]
    for name in names:
        head = library.record.collection(name).head
        assert library.views.wait(name, head, timeout_s=CATCH_UP_S), f"the view of {name} does not catch up"
    held = library.views.store.collections()
    assert held == names, f"the store has {held}, the record {names}"
    assert library.record.retired() == [], "a deletion was left undone"


def _check_jobs(library: Library) -> None:
    ledger = library.ingestion.ledger
    for job in ledger.jobs(COLLECTION):
        assert (job.state, job.done, job.failed) == ("done", job.total, 0), job
        told = [event.id for event in ledger.events(job.id, limit=1_000_000)]
        assert told == list(range(1, len(told) + 1)), "an event is missing or doubled"


def _check_view(library: Library, walked: list[tuple[Item, Float32]]) -> None:
    view = library.views.view(COLLECTION)
    assert view.count() == len(walked), f"{view.count()} rows in the view, {len(walked)} in the record"
    sha256_of = {item.id: item.sha256 for item, _ in walked}

    def is_found(one: tuple[Item, Float32]) -> bool:
        item, vector = one
        first, *others = view.nearest(vector, 10)
        tied = [first, *(hit for hit in others if hit.score >= first.score - TIE)]
        return first.score > 1 - 1e-2 and item.sha256 in {sha256_of[hit.item_id] for hit in tied}

    asked = random.Random(len(walked)).sample(walked, min(len(walked), MOST_ASKED))
    with ThreadPoolExecutor(THREADS) as pool:
        found = list(pool.map(is_found, asked))
    assert all(found), f"{found.count(False)} of {len(found)} items are not found first by their own vector"
