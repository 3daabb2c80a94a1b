"""A record with some items, and a map of them made by hand."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from sightline.catalogue.database import Database
from sightline.catalogue.record import SqlRecord
from sightline.domain.collections import Changeset
from sightline.domain.contents import of_hex
from sightline.domain.items import Metadata
from sightline.domain.maps import NO_CLUSTER, Cluster, Drawn, Map, MapOrder, Points
from tests.records import SPACE, content, item, vector

Put = Callable[[Sequence[Metadata]], None]
Draw = Callable[[Sequence[int]], Map]


@pytest.fixture
def record(tmp_path: Path) -> Iterator[SqlRecord]:
    database = Database.in_folder(tmp_path)
    made = SqlRecord(database)
    made.create("shoes", SPACE)
    yield made
    database.close()


@pytest.fixture
def put(record: SqlRecord) -> Put:
    """Items 0, 1, ... with some metadata each."""

    def put(documents: Sequence[Metadata]) -> None:
        items = [item(number, **document) for number, document in enumerate(documents)]
        vectors = {one.sha256: vector(one.sha256) for one in items}
        record.commit("shoes", Changeset(SPACE.fingerprint, items, vectors=vectors))

    return put


def place_of(number: int) -> tuple[float, float]:
    return number, -number / 2


def cluster_of(number: int) -> int:
    return NO_CLUSTER if number % 5 == 4 else number % 5


@pytest.fixture
def draw(record: SqlRecord) -> Draw:
    """A map with points of the contents of some numbers."""

    def draw(numbers: Sequence[int]) -> Map:
        return record.maps.keep(
            "shoes",
            points_of(numbers),
            space=SPACE.fingerprint,
            order=MapOrder(),
            drawn=Drawn("pca"),
            clusters=[Cluster(number, f"cluster {number}", "number", 1) for number in range(4)],
        )

    return draw


def points_of(numbers: Sequence[int]) -> Points:
    ordered = sorted(numbers, key=content)
    return Points(
        contents=of_hex([content(number) for number in ordered]),
        places=np.array([place_of(number) for number in ordered], dtype=np.float32).reshape(-1, 2),
        clusters=np.array([cluster_of(number) for number in ordered], dtype=np.uint8),
        landmarks=np.zeros(len(ordered), dtype=bool),
    )
