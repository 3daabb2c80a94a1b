"""What services ask of the maps that the record keeps, as a Protocol. Does not know how a map is drawn.

A collection has one map, of the space that it was drawn in. When the collection changes over to another
space, the map stays, unseen, until one is drawn there and takes its place.
"""

from collections.abc import Sequence
from typing import Protocol

from sightline.domain.maps import Cluster, Drawn, Map, MapOrder, Points


class KeptMaps(Protocol):
    """Every call may raise UnknownCollectionError, and what those of the record raise."""

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
        """The collection's map from now on; the one before is gone. space: in which it was drawn.

        Raises SpaceMismatchError: the collection is in another by now.
        """
        ...

    def drop(self, name: str) -> None:
        """Raises NoMapError."""
        ...

    def of(self, name: str) -> Map | None:
        """The map in the collection's space."""
        ...

    def points(self, name: str, map_id: int) -> Points:
        """All of a map, ascending by content. Raises MapChangedError: it is not the collection's any more."""
        ...

    def add(self, name: str, map_id: int, points: Points) -> Map:
        """More points; of a content that has one already, it stays. Raises MapChangedError."""
        ...
