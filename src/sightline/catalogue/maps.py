"""Maps, as the record keeps them. Does not know who draws them, nor which items have the contents."""

import time
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import Connection, Row, delete, insert, select, update

from sightline.catalogue import changes, points
from sightline.catalogue.database import Database
from sightline.catalogue.tables import maps, spaces
from sightline.domain.errors import MapChangedError, NoMapError, SpaceMismatchError
from sightline.domain.maps import Cluster, Drawn, Map, MapOrder, Points


class SqlMaps:
    """One of a collection. Safe to use from several threads; each call is one transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def keep(
        self,
        name: str,
        points: Points,
        *,
        space: str,
        order: MapOrder,
        drawn: Drawn,
        clusters: Sequence[Cluster],
    ) -> Map:
        """The collection's map from now on; the one before is gone, whichever space it was of.

        Raises SpaceMismatchError: the collection is in another space than the map by now.
        """
        known = {
            "order": order.request(),
            "drawn": asdict(drawn),
            "clusters": [asdict(one) for one in clusters],
        }
        with self._database.writing("map.keep") as connection:
            return _keep(connection, name, points, space=space, known=known)

    def drop(self, name: str) -> None:
        """Raises NoMapError."""
        with self._database.writing("map.drop") as connection:
            row = changes.collection_row(connection, name)
            if not connection.execute(delete(maps).where(maps.c.collection_id == row.id)).rowcount:
                raise NoMapError(f"collection {name!r} has no map")

    def of(self, name: str) -> Map | None:
        """The map in the collection's space; one of a space before it stays unseen until another is drawn."""
        with self._database.reading() as connection:
            row = connection.execute(_present(changes.collection_row(connection, name))).one_or_none()
            return None if row is None else _map(row)

    def points(self, name: str, map_id: int) -> Points:
        """All of a map, ascending by content. Raises MapChangedError."""
        with self._database.reading() as connection:
            _row(connection, changes.collection_row(connection, name), map_id)
            return points.read(connection, map_id)

    def add(self, name: str, map_id: int, more: Points) -> Map:
        """Points of contents that have none yet. Raises MapChangedError."""
        with self._database.writing("map.add") as connection:
            collection = changes.collection_row(connection, name)
            _row(connection, collection, map_id, locked=True)
            if count := points.add(connection, map_id, more):
                counted = {"points": maps.c.points + count, "edition": maps.c.edition + 1}
                connection.execute(update(maps).where(maps.c.id == map_id).values(counted))
            return _map(_row(connection, collection, map_id))


def _keep(connection: Connection, name: str, given: Points, *, space: str, known: dict[str, Any]) -> Map:
    collection = changes.collection_row(connection, name, locked=True)
    if collection.fingerprint != space:
        raise SpaceMismatchError(
            f"the map was drawn in space {space[:16]}, and collection {name!r} is in "
            f"{collection.fingerprint[:16]} by now; draw it again"
        )
    connection.execute(delete(maps).where(maps.c.collection_id == collection.id))
    values = {
        **known,
        "collection_id": collection.id,
        "space_id": collection.space_id,
        "points": len(given),
        "edition": 1,
        "made_at": time.time(),
    }
    map_id = connection.execute(insert(maps).values(values).returning(maps.c.id)).scalar_one()
    points.add(connection, map_id, given)
    return _map(_row(connection, collection, map_id))


def _present(collection: Row[Any]) -> Any:
    """The map of a collection in its space, with the space's name."""
    query = select(maps, spaces.c.fingerprint).join(spaces, maps.c.space_id == spaces.c.id)
    return query.where(maps.c.collection_id == collection.id, maps.c.space_id == collection.space_id)


def _row(connection: Connection, collection: Row[Any], map_id: int, *, locked: bool = False) -> Row[Any]:
    """Raises MapChangedError: the collection's map is another by now, or there is none."""
    query = _present(collection).where(maps.c.id == map_id)
    row = connection.execute(query.with_for_update(of=maps) if locked else query).one_or_none()
    if row is None:
        raise MapChangedError(f"collection {collection.name!r} has another map by now, or none; ask again")
    return row


def _map(row: Row[Any]) -> Map:
    return Map(
        id=row.id,
        space=row.fingerprint,
        order=MapOrder.of(row.order),
        drawn=Drawn(**row.drawn),
        clusters=[Cluster(**one) for one in row.clusters],
        points=row.points,
        edition=row.edition,
        made_at=row.made_at,
    )
