"""Copies a collection out, as a file or piece by piece. Does not know any format, or where the pieces go.

The record is told as it is while it is read: what changes meanwhile is there as it was or as it is.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
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
from sightline.services.collections.notes import no_such_field

EXPORT_FORMATS = ("csv", "duckdb", "jsonl", "npz", "parquet")  # each one file, with or without vectors
ROWS = 1_000  # of a batch: 3 MB of vectors of 768 numbers
PIECE_BYTES = 1 << 20

Progress = Callable[[int], None]  # told how many items are written


@dataclass(frozen=True)
class ExportOrder:
    """What of a collection is wanted, and in which format."""

    collection: str
    format: str
    where: Filter | None = None
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
        if order.where is None:
            return Survey(self._record.collection(order.collection).items)
        doubtful = dict.fromkeys(paths_of(order.where))
        passing = seen = 0
        for item, _ in self._rows(replace(order, with_vectors=False)):
            seen += 1
            passing += matches(order.where, item.metadata)
            doubtful = {path: None for path in doubtful if not any(values_at(item.metadata, path))}
            if progress and seen % ROWS == 0:
                progress(seen)
        lacking = list(doubtful) if seen else []  # of nothing, nothing has any field
        return Survey(passing, tuple(no_such_field(path) for path in lacking))

    def to_file(self, order: ExportOrder, target: Path, progress: Progress | None = None) -> int:
        """Write the file, whole or not at all; returns how many items are in it.

        progress: is told how many are written, after each batch; what it raises ends the export.
        Raises UnknownCollectionError, RecordError, OSError.
        """
        columns = self._columns(order)
        written = 0
        with self._formats(order.format).file(target, columns) as writer:
            for batch in self._batches(order, progress):
                writer.add(batch)
                written += len(batch["item_id"])
        return written

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
            return self._through_file(order, form.ending, progress)
        return self._encoded(order, encoder, progress)

    def _columns(self, order: ExportOrder) -> list[Column]:
        space = self._record.space(order.collection)
        columns = [
            Column("item_id", "text"),
            Column("uri", "text"),
            Column("sha256", "text"),
            Column("size_bytes", "integer"),
            Column("metadata", "json"),
        ]
        return [*columns, Column("vector", "vector", space.dim)] if order.with_vectors else columns

    def _encoded(self, order: ExportOrder, encoder: Encoder, progress: Progress | None) -> Iterator[bytes]:
        yield encoder.head()
        for batch in self._batches(order, progress):
            yield encoder.rows(batch)

    def _through_file(self, order: ExportOrder, ending: str, progress: Progress | None) -> Iterator[bytes]:
        with TemporaryDirectory(dir=self._folder) as folder:
            path = Path(folder) / f"{order.collection}{ending}"
            self.to_file(order, path, progress)
            with path.open("rb") as file:
                while piece := file.read(PIECE_BYTES):
                    yield piece

    def _batches(self, order: ExportOrder, progress: Progress | None) -> Iterator[Batch]:
        began_as = self._record.collection(order.collection)
        passing = (
            row for row in self._rows(order) if order.where is None or matches(order.where, row[0].metadata)
        )
        written = 0
        while rows := list(islice(passing, ROWS)):
            if self._record.space(order.collection) != began_as.space:
                raise _replaced(order)
            written += len(rows)
            yield _batch(rows)
            if progress:
                progress(written)
        # not asked for each batch: a collection is told with its count, which goes through all of it
        if self._record.collection(order.collection).created_at != began_as.created_at:
            raise _replaced(order)

    def _rows(self, order: ExportOrder) -> Iterator[tuple[Item, Float32 | None]]:
        if order.with_vectors:
            yield from self._record.walk(order.collection)
            return
        after = ""
        while page := self._record.page(order.collection, after=after, limit=ROWS):
            yield from ((item, None) for item in page)
            after = page[-1].id


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
