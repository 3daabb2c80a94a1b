"""Libraries on the stores that need no server."""

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sightline.stores.duckdb import DuckDbStore
from sightline.stores.memory import MemoryStore
from tests.shoes import Library

STORES = {
    "memory": lambda folder: MemoryStore(),
    "duckdb": DuckDbStore,
    "duckdb, nothing held": lambda folder: DuckDbStore(folder, held_max_bytes=0),
}


@pytest.fixture(params=STORES)
def new_library(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Callable[[int], Library]]:
    """Makes an empty library of vectors of so many numbers."""
    made: list[Library] = []
    numbers = itertools.count()

    def make(dim: int) -> Library:
        folder = tmp_path / str(next(numbers))
        made.append(Library(folder / "record", STORES[request.param](folder / "store"), dim))
        return made[-1]

    yield make
    for library in made:
        library.close()
