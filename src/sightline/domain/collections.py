"""What the record keeps of a collection: its space, its items, what changes together. Does not know where.

A vector belongs to a content (the sha256 of the bytes it was computed from) and a space (the model that
computed it), not to an item: a renamed or copied picture finds its vector and costs no forward pass.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

from sightline.domain.items import Metadata

if TYPE_CHECKING:  # who only asks how jobs are needs no vectors: numpy takes 0.1 s
    from sightline.domain.arrays import Float32, Int64, UInt8

MAX_DOCUMENT_CHARACTERS = 32_768  # of metadata that is read in bulk: a page of 2,000 has 64 MB at most
PICTURE, TEXT = "picture", "text"  # keys of items that came with requests and were kept


@dataclass(frozen=True)
class Space:
    """Where vectors can be compared. fingerprint: of weights, card and preprocessing; its name.

    origin: the folder of the model's checkpoint, where its name does not lead to it; a folder that moved
    makes no other space.
    """

    fingerprint: str
    model: str
    dim: int
    origin: str = field(default="", compare=False)


@dataclass(frozen=True)
class Collection:
    """head: the number of its newest change. created_at: seconds since 1970, for display only."""

    name: str
    space: Space
    items: int
    head: int
    created_at: float


@dataclass(frozen=True)
class Item:
    """A picture or text in a collection. sha256: of its bytes, in hex. mtime_ns: of its file, if any.

    source, key: the source's name and its own key for the item, by which the bytes can be read again. Of an
    item that came with a request the source is empty, and the key says what came, if its bytes were kept.
    """

    id: str
    uri: str
    sha256: str
    size_bytes: int
    mtime_ns: int | None
    metadata: Metadata
    source: str = ""
    key: str = ""


@dataclass(frozen=True)
class SourceNote:
    """Where items came from. options: what the source was opened with, as plain values."""

    name: str
    address: str
    options: Metadata


class Mark(NamedTuple):
    """By what a scan tells that an item is as it was: all there is of it but its content."""

    uri: str
    size_bytes: int
    mtime_ns: int | None
    metadata: str  # as compact JSON of ASCII, keys in their order

    @classmethod
    def of(cls, uri: str, size_bytes: int, mtime_ns: int | None, metadata: Metadata) -> "Mark":
        return cls(uri, size_bytes, mtime_ns, json.dumps(metadata, allow_nan=False, separators=(",", ":")))


@dataclass(frozen=True, eq=False)
class Roll:
    """Items as numbers, in the order of their last changes.

    seqs: (N,), of each item's last change, ascending. contents: (N, 32), the sha256 of each.
    """

    seqs: "Int64"
    contents: "UInt8"

    def __len__(self) -> int:
        return len(self.seqs)


class Document(NamedTuple):
    """An item's metadata as JSON. text: None of one that is longer than MAX_DOCUMENT_CHARACTERS."""

    seq: int
    text: str | None


@dataclass(frozen=True, eq=False)
class Changeset:
    """What becomes true in one transaction, or not at all.

    space: the fingerprint that every vector belongs to. vectors: sha256 in hex -> (dim,) of unit length;
    those that the record has already may be left out. Removals come before upserts.
    Vectors without items may be of another space than the collection's: so a new space grows beside the old.
    """

    space: str
    upserts: Sequence[Item] = ()
    removals: Sequence[str] = ()
    vectors: "Mapping[str, Float32]" = field(default_factory=dict)


@dataclass(frozen=True)
class ViewNote:
    """A view of a collection as it was last seen: up to which change it holds the record."""

    store: str
    address: str
    cursor: int
