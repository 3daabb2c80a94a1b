"""Items by the numbers of their last changes, in bulk. Does not know what is made of them.

All functions work within the caller's transaction.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sqlalchemy import Connection, Row, Text, case, func, select, type_coerce

from sightline.catalogue import changes, queries
from sightline.catalogue.parts import in_parts
from sightline.catalogue.tables import items, vectors_of
from sightline.catalogue.vectors import LITTLE_ENDIAN
from sightline.domain.arrays import Float32
from sightline.domain.collections import MAX_DOCUMENT_CHARACTERS, Document, Item, Roll
from sightline.domain.contents import BYTES

READ_AT_ONCE = 10_000


def roll(connection: Connection, name: str, after: int) -> Roll:
    """All items that were changed after a number."""
    query = queries.present(connection, name).with_only_columns(items.c.seq, items.c.sha256)
    query = query.where(items.c.seq > after)
    rows = connection.execute(query.order_by(items.c.seq).execution_options(yield_per=READ_AT_ONCE))
    parts = [_roll(part) for part in rows.partitions()]
    if not parts:
        return _roll([])
    return Roll(
        *(np.concatenate(column) for column in zip(*((p.seqs, p.contents) for p in parts), strict=True))
    )


def vectors_since(connection: Connection, name: str, cursor: int, limit: int) -> tuple[Roll, Float32]:
    """The next items after a number, with their vectors."""
    collection = changes.collection_row(connection, name)
    table = vectors_of(collection.space_id)
    query = (
        select(items.c.seq, items.c.sha256, table.c.vector)
        .join_from(items, table, items.c.sha256 == table.c.sha256)
        .where(items.c.collection_id == collection.id, items.c.seq > cursor)
        .order_by(items.c.seq)
        .limit(limit)
    )
    rows = connection.execute(query).all()
    vectors = np.frombuffer(b"".join(row.vector for row in rows), dtype=LITTLE_ENDIAN)
    return _roll(rows), vectors.astype(np.float32, copy=False).reshape(len(rows), collection.dim)


def items_at(connection: Connection, name: str, seqs: Sequence[int]) -> dict[int, Item]:
    mine = select(items).where(items.c.collection_id == changes.collection_row(connection, name).id)
    found: dict[int, Item] = {}
    for part in in_parts(seqs):
        for row in connection.execute(mine.where(items.c.seq.in_(part))):
            if row.sha256 is not None:
                found[row.seq] = changes.item(row)
    return found


def seqs_of(connection: Connection, name: str, ids: Sequence[str]) -> dict[str, int]:
    mine = items.c.collection_id == changes.collection_row(connection, name).id
    query = select(items.c.id, items.c.seq, items.c.sha256).where(mine)
    found: dict[str, int] = {}
    for part in in_parts(ids):
        rows = connection.execute(query.where(items.c.id.in_(part)))
        found.update((row.id, row.seq) for row in rows if row.sha256 is not None)
    return found


def items_with(connection: Connection, name: str, contents: Sequence[str]) -> dict[str, Item]:
    mine = queries.present(connection, name).order_by(items.c.id.desc())
    found: dict[str, Item] = {}
    for part in in_parts(contents):
        wanted = [bytes.fromhex(content) for content in part]
        rows = connection.execute(mine.where(items.c.sha256.in_(wanted)))
        found.update((one.sha256, one) for one in map(changes.item, rows))  # the first id comes last
    return found


def documents(connection: Connection, name: str, which: tuple[int, int, int]) -> list[Document]:
    """which: after which number, how many at most, and every how manieth number."""
    cursor, limit, every = which
    text = type_coerce(items.c.metadata, Text)  # as it is stored: whoever reads it takes what it needs
    bounded = case((func.length(text) <= MAX_DOCUMENT_CHARACTERS, text), else_=None)
    query = (
        select(items.c.seq, bounded)
        .where(items.c.collection_id == changes.collection_row(connection, name).id)
        .where(items.c.sha256.is_not(None), items.c.seq > cursor, items.c.seq % every == 0)
        .order_by(items.c.seq)
        .limit(limit)
    )
    return [Document(*row) for row in connection.execute(query).all()]


def _roll(rows: Sequence[Row[*tuple[Any, ...]]]) -> Roll:
    seqs = np.fromiter((row.seq for row in rows), dtype=np.int64, count=len(rows))
    contents = np.frombuffer(b"".join(row.sha256 for row in rows), dtype=np.uint8)
    return Roll(seqs, contents.reshape(len(rows), BYTES))
