"""The maps of all collections, with the work that is done on them. Knows no protocol and no product."""

from collections.abc import Sequence
from dataclasses import dataclass

from sightline.domain.arrays import Float32
from sightline.domain.catalogue import Ledger, Record
from sightline.domain.errors import InvalidRequestError, JobStateError
from sightline.domain.ledger import UNFINISHED, Job
from sightline.domain.maps import MAP, Map, MapOrder
from sightline.domain.ports import Cartographer
from sightline.services.atlas.drawing import LEAST_CONTENTS, Drawings, Names
from sightline.services.atlas.folders import MapFolders, NeighbourGraph
from sightline.services.atlas.following import CALM_S, Follower
from sightline.services.atlas.given import as_points
from sightline.services.atlas.mapjobs import MapJobs
from sightline.services.atlas.plots import Plots
from sightline.services.collections.speeds import Speeds
from sightline.services.collections.views import Views


@dataclass(frozen=True)
class Brought:
    """A map whose places were given. unknown: the ids among them that no item has."""

    map: Map
    unknown: Sequence[str]


class Atlas:
    """Safe to use from several threads between `start` and `close`.

    names: what clusters are called. speeds: where it is told how far jobs are. owner: under what name work
    is leased. calm_s: see Follower.
    """

    def __init__(
        self,
        record: Record,
        ledger: Ledger,
        views: Views,
        *,
        cartographer: Cartographer,
        names: Names,
        folders: MapFolders,
        speeds: Speeds,
        owner: str,
        calm_s: float = CALM_S,
    ) -> None:
        self._record = record
        self._ledger = ledger
        self._folders = folders
        self._follower = Follower(
            record, cartographer, folders=folders, plots=Plots(record, views), calm_s=calm_s
        )
        self._jobs = MapJobs(
            record,
            ledger,
            Drawings(record, cartographer, names=names, folders=folders),
            follower=self._follower,
            speeds=speeds,
            owner=owner,
        )
        views.when_followed(self._follower.nudge)

    def start(self) -> None:
        """Go on with every job, and follow every collection."""
        self._folders.sweep([collection.name for collection in self._record.collections()])
        self._follower.start()
        self._jobs.start()

    def close(self) -> None:
        """Give up the drawing that is under way: it is begun anew by the next start."""
        self._jobs.close()
        self._follower.close()

    def submit(self, name: str, order: MapOrder) -> Job:
        """A job, kept before this returns; the unfinished one of the collection, if there is one.

        Raises UnknownCollectionError, RecordError; InvalidRequestError: there is too little to draw.
        """
        items = self._record.collection(name).items
        if items < LEAST_CONTENTS:
            raise InvalidRequestError(
                f"a map needs {LEAST_CONTENTS} items, and collection {name!r} has {items}; put more in first"
            )
        job = self._ledger.create(MAP, name, order.request(), is_sole=True)
        self._jobs.tell()
        return job

    def job(self, name: str) -> Job | None:
        """What draws a map of the collection just now, or waits to."""
        jobs = self._ledger.jobs(name)
        return next((job for job in jobs if job.kind == MAP and job.state in UNFINISHED), None)

    def bring(self, name: str, ids: Sequence[str], places: Float32) -> Brought:
        """A map of places (N, 2) that somebody has for items, in place of the present one.

        Items without a place get one among the others. Of several with the same content the first counts.
        Raises UnknownCollectionError, RecordError; InvalidRequestError: a place is no place, or of no item;
        JobStateError: a map is being drawn, which would take its place.
        """
        if (job := self.job(name)) is not None:
            raise JobStateError(f"job {job.id} draws a map of {name!r}; cancel it first, or wait for its end")
        space = self._record.space(name)
        points, unknown, drawn = as_points(self._record, name, ids, places)
        kept = self._record.maps.keep(
            name, points, space=space.fingerprint, order=MapOrder(), drawn=drawn, clusters=[]
        )
        self._follower.nudge(name)
        return Brought(kept, unknown)

    def drop(self, name: str) -> None:
        """Raises UnknownCollectionError, NoMapError, RecordError."""
        self._record.maps.drop(name)
        self._follower.nudge(name)

    def forget(self, name: str) -> None:
        """The collection was deleted: its files go."""
        self._folders.forget(name)

    def graph(self, name: str) -> NeighbourGraph | None:
        """The neighbours that were found with the collection's newest map, if they are of its space."""
        return self._folders.graph(name, self._record.space(name).fingerprint)
