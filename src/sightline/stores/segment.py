"""Some thousand vectors with their codes, in one file that never changes. Does not know items or stores.

The codes are read into memory and compared with every query; the vectors themselves stay in the file, mapped,
and of them only the few are read that the codes leave undecided. The stamp is kept by whoever owns the
vectors: a file that does not match it is as good as none. The vectors are not part of the checksum, since
each that is read is compared with its code.
"""

import os
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sightline.disk import sync
from sightline.domain.arrays import Float32, Int64
from sightline.stores.codes import Codes

ROWS = 32_768  # codes of 25 MB for 768 numbers: half a millisecond of comparing
FLOAT_BYTES, SEQ_BYTES = 4, 8


@dataclass(frozen=True)
class SegmentStamp:
    """What a segment file holds. last: its largest seq. crc: of all in it but the vectors."""

    name: str
    rows: int
    last: int
    crc: int


@dataclass(frozen=True, eq=False)
class Segment:
    """Rows in the order of their seq, in a file or in memory."""

    seqs: Int64  # (N,), ascending
    vectors: Float32  # (N, dim)
    codes: Codes

    def __len__(self) -> int:
        return len(self.seqs)

    def __getitem__(self, rows: Any) -> "Segment":
        return Segment(self.seqs[rows], self.vectors[rows], self.codes[rows])


def joined(segments: list[Segment]) -> Segment:
    """One after the other, in memory."""
    return Segment(
        np.concatenate([segment.seqs for segment in segments]),
        np.concatenate([segment.vectors for segment in segments]),
        Codes.joined([segment.codes for segment in segments]),
    )


def write_segment(folder: Path, segment: Segment) -> SegmentStamp:
    """Put a new file into the folder, whole or not at all."""
    folder.mkdir(parents=True, exist_ok=True)
    stamp = SegmentStamp(
        f"{segment.seqs[0]}-{segment.seqs[-1]}.segment",
        len(segment),
        int(segment.seqs[-1]),
        _crc(segment),
    )
    unfinished = folder / f".{stamp.name}.tmp"
    try:
        with unfinished.open("wb") as file:
            for column in (segment.vectors, *_checked(segment)):
                file.write(np.ascontiguousarray(column).data)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(folder / stamp.name)
    except OSError:
        unfinished.unlink(missing_ok=True)  # a full disk needs its room
        raise
    sync(folder)
    return stamp


def open_segment(folder: Path, stamp: SegmentStamp, dim: int) -> Segment | None:
    """The segment in the file, if it is the one that was stamped."""
    rows, path = stamp.rows, folder / stamp.name
    bytes_of_vectors = rows * dim * FLOAT_BYTES
    wanted = bytes_of_vectors + rows * (dim + SEQ_BYTES + 2 * FLOAT_BYTES)
    try:
        if path.stat().st_size != wanted:
            return None
        with path.open("rb") as file:
            file.seek(bytes_of_vectors)
            seqs = np.fromfile(file, np.int64, rows)
            scales, slacks = np.fromfile(file, np.float32, rows), np.fromfile(file, np.float32, rows)
            steps = np.fromfile(file, np.int8, rows * dim).reshape(rows, dim)
    except FileNotFoundError:
        return None
    vectors = np.asarray(np.memmap(path, np.float32, mode="r", shape=(rows, dim)))
    segment = Segment(seqs, vectors, Codes(steps, scales, slacks))
    return segment if _crc(segment) == stamp.crc else None


def _checked(segment: Segment) -> tuple[NDArray[Any], ...]:
    """The columns that the checksum covers, in the order of the file."""
    return segment.seqs, segment.codes.scales, segment.codes.slacks, segment.codes.steps


def _crc(segment: Segment) -> int:
    crc = 0
    for column in _checked(segment):
        crc = zlib.crc32(np.ascontiguousarray(column).data, crc)
    return crc
