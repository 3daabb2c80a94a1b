"""A collection bound to another space, in one step. Does not know who computed its vectors.

All functions work within the caller's transaction.
"""

from sqlalchemy import Connection, func, select, update

from sightline.catalogue import changes, queries, vectors
from sightline.catalogue.tables import collections, items
from sightline.domain.errors import MissingVectorError


def switch(connection: Connection, name: str, fingerprint: str) -> None:
    """All items count as changed. Raises MissingVectorError, SpaceMismatchError: there is no such space."""
    row = changes.collection_row(connection, name, locked=True)
    lacking = queries.lacking(connection, name, fingerprint).subquery()
    left = connection.scalar(select(func.count()).select_from(lacking))
    if left:
        raise MissingVectorError(f"{left} items have no vector in space {fingerprint[:16]} yet")
    space = vectors.space_row(connection, fingerprint)
    mine = items.c.collection_id == row.id
    first = connection.scalar(select(func.min(items.c.seq)).where(mine))
    shift = 0 if first is None else row.seq - first + 1  # the smallest number that moves all past it
    connection.execute(update(items).where(mine).values(seq=items.c.seq + shift))
    bound = update(collections).where(collections.c.id == row.id)
    connection.execute(bound.values(space_id=space.id, seq=row.seq + shift))
