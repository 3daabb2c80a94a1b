"""All errands of one library under kills, one by one, and the verdict at the end. Knows no store's ways."""

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sightline.catalogue.database import Database
from sightline.services.collections.choice import ChosenStore
from tests.crashes.loop import Place, Toll
from tests.crashes.pictures import change, draw
from tests.crashes.stores import open_small_store
from tests.crashes.verdict import check, uninterrupted
from tests.libraries import opened
from tests.postgres import running_server

STORES = ("duckdb", "pgvector", "qdrant", "postgres")
SHORT_S = 0.6  # what the errands after the first take, once a worker is ready
INGESTING = 0.6  # of all kills, and of the time
FOR_EVER = float("inf")

Errand = Callable[[int], int]  # takes how many kills there may be, gives how many there were


@dataclass(frozen=True)
class Stores:
    """address: the first store's. other: the one to switch to. in_folder: whether the record is there."""

    address: str
    other: str
    in_folder: bool = True


def stores_of(kind: str, folder: Path) -> Stores:
    match kind:
        case "duckdb":
            return Stores("duckdb", running_server().new_database())
        case "pgvector":
            return Stores(running_server().new_database(), "duckdb")
        case "qdrant":
            return Stores(f"qdrant-local://{folder / 'qdrant'}", "duckdb")
        case _:
            return Stores(running_server().new_database(), "duckdb", in_folder=False)


def siege(
    folder: Path, kind: str, *, kills: int, pictures: int, longest_s: float, calm_after_s: float = FOR_EVER
) -> Toll:
    """Kill workers through all errands; raises AssertionError at the first promise that does not hold.

    longest_s: a worker that ingests lives at most. calm_after_s: there may be fewer kills for it.
    """
    source, home, stores = folder / "pictures", folder / "home", stores_of(kind, folder)
    draw(source, range(pictures))
    home.mkdir()
    if stores.in_folder:
        Database.in_folder(home).close()
    ChosenStore(home, None, default="").keep(stores.address)
    with Place(home) as place:
        errands = [
            _changing(place, source),
            _optimising(place),
            _deleting(place),
            _switching(place, stores.other, stores.address),
        ]
        place.calm_from = time.monotonic() + INGESTING * calm_after_s
        killed = place.do("ingest", str(source), "1", kills=int(kills * INGESTING), longest_s=longest_s)
        for number, errand in enumerate(errands):
            left = len(errands) - number
            place.calm_from = time.monotonic() + (1 - INGESTING) * calm_after_s / len(errands)
            share = (kills - killed) // left
            place.repeat(share, errand)
            killed += share
    expected = uninterrupted(folder / "undisturbed", source)
    with opened(home, stores=open_small_store) as library:
        check(library, source, expected)
    return place.toll


def _changing(place: Place, source: Path) -> Errand:
    """The folder changes and is taken in again, a job each time."""
    jobs = itertools.count(2)

    def errand(kills: int) -> int:
        job = next(jobs)
        change(source, job)
        return place.do("ingest", str(source), str(job), kills=kills, longest_s=SHORT_S)

    return errand


def _switching(place: Place, *addresses: str) -> Errand:
    turns = itertools.cycle(addresses)
    return lambda kills: place.do("switch", next(turns), kills=kills, longest_s=SHORT_S)


def _optimising(place: Place) -> Errand:
    return lambda kills: place.do("optimise", kills=kills, longest_s=SHORT_S)


def _deleting(place: Place) -> Errand:
    return lambda kills: place.do("delete", kills=kills, longest_s=SHORT_S)
