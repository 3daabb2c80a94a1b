"""A search as it is asked for and answered. Does not know how it is carried out, or who asks.

What is looked for is a sum: several vectors and items, each with a weight; a negative one means less like it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sightline.domain.arrays import Float32
from sightline.domain.errors import InvalidRequestError
from sightline.domain.filters import Filter, Path
from sightline.domain.items import Metadata
from sightline.domain.selections import Selection

MAX_K = 1_000
MAX_OFFSET = 10_000  # every page looks through all before it


@dataclass(frozen=True, eq=False)
class LikeVector:
    """More like a vector (dim,), of any length: of a text or picture, embedded by the collection's model."""

    vector: Float32
    weight: float = 1.0


@dataclass(frozen=True)
class LikeItem:
    """More like an item of the collection."""

    item_id: str
    weight: float = 1.0


@dataclass(frozen=True, eq=False)
class Query:
    """What to find: the `k` items after the first `offset` that are most like the sum of `parts`.

    where: only items that pass. within: only what lies there on the map. group_by: no two hits share a value
    of this field; each is the best of its group, and an item without the field is one by itself. exact:
    compare every vector, even where there is an index. with_asked: the items among `parts` may be hits too.
    with_count: tell how many pass the filter, which may cost as much as the search.
    """

    parts: Sequence[LikeVector | LikeItem]
    k: int = 10
    offset: int = 0
    where: Filter | None = None
    within: Selection | None = None
    group_by: Path | None = None
    exact: bool = False
    with_asked: bool = False
    with_count: bool = False

    def __post_init__(self) -> None:
        """Raises InvalidRequestError: out of bounds."""
        if not 1 <= self.k <= MAX_K:
            raise InvalidRequestError(f"k is {self.k}; it must be 1 to {MAX_K}")
        if not 0 <= self.offset <= MAX_OFFSET:
            raise InvalidRequestError(
                f"offset is {self.offset}; it must be 0 to {MAX_OFFSET}; narrow the search by a filter"
            )

    @property
    def asked_items(self) -> list[str]:
        return [part.item_id for part in self.parts if isinstance(part, LikeItem)]


@dataclass(frozen=True)
class Hit:
    """An item that was found.

    score: the cosine. is_weak: it does not stand out from the collection, see background.
    met: how many of its group were met while searching, at least; 1 where nothing was grouped.
    """

    item_id: str
    score: float
    uri: str
    metadata: Metadata
    is_weak: bool
    met: int = 1


@dataclass(frozen=True)
class Answer:
    """considered: how many items pass the filter; None where that was not asked and is not known anyway.

    lag: how many changes the view does not hold yet. notes: sentences for people, as why there are no hits.
    """

    hits: Sequence[Hit]
    considered: int | None
    lag: int
    notes: Sequence[str] = ()
