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
from sightline.domain.errors import InvalidRequestError
from sightline.domain.exports import Batch, Column, Encoder, Format, Writer
from sightline.domain.filters import Filter, matches

EXPORT_FORMATS = ("csv", "duckdb", "jsonl", "npz", "parquet")  # each one file, with or without vectors
ROWS = 1_000  # of a batch: 3 MB of vectors of 768 numbers
PIECE_BYTES = 1 << 20


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


class Export:
    """Exports of all collections. Safe to use from several threads."""

    def __init__(self, record: Record, formats: Callable[[str], Format], folder: Path | None = None) -> None:
        """folder: for files that are streamed but must be whole first; the system's, unless given."""
        self._record = record
        self._formats = formats
        self._folder = folder

    def to_file(self, order: ExportOrder, target: Path, progress: Callable[[int], None] | None = None) -> int:
        """Write the file, whole or not at all; returns how many items are in it.

        progress: is told how many are written, after each batch; what it raises ends the export.
        Raises UnknownCollectionError, RecordError, OSError.
        """
        columns = self._columns(order)
        with self._formats(order.format).file(target, columns) as writer:
            return self._fill(order, writer, progress)

    def pieces(self, order: ExportOrder) -> Iterator[bytes]:
        """The file's bytes. What can be known to be wrong is raised at once, before the first piece.

        Raises UnknownCollectionError, RecordError; OSError while it is read.
        """
        columns = self._columns(order)
        form = self._formats(order.format)
        encoder = form.encoder(columns)
        return self._through_file(order, form.ending) if encoder is None else self._encoded(order, encoder)

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

    def _fill(self, order: ExportOrder, writer: Writer, progress: Callable[[int], None] | None = None) -> int:
        written = 0
        for rows in self._batches(order):
            writer.add(_batch(rows))
            written += len(rows)
            if progress:
                progress(written)
        return written

    def _encoded(self, order: ExportOrder, encoder: Encoder) -> Iterator[bytes]:
        yield encoder.head()
        for rows in self._batches(order):
            yield encoder.rows(_batch(rows))

    def _through_file(self, order: ExportOrder, ending: str) -> Iterator[bytes]:
        with TemporaryDirectory(dir=self._folder) as folder:
            path = Path(folder) / f"{order.collection}{ending}"
            self.to_file(order, path)
            with path.open("rb") as file:
                while piece := file.read(PIECE_BYTES):
                    yield piece

    def _batches(self, order: ExportOrder) -> Iterator[list[tuple[Item, Float32 | None]]]:
        passing = (
            row for row in self._rows(order) if order.where is None or matches(order.where, row[0].metadata)
        )
        while rows := list(islice(passing, ROWS)):
            yield rows

    def _rows(self, order: ExportOrder) -> Iterator[tuple[Item, Float32 | None]]:
        if order.with_vectors:
            yield from self._record.walk(order.collection)
            return
        after = ""
        while page := self._record.page(order.collection, after=after, limit=ROWS):
            yield from ((item, None) for item in page)
            after = page[-1].id


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
