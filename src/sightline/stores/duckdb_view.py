"""One collection in DuckDB, and how a search of it is planned. Knows neither SQL nor how the file is kept.

The codes of up to `held_max_bytes` are held in memory, and each is compared with the query. A larger
collection is searched by its index and, one by one, what came after the index; DuckDB compares everything
where that gives too few, where there is no index, or where it is asked for.
"""

import json
import logging
import shutil
import threading
from collections.abc import Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

from sightline.domain.arrays import Float32, Int64
from sightline.domain.errors import StoreBrokenError
from sightline.domain.filters import Filter
from sightline.domain.items import Change, IndexState, Scored
from sightline.stores.coded import CodedVectors
from sightline.stores.comparing import DamagedError, Passing
from sightline.stores.duckdb_failures import MEANING
from sightline.stores.duckdb_table import DuckDbTable
from sightline.stores.exactness import K, Sample
from sightline.stores.index import KIND, IndexBuilder, NeighbourIndex, Stamp, open_index
from sightline.stores.scan import newest

log = logging.getLogger(__name__)

HELD_MAX_BYTES = 2 * 2**30  # codes of 2.8 million vectors of 768 numbers, compared in some 50 ms
PROPOSED_AT_LEAST = 100  # some of what the index proposes was replaced since
PROPOSED_FILTERED = 2_000  # with a filter: enough for k = 10 if one in 200 passes
FILTERS = 8  # whose rows are remembered: a bit more than a byte for each item and filter
SAMPLE_ROWS = 100
# what the index does not cover costs a microsecond a row in every search; past this share it is made anew
STALE_SHARE = 0.02


@dataclass(frozen=True)
class Searching:
    """What the views of a store share, and where this one's files lie."""

    index: Path
    segments: Path  # a folder
    comparing: Executor  # threads for products, one a core
    held_max_bytes: int
    segment_rows: int

    def forget(self) -> None:
        """Delete the files."""
        self.index.unlink(missing_ok=True)
        shutil.rmtree(self.segments, ignore_errors=True)


