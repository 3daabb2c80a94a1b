"""Copies a collection out, as a file or piece by piece. Does not know any format, or where the pieces go.

The record is told as it is while it is read: what changes meanwhile is there as it was or as it is.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from sightline.domain.arrays import Float32
from sightline.domain.catalogue import Record
from sightline.domain.collections import Item
from sightline.domain.errors import InvalidRequestError, UnknownCollectionError
from sightline.domain.exports import Batch, Column, Encoder, Format
from sightline.domain.filters import Filter, matches, paths_of, values_at
from sightline.domain.selections import Selection
from sightline.services.atlas.territory import Territory
from sightline.services.collections.notes import no_such_field

IDS = "ids"  # a line each, and nothing else
EXPORT_FORMATS = ("csv", "duckdb", IDS, "jsonl", "npz", "parquet")  # each one file
ROWS = 1_000  # of a batch: 3 MB of vectors of 768 numbers
PIECE_BYTES = 1 << 20

Progress = Callable[[int], None]  # told how many items are written


@dataclass(frozen=True)
class ExportOrder:
    """What of a collection is wanted, and in which format. within: only what lies there on the map."""

    collection: str
    format: str
    where: Filter | None = None
    within: Selection | None = None
    with_vectors: bool = True

    def __post_init__(self) -> None:
        """Raises InvalidRequestError."""
        if self.format not in EXPORT_FORMATS:
            raise InvalidRequestError(
                f"collections are not exported as {self.format!r}; there are {', '.join(EXPORT_FORMATS)}"
            )


@dataclass(frozen=True)
class Survey:
    """items: how many pass. notes: what is odd about the filter, in sentences for people."""

    items: int
    notes: tuple[str, ...] = ()


class Export:
    """Exports of all collections. Safe to use from several threads."""

    def __init__(self, record: Record, formats: Callable[[str], Format], folder: Path | None = None) -> None:
        """folder: for files that are streamed but must be whole first; the system's, unless given."""
        self._record = record
        self._formats = formats
        self._folder = folder

    def survey(self, order: ExportOrder, progress: Progress | None = None) -> Survey:
        """What the file will hold, as the record is now; no vector is read. progress: as in to_file.

        Raises UnknownCollectionError, RecordError.
        """
        if order.where is None and order.within is None:
            return Survey(self._record.collection(order.collection).items)
        doubtful = {} if order.where is None else dict.fromkeys(paths_of(order.where))
        choice = self._choice(order)
        passing = seen = 0
        for page in self._pages(order.collection):
            passing += len(choice.of(page))
            for item in page:
                doubtful = {path: None for path in doubtful if not any(values_at(item.metadata, path))}
            seen += len(page)
            if progress:
                progress(seen)
        lacking = list(doubtful) if seen else []  # of nothing, nothing has any field
        return Survey(passing, tuple(no_such_field(path) for path in lacking))

    def to_file(self, order: ExportOrder, target: Path, progress: Progress | None = None) -> int:
        """Write the file, whole or not at all; returns how many items are in it.

        progress: is told how many are written, after each batch; what it raises ends the export.
        Raises UnknownCollectionError, RecordError, OSError.
        """
        form, columns = self._formats(order.format), self._columns(order)
        return _written(form, columns, self._batches(order, progress), target)

    def pieces(self, order: ExportOrder, progress: Progress | None = None) -> Iterator[bytes]:
        """The file's bytes. What can be known to be wrong is raised at once, before the first piece.

        progress: as in to_file.
        Raises UnknownCollectionError, RecordError; while it is read OSError too, and again
        UnknownCollectionError: it was deleted, or became another, meanwhile.
        """
        columns = self._columns(order)
        form = self._formats(order.format)
        encoder = form.encoder(columns)
        if encoder is None:
            return self._through_file(form, columns, self._batches(order, progress))
        return _encoded(encoder, self._batches(order, progress))

    def _columns(self, order: ExportOrder) -> list[Column]:
        if order.format == IDS:
            return [Column("item_id", "text")]
        space = self._record.space(order.collection)
        columns = [
            Column("item_id", "text"),
            Column("uri", "text"),
            Column("sha256", "text"),
            Column("size_bytes", "integer"),
            Column("metadata", "json"),
        ]
        return [*columns, Column("vector", "vector", space.dim)] if order.with_vectors else columns

    def _through_file(
        self, form: Format, columns: Sequence[Column], batches: Iterator[Batch]
    ) -> Iterator[bytes]:
        with TemporaryDirectory(dir=self._folder) as folder:
            path = Path(folder) / f"export{form.ending}"
            _written(form, columns, batches, path)
            with path.open("rb") as file:
                while piece := file.read(PIECE_BYTES):
                    yield piece

    def _batches(self, order: ExportOrder, progress: Progress | None) -> Iterator[Batch]:
        """What is chosen on the map is known when this returns. Raises NoMapError."""
        return self._read(order, self._choice(order), progress)

    def _read(self, order: ExportOrder, choice: "_Choice", progress: Progress | None) -> Iterator[Batch]:
        began_as = self._record.collection(order.collection)
        chosen = self._rows(order, choice, began_as.space.fingerprint)
        written = 0
        while rows := list(islice(chosen, ROWS)):
            if self._record.space(order.collection) != began_as.space:
                raise _replaced(order)
            written += len(rows)
            yield _batch(rows)
            if progress:
                progress(written)
        # not asked for each batch: a collection is told with its count, which goes through all of it
        if self._record.collection(order.collection).created_at != began_as.created_at:
            raise _replaced(order)

    def _rows(
        self, order: ExportOrder, choice: "_Choice", space: str
    ) -> Iterator[tuple[Item, Float32 | None]]:
        with_vectors = order.with_vectors and order.format != IDS
        if with_vectors and choice.is_all:
            yield from self._record.walk(order.collection)
            return
        for page in self._pages(order.collection):
            items = choice.of(page)
            if not with_vectors:
                yield from ((item, None) for item in items)
                continue
            vectors = self._record.vectors(space, [item.sha256 for item in items])
            # of one that was taken out meanwhile there may be none
            yield from ((item, vectors[item.sha256]) for item in items if item.sha256 in vectors)

    def _pages(self, name: str) -> Iterator[list[Item]]:
        after = ""
        while page := self._record.page(name, after=after, limit=ROWS):
            yield page
            after = page[-1].id

    def _choice(self, order: ExportOrder) -> "_Choice":
        if order.within is None:
            return _Choice(order.where, None)
        return _Choice(order.where, Territory.of(self._record, order.collection, order.within))


