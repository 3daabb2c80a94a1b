"""The vectors of one collection, compared with a query one by one and exactly. Does not know metadata.

Codes say within bounds how near each vector is; the few that may be among the nearest are then compared in
full. One writer and any number of readers: a reader works on the rows as they were when it came.
"""

import json
import logging
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import asdict, replace
from itertools import takewhile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sightline.domain.arrays import Float32, Int64
from sightline.domain.items import Change, Scored
from sightline.stores.codes import Coder, Codes
from sightline.stores.comparing import Comparison, Part, Passing, rows_of
from sightline.stores.rounds import Rounds
from sightline.stores.segment import ROWS, Segment, SegmentStamp, joined, open_segment, write_segment

log = logging.getLogger(__name__)

POOR_SHARE = 0.75  # a segment with fewer live rows may be written anew, together with its neighbours


class CodedVectors:
    """The live vectors of one collection. Only one thread may write at a time."""

    def __init__(self, dim: int, folder: Path, comparing: Executor, *, segment_rows: int = ROWS) -> None:
        """folder: of the segment files. comparing: threads for the products, one a core."""
        self._segment_rows = segment_rows
        self._dim = dim
        self._folder = folder
        self._rounds = Rounds(comparing)
        self._coder = Coder(dim)
        self._sealed: tuple[Part, ...] = ()
        self._tail = _Tail(dim, segment_rows)
        self._seen = Passing((), (), ())  # by readers: the sealed and the tail

    def __len__(self) -> int:
        """How many items there are."""
        return _count(self._seen.parts)

    @property
    def bytes(self) -> int:
        """What the codes take in memory."""
        return sum(codes.steps.nbytes for codes in self._seen.codes)

    def stamps(self) -> str:
        """What `open` needs to know of the files: of those up to the first part that has none, as JSON."""
        stamps = list(takewhile(bool, (part.stamp for part in self._sealed)))
        return json.dumps(
            {"rotation": self._coder.print, "segments": [asdict(stamp) for stamp in stamps if stamp]}
        )

    def open(self, stamps: str, ids: NDArray[np.object_], seqs: Int64) -> int:
        """Take what the files hold of the items, up to the first file that is not as stamped.

        ids, seqs: of all items, in the order of their seq. Returns the largest seq that was covered.
        """
        kept, covered = json.loads(stamps), 0
        if kept["rotation"] != self._coder.print:
            return 0
        for stamp in (SegmentStamp(**fields) for fields in kept["segments"]):
            segment = open_segment(self._folder, stamp, self._dim)
            if segment is None:
                log.warning("%s is missing or damaged; its vectors are coded anew", stamp.name)
                break
            here = slice(*np.searchsorted(seqs, [covered + 1, stamp.last + 1]))
            rows = rows_of(segment.seqs, seqs[here])
            if len(rows) != len(seqs[here]):
                log.warning("%s lacks vectors; they are coded anew", stamp.name)
                break
            names, live = np.full(len(segment), None, object), np.zeros(len(segment), np.bool_)
            names[rows], live[rows] = ids[here], True
            self._sealed += (Part(segment, names, live, stamp),)
            covered = stamp.last
        self._publish()
        return covered

    def extend(self, ids: NDArray[np.object_], seqs: Int64, vectors: Float32) -> None:
        """Append rows of items that are not held yet, in the order of their seq."""
        start = 0
        while start < len(ids):
            end = min(len(ids), start + self._tail.room)
            piece = Segment(seqs[start:end], vectors[start:end], self._coder.encode(vectors[start:end]))
            self._tail.append(ids[start:end], piece)
            start = end
            if not self._tail.room:
                self._seal()
        self._publish()

    def apply(self, changes: Sequence[Change], removed: Int64) -> None:
        """Take changes, at most one of an item, in the order of their seq and after all taken before.

        removed: the seqs of the rows that they replace or remove.
        """
        gone = np.sort(removed)
        self._sealed = tuple(part.without(gone) for part in self._sealed)
        self._tail.remove(gone)
        kept = [change for change in changes if change.vector is not None]
        ids = np.array([change.item_id for change in kept], dtype=object)
        seqs = np.array([change.seq for change in kept], dtype=np.int64)
        vectors = [change.vector for change in kept if change.vector is not None]
        self.extend(ids, seqs, np.array(vectors, dtype=np.float32).reshape(-1, self._dim))

    def compact(self) -> bool:
        """Write one file anew for those of which much is gone; whether there was something to do."""
        sealed: list[Part] = []
        runs = self._runs()
        for number, run in enumerate(runs):
            merged = self._merged(run)
            sealed += merged
            if merged != run:
                self._sealed = (*sealed, *(part for later in runs[number + 1 :] for part in later))
                self._publish()
                return True
        return False

    def prune(self) -> None:
        """Delete the files that are no part of this any more."""
        kept = {part.stamp.name for part in self._sealed if part.stamp}
        for path in self._folder.glob("*.segment*"):
            if path.name not in kept:
                path.unlink()

    def passing(self, among: Int64) -> Passing:
        """The rows of these seqs, ascending."""
        seen = self._seen
        return replace(seen, masks=tuple(part.passing(among) for part in seen.parts))

    def nearest(
        self, query: Float32, k: int, *, offset: int = 0, passing: Passing | None = None
    ) -> list[Scored]:
        """As View.nearest, of all rows, unless they are given. Raises DamagedError."""
        passing = self._seen if passing is None else passing
        if k < 1 or not len(passing.places):
            return []
        code = self._coder.encode(query[np.newaxis])
        return Comparison(passing, query, code).best(offset + k, self._rounds)[offset:]

    def _seal(self) -> None:
        """The tail is full: it becomes a segment, and another begins."""
        part = self._tail.part()
        if part.live.any():
            self._sealed += (self._written(part.segment[part.live], part.ids[part.live]),)
        self._tail = _Tail(self._dim, self._segment_rows)

    def _runs(self) -> list[list[Part]]:
        """Neighbours that fit into one segment together, if each has room for others; else alone."""
        runs: list[list[Part]] = []
        for part in self._sealed:
            fits = bool(runs) and _count(runs[-1]) + part.count <= self._segment_rows
            if fits and self._is_poor(part) and self._is_poor(runs[-1][-1]):
                runs[-1].append(part)
            else:
                runs.append([part])
        return runs

    def _is_poor(self, part: Part) -> bool:
        return part.count < POOR_SHARE * self._segment_rows

    def _merged(self, run: Sequence[Part]) -> list[Part]:
        """The live rows of these in one part; a single one of which little is gone stays as it is."""
        live = _count(run)
        if not live:
            return []
        if len(run) == 1 and (not self._is_poor(run[0]) or live == len(run[0].live)):
            return list(run)
        rows = joined([part.segment[part.live] for part in run])
        return [self._written(rows, np.concatenate([part.ids[part.live] for part in run]))]

    def _written(self, segment: Segment, ids: NDArray[np.object_]) -> Part:
        """In a file, if the disk takes it; in memory it serves as well. All rows are live."""
        live = np.ones(len(segment), dtype=np.bool_)
        try:
            stamp = write_segment(self._folder, segment)
        except OSError as exc:
            log.warning("a segment stays in memory, and is coded anew after a restart: %s", exc)
            return Part(segment, ids, live)
        return Part(open_segment(self._folder, stamp, self._dim) or segment, ids, live, stamp)

    def _publish(self) -> None:
        tail = self._tail.part()
        parts = (*self._sealed, tail) if len(tail.segment) else self._sealed
        codes = tuple(part.segment.codes for part in parts)
        self._seen = Passing(parts, codes, tuple(part.live for part in parts))


