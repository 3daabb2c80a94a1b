"""How far the views of a collection are, as it was last seen. Does not know the views themselves.

All functions work within the caller's transaction.
"""

from sqlalchemy import Connection, select

from sightline.catalogue.dialects import Dialect
from sightline.catalogue.tables import views
from sightline.domain.collections import ViewNote


def note(connection: Connection, dialect: Dialect, collection_id: int, note: ViewNote) -> None:
    """A store has one view of a collection: noted again, it is replaced."""
    key = {"collection_id": collection_id, "store": note.store}
    dialect.put(connection, views, key, {"address": note.address, "cursor": note.cursor})


def noted(connection: Connection, collection_id: int) -> list[ViewNote]:
    """All of them, by store."""
    query = select(views).where(views.c.collection_id == collection_id).order_by(views.c.store)
    return [ViewNote(one.store, one.address, one.cursor) for one in connection.execute(query)]
