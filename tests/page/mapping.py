"""A map that is made up, answered in the server's stead. Does not know the page.

For what a shop of sixty pictures cannot show: very many points, answers that are late, a map that changes.
The rows are those of `ids`; whatever else the page asks goes to the real server.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Page, Route

NO_CLUSTER = 255
NAMES = ("dresses", "sneakers", "mugs", "handbags", "trousers", "hats", "lamps", "chairs", "shirts", "plants")

Corners = list[list[float]]


def inside(polygon: Corners, xs: NDArray[Any], ys: NDArray[Any]) -> NDArray[np.bool_]:
    """By the even-odd rule."""
    found = np.zeros(len(xs), dtype=bool)
    for (ax, ay), (bx, by) in zip(polygon, [*polygon[1:], polygon[0]], strict=True):
        if ay == by:
            continue
        found ^= ((ay > ys) != (by > ys)) & (xs < (bx - ax) * (ys - ay) / (by - ay) + ax)
    return found


@dataclass
class MadeUp:
    """asked: the body of every question about the selection, in order."""

    ids: list[str]
    thumbnails: list[str]
    count: int
    version: str = "1-1-1"
    state: str = "ready"
    asked: list[dict[str, Any]] = field(default_factory=list)
    orders: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        rng = np.random.default_rng(7)
        groups = min(len(NAMES), max(self.count // 12, 1))
        turns = np.arange(groups) * 2.4  # the golden angle
        middles = (
            np.stack([np.cos(turns), np.sin(turns)], 1) * (2.6 * np.sqrt(np.arange(groups) + 0.6))[:, None]
        )
        self.clusters = rng.choice(groups, self.count, p=_falling(groups)).astype(np.uint8)
        spread = rng.uniform(0.35, 0.95, (groups, 2))
        noise = rng.standard_normal((self.count, 2)) * spread[self.clusters]
        bent = noise[:, :1] ** 2 * rng.uniform(-0.3, 0.3, (groups, 2))[self.clusters]
        self.places = (middles[self.clusters] + noise + bent).astype(np.float32)
        self.clusters[rng.random(self.count) < 0.06] = NO_CLUSTER
        self.prices = rng.gamma(3, 14, self.count)
        self.materials = rng.choice(4, self.count, p=(0.5, 0.3, 0.15, 0.05)).astype(np.uint8)

    def serve(self, page: Page) -> None:
        page.route(lambda url: "/v1/collections/" in url and "/map" in urlsplit(url).path, self._answer)

    def within(self, asked: dict[str, Any]) -> NDArray[np.bool_]:
        """What a selection has, told anew from the corners."""
        lasso = asked.get("lasso", [])
        found = np.full(self.count, not lasso or lasso[0]["op"] == "subtract")
        for stroke in lasso:
            hit = inside(stroke["polygon"], self.places[:, 0].astype(float), self.places[:, 1].astype(float))
            found = found | hit if stroke["op"] == "add" else found & ~hit
        if asked.get("clusters"):
            found &= np.isin(self.clusters, asked["clusters"])
        wanted = asked.get("filter", {}).get("material", {})
        names = [wanted["eq"]] if "eq" in wanted else wanted.get("in")
        if names is not None:
            found &= np.isin(self.materials, [MATERIALS.index(one) for one in names])
        return found

    def _answer(self, route: Route) -> None:
        url = urlsplit(route.request.url)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        what = url.path.rpartition("/map")[2].strip("/")
        if "version" in query and query["version"] != self.version:
            route.fulfill(
                status=409, json={"error": {"code": "map_changed", "message": "the map has changed"}}
            )
            return
        answers: dict[str, Callable[[Route, dict[str, str]], None]] = {
            "": self._tell,
            "points": lambda route, _: route.fulfill(
                body=self._geometry(), headers={"x-points": str(self.count)}
            ),
            "colours": self._colours,
            "legend": self._legend,
            "select": self._select,
            "items": self._items,
            "rows": self._rows,
        }
        answers[what](route, query)

    def _tell(self, route: Route, _: dict[str, str]) -> None:
        if route.request.method == "POST":
            self.orders.append(json.loads(route.request.post_data or "{}"))
            self.state = "drawing"
            route.fulfill(status=202, json=self._job())
            return
        is_ready = self.state == "ready"
        sizes = np.bincount(self.clusters, minlength=256)
        clusters = [
            {
                "number": n,
                "name": NAMES[n],
                "named_by": "vocabulary",
                "size": int(sizes[n]),
                "representatives": [],
            }
            for n in range(len(NAMES))
            if sizes[n]
        ]
        told = {
            "state": self.state,
            "job": self._job() if self.state == "drawing" else None,
            "id": 1 if is_ready else None,
            "version": self.version if is_ready else None,
            "algorithm": "umap" if is_ready else None,
            "note": None,
            "made_at": 1_790_000_000 if is_ready else None,
            "items": self.count,
            "points": self.count if is_ready else 0,
            "unplaced": 0,
            "landmarks": self.count,
            "trustworthiness": 0.973 if is_ready else None,
            "graph_recall": 0.99 if is_ready else None,
            "outliers": [
                {"id": self.ids[row], "thumbnail": self.thumbnails[row]}
                for row in range(min(6, len(self.ids)))
            ],
            "extent": [*map(float, self.places.min(0)), *map(float, self.places.max(0))]
            if is_ready
            else None,
            "clusters": clusters if is_ready else [],
            "fields": [
                {"name": "material", "kind": "categorical", "values": 4},
                {"name": "price", "kind": "number", "values": self.count},
            ],
            "geometry": None,
        }
        route.fulfill(json=told)

    def _job(self) -> dict[str, Any]:
        return {
            "id": 99,
            "kind": "map",
            "collection": "shop",
            "state": "running",
            "stage": "layout",
            "total": 100,
            "done": 42,
        }

    def _geometry(self) -> bytes:
        xs, ys = self.places.T
        return xs.astype("<f4").tobytes() + ys.astype("<f4").tobytes() + self.clusters.tobytes()

    def _colours(self, route: Route, query: dict[str, str]) -> None:
        if query["by"] == "material":
            route.fulfill(body=self.materials.tobytes())
            return
        low, high = np.percentile(self.prices, (1, 99))
        route.fulfill(
            body=np.clip((self.prices - low) / (high - low) * 254, 0, 254).astype(np.uint8).tobytes()
        )

    def _legend(self, route: Route, query: dict[str, str]) -> None:
        if query["by"] == "material":
            counts = np.bincount(self.materials, minlength=4)
            entries = [
                {"value": one, "count": int(counts[n]), "colour": n} for n, one in enumerate(MATERIALS)
            ]
            route.fulfill(
                json={"by": "material", "kind": "categorical", "entries": entries, "other": 0, "missing": 0}
            )
            return
        low, high = np.percentile(self.prices, (1, 99))
        route.fulfill(json={"by": "price", "kind": "number", "low": low, "high": high, "missing": 0})

    def _select(self, route: Route, _: dict[str, str]) -> None:
        asked = json.loads(route.request.post_data or "{}")
        self.asked.append(asked)
        found = self.within(asked)
        bits = np.packbits(found, bitorder="little").tobytes()
        route.fulfill(body=bits, headers={"x-selected": str(int(found.sum()))})

    def _items(self, route: Route, _: dict[str, str]) -> None:
        asked = json.loads(route.request.post_data or "{}")
        rows = asked.get("rows")
        total = None
        if rows is None:
            all_rows = np.flatnonzero(self.within(asked["select"]))
            total = len(all_rows)
            rows = all_rows[asked["offset"] : asked["offset"] + asked["limit"]].tolist()
        route.fulfill(json={"items": [self._item(row) for row in rows], "total": total})

    def _item(self, row: int) -> dict[str, Any]:
        known = row % len(self.ids)
        name = self.ids[known] if row < len(self.ids) else f"{self.ids[known]}-{row}"
        x, y = map(float, self.places[row])
        return {
            "row": row, "id": name, "uri": name, "metadata": {}, "thumbnail": self.thumbnails[known],
            "x": x, "y": y, "cluster": int(self.clusters[row]),
        }  # fmt: skip

    def _rows(self, route: Route, _: dict[str, str]) -> None:
        ids = json.loads(route.request.post_data or "{}")["ids"]
        route.fulfill(json={"rows": [self.ids.index(one) if one in self.ids else None for one in ids]})


MATERIALS = ("cotton", "leather", "ceramic", "steel")


def _falling(groups: int) -> NDArray[np.float64]:
    shares = 1 / (np.arange(groups) + 2.0)
    return shares / shares.sum()
