"""A library in a folder, with the bundled model, and pictures to fill it. Does not know what is tested."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from sightline.bootstrap import build
from sightline.bootstrap.library import OpenStore, open_library
from sightline.domain.collections import SourceNote
from sightline.domain.ledger import Job
from sightline.services.collections.library import Library
from sightline.services.collections.planning import Order
from sightline.settings import Settings
from tests.pictures import picture, saved
from tests.waiting import wait_until

SIZE = (48, 40)
PATIENCE_S = 60


def write_pictures(folder: Path, numbers: range, *, suffix: str = "") -> None:
    """Small pictures, no two alike, as `00007.png`."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in numbers:
        (folder / f"{number:05d}{suffix}.png").write_bytes(saved(picture(SIZE, seed=number), "PNG"))


@contextlib.contextmanager
def opened(home: Path, *, stores: OpenStore | None = None, **settings: object) -> Iterator[Library]:
    """The library in a folder, at work."""
    chosen = Settings.model_validate({"home": str(home), "precision": "f32", **settings})
    served = build(chosen)
    served.load()
    library = open_library(chosen, served, stores=stores)
    library.start()
    try:
        yield library
    finally:
        library.close()
        served.close()


def order_of(folder: Path, **options: object) -> Order:
    folder = folder.resolve()
    return Order(SourceNote(str(folder), str(folder), options))  # type: ignore[arg-type]


def ingested(
    library: Library, folder: Path, collection: str = "photos", *, within_s: float = PATIENCE_S
) -> Job:
    """What becomes of a job that takes a folder in."""
    library.ensure(collection)
    return ended(library, library.ingestion.submit(collection, order_of(folder)).id, within_s)


def ended(library: Library, job_id: int, within_s: float = PATIENCE_S) -> Job:
    wait_until(
        lambda: library.ingestion.ledger.job(job_id).state in ("done", "failed", "cancelled"), within_s
    )
    return library.ingestion.ledger.job(job_id)


def caught_up(library: Library, collection: str = "photos") -> None:
    head = library.record.collection(collection).head
    assert library.views.wait(collection, head, timeout_s=PATIENCE_S)


def found_by_themselves(library: Library, collection: str = "photos") -> set[str]:
    """The items that come first when they are searched by their own vector."""
    caught_up(library, collection)
    view = library.views.view(collection)
    return {
        item.key
        for item, vector in library.record.walk(collection)
        if view.nearest(vector, 1, exact=True)[0].item_id == item.id
    }
