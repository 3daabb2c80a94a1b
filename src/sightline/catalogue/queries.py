"""What the record asks its tables. Does not know who asks, nor changes anything.

All functions work within the caller's transaction.
"""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from sqlalchemy import Connection, Row, func, select

from sightline.catalogue import changes, vectors
from sightline.catalogue.parts import in_parts
from sightline.catalogue.tables import collections, items, spaces, vectors_of
from sightline.domain.arrays import Float32
from sightline.domain.collections import Collection, Item, Space


def described() -> Any:
    """Each collection with its space and its count, by name."""
    count = (
        select(func.count(items.c.sha256))
        .where(items.c.collection_id == collections.c.id)
        .scalar_subquery()
        .label("count")
    )
    columns = (spaces.c.fingerprint, spaces.c.model, spaces.c.dim, spaces.c.origin, count)
    return (
        select(collections, *columns).join(spaces).where(~collections.c.retired).order_by(collections.c.name)
    )


def collection(row: Row[Any]) -> Collection:
    count = row._mapping["count"]
    return Collection(row.name, space(row), items=count, head=row.seq, created_at=row.created_at)


def space(row: Row[Any]) -> Space:
    return Space(row.fingerprint, row.model, row.dim, row.origin or "")


def present(connection: Connection, name: str) -> Any:
    """The items of a collection that are not removed."""
    row = changes.collection_row(connection, name)
    return select(items).where(items.c.collection_id == row.id, items.c.sha256.is_not(None))


def lacking(connection: Connection, name: str, fingerprint: str) -> Any:
    table = vectors_of(vectors.space_row(connection, fingerprint).id)
    query = present(connection, name).outerjoin(table, items.c.sha256 == table.c.sha256)
    return query.where(table.c.sha256.is_(None))


def items_by_id(connection: Connection, name: str, ids: Sequence[str]) -> Iterator[Item]:
    mine = select(items).where(items.c.collection_id == changes.collection_row(connection, name).id)
    for part in in_parts(ids):
        for row in connection.execute(mine.where(items.c.id.in_(part))):
            # not asked of SQLite: it would look through everything that is there for a few ids
            if row.sha256 is not None:
                yield changes.item(row)


def uploads(name: str) -> Any:
    """The items of a collection, be it retired, that came with requests."""
    mine = select(items).join(collections).where(collections.c.name == name)
    return mine.where(items.c.source == changes.UPLOADED, items.c.sha256.is_not(None))


def uploaded(connection: Connection, contents: Sequence[str]) -> set[str]:
    """Those of the contents that an item has that came with a request."""
    found: set[str] = set()
    # of each collection by itself: the index of contents begins with the collection
    for collection_id in connection.scalars(select(collections.c.id).where(~collections.c.retired)).all():
        for part in in_parts(sorted(set(contents))):
            wanted = [bytes.fromhex(content) for content in part]
            query = select(items.c.sha256).where(
                items.c.collection_id == collection_id,
                items.c.sha256.in_(wanted),
                items.c.source == changes.UPLOADED,
            )
            found.update(bytes(sha256).hex() for sha256 in connection.scalars(query))
    return found


def copies(connection: Connection, name: str) -> list[Item]:
    """The items whose content another item of the collection also has, by content, then by id."""
    shared = present(connection, name).with_only_columns(items.c.sha256).group_by(items.c.sha256)
    query = present(connection, name).where(items.c.sha256.in_(shared.having(func.count() > 1)))
    return [changes.item(row) for row in connection.execute(query.order_by(items.c.sha256, items.c.id))]


def sample(connection: Connection, name: str, limit: int) -> Float32:
    """Vectors (N, dim) of at most `limit` items: of the smallest sha256, which is as good as chance."""
    row = changes.collection_row(connection, name)
    query = present(connection, name).order_by(items.c.sha256).limit(limit)
    contents = [bytes(one.sha256).hex() for one in connection.execute(query)]
    found = vectors.read(connection, vectors.space_row(connection, row.fingerprint), contents)
    drawn = [found[content] for content in contents]
    return np.array(drawn, dtype=np.float32).reshape(len(drawn), row.dim)


def with_vectors(connection: Connection, name: str, *, after: str, limit: int) -> list[tuple[Item, Float32]]:
    """A page of the items whose ids follow `after`."""
    table = vectors_of(changes.collection_row(connection, name).space_id)
    query = (
        present(connection, name)
        .add_columns(table.c.vector)
        .join(table, items.c.sha256 == table.c.sha256)
        .where(items.c.id > after)
        .order_by(items.c.id)
        .limit(limit)
    )
    return [(changes.item(row), vectors.unpacked(row.vector)) for row in connection.execute(query)]