class DuckDbView:
    """One collection of a DuckDbStore."""

    def __init__(self, table: DuckDbTable, searching: Searching) -> None:
        self._table = table
        self._searching = searching
        self._writing = threading.Lock()
        self._building = threading.Lock()
        self._loaded: int | None = None  # the generation of the file that `_coded` and `_index` are of
        self._coded: CodedVectors | None = None
        self._index: NeighbourIndex | None = None
        self._filtered: dict[str, Passing] = {}
        self._recall: float | None = None  # of the scan, measured when the cursor was at `_measured_at`
        self._measured_at = 0
        self._is_retired = False

    def retire(self) -> None:
        """Its collection is gone: what is under way must not meet another of the same name."""
        with self._writing:
            self._is_retired = True

    @property
    def cursor(self) -> int:
        return self._table.cursor()

    def apply(self, changes: Sequence[Change], cursor: int) -> None:
        self._load()
        with self._writing:
            self._require_present()
            at = self._table.cursor()
            fresh = newest(changes, at)
            gone = self._table.apply(fresh, max(at, cursor))
            if self._coded is not None:
                self._follow(self._coded, fresh, gone)
            self._filtered = {}

    def nearest(
        self, query: Float32, k: int, *, offset: int = 0, where: Filter | None = None, exact: bool = False
    ) -> list[Scored]:
        self._load()
        coded, index = self._coded, self._index
        if coded is not None:
            passing = None if where is None else self._passing(coded, where)
            try:
                return coded.nearest(query, k, offset=offset, passing=passing)
            except DamagedError:
                self._forget_segments(coded)
        elif index is not None and not exact:
            found = self._by_index(index, query, offset + k, where)
            if len(found) == offset + k:
                return found[offset:]
        return self._table.nearest(query, k, offset=offset, where=where)

    def count(self, where: Filter | None = None) -> int:
        return self._table.count(where)

    def passing(self, where: Filter) -> Int64:
        return self._table.passing(where)

    def optimise(self) -> IndexState:
        with self._building:
            self._load()
            if self._coded is not None:
                while self._compacted(self._coded):
                    pass  # a writer may have its turn
                self._measure(self._coded)
            elif self._is_stale():
                self._build()
            return self.state()

    def state(self) -> IndexState:
        self._load()
        coded, index = self._coded, self._index
        if coded is not None:
            return IndexState("exact", len(coded), self._recall)
        if index is None:
            return IndexState("exact", self.count(), None)
        return IndexState(KIND, index.stamp.rows, index.stamp.recall)

    def plotted(self) -> tuple[str, int] | None:
        told = self._table.plotted()
        if told is None:
            return None
        mark, until = json.loads(told)
        return mark, until

    def plot(self, seqs: Int64, places: Float32, *, mark: str, until: int) -> None:
        with self._writing:
            self._require_present()
            self._table.plot(seqs, places, json.dumps([mark, until]))

    def forget_plot(self) -> None:
        with self._writing:
            self._require_present()
            self._table.forget_plot()

    def _follow(self, coded: CodedVectors, changes: Sequence[Change], gone: Int64) -> None:
        """Take into memory what the table has taken."""
        before = coded.stamps()
        try:
            coded.apply(changes, gone)
        except BaseException:
            self._loaded = None  # it may have taken a part: all is read again
            raise
        self._keep_stamps(coded, before)
        if coded.bytes > self._searching.held_max_bytes:
            self._coded = None

    def _passing(self, coded: CodedVectors, where: Filter) -> Passing:
        """The rows that pass. Asked again before the next change, as for the next page, it is remembered."""
        filtered = self._filtered  # another one after the next change
        asked = repr(where)  # filters by 1 and by true are equal to Python
        passing = filtered.get(asked)
        if passing is None:
            passing = coded.passing(self._table.passing(where))
            if len(filtered) >= FILTERS:
                filtered.clear()
            filtered[asked] = passing
        return passing

    def _load(self) -> None:
        """Read what is kept in memory, if the file was opened anew since."""
        if self._loaded == self._table.generation():
            return
        with self._writing:
            generation = self._table.generation()
            if self._loaded == generation:
                return
            self._coded, self._filtered = self._read_codes(), {}
            stamp = self._table.stamp("index_stamp")
            self._index = None if stamp is None else open_index(self._searching.index, Stamp.from_json(stamp))
            self._loaded = generation

    def _read_codes(self) -> CodedVectors | None:
        """Those of all vectors, unless they are too many."""
        lent = self._searching
        if self._table.count() * self._table.dim > lent.held_max_bytes:
            shutil.rmtree(lent.segments, ignore_errors=True)
            return None
        coded = CodedVectors(self._table.dim, lent.segments, lent.comparing, segment_rows=lent.segment_rows)
        stamps = self._table.stamp("segment_stamps")
        covered = 0 if stamps is None else coded.open(stamps, *self._table.items())
        for piece in self._table.pieces(covered):
            coded.extend(piece.ids, piece.seqs, piece.vectors)
        self._keep_stamps(coded, stamps)
        return coded

    def _keep_stamps(self, coded: CodedVectors, before: str | None) -> None:
        """So that the files are found again; those that are of no use any more go."""
        stamps = coded.stamps()
        if stamps != before:
            self._table.keep_stamp("segment_stamps", stamps)
            coded.prune()

    def _forget_segments(self, coded: CodedVectors) -> None:
        """One is damaged: all are made again from DuckDB's rows."""
        with self._writing:
            if self._coded is coded:
                log.error("a file in %s changed under us; all are made again", self._searching.segments)
                self._table.keep_stamp("segment_stamps", None)
                self._loaded = None

    def _compacted(self, coded: CodedVectors) -> bool:
        """One file less, or a fuller one; whether there was something to do."""
        with self._writing:
            before = coded.stamps()
            is_less = coded.compact()
            self._keep_stamps(coded, before)
            return is_less

    def _measure(self, coded: CodedVectors) -> None:
        """Recall@10 against DuckDB's own rows: less than 1 would be a mistake of ours, or of the disk.

        All rows are read, at some 90,000 a second: only if enough have changed since the last time.
        """
        rows, cursor = self._table.count(), self.cursor
        if self._recall is not None and cursor - self._measured_at <= STALE_SHARE * rows:
            return
        drawn = self._table.sample(SAMPLE_ROWS)
        sample = Sample(drawn.seqs, drawn.vectors)
        for piece in self._table.pieces():
            sample.see(piece.seqs, piece.vectors)
        found = [coded.nearest(vector, K + 1) for vector in drawn.vectors]
        self._recall = sample.recall_of([[hit.score for hit in hits] for hits in found])
        self._measured_at = cursor

    def _by_index(
        self, index: NeighbourIndex, query: Float32, count: int, where: Filter | None
    ) -> list[Scored]:
        """The first `count` of what the index proposes and what came after it, or what there is of them."""
        proposed = max(2 * count, PROPOSED_AT_LEAST if where is None else PROPOSED_FILTERED)
        seqs, scores = index.search(query, proposed)
        ids = self._table.ids(seqs, where)
        found = [
            Scored(ids[seq], score)
            for seq, score in zip(seqs.tolist(), scores.tolist(), strict=True)
            if seq in ids
        ]
        newer = self._table.nearest(query, count, where=where, after=index.stamp.cursor)
        return sorted(found + newer, key=lambda hit: (-hit.score, hit.item_id))[:count]

    def _is_stale(self) -> bool:
        """Whether too many rows came after the index, or left it."""
        newer, gone, rows = self._changed_since()
        return self._index is None or newer + gone > STALE_SHARE * rows

    def _changed_since(self) -> tuple[int, int, int]:
        """How many rows came after the index, how many left it, and how many there are."""
        rows = self._table.count()
        if self._index is None:
            return rows, 0, rows
        stamp = self._index.stamp
        newer = self._table.count(after=stamp.cursor)
        return newer, stamp.rows - (rows - newer), rows

    def _build(self) -> None:
        """Add to the index what it lacks, or make it anew if much is gone; the old one serves meanwhile."""
        drawn = self._table.sample(SAMPLE_ROWS)
        sample, builder = Sample(drawn.seqs, drawn.vectors), IndexBuilder(self._table.dim)
        _, gone, rows = self._changed_since()
        if self._index is not None and gone <= STALE_SHARE * rows:
            builder.resume(self._searching.index, self._index.stamp)
        for piece in self._table.pieces():
            new = piece.seqs > builder.cursor
            builder.add(piece.seqs[new], piece.vectors[new])
            sample.see(piece.seqs, piece.vectors)
        recall = sample.recall(builder.nearest(sample.vectors, K + 1))
        with self._writing:
            self._require_present()
            stamp = builder.save(self._searching.index, recall)
            self._table.keep_stamp("index_stamp", stamp.to_json())
        self._index = open_index(self._searching.index, stamp)

    def _require_present(self) -> None:
        if self._is_retired:
            raise StoreBrokenError(MEANING["gone"])
