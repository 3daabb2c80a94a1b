"""One collection in DuckDB, and how a search of it is planned. Knows neither SQL nor how the file is kept.

Up to `held_max_bytes` of vectors are also held in memory and compared there, each with the query. A larger
collection is searched by its index and, one by one, what came after the index; DuckDB compares everything
where that gives too few, where there is no index, or where it is asked for.
"""

import threading
from collections.abc import Sequence
from pathlib import Path

from sightline.domain.arrays import Float32
from sightline.domain.errors import StoreBrokenError
from sightline.domain.filters import Filter
from sightline.domain.items import Change, IndexState, Scored
from sightline.stores.duckdb_failures import MEANING
from sightline.stores.duckdb_table import DuckDbTable
from sightline.stores.exactness import K, Sample
from sightline.stores.index import KIND, IndexBuilder, NeighbourIndex, Stamp, open_index
from sightline.stores.scan import HeldVectors, newest

HELD_MAX_BYTES = 640 * 2**20  # some 200,000 vectors of 768 numbers
PROPOSED_AT_LEAST = 100  # some of what the index proposes was replaced since
PROPOSED_FILTERED = 2_000  # with a filter: enough for k = 10 if one in 200 passes
SAMPLE_ROWS = 100
# what the index does not cover costs a microsecond a row in every search; past this share it is made anew
STALE_SHARE = 0.02


class DuckDbView:
    """One collection of a DuckDbStore."""

    def __init__(self, table: DuckDbTable, index_path: Path, held_max_bytes: int) -> None:
        self._table = table
        self._index_path = index_path
        self._held_max_bytes = held_max_bytes
        self._writing = threading.Lock()
        self._building = threading.Lock()
        self._loaded: int | None = None  # the generation of the file that `_held` and `_index` are of
        self._held: HeldVectors | None = None
        self._index: NeighbourIndex | None = None
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
            self._table.apply(fresh, max(at, cursor))
            if self._held is not None:
                self._held.apply(fresh)
                self._held = self._held if self._held.bytes <= self._held_max_bytes else None

    def nearest(
        self, query: Float32, k: int, *, offset: int = 0, where: Filter | None = None, exact: bool = False
    ) -> list[Scored]:
        self._load()
        held, index = self._held, self._index
        if held is not None:
            among = None if where is None else self._table.passing(where)
            return held.nearest(query, k, offset=offset, among=among)
        if index is not None and not exact:
            found = self._by_index(index, query, offset + k, where)
            if len(found) == offset + k:
                return found[offset:]
        return self._table.nearest(query, k, offset=offset, where=where)

    def count(self, where: Filter | None = None) -> int:
        return self._table.count(where)

    def optimise(self) -> IndexState:
        with self._building:
            self._load()
            if self._held is None and self._is_stale():
                self._build()
            return self.state()

    def state(self) -> IndexState:
        self._load()
        index = self._index
        if self._held is not None or index is None:
            return IndexState("exact", self.count(), None)
        return IndexState(KIND, index.stamp.rows, index.stamp.recall)

    def _load(self) -> None:
        """Read what is kept in memory, if the file was opened anew since."""
        if self._loaded == self._table.generation():
            return
        with self._writing:
            generation = self._table.generation()
            if self._loaded == generation:
                return
            self._held = self._read_vectors()
            stamp = self._table.index_stamp()
            self._index = None if stamp is None else open_index(self._index_path, Stamp.from_json(stamp))
            self._loaded = generation

    def _read_vectors(self) -> HeldVectors | None:
        """All of them, unless they are too many."""
        if self._table.count() * self._table.dim * 4 > self._held_max_bytes:
            return None
        held = HeldVectors(self._table.dim)
        for piece in self._table.pieces():
            held.extend(piece.ids, piece.seqs, piece.vectors)
        return held

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
        if self._index is None:
            return True
        rows, stamp = self._table.count(), self._index.stamp
        newer = self._table.count(after=stamp.cursor)
        gone = stamp.rows - (rows - newer)
        return newer + gone > STALE_SHARE * rows

    def _build(self) -> None:
        """Make the index anew; until it is done, the old one serves."""
        drawn = self._table.sample(SAMPLE_ROWS)
        sample, builder, rows, cursor = Sample(drawn.seqs, drawn.vectors), IndexBuilder(self._table.dim), 0, 0
        for piece in self._table.pieces():
            builder.add(piece.seqs, piece.vectors)
            sample.see(piece.seqs, piece.vectors)
            rows, cursor = rows + len(piece.seqs), int(piece.seqs[-1])
        recall = sample.recall(builder.nearest(sample.vectors, K + 1))
        unreachable = builder.unreachable()
        with self._writing:
            self._require_present()
            sha256 = builder.save(self._index_path)
            stamp = Stamp(cursor, rows, recall, sha256=sha256, unreachable=unreachable)
            self._table.stamp_index(stamp.to_json())
        self._index = open_index(self._index_path, stamp)

    def _require_present(self) -> None:
        if self._is_retired:
            raise StoreBrokenError(MEANING["gone"])
