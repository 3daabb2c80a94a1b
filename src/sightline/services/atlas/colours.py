"""A byte of colour for each row of a sheet, and what the bytes mean. Does not know screens, or which colours.

Values are found by the numbers of the items' last changes: of an item that has changed since the sheet was
made none is known, and it stands as one without a value.
"""

import threading
from collections import Counter, OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sightline.domain.arrays import UInt8
from sightline.domain.catalogue import Record
from sightline.domain.filters import Path, typed
from sightline.services.atlas.fields import MAX_TEXT_CHARACTERS, kind_of
from sightline.services.atlas.metadata import Plain, first_at, pages
from sightline.services.atlas.sheets import Sheet

NO_VALUE = 255
LARGEST = 20  # categories; a person tells apart fewer
OTHER = LARGEST
STEPS = 254  # of a scale, NO_VALUE left out
FIRST, LAST = 1, 99  # per cent: ends of a scale, so that one price of a million leaves colours to the others
MAX_CATEGORIES = 100_000  # told apart while they are counted
KEPT_BYTES = 64 << 20  # so that colours and legend of one version agree: 64 fields of a million rows
LEGEND_BYTES = 4 << 10  # or so

_Asked = tuple[str, str, Path]  # collection, version, field
_MISSING, _UNCOUNTED = -1, -2


@dataclass(frozen=True)
class Category:
    value: Plain
    count: int


@dataclass(frozen=True)
class Categories:
    """The largest first, colour i for entry i, OTHER for all others. missing: rows without a value."""

    entries: Sequence[Category]
    other: int
    missing: int


@dataclass(frozen=True)
class Scale:
    """Byte b stands for low + (high - low) * b / STEPS; what lies beyond an end has its colour."""

    low: float
    high: float
    missing: int


@dataclass(frozen=True, eq=False)
class Coloured:
    """colours: (N,), by the rows of the sheet."""

    colours: UInt8
    legend: Categories | Scale

    @property
    def bytes(self) -> int:
        return len(self.colours) + LEGEND_BYTES


class Colours:
    """Of all collections. Safe to use from several threads."""

    def __init__(self, record: Record) -> None:
        self._record = record
        self._kept: OrderedDict[_Asked, Coloured] = OrderedDict()
        self._kept_bytes = 0
        self._keeping = threading.Lock()
        self._at_work = threading.Lock()  # one goes through a collection, others wait for what it finds

    def of(self, sheet: Sheet, path: Path) -> Coloured:
        """The rows by a field of the metadata. Raises UnknownCollectionError, RecordError."""
        asked = (sheet.collection, sheet.version, path)
        found = self._find(asked)
        if found is None:
            with self._at_work:
                found = self._find(asked)
                if found is None:
                    found = self._read(sheet, path)
                    self._keep(asked, found)
        return found

    def _find(self, asked: _Asked) -> Coloured | None:
        with self._keeping:
            if asked in self._kept:
                self._kept.move_to_end(asked)
            return self._kept.get(asked)

    def _keep(self, asked: _Asked, found: Coloured) -> None:
        with self._keeping:
            self._kept[asked] = found
            self._kept_bytes += found.bytes
            while self._kept_bytes > KEPT_BYTES and len(self._kept) > 1:
                _, forgotten = self._kept.popitem(last=False)
                self._kept_bytes -= forgotten.bytes

    def _read(self, sheet: Sheet, path: Path) -> Coloured:
        values = _Values.of(len(sheet))
        for page in pages(self._record, sheet.collection):
            rows = sheet.rows_of(np.asarray(page.seqs, dtype=np.int64))
            for row, document in zip(rows.tolist(), page.documents, strict=True):
                if row >= 0 and (value := first_at(document, path)) is not None:
                    values.take(row, value)
        return values.coloured()


@dataclass(eq=False)
class _Values:
    """What was met. numbers: (N,), NaN where there is none. categories: (N,), each one's place in `known`."""

    numbers: NDArray[np.float64]
    categories: NDArray[np.int32]
    known: dict[tuple[str, Plain], int] = field(default_factory=dict)

    @classmethod
    def of(cls, count: int) -> "_Values":
        return cls(np.full(count, np.nan), np.full(count, _MISSING, dtype=np.int32))

    def take(self, row: int, value: Plain) -> None:
        told = typed(value)
        if told is None:
            return
        if told[0] == "number":
            self.numbers[row] = told[1]
        place = self.known.get(told)
        if place is None:
            is_prose = isinstance(value, str) and len(value) > MAX_TEXT_CHARACTERS
            if is_prose or len(self.known) >= MAX_CATEGORIES:
                place = _UNCOUNTED
            else:
                place = self.known[told] = len(self.known)
        self.categories[row] = place

    def coloured(self) -> Coloured:
        numbers = int(np.count_nonzero(np.isfinite(self.numbers)))
        valued = int(np.count_nonzero(self.categories != _MISSING))
        return self._scaled() if kind_of(numbers, valued) == "number" else self._sorted_out(valued)

    def _scaled(self) -> Coloured:
        there = np.isfinite(self.numbers)
        met = self.numbers[there]
        low, high = np.percentile(met, [FIRST, LAST], method="nearest")
        if low == high:
            low, high = met.min(), met.max()
        colours = np.full(len(self.numbers), NO_VALUE, dtype=np.uint8)
        half = high / 2 - low / 2  # of what is finite: the whole need not be
        shares = (np.clip(met, low, high) / 2 - low / 2) / half if half else np.zeros(len(met))
        colours[there] = np.rint(shares * STEPS).astype(np.uint8)
        return Coloured(colours, Scale(float(low), float(high), len(self.numbers) - len(met)))

    def _sorted_out(self, valued: int) -> Coloured:
        counts = Counter(dict(enumerate(np.bincount(self.categories[self.categories >= 0]).tolist())))
        values = list(self.known)
        # of equally many the same ones each time, in the order of their types and values
        largest = sorted(counts, key=lambda place: (-counts[place], values[place][0], values[place][1]))
        shown = largest[:LARGEST]
        palette = np.full(len(values) + 2, OTHER, dtype=np.uint8)  # the last two: for what is below zero
        palette[shown] = np.arange(len(shown), dtype=np.uint8)
        palette[_MISSING] = NO_VALUE
        entries = [Category(values[place][1], counts[place]) for place in shown]
        other = valued - sum(entry.count for entry in entries)
        return Coloured(palette[self.categories], Categories(entries, other, len(self.categories) - valued))
