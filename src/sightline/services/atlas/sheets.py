"""The map as it is looked at: every item that has a point, a row each. Does not know how points are drawn.

Points belong to contents, and rows to items: this joins them. Whoever has a sheet asks for more of it by its
version, so that row i of a mask or of colours is row i of the points that were sent.
"""

import threading
from collections import OrderedDict
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from hashlib import blake2b
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sightline.domain.arrays import Float32, Int64, UInt8
from sightline.domain.catalogue import Record
from sightline.domain.collections import Roll
from sightline.domain.contents import rows_in
from sightline.domain.errors import MapChangedError, NoMapError
from sightline.domain.maps import Map, Points
from sightline.services.atlas.lassos import Heights
from sightline.services.atlas.newest import Newest, Rest, usual_rest

ROWS_AT_ONCE = 1 << 16  # joined: searches have their turn between two
KEPT = 2  # of a collection
COLLECTIONS = 4  # 30 MB a sheet of a million
TRIES = 3  # a map is drawn anew while its points are read


@dataclass(frozen=True, eq=False)
class Sheet:
    """N rows in the order of the items' last changes. items: how many there are, with a point or not.

    version: another one whenever a row may be another. seqs: (N,), ascending. xs, ys: (N,). clusters: (N,).
    """

    collection: str
    map: Map
    version: str
    items: int
    seqs: Int64
    xs: Float32
    ys: Float32
    clusters: UInt8

    def __len__(self) -> int:
        return len(self.seqs)

    @property
    def unplaced(self) -> int:
        return self.items - len(self)

    @cached_property
    def heights(self) -> Heights:
        return Heights.of(self.xs, self.ys)

    @cached_property
    def extent(self) -> tuple[float, float, float, float]:
        """The least x and y, and the greatest; zeros of nothing."""
        if not len(self):
            return 0.0, 0.0, 0.0, 0.0
        return float(self.xs.min()), float(self.ys.min()), float(self.xs.max()), float(self.ys.max())

    @cached_property
    def sizes(self) -> Int64:
        """(256,), how many rows each cluster has."""
        return np.bincount(self.clusters, minlength=256)

    def rows_of(self, seqs: Int64) -> Int64:
        """The row of each; -1 where there is none."""
        if not len(self):
            return np.full(len(seqs), -1, dtype=np.int64)
        rows = np.minimum(np.searchsorted(self.seqs, seqs), len(self) - 1)
        return np.where(self.seqs[rows] == seqs, rows, -1)


class Sheets:
    """Of all collections. Safe to use from several threads."""

    def __init__(self, record: Record, *, rest: Rest = usual_rest) -> None:
        """rest: from one to the next of a collection that changes."""
        self._record = record
        self._newest = Newest(self._joined, kept=COLLECTIONS, rest=rest)
        self._kept: OrderedDict[str, tuple[Sheet, ...]] = OrderedDict()
        self._keeping = threading.Lock()

    def newest(self, name: str) -> Sheet:
        """As the collection is, or was a moment ago while it changes.

        Raises NoMapError, UnknownCollectionError, RecordError.
        """
        known = self._map(name)
        stamp = known.mark, self._record.head(name), known.edition
        sheet = self._newest.of(name, stamp, group=known.mark)
        with self._keeping:
            self._keep(sheet)
        return sheet

    def at(self, name: str, version: str | None) -> Sheet:
        """The one that somebody has; the newest unless named. Raises MapChangedError, and as `newest`."""
        if version is None:
            return self.newest(name)
        self._map(name)  # of a map that was deleted, nothing is told any more
        if (sheet := self._find(name, version)) is not None:
            return sheet
        newest = self.newest(name)
        if newest.version == version:
            return newest
        raise MapChangedError(
            f"version {version[:60]!r} of the map is gone; get the points of the newest, {newest.version!r}"
        )

    def _map(self, name: str) -> Map:
        found = self._record.maps.of(name)
        if found is None:
            raise NoMapError(f"collection {name!r} has no map yet; POST /v1/collections/{name}/map draws one")
        return found

    def _find(self, name: str, version: str) -> Sheet | None:
        with self._keeping:
            kept = self._kept.get(name, ())
        return next((sheet for sheet in kept if sheet.version == version), None)

    def _keep(self, sheet: Sheet) -> None:
        kept = self._kept.pop(sheet.collection, ())
        self._kept[sheet.collection] = kept if sheet in kept else (sheet, *kept)[:KEPT]
        while len(self._kept) > COLLECTIONS:
            self._kept.popitem(last=False)

    def _joined(self, name: str) -> Sheet:
        """What changes while it is read is left to the next: its number is past the head read first."""
        for _ in range(TRIES):
            known, head = self._map(name), self._record.head(name)
            with suppress(MapChangedError):  # drawn anew in between
                points = self._record.maps.points(name, known.id)
                return _sheet(name, known, points, _until(self._record.roll(name), head))
        raise MapChangedError(f"the map of collection {name!r} changes all the time; ask again in a moment")


def _until(roll: Roll, head: int) -> tuple[Roll, int]:
    count = int(np.searchsorted(roll.seqs, head, side="right"))
    return Roll(roll.seqs[:count], roll.contents[:count]), head


def _sheet(name: str, known: Map, points: Points, rolled: tuple[Roll, int]) -> Sheet:
    roll, head = rolled
    found = np.empty(len(roll), dtype=np.int64)
    for start in range(0, len(roll), ROWS_AT_ONCE):
        part = slice(start, start + ROWS_AT_ONCE)
        found[part] = rows_in(points.contents, roll.contents[part])
    placed = found >= 0
    rows = found[placed]
    seqs, clusters = roll.seqs[placed], points.clusters[rows]
    xs, ys = (np.ascontiguousarray(points.places[rows, axis]) for axis in (0, 1))
    return Sheet(
        collection=name,
        map=known,
        version=f"{known.mark}-{head}-{_digest(seqs, xs, ys, clusters)}",
        items=len(roll),
        seqs=seqs,
        xs=xs,
        ys=ys,
        clusters=clusters,
    )


def _digest(*columns: NDArray[Any]) -> str:
    """Of what was read: what changes in between drops out of the roll, while head and map stay the same.

    Some 25 ms for a million rows.
    """
    digest = blake2b(digest_size=6)
    for column in columns:
        digest.update(np.ascontiguousarray(column).data)
    return digest.hexdigest()
