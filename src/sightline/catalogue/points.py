"""Points of maps, in pages. Does not know what map they are of, nor which items have the contents.

All functions that take a connection work within the caller's transaction. Each page ascends by content; the
later ones may lie between the earlier: who reads all of them puts them in order.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from sqlalchemy import Connection, Row, delete, insert, select

from sightline.catalogue.tables import point_pages
from sightline.catalogue.vectors import LITTLE_ENDIAN
from sightline.domain.arrays import Bools, Int64, UInt8
from sightline.domain.contents import BYTES, keys, rows_in
from sightline.domain.maps import Points

PAGE = 8192  # points: 340 kB, few enough to be written anew for a single one


def read(connection: Connection, map_id: int) -> Points:
    """All of a map, ascending by content."""
    query = select(point_pages).where(point_pages.c.map_id == map_id).order_by(point_pages.c.id)
    return _in_order([_page(row) for row in connection.execute(query)])


def add(connection: Connection, map_id: int, points: Points) -> int:
    """Those whose contents have none yet, in the last page first; returns how many."""
    fresh = _lacking(connection, map_id, _in_order([points]))
    if len(fresh):
        number, unfilled = _open_page(connection, map_id)
        _append(connection, map_id, _in_order([*unfilled, fresh]), first=number)
    return len(fresh)


def _open_page(connection: Connection, map_id: int) -> tuple[int, list[Points]]:
    """The number of the page to write next, and what a page of that number held, which is taken out."""
    pages = select(point_pages).where(point_pages.c.map_id == map_id)
    last = connection.execute(pages.order_by(point_pages.c.id.desc()).limit(1)).one_or_none()
    if last is None:
        return 0, []
    if len(last.clusters) == PAGE:
        return last.id + 1, []
    mine = (point_pages.c.map_id == map_id, point_pages.c.id == last.id)
    connection.execute(delete(point_pages).where(*mine))
    return last.id, [_page(last)]


def _lacking(connection: Connection, map_id: int, coming: Points) -> Points:
    """Those whose contents no page has."""
    is_there = np.zeros(len(coming), dtype=bool)
    query = select(point_pages.c.contents).where(point_pages.c.map_id == map_id)
    for page in connection.scalars(query):
        is_there |= rows_in(_bytes(page).reshape(-1, BYTES), coming.contents) >= 0
    return _taken(coming, ~is_there)


def _append(connection: Connection, map_id: int, ordered: Points, *, first: int) -> None:
    for number, start in enumerate(range(0, len(ordered), PAGE), start=first):
        page = _taken(ordered, slice(start, start + PAGE))
        values = {
            "contents": page.contents.tobytes(),
            "places": page.places.astype(LITTLE_ENDIAN).tobytes(),
            "clusters": page.clusters.tobytes(),
            "landmarks": page.landmarks.astype(np.uint8).tobytes(),
        }
        connection.execute(insert(point_pages).values(map_id=map_id, id=number, **values))


def _page(row: Row[Any]) -> Points:
    places = np.frombuffer(row.places, dtype=LITTLE_ENDIAN).astype(np.float32, copy=False)
    return Points(
        contents=_bytes(row.contents).reshape(-1, BYTES),
        places=places.reshape(-1, 2),
        clusters=_bytes(row.clusters),
        landmarks=_bytes(row.landmarks).astype(bool),
    )


def _bytes(blob: bytes) -> UInt8:
    return np.frombuffer(blob, dtype=np.uint8)


def _in_order(parts: Sequence[Points]) -> Points:
    """All of them as one, ascending by content."""
    empty = Points(
        np.empty((0, BYTES), np.uint8), np.empty((0, 2), np.float32), _bytes(b""), np.empty(0, bool)
    )
    joined = Points(
        contents=np.concatenate([empty.contents, *(one.contents for one in parts)]),
        places=np.concatenate([empty.places, *(one.places for one in parts)]),
        clusters=np.concatenate([empty.clusters, *(one.clusters for one in parts)]),
        landmarks=np.concatenate([empty.landmarks, *(one.landmarks for one in parts)]),
    )
    ascending = keys(joined.contents)
    if (ascending[:-1] <= ascending[1:]).all():  # as most are: sorting a million takes a second
        return joined
    return _taken(joined, np.argsort(ascending, kind="stable"))


def _taken(points: Points, which: Bools | Int64 | slice) -> Points:
    return Points(
        points.contents[which], points.places[which], points.clusters[which], points.landmarks[which]
    )
