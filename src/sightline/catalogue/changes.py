"""Changes of a collection's items: numbered, taken together, read in order. Does not know jobs or views.

All functions work within the caller's transaction.

A number is taken from the collection's row, which stays locked until the commit. So a later number is given
only after the earlier one can be read: whoever has read up to a number will meet nothing below it later.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Row, RowMapping, Text, bindparam, select, type_coerce, update

from sightline.catalogue import loose, vectors
from sightline.catalogue.dialects import Dialect
from sightline.catalogue.parts import in_parts
from sightline.catalogue.tables import collections, items, spaces, vectors_of
from sightline.domain.collections import Changeset, Item, Mark
from sightline.domain.errors import RecordBrokenError, SpaceMismatchError, UnknownCollectionError
from sightline.domain.items import Change

UPLOADED = ""  # the source of what came with a request
MARKS = 10_000  # rows read at once


def collection_row(connection: Connection, name: str, *, locked: bool = False) -> Row[Any]:
    """The row of a collection with its space's; locked: no other transaction changes its items meanwhile.

    Raises UnknownCollectionError.
    """
    query = (
        select(collections, spaces.c.fingerprint, spaces.c.model, spaces.c.dim, spaces.c.origin)
        .join(spaces)
        .where(collections.c.name == name, ~collections.c.retired)
    )
    row = connection.execute(query.with_for_update(of=collections) if locked else query).one_or_none()
    if row is None:
        raise UnknownCollectionError(
            f"there is no collection {name!r}; `sightline status` lists those there are"
        )
    return row


def take(connection: Connection, dialect: Dialect, name: str, changes: Changeset) -> int:
    """Make a changeset true; returns the number of the newest change.

    Raises UnknownCollectionError, SpaceMismatchError, MissingVectorError, NonFiniteVectorError.
    """
    collection = collection_row(connection, name, locked=True)
    if (changes.upserts or changes.removals) and changes.space != collection.fingerprint:
        raise SpaceMismatchError(
            f"collection {name!r} holds vectors of {collection.model} ({collection.fingerprint[:16]}); these "
            f"are of space {changes.space[:16]}: use that model, or re-embed the collection"
        )
    space = vectors.space_row(connection, changes.space)
    vectors.keep(connection, dialect, space, changes.vectors)
    vectors.demand(connection, space, (i.sha256 for i in changes.upserts if i.sha256 not in changes.vectors))
    coming = {one.id: one for one in changes.upserts}
    there = _there(connection, collection.id, [*changes.removals, *coming])
    loose.note(connection, (row.sha256 for row in there.values() if _lets_go(row, coming.get(row.id))))
    head = _remove(connection, collection, [one for one in dict.fromkeys(changes.removals) if one in there])
    return _upsert(connection, dialect, collection.id, head=head, changes=changes)


def since(connection: Connection, name: str, cursor: int, limit: int) -> list[Change]:
    """The changes after a number, in order, at most `limit`: of an item changed twice the last one only.

    Raises RecordBrokenError: an item has lost its vector.
    """
    collection = collection_row(connection, name)
    table = vectors_of(collection.space_id)
    query = (
        select(items.c.seq, items.c.id, items.c.sha256, items.c.metadata, table.c.vector)
        .outerjoin_from(items, table, items.c.sha256 == table.c.sha256)
        .where(items.c.collection_id == collection.id, items.c.seq > cursor)
        .order_by(items.c.seq)
        .limit(limit)
    )
    return [_change(row) for row in connection.execute(query)]


def marks(connection: Connection, name: str, source: str) -> Iterator[tuple[str, Mark]]:
    """What a scan compares of each item of a source: a hundred thousand in a second."""
    text = type_coerce(items.c.metadata, Text)  # as it is stored: reading JSON takes longer than the rest
    query = (
        select(items.c.id, items.c.uri, items.c.size_bytes, items.c.mtime_ns, text)
        .where(items.c.collection_id == collection_row(connection, name).id)
        .where(items.c.source == source, items.c.sha256.is_not(None))
    )
    for item_id, *facts in connection.execute(query.execution_options(yield_per=MARKS)):
        yield item_id, Mark(*facts)


def item(row: Row[Any]) -> Item:
    """An item from a row of the items table."""
    values: RowMapping = row._mapping  # public in spite of its name
    return Item(
        id=values["id"],
        uri=values["uri"],
        sha256=bytes(values["sha256"]).hex(),
        size_bytes=values["size_bytes"],
        mtime_ns=values["mtime_ns"],
        metadata=values["metadata"],
        source=values["source"],
        key=values["key"],
    )


def _change(row: Row[*tuple[Any, ...]]) -> Change:
    if row.sha256 is None:
        return Change(row.seq, row.id, None, {})
    if row.vector is None:
        raise RecordBrokenError(f"item {row.id!r} has no vector in the record; embed its collection again")
    return Change(row.seq, row.id, vectors.unpacked(row.vector), row.metadata)


def _there(
    connection: Connection, collection_id: int, ids: Sequence[str]
) -> dict[str, Row[*tuple[Any, ...]]]:
    """What the items hold that are there, by their ids."""
    query = select(items.c.id, items.c.sha256, items.c.source).where(items.c.collection_id == collection_id)
    there: dict[str, Row[*tuple[Any, ...]]] = {}
    for part in in_parts(ids):
        for row in connection.execute(query.where(items.c.id.in_(part))):
            # not asked of SQLite: it would look through everything that is there for a few ids
            if row.sha256 is not None:
                there[row.id] = row
    return there


def _lets_go(before: Row[*tuple[Any, ...]], item: Item | None) -> bool:
    """Whether what came with a request for an item is not what the item is now."""
    is_same = item is not None and (item.source, item.sha256) == (UPLOADED, bytes(before.sha256).hex())
    return before.source == UPLOADED and not is_same


def _remove(connection: Connection, collection: Row[Any], ids: Sequence[str]) -> int:
    """Only what is there: the views would wait for ever for a number that was given to nothing."""
    gone = update(items).where(items.c.collection_id == collection.id, items.c.id == bindparam("gone"))
    numbered = [{"gone": item_id, "number": seq} for seq, item_id in enumerate(ids, start=collection.seq + 1)]
    if numbered:
        connection.execute(gone.values(sha256=None, metadata={}, seq=bindparam("number")), numbered)
    return int(collection.seq) + len(numbered)


def _upsert(
    connection: Connection, dialect: Dialect, collection_id: int, *, head: int, changes: Changeset
) -> int:
    rows = [
        {
            "collection_id": collection_id,
            "id": one.id,
            "seq": seq,
            "sha256": bytes.fromhex(one.sha256),
            "uri": one.uri,
            "size_bytes": one.size_bytes,
            "mtime_ns": one.mtime_ns,
            "metadata": dict(one.metadata),
            "source": one.source,
            "key": one.key,
        }
        for seq, one in enumerate(changes.upserts, start=head + 1)
    ]
    if rows:
        upsert = dialect.insert(items)
        new = {column.name: column for column in upsert.excluded if not items.c[column.name].primary_key}
        key = [items.c.collection_id, items.c.id]
        connection.execute(upsert.on_conflict_do_update(index_elements=key, set_=new), rows)
    newest = head + len(rows)
    connection.execute(update(collections).where(collections.c.id == collection_id).values(seq=newest))
    return newest
