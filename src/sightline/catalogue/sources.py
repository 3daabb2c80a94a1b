"""Where a collection's items came from: noted, counted, compared, taken out. Does not know how any is read.

All functions work within the caller's transaction.
"""

from typing import Any

from sqlalchemy import Connection, Row, delete, func, select, update

from sightline.catalogue.dialects import Dialect
from sightline.catalogue.tables import collections, items, sources
from sightline.domain.collections import SourceNote
from sightline.domain.errors import UnknownSourceError


def note(connection: Connection, dialect: Dialect, collection_id: int, note: SourceNote) -> None:
    """A source noted again is replaced."""
    key = {"collection_id": collection_id, "name": note.name}
    dialect.put(connection, sources, key, {"address": note.address, "options": dict(note.options)})


def noted(connection: Connection, collection_id: int) -> list[SourceNote]:
    """All of them, by name."""
    query = select(sources).where(sources.c.collection_id == collection_id).order_by(sources.c.name)
    return [SourceNote(one.name, one.address, one.options) for one in connection.execute(query)]


def counts(connection: Connection, collection_id: int) -> dict[str, int]:
    """How many items each has, by its name."""
    mine = items.c.collection_id == collection_id
    query = select(items.c.source, func.count(items.c.sha256)).where(mine).group_by(items.c.source)
    return {source: count for source, count in connection.execute(query) if count}


def shared(connection: Connection, collection_id: int, source: str) -> dict[str, int]:
    """How many of a source's items another has too, with the same bytes, by the other's name."""
    found = {}
    other = items.alias("other")
    for one in noted(connection, collection_id):
        if one.name == source:
            continue
        # a look into the index for each item: joined, a thousand copies there and here would be a million
        is_there = (
            select(other.c.sha256)
            .where(other.c.collection_id == collection_id, other.c.source == one.name)
            .where(other.c.sha256 == items.c.sha256)
            .exists()
        )
        mine = select(func.count()).where(items.c.collection_id == collection_id, items.c.source == source)
        if count := connection.scalar(mine.where(items.c.sha256.is_not(None), is_there)):
            found[one.name] = count
    return found


def remove(connection: Connection, collection: Row[Any], source: str) -> int:
    """Forget a source and remove its items, in one statement each; returns how many items it had.

    Raises UnknownSourceError.
    """
    own = (sources.c.collection_id == collection.id, sources.c.name == source)
    if connection.execute(delete(sources).where(*own)).rowcount != 1:
        there = ", ".join(repr(one.name) for one in noted(connection, collection.id)) or "none"
        raise UnknownSourceError(
            f"collection {collection.name!r} has no source {source[:200]!r}; it has {there}"
        )
    mine = items.c.collection_id == collection.id
    place = func.row_number().over(order_by=items.c.id).label("place")
    left = select(items.c.id, place).where(mine, items.c.source == source, items.c.sha256.is_not(None))
    numbered = left.subquery("numbered")
    gone = update(items).where(mine, items.c.id == numbered.c.id)
    values = {"sha256": None, "metadata": {}, "seq": collection.seq + numbered.c.place}
    count = connection.execute(gone.values(values)).rowcount
    newest = update(collections).where(collections.c.id == collection.id)
    connection.execute(newest.values(seq=collection.seq + count))
    return count