@dataclass(frozen=True, eq=False)
class _Choice:
    """Which items are wanted."""

    where: Filter | None
    territory: Territory | None

    @property
    def is_all(self) -> bool:
        return self.where is None and self.territory is None

    def of(self, page: Sequence[Item]) -> list[Item]:
        passing = [item for item in page if self.where is None or matches(self.where, item.metadata)]
        if self.territory is None:
            return passing
        within = self.territory.has([item.sha256 for item in passing]).tolist()
        return [item for item, is_within in zip(passing, within, strict=True) if is_within]


def _written(form: Format, columns: Sequence[Column], batches: Iterator[Batch], target: Path) -> int:
    written = 0
    with form.file(target, columns) as writer:
        for batch in batches:
            writer.add(batch)
            written += len(batch["item_id"])
    return written


def _encoded(encoder: Encoder, batches: Iterator[Batch]) -> Iterator[bytes]:
    yield encoder.head()
    for batch in batches:
        yield encoder.rows(batch)


def _replaced(order: ExportOrder) -> UnknownCollectionError:
    """By another of its name, or by vectors of another model: their rows would stand beside each other."""
    return UnknownCollectionError(
        f"collection {order.collection!r} was replaced while it was exported; export it again"
    )


def _batch(rows: Sequence[tuple[Item, Float32 | None]]) -> Batch:
    items = [item for item, _ in rows]
    batch: dict[str, Sequence[object] | Float32] = {
        "item_id": [item.id for item in items],
        "uri": [_readable(item.uri) for item in items],
        "sha256": [item.sha256 for item in items],
        "size_bytes": [item.size_bytes for item in items],
        "metadata": [dict(item.metadata) for item in items],
    }
    vectors = [vector for _, vector in rows if vector is not None]
    return {**batch, "vector": np.stack(vectors)} if vectors else batch


def _readable(uri: str) -> str:
    """A file's name may be any bytes; a table holds text."""
    return uri.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
