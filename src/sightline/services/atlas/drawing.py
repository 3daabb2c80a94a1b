"""One map of one collection, from the record and back into it. Does not know jobs, or how it is laid out."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Protocol

import numpy as np

from sightline.domain.arrays import Float32, UInt8
from sightline.domain.catalogue import Record
from sightline.domain.collections import Space
from sightline.domain.contents import as_hex
from sightline.domain.errors import MapFailedError, StorageFullError
from sightline.domain.maps import Cluster, Map, MapOrder, Points
from sightline.domain.ports import Cartographer, Look, Telling
from sightline.services.atlas.crowds import crowds
from sightline.services.atlas.folders import MapFolders
from sightline.services.atlas.gathering import VECTORS, gather
from sightline.services.atlas.naming import Crowd, Named
from sightline.services.atlas.typical import typical

log = logging.getLogger(__name__)

LEAST_CONTENTS = 3  # two points have no shape
GATHERED, LAID_OUT = 0.08, 0.94  # shares of the whole by then, of 100,000 vectors


class Names(Protocol):
    """What clusters are called."""

    def of(
        self,
        space: Space,
        clusters: Sequence[Crowd],
        whole: Crowd,
        *,
        vocabulary: Sequence[str] = (),
        look: Look = ...,
    ) -> list[Named]: ...


class Drawings:
    """Safe to use from several threads."""

    def __init__(
        self, record: Record, cartographer: Cartographer, *, names: Names, folders: MapFolders
    ) -> None:
        self._record = record
        self._cartographer = cartographer
        self._names = names
        self._folders = folders

    def draw(self, name: str, order: MapOrder, tell: Telling) -> Map:
        """Draw a map and keep it. tell: what it raises ends the drawing, and nothing is kept.

        Raises MapFailedError, SpaceMismatchError, StorageFullError, RecordError, NotReadyError.
        """
        with self._folders.drawing(name) as folder:
            tell("vectors", 0.0)
            space, contents = gather(
                self._record, name, folder / VECTORS, lambda share: tell("vectors", GATHERED * share)
            )
            require_enough(len(contents))

            def told(stage: str, share: float) -> None:
                tell(stage, GATHERED + (LAID_OUT - GATHERED) * share)

            drawn = self._cartographer.draw(folder, order, told)
            points = _points(folder, contents)
            clusters = self._clusters(name, space, points, folder=folder, order=order, tell=tell)
            tell("keeping", 0.99)
            outliers = as_hex(contents[[int(row) for row in drawn.outliers]]) if drawn.outliers else []
            known = replace(drawn, outliers=outliers, landmarks=int(points.landmarks.sum()))
            kept = self._record.maps.keep(
                name, points, space=space.fingerprint, order=order, drawn=known, clusters=clusters
            )
            try:
                self._folders.keep_graph(name, folder, contents, mark=kept.mark, space=space.fingerprint)
            except (StorageFullError, OSError) as error:  # the map is kept by now, and does without
                facts = {"collection": name, "reason": error}
                log.warning("neighbour graph not kept", extra={"fields": facts})
            return kept

    def _clusters(
        self, name: str, space: Space, points: Points, *, folder: Path, order: MapOrder, tell: Telling
    ) -> list[Cluster]:
        def look() -> None:
            tell("naming", LAID_OUT)

        look()
        vectors: Float32 = np.load(folder / VECTORS, mmap_mode="r")
        found = typical(vectors, points.clusters, look)
        several, whole = crowds(
            self._record, name, points.contents, points.clusters, typical=found, look=look
        )
        names = self._names.of(space, several, whole, vocabulary=order.vocabulary, look=look)
        return [
            Cluster(number, named.name, named.by, size, as_hex(points.contents[rows]))
            for number, (named, size, rows) in enumerate(zip(names, found.sizes, found.rows, strict=True))
        ]


def require_enough(contents: int) -> None:
    """Raises MapFailedError."""
    if contents < LEAST_CONTENTS:
        raise MapFailedError(
            f"a map needs {LEAST_CONTENTS} different pictures or texts, and the collection has {contents}; "
            "put more in"
        )


def _points(folder: Path, contents: UInt8) -> Points:
    places, clusters, landmarks = (
        np.load(folder / f"{part}.npy") for part in ("places", "clusters", "landmarks")
    )
    return Points(contents, places, clusters, landmarks)
