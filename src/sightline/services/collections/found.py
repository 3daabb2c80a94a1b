"""What a view finds, as the record knows it, piece by piece. Does not know groups, or who asks."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from sightline.domain.arrays import Float32
from sightline.domain.catalogue import Record
from sightline.domain.collections import Item
from sightline.domain.filters import Filter, matches
from sightline.domain.items import Scored

GROWTH = 4  # of how many are asked for, when they were not enough


@dataclass(frozen=True)
class Found:
    """An item, and the cosine between its vector and what is looked for."""

    item: Item
    score: float


class Nearest(Protocol):
    """A view, or a part of one."""

    def nearest(
        self, query: Float32, k: int, *, offset: int = 0, where: Filter | None = None, exact: bool = False
    ) -> list[Scored]:
        """As a view's."""
        ...


@dataclass(eq=False)
class Finder:
    """One search. seen: the ids that are not to be given, or were already."""

    record: Record
    view: Nearest
    collection: str
    direction: Float32  # (dim,)
    is_exact: bool
    seen: set[str] = field(default_factory=set)

    def nearest(self, wanted: int, where: Filter | None) -> Iterator[Found]:
        """Every item that passes, best first. wanted: how many will do, most likely."""
        offset, count = 0, wanted + len(self.seen)
        while True:
            found, is_end = self.piece(where, count, offset=offset)
            yield from found
            if is_end:
                return
            offset, count = offset + count, GROWTH * count

    def piece(self, where: Filter | None, count: int, *, offset: int = 0) -> tuple[list[Found], bool]:
        """What is new among the `count` nearest after `offset`; and whether none are behind these."""
        nearest = self.view.nearest(self.direction, count, offset=offset, where=where, exact=self.is_exact)
        new = [scored for scored in nearest if scored.item_id not in self.seen]
        self.seen.update(scored.item_id for scored in new)
        items = self.record.items(self.collection, [scored.item_id for scored in new])
        there = [(items[scored.item_id], scored.score) for scored in new if scored.item_id in items]
        passing = [
            Found(item, score) for item, score in there if where is None or matches(where, item.metadata)
        ]
        return passing, len(nearest) < count
