"""What a job's tasks are for: to take a source in, or to embed a collection anew. Does not know shards."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Protocol

from sightline.domain.arrays import Float32
from sightline.domain.collections import TEXT, Changeset, Item
from sightline.domain.entries import Entry
from sightline.domain.errors import EntryChangedError, InputError, SightlineError
from sightline.domain.ledger import Task
from sightline.domain.ports import Source
from sightline.services.collections.planning import REMOVED, entry_of
from sightline.services.collections.uploads import KeptUploads
from sightline.services.jobs import Asked, Picture, Text, as_ours


@dataclass
class Piece:
    """A task on its way: what was read of it, and where its vector will come from."""

    task: Task
    entry: Entry | None = None  # None: to be removed
    sha256: str = ""
    size_bytes: int = 0
    asked: Asked | None = None  # let go of once it is on its way to the model
    vector: Future[Float32] | None = None  # None: the record has it already
    error: SightlineError | None = None


class Purpose(Protocol):
    """Calls of `read` come from several threads."""

    def read(self, task: Task) -> Piece:
        """What a task is about, with the bytes to embed; an error of its own is in the piece."""
        ...

    def changes(self, pieces: Sequence[Piece], vectors: Mapping[str, Float32]) -> Changeset:
        """What becomes true with these pieces, none of which failed."""
        ...


@dataclass(frozen=True)
class Intake:
    """A source's pictures become items, and what it has no more is removed."""

    source: Source
    source_name: str
    fingerprint: str

    def read(self, task: Task) -> Piece:
        if task.payload == REMOVED:
            return Piece(task)
        entry = entry_of(task.payload)
        piece = Piece(task, entry)
        known = task.payload.get("sha256")
        if isinstance(known, str):  # the same bytes in another place, or with other metadata
            piece.sha256, piece.size_bytes = known, entry.size_bytes or 0
            return piece
        try:
            data, piece.entry = _as_it_is(self.source, entry)
        except Exception as error:  # noqa: BLE001  # one picture's failure is its own, whatever it is
            piece.error = error if isinstance(error, InputError) else as_ours(error)
        else:
            piece.asked = Picture(data)
            piece.sha256 = hashlib.sha256(data).hexdigest()
            piece.size_bytes = len(data)
        return piece

    def changes(self, pieces: Sequence[Piece], vectors: Mapping[str, Float32]) -> Changeset:
        return Changeset(
            self.fingerprint,
            upserts=[self._item(piece, piece.entry) for piece in pieces if piece.entry is not None],
            removals=[piece.task.id for piece in pieces if piece.entry is None],
            vectors=vectors,
        )

    def _item(self, piece: Piece, entry: Entry) -> Item:
        return Item(
            id=piece.task.id,
            uri=entry.uri,
            sha256=piece.sha256,
            size_bytes=piece.size_bytes,
            mtime_ns=entry.mtime_ns,
            metadata=entry.metadata,
            source=self.source_name,
            key=entry.key,
        )


@dataclass(frozen=True)
class Reembedding:
    """Items get a vector in another space, beside the one they are found by. sources: by name.

    uploads: where what came with requests is read again. is_wanted: whether an item is there as it was when
    the job was planned; else there is nothing left to do for it.
    """

    sources: Mapping[str, Source]
    uploads: KeptUploads
    fingerprint: str
    is_wanted: Callable[[Task], bool]

    def read(self, task: Task) -> Piece:
        entry = entry_of(task.payload)
        piece = Piece(task, entry, sha256=str(task.payload["sha256"]))
        try:
            data = self._unchanged(piece.sha256, str(task.payload["source"]), entry)
            piece.asked = Text(data.decode("utf-8", "surrogatepass")) if entry.key == TEXT else Picture(data)
        except Exception as error:  # noqa: BLE001  # one picture's failure is its own, whatever it is
            if self.is_wanted(task):
                piece.error = error if isinstance(error, InputError) else as_ours(error)
        return piece

    def changes(self, pieces: Sequence[Piece], vectors: Mapping[str, Float32]) -> Changeset:  # noqa: ARG002
        return Changeset(self.fingerprint, vectors=vectors)

    def _unchanged(self, sha256: str, source: str, entry: Entry) -> bytes:
        if source not in self.sources:
            return self.uploads.read(sha256)
        data, _ = _as_it_is(self.sources[source], entry)
        if hashlib.sha256(data).hexdigest() != sha256:
            raise EntryChangedError("it has changed since it was taken in; ingest its source first")
        return data


def _as_it_is(source: Source, entry: Entry) -> tuple[bytes, Entry]:
    """Also of a file that has changed since the scan, as one that was mended or put back before a retry."""
    try:
        return source.read(entry), entry
    except EntryChangedError:
        fresh = source.fresh(entry)
        if fresh == entry:
            raise
    return source.read(fresh), fresh