def _count(parts: Sequence[Part]) -> int:
    return sum(part.count for part in parts)


class _Tail:
    """Rows that are not in a file yet."""

    def __init__(self, dim: int, rows: int) -> None:
        self._ids = np.empty(rows, dtype=object)
        codes = Codes(np.empty((rows, dim), np.int8), np.empty(rows, np.float32), np.empty(rows, np.float32))
        self._rows = Segment(np.zeros(rows, np.int64), np.empty((rows, dim), np.float32), codes)
        self._live = np.zeros(rows, dtype=np.bool_)
        self._used = 0

    @property
    def room(self) -> int:
        return len(self._ids) - self._used

    def append(self, ids: NDArray[np.object_], rows: Segment) -> None:
        here = slice(self._used, self._used + len(rows))
        mine = self._rows[here]
        self._ids[here], mine.seqs[:], mine.vectors[:] = ids, rows.seqs, rows.vectors
        mine.codes.steps[:], mine.codes.scales[:] = rows.codes.steps, rows.codes.scales
        mine.codes.slacks[:] = rows.codes.slacks
        self._live[here] = True
        self._used += len(rows)

    def remove(self, removed: Int64) -> None:
        rows = rows_of(self._rows.seqs[: self._used], removed)
        if len(rows):
            self._live = self._live.copy()  # readers go on with theirs
            self._live[rows] = False

    def part(self) -> Part:
        """The rows as they are now."""
        used = slice(0, self._used)
        return Part(self._rows[used], self._ids[used], self._live[used])
