"""What of maps lies in files beside the record: drawings under way, and what is kept of those that are done.

Does not know how any is drawn. All of it follows from the record and may be deleted at any time.
"""

import errno
import shutil
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
from numpy.typing import NDArray

from sightline.disk import sync
from sightline.domain.arrays import Float32, UInt8
from sightline.domain.errors import StorageFullError

DRAWING = "drawing-"
GRAPH = "graph-"
NO_ROOM = "the disk is full: the map could not be drawn; free some space, and it goes on"


@dataclass(frozen=True, eq=False)
class NeighbourGraph:
    """Of each content those most like it: (N, 32) ascending, (N, k) rows, best first, and (N, k) cosines.

    Where a content has fewer, the last rows are -1.
    """

    contents: UInt8
    neighbours: NDArray[np.int32]
    scores: Float32


class MapFolders:
    """In one folder, with one for each collection. Safe to use from several threads."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def sweep(self, names: Collection[str]) -> None:
        """Remove what a crash has left, and what is of none of these collections."""
        for folder in self._folder.glob("*"):
            if folder.name not in names:
                shutil.rmtree(folder, ignore_errors=True)
        for drawing in self._folder.glob(f"*/{DRAWING}*"):
            shutil.rmtree(drawing, ignore_errors=True)

    def forget(self, name: str) -> None:
        """Remove all of a collection."""
        shutil.rmtree(self._folder / name, ignore_errors=True)

    def of(self, name: str) -> Path:
        """The folder of a collection, made if it is not there."""
        folder = self._folder / name
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    @contextmanager
    def drawing(self, name: str) -> Iterator[Path]:
        """An empty folder until the block ends. Raises StorageFullError."""
        with room_in_our_words():
            folder = Path(mkdtemp(prefix=DRAWING, dir=self.of(name)))
            try:
                yield folder
            finally:
                shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def growing(self, name: str, kept: str) -> Iterator[Path]:
        """An empty folder, called `kept` once the block ends: who finds it there finds all of it.

        If the block fails nothing is left of it. Raises StorageFullError.
        """
        with self.drawing(name) as folder:
            yield folder
            for path in (*folder.iterdir(), folder):
                sync(path)
            shutil.rmtree(self.of(name) / kept, ignore_errors=True)
            folder.rename(self.of(name) / kept)
            sync(self.of(name))

    def keep_graph(self, name: str, drawing: Path, contents: UInt8, *, mark: str, space: str) -> None:
        """Of a drawing, in place of the one before. mark: of its map. Raises StorageFullError."""
        kept = f"{GRAPH}{mark}"
        with self.growing(name, kept) as growing:
            np.save(growing / "contents.npy", contents)
            (growing / "space").write_text(space)
            for file in ("neighbours.npy", "scores.npy"):
                (drawing / file).rename(growing / file)
        for older in self.of(name).glob(f"{GRAPH}*"):
            if older.name != kept:
                shutil.rmtree(older, ignore_errors=True)

    def graph(self, name: str, space: str) -> NeighbourGraph | None:
        """The newest, if it is of this space. Its arrays are files, read where they are looked at."""
        for folder in (self._folder / name).glob(f"{GRAPH}*"):
            try:
                if (folder / "space").read_text() == space:
                    return NeighbourGraph(
                        *(
                            np.load(folder / f"{part}.npy", mmap_mode="r")
                            for part in ("contents", "neighbours", "scores")
                        )
                    )
            except (OSError, ValueError):  # another has taken its place; or somebody cut it short
                continue
        return None


@contextmanager
def room_in_our_words() -> Iterator[None]:
    """Raises StorageFullError: no room. What else goes wrong passes as it is."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        raise StorageFullError(NO_ROOM) from error
