"""A collection's vectors in a file, a row for each content. Does not know what is made of them."""

from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import numpy as np

from sightline.domain.arrays import Float32, Int64, UInt8
from sightline.domain.catalogue import Record
from sightline.domain.collections import Space
from sightline.domain.contents import as_hex, distinct, rows_in

VECTORS = "vectors.npy"
AT_ONCE = 1000  # rows read together: 4 MB of vectors of 1024 dimensions

Told = Callable[[float], None]  # the share that is done


def gather(record: Record, name: str, path: Path, tell: Told) -> tuple[Space, UInt8]:
    """Write (N, dim) float32 in the order of the contents; returns their space and the contents, (N, 32).

    Raises what `tell` raises, UnknownCollectionError, RecordError, OSError.
    """
    while True:  # until it is whole: vectors of what is removed meanwhile may go before they are read
        space = record.space(name)
        contents = distinct(record.roll(name).contents)
        with path.open("wb") as file:
            gathered = _Gathered(file, contents, space.dim)
            _read_in_order(record, name, gathered, tell)
            _read_the_rest(record, space, gathered)
        if not gathered.lacking.any() and record.space(name).fingerprint == space.fingerprint:
            return space, contents


class _Gathered:
    """Rows are written, not mapped: a disk that is full would end the process at a mapped one."""

    def __init__(self, file: BinaryIO, contents: UInt8, dim: int) -> None:
        self.contents = contents
        self.lacking = np.ones(len(contents), dtype=bool)
        self._file = file
        self.dim = dim
        self._row_bytes = 4 * dim
        header = {"descr": "<f4", "fortran_order": False, "shape": (len(contents), dim)}
        np.lib.format.write_array_header_1_0(file, header)
        self._start = file.tell()

    def put(self, rows: Int64, vectors: Float32) -> None:
        for row, vector in zip(rows.tolist(), vectors.astype("<f4", copy=False), strict=True):
            self._file.seek(self._start + row * self._row_bytes)
            self._file.write(vector.tobytes())
        self.lacking[rows] = False


def _read_in_order(record: Record, name: str, gathered: _Gathered, tell: Told) -> None:
    """As they came, which is about how they lie on the disk."""
    cursor = 0
    while True:
        tell(1 - gathered.lacking.mean() if len(gathered.lacking) else 1.0)
        part, vectors = record.vectors_since(name, cursor, AT_ONCE)
        if not len(part):
            return
        cursor = int(part.seqs[-1])
        rows = rows_in(gathered.contents, part.contents)
        wanted = np.flatnonzero(rows >= 0)
        wanted = wanted[gathered.lacking[rows[wanted]]]
        wanted = wanted[np.argsort(rows[wanted])]
        if vectors.shape[1:] == (gathered.dim,):
            gathered.put(rows[wanted], vectors[wanted])


def _read_the_rest(record: Record, space: Space, gathered: _Gathered) -> None:
    """Of what was removed or changed since the roll was called."""
    left = np.flatnonzero(gathered.lacking)
    for start in range(0, len(left), AT_ONCE):
        rows = left[start : start + AT_ONCE]
        names = as_hex(gathered.contents[rows])
        found = record.vectors(space.fingerprint, names)
        there = [place for place, name in enumerate(names) if name in found]
        if there:
            gathered.put(rows[there], np.stack([found[names[place]] for place in there]))
