"""The landmarks of maps, by which later pictures are placed: their vectors in a file. Does not know who asks.

The file follows from the record, and is made again where it is not there.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

import numpy as np

from sightline.domain.arrays import Float32, UInt8
from sightline.domain.catalogue import Record
from sightline.domain.contents import as_hex
from sightline.domain.maps import NO_CLUSTER, Map
from sightline.domain.ports import Cartographer
from sightline.services.atlas.folders import DRAWING, MapFolders, room_in_our_words

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
    # a record that is restored may give a number again: the time tells two maps apart
    folder = folders.of(name) / f"{LANDMARKS}{known.id}-{known.made_at:.6f}"
    if not folder.is_dir():
        for older in folders.of(name).glob(f"{LANDMARKS}*"):
            shutil.rmtree(older, ignore_errors=True)
        with room_in_our_words():
            _make(record, name, known, folder)
    places = np.load(folder / "places.npy")
    if not len(places):
        return None
    vectors = np.memmap(folder / "vectors", dtype="<f4", mode="r").reshape(len(places), -1)
    return Landmarks(vectors, places, np.load(folder / "clusters.npy"))


def _make(record: Record, name: str, known: Map, folder: Path) -> None:
    """Under another name at first: who finds the folder finds all of it."""
    points = record.maps.points(name, known.id)
    rows = np.flatnonzero(points.landmarks)
    growing = Path(mkdtemp(prefix=DRAWING, dir=folder.parent))
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
    growing.rename(folder)
