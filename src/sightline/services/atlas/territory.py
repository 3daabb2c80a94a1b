"""Which contents lie in a part of a map: how an export tells whose rows to write. Does not know items."""

from collections.abc import Sequence

import numpy as np

from sightline.domain.arrays import Bools, UInt8
from sightline.domain.catalogue import Record
from sightline.domain.contents import of_hex, rows_in
from sightline.domain.errors import NoMapError
from sightline.domain.selections import Selection
from sightline.services.atlas.lassos import Heights
from sightline.services.atlas.selecting import marked


class Territory:
    """contents: (K, 32), ascending."""

    def __init__(self, contents: UInt8) -> None:
        self._contents = contents

    @classmethod
    def of(cls, record: Record, name: str, selection: Selection) -> "Territory":
        """What a lasso and clusters select of the map as it is now; filters are others' to carry out.

        Raises NoMapError, MapChangedError, UnknownCollectionError, RecordError.
        """
        known = record.maps.of(name)
        if known is None:
            raise NoMapError(f"collection {name!r} has no map, so nothing lies within anything on it")
        points = record.maps.points(name, known.id)
        heights = Heights.of(points.places[:, 0].copy(), points.places[:, 1].copy())
        return cls(points.contents[marked(heights, points.clusters, selection)])

    def has(self, contents: Sequence[str]) -> Bools:
        """(N,), whether each of the contents, in hex, lies in it."""
        if not contents:
            return np.zeros(0, dtype=np.bool_)
        return rows_in(self._contents, of_hex(list(contents))) >= 0
