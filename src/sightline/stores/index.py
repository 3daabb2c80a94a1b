"""An index of near neighbours in one file: a graph over vectors, memory-mapped. Does not know items.

The file is only ever replaced whole. Its stamp, kept by whoever owns the vectors, says what it covers and is
the only proof that it is theirs: a file that does not match is as good as none.
"""

import ctypes
import hashlib
import json
import os
import sys
import threading
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sightline.disk import sync
from sightline.domain.arrays import Float32, Int64

KIND = "hnsw bf16"
# 50,000 clustered vectors of 768 numbers on two busy cores: built in 83 s, where f16 took 155, with the same
# recall@10 of 0.998. It costs the fourth digit of a score.
DTYPE = "bf16"
CONNECTIVITY = 16
EXPANSION_ADD = 128
EXPANSION_SEARCH = 64  # 0.3 ms a search there; 256 took 0.8 ms and found no more
CHECKED_AT_ONCE = 8_192
FOUND_AMONG = 10  # a vector that is not among the ten nearest to itself is not found by others either


@dataclass(frozen=True)
class Stamp:
    """What an index file covers.

    cursor: every vector up to this key was put into it. rows: how many. recall: recall@10, measured then.
    sha256: of the file. unreachable: the keys that a search of it does not find, even by their own vector.
    """

    cursor: int
    rows: int
    recall: float
    sha256: str
    unreachable: tuple[int, ...]

    def to_json(self) -> str:
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Stamp":
        fields = json.loads(text)
        return cls(**fields | {"unreachable": tuple(fields["unreachable"])})


class NeighbourIndex:
    """A finished index, read from its file as it is needed. Safe to use from several threads.

    One search at a time: usearch promises no more at once than there are cores. A search takes 0.3 ms.
    """

    def __init__(self, graph: Any, stamp: Stamp) -> None:
        self.stamp = stamp
        self._graph = graph
        self._unreachable = np.array(stamp.unreachable, dtype=np.int64)  # (U,)
        self._unreached = _vectors(graph, self._unreachable)  # (U, dim)
        self._searching = threading.Lock()

    def search(self, query: Float32, count: int) -> tuple[Int64, Float32]:
        """The keys and cosines of some `count` near vectors, best first; of all, if there are no more."""
        with self._searching:
            found = self._graph.search(query, min(count, self.stamp.rows))
        reached = np.asarray(found.keys, dtype=np.int64)
        new = ~np.isin(self._unreachable, reached)
        keys = np.concatenate([reached, self._unreachable[new]])
        cosines = np.concatenate([1 - np.asarray(found.distances), self._unreached[new] @ query])
        best = np.argsort(-cosines, kind="stable")[:count]
        return keys[best], cosines[best].astype(np.float32)


class IndexBuilder:
    """Takes vectors piece by piece and writes the file."""

    def __init__(self, dim: int) -> None:
        self._graph = _usearch().Index(
            ndim=dim,
            metric="ip",
            dtype=DTYPE,
            connectivity=CONNECTIVITY,
            expansion_add=EXPANSION_ADD,
            expansion_search=EXPANSION_SEARCH,
        )
        self.cursor = 0  # the largest key it was given

    def __len__(self) -> int:
        """How many vectors it holds."""
        return len(self._graph)

    def resume(self, path: Path, stamp: Stamp) -> None:
        """Go on with what a file holds, if it is the stamped one."""
        if open_index(path, stamp) is not None:
            self._graph.load(str(path))
            self.cursor = stamp.cursor

    def add(self, keys: Int64, vectors: Float32) -> None:
        """keys: (N,), larger than all before; vectors: (N, dim) of unit length."""
        if len(keys):
            self._graph.add(keys.astype(np.uint64), vectors)
            self.cursor = int(keys[-1])

    def nearest(self, queries: Float32, count: int) -> Int64:
        """(Q, dim) -> the keys of `count` near vectors for each, (Q, count)."""
        return np.asarray(self._graph.search(queries, count).keys, dtype=np.int64).reshape(len(queries), -1)

    def unreachable(self) -> tuple[int, ...]:
        """The keys that a search for their own vector does not find.

        Several threads build the graph, and leave 4 to 16 of 10,000 vectors without a way to them. One thread
        takes twice as long, and still leaves one in 20,000.
        """
        keys = np.asarray(self._graph.keys, dtype=np.int64)
        pieces = (keys[start : start + CHECKED_AT_ONCE] for start in range(0, len(keys), CHECKED_AT_ONCE))
        lost = [piece[~self._finds(piece)] for piece in pieces]
        return tuple(sorted(int(key) for piece in lost for key in piece))

    def _finds(self, keys: Int64) -> NDArray[np.bool_]:
        """Which of them a search finds, by their own vectors."""
        found = self.nearest(_vectors(self._graph, keys), min(FOUND_AMONG, len(self._graph)))
        return np.asarray((found == keys[:, np.newaxis]).any(axis=1))

    def save(self, path: Path, recall: float) -> Stamp:
        """Put the file in its place, whole or not at all. recall: what was measured of it."""
        unfinished = path.with_name(f".{path.name}.tmp")
        self._graph.save(str(unfinished))
        with unfinished.open("rb+") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            os.fsync(file.fileno())
        unfinished.replace(path)
        sync(path.parent)
        return Stamp(self.cursor, len(self), recall, sha256=digest, unreachable=self.unreachable())


def open_index(path: Path, stamp: Stamp) -> NeighbourIndex | None:
    """The index in the file, if it is the one that was stamped."""
    try:
        with path.open("rb") as file:
            if hashlib.file_digest(file, "sha256").hexdigest() != stamp.sha256:
                return None
    except FileNotFoundError:
        return None
    return NeighbourIndex(_usearch().Index.restore(str(path), view=True), stamp)


@cache
def _usearch() -> Any:
    """The package, loaded so that it leaves others alone.

    It carries a C++ runtime of its own (2.26, Linux). Where it comes first, ONNX Runtime, loaded later, takes
    parts of it for the system's and the process dies; so that one comes first, for all to see.
    """
    if sys.platform == "linux":
        with suppress(OSError):  # a system without it has no ONNX Runtime either
            ctypes.CDLL("libstdc++.so.6", mode=ctypes.RTLD_GLOBAL)
    return import_module("usearch.index")


def _vectors(graph: Any, keys: Int64) -> Float32:
    """The vectors of these keys, (N, dim), as the graph keeps them."""
    if not len(keys):
        return np.empty((0, graph.ndim), dtype=np.float32)
    return np.asarray(graph.get(keys.astype(np.uint64), dtype="f32"), dtype=np.float32)
