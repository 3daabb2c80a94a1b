"""An atlas at work on a record in a folder, without a model. Does not know what is tested."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sightline.catalogue.database import Database
from sightline.catalogue.jobs import SqlLedger
from sightline.catalogue.record import SqlRecord
from sightline.domain.arrays import Float32
from sightline.domain.collections import Changeset, Space
from sightline.domain.contents import as_hex
from sightline.domain.ledger import Job
from sightline.domain.maps import MapOrder
from sightline.domain.ports import Look, Store, unwatched
from sightline.services.atlas.atlas import Atlas
from sightline.services.atlas.folders import MapFolders
from sightline.services.atlas.naming import Crowd, Named
from sightline.services.collections.speeds import Speeds
from sightline.services.collections.views import Views
from sightline.stores.memory import MemoryStore
from tests.cartography import QuickCartographer
from tests.records import SPACE, upserts
from tests.waiting import wait_until

NAME = "shoes"


class Numbered:
    """Calls clusters by their numbers, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[list[Crowd], Crowd, Sequence[str]]] = []

    def of(
        self,
        space: Space,
        clusters: Sequence[Crowd],
        whole: Crowd,
        *,
        vocabulary: Sequence[str] = (),
        look: Look = unwatched,
    ) -> list[Named]:
        look()
        self.asked.append((list(clusters), whole, vocabulary))
        return [Named(f"cluster {number}", "number") for number in range(len(clusters))]


@dataclass(frozen=True)
class Rig:
    home: Path
    record: SqlRecord
    ledger: SqlLedger
    views: Views
    atlas: Atlas
    cartographer: QuickCartographer
    names: Numbered
    speeds: Speeds

    def put(self, numbers: Iterable[int]) -> None:
        self.record.commit(NAME, upserts(numbers))
        self.views.nudge(NAME)

    def commit(self, changes: Changeset) -> None:
        self.record.commit(NAME, changes)
        self.views.nudge(NAME)

    def drawn(self, order: MapOrder | None = None) -> Job:
        """What becomes of a job that draws a map."""
        job = self.atlas.submit(NAME, order or MapOrder())
        wait_until(lambda: self.ledger.job(job.id).state not in ("planning", "running"))
        return self.ledger.job(job.id)

    def places(self) -> dict[str, bytes]:
        """Of every point by its content, x, y, and cluster."""
        known = self.record.maps.of(NAME)
        assert known is not None
        points = self.record.maps.points(NAME, known.id)
        facts = zip(points.places, points.clusters, strict=True)
        return dict(zip(as_hex(points.contents), (p.tobytes() + bytes([c]) for p, c in facts), strict=True))

    def all_are_placed(self) -> bool:
        contents = self.record.roll(NAME).contents
        return set(as_hex(contents)) <= set(self.places())


@contextmanager
def at_work(
    home: Path,
    *,
    store: Store | None = None,
    cartographer: QuickCartographer | None = None,
    record_at: Database | None = None,
    folders: MapFolders | None = None,
) -> Iterator[Rig]:
    """With a collection of nothing, unless the folder has one."""
    with closing(record_at or Database.in_folder(home)) as database:
        record, ledger = SqlRecord(database), SqlLedger(database)
        ledger.release_all()
        record.bind(NAME, SPACE)
        views = Views(record, store or MemoryStore())
        quick, names, speeds = cartographer or QuickCartographer(), Numbered(), Speeds()
        atlas = Atlas(
            record,
            ledger,
            views,
            cartographer=quick,
            names=names,
            folders=folders or MapFolders(home / "maps"),
            speeds=speeds,
            owner="me",
            calm_s=0.02,
        )
        views.start()
        atlas.start()
        try:
            yield Rig(home, record, ledger, views, atlas, quick, names, speeds)
        finally:
            quick.gate.set()
            atlas.close()
            views.close()


def as_places(found: dict[str, tuple[float, float]]) -> tuple[list[str], Float32]:
    return list(found), np.array(list(found.values()), dtype=np.float32).reshape(-1, 2)
