"""The rows of a map as a table: pandas' data frame where it is installed. Does not know how they came."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sightline.client.answers import MapCluster, MapPoints
from sightline.client.steps import Facts
from sightline.domain.maps import NO_CLUSTER

if TYPE_CHECKING:
    import pandas

Column = NDArray[Any]
Frame: TypeAlias = "pandas.DataFrame | Table"

NONE = -1  # the cluster of a row that is in none: 255 would colour as the largest


@dataclass(frozen=True, eq=False)
class Table:
    """Columns of equal length by their names, for those who have no pandas; pandas.DataFrame(dict(table)) is
    one for those who get it.
    """

    by_name: Mapping[str, Column]

    @property
    def columns(self) -> list[str]:
        return list(self.by_name)

    def keys(self) -> list[str]:
        return self.columns

    def __getitem__(self, name: str) -> Column:
        return self.by_name[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.by_name)

    def __len__(self) -> int:
        return len(next(iter(self.by_name.values()), ()))


def framed(points: MapPoints, items: Sequence[Facts], clusters: Sequence[MapCluster]) -> "Frame":
    """A row for each item, with the point that lies in the `row` of the map that the item names."""
    table = tabled(points, items, clusters)
    pandas = _pandas()
    return table if pandas is None else pandas.DataFrame(dict(table))


def tabled(points: MapPoints, items: Sequence[Facts], clusters: Sequence[MapCluster]) -> Table:
    """The same, whether pandas is installed or not."""
    rows = np.array([one["row"] for one in items], dtype=np.int64)
    numbers = points.clusters[rows]
    names = {cluster.number: cluster.name for cluster in clusters}
    columns: dict[str, Column] = {
        "id": _texts(one["id"] for one in items),
        "uri": _texts(one["uri"] for one in items),
        "x": points.x[rows],
        "y": points.y[rows],
        "cluster": np.where(numbers == NO_CLUSTER, NONE, numbers.astype(np.int16)),
        "cluster_name": _texts(names.get(number) for number in numbers.tolist()),
        "thumbnail": _texts(one["thumbnail"] for one in items),
    }
    fields = dict.fromkeys(name for one in items for name in one["metadata"])
    for name in fields:
        values = [one["metadata"].get(name) for one in items]
        columns[f"metadata.{name}" if name in columns else name] = _column(values)
    return Table(columns)


def _column(values: list[Any]) -> Column:
    """Numbers as numbers, with NaN where there is none; all else as it is."""
    if all(isinstance(value, bool) for value in values):
        return np.array(values, dtype=np.bool_)
    if all(isinstance(value, int | float | None) and not isinstance(value, bool) for value in values):
        return np.array([np.nan if value is None else value for value in values])
    return _texts(values)


def _texts(values: Any) -> Column:
    """Objects: a text in NumPy's own type would be as long as the longest."""
    listed = list(values)
    column = np.empty(len(listed), dtype=object)
    column[:] = listed
    return column


def _pandas() -> ModuleType | None:
    try:
        return import_module("pandas")
    except ImportError:
        return None
