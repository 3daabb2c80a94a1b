"""One library moved from store to store and back: what it costs, what is found. Does not know bars.

PostgreSQL is a real server; Qdrant runs as a library over a folder.
"""

import itertools
import time
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from qdrant_client import QdrantClient

from benchmarks.library.pictures import jpegs
from sightline.bootstrap.library import open_store
from sightline.domain.items import Scored
from sightline.domain.ports import Store
from sightline.services.collections.library import Library
from sightline.settings import Settings
from sightline.stores.qdrant import QdrantStore
from tests.libraries import caught_up, ingested, opened
from tests.postgres import running_server
from tests.qdrant import LocalQdrant

SIZE_PX = (96, 128)
ASKED = 200
K = 10
TIE = 1e-6  # scores nearer than this are one score to stores that compute in float32
QDRANT = "qdrant-local://"

Answers = list[list[Scored]]


@dataclass(frozen=True)
class Switch:
    """to: the store's scheme. same: queries with the very same answer as before the first switch.

    tied: those whose answers differ, but only in the order or choice of hits of one score.
    """

    to: str
    seconds: float
    computed: int
    same: int
    tied: int


def measure(folder: Path, items: int) -> list[Switch]:
    """DuckDB to Qdrant, to PostgreSQL, and back."""
    photos = jpegs(folder / "photos", items, SIZE_PX)
    addresses = f"{QDRANT}{folder / 'qdrant'}", running_server().new_database(), "duckdb"
    with opened(folder / "home", stores=_open, precision="auto") as library:
        ingested(library, photos, within_s=600)
        first = _answers(library)
        return [_switched(library, address, first) for address in addresses]


def _switched(library: Library, address: str, first: Answers) -> Switch:
    before, started = _computed(library), time.monotonic()
    library.switch_store(address)
    seconds = time.monotonic() - started
    now = _answers(library)
    same = sum(_ids(mine) == _ids(theirs) for mine, theirs in zip(first, now, strict=True))
    alike = sum(_are_alike(mine, theirs) for mine, theirs in zip(first, now, strict=True))
    return Switch(address.partition("://")[0], seconds, _computed(library) - before, same, alike - same)


def _open(settings: Settings, home: Path, address: str) -> Store:
    if address.startswith(QDRANT):
        return QdrantStore(cast(QdrantClient, LocalQdrant(address.removeprefix(QDRANT))))
    return open_store(settings, home, address)


def _answers(library: Library) -> Answers:
    caught_up(library)
    view = library.views.view("photos")
    asked = itertools.islice(library.record.walk("photos"), ASKED)
    return [view.nearest(vector, K, exact=True) for _, vector in asked]


def _ids(hits: list[Scored]) -> list[str]:
    return [hit.item_id for hit in hits]


def _are_alike(mine: list[Scored], theirs: list[Scored]) -> bool:
    """Of one score position by position, and of the same items but for those that tie with the last."""
    if any(abs(one.score - other.score) > TIE for one, other in zip(mine, theirs, strict=True)):
        return False
    return _above_the_last(mine) == _above_the_last(theirs)


def _above_the_last(hits: list[Scored]) -> set[str]:
    return {hit.item_id for hit in hits if hit.score > hits[-1].score + TIE}


def _computed(library: Library) -> int:
    """Vectors that any job ever had computed."""
    return sum(job.computed for job in library.ingestion.ledger.jobs())
