"""The landmarks of maps, by which later pictures are placed: their vectors in a file. Does not know who asks.

The file follows from the record, and is made again where it is not there or not whole.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sightline.domain.arrays import Float32, UInt8
from sightline.domain.catalogue import Record
from sightline.domain.contents import as_hex
from sightline.domain.errors import MapChangedError
from sightline.domain.maps import NO_CLUSTER, Map
from sightline.domain.ports import Cartographer
from sightline.services.atlas.folders import MapFolders

LANDMARKS = "landmarks-"
AT_ONCE = 1000  # vectors read from the record
COMPARED = 64  # places, with each of 100,000 landmarks: 25 MB for a distance


@dataclass(frozen=True, eq=False)
class Landmarks:
    """vectors: (L, dim), a file that is read where it is looked at. places: (L, 2). clusters: (L,)."""

    vectors: Float32
    places: Float32
    clusters: UInt8

    def place(self, vectors: Float32, cartographer: Cartographer) -> tuple[Float32, UInt8]:
        """(M, dim) -> places, (M, 2), and clusters, (M,): of the landmark that is nearest on the map."""
        places = cartographer.place(vectors, self.vectors, self.places)
        clusters = np.full(len(places), NO_CLUSTER, dtype=np.uint8)
        for start in range(0, len(places), COMPARED):
            part = places[start : start + COMPARED]
            # each by itself, so that a place alone decides: a matrix product rounds as its shape is
            distances = (part[:, None, 0] - self.places[:, 0]) ** 2
            distances += (part[:, None, 1] - self.places[:, 1]) ** 2
            clusters[start : start + COMPARED] = self.clusters[distances.argmin(axis=1)]
        return places, clusters


def landmarks_of(record: Record, name: str, known: Map, folders: MapFolders) -> Landmarks | None:
    """None: the map has none any more, as all its first pictures are gone.

    Raises MapChangedError, StorageFullError, RecordError.
    """
    folder = folders.of(name) / f"{LANDMARKS}{known.mark}"
    space = record.space(name)
    if space.fingerprint != known.space:
        raise MapChangedError(f"collection {name!r} is in another space than its map by now; ask again")
    try:
        found = _read(folder, space.dim)
    except (OSError, ValueError, EOFError):  # not there, or cut short
        for older in folders.of(name).glob(f"{LANDMARKS}*"):
            shutil.rmtree(older, ignore_errors=True)
        with folders.growing(name, folder.name) as growing:
            _make(record, name, known, growing)
        found = _read(folder, space.dim)
    return found if len(found.places) else None


def _read(folder: Path, dim: int) -> Landmarks:
    """Raises OSError, ValueError, EOFError: the files are not there, or not whole."""
    places, clusters = np.load(folder / "places.npy"), np.load(folder / "clusters.npy")
    size, whole = (folder / "vectors").stat().st_size, 4 * dim * len(places)
    if places.shape != (len(clusters), 2) or size != whole:
        raise ValueError(f"{folder} has {size} bytes of vectors, not {whole}")
    if not whole:  # nothing cannot be mapped
        return Landmarks(np.zeros((0, dim), dtype=np.float32), places, clusters)
    vectors = np.memmap(folder / "vectors", dtype="<f4", mode="r", shape=(len(places), dim))
    return Landmarks(vectors, places, clusters)


def _make(record: Record, name: str, known: Map, growing: Path) -> None:
    points = record.maps.points(name, known.id)
    rows = np.flatnonzero(points.landmarks)
    there: list[int] = []
    with (growing / "vectors").open("wb") as file:
        for start in range(0, len(rows), AT_ONCE):
            part = rows[start : start + AT_ONCE]
            contents = as_hex(points.contents[part])
            found = record.vectors(known.space, contents)
            for row, content in zip(part.tolist(), contents, strict=True):
                if content in found:  # else it was removed since
                    file.write(found[content].astype("<f4").tobytes())
                    there.append(row)
    np.save(growing / "places.npy", points.places[there])
    np.save(growing / "clusters.npy", points.clusters[there])
