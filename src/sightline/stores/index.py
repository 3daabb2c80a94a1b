"""An index of near neighbours in one file: a graph over vectors, memory-mapped. Does not know items.

The file is only ever replaced whole. Its stamp, kept by whoever owns the vectors, says what it covers and is
the only proof that it is theirs: a file that does not match is as good as none.
"""

import hashlib
import json
import os
import threading
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from usearch.index import Index, MetricKind, ScalarKind

from sightline.domain.arrays import Float32, Int64

KIND = "hnsw bf16"
# 50,000 clustered vectors of 768 numbers on two busy cores: built in 83 s, where f16 took 155, with the same
# recall@10 of 0.998. It costs the fourth digit of a score.
DTYPE = ScalarKind.BF16
CONNECTIVITY = 16
EXPANSION_ADD = 128
EXPANSION_SEARCH = 64  # 0.3 ms a search there; 256 took 0.8 ms and found no more


@dataclass(frozen=True)
class Stamp:
    """What an index file covers.

    cursor: every vector up to this key was put into it. rows: how many. recall: recall@10, measured then.
    sha256: of the file.
    """

    cursor: int
    rows: int
    recall: float
    sha256: str

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Stamp":
        return cls(**json.loads(text))


class NeighbourIndex:
    """A finished index, read from its file as it is needed. Safe to use from several threads.

    One search at a time: usearch 2.26 has room for as many as there are cores, and more give each other's
    answers and damage the heap. A search takes 0.3 ms.
    """

    def __init__(self, graph: Index, stamp: Stamp) -> None:
        self.stamp = stamp
        self._graph = graph
        self._searching = threading.Lock()

    def search(self, query: Float32, count: int) -> tuple[Int64, Float32]:
        """The keys and cosines of some `count` near vectors, best first; of all, if there are no more."""
        with self._searching:
            found = self._graph.search(query, min(count, self.stamp.rows))
        return np.asarray(found.keys, dtype=np.int64), 1 - np.asarray(found.distances, dtype=np.float32)


class IndexBuilder:
    """Takes vectors piece by piece and writes the file."""

    def __init__(self, dim: int) -> None:
        self._graph = Index(
            ndim=dim,
            metric=MetricKind.IP,
            dtype=DTYPE,
            connectivity=CONNECTIVITY,
            expansion_add=EXPANSION_ADD,
            expansion_search=EXPANSION_SEARCH,
        )

    def add(self, keys: Int64, vectors: Float32) -> None:
        """keys: (N,), larger than all before; vectors: (N, dim) of unit length."""
        self._graph.add(keys.astype(np.uint64), vectors)

    def nearest(self, queries: Float32, count: int) -> Int64:
        """(Q, dim) -> the keys of `count` near vectors for each, (Q, count)."""
        return np.asarray(self._graph.search(queries, count).keys, dtype=np.int64).reshape(len(queries), -1)

    def save(self, path: Path) -> str:
        """Put the file in its place, whole or not at all; its sha256."""
        unfinished = path.with_name(f".{path.name}.tmp")
        self._graph.save(str(unfinished))
        with unfinished.open("rb+") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            os.fsync(file.fileno())
        unfinished.replace(path)
        _sync_folder(path.parent)
        return digest


def open_index(path: Path, stamp: Stamp) -> NeighbourIndex | None:
    """The index in the file, if it is the one that was stamped."""
    try:
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != stamp.sha256:
                return None
    except FileNotFoundError:
        return None
    return NeighbourIndex(Index.restore(str(path), view=True), stamp)


def _sync_folder(folder: Path) -> None:
    """So that the file's new name outlives a loss of power."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
