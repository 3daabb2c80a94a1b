"""The metadata of a whole collection, read through once. Does not know what is looked for in it.

Anybody may have written it: what is longer than MAX_DOCUMENT_CHARACTERS counts as having no fields.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sightline.domain.catalogue import Record
from sightline.domain.collections import Document
from sightline.domain.filters import Path, values_at
from sightline.domain.items import Json, Metadata

Plain = bool | int | float | str
PLAIN = (bool, int, float, str)

PAGE = 2_000
CHARACTERS_AT_ONCE = 1 << 16


@dataclass(frozen=True)
class Page:
    """Some items' metadata, in the order of their last changes. seqs: of which changes."""

    seqs: Sequence[int]
    documents: Sequence[Metadata]


def pages(record: Record, name: str, *, every: int = 1) -> Iterator[Page]:
    """All items, or those of every so manieth number. Raises UnknownCollectionError, RecordError."""
    cursor = 0
    while rows := record.documents(name, cursor, PAGE, every=every):
        cursor = rows[-1].seq
        yield Page([row.seq for row in rows], _read(rows))


def first_at(metadata: Metadata, path: Path) -> Plain | None:
    """A field's value, of a list the first; None of what is no plain value."""
    return first_of(values_at(metadata, path))


def first_of(value: Json) -> Plain | None:
    if not isinstance(value, list):
        return value if isinstance(value, PLAIN) else None
    return next((one for one in value if isinstance(one, PLAIN)), None)


def _read(rows: Sequence[Document]) -> list[Metadata]:
    """Several in one go: each by itself takes four times as long, all at once would stop other threads."""
    read: list[Metadata] = []
    start = length = 0
    for end, row in enumerate(rows, 1):
        length += len(row.text or "")
        if length >= CHARACTERS_AT_ONCE or end == len(rows):
            text = ",".join(one.text or "{}" for one in rows[start:end])
            read += [one if isinstance(one, dict) else {} for one in json.loads(f"[{text}]")]
            start, length = end, 0
    return read
