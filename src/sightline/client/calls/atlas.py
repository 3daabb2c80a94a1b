"""The map of a collection: drawn, described, fetched, selected from. Does not know how one is drawn."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sightline.client.answers import Job, MapCluster, MapInfo, MapPoints, of, read
from sightline.client.calls.library import address
from sightline.client.exchange import answered, json_of, unreadable
from sightline.client.steps import Facts, Reply, Steps, get, post
from sightline.domain.errors import ServerRefusedError
from sightline.domain.maps import NEIGHBOURS, Algorithm, MapOrder

if TYPE_CHECKING:
    from sightline.client.frames import Frame
    from sightline.domain.arrays import Bools

POINT_BYTES = 9  # x and y, float32, and the cluster
PAGE = 1000
TRIES = 5  # to read all of a map that changes meanwhile
CHANGED = "map_changed"


def draw_map(
    collection: str,
    *,
    algorithm: Algorithm = "auto",
    neighbours: int = NEIGHBOURS,
    min_distance: float = 0.1,
    seed: int = 0,
    vocabulary: Sequence[str] = (),
) -> Steps[Job]:
    """Have the map of a collection drawn: `wait` waits for its end. One that is being drawn is that same job.

    vocabulary: words that clusters may be named by, for those that are built in.
    """
    order = MapOrder(algorithm, neighbours, min_distance, seed, tuple(vocabulary))
    asked = post(address(collection, "map"), order.request())
    return read(Job, json_of((yield from answered(asked))))


def map_info(collection: str) -> Steps[MapInfo]:
    """What is known of a collection's map: its clusters, its quality, what is being drawn."""
    facts = json_of((yield from answered(get(address(collection, "map")))))
    clusters = [read(MapCluster, one) for one in facts.get("clusters") or ()]
    return read(MapInfo, facts, clusters=clusters)


def map(collection: str) -> "Steps[Frame]":
    """All items of a map, a row for each, as a data frame: a pandas one where pandas is installed.

    An item that was changed or taken away since the map's points were put together is left out.
    Columns: id, uri, x, y, cluster (-1 for none), cluster_name, thumbnail (a URL), and one for each field of
    the metadata; `metadata.x` for a field that is called as one of the others.
    Raises ServerRefusedError, code `no_map`: none is drawn yet.
    """
    from sightline.client.frames import framed

    tries = 1
    while True:
        info = yield from _drawn(collection)
        try:
            points = yield from _points(collection, info)
            items = yield from _items(collection, info)
        except ServerRefusedError as error:
            if error.code != CHANGED or tries == TRIES:
                raise
            tries += 1
            continue
        return framed(points, items, info.clusters)


def map_points(collection: str) -> Steps[MapPoints]:
    """Where the items lie, and in which cluster. Raises ServerRefusedError, code `no_map`."""
    info = yield from _drawn(collection)
    return (yield from _points(collection, info))


def select(
    collection: str,
    *,
    lasso: Sequence[Facts] = (),
    filter: Facts | None = None,
    clusters: Sequence[int] | None = None,
    version: str | None = None,
) -> "Steps[Bools]":
    """(N,) truths: which rows of the map lie in a lasso, pass a filter and are in one of the clusters.

    lasso: as [{"op": "add", "polygon": [[x, y], ...]}], `subtract` to take away. What is left out, selects
    all; an empty list of clusters selects nothing.
    version: of the map that is meant; raises ServerRefusedError, code `map_changed`, where it is gone.
    """
    import numpy as np

    content: dict[str, object] = {"lasso": list(lasso)} if lasso else {}
    content |= {"filter": filter} if filter is not None else {}
    content |= {"clusters": list(clusters)} if clusters is not None else {}
    path = address(collection, "map", "select")
    reply = yield from answered(post(path, content, is_safe=True, version=version))
    bits = np.unpackbits(np.frombuffer(reply.body, dtype=np.uint8), bitorder="little")
    return bits[: _count(reply)].astype(np.bool_)


def _count(reply: Reply) -> int:
    """How many points the map has that was asked about, which may be older than the newest."""
    count = reply.headers.get("x-points", "")
    if not count.isascii() or not count.isdigit() or (int(count) + 7) // 8 != len(reply.body):
        raise unreadable(f"{len(reply.body)} bytes of bits for {count[:20] or 'no'} points")
    return int(count)


def _drawn(collection: str) -> Steps[MapInfo]:
    info = yield from map_info(collection)
    if info.version is None:
        raise ServerRefusedError(
            f"{collection!r} has no map yet; have it drawn with draw_map, and wait for it", code="no_map"
        )
    return info


def _points(collection: str, info: MapInfo) -> Steps[MapPoints]:
    import numpy as np

    reply = yield from answered(get(address(collection, "map", "points"), version=info.version))
    count, rest = divmod(len(reply.body), POINT_BYTES)
    if rest:
        raise unreadable(f"{len(reply.body)} bytes of points, which have {POINT_BYTES} each")
    places = np.frombuffer(reply.body, dtype="<f4", count=2 * count).astype(np.float32)
    clusters = np.frombuffer(reply.body, dtype=np.uint8, offset=8 * count)
    return MapPoints(info.version or "", places[:count], places[count:], clusters.copy())


def _items(collection: str, info: MapInfo) -> Steps[list[Facts]]:
    """What the rows are, with the whole address of each thumbnail. Of one that has changed, nothing."""
    found: list[Facts] = []
    path = address(collection, "map", "items")
    for start in range(0, info.points, PAGE):
        rows = range(start, min(start + PAGE, info.points))
        reply = yield from answered(post(path, {"rows": list(rows)}, is_safe=True, version=info.version))
        items = of(json_of(reply), "items")
        if not all(of(one, "row") in rows for one in items):
            raise unreadable("rows that were not asked for")
        server = reply.url.partition(path)[0]  # which may lie below a path of its own
        found += [{**one, "thumbnail": f"{server}{of(one, 'thumbnail')}"} for one in items]
    return found
